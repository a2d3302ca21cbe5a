# Debian's syslinux on a floppy disk: to its prompt, and a kernel of ours by Linux's protocol.
# guest: ../../build/loaders/syslinux.img
# timeout: 60
# options: --speed real

continue-until-screen "SYSLINUX"
continue-until-screen "boot:"
expect-screen "a loader of syslinux"
type "kernel a=2\r"
continue
expect-screen "Loading bzimage... ok"
expect-console "16-bit entry\n32-bit entry\ncommand line: BOOT_IMAGE=bzimage a=1 a=2\n(.*\n)*bzimage ok\n\Z"

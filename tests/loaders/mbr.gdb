# The same from a hard disk with the mbr.bin of syslinux: to its prompt, and, when nobody types for five
# seconds of the guest's time, a kernel of ours by Linux's protocol.
# guest: ../../build/loaders/mbr.img
# timeout: 60

continue-until-screen "SYSLINUX"
continue-until-screen "boot:"
expect-screen "a loader of syslinux"
continue
expect-screen "Loading bzimage... ok"
expect-console "16-bit entry\n32-bit entry\ncommand line: BOOT_IMAGE=bzimage a=1\n(.*\n)*bzimage ok\n\Z"

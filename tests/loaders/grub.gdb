# GRUB 2 of Debian on a hard disk: to its prompt, a command, and a Multiboot kernel of ours.
# guest: ../../build/loaders/grub.img
# timeout: 60

continue-until-screen "GRUB loading"
continue-until-screen "grub>"
type "ls\r"
continue-until-screen "(hd0) (hd0,msdos1)"
type "multiboot (hd0,msdos1)/multiboot.elf a=1\rboot\r"
continue
expect-console "loader: GRUB 2.*\ncommand line: .*a=1.*\nmemory: 639 KiB and \d+ KiB\nmap: 0 to 9fbff, RAM\n"

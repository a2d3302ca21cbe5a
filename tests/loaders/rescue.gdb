# GRUB's rescue floppy disk: to its menu, and from there to its prompt.
# guest: ../../build/loaders/rescue.img
# timeout: 60

continue-until-screen "keys to select"
type "c"
continue-until-screen "grub>"

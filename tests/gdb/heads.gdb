# What lines of a test's head give the guest: a board, a disk, keys, a speed.
# guest: ../../build/guests/prompt.bin
# symbols: ../../build/guests/prompt.elf
# board: pc
# disk: ../../build/guests/disk.bin
# keys: heads.keys
# speed: 20

continue-until-screen "prompt 1"
expect-screen "A>ver"
expect-output "disk\.bin" monitor info block

# rwatch stops behind reads and not behind writes; awatch behind both.
# guest: ../../build/guests/accesses.bin
# symbols: ../../build/guests/accesses.elf
# options: --load 0x7c00
# scripts: none

# mov 0x9012,%ax is the first that reads it; a write, mov %dx,0x9012, comes before.
rwatch *(unsigned short *) 0x9012
continue
expect-stop breakpoint 1
expect *(unsigned short *) 0x9012 == 1
expect $ax == 1 "it has been read"

# The next reads it with test.
continue
expect-stop breakpoint 1
delete

# Both kinds, in the order of the code; gdb tells both values where it has changed.
awatch *(unsigned short *) &code_word
continue
expect-stop breakpoint 2
expect $dx == 2
continue
expect-stop breakpoint 2
expect $ax == 2 "it has been read"
stepi
expect-stop step
continue
delete

# lods and the stack, and one that is not hit for a round beside them.
rwatch *(unsigned char *) 0x9050
rwatch *(unsigned char *) 0x9008
continue
expect-stop breakpoint 3
expect $al == 3
expect $si == (short) 0x9051
continue
expect-stop breakpoint 3
expect $al == 4
delete
awatch *(unsigned short *) 0x407fe
continue
expect-stop breakpoint 5
continue
expect-stop breakpoint 5
expect-output "0x407fe" info watchpoints
expect-console "\A\Z"

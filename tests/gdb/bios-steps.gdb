# A step of a call of the BIOS ends after it; where the guest has hooked the vector, it goes into the guest's
# handler, and the jump or call from there to the BIOS is one step again.
# guest: ../../build/guests/hooked.bin
# symbols: ../../build/guests/hooked.elf

tbreak *&read
continue
expect-output "^0x[0-9a-f]+ <read>: int 0x13 \(disk\) -> 0000:[0-9a-f]+ = .*<on_disk>\n\Z" stepvm int
set $stack = (unsigned) $sp
stepi
expect $pc == &on_disk "hooked: into the guest's handler"
stepi
expect $pc == &chain_disk
stepi
expect $pc == &read_done "the jump to the BIOS goes back to who has called"
expect $sp == $stack
expect *(unsigned short *) 0x7ffe == 0xaa55 "the sector is there"
expect *(unsigned short *) 0x7ffe == *(unsigned short *) 0x7dfe

# gdb's own way over the handler and all.
monitor reset
maintenance flush register-cache
maintenance flush dcache
tbreak *&read
continue
nexti
expect $pc == &read_done
expect *(unsigned char *) &disks == 1

# An int whose vector is the ROM's.
tbreak *&ask
continue
stepi 2
expect-output "^0x[0-9a-f]+ <ask\+4>: int 0x10 \(.*video\) -> f000:f065 .*\nint 10h AH=03h.*\n\Z" stepvm int
stepi
expect $pc == &asked "one step"
expect $sp == $stack
expect-output "^int 10h AH=03h" monitor log bios 1

# Into it, where that is wanted.
monitor step-bios on
expect-output "into the BIOS's ROM" monitor step-bios
set $pc = (unsigned) &asked - 2
stepi
expect $cs == 0xf000
expect $sp == $stack - 6
monitor step-bios off
expect-output "over what the BIOS does" monitor step-bios
expect-output "expected on or off" monitor step-bios x
stepi
expect $pc == &asked "a step from within the ROM ends outside"
expect $sp == $stack

# A breakpoint in the ROM where the answer comes, which no instruction of the CPU leads to.
break *0xf1102
set $pc = (unsigned) &asked - 2
stepi
expect $pc == 0xf1102
expect $sp == $stack - 6
delete
stepi
expect $pc == &asked
continue
expect-stop exit 1
expect-console "\Ahooked ok\n\Z"

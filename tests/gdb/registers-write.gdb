# Registers can be set, whole and in parts, and the guest goes on with them.
# guest: ../../build/guests/add.bin
# options: --load 0x1000
# scripts: none

set $eax = 0x12345678
expect $eax == 0x12345678
expect $ax == 0x5678
expect $al == 0x78
set $al = 4
expect $eax == 0x12345604 "al alone"
set $ax = 0x1103
expect $eax == 0x12341103 "ax alone"
set $bl = 4
set $ebp = 0xcafe0000
expect (unsigned) $ebp == 0xcafe0000

# Flags.
set $eflags = 0x8d7
expect ($eflags & 0x8d5) == 0x8d5
expect-output "CF PF AF ZF SF OF" info registers eflags
set $eflags = 2
expect ($eflags & 0x8d5) == 0

# The program counter: past `mov $0x3f8, %dx`, with dx set by hand.
set $dx = 0x3f8
set $pc = 0x1003
expect $pc == 0x1003
expect $ip == 0x1003
expect-output "add +%bl,%al" x/i $pc
stepi
expect $al == 7
expect ($eflags & 0x40) == 0 "no ZF"
continue
expect-console "\A7\n\Z"

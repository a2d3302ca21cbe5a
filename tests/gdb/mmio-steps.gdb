# Steps over accesses outside RAM are one instruction each; gdb sees no memory there.
# guest: ../../build/guests/mmio.bin
# options: --memory 640K
# symbols: ../../build/guests/mmio.elf
# scripts: none

expect-error "Cannot access memory at address 0xa0000" x/b 0xa0000
expect-output "0x9ffff:" x/xb 0x9ffff
expect-error "Cannot access memory" set *(char *) 0xa0000 = 1
break *&read_modify_write
continue
expect $pc == &read_modify_write
expect $eax == 0x100fd "what the reads gave"
expect-output "addb +\$0x1,%es:0x0" x/i $pc
set $next = (unsigned) $pc + 6
stepi
expect $pc == $next "one instruction with a read and a write"
expect ($eflags & 0x41) == 0x41 "0xff + 1: CF and ZF"

# A fill: a step is one iteration.
break *&copy
tbreak *&fill
continue
expect $pc == &fill
stepi 3
expect-output "rep stos" x/i $pc
set $fill = (unsigned) $pc
set $i = 0
while $i < 16
  expect $pc == $fill
  expect $di == $i
  expect $cx == 16 - $i
  stepi
  set $i = $i + 1
end
if $pc == $fill
  # KVM's emulator finds a count of 0 only when it comes to the instruction again.
  stepi
end
expect $pc == $fill + 2
expect $di == 16
expect $cx == 0
continue
expect $pc == &copy
delete
continue
expect-console "\Ammio ok\n\Z"

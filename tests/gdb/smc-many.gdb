# The same as smc-breakpoints with more breakpoints than there are debug registers.
# guest: ../../build/guests/smc.bin
# board: bare
# symbols: ../../build/guests/smc.elf
# scripts: none

# gdb sends them in the order of their addresses, so that these have the debug registers.
break *0x600
break *0x601
break *0x602
break *0x603
break *0x604

break *&patched_operand
break *&patched_opcode
break *&patched_in_loop
expect-output "mov +\$0x11,%al" x/i &patched_operand
continue
expect-stop breakpoint 6
expect-output "mov +\$0x42,%al" x/i $pc
stepi
expect $al == 0x42

expect-output "inc +%ax" x/i &patched_opcode
continue
expect-stop breakpoint 7
expect *(unsigned char *) $pc == 0x48
expect-output "dec +%ax" x/i $pc
stepi
expect $ax == 4

set $i = 1
while $i <= 10
  continue
  expect-stop breakpoint 8
  expect *(unsigned char *) ($pc + 1) == $i "the operand of this round"
  expect *(unsigned char *) &patched_opcode == 0x48 "what the guest wrote stays"
  set $i = $i + 1
end
continue
expect-stop halt
expect-console "\Asmc ok\n\Z"

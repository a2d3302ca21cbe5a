# A breakpoint on code that is rewritten stops all the same, and everybody sees the guest's bytes.
# guest: ../../build/guests/smc.bin
# board: bare
# symbols: ../../build/guests/smc.elf
# scripts: none

# The code as it was, and as it becomes.
break *&patched_operand
break *&patched_opcode
break *&patched_in_loop
expect-output "mov +\$0x11,%al" x/i &patched_operand
continue
expect-stop breakpoint 1
expect-output "mov +\$0x42,%al" x/i $pc
stepi
expect $al == 0x42

expect-output "inc +%ax" x/i &patched_opcode
continue
expect-stop breakpoint 2
expect *(unsigned char *) $pc == 0x48
expect-output "dec +%ax" x/i $pc
stepi
expect $ax == 4

set $i = 1
while $i <= 10
  continue
  expect-stop breakpoint 3
  expect *(unsigned char *) ($pc + 1) == $i "the operand of this round"
  set $i = $i + 1
end
continue
expect-stop halt
expect-console "\Asmc ok\n\Z"

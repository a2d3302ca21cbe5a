# watch: stops behind each write that changes the value.
# guest: ../../build/guests/ivt.bin
# board: bare
# symbols: ../../build/guests/ivt.elf
# scripts: none

# The first writes of the guest put 0 where 0 was: gdb passes over them.
watch *(unsigned short *) &calls
set $round = 1
while $round <= 3
  expect *(unsigned short *) &calls == $round - 1
  continue
  expect-stop breakpoint 1
  expect *(unsigned short *) &calls == $round
  expect-output iret x/i $pc
  set $round = $round + 1
end
expect-output "breakpoint already hit [34] times?" info watchpoints

# Another one, a condition, and a breakpoint beside them.
delete 1
watch *(unsigned short *) &divides if *(unsigned short *) &divides == 2
break *&on_divide
continue
expect-stop breakpoint 3
continue
expect-stop breakpoint 3
continue
expect-stop breakpoint 2
expect-output "push +%bp" x/i $pc

# By steps as well: the iret and the code behind it write nothing here, the stack is elsewhere.
delete
watch -l *(unsigned short *) ($esp - 2)
stepi
expect-stop breakpoint 4
expect-output "mov +%(e)?sp,%(e)?bp" x/i $pc
delete
continue
expect-stop halt
expect-console "\Aivt ok\n\Z"

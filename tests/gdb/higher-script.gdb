# A kernel in the higher half, with stepvm.gdb: breakpoints and watchpoints of its 64-bit addresses, set
# while the CPU runs 32-bit code. gdb follows unseen, and goes on with what it was at.
# guest: ../../build/guests/higher.elf
# symbols: ../../build/guests/higher.elf
# scripts: stepvm

expect $cpumode == 3
break kmain
tbreak visit
expect-output "\ANum .*\n1 +breakpoint +keep y +0xffffffff80[0-9a-f]+ .*\n2 +breakpoint +del +y +0x[0-9a-f]+ .*\n\Z" info breakpoints
continue
expect (long) $pc == (long) &visit

# finish through 64-bit code, and next.
finish
expect $cpumode == 3
next
expect $cpumode == 5

# To a breakpoint with commands, and one whose condition is on a register of 64-bit code.
break work
condition 3 $_streq("a", "a")
commands 1
silent
set $has_come = 1
end
continue
expect $has_come == 1
expect $cpumode == 6
expect (long) $pc == (long) &kmain
expect-output "=> 0xffffffff80[0-9a-f]+ <kmain>:\tcall" x/i $pc
continue
expect-stop breakpoint 3
expect (long) $pc == (long) &work
delete
watch {int} &counter
continue
expect {int} &counter == 2
expect (long) $pc == (long) &work + 6
delete
continue
expect-console "\Ahigher ok\n\Z"

# From 16-bit code to a kernel in the higher half, with stepvm.gdb: steps, watchpoints, the other half.
# guest: ../../build/guests/higher.elf
# symbols: ../../build/guests/higher.elf
# options: --format elf --mode real --entry 0000:8010
# scripts: stepvm

expect $cpumode == 0
stepvm save start
tbreak visit
continue
expect $cpumode == 3
break work
# It is not passed over on the way of a command that steps.
stepi 100
expect-stop breakpoint 2
expect $cpumode == 6
expect (long) $pc == (long) &work
# A single step that ends there is a step.
stepi
expect-output "ret" x/i $pc
delete
tbreak set_paging
continue
expect $cpumode == 3
finish
expect $cpumode == 5
advance kmain
expect (long) $pc == (long) &kmain

# From the start again: seven breakpoints, more than the CPU has registers.
stepvm load start
expect $cpumode == 0
tbreak kmain
break *(&kmain + 5)
break *(&work + 6)
break halt
break *0x1000
break *0x1004
break *0x1008
continue
expect (long) $pc == (long) &work + 6
continue
expect (long) $pc == (long) &kmain
delete
break *(&work + 0xffff800080000000)
continue
expect (unsigned long) $pc >> 32 == 0xffff8000
expect {int} &counter == 2

# A watchpoint of the half that is not there yet.
delete
stepvm load start
watch {int} ((long) &counter - 0xffffffff80000000 + 0xffff800000000000)
watch {int} &counter
continue
expect $cpumode == 6
expect {int} &counter == 1

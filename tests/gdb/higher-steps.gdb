# Steps into 64-bit code, then on to a breakpoint in the higher half, with a gdb that has no script.
# guest: ../../build/guests/higher.elf
# scripts: none
# symbols: ../../build/guests/higher.elf

break work
tbreak visit
continue
expect (long) $pc == (long) &visit
expect-output "new program: \[64-bit code\]" stepi 100
expect $cpumode == 6
expect-output "movabs +\$0xffffffff80[0-9a-f]+,%rax" x/i $pc
stepi 2
expect-stop breakpoint 1
expect (long) $pc == (long) &work
# Back in 32-bit code by steps, and to 64-bit code by a run.
tbreak set_paging
continue
expect $cpumode == 3
stepi
expect-output "\[64-bit code\]\n" continue
expect-stop breakpoint 1
expect {int} &counter == 1

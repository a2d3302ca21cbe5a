# A triple fault stops in the debugger, says so, and keeps the registers; also where a free run loses
# them (steps_test looks at that), for a catchpoint on exceptions has the guest stepped.
# guest: ../../build/guests/triple.bin
# board: bare
# symbols: ../../build/guests/triple.elf
# scripts: none

monitor catch exception
expect-output "Triple fault: the CPU shut down at 0008:0*7c41(.|\n)*taken as boot at 0x7c00(.|\n)*With --record" continue
expect-stop signal SIGSEGV
expect $pc == &fatal
expect $eax == 0xdead
expect $cs == 8
expect $ss == 0x10
expect $cs_base == 0
expect-output "ud2" x/i $pc
expect-output "prot32" monitor info mode

# Going on finds the same again: nothing hangs, nothing ends.
continue
expect-stop signal SIGSEGV
expect $pc == &fatal

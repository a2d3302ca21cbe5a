# Tracepoints in each mode of the CPU: a frame has the registers of its own, and with stepvm.gdb gdb
# follows.
# guest: ../../build/guests/modes.bin
# board: bare
# symbols: ../../build/guests/modes.elf

trace *&real16
actions
collect $regs
end
trace *&long64
actions
collect $regs, *(unsigned char (*)[8]) 0x7ccb, $ecx
end
trace *&prot32
actions
collect $regs
end
trace *&compat32
actions
collect *(int *) 0x7c00
end
break *&real_halt
tstart
continue
expect-stop breakpoint 5
tstop
expect $cpumode == 0

tfind pc &long64
expect $trace_frame == 2
expect (long) $pc == (long) &long64
expect $cpumode == 6
expect (long) $rip == (long) &long64
expect ($rax >> 31) != 0
expect-output "<long64>:\tmov +\$0x4c,%al" x/i $pc
expect-output "#0 +long64 \(\)" frame
tfind
expect (long) $pc == (long) &compat32
expect *(unsigned char *) 0x7c00 == 0xea
expect-output "<unavailable>" info registers eax
tfind start
expect (long) $pc == (long) &real16
expect $cpumode == 0
expect $ip == (long) &real16
expect-output "= void" print $rax
tfind
expect (long) $pc == (long) &prot32
expect $cpumode == 3
tfind none
expect $cpumode == 0
expect (long) $pc == (long) &real_halt
expect $ip == (long) &real_halt
expect-output "mov +\$0xa,%al" x/i $pc
stepi
expect-output "<real_halt\+2>:\tout" x/i $pc

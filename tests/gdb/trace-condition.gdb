# A tracepoint's condition that was set in another mode is compiled for the registers of the mode in
# which the run begins: $cs is register 10 of 16-bit code, and 18 of 64-bit code.
# guest: ../../build/guests/modes.bin
# board: bare
# symbols: ../../build/guests/modes.elf

trace *&compat32 if $cs == 0x18
trace *&prot32_again if $cs == 0x19
tbreak *&long64
continue
expect $cpumode == 6
tstart
tbreak *&prot16_again
continue
expect-stop breakpoint 4
tstop
expect-output "Collected 1 trace frames" tstatus
tfind start
expect (long) $pc == (long) &compat32

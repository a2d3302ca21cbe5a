# monitor ports, log, xp: what the guest did last, and memory by physical address.
# guest: ../../build/guests/mmio.bin
# symbols: ../../build/guests/mmio.elf
# options: --memory 640K --engine kvm

expect-output "^nothing since this debugger connected$" monitor ports
expect-output "\A0x00000000: ea 05 00 00 00 fa fc 31 c0 .*  .......1" monitor xp 0 16
expect-output "\A0x0009fff8: 00 00 00 00 00 00 00 00  +........\n0x000a0000: no RAM is there\n\Z" monitor xp 0x9fff8
expect-output "expected /FMT ADDRESS, or ADDRESS .BYTES.," monitor xp
expect-output "expected /FMT ADDRESS, or ADDRESS .BYTES.," monitor xp 0 5000

# Accesses of nobody's memory, the oldest first.
break *&read_modify_write
continue
expect-output "\Awrite 0xa0000   +nobody +0x12\nwrite 0xa0002   +nobody +0x1234\nwrite 0xa0004 .* 0x12345678\nread  0xa0000 .* 0xff\nread  0xa0002 .* 0xffff\nread  0xa0004 .* 0xffffffff\n\Z" monitor log
expect-output "\Aread  0xa0004 .*\n\Z" monitor log 1
expect-output "^nothing since" monitor ports

# Ports; the same again is counted; breakpoints of gdb's are no halts of the guest's.
delete
continue
expect-output "\Aout   port 0x00e9 text +0x20 ' '\nout .* 'o'\nout .* 'k'\nout .* 0x0a\n\Z" monitor ports 4
expect-output "'m' 2 times$" monitor ports
expect-output "0x0a\nKVM_EXIT_HLT\n\Z" monitor log
expect-output "expected a number" monitor log x

# What run control decided, the newest last; the same again is counted.
monitor reset
break *&read_modify_write
stepi
expect-output "\Astep at 0x0 \(the debugger steps\): by KVM's single-step.*\nstop at 0x5: stepped\n\Z" monitor log run 2
continue
expect-output "^go on from 0x5\nbreakpoint 0x.*: debug register 0\nfree run from 0x5, debug registers in use: 1\n" monitor log run
expect-output "back at 0x.*: KVM_EXIT_DEBUG, dr6 .*\nstop at 0x.*: breakpoint\n\Z" monitor log run 2
expect-output "\Astop at 0x.*: breakpoint\n\Z" monitor log run 1
expect-output "expected a number" monitor log run x
expect-output "\Alog runs: expected a number, how many of the last ones, run, bios or insn\n\Z" monitor log runs
expect-output "\Anothing since this debugger connected\n\Z" monitor log bios 3
expect-output "\Alog bios x: expected a number, how many of the last ones\n\Z" monitor log bios x

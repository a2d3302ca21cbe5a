# Steps off a breakpoint into another mode, with a gdb that has no script of ours: gdb forgets there
# what it was stepping for, and stops all the same, at the first instruction.
# guest: ../../build/guests/modes.bin
# board: bare
# symbols: ../../build/guests/modes.elf
# scripts: none

# stepi, from a breakpoint that stays.
break *((char *) &prot32 - 8)
continue
expect-stop breakpoint 1
expect-output "ljmpl +\$0x18,\$0x7c" x/i $pc
expect-output "off a breakpoint into 32-bit code" stepi
expect $pc == &prot32
expect $cs == 0x18
expect-output "mov +\$0x7c00,%esp" x/i $pc
stepi
expect $esp == 0x7c00

# continue, onto a breakpoint at the first instruction of 64-bit code, and nexti there.
break *((char *) &long64 - 7)
break *&long64
continue
expect-stop breakpoint 2
continue
expect-stop breakpoint 3
expect (long) $pc == (long) &long64
expect-output "mov +\$0x4c,%al" x/i $pc
nexti
expect-output "out +%al,\$0xe9" x/i $pc

# stepi N stops there, too: gdb has forgotten the rest.
break *((char *) &compat32 - 6)
continue
expect-stop breakpoint 4
stepi 3
expect (long) $pc == (long) &compat32
expect-output "mov +\$0x43,%al" x/i $pc
stepi
expect-output "out +%al,\$0xe9" x/i $pc

# next over a source line, from a breakpoint.
break *((char *) &prot16_again - 7)
continue
expect-stop breakpoint 5
next
expect $pc == &prot16_again
expect-output "mov +\$0x10,%ax" x/i $pc
next
expect-output "mov +%ax,%ds" x/i $pc
continue
expect-console "\ArapPLCPpR\n\Z"

# What gdb does on its way into another mode without a script of ours: a breakpoint whose condition
# it looks at itself is passed, and the one of `advance` stops though gdb has dropped it.
# guest: ../../build/guests/modes.bin
# board: bare
# scripts: none
# symbols: ../../build/guests/modes.elf

# gdb can't have $_streq evaluated here, and steps off the breakpoint to go on.
break *((char *) &prot32 - 8) if $_streq("a", "b")
break *((char *) &prot32 + 5)
continue
expect-stop breakpoint 2
expect $pc == (char *) &prot32 + 5
# One that does not hold where a step ends, right at the switch.
break *((char *) &long64 - 7)
break *&long64 if $_streq("a", "b")
continue
expect-stop breakpoint 3
stepi
expect (long) $pc == (long) &long64
expect-output "mov +\$0x4c,%al" x/i $pc

advance *&prot16_again
expect $pc == &prot16_again
expect $cpumode == 2
expect-output "mov +\$0x10,%ax" x/i $pc

# A temporary one, and a step to it and from it.
tbreak *((char *) &real_again - 5)
continue
expect-output "ljmp +\$0x0,\$0x7d" x/i $pc
stepi
expect $pc == &real_again
stepi
expect-output "mov +%ax,%ds" x/i $pc
continue
expect-console "\ArapPLCPpR\n\Z"

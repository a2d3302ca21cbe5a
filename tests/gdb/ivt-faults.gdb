# A step of an instruction that faults ends at its handler's first instruction.
# guest: ../../build/guests/ivt.bin
# board: bare
# symbols: ../../build/guests/ivt.elf

tbreak *&divide_by_zero
continue
expect $pc == &divide_by_zero
stepi
expect $pc == &on_divide
expect *(unsigned short *) $sp == (unsigned) &divide_by_zero "the return address is the div"

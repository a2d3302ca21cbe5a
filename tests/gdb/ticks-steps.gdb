# The same 10 s, more than one of them stepped; a step over hlt goes to the timer's interrupt.
# guest: ../../build/guests/ticks.bin
# symbols: ../../build/guests/ticks.elf

break *&second
continue
delete
set $before = *(short *) &own
monitor step-interrupts on
stepi 1500
expect *(short *) &own - $before > 20
monitor step-interrupts off
continue
expect-console "^own 18[0-6], BIOS 18[0-6]\nticks ok\n\Z"

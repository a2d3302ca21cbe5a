# A guest's own handler of the timer's interrupt in the place of the BIOS's, stepped through: no BIOS is on
# the way.
# guest: ../../build/guests/irqs.bin
# symbols: ../../build/guests/irqs.elf

break *&on_timer
continue
expect $pc == &on_timer
set $stack = (unsigned) $sp
set $back = *(unsigned short *) $sp
stepi
stepi
expect *(unsigned char *) &ticks == 1
stepi 3
expect $pc == &timer_end
stepi
expect (unsigned) $pc == $back
expect $sp == $stack + 6
continue
expect $pc == &on_timer
expect *(unsigned char *) &ticks == 1
delete
continue
expect-stop exit 1
expect-console "\Airqs ok\n\Z"

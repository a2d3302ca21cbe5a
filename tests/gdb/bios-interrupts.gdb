# The guest's hooks on the timer's interrupt, stepped through: into them, over the BIOS's part by a far call
# with the flags pushed and by a jump, and back.
# guest: ../../build/guests/hooked.bin
# symbols: ../../build/guests/hooked.elf

break *&on_timer
continue
expect $pc == &on_timer
set $stack = (unsigned) $sp
set $back = *(unsigned short *) $sp
expect-output "#0 .*on_timer.*\n#1 .*" bt 2
stepi 2
expect $pc == &chain_timer
stepi
# The BIOS's handler calls int 1Ch, which the guest has hooked: that is within the step.
expect $pc == &after_timer "over the BIOS's handler"
expect $sp == $stack
expect *(unsigned char *) &ticks == 1
stepi
expect (unsigned) $pc == $back "and back"

# A breakpoint within the step ends it.
break *&on_tick
continue
expect $pc == &on_timer
stepi 2
stepi
expect $pc == &on_tick "the guest's hook, from within the BIOS's handler"
stepi 2
# The BIOS's end of that hook is an iret to the handler that has called it: to its end.
expect $pc == &after_timer
delete
continue
expect-stop exit 1
expect-console "\Ahooked ok\n\Z"

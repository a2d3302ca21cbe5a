# Interrupts come while the guest goes on: freely, by steps that nobody has asked for, from a hlt.
# guest: ../../build/guests/timer.bin
# board: bare
# symbols: ../../build/guests/timer.elf
# scripts: none

# Its handler is a place like any other.
break *&on_tick
continue
expect-stop breakpoint 1
expect *(short *) &ticks == 0
expect *(unsigned short *) 0x7bfa >= (int) &work && *(unsigned short *) 0x7bfa < (int) &wait
expect (*(unsigned short *) 0x7bfe & 0x300) == 0x200
continue
expect-stop breakpoint 1
expect *(short *) &ticks == 1
expect-console "\A\.\Z"

# Time does not pile up: what waits after a stop is one tick, not all that passed.
expect-output "edges 0x00" monitor info pic
delete

# Caught, which steps the guest.
monitor catch int 0x20
expect-output "^Caught vector 0x20 .interrupt. at 0000:7c[0-9a-f]{2} .catch int 0x20.; here its handler begins" continue
expect $pc == (int) &on_tick
monitor uncatch all

# What the CPU pushes is seen by a watchpoint.
tbreak *&work
continue
set *(short *) 0x7bfe = 0
watch *(short *) 0x7bfe
continue
expect-stop breakpoint 3
expect $pc == (int) &on_tick
expect (*(unsigned short *) 0x7bfe & 0x300) == 0x200
delete

# Stepped for another reason, they come all the same.
monitor catch mode
tbreak *&wait
continue
expect $pc == (int) &wait
expect *(short *) &ticks >= 25
monitor uncatch all

# A step over hlt tells; going on from there waits for the interrupt.
stepi 4
expect-output "^hlt: the CPU is halted until an interrupt comes" stepi
expect $pc == (int) &halted
set $before = *(short *) &ticks
tbreak *&on_tick
continue
expect $pc == (int) &on_tick
expect *(unsigned short *) 0x7bfa == (int) &halted
expect *(short *) &ticks == $before

# Ctrl-C, halted or not; then to the end.
delete
set *(short *) &ticks = -400
continue-until-console \.{60}
expect-stop signal SIGINT
expect *(short *) &ticks < 0
set *(short *) &ticks = 45
continue
expect-stop exit 1
expect-console "\A\.{65,}\n\Z"

# Steps stay out of the handler of an interrupt that waits, unless they are asked in. The guest only
# steps here: a microsecond of its time each.
# guest: ../../build/guests/timer.bin
# board: bare
# symbols: ../../build/guests/timer.elf
# scripts: none

python
import re
def guest_ns():
    text = gdb.execute("monitor info pit", to_string=True)
    return int("".join(re.search(r"time +(\d+)\.(\d+) s", text).groups()))
end

# A tick in 300 clocks, 252 us.
break *&start_count
continue
expect-stop breakpoint 1
delete
set $ax = 300
stepi 4
expect $pc == (int) &work
expect $eflags & 0x200
expect-output "no interrupt waits" monitor info pic
expect-output "counter 0 +mode 2, count 0x012c, now 0x012[0-9a-f], out 1" monitor info pit

# Time stands still, and goes on by a microsecond a step.
python
before = guest_ns()
expect_equal(guest_ns(), before, "the guest's time while it is stopped")
gdb.execute("stepi 30")
expect_equal(guest_ns(), before + 30000, "the guest's time after 30 steps")
end
expect-output "no interrupt waits" monitor info pic

# A tick waits, and the loop goes on.
stepi 240
expect-stop step
expect-output "an interrupt waits; a step takes none" monitor info pic
expect *(short *) &ticks == 0
expect *(int *) &counted == 90
expect $pc == (int) &work

# Asked in: the step is the way to the handler, and nothing else.
expect-output "^off" monitor step-interrupts
monitor step-interrupts on
expect-output "a step takes interrupts" monitor info pic
set $flags = $eflags
stepi
expect-stop step
expect $pc == (int) &on_tick
expect *(unsigned short *) 0x7bfa == (int) &work
expect *(unsigned short *) 0x7bfc == 0
expect *(unsigned short *) 0x7bfe == ($flags & 0xffff)
expect ($eflags & 0x300) == 0
expect *(int *) &counted == 90
stepi 2
expect *(short *) &ticks == 1
expect-output "in service 0x01" monitor info pic
monitor step-interrupts off
stepi 6
expect $pc == (int) &work

# sti holds it up for an instruction.
set $eflags = $eflags & ~0x200
stepi 300
expect-output "an interrupt waits" monitor info pic
set $pc = (int) &go
monitor step-interrupts on
stepi
expect $pc == (int) &work
stepi
expect $pc != (int) &on_tick
stepi
expect $pc == (int) &on_tick
stepi 8
expect-output "no interrupt waits" monitor info pic

# A halted CPU: a step goes over the hlt as if it had been woken, or waits for the timer.
monitor step-interrupts off
set $pc = (int) &wait
stepi 4
expect-output "0x[0-9a-f]+ <wait.*hlt" x/i $pc
expect-output "^hlt: the CPU is halted until an interrupt comes" stepi
expect $pc == (int) &halted
expect-output "no interrupt waits" monitor info pic
stepi
expect-stop step
expect $pc == (int) &wait
stepi 4
expect-output "^hlt: the CPU is halted until" stepi
monitor step-interrupts on
stepi
expect-stop step
expect $pc == (int) &on_tick
expect *(unsigned short *) 0x7bfa == (int) &halted
stepi 8
expect $pc == (int) &halted

# With IF=0 nothing wakes it, and nobody waits for it.
set $pc = (int) &wait
stepi 4
set $eflags = $eflags & ~0x200
expect-output "^hlt: the CPU is halted, and nothing can wake it .IF=0" stepi

# The stop at the next tick names its IRQ. The guest is taken out of the handler without an EOI, so the tick after it has
# to wait.
set $eflags = $eflags | 0x200
set $pc = (int) &work
monitor catch int 0x20
expect-output "vector 0x20 .interrupt.(.|\n)*IRQ 0 came by vector 0x20\." stepi 400
monitor uncatch all
while $pc != (int) &on_tick
stepi
end
set $pc = (int) &work
stepi 600
expect-output "IRQ 0 waits: IRQ 0 is in service at the 8259 and holds it back(.|\n)*no other interrupt waits" monitor info pic

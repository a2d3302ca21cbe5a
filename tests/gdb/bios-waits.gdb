# A call that waits for a key, stepped: interrupts come meanwhile, breakpoints in the guest's handlers hit, an
# interrupt of the debugger's ends it and says what the guest waits for.
# guest: ../../build/guests/waits.bin
# symbols: ../../build/guests/waits.elf

python
def stopped_by_us(command):
    """The stop may meet a handler of an interrupt: once more then."""
    while True:
        gdb.post_event(lambda: (time.sleep(0.2), gdb.execute("interrupt")))
        said = gdb.execute(command, False, True)
        if "it waits for a key." in said:
            gdb.write(said)
            return
        command = "continue"
end

tbreak *&asked - 2
continue
set $stack = (unsigned) $sp
expect-output "^int 16h AH=00h read a key\n\Z" stepvm int
expect-output "The guest is in int 16h, AH=00h: it waits for a key\." python stopped_by_us("stepi")
expect-stop signal SIGINT
expect $cs == 0xf000
expect-output "^int 16h AH=00h read a key: it waits\n" monitor log bios 256
expect-output "^int 08h .*\n" monitor log bios 1
expect-output "#1 +0x[0-9a-f]+ in ask \(\)" bt 2

# The same in a run.
expect-output "The guest is in int 16h, AH=00h: it waits for a key\." python stopped_by_us("continue")
stepvm save waits

# The guest's own handler of the tick, in the midst of the step.
break *&on_timer
stepi
expect-stop breakpoint 2
expect $pc == &on_timer
delete
set $before = *(unsigned short *) &ticks
stepi
expect *(unsigned short *) &ticks == $before + 1
# The jump to the BIOS leads back to the call that waits, and that is the BIOS's, too: the guest's next
# instruction is its handler's, at the next tick.
stepi
expect $pc == &on_timer "the next tick"
expect *(unsigned short *) &ticks == $before + 1

# A machine that was kept in the midst of the call waits, too.
stepvm load waits
expect $cs == 0xf000
expect-output "The guest is in int 16h, AH=00h: it waits for a key\." python stopped_by_us("continue")

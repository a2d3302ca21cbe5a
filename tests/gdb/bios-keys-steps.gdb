# A call that waits for a key, stepped: the step ends when the key has come, with the key; so does one that was
# kept in the midst of it and loaded again.
# guest: ../../build/guests/waits.bin
# symbols: ../../build/guests/waits.elf
# keys: bios-keys-steps.keys

tbreak *&asked - 2
continue
set $stack = (unsigned) $sp
stepi
expect $pc == &asked "the key ends the call, and the step with it"
expect $sp == $stack
expect (unsigned char) $eax == 'x'
expect *(unsigned short *) &ticks > 0 "interrupts have come meanwhile"
expect-output "^int 16h AH=00h read a key: it waits\n" monitor log bios 256

# One that is kept in the midst of the call, wherever that is.
tbreak *&asked - 2
continue
python
def step_until_it_waits():
    """The stop may come before the call has begun to wait, or in a handler of an interrupt: once more then."""
    command, said = "stepi", ""
    while "it waits for" not in said:
        gdb.post_event(lambda: (time.sleep(0.1), gdb.execute("interrupt")))
        said = gdb.execute(command, False, True)
        command = "continue"
    gdb.write(said)
end
expect-output "The guest is in int 16h, AH=00h: it waits for a key" python step_until_it_waits()
stepvm save waits
monitor sendkey y
tbreak *&asked
continue
expect (unsigned char) $eax == 'y'
stepvm load waits
monitor sendkey z
tbreak *&asked
continue
expect (unsigned char) $eax == 'z'

# By nexti, typed before.
tbreak *&asked - 2
continue
monitor type "q"
nexti
expect $pc == &asked
expect (unsigned char) $eax == 'q'
continue
expect-stop exit 1

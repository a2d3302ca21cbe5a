# A guest that never leaves the CPU is stopped by an interrupt, and stands still then.
# guest: ../../build/guests/spin.bin
# symbols: ../../build/guests/spin.elf
# scripts: none

python
def number(expression):
    return int(gdb.parse_and_eval(expression)) & 0xFFFFFFFF

def interrupted_after(seconds):
    """Continues and interrupts; how far the counter came."""
    before = number("*(unsigned *) &counter")
    # gdb's event loop, which `continue` waits in, calls this when the guest has been let go.
    gdb.post_event(lambda: (time.sleep(seconds), gdb.execute("interrupt")))
    gdb.execute("continue")
    return number("*(unsigned *) &counter") - before

gdb.execute("stepi 4")
expect_equal(number("$pc"), number("&loop"), "at the loop")
for i in range(5):
    # However slow the machine: twice the time until the guest came to run at all.
    seconds = 0.001
    while interrupted_after(seconds) == 0:
        gdb.execute("expect-stop signal SIGINT")
        seconds *= 2
    gdb.execute("expect-stop signal SIGINT")
    counter, eax = number("*(unsigned *) &counter"), number("$eax")
    # eax is one ahead between the two increments, where loop+2 is.
    expect_equal(eax, counter + (number("$pc") == number("&loop") + 2), "eax")
    expect_equal(number("*(unsigned *) &counter"), counter, "the counter of a stopped guest")
    gdb.execute("stepi 3")
    gdb.execute("expect-stop step")
    expect_equal(number("$eax"), eax + 1, "eax after a round of steps")
end

# An interrupt that comes with the request to go on is not lost.
python gdb.post_event(lambda: gdb.execute("interrupt"))
continue
expect-stop signal SIGINT

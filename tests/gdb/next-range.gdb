# `next` over a line is one request to the stub, however many steps it takes.
# guest: ../../build/guests/rounds.bin
# board: bare
# symbols: ../../build/guests/rounds.elf
# timeout: 120
# scripts: none

python
try: # what a new gdb's x brings is no text to look through
    gdb.execute("set remote binary-upload-packet off")
except gdb.error:
    pass
def requests(command):
    """Runs it; how often the guest was asked to go on."""
    gdb.execute("set debug remote 1")
    said = gdb.execute(command, to_string=True)
    gdb.execute("set debug remote 0")
    return said.count("Sending packet: $vCont;")
end
next
expect $pc == &first
python expect_equal(requests("next"), 1, "requests for 200,000 steps")
expect-stop step
expect $pc == &over "behind 100,000 rounds"
expect $ecx == 0
stepi
expect $pc == &twice

# A breakpoint in the range stops it.
stepi
break *$pc if $ecx == 5
next
expect-stop breakpoint 1
expect $ecx == 5
delete
next
expect $ecx == 0

# Conditions and dprintf are evaluated by the stub: one request, however many hits.
# guest: ../../build/guests/counter.bin
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
set breakpoint condition-evaluation target
break *4 if $eax == 500
python expect_equal(requests("continue"), 1, "requests for 501 hits")
expect-stop breakpoint 1
expect $eax == 500
expect-output "target evals" info breakpoints

# Two at one address; the first that holds.
break *4 if $eax == 520 || *(short *) 0 == 0x1234
condition 1 $eax > 505 && $ecx < 3
continue
expect $eax == 506
python expect_equal([b.hit_count for b in gdb.breakpoints()], [2, 0], "hits")
condition 1 $eax / 2 % 7 == 3 && ($eax & 0xf0) >> 4 != 15
delete 1
python expect_equal(requests("continue"), 2, "requests: off the breakpoint, and on")
expect-stop breakpoint 2
expect $eax == 520
delete

# Convenience variables are gdb's: it evaluates the condition itself.
set $wanted = 530
break *4 if $eax == $wanted
continue
expect $eax == 530
delete

# A condition that can't be evaluated stops, here as there.
break *4 if 1 / ($eax - 540) == 1 && $eax > 600
expect-output "can't be evaluated: division by zero" continue
expect $eax == 540
delete

set dprintf-style agent
dprintf *4,"eax=%d %s%c\n", $eax, (char *) 0x7c0, 0x21
break *5 if $eax == 545
expect-output "eax=541 [^\n]*!\neax=542 [^\n]*!\neax=543 [^\n]*!\neax=544 [^\n]*!\n" continue
expect $eax == 545

# A step that comes to a dprintf prints, too.
delete 6
stepi
expect-output "eax=545 [^\n]*!\n" stepi
expect $pc == 4

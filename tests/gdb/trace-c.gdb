# Tracepoints in C, long mode: arguments, locals, strings; a file that holds them afterwards.
# guest: ../../build/guests/kernel64.elf
# symbols: ../../build/guests/kernel64.elf
# scripts: none

trace factorial
actions
collect $args, $regs, *(unsigned long *) $rsp
end
trace on_page_fault
actions
collect $args, $locals, handled, *f
end
trace print
actions
collect/s format
collect $rdi
end
trace map_page if gva == 1
actions
collect gva
end
tbreak factorial if n == 3
tstart
continue
expect n == 3
tstop

python
def frames(tracepoint, expression):
    """An expression's value in each frame of a tracepoint."""
    all = []
    gdb.execute("tfind none", to_string=True)
    gdb.execute("tfind tracepoint %d" % tracepoint, to_string=True)
    while int(gdb.parse_and_eval("$trace_frame")) >= 0:
        all.append(gdb.parse_and_eval(expression).format_string(symbols=False))
        gdb.execute("tfind tracepoint %d" % tracepoint, to_string=True)
    return all
expect_equal(frames(1, "n"), [str(n) for n in range(20, 2, -1)], "the calls of factorial")
texts = frames(3, "(char *) format")
expect_equal(texts[0].split(" ", 1)[1], '"kernel64: %s\\n"', "the first format")
expect_equal(len(texts), 4, "calls of print")
expect_equal(frames(4, "gva"), [], "a condition that never holds")
end

tfind tracepoint 2
expect error == 0
expect handled == 1
expect f->rip != 0
expect-output "on_page_fault \(f=0x[0-9a-f]+ <stack[^>]*>, error=0\)" frame
expect-output "= <unavailable>" print page[1]
# What the ELF says is read-only is as it is now.
expect-output "<on_page_fault(\+\d+)?>:\t\w+" x/i $pc

# A caller is there as far as it was collected.
tfind tracepoint 1
tfind tracepoint 1
expect n == 19
expect *(unsigned long *) $rsp != 0
tfind none
expect n == 3

# In a file, and from there.
python
import os
path = "/tmp/stepvm-trace-%d" % os.getpid()
try:
    gdb.execute("tfind tracepoint 2")
    gdb.execute("tsave " + path)
    gdb.execute("kill")
    gdb.execute("target tfile " + path)
    expect_equal(frames(1, "n"), [str(n) for n in range(20, 2, -1)], "the calls of factorial")
    gdb.execute("tfind tracepoint 2")
    expect_equal(int(gdb.parse_and_eval("handled")), 1, "handled, from the file")
    gdb.execute("tfind tracepoint 1")
    gdb.execute("expect $rsp > 0x1000")
    gdb.execute("expect $pc >= (long) &factorial && $pc < (long) &factorial + 16")
    gdb.execute('expect-output "a tstop command" tstatus')
finally:
    os.unlink(path)
end

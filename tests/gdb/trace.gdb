# Tracepoints: the guest runs on, and what was collected is looked at afterwards.
# guest: ../../build/guests/counter.bin
# scripts: none


# The guest: at 0 xor, at 2 out, at 4 inc, at 5 jmp 2.
trace *4 if $eax % 2 == 1
actions
collect $regs, *(unsigned char *) 2@5
end
passcount 3 1
tvariable $jumps = 100
trace *5
actions
collect $jumps, $ecx
teval $jumps = $jumps + 1
end
tstart a reason
expect-output "Trace is running on the target.\nCollected 0 trace frames" tstatus
expect-error "May not look at trace frames while trace is running" tfind start
break *4 if $eax == 20
set $xmm1.v4_int32[0] = 5
continue
expect-stop breakpoint 3
expect $eax == 20
# 0 to 5 and the jumps after them: the third odd one has ended it.
expect-output "Trace stopped by tracepoint 1" tstatus
expect-output "Collected 8 trace frames" tstatus
expect-output "notes: a reason" tstatus
expect-output "already hit 3 times(.*\n)*.*already hit 5 times" info tracepoints
expect $jumps == 105

# Frames, by every way.
expect-output "Found trace frame 1, tracepoint 1\n" tfind pc 4
expect $trace_frame == 1
expect $eax == 1
expect $pc == 4
expect $ip == 4
expect-output "inc +%ax" x/i $pc
expect-output "out +%ax" x/i 2
expect $xmm1.v4_int32[0] == 5
expect-output "eax +0x1 +1\n(.*\n)+\*\(unsigned char \*\) 2@5 = " tdump
expect-output "<unavailable>" x/xb 0
expect-output "= <unavailable>" print *(char *) 7
expect-output "trace frame 2, tracepoint 2" tfind
expect $jumps == 101
expect $ecx == 0
expect $pc == 5
expect-error "Cannot access memory" x/i $pc
expect-output "trace frame 1, tracepoint 1" tfind -
expect-output "trace frame 4, tracepoint 1" tfind tracepoint 1
expect $eax == 3
expect-output "trace frame 5, tracepoint 2" tfind outside 0,4
expect-output "trace frame 7, tracepoint 1" tfind range 4,4
expect $eax == 5
expect-output "No trace frame found" tfind pc 2
expect $eax == 20 "none is selected then"
expect-output "No trace frame found" tfind 8
expect-output "trace frame 0, tracepoint 2" tfind start

# Nothing changes there, and nothing goes on.
expect-error "a trace frame is selected" set $ecx = 1
expect-error "Cannot access memory" set var *(char *) 2 = 0
expect-error "looking at trace frames" continue
expect-error "looking at trace frames" stepi
tfind none
expect $trace_frame == -1
expect $eax == 20
expect *(char *) 2 == (char) 0xe7
stepi
expect $pc == 5

# A breakpoint at the same place, before and after; a step that comes there.
delete
break *5
break *2
trace *5
actions
collect $eax
while-stepping 3
collect $eip
end
end
tstart
continue
expect-stop breakpoint 5
expect $pc == 2
stepi 2
expect-stop breakpoint 4
expect $pc == 5
delete 5
stepi
continue
expect-stop breakpoint 4
expect $eax == 23
tstop for a reason
expect-output "stopped by a tstop command \(for a reason\)" tstatus
python
def frames():
    """pc of each frame."""
    all = []
    gdb.execute("tfind start", to_string=True)
    while int(gdb.parse_and_eval("$trace_frame")) >= 0:
        all.append(int(gdb.parse_and_eval("(int) $pc")))
        gdb.execute("tfind", to_string=True)
    return all
expect_equal(frames(), [5, 2, 4, 5, 5], "a hit, three steps, the next hit")
end
delete 4
stepi
expect $pc == 2

# As much as fits; the last ones with a circular buffer.
delete
set trace-buffer-size 1000
trace *4
actions
collect $eax
end
break *5 if $eax == 99
tstart
continue
expect-output "Trace stopped because the buffer was full" tstatus
tfind start
expect $eax == 23
tfind none
set circular-trace-buffer on
tstart
break *5 if $eax == 199
continue
expect-output "of \d+ created total" tstatus
tstop
tfind end
python
last = frames()
gdb.execute("tfind %d" % (len(last) - 1))
end
expect $eax == 198
tfind none
set circular-trace-buffer off

# An expression that fails ends the run, not the guest.
delete
set trace-buffer-size -1
trace *4
actions
collect 7 / ($eax - 205)
end
break *5 if $eax == 220
tstart
continue
expect $eax == 220
expect-output "Trace stopped by an error \(an action at 0x4: division by zero, tracepoint" tstatus
expect-output "Collected 6 trace frames" tstatus

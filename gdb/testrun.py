"""What `stepvm test` has gdb do after expect.gdb: testrun() connects, runs the script, records what
came of it, and ends gdb. src/testrun/job.c sets the environment that it reads,
src/testrun/verdict.h lists what it records.

gdb sources this file, so that it shares its names with expect.gdb."""

import linecache
import signal


def testrun():
    name = {key: os.environ.get("STEPVM_TEST_" + key, "") for key in TESTRUN_NAMES}
    try:
        if name["LOAD"]:
            gdb.execute("set $stepvm_context = 0")  # the view at each stop is for people
            gdb.execute("source " + name["LOAD"])
        if name["SYMBOLS"]:
            quoted = re.sub(r'(["\\])', r"\\\1", name["SYMBOLS"])
            gdb.execute('symbol-file "%s"' % quoted)
        testrun_connect(name["TARGET"])
        ExpectState.last_stop = None  # to connect is no stop
        expect_record("begun")
        testrun_end_late_steps(int(name["DEADLINE"]) / 1000)
        gdb.execute("source " + name["SCRIPT"])
    except gdb.error as error:
        if ExpectState.skipped is not None and ExpectState.failure is None:
            expect_record("skipped " + ExpectState.skipped)
            testrun_leave(0)
        testrun_fail(str(error))
    except KeyboardInterrupt:
        testrun_fail("interrupted")
    if ExpectState.failure is not None:
        testrun_fail(ExpectState.failure)  # it was caught on its way
    expect_record("held %d" % ExpectState.held)
    testrun_leave(0)


def testrun_connect(target):
    """gdb asks for the guest's ELF file, and warns where there is none: that is left out."""
    lines = gdb.execute("target remote " + target, to_string=True).splitlines(True)
    gdb.write("".join(line for line in lines if "this guest has no ELF file" not in line))


TESTRUN_NAMES = ("SCRIPT", "TARGET", "LOAD", "SYMBOLS", "DEADLINE")


def testrun_end_late_steps(deadline_s):
    """A script that makes step after step when it is late ends where it lets the guest go on:
    there gdb says which line that was. A lost connection elsewhere, in the midst of unwinding
    perhaps, ends gdb without a word. deadline_s: of CLOCK_MONOTONIC, a moment before stepvm test
    ends the VM itself."""

    def on_continue(_event):
        if time.monotonic() > deadline_s:
            expect_record("late")
            os.kill(int(ExpectState.vm), signal.SIGTERM)

    gdb.events.cont.connect(on_continue)


def testrun_fail(text):
    """Records why the script ended, and at which of its lines: gdb puts that before the text, once
    for each script that another one has sourced."""
    place, where = None, ""
    match = re.match(r"(.*):(\d+): Error in sourced command file:\n", text)
    while match:
        place, text = match.groups(), text[match.end() :]
        match = re.match(r"(.*):(\d+): Error in sourced command file:\n", text)
    if place:
        where = "%s:%s: " % place
        line = linecache.getline(place[0], int(place[1])).strip()
        # gdb reads all of `while`, `python` and the like before it begins with them.
        expect_record("at " + where + (line if line != "end" else "end (of a block)"))
    if ExpectState.failure is not None:
        text = ExpectState.failure
    expect_record("failed " + where + text)
    gdb.write(where + text + "\n", gdb.STDERR)
    testrun_tell_machine()
    testrun_leave(1)


def testrun_tell_machine():
    """For the log: where the CPU is, and what the guest has done last."""
    path = os.environ.get("STEPVM_TEST_MACHINE")
    if not path or gdb.selected_thread() is None:
        return
    view = testrun_said("stepvm context") or (
        # Plain gdb has no such command. The x87's and SSE's registers would be too many.
        testrun_said("monitor info registers").partition("FCW")[0].lstrip()
        + testrun_said("x/5i $pc")
    )
    view += testrun_said("monitor info mode")
    last = testrun_said("monitor log 8")
    if not last.startswith("nothing since"):
        view += "the last ports, MMIO and halts:\n" + last
    try:
        with open(path, "w", errors="replace") as to:
            to.write(view)
    except OSError as error:  # a full disk must not hide what has failed
        gdb.write("%s\n" % error, gdb.STDERR)


def testrun_said(command):
    """What it prints; nothing where it fails, for the guest may be in any state."""
    try:
        return gdb.execute(command, False, True)
    except (gdb.error, KeyboardInterrupt):
        return ""


def testrun_leave(status):
    """Ends gdb without its own way to end: that detaches the guest, which would run on, and print,
    until stepvm test ends it. Besides, gdb 13 crashes there while an event waits (post_event)."""
    gdb.flush(gdb.STDOUT)
    gdb.flush(gdb.STDERR)
    os._exit(status)


# `quit` in a script; gdb 12 and newer tell of it.
if hasattr(gdb.events, "gdb_exiting"):
    gdb.events.gdb_exiting.connect(lambda event: testrun_leave(event.exit_code or 0))

"""The guest as gdb knows it: registers, linear and physical memory, symbols.

All that the other files ask gdb for. Addresses are numbers; memory that can't be read is None."""

import re

import gdb

# The register cpumode (`modes` in src/gdbstub/feature_types.c).
REAL16, VM86, PROT16, PROT32, COMPAT16, COMPAT32, LONG64, REAL32 = range(8)
IVT_MODES = (REAL16, REAL32)  # PE = 0: interrupts go through vectors of four bytes
REAL_MODES = IVT_MODES + (VM86,)  # a selector is its base / 16
MODES_16 = (REAL16, VM86, PROT16, COMPAT16)  # how wide code is
MODES_32 = (REAL32, PROT32, COMPAT32)

SEGMENT_DB = 1 << 14  # of cs_desc and its like (src/kvm/segment.h)
CR0_PG = 1 << 31  # SDM vol 3, "Control Registers"
EFER_LMA = 1 << 10


class Failed(gdb.GdbError):
    """What a command says when it can't do what it was asked for."""


# --- registers -----------------------------------------------------------------------------------


def has_guest():
    thread = gdb.selected_thread()
    return thread is not None and thread.is_valid() and not thread.is_running()


def is_running():
    """gdb has not told its user of a stop yet."""
    thread = gdb.selected_thread()
    return thread is not None and thread.is_running()


def frame():
    """The CPU as it is: the innermost frame, whichever is selected."""
    if not has_guest():
        raise Failed("the guest is not there or runs: connect to it, or stop it, first")
    return gdb.newest_frame()


def is_tui():
    """Whether gdb has the whole screen."""
    try:
        return "not active" not in gdb.execute("info win", to_string=True)
    except gdb.error:  # a gdb without TUI
        return False


class Source:
    """Where registers come from: a frame that is being unwound, or the innermost frame.

    While gdb unwinds a frame, to ask it for another one crashes it (13.1)."""

    pending = None


def value(name):
    """A register of the CPU as it is now."""
    try:
        return (Source.pending or frame()).read_register(name)
    except (ValueError, gdb.error):
        end_if_lost()
        raise Failed("this stub has no register %s: is it stepvm's?" % name) from None


def register(name):
    """The same as an unsigned number."""
    number = value(name)
    return int(number) & (1 << 8 * number.type.sizeof) - 1


def has_register(name):
    try:
        value(name)
        return True
    except Failed:
        return False


def mode():
    return register("cpumode")


def mode_name():
    return str(value("cpumode"))


def is_stack_wide():
    """Whether the stack's offset is esp or, where this says no, sp alone. SS says so, not the code
    (SDM vol 3, "Data-Segment Descriptor", B flag): after a switch the one may be 16 bits and the
    other 32."""
    if mode() == LONG64:
        return True
    try:
        return int(value("ss_desc")["attributes"]) & SEGMENT_DB != 0
    except gdb.error:  # not collected in this trace frame
        return mode() in MODES_32


def is_long():
    return register("efer") & EFER_LMA != 0


def is_paging():
    return register("cr0") & CR0_PG != 0


def table(name):
    """(base, limit) of gdtr or idtr."""
    both = value(name)
    return int(both["base"]), int(both["limit"])


# --- memory --------------------------------------------------------------------------------------


class Cache:
    """What was read of code and tables: pieces of memory by address, and what was made of them.

    Code changes seldom, but it does: nothing is kept from one stop to the next. The steps of one
    command (`stepi 1000`) are no stops and have a cache of their own."""

    SIZE = 64
    MAX = 1 << 14
    stopped, running = {}, {}


def cache():
    if is_running():
        return Cache.running
    Cache.running.clear()
    return Cache.stopped


def forget_memory(_event=None):
    """The guest goes on, or somebody has written to its memory."""
    Cache.stopped.clear()


def read(gva, size):
    """size bytes by linear address."""
    if size == 0:
        return b""
    try:
        return bytes(gdb.selected_inferior().read_memory(gva, size))
    except (gdb.MemoryError, gdb.error, OverflowError):
        end_if_lost()
        return None


def end_if_lost():
    """After an error: has the connection been lost?

    A frame that is being unwound is gone with it, and to ask for one of its registers crashes gdb
    (13.1). Of what an unwinder raises gdb passes on only this one."""
    if Source.pending is not None and gdb.selected_inferior().pid == 0:
        raise KeyboardInterrupt


def code_bytes(gva, size):
    """Up to size bytes, fewer where the rest is not there, from the cache."""
    pieces, found = cache(), b""
    while len(found) < size:
        at = gva + len(found)
        key = ("piece", at & ~(Cache.SIZE - 1))
        if key not in pieces:
            if len(pieces) > Cache.MAX:
                pieces.clear()
            pieces[key] = read(key[1], Cache.SIZE)
        if pieces[key] is None:
            break
        found += pieces[key][at & Cache.SIZE - 1 :][: size - len(found)]
    return found


def number(gva, size):
    found = read(gva, size)
    return None if found is None else int.from_bytes(found, "little")


def monitor(command):
    return gdb.execute("monitor " + command, False, True)


def packet(text):
    """The stub's answer to a packet of the protocol."""
    said = gdb.execute("maint packet " + text, False, True)
    match = re.search(r'^received: "(.*)"$', said, re.M)
    return match.group(1) if match else ""


def read_physical(gpa, size):
    """size bytes by physical address, or None. Past gdb's own cache, which is by linear address."""
    if packet("Qqemu.PhyMemMode:1") != "OK":
        raise Failed("this stub can't read memory by physical address (Qqemu.PhyMemMode)")
    try:
        answer = packet("m%x,%x" % (gpa, size))
    finally:
        packet("Qqemu.PhyMemMode:0")
    if len(answer) != 2 * size or re.search("[^0-9a-f]", answer):
        return None
    return bytes.fromhex(answer)


# --- symbols -------------------------------------------------------------------------------------


def symbol(gva):
    """"name+offset", or "" where none is near."""
    kind = gdb.lookup_type("char").pointer()
    mask = (1 << 8 * kind.sizeof) - 1
    text = gdb.Value(gva & mask).cast(kind).format_string(format="a", symbols=True)
    match = re.search(r"<(.*)>", text)
    return match.group(1) if match else ""


def symbol_at(gva):
    """The same for the end of a line: " <name+offset>"."""
    name = symbol(gva)
    return " <%s>" % name if name else ""


# --- tracepoints ---------------------------------------------------------------------------------


def renew_conditions():
    """Before tstart. gdb has parsed a tracepoint's condition for the registers of the mode in which
    it was set, and would send their numbers in another one."""
    number = None
    for line in gdb.execute("info tracepoints", to_string=True).splitlines():
        head = re.match(r"(\d+) +tracepoint ", line)
        condition = re.match(r"\ttrace only if (.*)", line)
        if head:
            number = head.group(1)
        elif condition and number:
            gdb.execute("condition %s %s" % (number, condition.group(1)), to_string=True)


WIDTHS = {"i8086": 0, "i386": 1, "i386:x86-64": 2}


def is_known(expression):
    try:
        return gdb.parse_and_eval(expression).format_string() != "<unavailable>"
    except gdb.error:
        return False


def read_description():
    """gdb's registers become those of the mode that is looked at; hook-stop has the same."""
    gdb.execute("unset tdesc filename", to_string=True)
    if is_known("$cpumode") and int(gdb.parse_and_eval("(int) $cpumode")) in MODES_16:
        gdb.execute("exec-file", to_string=True)
        gdb.execute("unset tdesc filename", to_string=True)
    name = gdb.selected_inferior().architecture().name()
    gdb.set_convenience_variable("stepvm_width", WIDTHS.get(name, -1))


def is_halted():
    """The CPU as it is now has done a hlt, and nothing has woken it since."""
    try:
        return not is_in_frame() and "(halted)" in monitor("info cpus")
    except gdb.error:
        return False  # no stub, or one without monitor commands


def is_in_frame():
    """A trace frame is looked at (tfind)."""
    number = gdb.convenience_variable("trace_frame")
    return number is not None and int(number) >= 0


def follow_trace_frame():
    """After tfind. In a frame of another mode than gdb's registers are for, all are unavailable."""
    if not has_guest():
        return
    if is_in_frame():
        if is_known("$pc"):
            return
        read_description()
        if is_known("$pc") and gdb.parameter("height"):
            gdb.execute("frame")
    elif is_known("$cpumode"):
        mode = int(gdb.parse_and_eval("(int) $cpumode"))
        width = 2 if mode == LONG64 else int(mode in MODES_32)
        if width != gdb.convenience_variable("stepvm_width"):
            read_description()

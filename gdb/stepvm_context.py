"""The context view: what the CPU is about to do, at every stop and by `stepvm context`."""

import os
import re
import sys

import gdb

import stepvm_machine as machine
from stepvm_machine import Failed
from stepvm_tables import bios_call, describe_vector

SECTIONS = ("regs", "code", "stack", "calls")
INSNS = 5

GENERAL32 = ("eax", "ebx", "ecx", "edx", "esi", "edi", "ebp", "esp")
GENERAL64 = ("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp")
GENERAL64 += tuple("r%d" % i for i in range(8, 16))
# (name, bit), SDM vol 1, "EFLAGS Register"; in the order that debuggers for DOS have.
FLAGS = (("of", 11), ("df", 10), ("if", 9), ("tf", 8), ("sf", 7), ("zf", 6), ("af", 4), ("pf", 2),
         ("cf", 0))  # fmt: skip


class Shown:
    """What was shown last, and what a stop before that had: changes are marked."""

    before, now = {}, {}
    has_run = False
    sections = SECTIONS
    is_coloured = True  # where the terminal is


def on_continue(_event):
    Shown.has_run = True


# --- colours -------------------------------------------------------------------------------------

TITLE, CHANGED, NAME, NOTE, HERE = "1;36", "1;31", "33", "2", "1"


def has_colours():
    return (
        Shown.is_coloured
        and gdb.parameter("style enabled")
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM", "dumb") != "dumb"
        and os.isatty(1)
    )


def paint(text, colour):
    return "\033[%sm%s\033[m" % (colour, text) if text and Painter.is_on else text


class Painter:
    is_on = False


def width():
    return gdb.parameter("width") or 80


def cut(line):
    """A line that fits; it has no colour yet."""
    line = line.expandtabs()
    return line if len(line) < width() else line[: width() - 4] + "..."


# --- sections ------------------------------------------------------------------------------------


def title(mode):
    """Mode, where, and the stack's top."""
    cs, ss = machine.register("cs") & 0xFFFF, machine.register("ss") & 0xFFFF
    if mode == machine.LONG64:
        pc = machine.register("rip")
        where = "rip 0x%x  CS %04x  SS %04x" % (pc, cs, ss)
    else:
        pc = machine.register("eip")
        digits = 4 if mode in machine.MODES_16 else 8
        stack_digits = 8 if machine.is_stack_wide() else 4
        where = "CS:IP %04x:%0*x  linear 0x%x  SS:SP %04x:%0*x" % (
            cs, digits, machine.register("ip"), pc, ss, stack_digits, stack_offset())  # fmt: skip
    name = machine.symbol(pc)
    line = "%s%s  %s" % (machine.mode_name(), " (halted)" if machine.is_halted() else "", where)
    return paint(cut("%s  <%s>" % (line, name) if name else line), TITLE)


def stack_offset():
    return machine.register("esp") & (0xFFFFFFFF if machine.is_stack_wide() else 0xFFFF)


def cell(name, digits):
    """ name value, with a * where it is not what it was."""
    number = machine.register(name) & (1 << 4 * digits) - 1
    Shown.now[name] = number
    is_new = name in Shown.before and Shown.before[name] != number
    text = "%s%-*s %0*x" % ("*" if is_new else " ", 3 if digits > 4 else 2, name, digits, number)
    return paint(text, CHANGED) if is_new else text


def flags():
    value = machine.register("eflags")
    before = Shown.before.get("eflags", value)
    Shown.now["eflags"] = value
    found = []
    for name, bit in FLAGS:
        is_new = (value ^ before) >> bit & 1
        text = "%s%s" % ("*" if is_new else " ", name.upper() if value >> bit & 1 else name)
        found.append(paint(text, CHANGED) if is_new else text)
    rest = re.sub(r"\b(OF|DF|IF|TF|SF|ZF|AF|PF|CF|IOPL=0|0x2)\b", "", str(machine.value("eflags")))
    return "".join(found) + " " + " ".join(rest.strip("[] ").split())


def show_regs(mode):
    segments = [cell(name, 4) for name in ("ds", "es", "fs", "gs", "cs", "ss")]
    if mode == machine.LONG64:
        cells = [cell(name, 16) for name in GENERAL64]
        lines = ["  ".join(cells[i : i + 3]) for i in range(0, 15, 3)]
        lines.append(cells[15] + "  " + " ".join(segments))
    else:
        cells = [cell(name, 8) for name in GENERAL32]
        lines = ["  ".join(cells[i : i + 4] + segments[i // 2 : i // 2 + 2]) for i in (0, 4)]
        segments = segments[4:]
    lines.append(flags() + ("" if mode == machine.LONG64 else "   " + "  ".join(segments)))
    return [line.rstrip() for line in lines]


def is_taken(there):
    """Whether the conditional jump in these bytes will jump; None: it is none, or by a counter."""
    at = 0
    while at < len(there) - 1 and there[at] in (0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x66, 0x67):
        at += 1
    op = there[at] if at < len(there) else 0
    if op == 0x0F and at + 1 < len(there) and 0x80 <= there[at + 1] <= 0x8F:
        op = there[at + 1] - 0x10
    if not 0x70 <= op <= 0x7F:
        return None
    value = machine.register("eflags")
    cf, pf, zf, sf, of = (value >> bit & 1 for bit in (0, 2, 6, 7, 11))
    # SDM vol 2, "Jcc": the even ones; the odd ones are their contraries.
    holds = (of, cf, zf, cf | zf, sf, pf, sf ^ of, zf | (sf ^ of))[(op - 0x70) // 2]
    return bool(holds) != bool(op & 1)


def note(pc):
    """What the next instruction will do, where the registers tell."""
    there = machine.code_bytes(pc, 8)
    taken = is_taken(there)
    if taken is not None:
        return "taken" if taken else "not taken"
    if there[:1] == b"\xcd" and len(there) > 1:
        return "-> " + (bios_call(there[1]) or describe_vector(there[1]))
    return ""


def show_code():
    pc = machine.register("rip" if machine.mode() == machine.LONG64 else "eip")
    try:
        text = gdb.execute("x/%di 0x%x" % (INSNS, pc), False, True)
    except gdb.error as error:
        return ["   %s" % error]
    lines = text.rstrip("\n").splitlines()
    said = note(pc)
    lines[0] = lines[0].expandtabs() + ("   # " + said if said else "")
    return [paint(cut(lines[0]), HERE)] + [cut(line) for line in lines[1:]]


def show_stack(mode):
    """Two lines from the top of the stack up."""
    if mode == machine.LONG64:
        size, base, offset, last = 8, 0, machine.register("rsp"), (1 << 64) - 1
    else:
        size = 2 if mode in machine.MODES_16 else 4
        base, offset = machine.register("ss_base"), stack_offset()
        last = 0xFFFFFFFF if machine.is_stack_wide() else 0xFFFF
    each = {2: 8, 4: 4, 8: 2}[size]
    lines = []
    for _ in range(2):
        there = machine.read(base + offset, each * size)
        if there is None:
            there = machine.read(base + offset, size) or b""
        words = [there[i : i + size] for i in range(0, len(there), size)]
        if not words:
            why = "was not collected" if machine.is_in_frame() else "not in memory"
            lines.append("   stack 0x%x: %s" % (base + offset, why))
            break
        shown = "  ".join("%0*x" % (2 * size, int.from_bytes(word, "little")) for word in words)
        if mode == machine.LONG64:
            lines.append("%016x  %s" % (offset, shown))
        else:
            digits = 4 if last == 0xFFFF else 8
            lines.append("%04x:%0*x  %s" % (machine.register("ss") & 0xFFFF, digits, offset, shown))
        offset += each * size
        if offset > last:
            break
    return lines


def show_calls(mode):
    """The functions that the stack's return addresses are in, the innermost first."""
    if mode not in machine.MODES_16:
        return []  # gdb's own frames; in assembly without frames they lead nowhere
    frame = machine.frame().older()
    if frame is None:
        return []
    line = "calls: " + name_of(machine.frame())
    while frame is not None:
        longer = line + " < " + name_of(frame)
        frame = frame.older()
        if len(longer) + (6 if frame is not None else 0) >= width():
            return [line + " < ..."]
        line = longer
    return [line]


def name_of(frame):
    return frame.name() or "0x%x" % frame.pc()


def show():
    """The view as lines."""
    if Shown.has_run:
        Shown.before, Shown.now, Shown.has_run = Shown.now, {}, False
    Painter.is_on = has_colours()
    mode = machine.mode()
    lines = [title(mode)]
    parts = {
        "regs": lambda: show_regs(mode),
        "code": show_code,
        "stack": lambda: show_stack(mode),
        "calls": lambda: show_calls(mode),
    }
    for name in Shown.sections:
        lines += parts[name]()
    return lines


def at_stop():
    """The TUI has windows for code and registers, and a command window that is too small for ours."""
    if not machine.is_tui():
        gdb.execute("stepvm context")


# --- commands ------------------------------------------------------------------------------------


class Context(gdb.Command):
    """Show where the CPU is: registers, flags, the next instructions, the stack, the calls.
Usage: stepvm context
       stepvm context on|off
       stepvm context sections [regs] [code] [stack] [calls]
       stepvm context color on|off

It is shown at every stop where a person is at the terminal, and not in a batch, in a pipe or in gdb's
TUI; `stepvm context off` and `on` say so yourself. A * stands before what has changed since the stop
before. `sections` chooses what is shown, and in which order; alone it shows all. `color off` ends the
colours; there are none either in a pipe, with NO_COLOR in the environment, or with gdb's `set style
enabled off`.

  stepvm context sections code regs"""

    def __init__(self):
        super().__init__("stepvm context", gdb.COMMAND_USER)

    def complete(self, text, word):
        words = ("on", "off", "sections", "color")
        if " " in text.lstrip():
            words = ("on", "off") if text.split()[0] == "color" else SECTIONS
        return [name for name in words if name.startswith(word or "")]

    def invoke(self, arg, from_tty):
        words = arg.split()
        if not words:
            machine.frame()
            gdb.write("\n".join(show()) + "\n")
        elif words in (["on"], ["off"]):
            gdb.set_convenience_variable("stepvm_context", int(words[0] == "on"))
        elif words in (["color", "on"], ["color", "off"]):
            Shown.is_coloured = words[1] == "on"
        elif words[0] == "sections" and set(words[1:]) <= set(SECTIONS):
            Shown.sections = tuple(words[1:]) or SECTIONS
        else:
            raise Failed("expected on, off, color on, color off, or sections and any of %s" % ", ".join(SECTIONS))


def is_for_a_person():
    """A terminal, and nobody said -batch."""
    try:
        with open("/proc/self/cmdline", "rb") as there:
            words = there.read().split(b"\0")
    except OSError:
        words = []
    is_batch = any(re.fullmatch(rb"--?batch(-silent)?", word) for word in words)
    return not is_batch and os.isatty(1) and sys.stdout is not None

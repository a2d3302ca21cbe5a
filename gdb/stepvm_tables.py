"""Tables that the CPU reads: interrupt vectors, descriptors, task state. `stepvm ivt`, `idt`,
`gdt`, `ldt`, `tss`, `seg`, `int`.

Sources: SDM vol 3, chapters "Protected-Mode Memory Management", "Interrupt and Exception Handling",
"Task Management"."""

import re

import gdb

import stepvm_machine as machine
import stepvm_segments as segments
from stepvm_machine import Failed, symbol_at
from stepvm_segments import Descriptor, segment_kind

EXCEPTIONS = {
    0: "#DE", 1: "#DB", 2: "NMI", 3: "#BP", 4: "#OF", 5: "#BR", 6: "#UD", 7: "#NM", 8: "#DF",
    10: "#TS", 11: "#NP", 12: "#SS", 13: "#GP", 14: "#PF", 16: "#MF", 17: "#AC", 18: "#MC",
    19: "#XM", 20: "#VE", 21: "#CP",
}  # fmt: skip
# What a PC's BIOS has there.
BIOS = {
    8: "timer", 9: "keyboard", 0x10: "video", 0x11: "equipment", 0x12: "memory size",
    0x13: "disk", 0x14: "serial", 0x15: "system", 0x16: "keyboard", 0x17: "printer",
    0x18: "no boot", 0x19: "boot", 0x1A: "clock", 0x1B: "break", 0x1C: "tick",
}  # fmt: skip


def say_runs(rows):
    """Rows of (number, text): neighbours with the same text are one line, and None is nothing."""
    lines, count = [], 0
    for number, text in rows:
        if text is None:
            count += 1
        elif lines and lines[-1][2] == text and lines[-1][1] == number - 1:
            lines[-1][1] = number
        else:
            lines.append([number, number, text])
    return lines, count


# --- interrupts ----------------------------------------------------------------------------------


def vector_argument(arg):
    if not arg:
        return None
    # As stepvm itself says it, and those who write about PCs: 13h, int 13h.
    match = re.match(r"(?:int\s+)?([0-9a-f]+)h\Z", arg, re.I)
    number = int(match.group(1), 16) if match else int(gdb.parse_and_eval(arg))
    if not 0 <= number <= 255:
        raise Failed("an interrupt's number is 0 to 255")
    return number


def vector_name(number, is_int_n=False):
    """What comes to a vector; by `int n` comes no exception, whatever its number."""
    names = [] if is_int_n else [EXCEPTIONS.get(number)]
    names += [BIOS.get(number)] if machine.mode() in machine.REAL_MODES else []
    return " / ".join(name for name in names if name)


def ivt_entry(number):
    """(text, linear address) of a real-mode vector; (reason, None)."""
    base, limit = segments.vectors_table()
    if 4 * number + 3 > limit:
        return "beyond the table's limit 0x%x" % limit, None
    there = machine.read(base + 4 * number, 4)
    if there is None:
        return "not in memory", None
    offset, selector = there[0] | there[1] << 8, there[2] | there[3] << 8
    gva = (selector << 4) + offset
    return "%04x:%04x = 0x%05x%s" % (selector, offset, gva, symbol_at(gva)), gva


def idt_entry(number):
    base, limit = machine.table("idtr")
    size = 16 if machine.is_long() else 8
    if size * (number + 1) - 1 > limit:
        return "beyond the table's limit 0x%x" % limit, None
    there = machine.read(base + size * number, size)
    if there is None:
        return "not in memory", None
    gate = Descriptor(there, machine.is_long())
    if gate.raw == 0:
        return "empty", None
    if not gate.is_gate():
        return "no gate: " + gate.kind(), None
    start = segments.selector_base(gate.selector) if gate.type != 5 else None
    return gate.describe(), start + gate.offset if start is not None and gate.is_present else None


def say_vectors(arg, name, entry, is_shown):
    number = vector_argument(arg)
    numbers = range(256) if number is None else [number]
    rows = []
    for n in numbers:
        text, gva = entry(n)
        rows.append((n, text if number is not None or is_shown(text, gva) else None))
    base, limit = segments.vectors_table() if entry is ivt_entry else machine.table("idtr")
    gdb.write("%s: base 0x%x, limit 0x%x\n" % (name, base, limit))
    lines, count = say_runs(rows)
    for first, last, text in lines:
        span = "%02x" % first if first == last else "%02x-%02x" % (first, last)
        name = vector_name(first) if first == last else ""
        gdb.write(("%-6s %s  %s" % (span, text, name)).rstrip() + "\n")
    if count:
        gdb.write("%d other%s: nothing is there\n" % (count, "" if count == 1 else "s"))


def ivt(arg):
    """Show the real-mode interrupt vectors.
Usage: stepvm ivt [N]

Neighbours that point to the same place are one line; those that are 0000:0000 are only counted.
In virtual-8086 mode these are the vectors at 0, which the CPU itself goes past: see `stepvm idt`.

  stepvm ivt
  stepvm ivt 0x10"""
    if machine.mode() not in machine.REAL_MODES:
        raise Failed("no vectors of four bytes in %s mode: see `stepvm idt`" % machine.mode_name())
    name = "vectors" if machine.mode() == machine.VM86 else "idtr"
    say_vectors(arg, name, ivt_entry, lambda text, gva: gva)


def idt(arg):
    """Show the interrupt descriptor table: gates with their type, target and DPL.
Usage: stepvm idt [N]

In real mode it is the table of vectors, `stepvm ivt`.

  stepvm idt
  stepvm idt 14"""
    if machine.mode() in machine.IVT_MODES:
        ivt(arg)
    else:
        say_vectors(arg, "idtr", idt_entry, lambda text, gva: gva is not None)


def next_pc():
    return machine.register("eip" if machine.has_register("eip") else "rip")


def next_int():
    """(vector, address, mnemonic) of the next int instruction, along the code as it stands."""
    frame = machine.frame()
    pc = next_pc()
    for line in frame.architecture().disassemble(pc, count=32):
        match = re.match(r"(int3|into|int)\b\s*\$?(0x[0-9a-f]+)?", line["asm"])
        if match:
            vector = {"int3": 3, "into": 4}.get(match.group(1))
            vector = int(match.group(2), 16) if vector is None and match.group(2) else vector
            if vector is not None:
                return vector, line["addr"], match.group(1)
    return None, None, None


def describe_vector(number):
    if machine.mode() not in machine.IVT_MODES:
        return idt_entry(number)[0]
    text, gva = ivt_entry(number)
    return text + (": its vector is 0" if gva == 0 else "")


def bios_call(number):
    """What the BIOS would be called for by an int that is the next instruction; "" where it leads elsewhere."""
    if machine.mode() not in machine.REAL_MODES:
        return ""
    gva = ivt_entry(number)[1]
    if gva is None or not 0xF0000 <= gva <= 0xFFFFF:
        return ""
    said = machine.monitor("info call 0x%x" % number).rstrip("\n")
    return said if said.startswith("int ") else ""


def interrupt(arg):
    """Show where an interrupt leads: the one of the next `int` instruction, or number N.
Usage: stepvm int [N]

Where it is the next instruction and leads to the PC's BIOS, what it is called for is told, too.

  stepvm int
  stepvm int 0x13
  stepvm int 13h"""
    number = vector_argument(arg)
    at = mnemonic = None
    if number is None:
        number, at, mnemonic = next_int()
        if number is None:
            raise Failed("no int among the next 32 instructions; `stepvm int N` shows number N")
    where = "" if at is None else "0x%x%s: " % (at, symbol_at(at))
    name = vector_name(number, mnemonic == "int")
    gdb.write("%sint 0x%x%s -> %s\n" % (where, number, " (%s)" % name if name else "",
                                        describe_vector(number)))
    call = bios_call(number) if at == next_pc() else ""
    if call:
        gdb.write(call + "\n")


# --- descriptors ---------------------------------------------------------------------------------


def say_descriptors(name, base, limit, arg, is_ldt):
    if limit < 7:
        raise Failed("%s: its limit 0x%x has room for no descriptor" % (name, max(limit, 0)))
    gdb.write("%s: base 0x%x, limit 0x%x\n" % (name, base, limit))
    only = int(gdb.parse_and_eval(arg)) & 0xFFF8 if arg else None
    is_long, at, empty = machine.is_long(), 0, 0
    users = segment_users()
    while at + 7 <= limit:
        there = machine.read(base + at, min(16, limit + 1 - at))
        if there is None or len(there) < 8:
            gdb.write("%04x   not in memory\n" % at)
            break
        found = Descriptor(there, is_long)
        if (found.raw == 0) and only is None:
            empty += 1
        elif only is None or only == at:
            user = users.get(at | 4 if is_ldt else at, "")
            gdb.write(("%04x   %s  %s" % (at, found.describe(), user)).rstrip() + "\n")
        at += 16 if found.is_wide else 8
    if empty:
        gdb.write("%d empty\n" % empty)


def segment_users():
    """Selectors without RPL -> the registers that hold them."""
    users = {}
    for name in ("cs", "ss", "ds", "es", "fs", "gs", "ldtr", "tr"):
        selector = machine.register(name) & 0xFFFC
        if selector:
            users.setdefault(selector, []).append(name)
    return {selector: "<- " + " ".join(names) for selector, names in users.items()}


def gdt(arg):
    """Show the global descriptor table, and which registers use it.
Usage: stepvm gdt [SELECTOR]

  stepvm gdt
  stepvm gdt 0x10"""
    base, limit = machine.table("gdtr")
    if (base, limit) == (0, 0xFFFF):  # SDM vol 3, "Processor State After Reset"
        raise Failed("gdtr is as after a reset (base 0, limit 0xffff): there is no table yet")
    say_descriptors("gdtr", base, limit, arg, False)


def ldt(arg):
    """Show the local descriptor table that ldtr selects.
Usage: stepvm ldt [SELECTOR]"""
    base, limit = segments.ldt()
    if limit < 0:
        raise Failed("ldtr is %04x: there is no LDT" % machine.register("ldtr"))
    say_descriptors("ldtr %04x" % machine.register("ldtr"), base, limit, arg, True)


# --- task state ----------------------------------------------------------------------------------

# (name, offset, bytes), SDM vol 3, "Task-State Segment" in 16, 32 and 64 bits.
TSS16 = [("back link", 0, 2)]
TSS16 += [(n, 2 + 2 * i, 2) for i, n in enumerate("sp0 ss0 sp1 ss1 sp2 ss2 ip flags".split())]
TSS16 += [(n, 18 + 2 * i, 2) for i, n in enumerate("ax cx dx bx sp bp si di".split())]
TSS16 += [(n, 34 + 2 * i, 2) for i, n in enumerate("es cs ss ds ldt".split())]
TSS32 = [("back link", 0, 2), ("esp0", 4, 4), ("ss0", 8, 2), ("esp1", 12, 4), ("ss1", 16, 2)]
TSS32 += [("esp2", 20, 4), ("ss2", 24, 2)]
TSS32 += [(n, 28 + 4 * i, 4)
          for i, n in enumerate("cr3 eip eflags eax ecx edx ebx esp ebp esi edi".split())]
TSS32 += [(n, 72 + 4 * i, 2) for i, n in enumerate("es cs ss ds fs gs ldt".split())]
TSS32 += [("trap", 100, 2), ("I/O map", 102, 2)]
TSS64 = [("rsp%d" % i, 4 + 8 * i, 8) for i in range(3)]
TSS64 += [("ist%d" % i, 36 + 8 * (i - 1), 8) for i in range(1, 8)]
TSS64 += [("I/O map", 102, 2)]


def tss(arg):
    """Show the task state segment that tr selects, or that SELECTOR does.
Usage: stepvm tss [SELECTOR]

  stepvm tss"""
    selector = int(gdb.parse_and_eval(arg)) if arg else machine.register("tr") & 0xFFFF
    if selector & 0xFFF8 == 0:
        raise Failed("tr is %04x: there is no task state segment" % selector)
    found = Descriptor.of(selector)
    if found is None or found.is_segment or found.type not in (1, 3, 9, 11):
        what = found.describe() if found else "beyond the table's limit"
        raise Failed("%04x is no task state segment: %s" % (selector, what))
    fields = TSS64 if found.is_wide else TSS32 if found.type >= 9 else TSS16
    gdb.write("tr %04x: %s\n" % (selector, found.describe()))
    cells = []
    for name, at, size in fields:
        number = machine.number(found.base + at, size) if at + size - 1 <= found.limit else None
        shown = "-" if number is None else "%0*x" % (2 * size, number)
        cells.append("%-9s %-*s" % (name, 16 if found.is_wide else 8, shown))
    each = 2 if found.is_wide else 3
    for i in range(0, len(cells), each):
        gdb.write("  ".join(cells[i : i + each]).rstrip() + "\n")


# --- segment registers ---------------------------------------------------------------------------


def seg(arg):
    """Show the segment registers with what the CPU holds of them: base, limit, type, DPL.
Usage: stepvm seg"""
    if arg:
        raise Failed("stepvm seg takes no argument")
    said = machine.monitor("info segments")
    rows = re.findall(
        r"^(\w+) +0x(\w+) +(?:(unusable)|0x(\w+) +0x(\w+) +0x(\w+) +(\d) +(\d+))", said, re.M)
    if not rows:
        raise Failed("this stub does not tell: `monitor info segments` gave nothing")
    for name, selector, unusable, base, limit, type_, dpl, width in rows:
        if unusable:
            gdb.write("%-4s %s  unusable\n" % (name, selector))
            continue
        kind = int(type_, 16)
        if name in ("tr", "ldtr"):
            what = Descriptor.SYSTEM.get(kind, "type %d" % kind)
            if machine.is_long():
                what = what.replace("32-bit", "64-bit")
        else:
            what = segment_kind(kind, width == "64", width == "32")
        base = "%0*x" % (16 if machine.is_long() else 8, int(base, 16))
        row = (name, selector, base, limit, what, dpl)
        gdb.write("%-4s %s  base %s  limit %s  %s  DPL %s\n" % row)


COMMANDS = {"ivt": ivt, "idt": idt, "int": interrupt, "gdt": gdt, "ldt": ldt, "tss": tss,
            "seg": seg}  # fmt: skip

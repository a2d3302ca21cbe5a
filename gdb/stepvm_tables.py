"""Tables that the CPU reads: interrupt vectors, descriptors, task state. `stepvm ivt`, `idt`,
`gdt`, `ldt`, `tss`, `seg`, `int`.

Sources: SDM vol 3, chapters "Protected-Mode Memory Management", "Interrupt and Exception Handling",
"Task Management"."""

import re

import gdb

import stepvm_machine as machine
from stepvm_machine import Failed

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


def bits(value, low, count):
    return value >> low & (1 << count) - 1


class Descriptor:
    """A segment or system descriptor: 8 bytes, or 16 for system descriptors in long mode."""

    SYSTEM = {
        1: "TSS 16-bit", 2: "LDT", 3: "TSS 16-bit busy", 4: "call gate 16-bit", 5: "task gate",
        6: "interrupt gate 16-bit", 7: "trap gate 16-bit", 9: "TSS 32-bit", 11: "TSS 32-bit busy",
        12: "call gate 32-bit", 14: "interrupt gate 32-bit", 15: "trap gate 32-bit",
    }  # fmt: skip

    def __init__(self, there, is_long):
        low = int.from_bytes(there[:8], "little")
        self.raw = low
        self.type = bits(low, 40, 4)
        self.is_segment = bits(low, 44, 1) == 1
        self.dpl = bits(low, 45, 2)
        self.is_present = bits(low, 47, 1) == 1
        self.is_wide = is_long and not self.is_segment and low != 0
        self.base = bits(low, 16, 24) | bits(low, 56, 8) << 24
        self.limit = bits(low, 0, 16) | bits(low, 48, 4) << 16
        if bits(low, 55, 1):
            self.limit = self.limit << 12 | 0xFFF
        self.is_64, self.is_32 = bits(low, 53, 1) == 1, bits(low, 54, 1) == 1
        self.selector = bits(low, 16, 16)  # of a gate
        self.offset = bits(low, 0, 16) | bits(low, 48, 16) << 16
        if self.is_wide and len(there) >= 16:
            upper = int.from_bytes(there[8:12], "little") << 32
            self.base |= upper
            self.offset |= upper

    @classmethod
    def of(cls, selector):
        there = machine.descriptor_bytes(selector)
        return cls(there, machine.is_long()) if there else None

    def is_gate(self):
        return not self.is_segment and self.type in (4, 5, 6, 7, 12, 14, 15)

    def kind(self):
        if self.is_segment:
            return segment_kind(self.type, self.is_64, self.is_32)
        name = self.SYSTEM.get(self.type, "reserved type %d" % self.type)
        return name.replace("32-bit", "64-bit") if self.is_wide else name

    def describe(self):
        present = "" if self.is_present else " not present"
        if self.is_gate():
            if self.type == 5:
                return "%s to %04x DPL %d%s" % (self.kind(), self.selector, self.dpl, present)
            target = gate_target(self)
            return "%s to %s DPL %d%s" % (self.kind(), target, self.dpl, present)
        digits = 16 if self.is_wide else 8
        base = "base %0*x limit %08x" % (digits, self.base, self.limit)
        return "%s %s DPL %d%s" % (base, self.kind(), self.dpl, present)


def segment_kind(type_, is_64, is_32):
    """SDM vol 3, "Code- and Data-Segment Descriptor Types"."""
    accessed = " accessed" if type_ & 1 else ""
    if type_ & 8:
        width = "64" if is_64 else "32" if is_32 else "16"
        rights = "r-x" if type_ & 2 else "--x"
        return "code %s-bit %s%s%s" % (width, rights, " conforming" if type_ & 4 else "", accessed)
    rights = "rw-" if type_ & 2 else "r--"
    kind = (" down" if type_ & 4 else "") + (" big" if is_32 else "")
    return "data %s%s%s" % (rights, kind, accessed)


def gate_target(gate):
    base = machine.selector_base(gate.selector)
    at = "%04x:%08x" % (gate.selector, gate.offset)
    if gate.is_wide:
        at = "%04x:%016x" % (gate.selector, gate.offset)
    return at + (symbol_at(base + gate.offset) if base is not None else " (no such segment)")


def symbol_at(gva):
    name = machine.symbol(gva)
    return " <%s>" % name if name else ""


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
    number = int(gdb.parse_and_eval(arg))
    if not 0 <= number <= 255:
        raise Failed("an interrupt's number is 0 to 255")
    return number


def vector_name(number):
    names = [names[number] for names in (EXCEPTIONS, BIOS) if number in names]
    return " / ".join(names if machine.mode() in machine.REAL_MODES else names[:1])


def ivt_entry(number):
    """(text, linear address) of a real-mode vector; (reason, None)."""
    base, limit = machine.table("idtr")
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
    start = machine.selector_base(gate.selector) if gate.type != 5 else None
    return gate.describe(), start + gate.offset if start is not None and gate.is_present else None


def say_vectors(arg, entry, is_shown):
    number = vector_argument(arg)
    numbers = range(256) if number is None else [number]
    rows = []
    for n in numbers:
        text, gva = entry(n)
        rows.append((n, text if number is not None or is_shown(text, gva) else None))
    base, limit = machine.table("idtr")
    gdb.write("idtr: base 0x%x, limit 0x%x\n" % (base, limit))
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

  stepvm ivt
  stepvm ivt 0x10"""
    if machine.mode() not in machine.REAL_MODES:
        raise Failed("no vectors of four bytes in %s mode: see `stepvm idt`" % machine.mode_name())
    say_vectors(arg, ivt_entry, lambda text, gva: gva)


def idt(arg):
    """Show the interrupt descriptor table: gates with their type, target and DPL.
Usage: stepvm idt [N]

In real mode it is the table of vectors, `stepvm ivt`.

  stepvm idt
  stepvm idt 14"""
    if machine.mode() in machine.REAL_MODES:
        ivt(arg)
    else:
        say_vectors(arg, idt_entry, lambda text, gva: gva is not None)


def next_int():
    """(vector, address) of the next int instruction, along the code as it stands."""
    frame = machine.frame()
    pc = machine.register("eip" if machine.has_register("eip") else "rip")
    for line in frame.architecture().disassemble(pc, count=32):
        match = re.match(r"(int3|into|int)\b\s*\$?(0x[0-9a-f]+)?", line["asm"])
        if match:
            vector = {"int3": 3, "into": 4}.get(match.group(1))
            vector = int(match.group(2), 16) if vector is None and match.group(2) else vector
            if vector is not None:
                return vector, line["addr"]
    return None, None


def describe_vector(number):
    in_real = machine.mode() in machine.REAL_MODES
    return (ivt_entry if in_real else idt_entry)(number)[0]


def interrupt(arg):
    """Show where an interrupt leads: the one of the next `int` instruction, or number N.
Usage: stepvm int [N]

  stepvm int
  stepvm int 0x13"""
    number = vector_argument(arg)
    at = None
    if number is None:
        number, at = next_int()
        if number is None:
            raise Failed("no int among the next 32 instructions; `stepvm int N` shows number N")
    where = "" if at is None else "0x%x%s: " % (at, symbol_at(at))
    name = vector_name(number)
    gdb.write("%sint 0x%x%s -> %s\n" % (where, number, " (%s)" % name if name else "",
                                        describe_vector(number)))


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
    base, limit = machine.ldt()
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

"""Segments as the CPU has them: descriptors, the bases that selectors have, where vectors lead.

Sources: SDM vol 3, chapters "Protected-Mode Memory Management", "Interrupt and Exception Handling"."""

import stepvm_machine as machine


# --- descriptors ---------------------------------------------------------------------------------


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
        there = descriptor_bytes(selector)
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
    base = selector_base(gate.selector)
    at = "%04x:%0*x" % (gate.selector, 16 if gate.is_wide else 8, gate.offset)
    if base is None:
        return at + " (no such segment)"
    return at + machine.symbol_at(base + gate.offset)


# --- selectors and vectors -----------------------------------------------------------------------


def descriptor_bytes(selector):
    """The 8 bytes of a selector's descriptor, or 16 in long mode as far as they are there."""
    base, limit = machine.table("gdtr")
    if selector & 4:  # SDM vol 3, "Segment Selectors": TI
        base, limit = ldt()
    at = selector & 0xFFF8
    if at + 7 > limit:
        return None
    found = machine.code_bytes(base + at, 16)
    return found if len(found) >= 8 else None


def ldt():
    """(base, limit) of the LDT; ldtr's descriptor is in the GDT."""
    selector = machine.register("ldtr") & 0xFFFF
    if selector & 0xFFF8 == 0:
        return 0, -1
    found = Descriptor.of(selector & ~4)
    return (found.base, found.limit) if found else (0, -1)


def selector_base(selector):
    """The base that a selector has, in the mode of now; None: it has no descriptor."""
    if machine.mode() in machine.REAL_MODES:
        return selector << 4
    for name in ("cs", "ss", "ds", "es", "fs", "gs"):
        if machine.register(name) & 0xFFFF == selector and machine.has_register(name + "_base"):
            return machine.register(name + "_base")
    found = Descriptor.of(selector)
    if found is None or not found.is_segment:
        return None
    return 0 if machine.mode() == machine.LONG64 else found.base


def vectors_table():
    """(base, limit) of the vectors of four bytes. In virtual-8086 mode idtr is the monitor's: what
    its 8086 programs have for vectors is at 0 (SDM vol 3, "8086 Emulation")."""
    return (0, 0x3FF) if machine.mode() == machine.VM86 else machine.table("idtr")


def vector_targets():
    """(base, offset) of these vectors, each once."""
    base, limit = vectors_table()
    found = machine.code_bytes(base, min(limit + 1, 1024))
    targets = set()
    for i in range(0, len(found) // 4 * 4, 4):
        offset, selector = found[i] | found[i + 1] << 8, found[i + 2] | found[i + 3] << 8
        targets.add((selector << 4, offset))
    return targets

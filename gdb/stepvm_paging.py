"""Page tables, read where the CPU reads them, in physical memory: `stepvm pt`, `stepvm map`.
Source: SDM vol 3, chapter "Paging"."""

import gdb

import stepvm_machine as machine
from stepvm_addresses import address_of
from stepvm_machine import Failed

CR4_PSE, CR4_PAE, CR4_LA57 = 1 << 4, 1 << 5, 1 << 12
EFER_NXE = 1 << 11
P, RW, US, PS, NX = 1, 2, 4, 0x80, 1 << 63
ADDRESS = 0x000FFFFFFFFFF000
FLAGS = ((0, "P"), (1, "W"), (2, "U"), (3, "PWT"), (4, "PCD"), (5, "A"), (6, "D"), (7, "PS"),
         (8, "G"), (63, "NX"))  # fmt: skip

TABLES_MAX = 4096  # that `stepvm map` reads


class Level:
    def __init__(self, name, shift, index_bits, can_map):
        self.name, self.shift, self.count, self.can_map = name, shift, 1 << index_bits, can_map


LONG = [Level("PML5", 48, 9, False), Level("PML4", 39, 9, False), Level("PDPT", 30, 9, True),
        Level("PD", 21, 9, True), Level("PT", 12, 9, True)]  # fmt: skip
PAE = [Level("PDPT", 30, 2, False), Level("PD", 21, 9, True), Level("PT", 12, 9, True)]
TWO = [Level("PD", 22, 10, True), Level("PT", 12, 10, True)]


class Paging:
    """How the CPU translates now."""

    def __init__(self):
        if not machine.is_paging():
            raise Failed("paging is off (cr0.PG is 0): linear addresses are physical ones")
        cr3, self.cr4 = machine.register("cr3"), machine.register("cr4")
        self.is_long = machine.is_long()
        self.size = 8
        if self.is_long:
            self.levels = LONG if self.cr4 & CR4_LA57 else LONG[1:]
            self.name = "%d-level paging" % len(self.levels)
            self.table = cr3 & ADDRESS
        elif self.cr4 & CR4_PAE:
            self.levels, self.name, self.table = PAE, "PAE paging", cr3 & 0xFFFFFFE0
        else:
            self.levels, self.name, self.table = TWO, "32-bit paging", cr3 & 0xFFFFF000
            self.size = 4
        self.cr3 = cr3

    def is_page(self, level, entry):
        if level.shift == 12:
            return True
        return level.can_map and entry & PS != 0 and (self.size == 8 or self.cr4 & CR4_PSE != 0)

    def address(self, level, entry):
        """What the entry points to: a table or a page."""
        if not self.is_page(level, entry):
            return entry & ADDRESS
        if self.size == 4 and level.shift == 22:  # PSE-36: bits 13 to 20 are 32 to 39
            return entry & 0xFFC00000 | (entry >> 13 & 0xFF) << 32
        return entry & ADDRESS & ~((1 << level.shift) - 1)

    def has_rights(self, level):
        """PAE's four PDPT entries have no W and no U."""
        return not (self.levels is PAE and level is PAE[0])

    def canonical(self, gva):
        bits = self.levels[0].shift + 9
        return gva | (1 << 64) - (1 << bits) if self.is_long and gva >> bits - 1 & 1 else gva


def page_size(shift):
    return {12: "4K", 21: "2M", 22: "4M", 30: "1G"}[shift]


def flag_names(entry):
    return " ".join(name for bit, name in FLAGS if entry >> bit & 1) or "-"


def rights(entry_rights):
    write = "rw" if entry_rights & RW else "r-"
    who = "user" if entry_rights & US else "kern"
    return "%s %s %s" % (write, who, "-" if entry_rights & NX else "x")


def combine(above, entry, has_rights):
    """W and U are those of all levels, NX of any."""
    if not has_rights:
        return above | entry & NX
    return above & entry & (RW | US) | (above | entry) & NX


def pt(arg):
    """Show how a linear address is translated, level by level.
Usage: stepvm pt ADDRESS

ADDRESS is an expression of gdb's, a symbol's name, or SEG:OFF. Each line is one level: index, where
its entry stands in physical memory, the entry, its flags. Knows 32-bit, PAE, 4-level and 5-level
paging and pages of 4K, 2M, 4M and 1G.

  stepvm pt $rip
  stepvm pt 0xffff800000000000"""
    gva, paging = address_of(arg), Paging()
    width = 16 if paging.is_long else 8
    gva &= (1 << 4 * width) - 1
    gdb.write("0x%x: %s, cr3 0x%x\n" % (gva, paging.name, paging.cr3))
    if paging.is_long:
        top = paging.levels[0].shift + 8
        if gva >> top not in (0, (1 << 64 - top) - 1):
            gdb.write("not canonical: bits 63 to %d differ, an access is #GP\n" % top)
            return
    table, allowed = paging.table, RW | US
    for level in paging.levels:
        index = gva >> level.shift & level.count - 1
        at = table + paging.size * index
        there = machine.read_physical(at, paging.size)
        if there is None:
            gdb.write("%-4s[%3d] at 0x%x: no RAM is there\n" % (level.name, index, at))
            return
        entry = int.from_bytes(there, "little")
        gdb.write("%-4s[%3d] at 0x%-9x %0*x  %s\n"
                  % (level.name, index, at, 2 * paging.size, entry, flag_names(entry)))
        if not entry & P:
            gdb.write("not mapped: no %s entry is present, an access is #PF\n" % level.name)
            return
        allowed = combine(allowed, entry, paging.has_rights(level))
        table = paging.address(level, entry)
        if paging.is_page(level, entry):
            physical = table | gva & (1 << level.shift) - 1
            gdb.write("physical 0x%x, %s page at 0x%x, %s\n"
                      % (physical, page_size(level.shift), table, rights(allowed)))
            return


class Run:
    """Neighbouring pages, linear and physical, with the same rights."""

    def __init__(self, gva, gpa, size, allowed):
        self.gva, self.gpa, self.size, self.allowed = gva, gpa, size, allowed
        self.sizes = {size}

    def takes(self, gva, gpa, size, allowed):
        if (gva, gpa, allowed) != (self.gva + self.size, self.gpa + self.size, self.allowed):
            return False
        self.size += size
        self.sizes.add(size)
        return True


class Mapper:
    def __init__(self, paging):
        self.paging, self.tables, self.runs = paging, 0, []

    def walk(self, depth, table, gva, allowed):
        level = self.paging.levels[depth]
        if self.tables == TABLES_MAX:
            return
        self.tables += 1
        there = machine.read_physical(table, level.count * self.paging.size)
        if there is None:
            return
        for index in range(level.count):
            size = self.paging.size
            entry = int.from_bytes(there[index * size : (index + 1) * size], "little")
            if not entry & P:
                continue
            here = combine(allowed, entry, self.paging.has_rights(level))
            start = gva | index << level.shift
            if self.paging.is_page(level, entry):
                self.add(start, self.paging.address(level, entry), 1 << level.shift, here)
            else:
                self.walk(depth + 1, self.paging.address(level, entry), start, here)

    def add(self, gva, gpa, size, allowed):
        if not (self.runs and self.runs[-1].takes(gva, gpa, size, allowed)):
            self.runs.append(Run(gva, gpa, size, allowed))


def show_map(arg):
    """Show what is mapped: ranges of linear addresses, where they lead, and the rights.
Usage: stepvm map

Neighbours with the same rights are one line. rw, user and x are what all levels of the tables
together allow."""
    if arg:
        raise Failed("stepvm map takes no argument")
    paging = Paging()
    mapper = Mapper(paging)
    mapper.walk(0, paging.table, 0, RW | US)
    width = 16 if paging.is_long else 8
    gdb.write("%s, cr3 0x%x\n" % (paging.name, paging.cr3))
    for run in mapper.runs:
        start = paging.canonical(run.gva)
        sizes = "+".join(page_size(size.bit_length() - 1) for size in sorted(run.sizes))
        gdb.write("%0*x-%0*x -> %-10x %s  %s\n" % (width, start, width, start + run.size - 1,
                                                   run.gpa, rights(run.allowed), sizes))
    if not mapper.runs:
        gdb.write("nothing is mapped\n")
    if mapper.tables == TABLES_MAX:
        gdb.write("there is more: %d tables were read\n" % TABLES_MAX)


COMMANDS = {"pt": pt, "map": show_map}

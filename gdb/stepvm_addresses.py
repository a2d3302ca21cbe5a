"""Addresses as people say them: SEG:OFF as 16-bit code has them, or an expression of gdb's."""

import re

import gdb

import stepvm_machine as machine
from stepvm_machine import Failed
from stepvm_segments import selector_base

SEGMENTS = ("cs", "ds", "es", "ss", "fs", "gs")
OFFSETS = ("ax", "bx", "cx", "dx", "si", "di", "bp", "sp", "ip")
HEX = re.compile(r"(?:0x)?([0-9a-fA-F]+)\Z")


def number_of(text):
    """An expression's value as an unsigned number; of a symbol its address."""
    value = gdb.parse_and_eval(text)
    kind = value.type.strip_typedefs().code
    if kind in (gdb.TYPE_CODE_FUNC, gdb.TYPE_CODE_ERROR):  # ERROR: data without debug information
        value = value.address
    return int(value) & (1 << 64) - 1


def part_of(text, names):
    """One side of SEG:OFF: hexadecimal with or without 0x, a register, or an expression."""
    text = text.strip()
    match = HEX.match(text)
    if match:
        return int(match.group(1), 16)
    bare = text.lstrip("$").lower()
    if bare in names or bare[:1] == "e" and bare[1:] in names:
        # $sp and $eip are linear in real mode: the offsets are esp and ip.
        bare = {"sp": "esp", "eip": "ip"}.get(bare, bare)
        text = "$" + bare
    is_short = bare in names or bare == "esp" and not machine.is_stack_wide()
    mask = 0xFFFF if is_short else ~0
    try:
        return number_of(text) & mask & (1 << 64) - 1
    except gdb.error as e:
        raise Failed("%s: expected hex such as 07c0, a register such as %s, or an expression: %s"
                     % (text, names[0], e))


class Address:
    """A linear address, with the segment and offset that it was said by."""

    def __init__(self, gva, selector=None, offset=None):
        self.gva, self.selector, self.offset = gva, selector, offset


def parse_address(text):
    if not text.strip():
        raise Failed("expected an address: SEG:OFF or an expression; see `help stepvm`")
    match = re.match(r"\s*([^:?]+?)\s*:\s*([^:]+?)\s*\Z", text)
    if not match or "::" in text or "?" in text:
        return Address(number_of(text))
    selector = part_of(match.group(1), SEGMENTS) & 0xFFFF
    offset = part_of(match.group(2), OFFSETS)
    base = base_of_register(match.group(1))
    if base is None:
        base = selector_base(selector)
    if base is None:
        raise Failed("%04x selects no segment: see `stepvm gdt`" % selector)
    if machine.mode() != machine.LONG64:
        return Address(base + offset & 0xFFFFFFFF, selector, offset)
    return Address(base + offset & (1 << 64) - 1, selector, offset)


def base_of_register(text):
    """The base that the CPU holds of a segment register, whatever its selector says by now: in real
    mode it may be a left-over of protected mode."""
    name = text.strip().lstrip("$").lower() + "_base"
    if name[:-5] not in SEGMENTS or not machine.has_register(name):
        return None
    return machine.register(name)


def address_of(text):
    return parse_address(text).gva


def seg_off(selector, offset):
    return "%04x:%0*x" % (selector, 4 if offset <= 0xFFFF else 8, offset)

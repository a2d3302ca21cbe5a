"""`info registers` in a page: the registers that a program uses, and the others by groups.

gdb shows all that a stub has by its own (on x86 it takes no notice of a description's groups)."""

import gdb

import stepvm_machine as machine

GENERAL32 = ("eax", "ebx", "ecx", "edx", "esi", "edi", "ebp", "esp", "eip", "eflags")
GENERAL64 = ("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp")
GENERAL64 += tuple("r%d" % i for i in range(8, 16)) + ("rip", "eflags")
SEGMENTS = ("cs", "ss", "ds", "es", "fs", "gs")
LINEAR = ("ip", "sp")  # 16-bit and 32-bit code: IP itself, and the stack's linear address
GROUPS = {
    "segments": tuple(name + "_base" for name in SEGMENTS)
    + tuple(name + "_desc" for name in SEGMENTS + ("ldtr", "tr"))
    + ("ldtr", "tr", "k_gs_base"),
    "system": ("cpumode", "cr0", "cr2", "cr3", "cr4", "cr8", "efer", "xcr0", "gdtr", "idtr", "ldtr", "tr"),
    "debug": ("dr0", "dr1", "dr2", "dr3", "dr6", "dr7"),
}  # fmt: skip
GROUPS["system"] += GROUPS["debug"]


def known():
    """The registers of this frame's description; gdbs from before 11 can't tell."""
    try:
        return {found.name for found in gdb.selected_frame().architecture().registers()}
    except (AttributeError, gdb.error):
        return set()


class InfoRegisters(gdb.Command):
    """List of registers and their contents, of the selected stack frame.
Usage: info registers [REGISTER | GROUP]...

Without an argument: the general registers, flags and selectors; $ip is the instruction's offset, $sp the
stack's linear address. GROUP is one of stepvm's, system (control and debug registers, tables), debug, or
segments (bases, and what the CPU holds of descriptors), or one of gdb's: all, float, vector, general (all
but these two). `info all-registers` lists all."""

    def __init__(self):
        super().__init__("info registers", gdb.COMMAND_STATUS)

    def complete(self, text, word):
        names = sorted(known() | set(GROUPS) | {"all", "float", "general", "vector"})
        return [name for name in names if name.startswith(word or "")]

    def invoke(self, arg, from_tty):
        there = known()
        is_ours = "cpumode" in there
        wanted = []
        for word in arg.split() if is_ours else ():
            of_group = [name for name in GROUPS.get(word.lstrip("$"), ()) if name in there]
            wanted += of_group or [word]
        if is_ours and not arg.strip():
            general = GENERAL64 if "rip" in there else GENERAL32
            wanted = [name for name in general + SEGMENTS + LINEAR if name in there]
        try:
            # It does all that gdb's own command did with arguments.
            gdb.execute("info all-registers " + (" ".join(wanted) or arg or "general"), from_tty)
        except gdb.error as error:
            raise machine.Failed(str(error)) from None  # without "Python Exception"


def load():
    InfoRegisters()

"""Breakpoints above 4 GiB, set while gdb has the registers of 16-bit or 32-bit code.

gdb inserts them where they are meant (`set remoteaddresssize 64`: it would cut addresses to 32 bits),
but at a stop it compares them with a pc of 32 bits, and goes on. So stepvm says before such a stop that
a watchpoint of ours was hit, at an address that no CPU has: gdb asks whether that is to stop it, reads
the description of the registers meanwhile, is told that it is not, and gets the stop when it goes on.
Whatever it was at (next, stepi 100, finish) goes on, too. See src/gdbstub/exec.h."""

import gdb

ASK = 0x8000000000000000  # EXEC_ASK_GVA


class Question(gdb.Breakpoint):
    """Internal: neither `info breakpoints` nor `delete` knows it."""

    def __init__(self):
        super().__init__("{char}%#x" % ASK, gdb.BP_WATCHPOINT, gdb.WP_ACCESS, internal=True)
        self.silent = True

    def stop(self):
        gdb.execute("unset tdesc filename", to_string=True)  # hook-stop will do the rest
        return False


class Modes:
    question = None


def follow():
    """gdb's registers are those of another width now: for hook-stop."""
    is_wanted = gdb.convenience_variable("stepvm_width") != 2
    try:
        if Modes.question is None and is_wanted:
            Modes.question = Question()
        elif Modes.question is not None:
            Modes.question.enabled = is_wanted
    except (gdb.error, RuntimeError):
        Modes.question = None  # `set can-use-hw-watchpoints 0`


def load():
    gdb.execute("set remoteaddresssize 64", to_string=True)


def unload():
    if Modes.question is not None:
        Modes.question.delete()

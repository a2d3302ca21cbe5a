"""Stack frames of 16-bit code: an unwinder for gdb, and how `bt` shows such frames.

gdb takes 16-bit code for 32-bit code and reads four bytes for a return address."""

import gdb
from gdb.FrameDecorator import FrameDecorator

import stepvm_code as code
import stepvm_machine as machine
from stepvm_callers import WORDS, Place, call_before, find_caller


class FrameId:
    """sp: the address that a frame's caller goes on after; pc tells a frame without caller."""

    def __init__(self, sp, pc):
        self.sp, self.pc = gdb.Value(sp), gdb.Value(pc)


# Not of one function: what a frame's caller has, too.
SHARED = ("cpumode", "ss", "ds", "es", "fs", "gs", "ss_base", "ds_base", "es_base", "fs_base")
SHARED += ("gs_base", "cr0", "cr2", "cr3", "cr4", "efer", "gdtr", "idtr", "ldtr", "tr", "eflags")


NEEDED = ("cpumode", "ss_base", "idtr", "gdtr", "ldtr")  # to unwind the caller's frame


def has_debug_frame(pc):
    """Whether the function at pc was compiled: gdb unwinds it better, by its debug information."""
    block = gdb.block_for_pc(pc)
    if block is None or block.function is None:
        return False
    symtab = gdb.find_pc_line(pc).symtab
    return symtab is None or not symtab.filename.lower().endswith((".s", ".asm", ".inc"))


class Unwinder:
    """For gdb.unwinder.register_unwinder: any object with these three will do."""

    def __init__(self):
        self.name, self.enabled = "stepvm-16-bit", True

    def __call__(self, pending):
        if pending.architecture().name() != "i8086":
            return None
        machine.Source.pending = pending
        try:
            return self.unwind(pending)
        except (gdb.error, machine.Failed):  # another stub, which has not these registers
            return None
        finally:
            machine.Source.pending = None

    def unwind(self, pending):
        value = machine.register
        pc, cs_base = value("eip"), value("cs_base")
        above = self.above()
        bp = machine.value("ebp")
        # A callee has lost it, or it can't point to a stack up there.
        bp = None if bp.is_optimized_out or above else int(bp) & WORDS
        place = Place(value("cpumode"), value("cs") & WORDS, cs_base, pc - cs_base & WORDS,
                      value("ss_base") + above, value("esp") - above & WORDS, bp)
        if place.mode not in machine.MODES_16 or pc - cs_base > WORDS or has_debug_frame(pc):
            return None
        caller, found = find_caller(place)
        if caller is None or self.is_fault_under_way(found, caller):
            return self.outermost(pending, place, found)
        info = pending.create_unwind_info(FrameId(place.ss_base + found.slot, 0))
        self.save(info, pending, caller)
        return info

    def above(self):
        """SS may be wide where the code is not, and esp beyond 64 KiB. What a Place has of it then is
        counted from here, a little below, so that it does not wrap."""
        esp = machine.register("esp")
        return esp - WORDS // 4 & ~(WORDS // 2) if esp > WORDS and machine.is_stack_wide() else 0

    def outermost(self, pending, place, found):
        """A frame whose caller is itself, for gdb ends there."""
        if found is None:
            frame_id = FrameId(machine.register("ss_base") + WORDS + 1, 1)  # wherever its sp is
        else:
            frame_id = FrameId(place.ss_base + found.slot, 0)
        info = pending.create_unwind_info(frame_id)
        self.save(info, pending, place)
        return info

    def is_fault_under_way(self, found, caller):
        """A step has just ended in the handler of a fault. For gdb a handler is a subroutine, which
        `nexti` runs until it returns, and a fault's handler need not return where it says: no
        caller then, so that the step ends here. Once the guest has stopped, frames are looked at
        anew."""
        if found.flow != code.IRET or not machine.is_running():
            return False
        return not any(call_before(caller.cs_base, caller.ip, (code.INT, code.FAR_CALL)))

    def save(self, info, pending, place):
        def add(name, number):
            kind = pending.read_register(name).type
            info.add_saved_register(name, gdb.Value(number).cast(kind))

        above = self.above()
        # In protected mode a selector's base is looked for in all segment registers.
        is_quick = machine.is_running() and place.mode in machine.REAL_MODES
        for name in (NEEDED if is_quick else SHARED) + (("ss_desc",) if above else ()):
            try:
                info.add_saved_register(name, pending.read_register(name))
            except (gdb.error, ValueError):
                pass  # this stub has no such register
        add("eip", place.pc())
        add("ip", place.ip)
        add("cs", place.cs)
        add("cs_base", place.cs_base)
        add("esp", above + place.sp)
        add("sp", place.ss_base + place.sp)
        if place.bp is not None:
            add("ebp", place.bp)
            add("bp", place.bp)


class Decorated(FrameDecorator):
    """A frame in `bt`: where 16-bit code has no symbol, CS:IP stands for its name."""

    def function(self):
        frame = self.inferior_frame()
        if frame.name() or frame.architecture().name() != "i8086":
            return frame.name() or "??"
        try:
            cs, ip = frame.read_register("cs"), frame.read_register("ip")
            return "%04x:%04x" % (int(cs) & WORDS, int(ip) & WORDS)
        except (ValueError, gdb.error):
            return "??"


def has_pc(frame):
    """Not so in a trace frame that has not collected the stack: gdb's decorators can't show it."""
    try:
        frame.pc()
    except gdb.error:
        return False
    return True


class Filter:
    """For `bt`, which says of a stack's end only what it means: for our frames it means nothing."""

    def __init__(self):
        self.name, self.priority, self.enabled = "stepvm", 100, True

    def filter(self, frames):
        last = None
        for decorator in frames:
            last = decorator.inferior_frame()
            if not has_pc(last):
                break
            yield Decorated(decorator)
        if last is None or last.architecture().name() == "i8086":
            return
        reason = last.unwind_stop_reason()
        if reason >= gdb.FRAME_UNWIND_UNAVAILABLE:
            gdb.write("Backtrace stopped: %s\n" % gdb.frame_stop_reason_string(reason))


def register_filter():
    found = Filter()
    gdb.frame_filters[found.name] = found

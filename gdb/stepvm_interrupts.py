"""Stack frames of interrupt handlers in 32-bit and 64-bit code: who was interrupted.

A call's return address is on the stack alone; an interrupt's stands before CS, the flags and, with a change
of rings or in 64-bit code, the stack's own address (SDM vol 3, "Exception- and Interrupt-Handler Procedures",
"64-Bit Mode Stack Frame"), after an error code that the handler takes off. gdb reads no such frame, not even in a
handler that was compiled as one. So this follows the code from where the CPU is to its `iret`, and counts
what is pushed and popped on the way. Where there is none, or no frame stands there, gdb's own
unwinders have their way: nothing is guessed.

gdb takes the pc of every frame but the innermost for a return address, and looks at what was before it. An
interrupted frame has come to its pc, so it is followed here, too, to its `ret`."""

import re

import gdb

import stepvm_machine as machine
import stepvm_segments as segments
from stepvm_frames import NEEDED, SHARED, FrameId, has_debug_frame

PATH_MAX = 300  # instructions that are followed
FUNCTION_MAX = 0x4000  # bytes of a compiled function that are looked through
FLAGS_ONE, FLAGS_ZERO = 0x2, 0xFFFFFFFFFFC08028  # SDM vol 1, "EFLAGS Register": reserved bits
FLAGS_VM = 1 << 17

GENERAL = {
    4: ("eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"),
    8: ("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi")
    + tuple("r%d" % i for i in range(8, 16)),
}
# Instructions that write some of these without naming them: eax, ebx, ecx, edx.
UNNAMED = ("cmpxchg", "mul", "imul", "div", "idiv", "cpuid", "rdtsc", "rdmsr", "rdpmc", "xgetbv", "cltd", "cltq", "cqto",
           "cwt", "lahf", "xlat", "aaa", "aas", "aam", "aad", "daa", "das")  # fmt: skip
STRING_OPERAND = re.compile(r"%[de]s:\(%[re]?(si|di)\)")  # of movs and its like
# What a called function may change (System V ABI).
LOST_BY_CALL = {4: ("eax", "ecx", "edx"), 8: ("rax", "rcx", "rdx", "rsi", "rdi") + GENERAL[8][8:12]}  # fmt: skip


class State:
    """Where a path is. loaded: registers that it has popped, by name; lost: those that it has changed; pushed:
    where the others stand that it has pushed, and bp as a number."""

    __slots__ = ("pc", "sp", "bp", "loaded", "lost", "pushed")

    def __init__(self, pc, sp, bp, loaded=(), lost=(), pushed=()):
        self.pc, self.sp, self.bp = pc, sp, bp
        self.loaded, self.lost, self.pushed = dict(loaded), set(lost), dict(pushed)

    def at(self, pc):
        return State(pc, self.sp, self.bp, self.loaded, self.lost, self.pushed)


class Interrupted:
    """(pc, sp) of frames that were interrupted."""

    MAX = 4096
    places = set()


class Known:
    """Compiled functions by their start: whether there is an iret in them."""

    ends = {}


def forget(_event=None):
    Known.ends.clear()
    Interrupted.places.clear()


def disassemble(architecture, pc):
    """(length, mnemonic, operands), or None."""
    known, key = machine.cache(), ("insn", architecture.name(), pc)
    if key not in known:
        try:
            found = architecture.disassemble(pc)[0]
        except (gdb.MemoryError, gdb.error):
            machine.end_if_lost()
            return None
        words = found["asm"].split(None, 1)
        while len(words) == 2 and words[0] in ("rep", "repz", "repnz", "lock", "data16", "notrack", "cs", "bnd"):
            words = words[1].split(None, 1)
        operands = words[1].split("#")[0].split("<")[0].strip() if len(words) == 2 else ""
        known[key] = (found["length"], words[0], operands)
    return known[key]


def function_at(pc):
    """The block of the compiled function there."""
    block = gdb.block_for_pc(pc)
    while block.function is None:
        block = block.superblock
    return block


def has_iret(architecture, block):
    """Whether the function may end by an iret."""
    if block.start not in Known.ends:
        end = min(block.end, block.start + FUNCTION_MAX)
        try:
            code = architecture.disassemble(block.start, end - 1)
        except (gdb.MemoryError, gdb.error):
            machine.end_if_lost()
            return False
        is_handler = any("iret" in insn["asm"] for insn in code)
        Known.ends[block.start] = is_handler
    return Known.ends[block.start]


# --- along the code ------------------------------------------------------------------------------


class Path:
    """From a place to where its function ends."""

    def __init__(self, architecture, word, state, borders=None):
        self.architecture, self.word, self.borders = architecture, word, borders
        self.mask = (1 << 8 * word) - 1
        self.sp_name, self.bp_name = GENERAL[word][4:6]
        self.first_sp = state.sp
        self.todo, self.seen = [state], set()

    def ends(self):
        """(the states at an iret, and at a ret with how much it takes off besides); None: a path is lost."""
        irets, rets, count = [], [], 0
        while self.todo:
            state = self.todo.pop()
            while state is not None and state.pc not in self.seen:
                # What follows a call that does not return is another function's.
                if self.borders and not self.borders[0] <= state.pc < self.borders[1]:
                    break
                self.seen.add(state.pc)
                count += 1
                insn = disassemble(self.architecture, state.pc) if count < PATH_MAX else None
                if insn is None or insn[1].startswith(("lret", "sysret", "sysexit")):
                    return None
                # Nothing of it is pushed on the way: that would be a way to leave the kernel.
                is_there = state.sp is not None and state.sp >= self.first_sp
                if insn[1].startswith("iret"):
                    irets += [state] if is_there else []
                    break
                if insn[1].startswith("ret"):
                    match = re.match(r"\$0x([0-9a-f]+)\Z", insn[2])
                    rets += [(state, int(match.group(1), 16) if match else 0)] if is_there else []
                    break
                state = self.follow(state, *insn)
        return irets, rets

    def follow(self, state, length, name, operands):
        """The state after an instruction; None: the path ends there."""
        after = state.at(state.pc + length)
        target = re.match(r"0x([0-9a-f]+)\Z", operands)
        if name.startswith("loop"):
            self.lose(state, "ecx")
            after = state.at(after.pc)
        if name.startswith(("j", "loop")):
            if target is None:
                return None  # it leads anywhere
            if name.startswith("jmp"):
                return state.at(int(target.group(1), 16))
            self.todo.append(state.at(int(target.group(1), 16)))
            return after
        if name in ("ud2", "(bad)"):
            return None
        if name == "hlt":
            return after
        if name.startswith("call"):
            after.lost.update(LOST_BY_CALL[self.word])
            return after
        self.move(after, name, operands)
        return after

    def move(self, state, name, operands):
        """What it does to the stack, and to registers."""
        word = self.size(name)
        source, _, to = operands.rpartition(",")
        number = re.match(r"\$(-?)0x([0-9a-f]+)\Z", source)
        register = operands.lstrip("%") if re.match(r"%\w+\Z", operands) else None
        if name.startswith("pusha"):
            for pushed in GENERAL[4]:
                self.push(state, pushed, word)
        elif name.startswith("push"):
            self.push(state, register, word)
        elif name.startswith("popa"):
            for i, loaded in enumerate(("edi", "esi", "ebp", None, "ebx", "edx", "ecx", "eax")):
                if loaded:
                    self.load(state, loaded, i * word)
            self.add(state, 8 * word)
        elif name.startswith("pop"):
            if register in GENERAL[self.word]:
                self.load(state, register, 0)
            if register != self.sp_name:
                self.add(state, word)
        elif name.startswith("leave"):
            state.sp = state.bp
            self.load(state, self.bp_name, 0)
            self.add(state, self.word)
        elif to == "%" + self.sp_name:
            self.set_sp(state, name, source, number)
        elif operands == "%%%s,%%%s" % (self.sp_name, self.bp_name) and name.startswith("mov"):
            state.bp = state.sp
            state.lost.add(self.bp_name)
        else:
            self.change(state, name, source, to or operands)

    def change(self, state, name, source, to):
        """What another instruction writes: its last operand, and registers that it does not name."""
        writes = name.startswith("cmpxchg") or not name.startswith(("cmp", "test", "nop"))
        changed = [to] if writes else []
        if name.startswith(("xchg", "xadd")):
            changed.append(source)
        if STRING_OPERAND.search(source + to):
            changed += ("esi", "edi", "ecx")
        if name.startswith(UNNAMED):
            changed += ("eax", "ebx", "ecx", "edx")
        for register in changed:
            self.lose(state, register.strip().lstrip("%"))

    def size(self, name):
        return 2 if name in ("pushw", "popw", "pushaw", "popaw", "pushfw", "popfw") else self.word

    def add(self, state, count):
        if state.sp is not None:
            state.sp = state.sp + count & self.mask

    def push(self, state, name, size):
        self.add(state, -size)
        if state.sp is None:
            return
        state.pushed.pop(state.sp, None)
        if name == self.bp_name:
            state.pushed[state.sp] = (name, state.bp)
        elif name in GENERAL[self.word] and name not in state.lost and name not in state.loaded:
            state.pushed[state.sp] = (name, None)

    def load(self, state, name, offset):
        """name is popped from there: from the stack of now, or what the path has pushed."""
        there = None
        at = None if state.sp is None else state.sp + offset & self.mask
        if at is not None and at >= self.first_sp:
            there = machine.number(at, self.word)
        elif at in state.pushed:
            pushed, value = state.pushed[at]
            if pushed == name and name != self.bp_name:  # it is again as it was
                state.loaded.pop(name, None)
                state.lost.discard(name)
                return
            there = value
        if name == self.bp_name:
            state.bp = there
        if name == self.sp_name:
            state.sp = there
        elif there is None:
            state.loaded.pop(name, None)
            state.lost.add(name)
        else:
            state.loaded[name] = there
            state.lost.discard(name)

    def set_sp(self, state, name, source, number):
        delta = re.match(r"(-?0x[0-9a-f]+)?\(%(\w+)\)\Z", source)
        if number and name.startswith(("add", "sub")):
            value = int(number.group(2), 16) * (-1 if number.group(1) else 1)
            self.add(state, value if name.startswith("add") else -value)
        elif name.startswith("mov") and source == "%" + self.bp_name:
            state.sp = state.bp
        elif name.startswith("lea") and delta and delta.group(2) in (self.sp_name, self.bp_name):
            base = state.sp if delta.group(2) == self.sp_name else state.bp
            state.sp = None if base is None else base + int(delta.group(1) or "0", 16) & self.mask
        else:
            state.sp = None

    def lose(self, state, name):
        """An instruction that is not followed writes it, or a part of it."""
        whole = whole_register(name, self.word)
        if whole is None:
            return
        state.loaded.pop(whole, None)
        state.lost.add(whole)
        if whole == self.bp_name:
            state.bp = None
        if whole == self.sp_name:
            state.sp = None


def whole_register(name, word):
    """rax of rax, eax, ax, al; None: it is no general register."""
    match = re.match(r"r(\d+)[bwd]?\Z", name)
    if match:
        return "r" + match.group(1)
    match = re.match(r"[re]?([abcd])[xlh]\Z|[re]?(si|di|bp|sp)l?\Z", name)
    if not match:
        return None
    tail = match.group(1) + "x" if match.group(1) else match.group(2)
    return ("r" if word == 8 else "e") + tail


# --- the frame -----------------------------------------------------------------------------------


class InterruptFrame:
    """What the CPU has pushed at sp; after: where the stack was before."""

    def __init__(self, sp, word, cpl):
        self.sp = sp
        there = machine.read(sp, 5 * word) or machine.read(sp, 3 * word) or b""
        words = [int.from_bytes(there[i : i + word], "little") for i in range(0, len(there), word)]
        self.is_there = len(words) >= 3
        if not self.is_there:
            return
        self.ip, self.cs, self.flags = words[0], words[1] & 0xFFFF, words[2]
        self.has_stack = word == 8 or self.cs & 3 > cpl
        self.is_there = len(words) == 5 or not self.has_stack
        self.ss, self.after = None, sp + 3 * word
        if self.is_there and self.has_stack:
            self.after, self.ss = words[3], words[4] & 0xFFFF

    def base(self, cpl):
        """Of its code segment; None: this is no such frame."""
        if not self.is_there or self.flags & (FLAGS_ONE | FLAGS_ZERO) != FLAGS_ONE:
            return None
        if self.flags & FLAGS_VM or self.cs & 3 < cpl:
            return None
        found = segments.Descriptor.of(self.cs)
        if found is None or not found.is_segment or not found.type & 8 or not found.is_present:
            return None
        base = 0 if found.is_64 else found.base
        return base if machine.read(base + self.ip, 1) is not None else None


class CallFrame:
    """The same after a ret: the segments and flags stay."""

    cs = flags = ss = None
    has_stack = False

    def __init__(self, ip, after):
        self.ip, self.after = ip, after


def is_after_call(pc):
    """SDM vol 2, "CALL": e8, or ff with a 2 in ModRM.reg."""
    before = machine.code_bytes(pc - 7, 7)
    if len(before) < 7:
        return False
    return before[2] == 0xE8 or any(
        before[-size] == 0xFF and before[1 - size] >> 3 & 7 == 2 for size in (2, 3, 4, 6, 7)
    )


class Unwinder:
    """For gdb.unwinder.register_unwinder."""

    def __init__(self):
        self.name, self.enabled = "stepvm-interrupts", True

    def __call__(self, pending):
        word = {"i386": 4, "i386:x86-64": 8}.get(pending.architecture().name())
        if word is None:
            return None
        machine.Source.pending = pending
        try:
            return self.unwind(pending, word)
        except (gdb.error, machine.Failed):  # another stub, which has not these registers
            return None
        finally:
            machine.Source.pending = None

    def unwind(self, pending, word):
        pc, sp = machine.register("rip" if word == 8 else "eip"), machine.register(GENERAL[word][4])
        if not machine.has_register("cpumode"):
            return None
        block = function_at(pc) if has_debug_frame(pc) else None
        was_interrupted = (pc, sp) in Interrupted.places
        if block is not None and not was_interrupted and not has_iret(pending.architecture(), block):
            return None
        bp = machine.value(GENERAL[word][5])
        bp = None if bp.is_optimized_out else int(bp) & (1 << 8 * word) - 1
        borders = (block.start, block.end) if block is not None else None
        path = Path(pending.architecture(), word, State(pc, sp, bp), borders)
        irets, rets = path.ends() or ((), ())
        start = block.start if block is not None else 2
        if irets and not rets:
            return self.of_interrupt(pending, word, irets[0], start)
        if rets and not irets and was_interrupted:
            return self.of_call(pending, word, *rets[0], start)
        return None

    def of_interrupt(self, pending, word, found, start):
        cpl = machine.register("cs") & 3
        frame = InterruptFrame(found.sp, word, cpl)
        base = frame.base(cpl)
        if base is None:
            return None
        # As compilers have the CFA, by which gdb finds a handler's arguments: after the return address.
        info = pending.create_unwind_info(FrameId(frame.sp + word, start))
        self.save(info, pending, word, found, frame, base)
        if len(Interrupted.places) > Interrupted.MAX:
            Interrupted.places.clear()
        Interrupted.places.add((base + frame.ip, frame.after))
        return info

    def of_call(self, pending, word, found, taken_off, start):
        """An interrupted function's caller."""
        to = machine.number(found.sp, word)
        if to is None or not is_after_call(to):
            return None
        info = pending.create_unwind_info(FrameId(found.sp + word, start))
        frame = CallFrame(to, found.sp + word + taken_off)
        self.save(info, pending, word, found, frame, 0)
        return info

    def save(self, info, pending, word, path, frame, base):
        def add(name, number):
            kind = pending.read_register(name).type
            there = (number & (1 << 8 * kind.sizeof) - 1).to_bytes(kind.sizeof, "little")
            info.add_saved_register(name, gdb.Value(there, kind))

        def keep(name):
            try:
                now = pending.read_register(name)
                if not now.is_optimized_out:  # gdb would ask for its bytes
                    info.add_saved_register(name, now)
            except (gdb.error, ValueError):
                pass  # this layout has no such register

        is_interrupt = frame.cs is not None
        ours = ("eflags", "cs", "cs_base") if is_interrupt else ()
        ours += ("ss",) if frame.has_stack else ()
        for name in sorted(set(SHARED + NEEDED + ("cs", "cs_base"))):
            if name not in ours:
                keep(name)
        if is_interrupt and self.is_under_way(frame, base):  # a frame whose caller is itself ends the stack
            for name in GENERAL[word] + ("rip" if word == 8 else "eip", "cs", "ss", "eflags"):
                keep(name)
            return
        for name in GENERAL[word]:
            if name in path.loaded:
                add(name, path.loaded[name])
            elif name not in path.lost and name != GENERAL[word][4]:
                keep(name)
        add(GENERAL[word][4], frame.after)
        add("rip" if word == 8 else "eip", base + frame.ip)
        if word == 4 and is_interrupt:
            add("ip", frame.ip)
            add("cs_base", base)
        elif word == 4:
            add("ip", frame.ip - machine.register("cs_base"))
        if is_interrupt:
            add("cs", frame.cs)
            add("eflags", frame.flags)
        if frame.has_stack:
            add("ss", frame.ss)

    def is_under_way(self, frame, base):
        """A command steps, and is in the handler of what is no int n: see stepvm_frames."""
        if not machine.is_running():
            return False
        before = machine.code_bytes(base + frame.ip - 2, 1)
        return before != b"\xcd"

"""Who has called the 16-bit code that the CPU is in, without debug information.

There is none in assembly, and no rule for where a return address stands, so this follows the code: from
the instruction that is next, along its branches, to a `ret`, `lret` or `iret`, and counts what is pushed
and popped on the way. Where that ends is the return address, if a call instruction that leads here
stands before it. A function that does not return is found the other way round: by a return address
further up whose call's target leads here with so much on the stack.

Where neither succeeds there is no caller: nothing is guessed."""

import stepvm_code as code
import stepvm_machine as machine
import stepvm_segments as segments

PATH_MAX = 2000  # instructions that are followed
SCAN_MAX = 64  # words of the stack that are looked at
HANDLER_MAX = 0x1000  # bytes from an interrupt handler's entry to where it may be by now
WORDS = 0xFFFF


class State:
    """Where a path is: sp and bp as numbers, and what it has pushed: address -> value or None."""

    __slots__ = ("ip", "sp", "bp", "pushed")

    def __init__(self, ip, sp, bp, pushed):
        self.ip, self.sp, self.bp, self.pushed = ip, sp, bp, pushed


class Place:
    """An instruction of a frame, with the registers that are known there."""

    def __init__(self, mode, cs, cs_base, ip, ss_base, sp, bp):
        self.mode, self.cs, self.cs_base, self.ip = mode, cs, cs_base, ip
        self.ss_base, self.sp, self.bp = ss_base, sp, bp

    def pc(self):
        return self.cs_base + self.ip

    def word(self, offset, size=2):
        return machine.number(self.ss_base + (offset & WORDS), size)

    def base_of(self, selector):
        """The base of a code segment; None: there is no such segment."""
        if selector == self.cs:
            return self.cs_base
        if self.mode in machine.REAL_MODES:
            return selector << 4
        return segments.selector_base(selector)


class Return:
    """Where a function returns to: the slot with the return address, and what is taken off."""

    def __init__(self, flow, slot, word, pops, bp):
        self.flow, self.slot, self.word, self.pops, self.bp = flow, slot, word, pops, bp

    def words(self):
        return {code.RET: 1, code.FAR_RET: 2, code.IRET: 3}[self.flow]

    def sp_after(self):
        return (self.slot + self.words() * self.word + self.pops) & WORDS


def fetch(cs_base, ip, known=None):
    known, key = machine.cache() if known is None else known, (cs_base, ip & WORDS)
    if key not in known:
        there = machine.code_bytes(cs_base + key[1], code.INSN_MAX)
        known[key] = code.decode(there, key[1])
    return known[key]


# --- along the code ------------------------------------------------------------------------------


class Walker:
    """Follows code through its branches, once each instruction."""

    def __init__(self, place, cs_base, state):
        self.place, self.cs_base = place, cs_base
        self.todo, self.seen = [state], set()
        self.callees = {}

    def __iter__(self):
        """(state, insn) of all that is reached; state is the one before insn."""
        count, known = 0, machine.cache()
        while self.todo and count < PATH_MAX:
            state = self.todo.pop()
            while state is not None and state.ip not in self.seen and count < PATH_MAX:
                self.seen.add(state.ip)
                insn = fetch(self.cs_base, state.ip, known)
                if insn is None:
                    break
                count += 1
                yield state, insn
                state = self.follow(state, insn)

    def follow(self, state, insn):
        """The state after insn, or None where the path ends."""
        if insn.flow == code.RET and state.pushed.get(state.sp) is not None:  # push, ret: a jump
            to = state.pushed[state.sp] & WORDS
            return State(to, (state.sp + insn.word + insn.pops) & WORDS, state.bp, state.pushed)
        if insn.flow in (code.RET, code.FAR_RET, code.IRET, code.END):
            return None
        pushed = state.pushed
        state = State((state.ip + insn.length) & WORDS, state.sp, state.bp, pushed)
        if insn.flow == code.JUMP:
            state.ip = insn.target
        elif insn.flow == code.BRANCH:
            self.todo.append(State(insn.target, state.sp, state.bp, dict(pushed)))
        elif insn.flow in (code.CALL, code.FAR_CALL) and state.sp is not None:
            state.sp = (state.sp + self.popped_by(insn, state)) & WORDS
        if insn.stack:
            self.move_stack(state, insn)
        if insn.sets_bp:
            state.bp = state.sp if insn.sets_bp == code.BP_IS_SP else None
        return state

    def move_stack(self, state, insn):
        what, value = (insn.stack + (None,))[:2]
        if what == "lost" or state.sp is None:
            state.sp = None
        elif what == "push":
            self.push(state, insn.word, state.bp if value == "bp" else value)
        elif what == "pop":
            if value == "bp":
                state.bp = self.load(state, state.sp)
            state.sp = (state.sp + insn.word) & WORDS
        elif what == "add":
            state.sp = (state.sp + value) & WORDS
        elif what == "bp":
            state.sp = None if state.bp is None else (state.bp + value) & WORDS
        elif what == "pusha":
            for i in range(8):  # ax cx dx bx sp bp si di
                self.push(state, insn.word, state.bp if i == 5 else None)
        elif what == "popa":  # di si bp ...
            state.bp = self.load(state, state.sp + 2 * insn.word)
            state.sp = (state.sp + 8 * insn.word) & WORDS
        elif what == "leave":
            state.sp = state.bp
            if state.sp is not None:
                state.bp = self.load(state, state.sp)
                state.sp = (state.sp + insn.word) & WORDS
        elif what == "enter":
            self.push(state, insn.word, state.bp)
            state.bp = state.sp
            state.sp = (state.sp - value) & WORDS

    def push(self, state, size, value):
        state.sp = (state.sp - size) & WORDS
        state.pushed[state.sp] = value

    def load(self, state, at):
        """What a pop of bp loads: what the path pushed, or what is there."""
        at &= WORDS
        return state.pushed[at] if at in state.pushed else self.place.word(at)

    def popped_by(self, insn, state):
        """What a callee takes off the stack beyond what the call put there."""
        if insn.target is None:
            # pushf; lcall *vector: the way to chain interrupt handlers; its iret takes the flags.
            is_chained = insn.flow == code.FAR_CALL and self.pushes_flags(state, insn)
            return 2 if is_chained else 0
        if insn.target not in self.callees:
            self.callees[insn.target] = self.pops_of(insn)
        return self.callees[insn.target]

    def pushes_flags(self, state, insn):
        before = machine.code_bytes(self.cs_base + ((state.ip - insn.length - 1) & WORDS), 2)
        return bool(before) and 0x9C in before[:1]

    def pops_of(self, call):
        if call.flow == code.CALL:
            cs_base, ip, put = self.cs_base, call.target, call.word
        else:
            cs_base, ip = self.place.base_of(call.target[0]), call.target[1]
            put = 2 * call.word
            if cs_base is None:
                return 0
        for insn in flow_of(cs_base, ip):
            if insn.flow == code.RET:
                return insn.word + insn.pops - put
            if insn.flow == code.FAR_RET:  # push cs; call near
                return 2 * insn.word + insn.pops - put
            if insn.flow == code.IRET:  # pushf; call far
                return 3 * insn.word - put
        return 0


def flow_of(cs_base, ip):
    """The instructions that are reached from there."""
    count, todo, seen = 0, [ip & WORDS], set()
    while todo and count < PATH_MAX:
        ip = todo.pop()
        while ip not in seen and count < PATH_MAX:
            seen.add(ip)
            insn = fetch(cs_base, ip)
            if insn is None:
                break
            count += 1
            yield insn
            if insn.flow in (code.RET, code.FAR_RET, code.IRET, code.END):
                break
            if insn.flow == code.BRANCH:
                todo.append(insn.target)
            ip = insn.target if insn.flow == code.JUMP else (ip + insn.length) & WORDS


def reaches(place, cs_base, ip, depth_from=None):
    """Whether code from cs_base:ip leads to place; with an sp of depth_from there, to its sp."""
    if cs_base is None:
        return False
    pc = place.pc()
    first = State(ip & WORDS, 0x8000 if depth_from is None else depth_from, None, {})
    for state, _ in Walker(place, cs_base, first):
        if cs_base + state.ip == pc:
            return depth_from is None or state.sp == place.sp
    return False


# --- along the stack -----------------------------------------------------------------------------


def returns_of(place):
    """Where the code from place returns to, as far as its paths tell: Return after Return."""
    first = State(place.ip, place.sp, place.bp, {})
    for state, insn in Walker(place, place.cs_base, first):
        is_return = insn.flow in (code.RET, code.FAR_RET, code.IRET) and state.sp is not None
        if is_return and state.sp not in state.pushed:  # else it is a jump
            yield Return(insn.flow, state.sp, insn.word, insn.pops, state.bp)


def call_before(cs_base, ip, flows):
    """Instructions of these flows that end at cs_base:ip, the most likely first."""
    for length in (3, 5, 2, 4, 6, 7, 8):
        before = machine.code_bytes(cs_base + (ip - length & WORDS), length)
        insn = code.decode(before, ip - length & WORDS) if before else None
        if insn and insn.length == length and insn.flow in flows:
            yield insn


def is_flags(value):
    """What the CPU pushes: bit 1 is 1; 3, 5 and 15 are 0 (SDM vol 1, "EFLAGS Register")."""
    return value is not None and value & 0x802A == 2


def leads_here(place, insn, cs_base):
    """Whether a call, which stands in that segment, calls the code of place."""
    if insn.target is None:
        return True  # through a register or memory: no telling what it was
    if insn.flow == code.FAR_CALL:
        return reaches(place, place.base_of(insn.target[0]), insn.target[1])
    return reaches(place, cs_base, insn.target)


def caller_of(place, found, sp_at_entry=False):
    """The caller's Place if what stands at this return's slot is a return address; else None.

    sp_at_entry: a call whose target is known must lead here with its return address at the slot."""
    size = found.word
    ip = place.word(found.slot, size)
    if ip is None or ip > WORDS:
        return None
    cs, cs_base = place.cs, place.cs_base
    if found.flow != code.RET:
        cs = place.word(found.slot + size)
        cs_base = None if cs is None else place.base_of(cs)
    if cs_base is None or not is_return_address(place, found, cs, cs_base, ip, sp_at_entry):
        return None
    return Place(place.mode, cs, cs_base, ip, place.ss_base, found.sp_after(), found.bp)


def is_return_address(place, found, cs, cs_base, ip, sp_at_entry):
    flows = {
        code.RET: (code.CALL,),
        code.FAR_RET: (code.FAR_CALL, code.CALL) if cs == place.cs else (code.FAR_CALL,),
        code.IRET: (code.INT, code.FAR_CALL),
    }[found.flow]
    for insn in call_before(cs_base, ip, flows):
        if insn.flow == code.INT:
            if not sp_at_entry and is_flags(place.word(found.slot + 2 * found.word)):
                return True
        elif sp_at_entry:
            if enters_here(place, insn, cs_base, found.slot):
                return True
        elif leads_here(place, insn, cs_base):
            return True
    # An interrupt or a fault can come anywhere.
    return (
        found.flow == code.IRET
        and not sp_at_entry
        and is_flags(place.word(found.slot + 2 * found.word))
        and fetch(cs_base, ip) is not None
    )


def enters_here(place, insn, cs_base, slot):
    if insn.target is None:
        return False
    if insn.flow == code.FAR_CALL:
        cs_base, ip = place.base_of(insn.target[0]), insn.target[1]
    else:
        ip = insn.target
    return reaches(place, cs_base, ip, slot)


def known_calls(place, words):
    """(slot, flow) of the words that may be return addresses of calls whose targets are known: e8
    or 9a stands before them. A quick look, for it is done at every step."""
    known = machine.cache()
    for i, (ip, cs) in enumerate(zip(words, words[1:])):
        key = (place.cs, ip, cs)
        if key not in known:
            known[key] = flows_before(place, ip, cs)
        for flow in known[key]:
            yield place.sp + 2 * i, flow


def flows_before(place, ip, cs):
    flows = []
    if machine.code_bytes(place.cs_base + (ip - 3 & WORDS), 1) == b"\xe8":
        flows.append(code.RET)
    cs_base = place.base_of(cs)
    if cs_base is not None and machine.code_bytes(cs_base + (ip - 5 & WORDS), 1) == b"\x9a":
        flows.append(code.FAR_RET)
    return flows


def handlers_of(place):
    """Entries of interrupt handlers that may be the code of place."""
    if place.mode not in machine.REAL_MODES:
        return []
    known = machine.cache()
    if "vectors" not in known:
        known["vectors"] = segments.vector_targets()
    pc = place.pc()
    return [at for at in known["vectors"] if 0 <= pc - sum(at) <= HANDLER_MAX]


def scan(place):
    """The caller of code that does not return."""
    there = machine.read(place.ss_base + place.sp, min(2 * SCAN_MAX, WORDS + 1 - place.sp)) or b""
    words = [there[i] | there[i + 1] << 8 for i in range(0, len(there) & ~1, 2)]
    for slot, flow in known_calls(place, words):
        found = Return(flow, slot, 2, 0, None)
        caller = caller_of(place, found, sp_at_entry=True)
        if caller:
            return caller, found
    handlers = handlers_of(place)
    for i, flags in enumerate(words[2:] if handlers else ()):
        found = Return(code.IRET, place.sp + 2 * i, 2, 0, None)
        if is_flags(flags) and any(reaches(place, *at, found.slot) for at in handlers):
            caller = caller_of(place, found)
            if caller:
                return caller, found
    return None, None


def find_caller(place):
    """(the caller's Place, the Return that leads there), or (None, None)."""
    tried = set()
    for found in returns_of(place):
        key = (found.flow, found.slot, found.pops)
        if key in tried:
            continue
        tried.add(key)
        caller = caller_of(place, found)
        if caller:
            return caller, found
        if len(tried) == 8:
            break
    return scan(place)

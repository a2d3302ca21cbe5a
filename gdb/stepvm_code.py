"""16-bit x86 machine code: how long an instruction is, where it goes on, what it does to the stack.

Pure: bytes in, Insn out. Sources: SDM vol 2, chapter 2 "Instruction Format" and appendix A "Opcode
Map". Only for code whose default operand and address size is 16 bits (real mode, CS.D = 0)."""

INSN_MAX = 15  # SDM vol 2, 2.3.11

PREFIXES = (0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x66, 0x67, 0xF0, 0xF2, 0xF3)

# How an instruction goes on.
NEXT, JUMP, BRANCH, CALL, FAR_CALL, INT, RET, FAR_RET, IRET, END = (
    "next", "jump", "branch", "call", "far call", "int", "ret", "far ret", "iret", "end")

SP, BP = 4, 5  # numbers of registers


class Insn:
    """One instruction.

    flow: see above. END: where it goes on can't be told (an indirect or far jump).
    target: of JUMP, BRANCH and CALL, an offset in the segment; FAR_CALL: (selector, offset); INT:
    the vector; None when it is in a register or in memory.
    pops: RET, FAR_RET: bytes taken off beyond the return address.
    word: bytes of a pushed or popped word, 2 or 4.
    stack: what it does to sp, as (what, value):
      ("push", None | "bp" | number)  ("pop", None | "bp")  ("add", n)  ("bp", n): sp = bp + n
      ("pusha",) ("popa",) ("leave",) ("enter", n)  ("lost",): can't be told
      None: nothing. sets_bp: bp = sp (BP_IS_SP), or something else (True)."""

    __slots__ = ("length", "flow", "target", "pops", "word", "stack", "sets_bp", "is_rep", "opcode")


BP_IS_SP = "sp"


class TooShort(Exception):
    """The bytes end before the instruction does, or it is none."""


class Bytes:
    def __init__(self, code):
        self.code, self.at = code, 0

    def take(self, size):
        if self.at + size > len(self.code) or self.at + size > INSN_MAX:
            raise TooShort()
        value = int.from_bytes(self.code[self.at : self.at + size], "little")
        self.at += size
        return value

    def take_signed(self, size):
        value = self.take(size)
        return value - (1 << 8 * size) if value >> (8 * size - 1) else value


class ModRM:
    def __init__(self, code, wide_address):
        byte = code.take(1)
        self.mod, self.reg, self.rm = byte >> 6, byte >> 3 & 7, byte & 7
        self.displacement = 0
        if self.mod == 3:
            return
        if wide_address:
            base = self.rm
            if self.rm == 4:
                base = code.take(1) & 7
            size = {0: 4 if base == 5 else 0, 1: 1, 2: 4}[self.mod]
        else:
            size = {0: 2 if self.rm == 6 else 0, 1: 1, 2: 2}[self.mod]
        if size:
            self.displacement = code.take_signed(size)

    def is_register(self, number):
        return self.mod == 3 and self.rm == number


def has_modrm(op):
    """One-byte opcodes with a ModRM byte."""
    return (
        (op < 0x40 and op & 7 < 4)
        or op in (0x62, 0x63, 0x69, 0x6B, 0xF6, 0xF7, 0xFE, 0xFF)
        or 0x80 <= op <= 0x8F
        or op in (0xC0, 0xC1, 0xC4, 0xC5, 0xC6, 0xC7)
        or 0xD0 <= op <= 0xD3
        or 0xD8 <= op <= 0xDF
    )


def has_modrm_0f(op):
    """The same for those after 0f."""
    without = (0x05, 0x06, 0x07, 0x08, 0x09, 0x0B, 0x0E, 0x77, 0xA0, 0xA1, 0xA2, 0xA8, 0xA9, 0xAA)
    return not (op in without or 0x30 <= op <= 0x37 or 0x80 <= op <= 0x8F or 0xC8 <= op <= 0xCF)


# Beside those below 40, whose last bit is 0.
BYTE_OPCODES = (0x80, 0x82, 0x84, 0x86, 0x88, 0x8A, 0xC0, 0xC6, 0xD0, 0xD2, 0xF6, 0xFE)


def immediate_size(op, modrm, word, address):
    """Bytes of immediate of a one-byte opcode; those that branch are dealt with elsewhere."""
    if op < 0x40 and op & 7 == 4 or op in (0x6A, 0x6B, 0x80, 0x82, 0x83, 0xA8, 0xC0, 0xC1, 0xC6):
        return 1
    if op < 0x40 and op & 7 == 5 or op in (0x68, 0x69, 0x81, 0xA9, 0xC7) or 0xB8 <= op <= 0xBF:
        return word
    if 0xB0 <= op <= 0xB7 or op in (0xD4, 0xD5, 0xE4, 0xE5, 0xE6, 0xE7):
        return 1
    if 0xA0 <= op <= 0xA3:
        return address
    if op in (0xF6, 0xF7) and modrm.reg < 2:
        return 1 if op == 0xF6 else word
    return 0


def writes_register(op, modrm, number):
    """Whether a one-byte opcode may write this 16-bit register; True when in doubt."""
    if modrm is None:
        return op in (0x40 + number, 0x48 + number, 0x58 + number, 0x90 + number, 0xB8 + number)
    if op & 1 == 0 and (op < 0x40 or op in BYTE_OPCODES):
        return False
    if op in (0x38, 0x39, 0x3A, 0x3B, 0x84, 0x85, 0x62, 0x63, 0x8E) or 0xD8 <= op <= 0xDF:
        return False  # cmp, test, bound, mov to a segment register, x87: none is written
    if op in (0x80, 0x81, 0x82, 0x83) and modrm.reg == 7:
        return False  # cmp
    if op in (0xF6, 0xF7) and modrm.reg in (0, 1, 4, 5, 6, 7):
        return False  # test, mul, div
    if op in (0xFE, 0xFF) and modrm.reg > 1:
        return False  # call, jmp, push
    if op in (0x86, 0x87):  # xchg
        return modrm.reg == number or modrm.is_register(number)
    to_register = (op < 0x40 and op & 2) or op in (0x69, 0x6B, 0x8A, 0x8B, 0x8D, 0xC4, 0xC5)
    return modrm.reg == number if to_register else modrm.is_register(number)


def decode(code, ip):
    """The instruction that these bytes begin with, at offset ip; None: they are none."""
    try:
        return decode_insn(Bytes(code), ip)
    except TooShort:
        return None


def decode_insn(code, ip):
    insn = Insn()
    insn.flow, insn.target, insn.pops, insn.word = NEXT, None, 0, 2
    insn.stack, insn.sets_bp, insn.is_rep = None, False, False
    address = 2
    op = code.take(1)
    while op in PREFIXES:
        if op == 0x66:
            insn.word = 4
        elif op == 0x67:
            address = 4
        elif op in (0xF2, 0xF3):
            insn.is_rep = True
        op = code.take(1)
    if op == 0x0F:
        decode_0f(insn, code, address, ip)
    else:
        insn.opcode = op
        modrm = ModRM(code, address == 4) if has_modrm(op) else None
        decode_flow(insn, op, modrm, code, ip) or decode_stack(insn, op, modrm, code, address)
    insn.length = code.at
    if insn.flow in (JUMP, BRANCH, CALL) and isinstance(insn.target, int):
        insn.target = (insn.target + code.at) & 0xFFFF  # it was relative
    insn.is_rep = insn.is_rep and (0x6C <= op <= 0x6F or 0xA4 <= op <= 0xAF)
    return insn


def decode_0f(insn, code, address, ip):
    op = code.take(1)
    insn.opcode = 0x0F00 | op
    if 0x80 <= op <= 0x8F:
        insn.flow, insn.target = BRANCH, code.take_signed(insn.word) + ip
        return
    if op in (0x38, 0x3A):
        code.take(1)
    modrm = ModRM(code, address == 4) if has_modrm_0f(op) else None
    if op == 0x3A or op in (0x70, 0x71, 0x72, 0x73, 0xA4, 0xAC, 0xBA, 0xC2, 0xC4, 0xC5, 0xC6):
        code.take(1)
    if op in (0xA0, 0xA8):
        insn.stack = ("push", None)
    elif op in (0xA1, 0xA9):
        insn.stack = ("pop", None)
    elif op == 0xB2:  # lss
        insn.stack = ("lost",)
    elif modrm and op >= 0x40 and (modrm.reg == SP or modrm.is_register(SP)) and op < 0x50:
        insn.stack = ("lost",)  # cmov
    elif modrm and op >= 0x40 and (modrm.reg == BP or modrm.is_register(BP)):
        insn.sets_bp = True


def decode_flow(insn, op, modrm, code, ip):
    """True when the instruction goes on elsewhere."""
    if 0x70 <= op <= 0x7F or 0xE0 <= op <= 0xE3:
        insn.flow, insn.target = BRANCH, code.take_signed(1) + ip
    elif op == 0xEB:
        insn.flow, insn.target = JUMP, code.take_signed(1) + ip
    elif op == 0xE9:
        insn.flow, insn.target = JUMP, code.take_signed(insn.word) + ip
    elif op == 0xE8:
        insn.flow, insn.target = CALL, code.take_signed(insn.word) + ip
    elif op in (0x9A, 0xEA):
        offset = code.take(insn.word)
        insn.target = (code.take(2), offset)
        insn.flow = FAR_CALL if op == 0x9A else END
    elif op in (0xC2, 0xCA):
        insn.flow, insn.pops = RET if op == 0xC2 else FAR_RET, code.take(2)
    elif op in (0xC3, 0xCB):
        insn.flow = RET if op == 0xC3 else FAR_RET
    elif op == 0xCF:
        insn.flow = IRET
    elif op in (0xCC, 0xCD, 0xCE):
        insn.flow = INT
        insn.target = code.take(1) if op == 0xCD else 3 if op == 0xCC else 4
    elif op == 0xFF and 2 <= modrm.reg <= 5:
        insn.flow = (CALL, FAR_CALL, END, END)[modrm.reg - 2]
    else:
        return False
    return True


def decode_stack(insn, op, modrm, code, address):
    size = immediate_size(op, modrm, insn.word, address)
    if op == 0xC8:
        insn.stack = ("enter", code.take(2))
        if code.take(1) & 0x1F:
            insn.stack = ("lost",)  # display pointers
        return
    immediate = code.take_signed(size) if size else 0
    if 0x50 <= op <= 0x57:
        insn.stack = ("push", "bp" if op == 0x55 else None)
    elif op == 0x5C or op == 0x17:  # pop sp, pop ss
        insn.stack = ("lost",)
    elif 0x58 <= op <= 0x5F:
        insn.stack = ("pop", "bp" if op == 0x5D else None)
    elif op in (0x68, 0x6A):
        insn.stack = ("push", immediate)
    elif op in (0x06, 0x0E, 0x16, 0x1E, 0x9C) or (op == 0xFF and modrm.reg == 6):
        insn.stack = ("push", None)
    elif op in (0x07, 0x1F, 0x9D):
        insn.stack = ("pop", None)
    elif op == 0x8F and modrm.reg == 0:
        insn.stack = ("pop", "bp" if modrm.is_register(BP) else None)
    elif op in (0x60, 0x61, 0xC9):
        insn.stack = ({0x60: "pusha", 0x61: "popa", 0xC9: "leave"}[op],)
    elif op in (0x81, 0x83) and modrm.is_register(SP) and modrm.reg in (0, 5):
        insn.stack = ("add", immediate if modrm.reg == 0 else -immediate)
    elif op in (0x44, 0x4C):  # inc sp, dec sp
        insn.stack = ("add", 1 if op == 0x44 else -1)
    elif is_move(op, modrm, SP, BP):
        insn.stack = ("bp", 0)
    elif op == 0x8D and modrm.reg == SP and address == 2 and modrm.rm == 6 and modrm.mod in (1, 2):
        insn.stack = ("bp", modrm.displacement)
    elif is_move(op, modrm, BP, SP):
        insn.sets_bp = BP_IS_SP
    elif op == 0x8E and modrm.reg == 2:  # mov ss
        insn.stack = ("lost",)
    elif writes_register(op, modrm, SP):
        insn.stack = ("lost",)
    elif writes_register(op, modrm, BP):
        insn.sets_bp = True


def is_move(op, modrm, to, source):
    """mov between two registers, in either form."""
    if op == 0x89:
        return modrm.is_register(to) and modrm.reg == source
    return op == 0x8B and modrm.is_register(source) and modrm.reg == to

/* How to read the table: an instruction of kind `op` leaves `flags` undefined when `when` holds of
 * its count. The SDM says undefined, so a CPU may do anything; the host's, KVM's emulator and TCG
 * do differ. After a step that differs in such flags alone, the oracle gives QEMU stepvm's, so that
 * nothing follows from them.
 *
 * What the generator leaves out, and so needs no row:
 * - push of a segment register with operand size 32: the upper half of the slot is written or not
 *   (SDM vol 2, PUSH);
 * - shld, shrd with a count above the operand size, bswap with operand size 16: the result is
 *   undefined (SDM vol 2);
 * - an operand or instruction across offset 0xffff: #GP on a CPU, but TCG checks no limits in real
 *   mode;
 * - in and out of more than a byte at a port that is no multiple of the size: they read 0 in QEMU's
 *   machine `none` (memory_region_access_valid), where a bus gives ones;
 * - sti that sets IF while the program's TF is set: TCG raises no #DB after it. SDM vol 2, STI: it
 *   does "not prohibit the generation of exceptions";
 * - mov ss, pop ss while TF is set: a CPU holds #DB back there (SDM vol 3, "Masking Exceptions and
 *   Interrupts When Switching Stacks").
 *
 * What QEMU does otherwise and how the oracle lives with it:
 * - its stub steps with interrupts and timers off (sstepbits 7); the machine `none` has neither,
 * and nothing in stepvm raises any either;
 * - its step over hlt never ends, so programs end before theirs; stepvm's is checked against the
 * SDM alone (lockstep.c, is_halt_right);
 * - its step that ends on an instruction breakpoint of the program's own (DR0 to DR3) goes on into
 *   the handler of #DB (breakpoint_handler in target/i386/tcg/sysemu/bpt_helper.c), where a CPU's
 *   trap comes first: stepvm does one step more then (lockstep.c, catch_up);
 * - its far jumps and calls leave the accessed bit of the code segment's descriptor as it is
 *   (helper_ljmp_protected in target/i386/tcg/seg_helper.c; SDM vol 3, "Code- and Data-Segment
 *   Descriptor Types", has it set): the oracle sets it there (lockstep.c, mark_accessed).
 * Its step of rep is one iteration, the last one ends after the instruction, and a step of int n
 * or of a fault ends at the handler's first instruction: as stepvm's. */
#include "known.h"

enum flag {
	CF = 1 << 0, /* SDM vol 1, "EFLAGS Register" */
	PF = 1 << 2,
	AF = 1 << 4,
	ZF = 1 << 6,
	SF = 1 << 7,
	OF = 1 << 11,
	RF = 1 << 16,
};

enum op {
	OP_OTHER,
	OP_LOGIC,
	OP_SHIFT,
	OP_SAR,
	OP_ROTATE,
	OP_DOUBLE_SHIFT,
	OP_MUL,
	OP_DIV,
	OP_BIT_TEST,
	OP_BIT_SCAN,
	OP_DAA,
	OP_AAA,
	OP_AAM,
	OP_REP,
};

enum when { ALWAYS, COUNT_NOT_0, COUNT_ABOVE_1, COUNT_FROM_SIZE, AGAIN };

static const struct {
	enum op op;
	enum when when;
	uint32_t flags;
	unsigned quirk;     /* only where this was found; 0: everywhere */
	const char *source; /* SDM vol 2, "Flags Affected" of it, unless another place is named */
} undefined[] = {
	{ OP_LOGIC, ALWAYS, AF, 0, "AND, OR, XOR, TEST" },
	{ OP_SHIFT, COUNT_NOT_0, AF, 0, "SAL/SAR/SHL/SHR" },
	{ OP_SHIFT, COUNT_ABOVE_1, OF, 0, "SAL/SAR/SHL/SHR" },
	{ OP_SHIFT, COUNT_FROM_SIZE, CF, 0, "SAL/SAR/SHL/SHR: CF for SHL and SHR" },
	{ OP_SAR, COUNT_NOT_0, AF, 0, "SAL/SAR/SHL/SHR" },
	{ OP_SAR, COUNT_ABOVE_1, OF, 0, "SAL/SAR/SHL/SHR" },
	{ OP_ROTATE, COUNT_ABOVE_1, OF, 0, "RCL/RCR/ROL/ROR" },
	{ OP_DOUBLE_SHIFT, COUNT_NOT_0, AF, 0, "SHLD, SHRD" },
	{ OP_DOUBLE_SHIFT, COUNT_ABOVE_1, OF, 0, "SHLD, SHRD" },
	{ OP_MUL, ALWAYS, SF | ZF | AF | PF, 0, "MUL, IMUL" },
	{ OP_DIV, ALWAYS, CF | OF | SF | ZF | AF | PF, 0, "DIV, IDIV" },
	{ OP_BIT_TEST, ALWAYS, OF | SF | AF | PF, 0, "BT, BTC, BTR, BTS" },
	{ OP_BIT_SCAN, ALWAYS, CF | OF | SF | AF | PF, 0, "BSF, BSR" },
	{ OP_DAA, ALWAYS, OF, 0, "DAA, DAS" },
	{ OP_AAA, ALWAYS, OF | SF | ZF | PF, 0, "AAA, AAS" },
	{ OP_AAM, ALWAYS, OF | AF | CF, 0, "AAM, AAD" },
	{ OP_AAM, ALWAYS, SF | ZF, QUIRK_ASCII_FLAGS, "known.h" },
	/* Between two iterations a CPU saves RF=1, for the instruction breakpoint on the rep must
	 * not hit again; TCG does not. Shown, but not seen by the guest: no interrupt comes here.
	 */
	{ OP_REP, AGAIN, RF, 0, "SDM vol 3, \"Instruction-Breakpoint Exception Condition\"" },
};

struct what {
	enum op op;
	unsigned size;  /* of the operand: 8, 16, 32 */
	unsigned count; /* of shifts */
};

/* The opcode's ModRM, SIB and displacement. SDM vol 2, tables 2-1 to 2-3. */
static unsigned modrm_len(const uint8_t *at, bool is_32bit_address)
{
	unsigned mod = at[0] >> 6, rm = at[0] & 7;
	if (mod == 3)
		return 1;
	if (!is_32bit_address)
		return 1 + (mod == 1 ? 1 : mod == 2 || rm == 6 ? 2 : 0);
	unsigned len = 1 + (mod == 1 ? 1 : mod == 2 || rm == 5 ? 4 : 0);
	if (rm == 4)
		len += 1 + (mod == 0 && (at[1] & 7) == 5 ? 4 : 0);
	return len;
}

static enum op group_2(unsigned reg)
{
	return reg < 4 ? OP_ROTATE : reg == 7 ? OP_SAR : OP_SHIFT;
}

static enum op group_3(unsigned reg)
{
	static const enum op ops[8] = { OP_LOGIC, OP_LOGIC, OP_OTHER, OP_OTHER, OP_MUL, OP_MUL,
		OP_DIV, OP_DIV };
	return ops[reg];
}

/* By the opcode; at is after it. SDM vol 2, appendix A, tables. */
static enum op one_byte_op(uint8_t opcode, const uint8_t *at)
{
	unsigned reg = at[0] >> 3 & 7;
	if (opcode < 0x40 && (opcode & 7) < 6) {
		unsigned alu = opcode >> 3;
		return alu == 1 || alu == 4 || alu == 6 ? OP_LOGIC : OP_OTHER;
	}
	switch (opcode) {
	case 0x27:
	case 0x2f: return OP_DAA;
	case 0x37:
	case 0x3f: return OP_AAA;
	case 0x69:
	case 0x6b: return OP_MUL;
	case 0x80:
	case 0x81:
	case 0x82:
	case 0x83: return reg == 1 || reg == 4 || reg == 6 ? OP_LOGIC : OP_OTHER;
	case 0x84:
	case 0x85:
	case 0xa8:
	case 0xa9: return OP_LOGIC;
	case 0xc0:
	case 0xc1:
	case 0xd0:
	case 0xd1:
	case 0xd2:
	case 0xd3: return group_2(reg);
	case 0xd4:
	case 0xd5: return OP_AAM;
	case 0xf6:
	case 0xf7: return group_3(reg);
	default: return OP_OTHER;
	}
}

/* SDM vol 2, appendix A, table A-3. */
static enum op two_byte_op(uint8_t opcode)
{
	switch (opcode) {
	case 0xa3:
	case 0xab:
	case 0xb3:
	case 0xba:
	case 0xbb: return OP_BIT_TEST;
	case 0xa4:
	case 0xa5:
	case 0xac:
	case 0xad: return OP_DOUBLE_SHIFT;
	case 0xaf: return OP_MUL;
	case 0xbc:
	case 0xbd: return OP_BIT_SCAN;
	default: return OP_OTHER;
	}
}

static bool is_string(uint8_t opcode)
{
	return (opcode >= 0x6c && opcode <= 0x6f) || (opcode >= 0xa4 && opcode <= 0xa7) ||
	       (opcode >= 0xaa && opcode <= 0xaf);
}

/* What a shift's count is: the last byte for the immediate forms, 1, or cl. */
static unsigned shift_count(uint8_t opcode, bool is_two_byte, const uint8_t *at,
        bool is_32bit_address, const struct cpu *cpu)
{
	bool has_immediate = is_two_byte ? !(opcode & 1) : opcode < 0xd0;
	if (has_immediate)
		return at[modrm_len(at, is_32bit_address)] & 31;
	if (!is_two_byte && opcode < 0xd2)
		return 1;
	return cpu->r[CPU_ECX] & 31;
}

static struct what decode(const struct cpu *cpu, const uint8_t *bytes)
{
	struct what w = { .op = OP_OTHER };
	bool is_32bit_operand = false, is_32bit_address = false, has_rep = false;
	const uint8_t *at = bytes;
	for (; at < bytes + INSN_MAX - 2; at++) {
		if (*at == 0x66)
			is_32bit_operand = true;
		else if (*at == 0x67)
			is_32bit_address = true;
		else if (*at == 0xf2 || *at == 0xf3)
			has_rep = true;
		else if (*at != 0xf0 && (*at & 0xe7) != 0x26 && *at != 0x64 && *at != 0x65)
			break;
	}
	uint8_t opcode = *at++;
	bool is_two_byte = opcode == 0x0f;
	if (is_two_byte)
		opcode = *at++;
	w.op = is_two_byte ? two_byte_op(opcode) : one_byte_op(opcode, at);
	if (!is_two_byte && has_rep && is_string(opcode))
		w.op = OP_REP;
	w.size = !is_two_byte && !(opcode & 1) ? 8 : is_32bit_operand ? 32 : 16;
	if (w.op == OP_SHIFT || w.op == OP_SAR || w.op == OP_ROTATE || w.op == OP_DOUBLE_SHIFT)
		w.count = shift_count(opcode, is_two_byte, at, is_32bit_address, cpu);
	return w;
}

static bool holds(
        enum when when, const struct what *w, const struct cpu *before, const struct cpu *after)
{
	switch (when) {
	case ALWAYS: return true;
	case COUNT_NOT_0: return w->count > 0;
	case COUNT_ABOVE_1: return w->count > 1;
	case COUNT_FROM_SIZE: return w->count >= w->size;
	case AGAIN: return before->r[CPU_PC] == after->r[CPU_PC];
	}
	return false;
}

uint32_t known_undefined(
        unsigned quirks, const struct cpu *before, const struct cpu *after, const uint8_t *bytes)
{
	struct what w = decode(before, bytes);
	uint32_t flags = 0;
	for (size_t i = 0; i < sizeof undefined / sizeof *undefined; i++)
		if (undefined[i].op == w.op && (undefined[i].quirk & ~quirks) == 0 &&
		        holds(undefined[i].when, &w, before, after))
			flags |= undefined[i].flags;
	return flags;
}

/* The decoder: prefixes, ModRM and SIB, displacements, immediates. Which opcode has what is in opcodes.c.
 * Source: SDM vol 2, "Instruction Format", tables 2-1 to 2-3. */
#include "interp/decode.h"

#include <string.h>

#include "interp/handlers.h"
#include "interp/opcodes.h"

enum { UNDEFINED_LEN = 5 }; /* prefixes and opcode */
enum { REX_B = 1, REX_X = 2, REX_R = 4, REX_W = 8 };

struct decoder {
	const uint8_t *at, *end;
	unsigned bits;
	unsigned rex;
	unsigned rep;
	int seg; /* of a prefix, or -1 */
	bool has_66, has_67, has_lock;
	bool is_odd; /* segment prefixes in an order that CPUs and emulators may read differently */
	bool is_short; /* the bytes were not enough */
};

static uint64_t fetch(struct decoder *d, unsigned len)
{
	uint64_t value = 0;
	if ((size_t)(d->end - d->at) < len) {
		d->is_short = true;
		d->at = d->end;
		return 0;
	}
	memcpy(&value, d->at, len);
	d->at += len;
	return value;
}

static uint64_t fetch_signed(struct decoder *d, unsigned len)
{
	uint64_t value = fetch(d, len);
	switch (len) {
	case 1: return (uint64_t)(int64_t)(int8_t)value;
	case 2: return (uint64_t)(int64_t)(int16_t)value;
	case 4: return (uint64_t)(int64_t)(int32_t)value;
	default: return value;
	}
}

/* In 64-bit code only fs and gs count; one of the others after them is odd. */
static void take_segment(struct decoder *d, int seg)
{
	d->is_odd |= d->seg >= FS && seg < FS;
	if (d->bits != 64 || seg >= FS)
		d->seg = seg;
}

/* Takes the prefixes, and returns the opcode. A REX that no opcode follows counts for nothing: SDM vol 2, "REX Prefixes". */
static unsigned take_prefixes(struct decoder *d)
{
	for (;;) {
		unsigned byte = (unsigned)fetch(d, 1);
		switch (byte) {
		case 0x26: take_segment(d, ES); break;
		case 0x2e: take_segment(d, CS); break;
		case 0x36: take_segment(d, SS); break;
		case 0x3e: take_segment(d, DS); break;
		case 0x64: take_segment(d, FS); break;
		case 0x65: take_segment(d, GS); break;
		case 0x66: d->has_66 = true; break;
		case 0x67: d->has_67 = true; break;
		case 0xf0: d->has_lock = true; break;
		case 0xf2:
		case 0xf3: d->rep = byte; break;
		default:
			if (d->bits != 64 || (byte & 0xf0) != 0x40 || d->is_short)
				return byte;
			d->rex = byte;
			continue;
		}
		d->rex = 0;
	}
}

/* Without a REX, 4 to 7 of the 8-bit registers are ah to bh. */
static uint8_t reg_offset(const struct decoder *d, unsigned number, bool is_byte)
{
	if (is_byte && !d->rex && number >= 4)
		return (uint8_t)((number - 4) * 8 + 1);
	return (uint8_t)(number * 8);
}

static unsigned address_16(struct decoder *d, struct insn *i, unsigned mod, unsigned rm)
{
	static const uint8_t bases[8] = { BX, BX, BP, BP, ZERO, ZERO, BP, BX };
	static const uint8_t indexes[8] = { SI, DI, SI, DI, SI, DI, ZERO, ZERO };
	bool is_direct = mod == 0 && rm == 6;
	i->base = is_direct ? ZERO : bases[rm];
	i->index = indexes[rm];
	if (mod == 1)
		i->disp = (int32_t)fetch_signed(d, 1);
	else if (mod == 2 || is_direct)
		i->disp = (int32_t)fetch_signed(d, 2);
	return i->base == BP ? SS : DS;
}

static unsigned address_32(struct decoder *d, struct insn *i, unsigned mod, unsigned rm)
{
	unsigned rex_b = d->rex & REX_B ? 8 : 0;
	bool has_disp32 = mod == 2;
	if (rm == 4) {
		unsigned sib = (unsigned)fetch(d, 1);
		unsigned index = (sib >> 3 & 7) | (d->rex & REX_X ? 8 : 0);
		i->index = index == SP ? ZERO : (uint8_t)index;
		i->scale = (uint8_t)(sib >> 6);
		i->base = (uint8_t)((sib & 7) | rex_b);
		if ((sib & 7) == BP && mod == 0) {
			i->base = ZERO;
			has_disp32 = true;
		}
	} else if (rm == 5 && mod == 0) {
		i->base = d->bits == 64 ? NEXT : ZERO;
		has_disp32 = true;
	} else {
		i->base = (uint8_t)(rm | rex_b);
	}
	if (mod == 1)
		i->disp = (int32_t)fetch_signed(d, 1);
	else if (has_disp32)
		i->disp = (int32_t)fetch_signed(d, 4);
	return i->base == SP || i->base == BP ? SS : DS;
}

static void take_modrm(struct decoder *d, struct insn *i, bool reg_is_byte, bool rm_is_byte)
{
	unsigned byte = (unsigned)fetch(d, 1), mod = byte >> 6, rm = byte & 7, seg;
	i->ext = byte >> 3 & 7;
	i->reg = reg_offset(d, i->ext | (d->rex & REX_R ? 8 : 0), reg_is_byte);
	i->base = i->index = ZERO;
	if (mod == 3) {
		i->rm = reg_offset(d, rm | (d->rex & REX_B ? 8 : 0), rm_is_byte);
		return;
	}
	i->is_mem = 1;
	seg = i->ad == 0 ? address_16(d, i, mod, rm) : address_32(d, i, mod, rm);
	i->seg = (uint8_t)(d->seg >= 0 ? (unsigned)d->seg : seg);
}

static uint64_t take_imm(struct decoder *d, const struct insn *i, enum opcode_imm imm)
{
	unsigned wide = 1u << i->osz;
	switch (imm) {
	case IMM_NONE: return 0;
	case IMM_SIGNED_8: return fetch_signed(d, 1);
	case IMM_8: return fetch(d, 1);
	case IMM_16: return fetch(d, 2);
	case IMM_24: return fetch(d, 3);
	case IMM_WIDE: return fetch_signed(d, wide == 8 ? 4 : wide);
	case IMM_FULL: return fetch(d, wide);
	case IMM_RELATIVE: return fetch_signed(d, i->osz == 1 ? 2 : 4);
	case IMM_FAR: return fetch(d, i->osz == 1 ? 4 : 6);
	}
	return 0;
}

/* The operand's size as struct insn's osz has it. */
static uint8_t size_of(const struct decoder *d, enum opcode_size size, unsigned opcode)
{
	uint8_t wide = d->bits == 64                  ? (d->rex & REX_W     ? 3
	                                                        : d->has_66 ? 1
	                                                                    : 2)
	               : (d->bits == 32) != d->has_66 ? 2
	                                              : 1;
	switch (size) {
	case SIZE_SAME:
	case SIZE_WIDE: return wide;
	case SIZE_BIT_0: return opcode & 1 ? wide : 0;
	case SIZE_BYTE: return 0;
	case SIZE_STACK:
		if (d->bits == 64)
			return d->has_66 && !(d->rex & REX_W) ? 1 : 3;
		return wide;
	case SIZE_NEAR: return d->bits == 64 ? 3 : wide;
	case SIZE_PORT: return opcode & 1 ? (wide == 3 ? 2 : wide) : 0;
	}
	return wide;
}

static void take_operands(struct decoder *d, struct insn *i, const struct opcode *row)
{
	bool is_byte = i->osz == 0;
	unsigned low = (i->op & 7u) | (d->rex & REX_B ? 8 : 0);
	switch ((enum opcode_operands)row->operands) {
	case OPERANDS_NONE: break;
	case OPERANDS_MODRM:
		take_modrm(d, i, is_byte, is_byte || row->flags & OPCODE_RM_BYTE);
		break;
	case OPERANDS_REG:
		i->reg = AX * 8; /* of xchg */
		i->rm = reg_offset(d, low, is_byte);
		break;
	case OPERANDS_AX: i->rm = AX * 8; break;
	case OPERANDS_OFFSET: i->imm = fetch(d, 2u << i->ad); break;
	case OPERANDS_CR: {
		unsigned byte = (unsigned)fetch(d, 1);
		i->ext = (uint8_t)((byte >> 3 & 7) | (d->rex & REX_R ? 8 : 0));
		i->rm = (uint8_t)((byte & 7) * 8 + (d->rex & REX_B ? 8 * 8 : 0));
		break;
	}
	}
	if (row->flags & OPCODE_SEGMENT || row->operands == OPERANDS_OFFSET)
		i->seg = (uint8_t)(d->seg >= 0 ? d->seg : DS);
}

/* What the instruction does, with these prefixes. */
static interp_fn *choose(const struct decoder *d, const struct insn *i, const struct opcode *row,
        unsigned flags, enum opcode_size size)
{
	interp_fn *fn = row->fn ? row->fn[i->osz] : NULL;
	bool is_64 = d->bits == 64;
	/* Whatever the instruction would be: SDM vol 2, "LOCK". */
	if (d->has_lock && !(flags & OPCODE_LOCKS && i->is_mem))
		return flags & OPCODE_NO_LOCK ? interp_handover : interp_undefined;
	if (!fn || (is_64 && flags & OPCODE_NOT_OURS_64) || (!is_64 && flags & OPCODE_ONLY_64))
		return interp_handover;
	if ((flags & OPCODE_NO_REP && d->rep) || (flags & OPCODE_NO_66 && d->has_66))
		return interp_handover;
	if (is_64 && (d->is_odd || (size == SIZE_NEAR && d->has_66)))
		return interp_handover;
	if (is_64 && flags & OPCODE_NOT_64)
		return interp_undefined;
	/* 90 is xchg eax, eax, which would lose the upper half of rax; with f3 it is pause. */
	if (!i->is_0f && i->op == 0x90 && !(d->rex & REX_B))
		return interp_nop;
	return fn;
}

/* xchg %bx, %bx does nothing: it marks a place for a debugger. */
static bool is_magic(const struct insn *i)
{
	return !i->is_0f && i->op == 0x87 && !i->is_mem && i->osz == 1 && i->reg == BX * 8 &&
	       i->rm == BX * 8;
}

bool interp_decode(struct insn *i, const uint8_t *bytes, size_t len, unsigned bits)
{
	struct decoder d = { .at = bytes, .end = bytes + len, .bits = bits, .seg = -1 };
	unsigned opcode = take_prefixes(&d), flags;
	const struct opcode *row =
	        opcode == 0x63 && bits != 64 ? &interp_arpl_row : &interp_one_byte[opcode];
	const struct opcode *member;
	*i = (struct insn) { .fn = interp_handover, .op = (uint8_t)opcode };
	if (opcode == 0x0f) {
		opcode = (unsigned)fetch(&d, 1);
		i->op = (uint8_t)opcode;
		i->is_0f = 1;
		row = &interp_two_byte[opcode];
	}
	if (d.is_short) {
		i->fn = NULL;
		return false;
	}
	bool may_be_too_long = d.at - bytes > UNDEFINED_LEN;
	enum opcode_size size = row->size;
	i->ad = bits == 64 ? (d.has_67 ? 1 : 2) : (bits == 32) != d.has_67 ? 1 : 0;
	i->osz = size_of(&d, size, opcode);
	i->rep = (uint8_t)d.rep;
	i->has_66 = d.has_66;
	take_operands(&d, i, row);
	member = row->group ? &row->group[i->ext] : row;
	flags = row->flags | member->flags;
	if (member->size != SIZE_SAME) {
		size = member->size;
		i->osz = size_of(&d, size, opcode);
	}
	if (row->imm || member->imm)
		i->imm = take_imm(&d, i, member->imm ? member->imm : row->imm);
	if (row->ext)
		i->ext = row->ext - 1;
	i->len = (uint8_t)(d.at - bytes);
	i->fn = choose(&d, i, member, flags, size);
	i->is_loud = (flags & OPCODE_LOUD) != 0 || is_magic(i);
	i->takes_device = (flags & OPCODE_DEVICE) != 0;
	/* With as many prefixes as make it too long, what no CPU knows is #GP: how long it is, is not said. ModRM, SIB, a
	 * displacement and an immediate take up to 10 bytes more. */
	if (i->fn == interp_undefined && may_be_too_long)
		i->fn = interp_handover;
	return !d.is_short;
}

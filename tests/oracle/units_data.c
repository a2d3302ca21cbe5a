/* Units that compute: arithmetic, logic, moves, strings, ports. Opcodes: SDM vol 2, appendix A. */
#include "emit.h"

static unsigned wide(unsigned size)
{
	return size != 8;
}

static void lock_sometimes(
        struct gen *g, unsigned size, unsigned opcode, unsigned reg, const struct operand *o)
{
	if (gen_chance(g, 15))
		emit_locked(g, size, opcode, reg, o);
	else
		emit_modrm(g, size, opcode, reg, o);
}

/* add or adc sbb and sub xor cmp */
static void alu(struct gen *g)
{
	unsigned size = gen_size(g), op = gen_below(g, 8);
	struct operand o = operand_any(g, size);
	switch (gen_below(g, 4)) {
	case 0: /* r/m, r */
		if (op == 7)
			emit_modrm(g, size, op << 3 | wide(size), gen_below(g, 8), &o);
		else
			lock_sometimes(g, size, op << 3 | wide(size), gen_below(g, 8), &o);
		break;
	case 1: emit_modrm(g, size, op << 3 | 2 | wide(size), gen_register(g, size), &o); break;
	case 2: /* al, ax, eax */
		emit_op(g, size, op << 3 | 4 | wide(size));
		emit(g, size, gen_value(g, size));
		break;
	default:
		if (gen_chance(g, 50)) {
			emit_modrm(g, size,
			        size == 8 && gen_chance(g, 10) ? 0x82 : 0x80 | wide(size), op, &o);
			emit(g, size, gen_value(g, size));
		} else {
			emit_modrm(g, size, size == 8 ? 0x80 : 0x83, op, &o);
			emit(g, 8, gen_value(g, 8));
		}
	}
}

static void test(struct gen *g)
{
	unsigned size = gen_size(g);
	struct operand o = operand_any(g, size);
	switch (gen_below(g, 3)) {
	case 0: emit_modrm(g, size, 0x84 | wide(size), gen_below(g, 8), &o); break;
	case 1:
		emit_op(g, size, 0xa8 | wide(size));
		emit(g, size, gen_value(g, size));
		break;
	default: emit_modrm(g, size, 0xf6 | wide(size), 0, &o); emit(g, size, gen_value(g, size));
	}
}

static void mov(struct gen *g)
{
	unsigned size = gen_size(g);
	struct operand o = operand_any(g, size);
	switch (gen_below(g, 5)) {
	case 0: emit_modrm(g, size, 0x88 | wide(size), gen_below(g, 8), &o); break;
	case 1: emit_modrm(g, size, 0x8a | wide(size), gen_register(g, size), &o); break;
	case 2: emit_set(g, size, gen_register(g, size), gen_value(g, size)); break;
	case 3:
		emit_modrm(g, size, 0xc6 | wide(size), 0, &o);
		emit(g, size, gen_value(g, size));
		break;
	default: /* from a segment register; to memory always 16 bits */
		size = gen_wide_size(g);
		o = operand_any(g, size);
		emit_modrm(g, size, 0x8c, gen_below(g, 6), &o);
	}
}

/* al, ax, eax from and to an address in the instruction. */
static void mov_direct(struct gen *g)
{
	unsigned size = gen_size(g);
	uint16_t off = gen_offset(g, DS, DATA + gen_below(g, DATA_SIZE - 4));
	bool is_32bit_address = gen_chance(g, 25);
	if (is_32bit_address)
		emit(g, 8, 0x67);
	emit_op(g, size, 0xa0 + 2 * gen_below(g, 2) + wide(size));
	emit(g, is_32bit_address ? 32 : 16, off);
}

static void mov_extend(struct gen *g)
{
	static const uint16_t opcodes[] = { 0x0fb6, 0x0fb7, 0x0fbe, 0x0fbf };
	unsigned opcode = opcodes[gen_below(g, 4)];
	struct operand o = operand_any(g, opcode & 1 ? 16 : 8);
	unsigned size = gen_wide_size(g);
	emit_modrm(g, size, opcode, gen_register(g, size), &o);
}

/* inc, dec, not, neg */
static void unary(struct gen *g)
{
	unsigned size = gen_size(g);
	if (size != 8 && gen_chance(g, 30)) {
		emit_op(g, size, 0x40 + 8 * gen_below(g, 2) + gen_register(g, size));
		return;
	}
	struct operand o = operand_any(g, size);
	if (gen_chance(g, 50))
		lock_sometimes(g, size, 0xfe | wide(size), gen_below(g, 2), &o);
	else
		lock_sometimes(g, size, 0xf6 | wide(size), 2 + gen_below(g, 2), &o);
}

static unsigned count_for_cl(struct gen *g)
{
	return gen_chance(g, 85) ? gen_below(g, 32) : gen_below(g, 256);
}

static void shift(struct gen *g)
{
	unsigned size = gen_size(g), form = gen_below(g, 3), op = gen_below(g, 8);
	struct operand o = operand_any(g, size);
	if (form == 2)
		emit_set(g, 8, 1, count_for_cl(g));
	emit_modrm(g, size, (form == 0 ? 0xc0u : form == 1 ? 0xd0u : 0xd2u) | wide(size), op, &o);
	if (form == 0) {
		unsigned count = count_for_cl(g);
		bool is_through_carry = op == 2 || op == 3;
		if (is_through_carry && g->without >> OPTIONAL_RCR_9 & 1 &&
		        (count & 31) % (size + 1) == 0)
			count++;
		emit(g, 8, count);
	}
}

static void double_shift(struct gen *g)
{
	unsigned size = gen_wide_size(g), opcode = gen_chance(g, 50) ? 0x0fa4 : 0x0fac;
	unsigned count = gen_below(g, size == 16 ? 17 : 32);
	struct operand o = operand_any(g, size);
	bool by_cl = gen_chance(g, 50);
	if (by_cl)
		emit_set(g, 8, 1, count);
	/* cx as a source is all right, as a destination too: the count is read first */
	emit_modrm(g, size, opcode | by_cl, gen_below(g, 8), &o);
	if (!by_cl)
		emit(g, 8, count);
}

static void multiply(struct gen *g)
{
	unsigned size = gen_size(g), wide_size = gen_wide_size(g);
	bool has_short = gen_chance(g, 50);
	struct operand o;
	switch (gen_below(g, 3)) {
	case 0:
		o = operand_any(g, size);
		emit_modrm(g, size, 0xf6 | wide(size), 4 + gen_below(g, 2), &o);
		break;
	case 1:
		o = operand_any(g, wide_size);
		emit_modrm(g, wide_size, 0x0faf, gen_register(g, wide_size), &o);
		break;
	default:
		o = operand_any(g, wide_size);
		emit_modrm(g, wide_size, has_short ? 0x6b : 0x69, gen_register(g, wide_size), &o);
		emit(g, has_short ? 8 : wide_size, gen_value(g, has_short ? 8 : wide_size));
	}
}

static void bit_test(struct gen *g)
{
	static const uint16_t opcodes[] = { 0x0fa3, 0x0fab, 0x0fb3, 0x0fbb };
	unsigned size = gen_wide_size(g), op = gen_below(g, 4);
	if (gen_chance(g, 40)) {
		struct operand o = operand_any(g, size);
		if (op == 0)
			emit_modrm(g, size, 0x0fba, 4, &o); /* bt writes nothing: no lock */
		else
			lock_sometimes(g, size, 0x0fba, 4 + op, &o);
		emit(g, 8, gen_value(g, 8));
		return;
	}
	/* The bit's number reaches beyond the operand: a string of bits. */
	struct operand o = g->is_without_memory || gen_chance(g, 50)
	                           ? operand_register(gen_register(g, size))
	                           : operand_at(g, DATA + 64 + gen_below(g, DATA_SIZE - 128));
	unsigned reg = gen_below(g, 3); /* ax, cx, dx: no base */
	emit_set(g, size, reg, (uint32_t)((int)gen_below(g, 512) - 256));
	emit_modrm(g, size, opcodes[op], reg, &o);
}

static void bit_scan(struct gen *g)
{
	unsigned size = gen_wide_size(g);
	struct operand o = operand_any(g, size);
	emit_modrm(g, size, 0x0fbc + gen_below(g, 2), gen_register(g, size), &o);
}

static void lea(struct gen *g)
{
	unsigned size = gen_wide_size(g);
	struct operand o = operand_memory(g, 4);
	emit_modrm(g, size, 0x8d, gen_register(g, size), &o);
}

static void exchange(struct gen *g)
{
	unsigned size = gen_size(g), kind = gen_below(g, 4);
	if (kind == 0) {
		size = gen_wide_size(g);
		emit_op(g, size, 0x90 + gen_register(g, size));
		return;
	}
	struct operand o = operand_any(g, size);
	unsigned opcode = kind == 1 ? 0x86 : kind == 2 ? 0x0fc0 : 0x0fb0;
	lock_sometimes(g, size, opcode | wide(size), gen_register(g, size), &o);
}

static void byte_swap(struct gen *g)
{
	emit_op(g, 32, 0x0fc8 + gen_register(g, 32));
}

static void set_and_move_if(struct gen *g)
{
	unsigned condition = gen_below(g, 16), size = gen_wide_size(g);
	if (gen_chance(g, 50)) {
		struct operand o = operand_any(g, 8);
		emit_modrm(g, 8, 0x0f90 + condition, 0, &o);
	} else {
		struct operand o = operand_any(g, size);
		emit_modrm(g, size, 0x0f40 + condition, gen_register(g, size), &o);
	}
}

/* cmc clc stc cld std, cbw cwd, lahf sahf, nop, pause */
static void one_byte(struct gen *g)
{
	static const uint8_t opcodes[] = { 0xf5, 0xf8, 0xf9, 0xfc, 0xfd, 0x98, 0x99, 0x9f, 0x9e,
		0x90 };
	emit_op(g, gen_wide_size(g), opcodes[gen_below(g, sizeof opcodes)]);
}

static void long_nop(struct gen *g)
{
	unsigned size = gen_wide_size(g);
	struct operand o = operand_any(g, size);
	emit_modrm(g, size, 0x0f1f, 0, &o);
}

static void control_register(struct gen *g)
{
	struct operand o = operand_register(gen_register(g, 32));
	if (gen_chance(g, 50))
		emit_modrm(g, 16, 0x0f20, 0, &o); /* mov cr0, always 32 bits */
	else
		emit_modrm(g, 16, 0x0f01, 4, &o); /* smsw */
}

static void translate(struct gen *g)
{
	emit_set(g, 16, 3, gen_offset(g, DS, DATA + gen_below(g, DATA_SIZE - 256)));
	emit_op(g, 0, 0xd7);
}

/* movs cmps stos lods scas ins outs, with and without rep, either way. */
static void string(struct gen *g)
{
	static const uint8_t opcodes[] = { 0xa4, 0xa6, 0xaa, 0xac, 0xae, 0x6c, 0x6e };
	static const uint8_t reps[] = { 0, 0xf3, 0xf3, 0xf2 };
	unsigned opcode = opcodes[gen_below(g, sizeof opcodes)], size = gen_size(g);
	bool is_scan = opcode == 0xa6 || opcode == 0xae, is_32bit_address = gen_chance(g, 20);
	unsigned address_size = is_32bit_address ? 32 : 16;
	uint32_t source = DATA + 64 + gen_below(g, DATA_SIZE - 128);
	uint32_t to = gen_chance(g, 50) ? source + gen_below(g, 8) : DATA + 64 + gen_below(g, 800);
	unsigned rep = reps[gen_below(g, is_scan ? 4 : 3)];
	emit_op(g, 0, gen_chance(g, 70) ? 0xfc : 0xfd);
	emit_set(g, address_size, 6, gen_offset(g, DS, source));
	emit_set(g, address_size, 7, gen_offset(g, ES, to));
	if (rep)
		emit_set(g, address_size, 1, gen_below(g, 6));
	if (opcode == 0x6c || opcode == 0x6e)
		emit_set(g, 16, 2, gen_chance(g, 50) ? 0x300 : 0xe0);
	if (rep)
		emit(g, 8, rep);
	if (is_32bit_address)
		emit(g, 8, 0x67);
	emit_op(g, size, opcode | wide(size));
}

/* Ports where nothing stands on either side: 0xe0 to 0xe7, 0x300. Aligned: known.c tells why. */
static void port(struct gen *g)
{
	unsigned size = gen_size(g), out = 2 * gen_below(g, 2);
	if (gen_chance(g, 50)) {
		emit_op(g, size, (0xe4 | wide(size)) + out);
		emit(g, 8, 0xe0 + 4 * gen_below(g, 2));
	} else {
		emit_set(g, 16, 2, gen_chance(g, 50) ? 0x300 : 0xe0);
		emit_op(g, size, (0xec | wide(size)) + out);
	}
}

/* One of those that not every KVM has. */
static void optional_insn(struct gen *g)
{
	unsigned which = gen_below(g, OPTIONALS);
	const struct optional_insn *o = &optional_insns[which];
	if (g->without >> which & 1)
		return;
	switch ((enum optional)which) {
	case OPTIONAL_AAM:
	case OPTIONAL_AAD:
		emit(g, 8, o->bytes[0]);
		emit(g, 8,
		        gen_chance(g, 60)
		                ? 10
		                : 1 + gen_below(g, g->without >> OPTIONAL_AAM_128 & 1 ? 127 : 255));
		return;
	case OPTIONAL_DAA:
	case OPTIONAL_DAS:
	case OPTIONAL_AAA:
	case OPTIONAL_AAS:
	case OPTIONAL_SALC: emit_bytes(g, o->bytes, o->len); return;
	case OPTIONAL_CMPXCHG8B:
		if (!g->is_without_memory) {
			struct operand m = operand_memory(g, 8);
			lock_sometimes(g, 16, 0x0fc7, 1, &m);
		}
		return;
	case OPTIONAL_BOUND:
	case OPTIONAL_UD2:
	case OPTIONAL_TF:
	case OPTIONAL_MOV_CS:
	case OPTIONAL_RCR_9:
	case OPTIONAL_AAM_128:
	case OPTIONALS: return; /* elsewhere, with what they need around them */
	}
}

const struct unit data_units[] = {
	{ alu, 30, 0 },
	{ test, 6, 0 },
	{ mov, 16, UNIT_DEFINED },
	{ mov_direct, 4, UNIT_MEMORY | UNIT_DEFINED },
	{ mov_extend, 5, UNIT_DEFINED },
	{ unary, 12, UNIT_DEFINED },
	{ shift, 16, 0 },
	{ double_shift, 5, 0 },
	{ multiply, 8, 0 },
	{ bit_test, 7, 0 },
	{ bit_scan, 4, 0 },
	{ lea, 4, UNIT_MEMORY | UNIT_DEFINED },
	{ exchange, 8, UNIT_DEFINED },
	{ byte_swap, 2, UNIT_DEFINED },
	{ set_and_move_if, 8, UNIT_DEFINED },
	{ one_byte, 8, UNIT_DEFINED },
	{ long_nop, 1, UNIT_DEFINED },
	{ control_register, 1, UNIT_DEFINED },
	{ translate, 2, UNIT_MEMORY | UNIT_DEFINED },
	{ string, 14, UNIT_MEMORY | UNIT_DEFINED },
	{ port, 6, UNIT_DEFINED },
	{ optional_insn, 5, 0 },
	{ NULL, 0, 0 },
};

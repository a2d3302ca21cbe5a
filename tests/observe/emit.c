#include "emit.h"

#include <string.h>

#include "random.h"

uint64_t gen_next(struct gen *g)
{
	return random_next(&g->seed);
}

unsigned gen_below(struct gen *g, unsigned n)
{
	return random_below(&g->seed, n);
}

bool gen_chance(struct gen *g, unsigned percent)
{
	return gen_below(g, 100) < percent;
}

uint64_t gen_value(struct gen *g, unsigned size)
{
	static const uint64_t edges[] = { 0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0x7fffffff,
		0x80000000, UINT64_MAX };
	uint64_t value = gen_next(g);
	if (gen_chance(g, 30))
		value = edges[gen_below(g, sizeof edges / sizeof *edges)];
	else if (gen_chance(g, 30))
		value &= 0xf;
	return size == 64 ? value : value & ((UINT64_C(1) << size) - 1);
}

unsigned gen_size(struct gen *g)
{
	return 8u << gen_below(g, g->bits == 64 ? 4 : 3);
}

unsigned gen_wide(struct gen *g)
{
	return 16u << gen_below(g, g->bits == 64 ? 3 : 2);
}

unsigned gen_register(struct gen *g, unsigned size)
{
	unsigned reg = gen_below(g, g->bits == 64 ? 16 : 8);
	/* 4 to 7 of 8 bits are ah to bh, or with REX the low bytes of others: left out in 64-bit code. */
	if (size == 8 && g->bits == 64 && reg >= 4 && reg < 8)
		reg -= 4;
	return size != 8 && reg == SP ? AX : reg;
}

uint32_t gen_data(struct gen *g, unsigned size)
{
	if (gen_chance(g, 15))
		return PROGRAM_MIXED + gen_below(g, 64 - size);
	if (gen_chance(g, 50))
		return PROGRAM_DATA - 12 + gen_below(g, 20);
	return PROGRAM_DATA - 0x80 + gen_below(g, 0x100 - size);
}

/* --- bytes -------------------------------------------------------------------------------------- */

void put_at(struct program *p, uint32_t gva, uint64_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++, gva++)
		p->image[p->page_gpa[gva >> 12 & 15] + (gva & 0xfff)] = (uint8_t)(value >> 8 * i);
}

void emit(struct gen *g, unsigned size_bits, uint64_t value)
{
	put_at(g->program, g->at, value, size_bits / 8);
	g->at += size_bits / 8;
}

void emit_bytes(struct gen *g, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		emit(g, 8, bytes[i]);
}

/* --- instructions ------------------------------------------------------------------------------- */

void insn_begin(struct gen *g)
{
	struct program *p = g->program;
	if (p->insn_count < PROGRAM_INSNS)
		p->insn_count++; /* the generator ends long before */
	g->insn = &p->insns[p->insn_count - 1];
	*g->insn = (struct program_insn) { .gva = g->at };
	p->at[g->at - PROGRAM_CODE] = (uint16_t)p->insn_count;
}

void insn_access(struct gen *g, struct access access)
{
	g->insn->accesses[g->insn->access_count++] = access;
}

void insn_plain(struct gen *g, const uint8_t *bytes, size_t len)
{
	insn_begin(g);
	emit_bytes(g, bytes, len);
}

static void stack_access(struct gen *g, bool is_push)
{
	insn_access(g, (struct access) {
	                       .where = is_push ? ACCESS_PUSH : ACCESS_POP,
	                       .size = (uint8_t)(g->bits / 8),
	                       .reads = !is_push,
	                       .writes = is_push,
	               });
}

void insn_push(struct gen *g, const uint8_t *bytes, size_t len)
{
	insn_plain(g, bytes, len);
	stack_access(g, true);
}

void insn_pop(struct gen *g, const uint8_t *bytes, size_t len)
{
	insn_plain(g, bytes, len);
	stack_access(g, false);
}

static void emit_rex(struct gen *g, bool is_wide, unsigned reg, unsigned index, unsigned base)
{
	unsigned bits = (unsigned)is_wide << 3 | (reg >> 3 & 1) << 2 | (index >> 3 & 1) << 1 |
	                (base >> 3 & 1);
	if (g->bits == 64 && bits)
		emit(g, 8, 0x40 | bits);
}

static void emit_size(struct gen *g, unsigned size)
{
	if ((size == 16 && g->bits != 16) || (size == 32 && g->bits == 16))
		emit(g, 8, 0x66);
}

void insn_set(struct gen *g, unsigned size, unsigned reg, uint64_t value)
{
	insn_begin(g);
	emit_size(g, size);
	emit_rex(g, size == 64, 0, 0, reg);
	emit(g, 8, (size == 8 ? 0xb0u : 0xb8u) | (reg & 7));
	emit(g, size, value);
}

/* --- operands ----------------------------------------------------------------------------------- */

struct operand operand_register(unsigned reg)
{
	return (struct operand) { .is_register = true, .reg = (uint8_t)reg };
}

static uint64_t offset_of(const struct gen *g, uint32_t gva, bool is_stack_segment)
{
	return is_stack_segment ? gva : gva - 16u * g->program->data_selector;
}

/* SDM vol 2, table 2-1. */
static void choose_16(struct gen *g, struct operand *o, unsigned busy)
{
	static const uint8_t bases[8] = { BX, BX, BP, BP, SI, DI, BP, BX };
	static const uint8_t indexes[4] = { SI, DI, SI, DI };
	unsigned rm = gen_below(g, 8);
	bool is_busy = busy >> bases[rm] & 1 || (rm < 4 && busy >> indexes[rm] & 1);
	bool is_stack = bases[rm] == BP;
	if (gen_chance(g, 30) || is_busy) { /* no register */
		o->displacement = offset_of(g, o->gva, false);
		o->displacement_size = 16;
		return;
	}
	o->has_base = true;
	o->base = bases[rm];
	o->has_index = rm < 4;
	o->index = o->has_index ? indexes[rm] : 0;
	uint64_t left = offset_of(g, o->gva, is_stack);
	o->displacement_size = (uint8_t)(gen_chance(g, 50) || o->base == BP ? 8 : 0);
	if (gen_chance(g, 30))
		o->displacement_size = 16;
	o->displacement = o->displacement_size ? gen_value(g, o->displacement_size) : 0;
	left -= o->displacement_size == 8 ? (uint64_t)(int8_t)o->displacement : o->displacement;
	if (o->has_index) {
		uint64_t value = gen_value(g, 16);
		insn_set(g, 16, o->index, value);
		left -= value;
	}
	insn_set(g, 16, o->base, left & 0xffff);
}

static unsigned choose_free(struct gen *g, unsigned busy)
{
	for (;;) {
		unsigned reg = gen_below(g, g->bits == 64 ? 16 : 8);
		if (reg != SP && !(busy >> reg & 1))
			return reg;
	}
}

/* SDM vol 2, tables 2-2 and 2-3. */
static void choose_32(struct gen *g, struct operand *o, unsigned busy)
{
	uint64_t left = o->gva, mask = g->bits == 64 ? UINT64_MAX : UINT32_MAX;
	o->displacement = o->gva;
	o->displacement_size = 32;
	if (g->bits == 64 && gen_chance(g, 15)) {
		o->is_rip = true;
		return;
	}
	if (gen_chance(g, 20))
		return;
	o->has_base = true;
	o->base = (uint8_t)choose_free(g, busy);
	if (gen_chance(g, 40)) {
		o->has_index = true;
		o->index = (uint8_t)choose_free(g, busy | 1u << o->base);
		o->scale = (uint8_t)gen_below(g, 4);
	}
	o->displacement_size = (uint8_t)(gen_chance(g, 60)     ? 8
	                                 : gen_chance(g, 50)   ? 32
	                                 : (o->base & 7) == BP ? 8
	                                                       : 0);
	o->displacement = o->displacement_size ? gen_value(g, o->displacement_size) : 0;
	left -= o->displacement_size == 8 ? (uint64_t)(int8_t)o->displacement
	                                  : (uint64_t)(int32_t)o->displacement;
	if (o->has_index) {
		uint64_t value = gen_value(g, g->bits);
		insn_set(g, g->bits, o->index, value);
		left -= value << o->scale;
	}
	insn_set(g, g->bits, o->base, left & mask);
}

struct operand operand_at(struct gen *g, uint32_t gva, unsigned busy)
{
	struct operand o = { .gva = gva };
	if (g->bits == 16)
		choose_16(g, &o, busy);
	else
		choose_32(g, &o, busy);
	return o;
}

struct operand operand_memory(struct gen *g, unsigned size, unsigned busy)
{
	return operand_at(g, gen_data(g, size / 8), busy);
}

struct operand operand_any(struct gen *g, unsigned size)
{
	if (gen_chance(g, 35))
		return operand_register(gen_register(g, size));
	return operand_memory(g, size, 0);
}

static void emit_modrm_16(struct gen *g, unsigned reg, const struct operand *o)
{
	static const uint8_t alone[8] = { 0, 0, 0, 7, 0, 6, 4, 5 };
	unsigned mod = o->displacement_size / 8, rm = 6;
	if (!o->has_base)
		mod = 0;
	else if (o->has_index)
		rm = (o->base == BP) << 1 | (o->index == DI);
	else
		rm = alone[o->base];
	emit(g, 8, mod << 6 | (reg & 7) << 3 | rm);
	emit(g, o->displacement_size, o->displacement);
}

static void emit_modrm_32(
        struct gen *g, unsigned reg, const struct operand *o, unsigned immediate_size)
{
	unsigned field = (reg & 7) << 3;
	if (o->is_rip) {
		emit(g, 8, field | 5);
		emit(g, 32, o->gva - (g->at + 4 + immediate_size / 8));
		return;
	}
	unsigned mod = !o->has_base                 ? 0u
	               : o->displacement_size == 8  ? 1u
	               : o->displacement_size == 32 ? 2u
	                                            : 0u;
	bool has_sib = o->has_index || (o->has_base ? (o->base & 7) == SP : g->bits == 64);
	emit(g, 8, mod << 6 | field | (has_sib ? 4u : o->has_base ? o->base & 7u : 5u));
	if (has_sib)
		emit(g, 8,
		        (unsigned)o->scale << 6 | (o->has_index ? o->index & 7u : 4u) << 3 |
		                (o->has_base ? o->base & 7u : 5u));
	emit(g, o->displacement_size, o->displacement);
}

void insn_rm(struct gen *g, const struct op *op, const struct operand *o)
{
	insn_begin(g);
	if (op->has_lock && !o->is_register)
		emit(g, 8, 0xf0);
	if (!op->has_fixed_size)
		emit_size(g, op->size);
	emit_rex(g, op->size == 64 && !op->has_fixed_size, op->reg, o->has_index ? o->index : 0,
	        o->is_register ? o->reg
	        : o->has_base  ? o->base
	                       : 0);
	if (op->opcode > 0xff)
		emit(g, 8, op->opcode >> 8);
	emit(g, 8, op->opcode);
	if (o->is_register)
		emit(g, 8, 0xc0u | (op->reg & 7) << 3 | (o->reg & 7));
	else if (g->bits == 16)
		emit_modrm_16(g, op->reg, o);
	else
		emit_modrm_32(g, op->reg, o, op->immediate_size);
	emit(g, op->immediate_size, op->immediate);
	if (!o->is_register && (op->reads || op->writes || op->is_maybe_written)) {
		struct access a = { .where = ACCESS_AT,
			.gva = o->gva,
			.size = (uint8_t)((op->access_size ? op->access_size : op->size) / 8) };
		a.reads = op->reads;
		a.writes = op->writes;
		insn_access(g, a);
		a.reads = false;
		a.writes = a.is_maybe = true;
		if (op->is_maybe_written)
			insn_access(g, a);
	}
}

#include "emit.h"

/* splitmix64, public domain, by Sebastiano Vigna. */
uint64_t gen_random(struct gen *g)
{
	uint64_t z = g->random += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

unsigned gen_below(struct gen *g, unsigned n)
{
	return (unsigned)(gen_random(g) >> 32) % n;
}

bool gen_chance(struct gen *g, unsigned percent)
{
	return gen_below(g, 100) < percent;
}

uint32_t gen_value(struct gen *g, unsigned size)
{
	uint32_t sign = 1u << (size - 1);
	const uint32_t edges[] = { 0, 1, 0xffffffff, sign, sign - 1, sign + 1, 0xff, 0x80, 0x7fff };
	uint32_t value = (uint32_t)gen_random(g);
	if (gen_chance(g, 30))
		value = edges[gen_below(g, sizeof edges / sizeof *edges)];
	else if (gen_chance(g, 30))
		value &= 0xf;
	return size == 32 ? value : value & ((1u << size) - 1);
}

unsigned gen_size(struct gen *g)
{
	return 8u << gen_below(g, 3);
}

unsigned gen_wide_size(struct gen *g)
{
	return 16u << gen_below(g, 2);
}

unsigned gen_register(struct gen *g, unsigned size)
{
	unsigned reg = gen_below(g, 8);
	return reg == 4 && size > 8 ? 0 : reg; /* 4 is ah or sp */
}

/* What a segment register has to reach begins here. */
static uint32_t part_of(enum segment s)
{
	return s == CS ? HANDLERS : s == SS ? STACK_BOTTOM : DATA;
}

uint16_t gen_selector(struct gen *g, enum segment s)
{
	return gen_chance(g, 20) ? 0 : (uint16_t)gen_below(g, part_of(s) / 16 + 1);
}

uint16_t gen_offset(const struct gen *g, enum segment s, uint32_t gva)
{
	return (uint16_t)(gva - 16u * g->sel[s]);
}

void emit(struct gen *g, unsigned size, uint32_t value)
{
	for (unsigned i = 0; i < size; i += 8)
		g->program->memory[g->at++] = (uint8_t)(value >> i);
}

void emit_bytes(struct gen *g, const uint8_t *bytes, unsigned len)
{
	memcpy(g->program->memory + g->at, bytes, len);
	g->at += len;
}

void emit_op(struct gen *g, unsigned size, unsigned opcode)
{
	if (size == 32)
		emit(g, 8, 0x66);
	if (opcode > 0xff)
		emit(g, 8, opcode >> 8);
	emit(g, 8, opcode);
}

void emit_set(struct gen *g, unsigned size, unsigned reg, uint32_t value)
{
	emit_op(g, size, (size == 8 ? 0xb0 : 0xb8) + reg);
	emit(g, size, value);
}

/* --- operands --------------------------------------------------------------------------------- */

struct operand operand_register(unsigned reg)
{
	return (struct operand) {
		.is_register = true, .len = 1, .bytes = { (uint8_t)(0xc0 | reg) }
	};
}

static void put_displacement(struct operand *o, unsigned size, uint32_t value)
{
	for (unsigned i = 0; i < size; i += 8)
		o->bytes[o->len++] = (uint8_t)(value >> i);
}

/* The segment that the operand is in: its default, or by a prefix any. */
static enum segment choose_segment(struct gen *g, struct operand *o, enum segment s)
{
	static const uint8_t prefixes[SEGMENTS] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65 };
	if (gen_chance(g, 75))
		return s;
	s = (enum segment)gen_below(g, SEGMENTS);
	o->segment = prefixes[s];
	return s;
}

/* SDM vol 2, table 2-1: mod 0, 1, 2 with an rm of up to two registers. */
static struct operand operand_16(struct gen *g, uint32_t gva)
{
	static const uint8_t bases[8] = { 3, 3, 5, 5, 6, 7, 5, 3 }; /* bx bx bp bp si di bp bx */
	static const uint8_t indexes[4] = { 6, 7, 6, 7 };
	struct operand o = { 0 };
	unsigned mod = gen_below(g, 3), rm = gen_below(g, 8);
	bool is_direct = mod == 0 && rm == 6;
	bool has_bp = !is_direct && (rm == 2 || rm == 3 || rm == 6);
	enum segment s = choose_segment(g, &o, has_bp ? SS : DS);
	uint16_t left = gen_offset(g, s, gva);
	o.bytes[o.len++] = (uint8_t)(mod << 6 | rm);
	if (is_direct) {
		put_displacement(&o, 16, left);
		return o;
	}
	if (mod) {
		uint16_t d = mod == 1 ? (uint16_t)(int8_t)gen_random(g) : (uint16_t)gen_random(g);
		put_displacement(&o, mod == 1 ? 8 : 16, d);
		left = (uint16_t)(left - d);
	}
	if (rm < 4) {
		uint16_t index = (uint16_t)gen_value(g, 16);
		emit_set(g, 16, indexes[rm], index);
		left = (uint16_t)(left - index);
	}
	emit_set(g, 16, bases[rm], left);
	return o;
}

/* SDM vol 2, tables 2-2 and 2-3. The sum wraps at 32 bits; the offset itself is below 64 KiB. */
static struct operand operand_32(struct gen *g, uint32_t gva)
{
	static const uint8_t registers[4] = { 3, 5, 6, 7 };
	struct operand o = { .is_32bit_address = true };
	unsigned mod = gen_below(g, 3), base = registers[gen_below(g, 4)];
	bool has_sib = gen_chance(g, 50), has_base = true;
	if (mod == 0 && base == 5) /* no base: a displacement of 32 bits */
		has_base = false;
	enum segment s = choose_segment(g, &o, has_base && base == 5 ? SS : DS);
	uint32_t left = gen_offset(g, s, gva);
	o.bytes[o.len++] = (uint8_t)(mod << 6 | (has_sib ? 4 : base));
	if (has_sib) {
		unsigned scale = gen_below(g, 4), index = registers[gen_below(g, 4)];
		if (index == base || gen_chance(g, 20))
			index = 4; /* none */
		o.bytes[o.len++] = (uint8_t)(scale << 6 | index << 3 | base);
		if (index != 4) {
			uint32_t value = gen_value(g, 32);
			emit_set(g, 32, index, value);
			left -= value << scale;
		}
	}
	if (!has_base) {
		put_displacement(&o, 32, left);
		return o;
	}
	if (mod) {
		uint32_t d = mod == 1 ? (uint32_t)(int8_t)gen_random(g) : (uint32_t)gen_random(g);
		put_displacement(&o, mod == 1 ? 8 : 32, d);
		left -= d;
	}
	emit_set(g, 32, base, left);
	return o;
}

struct operand operand_at(struct gen *g, uint32_t gva)
{
	return gen_chance(g, 25) ? operand_32(g, gva) : operand_16(g, gva);
}

struct operand operand_memory(struct gen *g, unsigned size_bytes)
{
	return operand_at(g, DATA + gen_below(g, DATA_SIZE - size_bytes));
}

struct operand operand_any(struct gen *g, unsigned size)
{
	if (g->is_without_memory || gen_chance(g, 55))
		return operand_register(gen_register(g, size));
	return operand_memory(g, size / 8);
}

/* --- instructions with ModRM ------------------------------------------------------------------ */

static void emit_prefixed(struct gen *g, unsigned size, bool has_lock, unsigned opcode,
        unsigned reg, const struct operand *o)
{
	uint8_t prefixes[4];
	unsigned count = 0;
	if (size == 32)
		prefixes[count++] = 0x66;
	if (o->is_32bit_address)
		prefixes[count++] = 0x67;
	if (o->segment)
		prefixes[count++] = o->segment;
	if (has_lock)
		prefixes[count++] = 0xf0;
	for (unsigned i = count; i > 1; i--) { /* in any order */
		unsigned other = gen_below(g, i);
		uint8_t keep = prefixes[i - 1];
		prefixes[i - 1] = prefixes[other];
		prefixes[other] = keep;
	}
	emit_bytes(g, prefixes, count);
	emit_op(g, 0, opcode);
	emit(g, 8, o->bytes[0] | reg << 3);
	emit_bytes(g, o->bytes + 1, o->len - 1u);
}

void emit_modrm(
        struct gen *g, unsigned size, unsigned opcode, unsigned reg, const struct operand *o)
{
	emit_prefixed(g, size, false, opcode, reg, o);
}

void emit_locked(
        struct gen *g, unsigned size, unsigned opcode, unsigned reg, const struct operand *o)
{
	emit_prefixed(g, size, !o->is_register, opcode, reg, o);
}

/* What programs do: a unit is a few instructions, by chance. Flags that an instruction leaves undefined are set by
 * another right after it, for who does an instruction changes during a run. */
#include <stdlib.h>

#include "emit.h"

#define LOOP_COUNTERS (PROGRAM_DATA - 0x100) /* a byte each, by depth; nothing else writes there */
#define DEPTH_MAX     2u

static unsigned wide(unsigned size)
{
	return size != 8;
}

static unsigned immediate_of(unsigned size)
{
	return size == 64 ? 32 : size;
}

/* cmp reg, imm8 */
static void define_flags(struct gen *g)
{
	unsigned size = gen_wide(g);
	const struct operand o = operand_register(gen_register(g, size));
	insn_rm(g,
	        &(struct op) { .size = size,
	                .opcode = 0x83,
	                .reg = 7,
	                .immediate_size = 8,
	                .immediate = gen_value(g, 8) },
	        &o);
}

static void arithmetic(struct gen *g)
{
	unsigned size = gen_size(g), what = gen_below(g, 8);
	struct operand o = operand_any(g, size);
	bool has_result = what != 7; /* cmp has none */
	bool has_lock = has_result && gen_chance(g, 15);
	if (gen_chance(g, 40)) {
		bool is_short = size != 8 && gen_chance(g, 50);
		unsigned immediate = is_short ? 8 : immediate_of(size);
		insn_rm(g,
		        &(struct op) { .size = size,
		                .opcode = is_short ? 0x83 : 0x80 | wide(size),
		                .reg = what,
		                .immediate_size = immediate,
		                .immediate = gen_value(g, immediate),
		                .reads = true,
		                .writes = has_result,
		                .has_lock = has_lock },
		        &o);
		return;
	}
	bool is_load = gen_chance(g, 40);
	insn_rm(g,
	        &(struct op) { .size = size,
	                .opcode = what << 3 | (unsigned)is_load << 1 | wide(size),
	                .reg = gen_register(g, size),
	                .reads = true,
	                .writes = has_result && !is_load,
	                .has_lock = has_lock && !is_load },
	        &o);
}

static void move(struct gen *g)
{
	unsigned size = gen_size(g), immediate = immediate_of(size);
	struct operand o = operand_any(g, size);
	switch (gen_below(g, 4)) {
	case 0: insn_set(g, size, gen_register(g, size), gen_value(g, size)); break;
	case 1:
		insn_rm(g,
		        &(struct op) { .size = size,
		                .opcode = 0x8a | wide(size),
		                .reg = gen_register(g, size),
		                .reads = true },
		        &o);
		break;
	case 2:
		insn_rm(g,
		        &(struct op) { .size = size,
		                .opcode = 0xc6 | wide(size),
		                .immediate_size = immediate,
		                .immediate = gen_value(g, immediate),
		                .writes = true },
		        &o);
		break;
	default:
		insn_rm(g,
		        &(struct op) { .size = size,
		                .opcode = 0x88 | wide(size),
		                .reg = gen_register(g, size),
		                .writes = true },
		        &o);
	}
}

/* The same value once more: a write that changes nothing. */
static void rewrite(struct gen *g)
{
	unsigned size = gen_size(g), reg = gen_register(g, size);
	uint32_t gva = gen_data(g, size / 8);
	struct operand o = operand_at(g, gva, size == 8 && g->bits != 64 ? 0xf : 1u << reg);
	insn_rm(g,
	        &(struct op) {
	                .size = size, .opcode = 0x8a | wide(size), .reg = reg, .reads = true },
	        &o);
	insn_rm(g,
	        &(struct op) {
	                .size = size, .opcode = 0x88 | wide(size), .reg = reg, .writes = true },
	        &o);
}

/* movzx, movsx */
static void extend(struct gen *g)
{
	unsigned from = 8u << gen_below(g, 2), size = gen_wide(g);
	struct operand o = operand_any(g, from);
	if (from == 16 && size == 16)
		size = 32;
	insn_rm(g,
	        &(struct op) { .size = size,
	                .access_size = from,
	                .opcode = (gen_chance(g, 50) ? 0x0fb6u : 0x0fbeu) | (from == 16),
	                .reg = gen_register(g, size),
	                .reads = true },
	        &o);
}

/* inc, dec, not, neg */
static void unary(struct gen *g)
{
	unsigned size = gen_size(g), what = gen_below(g, 4);
	struct operand o = operand_any(g, size);
	insn_rm(g,
	        &(struct op) { .size = size,
	                .opcode = (what < 2 ? 0xfeu : 0xf6u) | wide(size),
	                .reg = what,
	                .reads = true,
	                .writes = true,
	                .has_lock = gen_chance(g, 15) },
	        &o);
}

static void shift(struct gen *g)
{
	static const uint8_t kinds[] = { 0, 1, 4, 5, 7 };
	unsigned size = gen_size(g), count = 1 + gen_below(g, size == 64 ? 63 : 31);
	struct operand o = operand_any(g, size);
	insn_rm(g,
	        &(struct op) { .size = size,
	                .opcode = 0xc0 | wide(size),
	                .reg = kinds[gen_below(g, sizeof kinds)],
	                .immediate_size = 8,
	                .immediate = count,
	                .reads = true,
	                .writes = true },
	        &o);
	define_flags(g);
}

static void multiply(struct gen *g)
{
	unsigned size = gen_wide(g);
	struct operand o = operand_any(g, size);
	bool is_short = gen_chance(g, 50);
	if (is_short)
		insn_rm(g,
		        &(struct op) { .size = size,
		                .opcode = 0x0faf,
		                .reg = gen_register(g, size),
		                .reads = true },
		        &o);
	else
		insn_rm(g,
		        &(struct op) { .size = size,
		                .opcode = 0xf7,
		                .reg = 4 + gen_below(g, 2),
		                .reads = true },
		        &o);
	define_flags(g);
}

static void divide(struct gen *g)
{
	insn_set(g, 16, AX, gen_below(g, 0x1000));
	insn_set(g, 8, CX, 0x10 + gen_below(g, 0x80));
	insn_plain(g, (const uint8_t[]) { 0xf6, 0xf1 }, 2); /* div cl */
	define_flags(g);
}

/* xchg, xadd, cmpxchg */
static void exchange(struct gen *g)
{
	unsigned size = gen_size(g), kind = gen_below(g, 3);
	static const uint16_t opcodes[] = { 0x86, 0x0fc0, 0x0fb0 };
	if (kind == 2 && g->bits == 64 && size == 32)
		size = 64; /* a register that is not written: CPUs differ in its upper half */
	struct operand o = operand_any(g, size);
	insn_rm(g,
	        &(struct op) { .size = size,
	                .opcode = opcodes[kind] | wide(size),
	                .reg = gen_register(g, size),
	                .reads = true,
	                .writes = kind != 2,
	                .is_maybe_written = kind == 2,
	                .has_lock = gen_chance(g, 30) },
	        &o);
}

static void set_if(struct gen *g)
{
	struct operand o = operand_any(g, 8);
	insn_rm(g, &(struct op) { .size = 8, .opcode = 0x0f90u + gen_below(g, 16), .writes = true },
	        &o);
}

static void move_if(struct gen *g)
{
	unsigned size = gen_wide(g);
	struct operand o = operand_any(g, size);
	insn_rm(g,
	        &(struct op) { .size = size,
	                .opcode = 0x0f40u + gen_below(g, 16),
	                .reg = gen_register(g, size),
	                .reads = true },
	        &o);
}

/* bt, bts, btr, btc */
static void bit_test(struct gen *g)
{
	unsigned size = gen_wide(g), what = 4 + gen_below(g, 4);
	struct operand o = operand_any(g, size);
	insn_rm(g,
	        &(struct op) { .size = size,
	                .opcode = 0x0fba,
	                .reg = what,
	                .immediate_size = 8,
	                .immediate = gen_below(g, size),
	                .reads = true,
	                .writes = what != 4 },
	        &o);
	define_flags(g);
}

static void address(struct gen *g)
{
	unsigned size = gen_wide(g);
	struct operand o = operand_memory(g, 8, 0);
	insn_rm(g, &(struct op) { .size = size, .opcode = 0x8d, .reg = gen_register(g, size) }, &o);
}

/* cmc clc stc, cbw cwd, lahf sahf, nop; lahf is no sure thing in 64-bit code */
static void one_byte(struct gen *g)
{
	static const uint8_t opcodes[] = { 0x90, 0xf5, 0xf8, 0xf9, 0x98, 0x99, 0x9f, 0x9e };
	unsigned n = gen_below(g, g->bits == 64 ? 6 : sizeof opcodes);
	insn_plain(g, &opcodes[n], 1);
}

/* --- strings ------------------------------------------------------------------------------------ */

static void string(struct gen *g)
{
	enum { MOVS = 0xa4, CMPS = 0xa6, STOS = 0xaa, LODS = 0xac, SCAS = 0xae };
	static const uint8_t opcodes[] = { MOVS, MOVS, CMPS, STOS, LODS, SCAS };
	unsigned opcode = opcodes[gen_below(g, sizeof opcodes)], size = gen_size(g);
	unsigned ds = 16u * g->program->data_selector, rep = gen_below(g, 4);
	uint32_t from = PROGRAM_DATA - 24 + gen_below(g, 30);
	uint32_t to = gen_chance(g, 50) ? from + gen_below(g, 8)
	                                : PROGRAM_DATA - 0x80 + gen_below(g, 0xc0);
	insn_plain(
	        g, gen_chance(g, 75) ? (const uint8_t[]) { 0xfc } : (const uint8_t[]) { 0xfd }, 1);
	insn_set(g, g->bits, SI, from - ds);
	insn_set(g, g->bits, DI, to - ds);
	if (rep)
		insn_set(g, g->bits, CX, g->bits == 16 ? gen_below(g, 6) : 1 + gen_below(g, 5));
	insn_begin(g);
	if (rep)
		emit(g, 8, rep == 1 && (opcode == CMPS || opcode == SCAS) ? 0xf2 : 0xf3);
	if ((size == 16 && g->bits != 16) || (size == 32 && g->bits == 16))
		emit(g, 8, 0x66);
	if (size == 64)
		emit(g, 8, 0x48);
	emit(g, 8, opcode | wide(size));
	g->insn->is_rep = rep;
	bool has_source = opcode == MOVS || opcode == CMPS || opcode == LODS;
	if (has_source)
		insn_access(g,
		        (struct access) {
		                .where = ACCESS_SI, .size = (uint8_t)(size / 8), .reads = true });
	if (opcode != LODS)
		insn_access(g, (struct access) { .where = ACCESS_DI,
		                       .size = (uint8_t)(size / 8),
		                       .reads = opcode == CMPS || opcode == SCAS,
		                       .writes = opcode == MOVS || opcode == STOS });
}

/* --- the stack ---------------------------------------------------------------------------------- */

static void push_register(struct gen *g, unsigned reg)
{
	if (reg >= 8)
		insn_push(g, (const uint8_t[]) { 0x41, 0x50 | (reg & 7) }, 2);
	else
		insn_push(g, (const uint8_t[]) { (uint8_t)(0x50 | reg) }, 1);
}

static void pop_register(struct gen *g, unsigned reg)
{
	if (reg >= 8)
		insn_pop(g, (const uint8_t[]) { 0x41, 0x58 | (reg & 7) }, 2);
	else
		insn_pop(g, (const uint8_t[]) { (uint8_t)(0x58 | reg) }, 1);
}

/* push and pop of memory. */
static void stack_memory(struct gen *g, bool is_push)
{
	struct operand o = operand_memory(g, g->bits, 0);
	insn_rm(g,
	        &(struct op) { .size = g->bits,
	                .opcode = is_push ? 0xff : 0x8f,
	                .reg = is_push ? 6 : 0,
	                .has_fixed_size = true,
	                .reads = is_push,
	                .writes = !is_push },
	        &o);
	insn_access(g, (struct access) { .where = is_push ? ACCESS_PUSH : ACCESS_POP,
	                       .size = (uint8_t)(g->bits / 8),
	                       .reads = !is_push,
	                       .writes = is_push });
}

static void push_and_pop(struct gen *g)
{
	switch (gen_below(g, 4)) {
	case 0: stack_memory(g, true); break;
	case 1: insn_push(g, (const uint8_t[]) { 0x6a, (uint8_t)gen_value(g, 8) }, 2); break;
	case 2: insn_push(g, (const uint8_t[]) { 0x9c }, 1); break; /* pushf */
	default: push_register(g, gen_register(g, g->bits));
	}
	if (g->depth < DEPTH_MAX + 1) {
		g->depth++;
		gen_units(g, gen_below(g, 3));
		g->depth--;
	}
	if (gen_chance(g, 35))
		stack_memory(g, false);
	else
		pop_register(g, gen_register(g, g->bits));
}

/* pushf, and the same flags again. */
static void flags(struct gen *g)
{
	insn_push(g, (const uint8_t[]) { 0x9c }, 1);
	insn_plain(g, (const uint8_t[]) { 0xf5 }, 1);
	insn_pop(g, (const uint8_t[]) { 0x9d }, 1);
}

/* After it the CPU takes no trap. */
static void load_stack_segment(struct gen *g)
{
	insn_plain(g, (const uint8_t[]) { 0x8c, 0xd0 }, 2);
	insn_plain(g, (const uint8_t[]) { 0x8e, 0xd0 }, 2);
	insn_plain(g, (const uint8_t[]) { 0x90 }, 1);
}

/* --- the way ------------------------------------------------------------------------------------ */

/* A jump of 16 or 32 bits, to be led on by end_jump: E9, or 0F 8x. */
static uint32_t begin_jump(struct gen *g, unsigned opcode)
{
	insn_begin(g);
	if (opcode > 0xff)
		emit(g, 8, opcode >> 8);
	emit(g, 8, opcode);
	emit(g, g->bits == 16 ? 16 : 32, 0);
	return g->at - (g->bits == 16 ? 2 : 4);
}

static void end_jump(struct gen *g, uint32_t at)
{
	unsigned size = g->bits == 16 ? 2 : 4;
	put_at(g->program, at, g->at - (at + size), size);
}

static void jump_if(struct gen *g)
{
	uint32_t at = begin_jump(g, 0x0f80u + gen_below(g, 16));
	g->depth++;
	gen_units(g, 1 + gen_below(g, 2));
	g->depth--;
	end_jump(g, at);
}

/* mov byte [counter], n; ...; dec byte [counter]; jnz */
static void loop(struct gen *g)
{
	uint32_t counter = LOOP_COUNTERS + g->depth;
	struct operand o = operand_at(g, counter, 0);
	insn_rm(g,
	        &(struct op) { .size = 8,
	                .opcode = 0xc6,
	                .immediate_size = 8,
	                .immediate = 2 + gen_below(g, g->depth ? 3 : 8),
	                .writes = true },
	        &o);
	uint32_t begin = g->at;
	g->depth++;
	gen_units(g, 1 + gen_below(g, 4));
	g->depth--;
	o = operand_at(g, counter, 0);
	insn_rm(g,
	        &(struct op) { .size = 8, .opcode = 0xfe, .reg = 1, .reads = true, .writes = true },
	        &o);
	insn_begin(g);
	emit(g, 16, 0x850f);
	unsigned size = g->bits == 16 ? 2 : 4;
	emit(g, size * 8, begin - (g->at + size));
}

/* A loop of the CPU's own, around nothing that changes its counter. */
static void short_loop(struct gen *g)
{
	insn_set(g, g->bits, CX, 1 + gen_below(g, 12));
	uint32_t begin = g->at;
	struct operand o = operand_at(g, gen_data(g, 1), 1u << CX);
	insn_rm(g, &(struct op) { .size = 8, .opcode = 0xfe, .reads = true, .writes = true }, &o);
	insn_begin(g);
	emit(g, 8, 0xe2);
	emit(g, 8, begin - (g->at + 1));
}

static void call(struct gen *g)
{
	unsigned size = g->bits == 16 ? 2 : 4;
	insn_begin(g);
	emit(g, 8, 0xe8);
	emit(g, size * 8, 0);
	insn_access(
	        g, (struct access) {
	                   .where = ACCESS_PUSH, .size = (uint8_t)(g->bits / 8), .writes = true });
	uint32_t to_function = g->at - size;
	uint32_t over = begin_jump(g, 0xe9);
	end_jump(g, to_function);
	g->depth++;
	gen_units(g, 1 + gen_below(g, 3));
	g->depth--;
	insn_pop(g, (const uint8_t[]) { 0xc3 }, 1);
	end_jump(g, over);
}

/* It writes the immediate of the instruction that comes next: mov byte [target], value; mov al, immediate. With a jump to
 * it, where the CPU would do it by its old bytes, as QEMU's TCG does. */
static void modify(struct gen *g)
{
	static const uint8_t jump[] = { 0xeb, 0x00 };
	bool has_jump = getenv("OBSERVE_JUMP_TO_WRITTEN") != NULL;
	unsigned size = g->bits == 16 ? 16 : 32;
	uint32_t next = g->at + (g->bits == 16 ? 5u : g->bits == 32 ? 7u : 8u);
	uint32_t target = next + (has_jump ? sizeof jump : 0) + 1;
	insn_begin(g);
	emit(g, 8, 0xc6);
	if (g->bits == 64)
		emit(g, 16, 0x2504);
	else
		emit(g, 8, g->bits == 16 ? 0x06 : 0x05);
	emit(g, size, target - 16u * g->program->data_selector);
	emit(g, 8, gen_value(g, 8));
	insn_access(g,
	        (struct access) { .where = ACCESS_AT, .gva = target, .size = 1, .writes = true });
	if (has_jump)
		insn_plain(g, jump, sizeof jump);
	insn_set(g, 8, AX, gen_value(g, 8));
}

static void interrupt(struct gen *g)
{
	if (g->program->has_vectors)
		insn_plain(g, (const uint8_t[]) { 0xcd, 0x40 }, 2);
}

/* #UD, #DE: the handler goes past two bytes. */
static void fault(struct gen *g)
{
	if (!g->program->has_vectors)
		return;
	if (gen_chance(g, 50)) {
		insn_plain(g, (const uint8_t[]) { 0x0f, 0x0b }, 2);
	} else {
		insn_set(g, 8, CX, 0);
		insn_plain(g, (const uint8_t[]) { 0xf6, 0xf1 }, 2);
	}
	/* RF is set, and what an int n pushes of it is left open: it comes later. */
	insn_plain(g, (const uint8_t[]) { 0x90 }, 1);
}

static void print(struct gen *g)
{
	if (!g->program->has_ports)
		return;
	insn_plain(g, (const uint8_t[]) { 0xe6, 0xe9 }, 2);
	g->insn->is_print = true;
}

static void port(struct gen *g)
{
	if (!g->program->has_ports)
		return;
	insn_plain(g,
	        gen_chance(g, 50) ? (const uint8_t[]) { 0xe6, 0x80 }
	                          : (const uint8_t[]) { 0xe4, 0x80 },
	        2);
}

/* Where ticks come: none for a while. */
static void interrupt_flag(struct gen *g)
{
	if (!g->program->has_timer || !g->program->has_ports)
		return;
	insn_plain(g, (const uint8_t[]) { 0xfa }, 1);
	insn_plain(g, (const uint8_t[]) { 0x90 }, 1);
	insn_plain(g, (const uint8_t[]) { 0xfb }, 1);
}

/* --- the choice --------------------------------------------------------------------------------- */

static const struct unit {
	void (*write)(struct gen *g);
	unsigned weight;
	bool nests;
} units[] = {
	{ arithmetic, 24, false },
	{ move, 18, false },
	{ rewrite, 4, false },
	{ extend, 4, false },
	{ unary, 12, false },
	{ shift, 5, false },
	{ multiply, 3, false },
	{ divide, 2, false },
	{ exchange, 6, false },
	{ set_if, 4, false },
	{ move_if, 2, false },
	{ bit_test, 4, false },
	{ address, 2, false },
	{ one_byte, 5, false },
	{ string, 12, false },
	{ push_and_pop, 8, false },
	{ flags, 2, false },
	{ load_stack_segment, 2, false },
	{ jump_if, 8, true },
	{ loop, 10, true },
	{ short_loop, 4, false },
	{ call, 6, true },
	{ modify, 4, false },
	{ interrupt, 4, false },
	{ fault, 3, false },
	{ print, 3, false },
	{ port, 2, false },
	{ interrupt_flag, 4, false },
};
#define UNITS (sizeof units / sizeof *units)

static const struct unit *choose(struct gen *g)
{
	unsigned total = 0;
	for (unsigned i = 0; i < UNITS; i++)
		total += units[i].weight;
	for (;;) {
		unsigned n = gen_below(g, total), i = 0;
		for (; n >= units[i].weight; i++)
			n -= units[i].weight;
		if (!units[i].nests || g->depth < DEPTH_MAX)
			return &units[i];
	}
}

void gen_units(struct gen *g, unsigned count)
{
	const uint32_t room = PROGRAM_CODE + PROGRAM_CODE_SIZE - 0x400;
	for (; count && g->at < room && g->program->insn_count < PROGRAM_INSNS - 200; count--)
		choose(g)->write(g);
}

/* Units that go somewhere: jumps, loops, calls, interrupts, faults; and what has to do with the
 * stack and the segment registers. Opcodes: SDM vol 2, appendix A. */
#include "emit.h"

#define FAULT_LEN 12 /* bytes that the handlers of faults skip: generate.c */

/* After the bytes from from, which are size / 8 bytes of displacement that ends at g->at. */
static void patch(struct gen *g, unsigned size, uint32_t from, uint32_t displacement)
{
	for (unsigned i = 0; i < size; i += 8)
		g->program->memory[from + i / 8] = (uint8_t)(displacement >> i);
}

static void nested(struct gen *g, unsigned most)
{
	gen_units(g, 1 + gen_below(g, most), true);
}

/* --- stack ------------------------------------------------------------------------------------ */

static void push(struct gen *g, unsigned size)
{
	struct operand o;
	switch (gen_below(g, 4)) {
	case 0: emit_op(g, size, 0x50 + gen_below(g, 8)); break; /* sp too */
	case 1:
		emit_op(g, size, 0x68);
		emit(g, size, gen_value(g, size));
		break;
	case 2:
		emit_op(g, size, 0x6a);
		emit(g, 8, gen_value(g, 8));
		break;
	default: o = operand_any(g, size); emit_modrm(g, size, 0xff, 6, &o);
	}
}

static void pop(struct gen *g, unsigned size)
{
	if (gen_chance(g, 60)) {
		emit_op(g, size, 0x58 + gen_register(g, size));
		return;
	}
	struct operand o = operand_any(g, size);
	emit_modrm(g, size, 0x8f, 0, &o);
}

static void push_and_pop(struct gen *g)
{
	unsigned size = gen_wide_size(g);
	push(g, size);
	nested(g, 2);
	if (gen_chance(g, 20)) {
		struct operand sp = operand_register(4);
		emit_modrm(g, 16, 0x83, 0, &sp); /* add sp, size / 8 */
		emit(g, 8, size / 8);
		return;
	}
	pop(g, size);
}

static void push_segment(struct gen *g)
{
	static const uint16_t opcodes[] = { 0x06, 0x0e, 0x16, 0x1e, 0x0fa0, 0x0fa8 };
	emit_op(g, 16, opcodes[gen_below(g, 6)]);
	emit_op(g, 16, 0x58 + gen_register(g, 16));
}

static void push_all(struct gen *g)
{
	unsigned size = gen_wide_size(g);
	emit_op(g, size, 0x60);
	nested(g, 2);
	emit_op(g, size, 0x61);
}

/* Not TF (bit 8), which has a unit of its own. */
static void flags(struct gen *g)
{
	unsigned size = gen_wide_size(g);
	if (gen_chance(g, 50)) {
		emit_op(g, size, 0x9c);
		nested(g, 1);
		if (gen_chance(g, 50))
			emit_op(g, size, 0x9d);
		else
			pop(g, size);
		return;
	}
	emit_op(g, size, 0x68);
	emit(g, size, (uint32_t)gen_random(g) & ~0x100u);
	emit_op(g, size, 0x9d);
}

static void frame(struct gen *g)
{
	emit_op(g, 16, 0xc8); /* enter n, 0 */
	emit(g, 16, gen_below(g, 64));
	emit(g, 8, 0);
	emit_op(g, gen_wide_size(g), 0x40 + gen_below(g, 4));
	emit_op(g, 16, 0xc9);
}

static void interrupt_flag(struct gen *g)
{
	emit_op(g, 16, 0xfa + gen_below(g, 2)); /* cli, sti */
}

/* --- segment registers ------------------------------------------------------------------------ */

/* After a load of ss: its stack pointer. */
static void set_stack(struct gen *g, unsigned size)
{
	emit_set(g, size, 4, gen_offset(g, SS, STACK_TOP));
}

static void load_segment(struct gen *g)
{
	static const uint8_t names[] = { ES, SS, DS, FS, GS };
	static const uint16_t pops[] = { 0x07, 0, 0x17, 0x1f, 0x0fa1, 0x0fa9 };
	enum segment s = (enum segment)names[gen_below(g, 5)];
	uint16_t sel = gen_selector(g, s);
	struct operand o = operand_register(gen_register(g, 16));
	switch (gen_below(g, 3)) {
	case 0: /* mov s, r */
		emit_set(g, 16, o.bytes[0] & 7, sel);
		emit_modrm(g, 16, 0x8e, s, &o);
		break;
	case 1: /* mov s, m */
		emit_set(g, 16, 0, sel);
		o = operand_at(g, DATA + 0x100);
		emit_modrm(g, 16, 0x89, 0, &o);
		emit_modrm(g, 16, 0x8e, s, &o);
		break;
	default:
		emit_op(g, 16, 0x68);
		emit(g, 16, sel);
		emit_op(g, 16, pops[s]);
	}
	g->sel[s] = sel;
	if (s == SS)
		set_stack(g, gen_wide_size(g));
}

/* A far pointer in the data. */
static void put_pointer(struct gen *g, unsigned size, uint32_t gva, uint16_t sel, uint16_t off)
{
	struct operand o = operand_at(g, gva);
	emit_modrm(g, size, 0xc7, 0, &o);
	emit(g, size, off);
	o = operand_at(g, gva + size / 8);
	emit_modrm(g, 16, 0xc7, 0, &o);
	emit(g, 16, sel);
}

/* les lss lds lfs lgs */
static void load_pointer(struct gen *g)
{
	static const uint8_t names[] = { ES, SS, DS, FS, GS };
	static const uint16_t opcodes[] = { 0xc4, 0, 0x0fb2, 0xc5, 0x0fb4, 0x0fb5 };
	enum segment s = (enum segment)names[gen_below(g, 5)];
	uint16_t sel = gen_selector(g, s);
	unsigned size = gen_wide_size(g);
	uint32_t gva = DATA + gen_below(g, DATA_SIZE - 8);
	uint16_t off = s == SS ? (uint16_t)(STACK_TOP - 16u * sel) : (uint16_t)gen_value(g, 16);
	put_pointer(g, size, gva, sel, off);
	struct operand o = operand_at(g, gva);
	emit_modrm(g, size, opcodes[s], s == SS ? 4 : gen_register(g, 16), &o);
	g->sel[s] = sel;
}

/* --- jumps ------------------------------------------------------------------------------------ */

/* Over a few units, or over bytes that are no code. */
static void jump_if(struct gen *g)
{
	unsigned condition = gen_below(g, 16);
	uint32_t start = g->at;
	bool is_short = gen_chance(g, 50);
	unsigned size = is_short ? 8 : gen_wide_size(g);
	emit_op(g, size, (is_short ? 0x70 : 0x0f80) + condition);
	emit(g, size, 0);
	uint32_t from = g->at;
	nested(g, 3);
	if (is_short && g->at - from > 127)
		g->at = start;
	else
		patch(g, size, from - size / 8, g->at - from);
}

static void jump(struct gen *g)
{
	unsigned form = gen_below(g, 4), junk = gen_below(g, 8);
	unsigned reg = gen_register(g, 16);
	uint32_t gva = DATA + gen_below(g, DATA_SIZE - 8);
	struct operand o = operand_register(reg);
	if (form == 3 && g->is_without_memory)
		form = 2;
	/* Where it goes is known when all in front of it is written: written twice then. */
	uint32_t start = g->at, to = 0;
	uint64_t random = g->random;
	for (int pass = 0; pass < 2; pass++) {
		g->at = start;
		g->random = random;
		switch (form) {
		case 0: emit(g, 16, 0xeb | junk << 8); break;
		case 1:
			emit(g, 8, 0xe9);
			emit(g, 16, junk);
			break;
		case 2: /* jmp r */
			emit_set(g, 16, reg, gen_offset(g, CS, to));
			emit_modrm(g, 16, 0xff, 4, &o);
			break;
		default: /* jmp m */
			o = operand_at(g, gva);
			emit_modrm(g, 16, 0xc7, 0, &o);
			emit(g, 16, gen_offset(g, CS, to));
			o = operand_at(g, gva);
			emit_modrm(g, 16, 0xff, 4, &o);
		}
		for (unsigned i = 0; i < junk; i++)
			emit(g, 8, (uint32_t)gen_random(g));
		to = g->at;
	}
}

/* To the same code under another CS. */
static void far_jump(struct gen *g)
{
	uint16_t sel = gen_selector(g, CS);
	unsigned size = gen_wide_size(g);
	if (gen_chance(g, 50)) {
		emit_op(g, size, 0xea);
		emit(g, size, g->at + size / 8 + 2 - 16u * sel);
		emit(g, 16, sel);
	} else {
		uint32_t gva = DATA + gen_below(g, DATA_SIZE - 8), start = g->at, to = 0;
		uint64_t random = g->random;
		for (int pass = 0; pass < 2; pass++) {
			g->at = start;
			g->random = random;
			put_pointer(g, size, gva, sel, (uint16_t)(to - 16u * sel));
			struct operand o = operand_at(g, gva);
			emit_modrm(g, size, 0xff, 5, &o);
			to = g->at;
		}
	}
	g->sel[CS] = sel;
}

/* loopne, loope, loop, jcxz: the count is kept on the stack while the body runs. */
static void loop(struct gen *g)
{
	unsigned opcode = 0xe0 + gen_below(g, 4), address_size = gen_chance(g, 25) ? 32 : 16;
	bool is_jump = opcode == 0xe3;
	uint32_t start = g->at;
	emit_set(g, address_size, 1, gen_below(g, is_jump ? 2 : 4) + !is_jump);
	uint32_t top = g->at;
	if (is_jump) {
		if (address_size == 32)
			emit(g, 8, 0x67);
		emit(g, 16, opcode);
		uint32_t from = g->at;
		nested(g, 2);
		if (g->at - from > 127)
			g->at = start;
		else
			patch(g, 8, from - 1, g->at - from);
		return;
	}
	emit_op(g, address_size, 0x51);
	nested(g, 3);
	emit_op(g, address_size, 0x59);
	if (address_size == 32)
		emit(g, 8, 0x67);
	emit(g, 16, opcode);
	if (g->at - top > 128)
		g->at = start;
	else
		patch(g, 8, g->at - 1, top - g->at);
}

/* --- calls ------------------------------------------------------------------------------------ */

/* The routine stands in front of its call, which a jump reaches. */
static void call(struct gen *g)
{
	bool is_far = gen_chance(g, 50);
	uint16_t sel = g->sel[CS], sel_inside = is_far ? gen_selector(g, CS) : sel;
	unsigned words = gen_below(g, 3), form = gen_below(g, 3);
	uint32_t gva = DATA + gen_below(g, DATA_SIZE - 8);
	emit(g, 8, 0xe9);
	emit(g, 16, 0);
	uint32_t routine = g->at;
	g->sel[CS] = sel_inside;
	nested(g, 3);
	g->sel[CS] = sel;
	emit(g, 8, (is_far ? 0xcb : 0xc3) - (words > 0)); /* retf, ret; with a count one less */
	if (words)
		emit(g, 16, 2 * words);
	patch(g, 16, routine - 2, g->at - routine);
	for (unsigned i = 0; i < words; i++)
		push(g, 16);
	uint16_t off = (uint16_t)(routine - 16u * sel_inside);
	if (form == 0 && !g->is_without_memory) { /* through memory */
		put_pointer(g, 16, gva, sel_inside, off);
		struct operand o = operand_at(g, gva);
		emit_modrm(g, 16, 0xff, is_far ? 3 : 2, &o);
	} else if (is_far) {
		emit(g, 8, 0x9a);
		emit(g, 16, off);
		emit(g, 16, sel_inside);
	} else if (form == 1) {
		struct operand o = operand_register(gen_register(g, 16));
		emit_set(g, 16, o.bytes[0] & 7, off);
		emit_modrm(g, 16, 0xff, 2, &o);
	} else {
		emit(g, 8, 0xe8);
		emit(g, 16, routine - (g->at + 2));
	}
}

/* --- interrupts and faults -------------------------------------------------------------------- */

static void interrupt(struct gen *g)
{
	switch (gen_below(g, 4)) {
	case 0: emit(g, 8, 0xcc); break; /* int3 */
	case 1: emit(g, 8, 0xce); break; /* into */
	default: emit(g, 8, 0xcd); emit(g, 8, 0x20 + gen_below(g, 8));
	}
}

/* iret to what stands after it. */
static void interrupt_return(struct gen *g)
{
	unsigned size = gen_wide_size(g);
	emit_op(g, size, 0x68);
	emit(g, size, (uint32_t)gen_random(g) & 0x00004ed5); /* no TF, IOPL, AC */
	emit_op(g, size, 0x68);
	emit(g, size, g->sel[CS]);
	emit_op(g, size, 0x68);
	uint32_t to = g->at + size / 8 + (size == 32 ? 2 : 1);
	emit(g, size, gen_offset(g, CS, to));
	emit_op(g, size, 0xcf);
}

/* Pads the instruction from start on to what the fault's handler skips. */
static void pad(struct gen *g, uint32_t start)
{
	static const uint8_t one[] = { 0x90, 0x40, 0x4b, 0xf5, 0x98, 0xf9 };
	while (g->at < start + FAULT_LEN)
		emit(g, 8, gen_chance(g, 60) ? 0x90 : one[gen_below(g, sizeof one)]);
}

/* div, idiv; aam 0: with #DE when it comes so. */
static void divide(struct gen *g)
{
	unsigned size = gen_size(g);
	struct operand o = operand_any(g, size);
	if (gen_chance(g, 60)) { /* often small enough for a quotient */
		emit_set(g, size == 8 ? 16 : size, 0, gen_value(g, size));
		if (size != 8)
			emit_set(g, size, 2, gen_below(g, 3));
	}
	uint32_t start = g->at;
	if (gen_chance(g, 8) && !(g->without >> OPTIONAL_AAM & 1))
		emit(g, 16, 0x00d4);
	else
		emit_modrm(g, size, 0xf6 | (size != 8), 6 + gen_below(g, 2), &o);
	pad(g, start);
}

/* #UD, #BR. */
static void fault(struct gen *g)
{
	/* mov to cs; group 5's /7; lock before what can't be locked: SDM vol 2, MOV, table A-6,
	 * LOCK */
	static const uint8_t invalid[][3] = { { 0x8e, 0xc8, 0x90 }, { 0xff, 0xf8, 0x90 },
		{ 0xf0, 0x01, 0xc0 } };
	uint32_t start = g->at;
	if (gen_chance(g, 40) && !g->is_without_memory && !(g->without >> OPTIONAL_BOUND & 1)) {
		struct operand o = operand_memory(g, 8);
		start = g->at;
		emit_modrm(g, gen_wide_size(g), 0x62, gen_below(g, 8), &o);
	} else if (gen_chance(g, 40) && !(g->without >> OPTIONAL_UD2 & 1)) {
		emit(g, 16, 0x0b0f);
	} else {
		unsigned which = gen_below(g, 3);
		emit_bytes(g, invalid[which ? which : g->without >> OPTIONAL_MOV_CS & 1], 3);
	}
	pad(g, start);
}

/* As code that hands an interrupt on calls the handler before it: pushf, far call. The handlers of
 * faults return past the padding. */
static void chain(struct gen *g)
{
	unsigned vector = gen_chance(g, 50) ? 0 : 6; /* #DE, #UD */
	uint16_t entry[2];
	memcpy(entry, g->program->memory + 4 * vector, sizeof entry);
	emit(g, 8, 0x9c);
	emit(g, 8, 0x9a);
	emit(g, 16, entry[0]);
	emit(g, 16, entry[1]);
	pad(g, g->at);
}

/* The program single-steps itself: TF on, a few units, TF off. #DB comes after each instruction,
 * and its handler changes nothing. No flags may be undefined here: they are pushed before the
 * oracle sees them. */
static void trap_flag(struct gen *g)
{
	if (g->without >> OPTIONAL_TF & 1 || g->is_defined_only)
		return;
	emit(g, 8, 0x68);
	emit(g, 16, 0x102 | (gen_random(g) & 0x8d5));
	emit(g, 8, 0x9d);
	g->is_defined_only = true;
	nested(g, 4);
	g->is_defined_only = false;
	emit(g, 8, 0x68);
	emit(g, 16, 0x002 | (gen_random(g) & 0x8d5));
	emit(g, 8, 0x9d);
}

const struct unit flow_units[] = {
	{ push_and_pop, 10, UNIT_NESTS | UNIT_DEFINED },
	{ push_segment, 3, UNIT_DEFINED },
	{ push_all, 3, UNIT_NESTS | UNIT_DEFINED },
	{ flags, 5, UNIT_NESTS | UNIT_DEFINED },
	{ frame, 2, UNIT_DEFINED },
	{ interrupt_flag, 3, 0 },
	{ load_segment, 10, UNIT_MEMORY | UNIT_STRAIGHT },
	{ load_pointer, 6, UNIT_MEMORY | UNIT_STRAIGHT },
	{ jump_if, 12, UNIT_NESTS | UNIT_DEFINED },
	{ jump, 5, UNIT_DEFINED },
	{ far_jump, 4, UNIT_MEMORY | UNIT_STRAIGHT },
	{ loop, 8, UNIT_NESTS | UNIT_DEFINED },
	{ call, 8, UNIT_NESTS | UNIT_DEFINED },
	{ interrupt, 8, UNIT_MEMORY },
	{ interrupt_return, 3, 0 },
	{ divide, 8, 0 },
	{ fault, 3, 0 },
	{ chain, 3, UNIT_MEMORY | UNIT_DEFINED },
	{ trap_flag, 3, UNIT_MEMORY | UNIT_NESTS },
	{ NULL, 0, 0 },
};

/* Random programs: vectors and handlers, data, then units one after the other, then hlt. */
#include "emit.h"

/* SDM vol 3, table "Protected-Mode Exceptions and Interrupts"; 0x20 and up: int n. */
enum { VECTOR_DE = 0, VECTOR_DB = 1, VECTOR_BP = 3, VECTOR_OF = 4, VECTOR_BR = 5, VECTOR_UD = 6 };

#define DEPTH_MAX 3
#define STEPS_MAX 300

const struct optional_insn optional_insns[OPTIONALS] = {
	[OPTIONAL_DAA] = { "daa", { 0x27 }, 1 },
	[OPTIONAL_DAS] = { "das", { 0x2f }, 1 },
	[OPTIONAL_AAA] = { "aaa", { 0x37 }, 1 },
	[OPTIONAL_AAS] = { "aas", { 0x3f }, 1 },
	[OPTIONAL_AAM] = { "aam", { 0xd4, 0x0a }, 2 },
	[OPTIONAL_AAD] = { "aad", { 0xd5, 0x0a }, 2 },
	[OPTIONAL_SALC] = { "salc", { 0xd6 }, 1 },
	[OPTIONAL_CMPXCHG8B] = { "cmpxchg8b", { 0x0f, 0xc7, 0x0e, 0x00, 0xa0 }, 5 },
	[OPTIONAL_BOUND] = { "bound", { 0x62, 0x06, 0x00, 0xa0 }, 4 },
	[OPTIONAL_UD2] = { "ud2", { 0x0f, 0x0b }, 2 },
	[OPTIONAL_TF] = { "tf", { 0x90 }, 1 },
	/* SDM vol 2: MOV; RCL/RCR/ROL/ROR; AAM: 0xff is 0x01 * 0xa8 + 0x57. */
	[OPTIONAL_MOV_CS] = { "mov-cs", { 0x8e, 0xc8 }, 2, CPU_PC, ~0u, HANDLERS },
	[OPTIONAL_RCR_9] = { "rcr-9", { 0xc0, 0xd8, 0x09 }, 3, CPU_EFLAGS, 1, 1 },
	[OPTIONAL_AAM_128] = { "aam-128", { 0xd4, 0xa8 }, 2, CPU_EAX, 0xffff, 0x0157 },
};

/* --- units ------------------------------------------------------------------------------------ */

static bool is_possible(const struct gen *g, const struct unit *u)
{
	return !((u->needs & UNIT_MEMORY && g->is_without_memory) ||
	         (u->needs & UNIT_STRAIGHT && g->depth > 0) ||
	         (!(u->needs & UNIT_DEFINED) && g->is_defined_only) ||
	         (u->needs & UNIT_NESTS && g->depth >= DEPTH_MAX));
}

static void one_unit(struct gen *g, const struct unit *units)
{
	unsigned total = 0;
	for (const struct unit *u = units; u->write; u++)
		if (is_possible(g, u))
			total += u->weight;
	unsigned at = gen_below(g, total);
	for (const struct unit *u = units; u->write; u++) {
		if (!is_possible(g, u))
			continue;
		if (at < u->weight) {
			u->write(g);
			return;
		}
		at -= u->weight;
	}
}

void gen_units(struct gen *g, unsigned count, bool is_nested)
{
	g->depth += is_nested;
	for (unsigned i = 0; i < count && g->at < CODE_END - 0x400; i++)
		one_unit(g, gen_chance(g, 65) ? data_units : flow_units);
	g->depth -= is_nested;
}

/* --- handlers --------------------------------------------------------------------------------- */

static void set_vector(struct gen *g, unsigned vector)
{
	uint16_t entry[2];
	g->sel[CS] = (uint16_t)gen_below(g, HANDLERS / 16 + 1);
	entry[0] = gen_offset(g, CS, g->at);
	entry[1] = g->sel[CS];
	memcpy(g->program->memory + 4 * vector, entry, sizeof entry);
}

/* push bp; mov bp, sp; OP word [bp + off], value; pop bp: changes what the interrupt has pushed.
 * SDM vol 3, "Real-Address Mode": ip, cs, flags. */
static void change_frame(struct gen *g, uint8_t modrm, uint8_t off, uint16_t value)
{
	const uint8_t bytes[] = { 0x55, 0x89, 0xe5, 0x81, (uint8_t)(0x46 | modrm), off,
		(uint8_t)value, (uint8_t)(value >> 8), 0x5d };
	emit_bytes(g, bytes, sizeof bytes);
}

/* A fault returns to its instruction: over it and its padding, 12 bytes (units_flow.c). */
static void fault_handler(struct gen *g, unsigned vector)
{
	set_vector(g, vector);
	if (gen_chance(g, 50))
		emit_bytes(
		        g, (const uint8_t[]) { 0x52, 0xd1, 0xda, 0x5a }, 4); /* push dx; rcr; pop */
	change_frame(g, 0 << 3, 2, 12);                                      /* add */
	emit(g, 8, 0xcf);
}

static void call_handler(struct gen *g, unsigned vector)
{
	set_vector(g, vector);
	g->is_without_memory = true;
	gen_units(g, gen_below(g, 3), true);
	g->is_without_memory = false;
	if (gen_chance(g, 40))
		change_frame(g, 6 << 3, 6, (uint16_t)gen_random(g) & 0x0ed5); /* xor the flags */
	if (gen_chance(g, 20)) {
		emit(g, 8, 0xca); /* retf 2: the flags stay as they are here */
		emit(g, 16, 2);
	} else {
		emit(g, 8, 0xcf);
	}
}

static void write_handlers(struct gen *g)
{
	g->at = HANDLERS;
	fault_handler(g, VECTOR_DE);
	fault_handler(g, VECTOR_UD);
	fault_handler(g, VECTOR_BR);
	set_vector(g, VECTOR_DB);
	if (gen_chance(g, 50))
		emit_bytes(
		        g, (const uint8_t[]) { 0x50, 0x40, 0x58 }, 3); /* push ax; inc ax; pop ax */
	emit(g, 8, 0xcf);
	call_handler(g, VECTOR_BP);
	call_handler(g, VECTOR_OF);
	for (unsigned i = 0; i < 8; i++)
		call_handler(g, 0x20 + i);
}

/* --- programs --------------------------------------------------------------------------------- */

static void fill_data(struct gen *g)
{
	for (unsigned i = 0; i < DATA_SIZE;) {
		/* Runs of one value, for repe and repne; and anything. */
		unsigned run = gen_chance(g, 30) ? 1 + gen_below(g, 16) : 1;
		uint8_t value = (uint8_t)gen_value(g, 8);
		for (; run && i < DATA_SIZE; run--)
			g->program->memory[DATA + i++] = value;
	}
}

static void set_registers(struct gen *g)
{
	struct cpu *c = &g->program->start;
	for (int i = CPU_EAX; i <= CPU_EDI; i++)
		c->r[i] = gen_value(g, 32);
	for (int s = ES; s < SEGMENTS; s++) {
		g->sel[s] = gen_selector(g, (enum segment)s);
		c->r[CPU_ES + s] = g->sel[s];
	}
	c->r[CPU_ESP] = gen_offset(g, SS, STACK_TOP);
	c->r[CPU_EFLAGS] = 2 | ((uint32_t)gen_random(g) & 0xed5); /* not TF */
	c->r[CPU_CR0] = 0x60000010; /* as after a reset: SDM vol 3, table "CPU State After Reset" */
	c->r[CPU_PC] = CODE;
}

void generate(struct program *p, uint64_t seed, uint32_t without)
{
	struct gen g = { .program = p, .random = seed, .without = without };
	snprintf(p->name, sizeof p->name, "seed %llu", (unsigned long long)seed);
	memset(p->memory, 0, SIDE_MEMORY);
	p->window = WINDOW;
	p->has_fixed_code = true;
	p->steps_max = STEPS_MAX;
	fill_data(&g);
	write_handlers(&g);
	set_registers(&g);
	g.at = CODE;
	gen_units(&g, 30 + gen_below(&g, 40), false);
	emit(&g, 8, 0xf4);
}

void generate_probe(struct program *p, enum optional which)
{
	const struct optional_insn *o = &optional_insns[which];
	struct gen g = { .program = p };
	memset(p->memory, 0, SIDE_MEMORY);
	p->window = WINDOW;
	p->start = (struct cpu) { 0 };
	p->start.r[CPU_ESP] = STACK_TOP;
	p->start.r[CPU_EAX] = 0xff;
	p->start.r[CPU_EFLAGS] = 3;
	p->start.r[CPU_CR0] = 0x60000010;
	/* kvm_pvm delivers the #UD of ud2 where CS is 0, and only there. */
	p->start.r[CPU_CS] = 0x10;
	p->start.r[CPU_PC] = CODE;
	/* Every vector leads to a handler, so that a fault shows. */
	for (unsigned i = 0; i < 32; i++)
		p->memory[4 * i + 1] = HANDLERS >> 8;
	g.at = CODE;
	emit_bytes(&g, o->bytes, o->len);
}

bool generate_probe_is_right(enum optional which, const struct cpu *after)
{
	const struct optional_insn *o = &optional_insns[which];
	return (after->r[o->reg] & o->mask) == o->value;
}

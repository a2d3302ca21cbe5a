/* What a program begins with, and its handlers. Sources: SDM vol 3, "Segment Descriptors", "IDT Descriptors",
 * "Task-State Segment (TSS)", "TSS in 64-bit Mode", "32-Bit Paging", "4-Level Paging"; the controllers' words: 8259A
 * and 8254 data sheets. */
#include "emit.h"

#define GDT_GVA    0x2000u
#define IDT_GVA    0x2400u
#define TSS_GVA    0x2a00u
#define TICKS_GVA  0x2f00u
#define CALLS_GVA  0x2f04u
#define LIMITS_GVA 0x2f10u /* what lgdt and lidt read */
#define TABLES_GPA 0x3000u
#define STACK0     0x7f00u
#define USER_PAGES PROGRAM_OWN

enum { VECTOR_DE = 0, VECTOR_UD = 6, VECTOR_TICK = 0x20, VECTOR_CALL = 0x40, VECTORS = 0x41 };
enum {
	CODE32 = 0x08,
	DATA32 = 0x10,
	CODE64 = 0x18,
	USER32 = 0x23,
	USER_DATA = 0x2b,
	USER64 = 0x33,
	TSS = 0x38
};

#define BYTES(...)                                                                                 \
	emit_bytes(g, (const uint8_t[]) { __VA_ARGS__ }, sizeof((const uint8_t[]) { __VA_ARGS__ }))

static bool is_long(const struct gen *g)
{
	return g->bits == 64;
}

/* --- tables ------------------------------------------------------------------------------------- */

static void put_gdt(struct program *p)
{
	static const uint64_t rows[] = { 0, 0x00cf9b000000ffff, 0x00cf93000000ffff,
		0x00af9b000000ffff, 0x00cffb000000ffff, 0x00cff3000000ffff, 0x00affb000000ffff,
		0x0000890000000067 | (uint64_t)TSS_GVA << 16, 0 };
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
		put_at(p, GDT_GVA + 8 * i, rows[i], 8);
	put_at(p, LIMITS_GVA, sizeof rows - 1, 2);
	put_at(p, LIMITS_GVA + 2, GDT_GVA, 8);
	put_at(p, LIMITS_GVA + 16, VECTORS * (p->mode->bits == 64 ? 16 : 8) - 1, 2);
	put_at(p, LIMITS_GVA + 18, IDT_GVA, 8);
	if (p->mode->bits == 64) {
		put_at(p, TSS_GVA + 4, STACK0, 8);
	} else {
		put_at(p, TSS_GVA + 4, STACK0, 4);
		put_at(p, TSS_GVA + 8, DATA32, 4);
	}
}

static void set_vector(struct gen *g, unsigned vector)
{
	struct program *p = g->program;
	unsigned rights = vector == VECTOR_CALL ? 0xee00 : 0x8e00;
	if (g->bits == 16) {
		put_at(p, 4 * vector, g->at, 4);
		return;
	}
	uint32_t gate = IDT_GVA + vector * (is_long(g) ? 16 : 8);
	put_at(p, gate, (g->at & 0xffff) | (is_long(g) ? CODE64 : CODE32) << 16, 4);
	put_at(p, gate + 4, rights, 4);
}

enum { P = 1, W = 2, U = 4 };

static void put_tables(struct program *p)
{
	unsigned size = p->mode->bits == 64 ? 8 : 4;
	uint32_t last = TABLES_GPA;
	for (unsigned i = 0; i < (size == 8 ? 3u : 1u); i++, last += 0x1000)
		put_at(p, last, (last + 0x1000) | P | W | U, size);
	for (unsigned i = 0; i < 16; i++)
		put_at(p, last + i * size, p->page_gpa[i] | P | W | (i >= USER_PAGES >> 12 ? U : 0),
		        size);
}

/* --- handlers ----------------------------------------------------------------------------------- */

static void end_interrupt(struct gen *g)
{
	if (is_long(g))
		BYTES(0x48);
	BYTES(0xcf);
}

/* OP dword [gva], with the operand's bytes after modrm's: an address of its own in every mode. */
static void direct(struct gen *g, unsigned opcode, unsigned reg, uint32_t gva)
{
	if (g->bits == 16)
		BYTES(0x2e, 0x66); /* in cs, which is 0 */
	emit(g, 8, opcode);
	emit(g, 8, reg << 3 | (g->bits == 16 ? 6 : is_long(g) ? 4 : 5));
	if (is_long(g))
		BYTES(0x25);
	emit(g, g->bits == 16 ? 16 : 32, gva);
}

static void call_handler(struct gen *g)
{
	set_vector(g, VECTOR_CALL);
	direct(g, 0xff, 0, CALLS_GVA);
	end_interrupt(g);
}

/* The instruction that raised it, and what is after it up to two bytes, is gone past; at the end of a program of
 * CPL 3 the CPU halts. */
static void fault_handler(struct gen *g)
{
	set_vector(g, VECTOR_DE);
	set_vector(g, VECTOR_UD);
	if (g->bits == 16) {
		BYTES(0x55, 0x89, 0xe5, 0x83, 0x46, 0x02, 0x02, 0x5d, 0xcf);
		return;
	}
	if (g->program->mode->cpl) {
		put_at(g->program, g->program->halt, 0x0b0f, 2);
		BYTES(0x81, 0x3c, 0x24); /* cmp dword [esp], end */
		emit(g, 32, g->program->halt);
		BYTES(0x75, 0x02); /* jne */
		g->program->halt = g->at;
		BYTES(0xf4, 0x90); /* only the end comes to the nop */
	}
	if (is_long(g))
		BYTES(0x48);
	BYTES(0x83, 0x04, 0x24, 0x02); /* add [esp], 2 */
	end_interrupt(g);
}

/* Counts, and masks the timer after so many ticks: a slow machine would do nothing else. */
static void tick_handler(struct gen *g)
{
	g->program->timer_begin = g->at;
	set_vector(g, VECTOR_TICK);
	BYTES(0x50);
	direct(g, 0xff, 0, TICKS_GVA);
	direct(g, 0x83, 7, TICKS_GVA);
	emit(g, 8, 5 + gen_below(g, 40));
	BYTES(0x72, 0x04, 0xb0, 0xff, 0xe6, 0x21); /* jb; mov al, 0xff; out 0x21, al */
	BYTES(0xb0, 0x20, 0xe6, 0x20, 0x58);       /* mov al, 0x20; out 0x20, al; pop eax */
	end_interrupt(g);
	g->program->timer_end = g->at;
}

/* --- the beginning ------------------------------------------------------------------------------ */

/* Vectors 0x20 and 0x28, all masked but IRQ 0, which comes some thousand times a second. */
static void start_timer(struct gen *g)
{
	const uint8_t count = (uint8_t)gen_next(g);
	const uint8_t words[][2] = { { 0x20, 0x11 }, { 0xa0, 0x11 }, { 0x21, VECTOR_TICK },
		{ 0xa1, 0x28 }, { 0x21, 4 }, { 0xa1, 2 }, { 0x21, 1 }, { 0xa1, 1 }, { 0x21, 0xfe },
		{ 0xa1, 0xff }, { 0x43, 0x34 }, { 0x40, count }, { 0x40, 0 } };
	for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
		BYTES(0xb0, words[i][1], 0xe6, words[i][0]);
}

static void push32(struct gen *g, uint32_t value)
{
	BYTES(0x68);
	emit(g, 32, value);
}

static void go_to_user(struct gen *g)
{
	const struct program *p = g->program;
	push32(g, USER_DATA);
	push32(g, PROGRAM_STACK);
	push32(g, 2u | (p->has_ports ? 0x3000u : 0) | (p->has_timer ? 0x200u : 0)); /* IOPL, IF */
	push32(g, is_long(g) ? USER64 : USER32);
	push32(g, p->start);
	end_interrupt(g);
}

static void load_segments(struct gen *g, uint16_t selector)
{
	BYTES(0xb8); /* mov eax, selector; mov ds, es, fs, gs */
	emit(g, g->bits == 16 ? 16 : 32, selector);
	BYTES(0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xe0, 0x8e, 0xe8);
}

static void begin_real(struct gen *g)
{
	load_segments(g, g->program->data_selector);
	BYTES(0x31, 0xc0, 0x8e, 0xd0, 0xbc); /* xor ax, ax; mov ss, ax; mov sp */
	emit(g, 16, PROGRAM_STACK);
}

static void begin_flat(struct gen *g)
{
	const struct program *p = g->program;
	static const uint8_t sib[] = { 0x25 };
	for (unsigned i = 2; i <= 3; i++) { /* lgdt, lidt */
		BYTES(0x0f, 0x01, (uint8_t)(i << 3 | (is_long(g) ? 4 : 5)));
		emit_bytes(g, sib, is_long(g));
		emit(g, 32, LIMITS_GVA + (i == 3 ? 16 : 0));
	}
	load_segments(g, p->mode->cpl ? USER_DATA : DATA32);
	BYTES(0x66, 0xb8, DATA32, 0, 0x8e, 0xd0, 0xbc); /* mov ax; mov ss, ax; mov esp */
	emit(g, 32, p->mode->cpl ? STACK0 : PROGRAM_STACK);
	if (is_long(g)) {
		BYTES(0x6a, CODE64, 0x68);
		emit(g, 32, g->at + 4 + 2);
		BYTES(0x48, 0xcb); /* lretq */
	} else {
		BYTES(0xea);
		emit(g, 32, g->at + 4 + 2);
		emit(g, 16, CODE32);
	}
	BYTES(0x66, 0xb8, TSS, 0, 0x0f, 0x00, 0xd8); /* mov ax; ltr ax */
	if (p->mode->kind == PROGRAM_PROT32)
		return;
	BYTES(0xb8);
	emit(g, 32, TABLES_GPA);
	BYTES(0x0f, 0x22, 0xd8); /* mov cr3, eax */
	if (p->mode->kind == PROGRAM_PAGED32)
		BYTES(0x0f, 0x20, 0xc0, 0x0d, 0x00, 0x00, 0x00, 0x80, 0x0f, 0x22, 0xc0, 0xeb, 0x00);
}

/* The program is there already. */
void setup_write(struct gen *g)
{
	struct program *p = g->program;
	g->at = PROGRAM_BEGIN;
	if (g->bits == 16) {
		begin_real(g);
	} else {
		put_gdt(p);
		if (p->mode->kind != PROGRAM_PROT32)
			put_tables(p);
		begin_flat(g);
	}
	if (p->has_timer)
		start_timer(g);
	if (p->mode->cpl) {
		go_to_user(g);
	} else {
		if (p->has_timer)
			BYTES(0xfb);
		BYTES(0xe9);
		unsigned size = g->bits == 16 ? 16 : 32;
		emit(g, size, p->start - (g->at + size / 8));
	}
	call_handler(g);
	fault_handler(g);
	tick_handler(g);
}

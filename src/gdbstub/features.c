/* A target description out of x86.c's table: which rows the target has, their numbers, the XML. */
#include "gdbstub/features.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gdbstub/feature_types.h"
#include "gdbstub/x86.h"

/* The target's number of a row's register in layout, or -1. */
static int find_row(const struct x86_row *row, enum target_layout layout, const struct target *t)
{
	if (!(row->layouts & 1 << layout))
		return -1;
	return t->registers->find(t->ctx, row->of ? row->of : row->name);
}

/* A feature that gdb knows has to be whole: it refuses the description of one that is not, and with
 * it all registers. Source: gdb's i386_validate_tdesc_p. */
static const struct {
	bool is_needed;         /* gdb refuses a description without it */
	bool is_ours;           /* gdb takes any registers of it */
	enum feature builds_on; /* itself: on none */
} kinds[FEATURES] = {
	[CORE] = { .is_needed = true, .builds_on = CORE },
	[SSE] = { .builds_on = SSE },
	[AVX] = { .builds_on = SSE },
	[AVX512] = { .builds_on = AVX },
	[PKEYS] = { .builds_on = PKEYS },
	[SEGMENTS] = { .builds_on = SEGMENTS },
	[SYSTEM] = { .is_ours = true, .builds_on = SYSTEM },
};

/* Which rows the description has; their numbers of the target, and whether they are in it. */
struct choice {
	int regs[X86_ROWS]; /* -1: the target has none */
	bool is_in[X86_ROWS];
};

static bool is_whole(const struct choice *c, enum feature feature, enum target_layout layout)
{
	for (size_t i = 0; i < X86_ROWS; i++)
		if (x86_rows[i].feature == feature && x86_rows[i].layouts & 1 << layout &&
		        c->regs[i] < 0)
			return false;
	return kinds[feature].builds_on == feature || is_whole(c, kinds[feature].builds_on, layout);
}

static void choose(struct choice *c, enum target_layout layout, const struct target *t)
{
	for (size_t i = 0; i < X86_ROWS; i++)
		c->regs[i] = find_row(&x86_rows[i], layout, t);
	for (size_t i = 0; i < X86_ROWS; i++) {
		enum feature feature = x86_rows[i].feature;
		bool is_there = kinds[feature].is_ours
		                        ? c->regs[i] >= 0
		                        : kinds[feature].is_needed || is_whole(c, feature, layout);
		c->is_in[i] = x86_rows[i].layouts & 1 << layout && is_there;
	}
}

/* Numbers the rows of one kind. */
static void number_rows(
        struct features *f, const struct choice *c, bool is_rare, uint16_t numbers[X86_ROWS])
{
	for (size_t i = 0; i < X86_ROWS; i++) {
		if (!c->is_in[i] || x86_rows[i].is_rare != is_rare ||
		        f->count == FEATURES_REGISTERS_MAX)
			continue;
		numbers[i] = (uint16_t)f->count;
		f->registers[f->count++] = (struct feature_register) {
			.name = x86_rows[i].name,
			.reg = c->regs[i],
			.size = (uint8_t)(x86_rows[i].bits / 8),
			.skip = x86_rows[i].skip,
		};
	}
}

/* Without a regnum a register has the number after the last one's; gdb fetches the description in
 * pieces of 4096 bytes, so what can be left out is.
 *
 * gdb has no use for the group on x86, where its own code decides by a register's number and type what `info
 * registers` leaves out: vectors and floats, which none of ours can be and still be a number or have fields (gdb's
 * i386_register_reggroup_p). A union with a vector in it is listed all the same: gdb 13.1 was tried. */
static void add_register(
        struct feature_text *s, const struct x86_row *row, unsigned number, unsigned *next)
{
	feature_add(
	        s, "<reg name=\"%s\" bitsize=\"%u\" type=\"%s\"", row->name, row->bits, row->type);
	if (number != *next)
		feature_add(s, " regnum=\"%u\"", number);
	if (row->group)
		feature_add(s, " group=\"%s\"", row->group);
	feature_add(s, "/>\n");
	*next = number + 1;
}

#define NO_NUMBER 0xffff

static void add_feature(struct feature_text *s, enum feature feature, enum target_layout layout,
        const uint16_t numbers[X86_ROWS], unsigned *next)
{
	static const char *const names[FEATURES] = {
		[CORE] = "org.gnu.gdb.i386.core",
		[SSE] = "org.gnu.gdb.i386.sse",
		[AVX] = "org.gnu.gdb.i386.avx",
		[AVX512] = "org.gnu.gdb.i386.avx512",
		[PKEYS] = "org.gnu.gdb.i386.pkeys",
		[SEGMENTS] = "org.gnu.gdb.i386.segments",
		[SYSTEM] = "org.stepvm.system",
	};
	bool is_open = false;
	for (size_t i = 0; i < X86_ROWS; i++) {
		if (x86_rows[i].feature != feature || numbers[i] == NO_NUMBER)
			continue;
		if (!is_open) {
			feature_add(s, "<feature name=\"%s\">\n", names[feature]);
			feature_add_types(s, feature, layout);
			is_open = true;
		}
		add_register(s, &x86_rows[i], numbers[i], next);
	}
	if (is_open)
		feature_add(s, "</feature>\n");
}

static void find_expedited(struct features *f, enum target_layout layout)
{
	for (const char *const *name = x86_layouts[layout].expedited; *name; name++)
		for (unsigned i = 0; i < f->count; i++)
			if (f->registers[i].reg >= 0 && !strcmp(f->registers[i].name, *name))
				f->expedited[f->expedited_count++] = (uint8_t)i;
}

static void find_pc(struct features *f, enum target_layout layout)
{
	f->pc = 0;
	while (f->pc < f->count && strcmp(f->registers[f->pc].name, x86_layouts[layout].pc))
		f->pc++;
}

int features_open(struct features *f, enum target_layout layout, const struct target *t)
{
	struct feature_text s = { 0 };
	struct choice choice;
	uint16_t numbers[X86_ROWS];
	unsigned next = 0;
	*f = (struct features) { 0 };
	memset(numbers, 0xff, sizeof numbers); /* NO_NUMBER */
	choose(&choice, layout, t);
	number_rows(f, &choice, false, numbers);
	f->in_g = f->count;
	for (unsigned i = 0; i < f->in_g; i++)
		f->g_size += f->registers[i].size;
	number_rows(f, &choice, true, numbers);
	feature_add(&s,
	        "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
	        "<target version=\"1.0\">\n<architecture>%s</architecture>\n<osabi>none</osabi>\n",
	        x86_layouts[layout].architecture);
	/* Without these gdb refuses a symbol file of another architecture than the CPU's of now. */
	for (int i = 0; i < TARGET_LAYOUTS; i++)
		if (i != (int)layout)
			feature_add(
			        &s, "<compatible>%s</compatible>\n", x86_layouts[i].architecture);
	for (int i = 0; i < FEATURES; i++)
		add_feature(&s, (enum feature)i, layout, numbers, &next);
	feature_add(&s, "</target>\n");
	if (s.has_failed) {
		free(s.text);
		return -ENOMEM;
	}
	f->xml = s.text;
	f->xml_len = s.len;
	find_expedited(f, layout);
	find_pc(f, layout);
	return 0;
}

void features_close(struct features *f)
{
	free(f->xml);
	f->xml = NULL;
}

bool features_read(
        const struct feature_register *r, const struct target *t, unsigned cpu, uint8_t *to)
{
	uint8_t value[TARGET_REGISTER_MAX] = { 0 };
	if (r->reg < 0 || !t->registers->read(t->ctx, cpu, r->reg, value))
		return false;
	memset(to, 0, r->size);
	unsigned has = t->registers->size(t->ctx, r->reg) - r->skip;
	memcpy(to, value + r->skip, has < r->size ? has : r->size);
	return true;
}

bool features_write(const struct feature_register *r, const struct target *t, unsigned cpu,
        const uint8_t *from, struct target_error *e)
{
	uint8_t value[TARGET_REGISTER_MAX] = { 0 };
	if (r->reg < 0) {
		snprintf(e->text, sizeof e->text, "the machine has no %s", r->name);
		return false;
	}
	unsigned has = t->registers->size(t->ctx, r->reg) - r->skip;
	if (!t->registers->read(t->ctx, cpu, r->reg, value))
		return false;
	memcpy(value + r->skip, from, has < r->size ? has : r->size);
	for (unsigned i = has; i < r->size; i++)
		if (from[i]) {
			snprintf(e->text, sizeof e->text, "%s has %u bits", r->name, 8 * has);
			return false;
		}
	struct target_error why = { { 0 } };
	if (t->registers->write(t->ctx, cpu, r->reg, value, &why))
		return true;
	if (why.text[0])
		snprintf(e->text, sizeof e->text, "%s: %.*s", r->name,
		        (int)(sizeof e->text - sizeof "k_gs_base: "), why.text);
	return false;
}

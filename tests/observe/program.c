#include "program.h"

#include <string.h>

#include "emit.h"
#include "random.h"

const struct program_mode program_modes[] = {
	{ "r16", "real", "real16", PROGRAM_REAL16, 16, 0 },
	{ "p32", "prot", "prot32", PROGRAM_PROT32, 32, 0 },
	{ "p32-paged", "prot", "prot32", PROGRAM_PAGED32, 32, 0 },
	{ "l64", "long", "long64", PROGRAM_LONG64, 64, 0 },
	{ "p32-user", "prot", "prot32", PROGRAM_PROT32, 32, 3 },
	{ "p32-paged-user", "prot", "prot32", PROGRAM_PAGED32, 32, 3 },
	{ "l64-user", "long", "long64", PROGRAM_LONG64, 64, 3 },
	{ NULL, NULL, NULL, PROGRAM_REAL16, 0, 0 },
};
#define MODES (sizeof program_modes / sizeof *program_modes - 1)

const struct program_insn *program_find(const struct program *p, uint64_t gva)
{
	if (gva - PROGRAM_CODE >= PROGRAM_CODE_SIZE || !p->at[gva - PROGRAM_CODE])
		return NULL;
	return &p->insns[p->at[gva - PROGRAM_CODE] - 1];
}

static const struct program_mode *choose_mode(struct gen *g, const char *name)
{
	const struct program_mode *m = &program_modes[gen_below(g, MODES)];
	if (!name)
		return m;
	for (m = program_modes; m->name; m++)
		if (!strcmp(m->name, name))
			return m;
	return NULL;
}

/* The program's own pages in any order, where there is paging. */
static void choose_pages(struct gen *g)
{
	struct program *p = g->program;
	bool has_paging = p->mode->kind == PROGRAM_PAGED32 || p->mode->kind == PROGRAM_LONG64;
	for (unsigned i = 0; i < 16; i++)
		p->page_gpa[i] = i << 12;
	for (unsigned i = 8; has_paging && i < 16; i++) {
		unsigned other = 8 + gen_below(g, i - 7);
		p->page_gpa[i] = p->page_gpa[other];
		p->page_gpa[other] = 0x10000 + ((i - 8) << 12);
	}
}

static void fill_data(struct gen *g)
{
	for (uint32_t i = 0; i < 0x200; i++)
		put_at(g->program, PROGRAM_DATA - 0x100 + i, gen_value(g, 8), 1);
	for (uint32_t i = 0; i < 64; i++)
		put_at(g->program, PROGRAM_MIXED + i, gen_value(g, 8), 1);
}

static void write_program(struct gen *g)
{
	static const uint16_t begins[] = { 0x40, 0x140, 0xf60, 0xffd, 0xffe };
	struct program *p = g->program;
	p->start = PROGRAM_CODE + begins[gen_below(g, sizeof begins / sizeof *begins)];
	g->at = p->start;
	for (unsigned reg = 0; reg < 8; reg++)
		if (reg != SP)
			insn_set(g, g->bits, reg, gen_value(g, g->bits));
	gen_units(g, 25 + gen_below(g, 40));
	if (!p->mode->cpl) /* else a ud2, for which the handler halts */
		insn_plain(g, (const uint8_t[]) { 0xfa }, 1);
	insn_begin(g);
	p->halt = g->at;
	emit(g, 8, 0xf4);
}

bool program_make(struct program *p, uint64_t seed, const char *name)
{
	struct gen g = { .program = p, .seed = seed };
	memset(p, 0, sizeof *p);
	p->seed = seed;
	p->mode = choose_mode(&g, name);
	if (!p->mode)
		return false;
	g.bits = p->mode->bits;
	p->has_timer = gen_chance(&g, 35);
	p->has_vectors = gen_chance(&g, 50);
	/* A KVM may drop IOPL at CPL 3 in long mode (kvm_pvm): there it is 0. */
	p->has_ports = !(p->mode->cpl && g.bits == 64);
	p->data_selector = g.bits == 16 && gen_chance(&g, 60) ? (uint16_t)gen_below(&g, 0x801) : 0;
	choose_pages(&g);
	fill_data(&g);
	write_program(&g);
	setup_write(&g);
	return true;
}

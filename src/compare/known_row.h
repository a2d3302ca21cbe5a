/* A row of the table of what KVMs do otherwise, and what the files with rows share. Private to known*.c.
 *
 * A row explains what an instruction of its kind does on some KVMs. `on`: a KVM that emulates its guests (kvm_pvm), one
 * that runs them on a CPU (kvm_amd and kvm_intel, whose CPU in the lab is QEMU's TCG or Bochs), TCG alone, or any. KVM's
 * side may differ in `parts`, of the flags in `flags` alone, and where `fails` is set KVM may be unable to do it at all.
 * `sdm` is the place of the SDM that has the engine right, `witness` who else agrees with it, in the same trials of
 * `engine random`: "tcg", kvm_amd in the lab; "bochs", kvm_intel there; "pvm", kvm_pvm's emulator; "cpu", this CPU itself,
 * which runs the 64-bit code of CPL 3 under kvm_pvm. */
#ifndef STEPVM_COMPARE_KNOWN_ROW_H
#define STEPVM_COMPARE_KNOWN_ROW_H

#include <stddef.h>

#include "compare/known.h"

#define KNOWN_ANYTHING 0xffffu

enum {
	KNOWN_UD = 6, /* vectors */
	KNOWN_NM = 7,
	KNOWN_DF = 8,
	KNOWN_NP = 11,
	KNOWN_SS = 12,
	KNOWN_GP = 13,
	KNOWN_PF = 14,
	KNOWN_AC = 17,
};

enum known_where { KNOWN_EMULATED, KNOWN_ON_CPU, KNOWN_ON_TCG, KNOWN_ANYWHERE };

struct known_row {
	const char *what;
	bool (*is)(const struct known_case *c, const struct opcode *o);
	enum known_where on;
	bool fails;
	unsigned parts;
	uint64_t flags;
	const char *sdm, *witness;
};

/* They end with a row without words. */
extern const struct known_row known_emulated[], known_on_any[], known_on_cpu[];

static inline bool known_is_one(const struct opcode *o, unsigned op)
{
	return o->map == MAP_1 && o->op == op;
}

static inline bool known_is_string(const struct opcode *o)
{
	return o->map == MAP_1 &&
	       ((o->op >= 0x6c && o->op <= 0x6f) || (o->op >= 0xa4 && o->op <= 0xa7) ||
	               (o->op >= 0xaa && o->op <= 0xaf));
}

/* An exception was raised on the engine's side. */
static inline bool known_has_raised(const struct known_case *c, const struct opcode *o)
{
	(void)o;
	return c->result->own_raised >= 0;
}

/* KVM's emulator does not know the instruction: KVM can't go on, or raises #UD, whose frame may have been undone. */
static inline bool known_has_no_emulation(const struct known_case *c)
{
	const struct compare_result *r = c->result;
	return r->verdict == COMPARE_KVM_FAILS || r->kvm_vector == KNOWN_UD ||
	       r->kvm.regs.rip == c->before->regs.rip;
}

/* The port is read, and nothing else. */
static inline bool known_is_ins(const struct known_case *c, const struct opcode *o)
{
	const struct compare_result *r = c->result;
	return known_has_raised(c, o) && (known_is_one(o, 0x6c) || known_is_one(o, 0x6d)) &&
	       r->own_log.count == 0 && !r->kvm_log.all[0].is_write;
}

static inline bool known_is_no_segment(const struct known_case *c, const struct opcode *o)
{
	unsigned reg = o->modrm >> 3 & 7;
	return ((known_is_one(o, 0x8e) && reg == 1) ||
	               ((known_is_one(o, 0x8e) || known_is_one(o, 0x8c)) && reg > 5)) &&
	       c->result->own_raised == KNOWN_UD;
}

static inline bool known_is_jump(const struct opcode *o)
{
	unsigned reg = o->modrm >> 3 & 7;
	if (o->map == MAP_0F)
		return (o->op & 0xf0) == 0x80;
	return o->map == MAP_1 &&
	       ((o->op & 0xf0) == 0x70 || (o->op >= 0xe0 && o->op <= 0xe3) ||
	               (o->op >= 0xe8 && o->op <= 0xeb) || o->op == 0x9a || o->op == 0xc2 ||
	               o->op == 0xc3 || o->op == 0xca || o->op == 0xcb || o->op == 0xcf ||
	               (o->op == 0xff && reg >= 2 && reg <= 5));
}

#endif

/* Descriptors and the hidden parts of segment registers; mov, push, pop and lds with them. */
#include "interp/segment.h"

#include "base/bytes.h"
#include "base/cpu_bits.h"
#include "interp/handlers.h"
#include "interp/stack.h"

#define CR0_AM  (1u << 18)
#define CR4_CET (1u << 23)
#define CR4_VME (1u << 0)

struct kvm_segment *interp_segment(struct interp *c, unsigned which)
{
	struct kvm_sregs *s = &c->sregs;
	struct kvm_segment *const all[SEGMENTS] = { &s->es, &s->cs, &s->ss, &s->ds, &s->fs,
		&s->gs };
	return all[which];
}

static void derive_segment(struct interp *c, unsigned which, const struct kvm_segment *s)
{
	struct segment *to = &c->seg[which];
	bool is_data = !(s->type & TYPE_CODE);
	*to = (struct segment) { s->base, s->limit, CAN_READ | CAN_WRITE, true, 0 };
	if (c->is_long) {
		to->limit = UINT64_MAX;
		if (which != FS && which != GS)
			to->base = 0;
	} else if (c->is_v86) {
		/* All can be read and written: is_state_known. */
	} else if (c->is_real) {
		/* What protected mode has left may be odd, and then CPUs differ. */
		if (s->unusable || !s->present || !s->s ||
		        (which != CS &&
		                (s->type & (TYPE_CODE | TYPE_DOWN | TYPE_WRITE)) != TYPE_WRITE))
			to->can = to->is_sure = 0;
	} else if (s->unusable) {
		to->can = 0;
	} else if (!s->present || !s->s) {
		to->can = to->is_sure = 0;
	} else if (is_data) {
		to->can = s->type & TYPE_WRITE ? CAN_READ | CAN_WRITE : CAN_READ;
		if (s->type & TYPE_DOWN) {
			to->can_down = to->can;
			to->can = 0;
		}
	} else {
		to->can = s->type & TYPE_READ ? CAN_READ : 0;
	}
}

/* In virtual-8086 mode with segments as that mode has them, and without extensions of it. */
static bool is_v86_known(const struct interp *c)
{
	const struct kvm_sregs *s = &c->sregs;
	const struct kvm_segment *all[] = { &s->es, &s->cs, &s->ss, &s->ds, &s->fs, &s->gs };
	for (unsigned k = 0; k < SEGMENTS; k++)
		if (all[k]->base != (uint64_t)all[k]->selector << 4 || all[k]->limit != 0xffff ||
		        all[k]->db)
			return false;
	return !c->is_real && !has_lma(c) && !(s->cr4 & CR4_VME);
}

static bool is_state_known(const struct interp *c)
{
	const struct kvm_sregs *s = &c->sregs;
	if (c->rflags & TF || c->has_debug || s->cr4 & CR4_CET)
		return false;
	if (c->rflags & VM && !is_v86_known(c))
		return false;
	if (c->is_real && (s->cs.db || s->ss.db))
		return false;
	if (has_lma(c) && !s->cs.l && !s->cs.db) /* 16-bit code in compatibility mode */
		return false;
	if (c->rflags & AC && s->cr0 & CR0_AM && c->cpl == 3) /* alignment is checked */
		return false;
	return c->is_long || !(c->rip >> 32);
}

void interp_derive(struct interp *c)
{
	const struct kvm_sregs *s = &c->sregs;
	uint8_t cpl = c->cpl;
	c->is_real = !(s->cr0 & CR0_PE);
	c->is_v86 = !c->is_real && c->rflags & VM;
	c->is_long = has_lma(c) && s->cs.l;
	c->code_bits = c->is_long ? 64 : s->cs.db ? 32 : 16;
	c->code_mode = c->is_long ? 3 : s->cs.db ? 2 : 1;
	c->cpl = c->is_real ? 0 : c->is_v86 ? 3 : s->ss.dpl;
	c->lin_mask = c->is_long ? UINT64_MAX : 0xffffffff;
	c->stack_bytes = c->is_long ? 8 : s->ss.db ? 4 : 2;
	c->sp_mask = c->is_long ? UINT64_MAX : s->ss.db ? 0xffffffff : 0xffff;
	for (unsigned which = 0; which < SEGMENTS; which++)
		derive_segment(c, which, interp_segment(c, which));
	c->is_mine = is_state_known(c);
	c->attention = true;
	if (c->cpl != cpl) /* translations have the rights of one */
		interp_flush(c);
}

static void loaded(struct interp *c)
{
	c->sregs_changed = true;
	interp_derive(c);
}

enum interp_done interp_descriptor(struct interp *c, uint16_t selector, struct kvm_segment *to)
{
	const struct kvm_sregs *s = &c->sregs;
	bool is_local = selector & 4;
	uint64_t table = is_local ? s->ldt.base : s->gdt.base;
	uint32_t table_limit = is_local ? s->ldt.limit : s->gdt.limit;
	uint8_t d[8];
	uint16_t index = selector & 0xfff8;
	bool is_none = is_local && (s->ldt.unusable || !s->ldt.present);
	if (is_none || index + 7u > table_limit)
		return raise_error(c, V_GP, selector & 0xfffc);
	if (!interp_system_read(c, table + index, 8, d))
		return FAULTS;
	uint32_t limit = get16(d) | (uint32_t)(d[6] & 15) << 16;
	*to = (struct kvm_segment) {
		.base = get16(d + 2) | (uint32_t)d[4] << 16 | (uint32_t)d[7] << 24,
		.limit = d[6] & 0x80 ? limit << 12 | 0xfff : limit,
		.selector = selector,
		.type = (d[5] & 15) | TYPE_ACCESSED,
		.present = d[5] >> 7,
		.dpl = d[5] >> 5 & 3,
		.db = d[6] >> 6 & 1,
		.s = d[5] >> 4 & 1,
		.l = d[6] >> 5 & 1,
		.g = d[6] >> 7,
		.avl = d[6] >> 4 & 1,
	};
	return DONE;
}

enum interp_done interp_mark_accessed(struct interp *c, uint16_t selector)
{
	const struct kvm_sregs *s = &c->sregs;
	uint64_t at_lin = (selector & 4 ? s->ldt.base : s->gdt.base) + (selector & 0xfff8u) + 5;
	uint8_t rights;
	struct place at;
	if (!interp_system_read(c, at_lin, 1, &rights))
		return HANDOVER;
	if (rights & TYPE_ACCESSED)
		return DONE;
	if (c->mark_count == MARKS_MAX || !interp_system_access(c, at_lin, 1, ACCESS_WRITE, &at))
		return HANDOVER;
	c->marks[c->mark_count++] = (struct mark) { at.p, TYPE_ACCESSED };
	c->attention = true;
	return DONE;
}

void interp_real_load(struct interp *c, unsigned which, uint16_t selector)
{
	struct kvm_segment *s = interp_segment(c, which);
	s->selector = selector;
	s->base = c->seg[which].base = (uint32_t)selector << 4;
	c->sregs_changed = true;
}

/* A null selector: nothing of the hidden part counts. In 64-bit code CPUs differ in the base that fs and gs
 * have then. */
static enum interp_done load_null(struct interp *c, unsigned which, uint16_t selector)
{
	if (which == SS)
		return c->is_long ? HANDOVER : raise_error(c, V_GP, 0);
	if (has_lma(c) && (which == FS || which == GS))
		return HANDOVER;
	*interp_segment(c, which) = (struct kvm_segment) { .selector = selector, .unusable = 1 };
	loaded(c);
	return DONE;
}

/* Whether the descriptor is one for this register; else *vector. SDM vol 2, "MOV". */
static bool is_loadable(
        const struct interp *c, unsigned which, const struct kvm_segment *s, int *vector)
{
	unsigned rpl = s->selector & 3;
	bool is_code = s->type & TYPE_CODE;
	*vector = V_GP;
	if (!s->s)
		return false;
	if (which == SS) {
		if (rpl != c->cpl || s->dpl != c->cpl || is_code || !(s->type & TYPE_WRITE))
			return false;
		*vector = V_SS;
	} else {
		if (is_code && !(s->type & TYPE_READ))
			return false;
		bool is_open = is_code && s->type & TYPE_CONFORMING;
		if (!is_open && (rpl > s->dpl || c->cpl > s->dpl))
			return false;
		*vector = V_NP;
	}
	return s->present;
}

enum interp_done interp_load_segment(struct interp *c, unsigned which, uint16_t selector)
{
	struct kvm_segment s;
	int vector;
	if (!(selector & 0xfffc))
		return load_null(c, which, selector);
	enum interp_done how = interp_descriptor(c, selector, &s);
	if (how != DONE)
		return how;
	if (!is_loadable(c, which, &s, &vector))
		return raise_error(c, vector, selector & 0xfffc);
	how = interp_mark_accessed(c, selector);
	if (how != DONE)
		return how;
	*interp_segment(c, which) = s;
	loaded(c);
	return DONE;
}

/* Gates, task segments and other rings are KVM's. */
enum interp_done interp_code_segment(
        struct interp *c, uint16_t selector, uint64_t off, struct kvm_segment *s)
{
	if (!(selector & 0xfffc))
		return raise_error(c, V_GP, 0);
	enum interp_done how = interp_descriptor(c, selector, s);
	if (how != DONE)
		return how;
	if (!s->s)
		return HANDOVER;
	bool is_open = s->type & TYPE_CONFORMING; /* whatever RPL is */
	if (!(s->type & TYPE_CODE) ||
	        (is_open ? s->dpl > c->cpl : (selector & 3) > c->cpl || s->dpl != c->cpl))
		return raise_error(c, V_GP, selector & 0xfffc);
	if (!s->present)
		return raise_error(c, V_NP, selector & 0xfffc);
	if (has_lma(c) && s->l) {
		if (s->db)
			return raise_error(c, V_GP, selector & 0xfffc);
		if (!is_canonical(off))
			return HANDOVER;
	} else if (off > s->limit) {
		return raise_error(c, V_GP, 0);
	}
	s->selector = (selector & 0xfffc) | c->cpl;
	return interp_mark_accessed(c, selector);
}

/* In any mode, with the shadow that a load of ss has. */
static enum interp_done load_any(struct interp *c, unsigned which, uint16_t selector)
{
	if (has_real_segments(c)) {
		interp_real_load(c, which, selector);
	} else {
		enum interp_done how = interp_load_segment(c, which, selector);
		if (how != DONE)
			return how;
	}
	if (which == SS) {
		c->new_shadow = KVM_X86_SHADOW_INT_MOV_SS;
		c->attention = true;
	}
	return DONE;
}

enum interp_done interp_mov_to_segment(struct interp *c, const struct insn *i)
{
	uint64_t v;
	if (i->ext == CS || i->ext > GS)
		return raise(c, V_UD);
	if (!rm_read(c, i, 2, &v))
		return FAULTS;
	return load_any(c, i->ext, (uint16_t)v);
}

enum interp_done interp_mov_from_segment(struct interp *c, const struct insn *i)
{
	struct place at;
	if (i->ext > GS)
		return raise(c, V_UD);
	if (!rm_prepare(c, i, 2, ACCESS_WRITE, &at))
		return FAULTS;
	uint16_t v = interp_segment(c, i->ext)->selector;
	if (i->is_mem)
		mem_put(&at, v, 2);
	else
		reg_put(c, i->rm, operand_len(i), v);
	return DONE;
}

/* ext: which. CPUs differ in what the upper half of a 32-bit slot gets. */
enum interp_done interp_push_segment(struct interp *c, const struct insn *i)
{
	uint16_t selector = interp_segment(c, i->ext)->selector;
	struct place at;
	if (i->osz != 2 || c->push_segment == INTERP_PUSH_WHOLE)
		return push(c, operand_len(i), selector) ? DONE : FAULTS;
	if (c->push_segment == INTERP_PUSH_UNKNOWN)
		return HANDOVER;
	if (!mem_prepare(c, SS, (c->r[SP] - 4) & c->sp_mask, 2, ACCESS_WRITE, &at))
		return FAULTS;
	mem_put(&at, selector, 2);
	sp_put(c, c->r[SP] - 4);
	return DONE;
}

/* The stack that is popped from is the old one, and so is its size. */
enum interp_done interp_pop_segment(struct interp *c, const struct insn *i)
{
	uint64_t v, sp = c->r[SP];
	unsigned len = operand_len(i);
	if (has_real_segments(c) && i->osz != 1)
		return HANDOVER;
	if (!peek(c, 0, len, &v)) {
		struct fault fault = c->fault;
		if (len > 2 && peek(c, 0, 2, &v)) /* some read no more than the selector */
			return HANDOVER;
		c->fault = fault;
		return FAULTS;
	}
	sp_put(c, sp + len);
	enum interp_done how = load_any(c, i->ext, (uint16_t)v);
	if (how != DONE)
		c->r[SP] = sp;
	return how;
}

/* les, lds, lss, lfs, lgs: ext says which. */
enum interp_done interp_load_far(struct interp *c, const struct insn *i)
{
	uint64_t off, selector, at = effective_address(c, i);
	unsigned len = operand_len(i);
	if (!i->is_mem) /* lss, lfs and lgs; les and lds begin a VEX then */
		return i->is_0f ? raise(c, V_UD) : HANDOVER;
	if (((at + len + 1) & address_mask(i)) < at)
		return HANDOVER;
	if (i->osz == 3) /* AMD's CPUs have no 64-bit offset here */
		return HANDOVER;
	if (!mem_read(c, i->seg, at, len, &off) || !mem_read(c, i->seg, at + len, 2, &selector))
		return interp_either_faults(c, i->seg, at, len, i->seg, at + len, 2);
	enum interp_done how = load_any(c, i->ext, (uint16_t)selector);
	if (how == DONE)
		reg_put(c, i->reg, len, off);
	if (how == DONE && i->ext == SS)
		c->new_shadow = 0; /* of mov and pop alone: SDM vol 2, "MOV", "POP" */
	return how;
}

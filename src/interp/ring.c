/* Stacks of other rings, and the ways there and back. */
#include "interp/ring.h"

#include "base/bytes.h"
#include "interp/segment.h"

enum { TYPE_TSS32_BUSY = 11, TSS32_SP = 4, TSS64_RSP = 4, TSS64_IST = 36 };
/* Of a stack's descriptor: data that can be written, not expand-down. */
enum { TYPE_MASK = 0xe, TYPE_STACK = 2, TYPE_DOWN_STACK = 6 };

/* Past its end: #TS. SDM vol 3, "Interrupt 10". */
static enum interp_done read_tss(struct interp *c, unsigned at, unsigned len, void *to)
{
	const struct kvm_segment *tr = &c->sregs.tr;
	if (tr->unusable || !tr->present || tr->type != TYPE_TSS32_BUSY)
		return HANDOVER;
	if (at + len - 1 > tr->limit)
		return raise_error(c, V_TS, tr->selector & 0xfffc);
	return interp_system_read(c, tr->base + at, len, to) ? DONE : FAULTS;
}

static enum interp_done find_stack_64(
        struct interp *c, unsigned cpl, unsigned ist, struct ring_stack *to)
{
	uint8_t sp[8];
	enum interp_done how =
	        read_tss(c, ist ? TSS64_IST + 8 * (ist - 1) : TSS64_RSP + 8 * cpl, 8, sp);
	if (how != DONE)
		return how;
	if (!is_canonical(get64(sp)))
		return raise_error(c, V_SS, 0);
	to->sp = get64(sp) & ~15ull;
	to->sp_mask = to->limit = UINT64_MAX;
	/* A null selector of that ring. */
	to->ss = cpl == c->cpl ? c->sregs.ss
	                       : (struct kvm_segment) { .selector = (uint16_t)cpl,
		                         .dpl = (uint8_t)cpl,
		                         .unusable = 1 };
	return DONE;
}

enum interp_done interp_ring_stack(
        struct interp *c, unsigned cpl, unsigned ist, struct ring_stack *to)
{
	uint8_t entry[6];
	if (has_lma(c))
		return find_stack_64(c, cpl, ist, to);
	enum interp_done how = read_tss(c, TSS32_SP + 8 * cpl, sizeof entry, entry);
	if (how != DONE)
		return how;
	uint16_t selector = get16(entry + 4);
	uint32_t error = selector & 0xfffc;
	if (!error)
		return raise_error(c, V_TS, 0);
	how = interp_descriptor(c, selector, &to->ss);
	if (how == FAULTS && c->fault.vector == V_GP)
		return raise_error(c, V_TS, error);
	if (how != DONE)
		return how;
	if (to->ss.s && (to->ss.type & TYPE_MASK) == TYPE_DOWN_STACK)
		return HANDOVER;
	if ((selector & 3) != cpl || !to->ss.s || (to->ss.type & TYPE_MASK) != TYPE_STACK ||
	        to->ss.dpl != cpl)
		return raise_error(c, V_TS, error);
	if (!to->ss.present)
		return raise_error(c, V_SS, error);
	to->sp = get32(entry);
	to->sp_mask = to->ss.db ? UINT32_MAX : 0xffff;
	to->limit = to->ss.limit;
	return interp_mark_accessed(c, selector);
}

enum interp_done interp_ring_prepare(struct interp *c, const struct ring_stack *to, unsigned len,
        unsigned count, struct place *at)
{
	for (unsigned k = 0; k < count; k++) {
		uint64_t off = (to->sp - (uint64_t)len * (k + 1)) & to->sp_mask;
		bool is_past = off > to->limit || to->limit - off < len - 1;
		if (is_past && k) /* some may be written */
			return HANDOVER;
		if (is_past)
			return raise_error(c, V_SS, to->ss.selector & 0xfffc);
		uint64_t lin = (has_lma(c) ? 0 : to->ss.base) + off;
		if (has_lma(c) && (!is_canonical(lin) || !is_canonical(lin + len - 1)))
			return HANDOVER;
		if (!interp_system_access(c, lin, len, ACCESS_WRITE, &at[k]))
			return k ? HANDOVER : FAULTS;
	}
	return DONE;
}

void interp_ring_push(struct ring_stack *to, unsigned len, const uint64_t *values, unsigned count,
        const struct place *at)
{
	for (unsigned k = 0; k < count; k++)
		mem_put(&at[k], values[k], len);
	uint64_t sp = (to->sp - (uint64_t)len * count) & to->sp_mask;
	to->sp = (to->sp & ~to->sp_mask) | sp;
}

enum interp_done interp_return_code(
        struct interp *c, uint16_t selector, uint64_t off, struct kvm_segment *to)
{
	unsigned rpl = selector & 3;
	if (rpl == c->cpl)
		return interp_code_segment(c, selector, off, to);
	if (rpl < c->cpl)
		return raise_error(c, V_GP, selector & 0xfffc);
	if (!(selector & 0xfffc))
		return raise_error(c, V_GP, 0);
	enum interp_done how = interp_descriptor(c, selector, to);
	if (how != DONE)
		return how;
	bool is_code = to->s && to->type & TYPE_CODE, is_open = to->type & TYPE_CONFORMING;
	if (!is_code || (is_open ? to->dpl > rpl : to->dpl != rpl) ||
	        (has_lma(c) && to->l && to->db))
		return raise_error(c, V_GP, selector & 0xfffc);
	if (is_open) /* whose ring is KVM's */
		return HANDOVER;
	if (!to->present)
		return raise_error(c, V_NP, selector & 0xfffc);
	/* It comes after the stack's checks. */
	if (has_lma(c) && to->l ? !is_canonical(off) : off > to->limit)
		return HANDOVER;
	return interp_mark_accessed(c, selector);
}

enum interp_done interp_return_stack(
        struct interp *c, uint16_t selector, const struct kvm_segment *code, struct kvm_segment *to)
{
	unsigned rpl = code->selector & 3;
	uint32_t error = selector & 0xfffc;
	if (!error) {
		if (!code->l || rpl == 3)
			return raise_error(c, V_GP, 0);
		if ((selector & 3u) != rpl)
			return HANDOVER;
		*to = (struct kvm_segment) {
			.selector = selector, .dpl = (uint8_t)rpl, .unusable = 1
		};
		return DONE;
	}
	enum interp_done how = interp_descriptor(c, selector, to);
	if (how != DONE)
		return how;
	if (to->s && (to->type & TYPE_MASK) == TYPE_DOWN_STACK)
		return HANDOVER;
	if ((selector & 3u) != rpl || !to->s || (to->type & TYPE_MASK) != TYPE_STACK ||
	        to->dpl != rpl)
		return raise_error(c, V_GP, error);
	if (!to->present)
		return raise_error(c, V_SS, error);
	return interp_mark_accessed(c, selector);
}

static bool is_inner(const struct kvm_segment *s, unsigned cpl)
{
	return !s->unusable && s->dpl < cpl && (s->type & 12) != 12;
}

static const uint8_t data_segments[] = { ES, DS, FS, GS };

/* In long mode a base of fs and gs counts whatever the selector, and CPUs differ in whether it is kept. */
bool interp_can_null(struct interp *c, unsigned cpl)
{
	const struct kvm_segment *fs = &c->sregs.fs, *gs = &c->sregs.gs;
	return !has_lma(c) || !((is_inner(fs, cpl) && fs->base) || (is_inner(gs, cpl) && gs->base));
}

bool interp_can_return(
        struct interp *c, const struct kvm_segment *code, const struct kvm_segment *ss)
{
	return (code->l || ss->db) && interp_can_null(c, code->selector & 3);
}

void interp_null_inner(struct interp *c, unsigned cpl)
{
	for (unsigned k = 0; k < sizeof data_segments; k++) {
		struct kvm_segment *s = interp_segment(c, data_segments[k]);
		if (is_inner(s, cpl))
			*s = (struct kvm_segment) { .unusable = 1 };
	}
}

void interp_null_all(struct interp *c)
{
	for (unsigned k = 0; k < sizeof data_segments; k++)
		*interp_segment(c, data_segments[k]) = (struct kvm_segment) { .unusable = 1 };
}

struct kvm_segment interp_v86_segment(uint16_t selector)
{
	return (struct kvm_segment) {
		.base = (uint32_t)selector << 4,
		.limit = 0xffff,
		.selector = selector,
		.type = 3,
		.present = 1,
		.dpl = 3,
		.s = 1,
	};
}

/* The stack that a handler's frame is pushed to, as the CPU chooses it: the present one, or one of the TSS. */
#include "machine/explain_stack.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/cpu_bits.h"
#include "debug/vectors.h"
#include "kvm/linear.h"
#include "kvm/paging.h"
#include "kvm/registers.h"
#include "kvm/segment.h"

/* Segment types: SDM vol 3, "Segment Descriptors". */
enum { TYPE_EXPANDS_DOWN = 4, TYPE_CONFORMING = 4, TYPE_CODE = 8, TYPE_TSS32 = 9, TYPE_BUSY = 2 };

struct stack {
	char name[16]; /* "ESP", or what the TSS has: "ESP0", "IST3" */
	bool is_of_tss;
	bool has_segment; /* not in long mode, */
	struct kvm_segment segment;
	uint64_t sp, mask;
	unsigned slot, size; /* bytes of one slot, and of the frame */
};

/* What the gate and its code segment say that decides on the stack. */
struct way {
	bool is_long;
	unsigned ist, slot;
	unsigned cpl; /* of the handler */
};

static bool read_descriptor(struct vcpu *v, uint16_t selector, struct kvm_segment *to)
{
	const struct kvm_sregs *s = vcpu_sregs(v);
	uint64_t descriptor, table = selector & 4 ? s->ldt.base : s->gdt.base;
	uint32_t limit = selector & 4 ? s->ldt.limit : s->gdt.limit;
	uint16_t index = selector & 0xfff8;
	if (!index || index + 7u > limit ||
	        linear_read(v, table + index, &descriptor, sizeof descriptor) != sizeof descriptor)
		return false;
	*to = segment_decode(descriptor);
	return true;
}

static bool find_way(struct vcpu *v, unsigned vector, struct way *w)
{
	const struct kvm_sregs *s = vcpu_sregs(v);
	struct kvm_segment code;
	uint64_t gva;
	uint8_t g[8];
	w->is_long = s->efer & EFER_LMA;
	const uint64_t at = s->idt.base + (uint64_t)vector * (w->is_long ? 16 : 8);
	if (!vector_target(v, vector, &gva, &w->slot) ||
	        linear_read(v, at, g, sizeof g) != sizeof g)
		return false;
	w->ist = w->is_long ? g[4] & 7 : 0;
	w->cpl = registers_cpl(v);
	if (get16(g + 2) >> 2 == s->cs.selector >> 2)
		return true;
	if (!read_descriptor(v, get16(g + 2), &code) || !code.s || !(code.type & TYPE_CODE))
		return false;
	if (!(code.type & TYPE_CONFORMING) && code.dpl < w->cpl)
		w->cpl = code.dpl;
	return true;
}

/* A field of the TSS; false: the TSS ends before it, or its page is not mapped. */
static bool read_tss(struct vcpu *v, unsigned offset, void *to, unsigned len)
{
	const struct kvm_segment *tr = &vcpu_sregs(v)->tr;
	return offset + len - 1 <= tr->limit && linear_read(v, tr->base + offset, to, len) == len;
}

/* Offsets: SDM vol 3, "64-Bit TSS Format" and "32-Bit Task-State Segment". 1: it is in *st; 0: the TSS has
 * none; -1: that is not known. */
static int find_tss_stack(struct vcpu *v, const struct way *w, struct stack *st)
{
	const struct kvm_sregs *s = vcpu_sregs(v);
	uint8_t field[8] = { 0 };
	st->is_of_tss = true;
	if (w->ist)
		snprintf(st->name, sizeof st->name, "IST%u", w->ist);
	else
		snprintf(st->name, sizeof st->name, "%s%u", w->is_long ? "RSP" : "ESP", w->cpl);
	if (w->is_long) {
		if (!read_tss(v, w->ist ? 28 + 8 * w->ist : 4 + 8 * w->cpl, field, 8))
			return 0;
		st->sp = get64(field) & ~UINT64_C(15);
		st->mask = UINT64_MAX;
		return 1;
	}
	if ((s->tr.type & ~TYPE_BUSY) != TYPE_TSS32)
		return -1;
	if (!read_tss(v, 4 + 8 * w->cpl, field, 8))
		return 0;
	st->sp = get32(field);
	st->has_segment = true;
	if (!read_descriptor(v, get16(field + 4), &st->segment))
		return -1; /* #TS, by a selector that the sentence would have to name as well */
	st->mask = st->segment.db ? UINT32_MAX : UINT16_MAX;
	return 1;
}

static void find_own_stack(struct vcpu *v, const struct way *w, struct stack *st)
{
	const struct kvm_sregs *s = vcpu_sregs(v);
	const uint64_t rsp = vcpu_regs(v)->rsp;
	st->has_segment = !w->is_long;
	st->segment = s->ss;
	st->mask = w->is_long ? UINT64_MAX : s->ss.db ? UINT32_MAX : UINT16_MAX;
	st->sp = (w->is_long ? rsp & ~UINT64_C(15) : rsp) & st->mask;
	snprintf(st->name, sizeof st->name, "%s", w->is_long ? "RSP" : s->ss.db ? "ESP" : "SP");
}

static bool pushes_error(unsigned vector, enum catch_cause cause)
{
	return cause == CATCH_BY_EXCEPTION &&
	       (vector == VECTOR_DF || (vector >= VECTOR_TS && vector <= VECTOR_PF) ||
	               vector == VECTOR_AC || vector == VECTOR_CP);
}

static bool is_in_segment(const struct kvm_segment *g, uint64_t offset, unsigned len)
{
	if ((g->type & (TYPE_CODE | TYPE_EXPANDS_DOWN)) == TYPE_EXPANDS_DOWN)
		return offset > g->limit && offset + len - 1 <= (g->db ? UINT32_MAX : UINT16_MAX);
	return offset + len - 1 <= g->limit;
}

struct page_rights {
	bool is_found, is_writable;
	uint64_t gva;
};

static bool take_rights(void *ctx, const struct paging_page *page)
{
	struct page_rights *r = ctx;
	r->is_found = r->gva - page->gva < page->size;
	r->is_writable = page->rights & PAGING_WRITE;
	return false;
}

static bool is_writable(struct vcpu *v, uint64_t gva)
{
	struct page_rights r = { .gva = gva };
	uint64_t next;
	const struct kvm_sregs *s = vcpu_sregs(v);
	if (!(s->cr0 & CR0_PG) || !(s->cr0 & CR0_WP))
		return true;
	linear_each(v, gva, take_rights, &r, &next);
	return !r.is_found || r.is_writable;
}

/* Whether a slot of the frame can be written. False: it cannot, and *l has the end of a sentence. */
static bool has_slot(
        struct vcpu *v, const struct stack *st, uint64_t offset, struct line *l, uint64_t *gva)
{
	struct paging_miss miss;
	uint64_t at = offset;
	if (st->has_segment && !is_in_segment(&st->segment, offset, st->slot)) {
		line_add(l, ", and 0x%" PRIx64 " is outside of the segment (SS, limit 0x%x)",
		        offset, st->segment.limit);
		return false;
	}
	if (st->has_segment)
		at = (st->segment.base + offset) & UINT32_MAX;
	else if (!registers_is_canonical(vcpu_sregs(v), at)) {
		line_add(l, ", and 0x%" PRIx64 " is not canonical", at);
		return false;
	}
	if (linear_find_miss(v, at, &miss)) {
		line_add(l, ", and 0x%" PRIx64 " is not mapped", at);
		*gva = at;
		return false;
	}
	if (!is_writable(v, at)) {
		line_add(l, ", and the page of 0x%" PRIx64 " is read-only", at);
		return false;
	}
	return true;
}

bool explain_stack(
        struct vcpu *v, unsigned vector, enum catch_cause cause, struct line *l, uint64_t *gva)
{
	const struct kvm_sregs *s = vcpu_sregs(v);
	struct stack st = { .size = 0 };
	struct way w;
	char text[200];
	struct line own = { .to = text, .size = sizeof text };
	*gva = 0;
	if (registers_is_real(registers_mode(v)) || !find_way(v, vector, &w))
		return false;
	const bool switches = w.ist || w.cpl != registers_cpl(v);
	const int known = switches ? find_tss_stack(v, &w, &st) : (find_own_stack(v, &w, &st), 1);
	if (known < 0)
		return false;
	if (!known) {
		line_add(l, "the TSS (TR 0x%x, base 0x%" PRIx64 ", limit 0x%x) has no %s",
		        s->tr.selector, (uint64_t)s->tr.base, s->tr.limit, st.name);
		return true;
	}
	st.slot = w.slot;
	st.size = w.slot * (3 + (w.is_long || switches ? 2 : 0) + pushes_error(vector, cause) +
	                           (registers_mode(v) == CPU_VM86 ? 4 : 0));
	line_add(&own, "%s%s is 0x%" PRIx64, st.is_of_tss ? "the TSS's " : "", st.name, st.sp);
	if (has_slot(v, &st, (st.sp - st.slot) & st.mask, &own, gva) &&
	        has_slot(v, &st, (st.sp - st.size) & st.mask, &own, gva))
		return false;
	line_add(l, "%s", text);
	return true;
}

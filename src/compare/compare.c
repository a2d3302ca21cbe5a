/* States and accesses, part by part. */
#include "compare/compare.h"

#include <string.h>

static bool is_null(const struct kvm_segment *s)
{
	return s->unusable || (!(s->selector & ~3u) && !s->present);
}

/* Selectors that are null have no other content that counts. */
bool compare_segment(const struct kvm_segment *a, const struct kvm_segment *b)
{
	if (is_null(a) && is_null(b))
		return a->selector == b->selector;
	return !memcmp(a, b, sizeof *a);
}

bool compare_logs(const struct compare_log *a, const struct compare_log *b)
{
	if (a->count != b->count)
		return false;
	for (unsigned i = 0; i < a->count; i++) {
		const struct compare_access *x = &a->all[i], *y = &b->all[i];
		if (x->is_port != y->is_port || x->is_write != y->is_write || x->size != y->size ||
		        x->at != y->at || x->value != y->value)
			return false;
	}
	return true;
}

/* An AMD CPU does not tell by which of the two it is: KVM says both. */
static bool same_shadow(uint8_t own, uint8_t kvm)
{
	const uint8_t both = KVM_X86_SHADOW_INT_MOV_SS | KVM_X86_SHADOW_INT_STI;
	return own == kvm || (kvm == both && own);
}

unsigned compare_states(
        const struct compare_state *a, const struct compare_state *b, uint64_t *flags)
{
	unsigned parts = 0;
	struct kvm_regs x = a->regs;
	const struct kvm_sregs *s = &a->sregs, *t = &b->sregs;
	*flags = x.rflags ^ b->regs.rflags;
	if (x.rip != b->regs.rip)
		parts |= COMPARE_RIP;
	x.rip = b->regs.rip;
	if (*flags)
		parts |= COMPARE_FLAGS;
	x.rflags = b->regs.rflags;
	if (memcmp(&x, &b->regs, sizeof x))
		parts |= COMPARE_REGS;
	if (!compare_segment(&s->cs, &t->cs) || !compare_segment(&s->ss, &t->ss) ||
	        !compare_segment(&s->ds, &t->ds) || !compare_segment(&s->es, &t->es) ||
	        !compare_segment(&s->fs, &t->fs) || !compare_segment(&s->gs, &t->gs))
		parts |= COMPARE_SEGMENTS;
	if (!compare_segment(&s->ldt, &t->ldt) || !compare_segment(&s->tr, &t->tr) ||
	        s->gdt.base != t->gdt.base || s->gdt.limit != t->gdt.limit ||
	        s->idt.base != t->idt.base || s->idt.limit != t->idt.limit)
		parts |= COMPARE_TABLES;
	if (s->cr2 != t->cr2)
		parts |= COMPARE_CR2;
	if (s->cr0 != t->cr0 || s->cr3 != t->cr3 || s->cr4 != t->cr4 || s->efer != t->efer ||
	        s->cr8 != t->cr8)
		parts |= COMPARE_CONTROL;
	if (!same_shadow(a->shadow, b->shadow))
		parts |= COMPARE_SHADOW;
	return parts;
}

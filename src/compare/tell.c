/* Item by item, each with both values. */
#include "compare/tell.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/array.h"
#include "base/cpu_bits.h"

struct text {
	char *to;
	size_t size, len;
	unsigned items;
};

static __attribute__((format(printf, 2, 3))) void put(struct text *t, const char *format, ...)
{
	va_list args;
	if (t->len + 1 >= t->size)
		return;
	va_start(args, format);
	int n = vsnprintf(t->to + t->len, t->size - t->len, format, args);
	va_end(args);
	t->len += n > 0 ? (size_t)n : 0;
	if (t->len >= t->size)
		t->len = t->size - 1;
}

static void value(struct text *t, const char *name, uint64_t own, uint64_t kvm)
{
	if (own != kvm)
		put(t, "%s%s is 0x%" PRIx64 " by the engine and 0x%" PRIx64 " by KVM",
		        t->items++ ? "; " : " ", name, own, kvm);
}

static void registers(struct text *t, const struct known_case *c)
{
	static const char *const wide[] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip" };
	static const char *const narrow[] = { "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi",
		"edi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "eip" };
	const struct kvm_regs *a = &c->result->own.regs, *b = &c->result->kvm.regs;
	const uint64_t own[] = { a->rax, a->rcx, a->rdx, a->rbx, a->rsp, a->rbp, a->rsi, a->rdi,
		a->r8, a->r9, a->r10, a->r11, a->r12, a->r13, a->r14, a->r15, a->rip };
	const uint64_t kvm[] = { b->rax, b->rcx, b->rdx, b->rbx, b->rsp, b->rbp, b->rsi, b->rdi,
		b->r8, b->r9, b->r10, b->r11, b->r12, b->r13, b->r14, b->r15, b->rip };
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		value(t, (c->bits == 64 ? wide : narrow)[i], own[i], kvm[i]);
}

/* SDM vol 1, "EFLAGS Register". */
static void flags(struct text *t, const struct compare_result *r)
{
	static const struct {
		uint64_t bit;
		const char *name;
	} names[] = {
		{ 1u << 0, "CF" },
		{ 1u << 2, "PF" },
		{ 1u << 4, "AF" },
		{ 1u << 6, "ZF" },
		{ 1u << 7, "SF" },
		{ 1u << 8, "TF" },
		{ 1u << 9, "IF" },
		{ 1u << 10, "DF" },
		{ 1u << 11, "OF" },
		{ 1u << 14, "NT" },
		{ 1u << 16, "RF" },
		{ 1u << 18, "AC" },
	};
	uint64_t left = r->own.regs.rflags ^ r->kvm.regs.rflags;
	for (size_t i = 0; i < ARRAY_SIZE(names); left &= ~names[i++].bit)
		if (left & names[i].bit)
			put(t, "%sthe flag %s is %u by the engine and %u by KVM",
			        t->items++ ? "; " : " ", names[i].name,
			        !!(r->own.regs.rflags & names[i].bit),
			        !!(r->kvm.regs.rflags & names[i].bit));
	if (left)
		value(t, "the flags register", r->own.regs.rflags, r->kvm.regs.rflags);
}

static void put_segment(struct text *t, const struct kvm_segment *s)
{
	put(t,
	        "%04x (base 0x%" PRIx64
	        ", limit 0x%x, type %x, S %u, DPL %u, P %u, D %u, L %u, G %u%s)",
	        s->selector, (uint64_t)s->base, s->limit, s->type, s->s, s->dpl, s->present, s->db,
	        s->l, s->g, s->unusable ? ", unusable" : "");
}

static void segments(struct text *t, const struct compare_result *r)
{
	static const char *const names[] = { "cs", "ss", "ds", "es", "fs", "gs", "ldtr", "tr" };
	const struct kvm_sregs *a = &r->own.sregs, *b = &r->kvm.sregs;
	const struct kvm_segment *own[] = { &a->cs, &a->ss, &a->ds, &a->es, &a->fs, &a->gs, &a->ldt,
		&a->tr };
	const struct kvm_segment *kvm[] = { &b->cs, &b->ss, &b->ds, &b->es, &b->fs, &b->gs, &b->ldt,
		&b->tr };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (compare_segment(own[i], kvm[i]))
			continue;
		put(t, "%s%s is ", t->items++ ? "; " : " ", names[i]);
		put_segment(t, own[i]);
		put(t, " by the engine and ");
		put_segment(t, kvm[i]);
		put(t, " by KVM");
	}
	value(t, "the GDT's base", a->gdt.base, b->gdt.base);
	value(t, "the GDT's limit", a->gdt.limit, b->gdt.limit);
	value(t, "the IDT's base", a->idt.base, b->idt.base);
	value(t, "the IDT's limit", a->idt.limit, b->idt.limit);
}

static void controls(struct text *t, const struct compare_result *r)
{
	const struct kvm_sregs *a = &r->own.sregs, *b = &r->kvm.sregs;
	value(t, "cr0", a->cr0, b->cr0);
	value(t, "cr2", a->cr2, b->cr2);
	value(t, "cr3", a->cr3, b->cr3);
	value(t, "cr4", a->cr4, b->cr4);
	value(t, "cr8", a->cr8, b->cr8);
	value(t, "EFER", a->efer, b->efer);
	if (r->parts & COMPARE_SHADOW)
		value(t, "the interrupt shadow", r->own.shadow, r->kvm.shadow);
}

static void put_access(struct text *t, const struct compare_log *l, unsigned i)
{
	if (i >= l->count) {
		put(t, "nothing more");
		return;
	}
	const struct compare_access *a = &l->all[i];
	put(t, "%u byte%s %s %s 0x%" PRIx64 ", value 0x%" PRIx64, a->size, a->size == 1 ? "" : "s",
	        a->is_write ? "to" : "from", a->is_port ? "port" : "physical address", a->at,
	        a->value);
}

/* The first one that they do not share. */
static void accesses(struct text *t, const struct compare_result *r)
{
	struct compare_log own = r->own_log, kvm = r->kvm_log;
	unsigned i = 0;
	for (; i < own.count && i < kvm.count; i++) {
		struct compare_log a = { 1, { own.all[i] } }, b = { 1, { kvm.all[i] } };
		if (!compare_logs(&a, &b))
			break;
	}
	put(t, "%sof accesses to devices, number %u is ", t->items++ ? "; " : " ", i + 1);
	put_access(t, &own, i);
	put(t, " by the engine and ");
	put_access(t, &kvm, i);
	put(t, " by KVM");
}

static void place(struct text *t, const struct known_case *c, unsigned count)
{
	const struct kvm_sregs *s = &c->before->sregs;
	uint64_t linear = s->cs.base + c->before->regs.rip;
	put(t, "at %04x:%0*" PRIx64 " (linear 0x%" PRIx64 ", %u-bit code, CPL %u)", s->cs.selector,
	        c->bits == 16 ? 4 : c->bits / 4, (uint64_t)c->before->regs.rip,
	        c->bits == 64 ? (uint64_t)c->before->regs.rip : linear & UINT32_MAX, c->bits,
	        c->cpl);
	if (c->is_interrupt) {
		put(t, ", on the way to the handler of interrupt 0x%02x",
		        (unsigned)c->result->own_vector);
		return;
	}
	put(t, ", where the bytes are");
	for (unsigned i = 0; i < count; i++)
		put(t, " %02x", c->bytes[i]);
	if (c->result->own_vector >= 0)
		put(t, " and the engine raises vector 0x%02x", (unsigned)c->result->own_vector);
}

void compare_tell(
        const struct known_case *c, unsigned count, const char *why, char *to, size_t size)
{
	const struct compare_result *r = c->result;
	struct text t = { .to = to, .size = size };
	*to = 0;
	put(&t, "the engine and KVM differ ");
	place(&t, c, count);
	put(&t, ":");
	if (r->verdict == COMPARE_KVM_FAILS) {
		put(&t, " the engine does it, and KVM does not: %s.", why);
		return;
	}
	if (r->verdict == COMPARE_CHANGED)
		put(&t, " the engine leaves the instruction to KVM (\"KVM\" is the state before "
		        "it):");
	registers(&t, c);
	flags(&t, r);
	segments(&t, r);
	controls(&t, r);
	if (r->parts & COMPARE_MEMORY)
		put(&t,
		        "%sthe byte at physical address 0x%" PRIx64
		        " is 0x%02x by the engine and 0x%02x by KVM",
		        t.items++ ? "; " : " ", r->gpa, r->own_byte, r->kvm_byte);
	if (r->parts & COMPARE_ACCESS)
		accesses(&t, r);
	if (r->parts & COMPARE_EXTRAS)
		put(&t, "%sthe x87's control, status or tag word, or an MSR, is another",
		        t.items++ ? "; " : " ");
	put(&t, ".");
}

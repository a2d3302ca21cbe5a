/* Counting and printing. */
#include "tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"

static const char *const part_names[] = { "registers", "rip", "flags", "segments", "tables", "cr2",
	"control", "memory", "accesses", "shadow", "x87 or MSRs" };
static const char *const verdict_names[] = { "same", "handed over", "CHANGED BEFORE A HANDOVER",
	"DIFFERS", "KVM FAILS", "skipped" };

/* --- one difference, whole ---------------------------------------------------------------------- */

static void print_segment(const char *name, const struct kvm_segment *s)
{
	printf(" %s %04x/%" PRIx64 "/%x/%x%x%x%x%x%x%x", name, s->selector, (uint64_t)s->base,
	        s->limit, s->type, s->s, s->dpl, s->present, s->db * 2 + s->l, s->g, s->unusable);
}

static void print_state(const char *name, const struct compare_state *s)
{
	const struct kvm_regs *r = &s->regs;
	const struct kvm_sregs *g = &s->sregs;
	const uint64_t all[] = { r->rax, r->rcx, r->rdx, r->rbx, r->rsp, r->rbp, r->rsi, r->rdi,
		r->r8, r->r9, r->r10, r->r11, r->r12, r->r13, r->r14, r->r15 };
	static const char *const names[] = { "ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8",
		"r9", "r10", "r11", "r12", "r13", "r14", "r15" };
	printf("#  %-6s ip %" PRIx64 " flags %" PRIx64, name, (uint64_t)r->rip,
	        (uint64_t)r->rflags);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (i < 8 || all[i])
			printf(" %s %" PRIx64, names[i], all[i]);
	printf("\n#        ");
	print_segment("cs", &g->cs);
	print_segment("ss", &g->ss);
	print_segment("ds", &g->ds);
	print_segment("es", &g->es);
	print_segment("fs", &g->fs);
	print_segment("gs", &g->gs);
	printf("\n#         ldt %04x tr %04x gdt %" PRIx64 "/%x idt %" PRIx64 "/%x cr0 %" PRIx64
	       " cr2 %" PRIx64 " cr3 %" PRIx64 " cr4 %" PRIx64 " efer %" PRIx64 " shadow %u\n",
	        g->ldt.selector, g->tr.selector, (uint64_t)g->gdt.base, g->gdt.limit,
	        (uint64_t)g->idt.base, g->idt.limit, (uint64_t)g->cr0, (uint64_t)g->cr2,
	        (uint64_t)g->cr3, (uint64_t)g->cr4, (uint64_t)g->efer, s->shadow);
}

static void print_log(const char *name, const struct compare_log *l)
{
	for (unsigned i = 0; i < l->count; i++)
		printf("#  %s %s %s %" PRIx64 " of %u: %" PRIx64 "\n", name,
		        l->all[i].is_write ? "writes" : "reads", l->all[i].is_port ? "port" : "gpa",
		        l->all[i].at, l->all[i].size, l->all[i].value);
}

static void print_case(const struct known_case *c, const char *title)
{
	const struct compare_result *r = c->result;
	printf("# %s: %s: %u bits, CPL %u, bytes", title, verdict_names[r->verdict], c->bits,
	        c->cpl);
	for (unsigned i = 0; i < COMPARE_BYTES; i++)
		printf(" %02x", c->bytes[i]);
	printf("\n# ");
	for (size_t i = 0; i < ARRAY_SIZE(part_names); i++)
		if (r->parts >> i & 1)
			printf(" %s", part_names[i]);
	if (r->flags)
		printf(" (%" PRIx64 ")", r->flags);
	if (r->parts & COMPARE_MEMORY)
		printf(" at %" PRIx64 ": own %02x, kvm %02x", r->gpa, r->own_byte, r->kvm_byte);
	if (r->own_vector >= 0)
		printf(" vector %d", r->own_vector);
	if (r->verdict == COMPARE_KVM_FAILS)
		printf(" stop %d, suberror %u", r->stop, r->suberror);
	printf("\n");
	print_state("before", c->before);
	print_state("own", &r->own);
	if (r->verdict != COMPARE_CHANGED)
		print_state("kvm", &r->kvm);
	print_log("own", &r->own_log);
	print_log("kvm", &r->kvm_log);
}

/* --- counting ----------------------------------------------------------------------------------- */

static struct tally_kind *find_kind(
        struct tally *t, const struct compare_result *r, const char *name)
{
	unsigned i = 0;
	for (; i < t->kind_count; i++) {
		struct tally_kind *k = &t->kinds[i];
		if (k->verdict == r->verdict && k->parts == r->parts && !strcmp(k->name, name))
			return k;
	}
	if (t->kind_count == TALLY_KINDS)
		return NULL;
	t->kind_count++;
	t->kinds[i] = (struct tally_kind) { .verdict = r->verdict, .parts = r->parts };
	snprintf(t->kinds[i].name, sizeof t->kinds[i].name, "%s", name);
	return &t->kinds[i];
}

static void add_difference(
        struct tally *t, const struct known_case *c, const struct opcode *o, const char *title)
{
	char name[16];
	int row = known_find(c);
	if (row >= 0) {
		t->known++;
		t->known_by[row]++;
		return;
	}
	t->changed += c->result->verdict == COMPARE_CHANGED;
	t->differ += c->result->verdict != COMPARE_CHANGED;
	opcode_name(o, name);
	struct tally_kind *k = find_kind(t, c->result, name);
	if (k)
		k->flags |= c->result->flags;
	if (k && k->count++ == 0)
		print_case(c, title);
}

void tally_add(struct tally *t, const struct known_case *c, const char *title)
{
	struct opcode o = opcode_decode(c->bytes, c->bits);
	bool is_handed =
	        c->result->verdict == COMPARE_HANDED_OVER || c->result->verdict == COMPARE_CHANGED;
	if (!opcode_is_vector(&o)) {
		t->plain++;
		t->plain_handed += is_handed;
	}
	t->shutdowns += c->result->shuts_down;
	switch (c->result->verdict) {
	case COMPARE_SAME: t->compared++; break;
	case COMPARE_SKIPPED: t->skipped++; break;
	case COMPARE_HANDED_OVER:
		t->handed++;
		t->handed_by[o.map][o.op]++;
		break;
	case COMPARE_CHANGED:
		t->handed++;
		add_difference(t, c, &o, title);
		break;
	case COMPARE_DIFFERS:
	case COMPARE_KVM_FAILS:
		t->compared++;
		add_difference(t, c, &o, title);
		break;
	}
}

bool tally_is_good(const struct tally *t)
{
	return t->differ == 0 && t->changed == 0;
}

#define SHOWN 12 /* opcodes that were handed over most */

static void print_handed(const struct tally *t)
{
	bool is_shown[MAP_COUNT][256] = { { false } };
	for (unsigned n = 0; n < SHOWN; n++) {
		unsigned best_map = 0, best_op = 0;
		uint64_t best = 0;
		for (unsigned map = 0; map < MAP_COUNT; map++)
			for (unsigned op = 0; op < 256; op++)
				if (t->handed_by[map][op] > best && !is_shown[map][op]) {
					best = t->handed_by[map][op];
					best_map = map;
					best_op = op;
				}
		if (!best)
			return;
		char name[16];
		struct opcode o = { .map = (enum opcode_map)best_map, .op = (uint8_t)best_op };
		opcode_name(&o, name);
		if (opcode_is_group(&o))
			*strchr(name, '/') = 0;
		is_shown[best_map][best_op] = true;
		printf("%s%s: %" PRIu64, n ? ", " : "", name, best);
	}
}

void tally_print(const struct tally *t, const char *name)
{
	for (unsigned i = 0; i < t->kind_count; i++) {
		const struct tally_kind *k = &t->kinds[i];
		printf("# %8" PRIu64 " %-9s %s:", k->count, k->name, verdict_names[k->verdict]);
		for (size_t j = 0; j < ARRAY_SIZE(part_names); j++)
			if (k->parts >> j & 1)
				printf(" %s", part_names[j]);
		if (k->flags)
			printf(" (%" PRIx64 ")", k->flags);
		printf("\n");
	}
	for (unsigned i = 0; i < known_count(); i++)
		if (t->known_by[i])
			printf("# %8" PRIu64 " known: %s\n", t->known_by[i], known_name(i));
	printf("# %s: %" PRIu64 " compared, %" PRIu64 " handed over (", name, t->compared,
	        t->handed);
	print_handed(t);
	printf("), %" PRIu64 " differ\n", t->differ + t->changed);
	printf("# %s: %" PRIu64 " known faults of this KVM, %" PRIu64
	       " skipped; handed over outside x87 and SSE: %.2f %%\n",
	        name, t->known, t->skipped,
	        t->plain ? 100.0 * (double)t->plain_handed / (double)t->plain : 0.0);
	if (t->shutdowns)
		printf("# %s: %" PRIu64 " of those compared shut the CPU down\n", name,
		        t->shutdowns);
}

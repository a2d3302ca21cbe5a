/* monitor info mem and info tlb: what is mapped, in QEMU's columns (its target/i386/monitor.c).
 * With an address: from there on. And gva2gpa: where one address leads. */
#include <inttypes.h>

#include "base/array.h"
#include "base/cpu_bits.h"
#include "base/cursor.h"
#include "kvm/linear.h"
#include "monitor/internal.h"

#define LINES_MAX 4096

#define PAGE_SIZE_4K 4096

struct listing {
	const struct output *out;
	unsigned lines;
	/* info mem: pages one after the other with the same rights are a line. */
	bool has_range;
	uint64_t begin, size, rights;
	uint64_t top; /* what is printed for 2^64, as QEMU has it: 2 to the bits of an address */
};

/* --- info tlb --------------------------------------------------------------------------------- */

static bool say_page(void *ctx, const struct paging_page *p)
{
	static const struct {
		char letter;
		uint8_t bit;
	} flags[] = { { 'X', 63 }, { 'G', 8 }, { 'P', 7 }, { 'D', 6 }, { 'A', 5 }, { 'C', 4 },
		{ 'T', 3 }, { 'U', 2 }, { 'W', 1 } };
	struct listing *l = ctx;
	char letters[ARRAY_SIZE(flags) + 1] = "";
	/* Bit 7 says large; of a page of 4 KiB it is the PAT's. */
	uint64_t entry = p->size == PAGE_SIZE_4K ? p->entry & ~(1ull << 7) : p->entry;
	if (l->lines == LINES_MAX)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		letters[i] = entry >> flags[i].bit & 1 ? flags[i].letter : '-';
	say(l->out, "%016" PRIx64 ": %016" PRIx64 " %s\n", p->gva, p->gpa, letters);
	l->lines++;
	return true;
}

/* --- info mem --------------------------------------------------------------------------------- */

static void say_range(struct listing *l)
{
	uint64_t end = l->begin + l->size;
	if (!l->has_range)
		return;
	say(l->out, "%016" PRIx64 "-%016" PRIx64 " %016" PRIx64 " %cr%c\n", l->begin,
	        end ? end : l->top, l->size, l->rights & PAGING_USER ? 'u' : '-',
	        l->rights & PAGING_WRITE ? 'w' : '-');
	l->has_range = false;
	l->lines++;
}

static bool add_page(void *ctx, const struct paging_page *p)
{
	struct listing *l = ctx;
	if (l->has_range && p->gva == l->begin + l->size && p->rights == l->rights) {
		l->size += p->size;
		return true;
	}
	say_range(l);
	if (l->lines == LINES_MAX)
		return false;
	l->has_range = true;
	l->begin = p->gva;
	l->size = p->size;
	l->rights = p->rights;
	return true;
}

/* -----------------------------------------------------------------------------------------------
 */

static void list(struct run *run, const struct output *out, const char *what, const char *operands,
        paging_visit *visit)
{
	struct vcpu *v = machine_vcpu(run->machine);
	const struct kvm_sregs *r = vcpu_sregs(v);
	struct listing l = { .out = out, .top = 1ull << (r->cr4 & CR4_LA57 ? 57 : 48) };
	struct cursor at = cursor_of(operands);
	uint64_t from = 0, next;
	if (*operands && (!cursor_number(&at, &from) || !cursor_at_end(&at))) {
		say(out, "info %s %s: expected a number: the linear address to begin at\n", what,
		        operands);
		return;
	}
	if (!(r->cr0 & CR0_PG)) {
		say(out, "PG disabled\n");
		return;
	}
	bool is_all = linear_each(v, from, visit, &l, &next);
	say_range(&l);
	if (!is_all)
		say(out, "cut here; monitor info %s 0x%" PRIx64 " shows the rest\n", what, next);
}

void monitor_info_tlb(struct run *run, const struct output *out, const char *operands)
{
	list(run, out, "tlb", operands, say_page);
}

void monitor_info_mem(struct run *run, const struct output *out, const char *operands)
{
	list(run, out, "mem", operands, add_page);
}

void monitor_gva2gpa(struct run *run, const struct output *out, const char *operands)
{
	struct vcpu *v = machine_vcpu(run->machine);
	struct cursor at = cursor_of(operands);
	uint64_t gva, gpa, len;
	if (!monitor_take_value(v, &at, &gva) || !cursor_at_end(&at))
		refuse(out, "gva2gpa", operands,
		        "expected a linear address, made of numbers, registers such as $pc, and + "
		        "- * ( )");
	else if (linear_exists(v, gva) && linear_to_gpa(v, gva, &gpa, &len))
		say(out, "gpa: 0x%" PRIx64 "\n", gpa);
	else
		say(out, "Unmapped\n");
}

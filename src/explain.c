#include "explain.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "debug/catch.h"
#include "debug/insn.h"
#include "debug/operands.h"
#include "debug/vectors.h"
#include "kvm/linear.h"
#include "kvm/registers.h"

/* Lines being written. */
struct page {
	char *to;
	size_t size, len;
};

static void say(struct page *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct page *p, const char *format, ...)
{
	va_list args;
	if (p->len >= p->size)
		return;
	va_start(args, format);
	int n = vsnprintf(p->to + p->len, p->size - p->len, format, args);
	va_end(args);
	p->len += n > 0 ? (size_t)n : 0;
}

void explain_bytes(struct vcpu *v, char *to, size_t size)
{
	struct page page = { .to = to, .size = size };
	uint8_t bytes[8];
	uint64_t pc = registers_pc(v);
	size_t n = linear_read(v, pc, bytes, sizeof bytes);
	to[0] = 0;
	if (!n)
		say(&page, "The instruction's address 0x%" PRIx64 " is not mapped to RAM.\n", pc);
	else
		say(&page, "The bytes at 0x%" PRIx64 ":", pc);
	for (size_t i = 0; i < n; i++)
		say(&page, " %02x%s", bytes[i], i + 1 == n ? "\n" : "");
}

/* Where the page tables end for an address. */
static void explain_miss(struct page *p, struct vcpu *v, uint64_t gva, const char *what)
{
	static const char *const tables[] = { "", "page table", "page directory", "PDPT", "PML4",
		"PML5" };
	struct paging_miss miss;
	if (!linear_find_miss(v, gva, &miss))
		return;
	if (miss.has_ram)
		say(p,
		        "%s 0x%" PRIx64 " is not mapped: its %s entry at 0x%" PRIx64
		        " is 0x%" PRIx64 ", not present.\n",
		        what, gva, tables[miss.level], miss.entry_gpa, miss.entry);
	else
		say(p, "%s 0x%" PRIx64 " is not mapped: its %s at 0x%" PRIx64 " is not in RAM.\n",
		        what, gva, tables[miss.level], miss.entry_gpa & ~(uint64_t)0xfff);
}

static void explain_vector(struct page *p, struct vcpu *v, unsigned vector)
{
	const struct kvm_sregs *s = vcpu_sregs(v);
	const char *name = catch_vector_name(vector);
	bool is_real = registers_mode(v) == CPU_REAL16;
	unsigned size = is_real ? 4 : s->efer & (1u << 10) ? 16 : 8, slot;
	uint64_t gva, entry = s->idt.base + (uint64_t)vector * size;
	uint8_t byte;
	say(p, "Vector 0x%02x%s%s%s: ", vector, name ? " (" : "", name ? name : "",
	        name ? ")" : "");
	if (vector * size + size - 1 > s->idt.limit)
		say(p,
		        "no handler, the %s (base 0x%" PRIx64
		        ", limit 0x%x) does not reach so far.\n",
		        is_real ? "IVT" : "IDT", (uint64_t)s->idt.base, s->idt.limit);
	else if (linear_read(v, entry, &byte, 1) != 1)
		say(p, "no handler, its entry at 0x%" PRIx64 " is not mapped to RAM.\n", entry);
	else if (!vector_target(v, vector, &gva, &slot))
		say(p, "no handler, its gate at 0x%" PRIx64 " is not present or not valid.\n",
		        entry);
	else
		say(p, "its handler is at 0x%" PRIx64 "%s.\n", gva,
		        linear_read(v, gva, &byte, 1) == 1 ? "" : ", which is not mapped to RAM");
}

/* The exception that the instruction raises, by what it is and what it accesses; -1: not known. */
static int guess_vector(struct page *p, struct vcpu *v)
{
	uint8_t bytes[INSN_MAX];
	struct insn insn;
	struct operand operands[OPERANDS_MAX];
	struct paging_miss miss;
	unsigned bits = registers_code_bits(registers_mode(v));
	uint64_t pc = registers_pc(v);
	size_t n = linear_read(v, pc, bytes, sizeof bytes);
	if (linear_find_miss(v, pc, &miss)) {
		explain_miss(p, v, pc, "The instruction's address");
		return VECTOR_PF;
	}
	if (!insn_decode(&insn, bytes, n, bits))
		return -1;
	if (insn.faults == INSN_FAULTS_INVALID)
		return VECTOR_UD;
	if (insn.kind == INSN_INT)
		return insn.vector;
	unsigned count = operands_decode(bytes, n, bits, vcpu_regs(v), vcpu_sregs(v), operands);
	for (unsigned i = 0; i < count; i++)
		if (linear_find_miss(v, operands[i].gva, &miss)) {
			explain_miss(p, v, operands[i].gva,
			        operands[i].is_write ? "It writes to" : "It reads");
			return VECTOR_PF;
		}
	return insn.faults == INSN_FAULTS_DIVIDE ? VECTOR_DE : -1;
}

void explain_fault(struct vcpu *v, char *to, size_t size)
{
	struct page page = { .to = to, .size = size };
	explain_bytes(v, to, size);
	page.len = strlen(to);
	int vector = guess_vector(&page, v);
	if (vector >= 0)
		explain_vector(&page, v, (unsigned)vector);
	else
		explain_vector(&page, v, VECTOR_GP);
	explain_vector(&page, v, VECTOR_DF);
}

/* Which exception led to a shutdown, guessed from the state that the CPU was left in. */
#include "machine/explain.h"

#include <inttypes.h>
#include <string.h>

#include "base/cpu_bits.h"
#include "base/line.h"
#include "debug/catch.h"
#include "debug/insn.h"
#include "debug/operands.h"
#include "debug/vectors.h"
#include "kvm/linear.h"
#include "kvm/registers.h"
#include "machine/explain_stack.h"

/* A sentence about an address that is not mapped, to where its page tables end. subject: what it is
 * or does, up to the address, such as "The instruction reads". */
static bool explain_miss(
        struct line *l, struct vcpu *v, uint64_t gva, const char *subject, const char *verb)
{
	static const char *const tables[] = { "", "page table", "page directory", "PDPT", "PML4",
		"PML5" };
	struct paging_miss miss;
	if (!linear_find_miss(v, gva, &miss))
		return false;
	line_add(l, "%s 0x%" PRIx64 "%s not mapped: its %s ", subject, gva, verb,
	        tables[miss.level]);
	if (miss.has_ram)
		line_add(l, "entry at 0x%" PRIx64 " is 0x%" PRIx64 ", not present", miss.entry_gpa,
		        miss.entry);
	else
		line_add(l, "at 0x%" PRIx64 " is not in RAM", miss.entry_gpa & ~(uint64_t)0xfff);
	if (miss.is_top && (!miss.has_ram || gva == registers_pc(v)))
		line_add(l, " (CR3 is 0x%" PRIx64 ")", (uint64_t)vcpu_sregs(v)->cr3);
	line_add(l, ".\n");
	return true;
}

void explain_bytes(struct vcpu *v, char *to, size_t size)
{
	struct line line = { .to = to, .size = size };
	uint8_t bytes[8];
	uint64_t pc = registers_pc(v);
	size_t n = linear_read(v, pc, bytes, sizeof bytes);
	to[0] = 0;
	if (!n && !explain_miss(&line, v, pc, "The instruction's address", " is"))
		line_add(
		        &line, "There is no RAM at the instruction's address 0x%" PRIx64 ".\n", pc);
	if (n)
		line_add(&line, "The bytes at 0x%" PRIx64 ":", pc);
	for (size_t i = 0; i < n; i++)
		line_add(&line, " %02x%s", bytes[i], i + 1 == n ? "\n" : "");
}

/* False: the table ends before it. */
static bool find_entry(struct vcpu *v, unsigned vector, uint64_t *gva, unsigned *len)
{
	const struct kvm_sregs *s = vcpu_sregs(v);
	*len = registers_is_real(registers_mode(v)) ? 4 : s->efer & EFER_LMA ? 16 : 8;
	*gva = s->idt.base + (uint64_t)vector * *len;
	return vector * *len + *len - 1 <= s->idt.limit;
}

static void explain_vector(struct line *l, struct vcpu *v, unsigned vector, enum catch_cause cause)
{
	const struct kvm_sregs *s = vcpu_sregs(v);
	unsigned len, slot;
	uint64_t gva, entry, at;
	uint8_t byte;
	const bool has_entry = find_entry(v, vector, &entry, &len);
	const char *table = registers_is_real(registers_mode(v)) ? "IVT" : "IDT";
	char stack[200];
	struct line own = { .to = stack, .size = sizeof stack };
	const struct catch_vector_text name = catch_vector_describe(vector, cause);
	line_add(l, "V%s: ", name.text + 1);
	if (!has_entry)
		line_add(l,
		        "there is no handler, for the %s (base 0x%" PRIx64
		        ", limit 0x%x) ends before its entry.\n",
		        table, (uint64_t)s->idt.base, s->idt.limit);
	else if (linear_read(v, entry, &byte, 1) != 1)
		line_add(l,
		        "there is no handler, for its entry in the %s, at 0x%" PRIx64
		        ", is not mapped to RAM.\n",
		        table, entry);
	else if (!vector_target(v, vector, &gva, &slot))
		line_add(l,
		        "there is no handler, for its gate at 0x%" PRIx64
		        " is not present or not valid.\n",
		        entry);
	else if (linear_read(v, gva, &byte, 1) != 1)
		line_add(l, "its handler is at 0x%" PRIx64 ", which is not mapped to RAM.\n", gva);
	else if (explain_stack(v, vector, cause, &own, &at))
		line_add(l,
		        "its handler is at 0x%" PRIx64 ", but its frame cannot be pushed: %s.\n",
		        gva, stack);
	else
		line_add(l, "its handler is at 0x%" PRIx64 ".\n", gva);
}

/* The vector that the instruction goes to, by what it is and what it accesses. */
struct guess {
	unsigned vector;
	enum catch_cause cause;
};

static struct guess exception(unsigned vector)
{
	return (struct guess) { vector, CATCH_BY_EXCEPTION };
}

/* Whether an instruction of INSN_FAULTS_SIMD has registers of SSE, whatever comes after 0f: of MMX
 * are those without a prefix. SDM vol 2, appendix A. */
static bool is_sse(const struct insn *insn, unsigned code_bits)
{
	bool has_operand_size = insn->operand_bits == (code_bits == 16 ? 32 : 16);
	return insn->opcode < 0x60 || insn->opcode == 0xc2 || insn->opcode == 0xc6 ||
	       insn->rep != INSN_ONCE || has_operand_size;
}

/* SDM vol 3, table 2-1, and "Checking for SSE/SSE2 Support"; vol 2, 2.8.1 of VEX. */
int explain_ruled_out(const struct insn *insn, const struct kvm_sregs *s, unsigned code_bits)
{
	if (insn->faults == INSN_FAULTS_FLOAT) {
		uint64_t not_now = CR0_TS | (insn->opcode == 0x9b ? CR0_MP : CR0_EM);
		bool is_out = insn->opcode == 0x9b ? (s->cr0 & not_now) == not_now
		                                   : (s->cr0 & not_now) != 0;
		return is_out ? VECTOR_NM : -1;
	}
	if (insn->faults != INSN_FAULTS_SIMD || insn->opcode == 0xae)
		return -1;
	if (insn->opcode == 0xc4 || insn->opcode == 0xc5 || insn->opcode == 0x62)
		return s->cr4 & CR4_OSXSAVE ? -1 : VECTOR_UD;
	if (s->cr0 & CR0_EM || (is_sse(insn, code_bits) && !(s->cr4 & CR4_OSFXSR)))
		return VECTOR_UD;
	return s->cr0 & CR0_TS ? VECTOR_NM : -1;
}

/* Of 64-bit code it is not known by which register it was addressed: an address near those of the stack
 * was, probably. */
#define NEAR_STACK UINT64_C(0x1000)

static bool is_on_stack(struct vcpu *v, const struct operand *o)
{
	const struct kvm_regs *r = vcpu_regs(v);
	if (o->segment)
		return o->segment == &vcpu_sregs(v)->ss;
	return o->gva - r->rsp + NEAR_STACK <= 2 * NEAR_STACK ||
	       o->gva - r->rbp + NEAR_STACK <= 2 * NEAR_STACK;
}

/* False with a sentence: it is not canonical, or beyond the limit of its segment. */
static bool has_place(struct line *l, struct vcpu *v, const struct operand *o, const char *subject)
{
	const unsigned expands_down = 4, code = 8;
	const struct kvm_segment *g = o->segment;
	if (!g && !registers_is_canonical(vcpu_sregs(v), o->gva)) {
		line_add(l, "%s 0x%" PRIx64 ", which is not canonical.\n", subject, o->gva);
		return false;
	}
	if (!g || (g->type & (code | expands_down)) == expands_down ||
	        o->offset + o->len - 1 <= g->limit)
		return true;
	line_add(l, "%s offset 0x%" PRIx64 " of a segment whose limit is 0x%x.\n", subject,
	        o->offset, g->limit);
	return false;
}

static struct guess guess_vector(struct line *l, struct vcpu *v)
{
	uint8_t bytes[INSN_MAX];
	struct insn insn;
	struct operand operands[OPERANDS_MAX];
	unsigned bits = registers_code_bits(registers_mode(v));
	uint64_t pc = registers_pc(v);
	size_t n = linear_read(v, pc, bytes, sizeof bytes);
	if (explain_miss(l, v, pc, "The instruction's address", " is"))
		return exception(VECTOR_PF);
	if (!insn_decode(&insn, bytes, n, bits))
		return exception(VECTOR_GP);
	if (insn.faults == INSN_FAULTS_INVALID)
		return exception(VECTOR_UD);
	if (insn.kind == INSN_INT)
		return (struct guess) { insn.vector,
			insn_is_int_n(&insn) ? CATCH_BY_INT : CATCH_BY_EXCEPTION };
	int ruled_out = explain_ruled_out(&insn, vcpu_sregs(v), bits);
	if (ruled_out >= 0)
		return exception((unsigned)ruled_out);
	unsigned count = operands_decode(bytes, n, bits, vcpu_regs(v), vcpu_sregs(v), operands);
	for (unsigned i = 0; i < count; i++) {
		const char *subject = operands[i].is_write ? "The instruction writes to"
		                                           : "The instruction reads";
		if (!has_place(l, v, &operands[i], subject))
			return exception(is_on_stack(v, &operands[i]) ? VECTOR_SS : VECTOR_GP);
		if (explain_miss(l, v, operands[i].gva, subject, ", which is"))
			return exception(VECTOR_PF);
	}
	return exception(insn.faults == INSN_FAULTS_DIVIDE ? VECTOR_DE : VECTOR_GP);
}

void explain_fault(struct vcpu *v, char *to, size_t size)
{
	struct line line = { .to = to, .size = size };
	struct paging_miss miss;
	to[0] = 0;
	if (!linear_find_miss(v, registers_pc(v), &miss)) /* guess_vector says it */
		explain_bytes(v, to, size);
	line.len = strlen(to);
	struct guess g = guess_vector(&line, v);
	explain_vector(&line, v, g.vector, g.cause);
	if (g.cause == CATCH_BY_INT) /* what an int without a handler raises */
		explain_vector(&line, v, VECTOR_GP, CATCH_BY_EXCEPTION);
	explain_vector(&line, v, VECTOR_DF, CATCH_BY_EXCEPTION);
}

void explain_interrupt(struct vcpu *v, unsigned vector, char *to, size_t size)
{
	struct line line = { .to = to, .size = size };
	to[0] = 0;
	explain_miss(&line, v, registers_pc(v), "The instruction's address", " is");
	explain_vector(&line, v, vector, CATCH_BY_DEVICE);
	explain_vector(&line, v, VECTOR_GP, CATCH_BY_EXCEPTION);
	explain_vector(&line, v, VECTOR_DF, CATCH_BY_EXCEPTION);
}

/* Where the page walk of an address ends, if it is not mapped; false: it is. A debugger can look for writes to the entry
 * only where that is mapped itself, at a linear address that is its physical one. */
static bool blame_walk(struct vcpu *v, uint64_t gva, struct explain_blame *b)
{
	struct paging_miss miss;
	uint64_t gpa, run;
	if (!linear_find_miss(v, gva, &miss))
		return false;
	const bool is_seen = miss.has_ram && linear_to_gpa(v, miss.entry_gpa, &gpa, &run) &&
	                     gpa == miss.entry_gpa;
	*b = (struct explain_blame) {
		.what = is_seen       ? EXPLAIN_ENTRY
		        : miss.is_top ? EXPLAIN_CR3
		                      : EXPLAIN_NOTHING,
		.at = miss.entry_gpa,
		.len = vcpu_sregs(v)->cr4 & CR4_PAE ? 8 : 4,
	};
	return true;
}

/* The first thing that fails on the way to the handler. */
static void blame(struct vcpu *v, struct guess g, struct explain_blame *b)
{
	uint64_t entry, handler, at;
	unsigned len, slot;
	char text[200];
	struct line unused = { .to = text, .size = sizeof text };
	*b = (struct explain_blame) { .what = EXPLAIN_NOTHING };
	if (blame_walk(v, registers_pc(v), b) || !find_entry(v, g.vector, &entry, &len) ||
	        blame_walk(v, entry, b) || blame_walk(v, entry + len - 1, b))
		return;
	if (!vector_target(v, g.vector, &handler, &slot))
		*b = (struct explain_blame) { EXPLAIN_GATE, entry, len };
	else if (!blame_walk(v, handler, b) && explain_stack(v, g.vector, g.cause, &unused, &at) &&
	         at)
		blame_walk(v, at, b);
}

void explain_interrupt_blame(struct vcpu *v, unsigned vector, struct explain_blame *b)
{
	blame(v, (struct guess) { vector, CATCH_BY_DEVICE }, b);
}

void explain_fault_blame(struct vcpu *v, struct explain_blame *b)
{
	char text[300]; /* what leads to the vector, which explain_fault has said */
	struct line line = { .to = text, .size = sizeof text };
	blame(v, guess_vector(&line, v), b);
}

/* What any KVM may do otherwise. */
#include "compare/known_row.h"

#include "base/cpu_bits.h"

#define TABLE_BITS 0x60 /* Accessed and Dirty of a page table's entry */

static bool is_sti_again(const struct known_case *c, const struct opcode *o)
{
	return known_is_one(o, 0xfb) && c->before->regs.rflags & RFLAGS_IF;
}

static bool is_rep_again(const struct known_case *c, const struct opcode *o)
{
	return o->rep && known_is_string(o) && c->result->kvm.regs.rip == c->before->regs.rip;
}

/* A page's entry that has A, or D as well, on one side. */
static bool is_enter_probe(const struct known_case *c, const struct opcode *o)
{
	const struct compare_result *r = c->result;
	return known_is_one(o, 0xc8) && r->is_table && !((r->own_byte ^ r->kvm_byte) & ~TABLE_BITS);
}

static bool is_read_first(const struct known_case *c, const struct opcode *o)
{
	const struct compare_result *r = c->result;
	for (unsigned i = 0; i < r->kvm_log.count; i++)
		if (r->kvm_log.all[i].is_port || r->kvm_log.all[i].is_write)
			return false;
	return known_has_raised(c, o) && r->own_log.count == 0 &&
	       r->kvm.regs.rip == r->own.regs.rip;
}

/* The same, where run control's step ends after the read, and the exception is yet to come. */
static bool is_stepped_read(const struct known_case *c, const struct opcode *o)
{
	const struct compare_result *r = c->result;
	return known_has_raised(c, o) && r->own_log.count == 0 && r->kvm_log.count == 1 &&
	       !r->kvm_log.all[0].is_write && r->kvm.regs.rip == c->before->regs.rip;
}

const struct known_row known_on_any[] = {
	{ "sti leaves a shadow where IF was set", is_sti_again, KNOWN_ANYWHERE, false,
	        COMPARE_SHADOW, 0, "vol 2, STI", "bochs" },
	{ "RF between two iterations", is_rep_again, KNOWN_ANYWHERE, false, COMPARE_FLAGS,
	        RFLAGS_RF, "vol 3, \"Instruction-Breakpoint Exception Condition\"", "" },
	{ "ins reads its port before it looks where to write", known_is_ins, KNOWN_ANYWHERE, false,
	        COMPARE_ACCESS, 0, "vol 2, INS/INSB/INSW/INSD", "tcg, bochs" },
	{ "a device is read by an instruction that raises an exception", is_read_first,
	        KNOWN_ANYWHERE, false, COMPARE_ACCESS, 0,
	        "vol 3, \"Priority Among Concurrent Events\"", "tcg, bochs" },
	{ "a step of what reads a device ends before its exception", is_stepped_read,
	        KNOWN_ANYWHERE, false, KNOWN_ANYTHING, UINT64_MAX,
	        "vol 3, \"Priority Among Concurrent Events\"", "tcg, bochs" },
	{ "enter does not look whether the new top of the stack can be written", is_enter_probe,
	        KNOWN_ANYWHERE, false, COMPARE_MEMORY, 0, "vol 2, ENTER", "" },
	{ .what = NULL },
};

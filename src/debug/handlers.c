/* The handlers that an instruction may come to, and the frames that lie on the stack there. */
#include "debug/handlers.h"

#include <string.h>

#include "base/cpu_bits.h"
#include "debug/cpu.h"
#include "debug/vectors.h"
#include "kvm/linear.h"
#include "kvm/registers.h"

/* --- which instructions need none ------------------------------------------------------------- */

/* SDM vol 3, "Segment Descriptors": what a type allows, and limit checking. In real mode, too: a
 * descriptor of before stays when it is entered, and loading a segment register changes the base
 * alone. There a code segment can be written. Expand-down segments are left to the CPU. */
static bool allows(const struct kvm_segment *g, bool is_protected, const struct operand *o)
{
	const unsigned code = 8, expands_down = 4, is_writable = 2, is_readable = 2;
	if (g->unusable || !g->s)
		return false;
	if (g->type & code ? !(g->type & is_readable) || (o->is_write && is_protected)
	                   : g->type & expands_down || (o->is_write && !(g->type & is_writable)))
		return false;
	return o->offset + o->len - 1 <= g->limit;
}

/* A jump stays within the segment whatever its target: offsets have as many bits as its limit. */
static bool allows_jump(const struct kvm_segment *cs, const struct insn *insn)
{
	return insn->jump == INSN_NO_JUMP || cs->limit == 0xffffffff ||
	       (insn->operand_bits == 16 && cs->limit >= 0xffff);
}

bool handlers_can_fault(struct vcpu *v, const struct insn *insn)
{
	struct operand operands[OPERANDS_MAX];
	if (insn->faults != INSN_FAULTS_ACCESS)
		return true;
	const struct kvm_sregs *s = vcpu_sregs(v);
	const struct kvm_regs *r = vcpu_regs(v);
	enum cpu_mode mode = registers_mode(v);
	/* Pages have rights, too, and virtual-8086 mode has IOPL. */
	if (s->cr0 & CR0_PG || mode == CPU_VM86 || r->rflags & RFLAGS_AC ||
	        !allows_jump(&s->cs, insn) || r->rip + INSN_MAX - 1 > s->cs.limit)
		return true;
	/* Cut off by RAM's end, it has no operands: to fetch what follows raises nothing. */
	unsigned count = cpu_operands_of(v, insn, operands);
	for (unsigned i = 0; i < count; i++)
		if (!allows(operands[i].segment, s->cr0 & CR0_PE, &operands[i]))
			return true;
	return false;
}

/* --- where they are --------------------------------------------------------------------------- */

/* The handler of vector, if it has one: the first of several vectors that lead to one. */
static void add(struct handlers *h, struct vcpu *v, uint8_t vector)
{
	uint64_t gva;
	if (!vector_target(v, vector, &gva, &h->slot_size) || handlers_index(h, gva) >= 0)
		return;
	h->vector[h->count] = vector;
	h->gva[h->count++] = gva;
}

void handlers_find_likely(
        struct vcpu *v, const uint8_t vectors[BREAKPOINT_REGISTERS], struct handlers *h)
{
	*h = (struct handlers) { .slot_size = 2 };
	for (unsigned i = 0; i < BREAKPOINT_REGISTERS; i++) {
		add(h, v, vectors[i]);
		/* A breakpoint on the instruction itself would stop it before it is done. */
		if (h->count && h->gva[h->count - 1] == registers_pc(v))
			h->count--;
	}
}

void handlers_find_interrupt(struct vcpu *v, uint8_t vector, struct handlers *h)
{
	/* What comes of a gate that is none: SDM vol 3, "Exception Conditions" of interrupts. */
	const uint8_t vectors[BREAKPOINT_REGISTERS] = { vector, VECTOR_GP, VECTOR_NP, VECTOR_DF };
	*h = (struct handlers) { .slot_size = 2 };
	for (unsigned i = 0; i < BREAKPOINT_REGISTERS; i++)
		add(h, v, vectors[i]);
}

int handlers_index(const struct handlers *h, uint64_t gva)
{
	for (unsigned i = 0; i < h->count; i++)
		if (h->gva[i] == gva)
			return (int)i;
	return -1;
}

void handlers_watch(const struct handlers *h, struct vcpu_debug *debug)
{
	for (unsigned i = 0; i < h->count; i++)
		cpu_use_register(debug, i, h->gva[i], CPU_EXECUTES, 1);
	if (h->has_way)
		cpu_use_register(debug, BREAKPOINT_REGISTERS - 1, h->way, CPU_EXECUTES, 1);
}

bool handlers_read_slot(struct vcpu *v, unsigned slot, unsigned slot_size, uint64_t *value)
{
	*value = 0;
	uint64_t gva = registers_stack_address(v, vcpu_regs(v)->rsp + (uint64_t)slot * slot_size);
	return linear_read(v, gva, value, slot_size) == slot_size;
}

void handlers_set_tf_at(struct vcpu *v, uint64_t gva, unsigned size, bool tf)
{
	uint64_t flags = 0;
	if (linear_read(v, gva, &flags, size) != size || !(flags & RFLAGS_TF) == !tf)
		return;
	flags ^= RFLAGS_TF;
	linear_write(v, gva, &flags, size);
}

void handlers_set_saved_tf(struct vcpu *v, unsigned slot, unsigned slot_size, bool tf)
{
	uint64_t rsp = vcpu_regs(v)->rsp + (uint64_t)slot * slot_size;
	handlers_set_tf_at(v, registers_stack_address(v, rsp), slot_size, tf);
}

void handlers_clean_frame(
        struct vcpu *v, const struct handlers *h, uint64_t rip, uint16_t cs, bool tf)
{
	for (unsigned slot = 0; slot < 2; slot++) {
		uint64_t saved_ip, saved_cs;
		if (!handlers_read_slot(v, slot, h->slot_size, &saved_ip) ||
		        !handlers_read_slot(v, slot + 1, h->slot_size, &saved_cs))
			return;
		if (saved_ip - rip <= INSN_MAX && (uint16_t)saved_cs == cs) {
			handlers_set_saved_tf(v, slot + 2, h->slot_size, tf);
			return;
		}
	}
}

/* In long mode a stack of the IST is anywhere, with SS as it was (SDM vol 3, "Interrupt Stack
 * Table"): the frame says where the stack was before. With an error code it is one slot further up.
 */
static bool has_ist_frame(
        struct vcpu *v, const struct kvm_regs *regs, const struct kvm_sregs *sregs)
{
	uint64_t cs, rsp;
	for (unsigned i = 0; i < 2; i++)
		if (handlers_read_slot(v, i + 1, 8, &cs) && handlers_read_slot(v, i + 3, 8, &rsp) &&
		        (uint16_t)cs == sregs->cs.selector && rsp == regs->rsp)
			return true;
	return false;
}

bool handlers_has_frame(struct vcpu *v, const struct handlers *h, const struct kvm_regs *regs,
        const struct kvm_sregs *sregs)
{
	const struct kvm_sregs *now = vcpu_sregs(v);
	uint64_t mask = registers_mode(v) == CPU_LONG64 ? UINT64_MAX
	                : now->ss.db                    ? 0xffffffff
	                                                : 0xffff;
	uint64_t pushed = (regs->rsp - vcpu_regs(v)->rsp) & mask;
	if (now->ss.selector != sregs->ss.selector || now->ss.dpl != sregs->ss.dpl)
		return true;
	if (pushed >= 3u * h->slot_size && pushed <= 6u * h->slot_size + 15)
		return true;
	return registers_mode(v) == CPU_LONG64 && has_ist_frame(v, regs, sregs);
}

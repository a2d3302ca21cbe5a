#include "debug/handlers.h"

#include <string.h>

#include "cpu_bits.h"
#include "debug/operands.h"
#include "debug/step.h"
#include "debug/vectors.h"
#include "kvm/linear.h"
#include "kvm/registers.h"

/* --- which instructions need none --------------------------------------------------------------
 */

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
	/* Cut off by RAM's end, it has no operands: to fetch what is behind raises nothing. */
	unsigned count = control_operands(v, operands);
	for (unsigned i = 0; i < count; i++)
		if (!allows(operands[i].segment, s->cr0 & CR0_PE, &operands[i]))
			return true;
	return false;
}

/* --- where they are ----------------------------------------------------------------------------
 */

static void replace(uint8_t vectors[BREAKPOINT_REGISTERS], uint8_t old, uint8_t new)
{
	uint8_t *at = memchr(vectors, old, BREAKPOINT_REGISTERS);
	if (at && !memchr(vectors, new, BREAKPOINT_REGISTERS))
		*at = new;
}

/* What CR0 and CR4 rule out gives its place to another. SDM vol 3, "Control Registers", and table
 * 2-1 for #NM. */
static void heed_control_registers(
        uint8_t to[BREAKPOINT_REGISTERS], const struct insn *insn, const struct kvm_sregs *s)
{
	uint64_t no_float = insn->opcode == 0x9b && !(s->cr0 & CR0_MP) ? 0 : CR0_TS;
	if (insn->faults == INSN_FAULTS_FLOAT && insn->opcode != 0x9b)
		no_float |= CR0_EM;
	if (s->cr0 & no_float) {
		replace(to, VECTOR_MF, VECTOR_NM);
		replace(to, VECTOR_XM, VECTOR_NM);
	} else if (!(s->cr4 & CR4_OSXMMEXCPT)) {
		replace(to, VECTOR_XM, VECTOR_MF);
	}
	if (!(s->cr0 & CR0_PG)) {
		replace(to, VECTOR_PF, VECTOR_UD);
		replace(to, VECTOR_PF, VECTOR_SS);
	}
}

/* The four vectors that matter most, for there are four debug registers, likeliest first: where two
 * lead to one handler, the first is taken to be the one. */
static void choose_vectors(const struct insn *insn, const struct kvm_sregs *s, bool is_real,
        uint8_t to[BREAKPOINT_REGISTERS])
{
	static const uint8_t real[][BREAKPOINT_REGISTERS] = {
		[INSN_FAULTS_USUAL] = { VECTOR_GP, VECTOR_SS, VECTOR_UD, VECTOR_DE },
		[INSN_FAULTS_DIVIDE] = { VECTOR_DE, VECTOR_GP, VECTOR_SS, VECTOR_UD },
		[INSN_FAULTS_SEGMENT] = { VECTOR_GP, VECTOR_SS, VECTOR_UD, VECTOR_DE },
		[INSN_FAULTS_FLOAT] = { VECTOR_MF, VECTOR_UD, VECTOR_GP, VECTOR_SS },
		[INSN_FAULTS_SIMD] = { VECTOR_XM, VECTOR_UD, VECTOR_GP, VECTOR_SS },
		[INSN_FAULTS_BOUND] = { VECTOR_BR, VECTOR_UD, VECTOR_SS, VECTOR_GP },
		[INSN_FAULTS_INVALID] = { VECTOR_UD, VECTOR_GP, VECTOR_SS, VECTOR_DE },
		[INSN_FAULTS_ACCESS] = { VECTOR_GP, VECTOR_SS, VECTOR_UD, VECTOR_DE },
	};
	static const uint8_t prot[][BREAKPOINT_REGISTERS] = {
		[INSN_FAULTS_USUAL] = { VECTOR_PF, VECTOR_GP, VECTOR_SS, VECTOR_UD },
		[INSN_FAULTS_DIVIDE] = { VECTOR_DE, VECTOR_PF, VECTOR_GP, VECTOR_SS },
		[INSN_FAULTS_SEGMENT] = { VECTOR_GP, VECTOR_NP, VECTOR_SS, VECTOR_PF },
		[INSN_FAULTS_FLOAT] = { VECTOR_MF, VECTOR_UD, VECTOR_PF, VECTOR_GP },
		[INSN_FAULTS_SIMD] = { VECTOR_XM, VECTOR_UD, VECTOR_PF, VECTOR_GP },
		[INSN_FAULTS_BOUND] = { VECTOR_BR, VECTOR_UD, VECTOR_PF, VECTOR_GP },
		[INSN_FAULTS_INVALID] = { VECTOR_UD, VECTOR_PF, VECTOR_GP, VECTOR_SS },
		[INSN_FAULTS_ACCESS] = { VECTOR_PF, VECTOR_GP, VECTOR_SS, VECTOR_UD },
	};
	memcpy(to, is_real ? real[insn->faults] : prot[insn->faults], BREAKPOINT_REGISTERS);
	heed_control_registers(to, insn, s);
	if (insn->kind == INSN_INT) {
		memmove(to + 1, to, BREAKPOINT_REGISTERS - 1);
		to[0] = insn->vector;
	}
}

void handlers_find(struct vcpu *v, const struct insn *insn, struct handlers *h)
{
	uint8_t vectors[BREAKPOINT_REGISTERS];
	uint64_t pc = registers_pc(v);
	h->count = 0;
	h->slot_size = 2;
	choose_vectors(insn, vcpu_sregs(v), registers_mode(v) == CPU_REAL16, vectors);
	for (unsigned i = 0; i < BREAKPOINT_REGISTERS; i++) {
		uint64_t gva;
		bool is_new = true;
		if (!vector_target(v, vectors[i], &gva, &h->slot_size))
			continue;
		for (unsigned k = 0; k < h->count; k++)
			is_new &= h->gva[k] != gva;
		/* A breakpoint on the instruction itself would stop it before it is done. */
		if (is_new && gva != pc) {
			h->vector[h->count] = vectors[i];
			h->gva[h->count++] = gva;
		}
	}
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
	debug->dr7 = 0x400; /* bit 10 is always 1 */
	for (unsigned i = 0; i < h->count; i++) {
		debug->dr[i] = h->gva[i];
		debug->dr7 |= 2ull << 2 * i; /* Gi; R/W and LEN 0: execution */
	}
	if (h->count)
		debug->control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP;
}

bool handlers_read_slot(struct vcpu *v, unsigned slot, unsigned slot_size, uint64_t *value)
{
	*value = 0;
	uint64_t gva = registers_stack_address(v, vcpu_regs(v)->rsp + (uint64_t)slot * slot_size);
	return linear_read(v, gva, value, slot_size) == slot_size;
}

void handlers_set_saved_tf(struct vcpu *v, unsigned slot, unsigned slot_size, bool tf)
{
	uint64_t flags;
	uint64_t gva = registers_stack_address(v, vcpu_regs(v)->rsp + (uint64_t)slot * slot_size);
	if (!handlers_read_slot(v, slot, slot_size, &flags) || !(flags & RFLAGS_TF) == !tf)
		return;
	flags ^= RFLAGS_TF;
	linear_write(v, gva, &flags, slot_size);
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

/* Which gate the CPU has gone through, where several lead to one address: by what lies on the stack, by the
 * instruction, and by the error code. */
#include "debug/gates.h"

#include <string.h>

#include "base/array.h"
#include "base/cpu_bits.h"
#include "debug/vectors.h"
#include "kvm/linear.h"
#include "kvm/registers.h"

/* SDM vol 3, table "Exceptions and Interrupts". */
static bool pushes_error(unsigned vector)
{
	return vector == VECTOR_DF || (vector >= VECTOR_TS && vector <= VECTOR_PF) ||
	       vector == VECTOR_AC || vector == VECTOR_CP;
}

/* --- what the instruction can raise ------------------------------------------------------------- */

/* #NM, #MF and #XM are those of x87, MMX and SSE, which three-byte opcodes may be. */
static bool may_be_float(const struct insn *insn)
{
	return insn->kind != INSN_INT && insn->kind != INSN_IRET &&
	       (insn->faults == INSN_FAULTS_FLOAT || insn->faults == INSN_FAULTS_SIMD ||
	               insn->faults == INSN_FAULTS_INVALID || insn->faults == INSN_FAULTS_USUAL);
}

static bool is_far(const struct insn *insn)
{
	return insn->kind == INSN_INT || insn->kind == INSN_IRET ||
	       (!insn->is_0f && insn->faults == INSN_FAULTS_SEGMENT);
}

bool gates_is_plausible(unsigned vector, const struct insn *insn, const struct kvm_regs *regs,
        const struct kvm_sregs *sregs)
{
	unsigned cpl = sregs->cr0 & CR0_PE ? sregs->ss.dpl : 0;
	if (insn->kind == INSN_INT && vector == insn->vector)
		return true;
	switch (vector) {
	case VECTOR_DE: return insn->faults == INSN_FAULTS_DIVIDE;
	case VECTOR_BR: return insn->faults == INSN_FAULTS_BOUND;
	case VECTOR_NM:
	case VECTOR_MF:
	case VECTOR_XM: return may_be_float(insn);
	/* Far transfers, and a change of stacks on the way to any handler. */
	case VECTOR_TS: return cpl || is_far(insn);
	case VECTOR_AC: return cpl == 3 && regs->rflags & RFLAGS_AC && sregs->cr0 & CR0_AM;
	case VECTOR_DB:
	case VECTOR_BP:
	case VECTOR_OF:
	case VECTOR_VE:
	case VECTOR_CP: return false;
	default: return true;
	}
}

/* --- what lies on the stack --------------------------------------------------------------------- */

enum frame {
	FRAME_NONE,    /* the guest has gone there by itself */
	FRAME_UNKNOWN, /* of another form than the SDM says, or none */
	FRAME_PLAIN,
	FRAME_ERROR, /* with an error code */
};

/* SDM vol 3, "64-Bit Mode Stack Frame": aligned to 16 bytes, then these, and maybe an error code. */
struct frame64 {
	uint64_t rip, cs, flags, rsp, ss;
};

static enum frame long_frame(struct vcpu *v, const struct kvm_sregs *before, struct frame64 *f)
{
	const uint64_t fixed = 0xffffffffffc0802a,
	               one = 2; /* bits of RFLAGS that are 0 but for bit 1 */
	uint64_t rsp = vcpu_regs(v)->rsp;
	bool has_error = rsp % 16 == 0;
	uint64_t *const slots[] = { &f->rip, &f->cs, &f->flags, &f->rsp, &f->ss };
	for (unsigned i = 0; i < ARRAY_SIZE(slots); i++)
		if (!handlers_read_slot(v, has_error + i, 8, slots[i]))
			return FRAME_NONE;
	/* The saved rip may be elsewhere: a jump that is done before its target is found not canonical;
	 * or CPL 3 was come to. */
	bool is_frame = (f->flags & fixed) == one && (uint16_t)f->cs && rsp % 8 == 0 &&
	                ((uint16_t)f->ss == before->ss.selector || (f->cs & 3) == 3);
	return !is_frame ? FRAME_NONE : has_error ? FRAME_ERROR : FRAME_PLAIN;
}

/* The stack that the TSS names for the handler. SDM vol 3, figures "32-Bit Task-State Segment (TSS)" and
 * "16-Bit TSS Format". False: not readable. */
static bool inner_stack(struct vcpu *v, const struct kvm_sregs *before, unsigned cpl, uint64_t *top)
{
	bool is_32 = before->tr.type & 8;
	size_t size = is_32 ? 4 : 2;
	*top = 0;
	return linear_read(v, before->tr.base + (is_32 ? 4 + 8 * cpl : 2 + 4 * cpl), top, size) ==
	       size;
}

/* SDM vol 3, "Exception- or Interrupt-Handler Procedures", and of virtual-8086 mode "Handling
 * Virtual-8086 Mode Interrupts with a 32-Bit Handler": 3, 5 or 9 slots, and maybe an error code. */
static enum frame legacy_frame(struct vcpu *v, const struct gate *g, const struct kvm_regs *regs,
        const struct kvm_sregs *before)
{
	const struct kvm_sregs *now = vcpu_sregs(v);
	bool is_vm86 = regs->rflags & RFLAGS_VM;
	unsigned cpl = now->cs.selector & 3, was = is_vm86 ? 3 : before->cs.selector & 3;
	bool is_inner = cpl != was || is_vm86;
	uint64_t from = regs->rsp, slots = is_vm86 ? 9 : is_inner ? 5 : 3;
	if (is_inner && !inner_stack(v, before, cpl, &from))
		return FRAME_UNKNOWN;
	uint64_t pushed = (from - vcpu_regs(v)->rsp) & (now->ss.db ? 0xffffffff : 0xffff);
	return pushed == slots * g->slot_size         ? FRAME_PLAIN
	       : pushed == (slots + 1) * g->slot_size ? FRAME_ERROR
	                                              : FRAME_UNKNOWN;
}

static enum frame frame_of(struct vcpu *v, const struct gates *all, const struct gate *g,
        const struct kvm_regs *regs, const struct kvm_sregs *before)
{
	if (all->is_real)
		return ((regs->rsp - vcpu_regs(v)->rsp) & 0xffff) == 6 ? FRAME_PLAIN
		                                                       : FRAME_UNKNOWN;
	struct frame64 f;
	return all->is_long ? long_frame(v, before, &f) : legacy_frame(v, g, regs, before);
}

/* kvm_pvm pushes 32 bits at 16-bit gates, and in real mode with CS.D: the frame by the ip and cs in it. */
static bool find_frame(struct vcpu *v, const struct insn *insn, const struct kvm_regs *regs,
        const struct kvm_sregs *before, unsigned *slot, unsigned *size)
{
	const uint64_t furthest = insn->kind == INSN_INT ? INSN_MAX : 0;
	for (*size = 2; *size <= 8; *size *= 2)
		for (*slot = 0; *slot < 2; ++*slot) {
			uint64_t ip, cs, mask = *size == 8 ? UINT64_MAX : (1ull << *size * 8) - 1;
			if (handlers_read_slot(v, *slot, *size, &ip) &&
			        handlers_read_slot(v, *slot + 1, *size, &cs) &&
			        ((ip - regs->rip) & mask) <= furthest &&
			        (uint16_t)cs == before->cs.selector)
				return true;
		}
	return false;
}

/* --- all together ------------------------------------------------------------------------------- */

/* What a look at the stack has found. */
struct look {
	struct vcpu *v;
	const struct gates *all;
	const struct insn *insn;
	const struct kvm_regs *regs;
	const struct kvm_sregs *before;
};

static bool is_there(const struct look *k, const struct gate *g)
{
	uint16_t cs = vcpu_sregs(k->v)->cs.selector;
	return vcpu_regs(k->v)->rip == g->our_offset &&
	       (k->all->is_real ? cs == g->our_selector : !((cs ^ g->our_selector) & ~3));
}

/* False nearly always: most steps raise nothing, and no frame has to be looked at then. */
static bool is_at_any(const struct look *k)
{
	for (unsigned i = 0; i < k->all->count; i++)
		if (is_there(k, &k->all->all[i]))
			return true;
	return false;
}

static bool is_among(const struct gates_apart *apart, unsigned vector)
{
	bool is = apart->count == 0;
	for (unsigned i = 0; i < apart->count; i++)
		is = is || apart->vectors[i] == vector;
	return is;
}

static uint64_t slot_gva(const struct look *k, bool has_base, unsigned slot, unsigned size)
{
	uint64_t rsp = vcpu_regs(k->v)->rsp + (uint64_t)slot * size;
	return has_base ? registers_stack_address(k->v, rsp) : rsp & 0xffffffff;
}

/* kvm_pvm pushes the frame of a fault in 32-bit code without SS's base. slot: of ip. */
static bool has_base(const struct look *k, unsigned slot, unsigned size)
{
	const uint16_t cs = k->before->cs.selector;
	uint16_t there = 0;
	if (k->all->is_real || k->all->is_long || !vcpu_sregs(k->v)->ss.base)
		return true;
	linear_read(k->v, slot_gva(k, true, slot + 1, size), &there, 2);
	if (there == cs)
		return true;
	return linear_read(k->v, slot_gva(k, false, slot + 1, size), &there, 2) != 2 || there != cs;
}

/* #NP always has a selector, #DF always 0. */
static bool fits_error(const struct look *k, const struct gate *g)
{
	uint16_t error = 0;
	bool is_based = has_base(k, 1, g->slot_size);
	if ((g->vector != VECTOR_DF && g->vector != VECTOR_NP) ||
	        linear_read(k->v, slot_gva(k, is_based, 0, g->slot_size), &error, 2) != 2)
		return true;
	return !error == (g->vector == VECTOR_DF);
}

static struct gates_taken taken_by(
        const struct look *k, const struct gate *g, unsigned slot, unsigned size)
{
	return (struct gates_taken) { .gate = g,
		.flags_gva = slot_gva(k, has_base(k, slot, size), slot + 2, size),
		.flags_size = size };
}

/* Whether the CPU may have come through this gate: then where the flags are. is_strict: only if it can, by
 * the SDM. */
static bool fits(const struct look *k, const struct gate *g, bool is_strict, struct gates_taken *to)
{
	const bool is_int = k->insn->kind == INSN_INT && k->insn->vector == g->vector;
	enum frame frame =
	        is_there(k, g) ? frame_of(k->v, k->all, g, k->regs, k->before) : FRAME_NONE;
	unsigned slot = frame == FRAME_ERROR, size = g->slot_size;
	if (frame == FRAME_NONE || (frame == FRAME_UNKNOWN && !find_frame(k->v, k->insn, k->regs,
	                                                              k->before, &slot, &size)))
		return false;
	*to = taken_by(k, g, slot, size);
	if (k->all->is_real) /* its selector tells */
		return true;
	/* int n pushes none, whatever its number. */
	if (!is_int && frame != FRAME_UNKNOWN && (frame == FRAME_ERROR) != pushes_error(g->vector))
		return false;
	if (!is_among(&k->all->apart, g->vector))
		return false;
	return !is_strict || (gates_is_plausible(g->vector, k->insn, k->regs, k->before) &&
	                             (frame != FRAME_ERROR || fits_error(k, g)));
}

/* Whether the guest may have gone to an X by itself. */
static bool leads_anywhere(const struct insn *insn)
{
	static const uint8_t opcodes[] = { 0x9a, 0xc2, 0xc3, 0xca, 0xcb, 0xcf, 0xea, 0xff };
	return insn->kind == INSN_SYSTEM ||
	       (!insn->is_0f && memchr(opcodes, insn->opcode, sizeof opcodes));
}

/* A frame that nobody understands: the guest must not be left where nothing of its own is. */
static bool guess(const struct look *k, struct gates_taken *to)
{
	for (unsigned i = 0; i < k->all->count && !leads_anywhere(k->insn); i++) {
		const struct gate *g = &k->all->all[i];
		*to = taken_by(k, g, 0, g->slot_size);
		if (is_there(k, g) && gates_is_plausible(g->vector, k->insn, k->regs, k->before))
			return true;
	}
	return false;
}

/* An iretq or sysret has led to CPL 3, which kvm_pvm does not step, and an instruction there has raised it:
 * that one is looked at. It can't be done again. */
static bool look_at_user(
        struct look *k, struct insn *insn, struct kvm_regs *regs, struct kvm_sregs *sregs)
{
	struct frame64 f;
	uint8_t bytes[INSN_MAX];
	if (!k->all->is_long || (k->before->cs.selector & 3) == 3 ||
	        long_frame(k->v, k->before, &f) == FRAME_NONE || (f.cs & 3) != 3)
		return false;
	*insn = *k->insn;
	*regs = *k->regs;
	*sregs = *k->before;
	regs->rflags = f.flags;
	sregs->ss.dpl = 3;
	/* int3 is before the saved rip, what faults is there. */
	size_t n = linear_read(k->v, f.rip - 1, bytes, 1) == 1 && bytes[0] == 0xcc
	                   ? 1
	                   : linear_read(k->v, f.rip, bytes, sizeof bytes);
	insn_decode(insn, bytes, n, 64);
	k->insn = insn;
	k->regs = regs;
	k->before = sregs;
	return true;
}

enum gates_result gates_taken(struct vcpu *v, const struct gates *all, const struct insn *insn,
        const struct kvm_regs *regs, const struct kvm_sregs *before, bool is_last,
        struct gates_taken *taken, struct gates_apart *apart)
{
	struct look k = { v, all, insn, regs, before };
	struct gates_apart found = { 0 };
	struct insn user;
	struct kvm_regs user_regs;
	struct kvm_sregs user_sregs;
	if (!is_at_any(&k))
		return GATES_NONE;
	bool is_of_user = look_at_user(&k, &user, &user_regs, &user_sregs);
	/* What can't be comes last: then KVM or the CPU knows it otherwise. */
	for (int is_strict = 1; is_strict >= 0 && !found.count; is_strict--)
		for (unsigned i = 0; i < all->count; i++) {
			struct gates_taken one;
			if (!fits(&k, &all->all[i], is_strict, &one))
				continue;
			one.is_of_user = is_of_user;
			if (!found.count)
				*taken = one;
			found.vectors[found.count++] = all->all[i].vector;
		}
	if (found.count <= 1 || is_last || is_of_user)
		return found.count || guess(&k, taken) ? GATES_ONE : GATES_NONE;
	*apart = found;
	return GATES_SEVERAL;
}

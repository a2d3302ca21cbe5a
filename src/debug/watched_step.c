/* A CPU that enters a handler forgets the TF of KVM's step, and the handler would run unseen. So the gates
 * of all exceptions lead to debug registers for the step: gates.h. */
#include "debug/watched_step.h"

#include "base/cpu_bits.h"
#include "debug/cpu.h"
#include "debug/gates.h"
#include "debug/step_by_kvm.h"
#include "debug/vectors.h"
#include "debug/ways.h"
#include "kvm/registers.h"

static enum catch_cause cause_of(const struct insn *insn, unsigned vector)
{
	return insn_is_int_n(insn) && vector == insn->vector ? CATCH_BY_INT : CATCH_BY_EXCEPTION;
}

static bool is_done(const struct stop *stop)
{
	return stop->kind == STOP_STEPPED || stop->kind == STOP_DEVICE || stop->kind == STOP_CATCH;
}

/* --- through one of our gates ------------------------------------------------------------------- */

/* From the X to the handler's first instruction. */
static int enter(struct control *c, const struct gates *g, const struct gates_taken *taken,
        const struct insn *insn, bool tf)
{
	struct vcpu *v = c->cpu.vcpu;
	const struct gate *gate = taken->gate;
	struct kvm_regs regs = *vcpu_regs(v);
	if (!taken->is_of_user)
		handlers_set_tf_at(v, taken->flags_gva, taken->flags_size, tf);
	if (g->is_real) {
		struct kvm_sregs s = *vcpu_sregs(v);
		s.cs.selector = gate->selector;
		s.cs.base = (uint64_t)gate->selector << 4;
		int err = vcpu_set_sregs(v, &s);
		if (err)
			return err;
	}
	regs.rip = gate->offset;
	regs.rflags &= ~(uint64_t)(RFLAGS_RF | RFLAGS_TF);
	int err = vcpu_set_regs(v, &regs);
	cpu_enter_handler(c, gate->vector, cause_of(insn, gate->vector));
	return err;
}

/* Back before the instruction, which has done nothing but what is done of a rep. */
static int begin_again(struct vcpu *v, const struct step_before *before)
{
	struct kvm_regs regs = *vcpu_regs(v);
	regs.rip = before->regs.rip;
	regs.rsp = before->regs.rsp;
	regs.rflags = before->regs.rflags;
	int err = vcpu_set_sregs(v, &before->sregs);
	return err ? err : vcpu_set_regs(v, &regs);
}

/* In two passes where one does not tell which exception it was. *taken: GATES_ONE; its gate is g's. */
static int run(struct control *c, const struct insn *insn, const struct step_before *before,
        struct gates *g, struct gates_taken *taken, enum gates_result *result, struct stop *stop)
{
	struct vcpu *v = c->cpu.vcpu;
	struct gates_apart apart;
	struct handlers h;
	uint64_t way;
	const bool has_way = ways_find(v, insn, &way) && way != registers_pc(v);
	const bool is_kept =
	        has_way || insn->kind == INSN_LOAD_SS; /* a register, for the next instruction */
	*result = GATES_NONE;
	for (int pass = 0; pass < 2; pass++) {
		gates_find(v, insn, BREAKPOINT_REGISTERS - is_kept, pass ? &apart : NULL, g);
		gates_watch(g, &h);
		h.has_way = has_way;
		h.way = way;
		gates_put(g);
		int err = step_by_kvm(c, insn, &h, stop);
		gates_put_back(g);
		if (err || !is_done(stop))
			return err;
		*result = gates_taken(
		        v, g, insn, &before->regs, &before->sregs, pass > 0, taken, &apart);
		if (*result != GATES_SEVERAL)
			return 0;
		err = begin_again(v, before);
		if (err)
			return err;
		*stop = (struct stop) { .kind = STOP_STEPPED };
	}
	return 0;
}

/* --- at a handler itself ------------------------------------------------------------------------ */

/* Whether the instruction has led to one of the handlers in *h, by an exception. */
static bool has_come_to(struct control *c, const struct insn *insn, const struct handlers *h,
        const struct step_before *before)
{
	struct vcpu *v = c->cpu.vcpu;
	int entered = handlers_index(h, registers_pc(v));
	if (entered < 0 || !handlers_has_frame(v, h, &before->regs, &before->sregs))
		return false;
	cpu_enter_handler(c, h->vector[entered], cause_of(insn, h->vector[entered]));
	handlers_clean_frame(v, h, before->regs.rip, before->sregs.cs.selector, before->tf);
	vcpu_set_tf(v, false);
	return true;
}

/* No gates of ours may stand where the operands are not known (operands.h), and could be the gates. SDM vol
 * 2, "Exception Types", for what VEX and EVEX instructions raise. */
static void find_for_vex(struct vcpu *v, struct handlers *h)
{
	const bool ts = vcpu_sregs(v)->cr0 & CR0_TS;
	const uint8_t vectors[] = { VECTOR_UD, VECTOR_PF, VECTOR_GP, ts ? VECTOR_NM : VECTOR_XM };
	handlers_find_likely(v, vectors, h);
}

int watched_step(struct control *c, const struct insn *insn, const struct step_before *before,
        bool *has_entered, struct stop *stop)
{
	struct vcpu *v = c->cpu.vcpu;
	struct gates g;
	struct gates_taken taken;
	enum gates_result result = GATES_NONE;
	int err;
	*has_entered = false;
	if (insn_is_vex(insn)) {
		find_for_vex(v, &g.left);
		err = step_by_kvm(c, insn, &g.left, stop);
	} else {
		err = run(c, insn, before, &g, &taken, &result, stop);
	}
	if (err || !is_done(stop))
		return err;
	*has_entered = true;
	if (result == GATES_ONE)
		return enter(c, &g, &taken, insn, before->tf);
	*has_entered = has_come_to(c, insn, &g.left, before);
	return *has_entered ? cpu_clear_rf(v) : 0;
}

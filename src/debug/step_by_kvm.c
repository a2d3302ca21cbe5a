/* How KVM is made to do one instruction: its single-step (TF), with the debug registers of *h.
 *
 * - Port I/O and MMIO: some exit with rip advanced, some before; the access is answered and KVM
 *   finishes the instruction with immediate_exit set, which never begins the next one.
 * - rep: some run all iterations in a step. There the count is made 1 for the step.
 * - mov ss, pop ss: a real CPU takes no trap after them, so a byte planted on the next instruction
 *   stops it, or a debug register. */
#include "debug/step_by_kvm.h"

#include "base/cpu_bits.h"
#include "debug/access.h"
#include "debug/cpu.h"
#include "debug/place.h"
#include "kvm/registers.h"

static int run_step(struct control *c, const struct handlers *h, struct stop *stop)
{
	struct vcpu_debug debug = { .control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP };
	struct vcpu *v = c->cpu.vcpu;
	struct exit x;
	handlers_watch(h, &debug);
	/* There the trap would be the guest's: a #DB that it has not asked for. */
	if (cpu_runs_on(c))
		debug.control &= ~(uint32_t)KVM_GUESTDBG_SINGLESTEP;
	/* Where the guest runs on the CPU (kvm_amd, kvm_intel), the step is TF in its rflags, and
	 * whatever KVM emulates on the way (ins, a guarded access, a move to cr0) wipes it out
	 * unseen. */
	if (!cpu_probe(c)->step_runs_whole_rep)
		vcpu_debug_stale(v);
	int err;
	do /* again, to its handler, when it has raised an exception */
		err = cpu_run_to_exit(c, &debug, &x);
	while (!err && x.kind == EXIT_MSR && access_refuses_msr(c, &x));
	if (err)
		return err;
	switch (x.kind) {
	case EXIT_IO:
	case EXIT_MMIO: return access_finish(c, &x, stop);
	case EXIT_MSR: return access_write_msr(c, &x, stop);
	case EXIT_DEBUG: stop->kind = STOP_STEPPED; break;
	case EXIT_KICKED:
	case EXIT_IRQ_WINDOW:
	case EXIT_HLT:
	case EXIT_SHUTDOWN:
	case EXIT_FAIL_ENTRY:
	case EXIT_INTERNAL_ERROR:
	case EXIT_NO_PAGING:
	case EXIT_OTHER: cpu_stop_by(&x, stop); break;
	}
	return 0;
}

/* A rep instruction with a count of 1: one iteration, where KVM's step does all (kvm_pvm). */
static int step_rep(
        struct control *c, const struct insn *insn, const struct handlers *h, struct stop *stop)
{
	struct vcpu *v = c->cpu.vcpu;
	struct kvm_regs before = *vcpu_regs(v), regs = before;
	uint64_t mask = insn_count_mask(insn), count = before.rcx & mask;
	if (count == 0)
		return run_step(c, h, stop);
	regs.rcx = (regs.rcx & ~mask) | 1;
	int err = count == 1 ? 0 : vcpu_set_regs(v, &regs);
	if (!err)
		err = run_step(c, h, stop);
	return err ? err : cpu_end_iteration(v, insn, &before);
}

/* An emulating KVM (kvm_pvm) does 1024 at a time and leaves RF set after them. */
static int step_some_of_rep(struct control *c, const struct handlers *h, struct stop *stop)
{
	uint64_t rf = vcpu_regs(c->cpu.vcpu)->rflags & RFLAGS_RF;
	int err = run_step(c, h, stop);
	return err || rf ? err : cpu_clear_rf(c->cpu.vcpu);
}

/* A rep instruction where a step is an iteration. QEMU's TCG, under kvm_amd, stays at it after the
 * last one, for a step that does nothing more. */
static int step_iteration(
        struct control *c, const struct insn *insn, const struct handlers *h, struct stop *stop)
{
	struct vcpu *v = c->cpu.vcpu;
	const struct kvm_regs before = *vcpu_regs(v);
	uint64_t mask = insn_count_mask(insn);
	int err = run_step(c, h, stop);
	if (err)
		return err;
	struct kvm_regs regs = *vcpu_regs(v);
	uint64_t left = regs.rcx & mask;
	bool is_done = left != (before.rcx & mask);
	if (regs.rip != before.rip || !is_done || !insn_has_rep_ended(insn, left, regs.rflags))
		return 0;
	regs.rip += insn->prefix_len + 1;
	regs.rflags &= ~(uint64_t)RFLAGS_RF; /* of a rep under way */
	return vcpu_set_regs(v, &regs);
}

/* mov ss and pop ss on a CPU that takes no trap after them (kvm_amd, kvm_intel; SDM vol 3, "Masking
 * Exceptions and Interrupts When Switching Stacks"): a planted byte on the next instruction, or a debug
 * register where int3 does not exit (kvm_amd under QEMU's TCG, which has no shadow for those). Where neither
 * stops it, the step takes the next instruction along. */
static int step_load_ss(
        struct control *c, const struct insn *insn, const struct handlers *h, struct stop *stop)
{
	struct vcpu *v = c->cpu.vcpu;
	struct vcpu_debug debug = { 0 };
	struct exit x;
	uint64_t next = registers_code_address(vcpu_sregs(v), vcpu_regs(v)->rip + insn->len);
	struct breakpoint p = { .gva = next };
	if (!place_byte(c, &p, &debug)) {
		struct handlers with_next = *h;
		with_next.has_way = h->count < BREAKPOINT_REGISTERS;
		with_next.way = next;
		return run_step(c, &with_next, stop);
	}
	handlers_watch(h, &debug);
	int err = cpu_run_to_exit(c, &debug, &x);
	place_take_byte(c, &p);
	if (err)
		return err;
	if (x.kind == EXIT_IO || x.kind == EXIT_MMIO) /* the selector's; the next is not begun */
		return access_finish(c, &x, stop);
	if (x.kind != EXIT_DEBUG)
		cpu_stop_by(&x, stop);
	return 0;
}

static enum step_how choose(struct control *c, const struct insn *insn)
{
	/* KVM reads ahead for ins: one exit for all elements, whatever a step of movs does. */
	bool is_ins = insn->opcode == 0x6c || insn->opcode == 0x6d;
	if (insn->kind == INSN_LOAD_SS && cpu_probe(c)->mov_ss_hides_step)
		return STEP_TO_BYTE;
	if (!insn_is_rep(insn))
		return STEP_BY_KVM;
	if (!is_ins && !cpu_probe(c)->step_runs_whole_rep)
		return STEP_REP_ITERATION;
	/* As many iterations as KVM does at once, unless each is to be looked at. */
	return c->steps_whole_rep && !c->watches.count ? STEP_REP_SOME : STEP_REP_ONE;
}

int step_by_kvm(
        struct control *c, const struct insn *insn, const struct handlers *h, struct stop *stop)
{
	enum step_how how = choose(c, insn);
	cpu_note_step(c, how, h->count);
	switch (how) {
	case STEP_BY_KVM: return run_step(c, h, stop);
	case STEP_REP_ONE: return step_rep(c, insn, h, stop);
	case STEP_REP_SOME: return step_some_of_rep(c, h, stop);
	case STEP_REP_ITERATION: return step_iteration(c, insn, h, stop);
	case STEP_TO_BYTE: return step_load_ss(c, insn, h, stop);
	case STEP_HERE:
	case STEP_GUEST_DB:
	case STEP_BY_ENGINE: break; /* not chosen here */
	}
	return 0;
}

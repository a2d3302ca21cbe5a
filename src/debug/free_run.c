/* A free run: KVM_RUN until an exit is news for somebody. */
#include "debug/free_run.h"

#include "base/cpu_bits.h"
#include "debug/access.h"
#include "debug/cpu.h"
#include "debug/guards.h"
#include "debug/guest_debug.h"
#include "debug/insn.h"
#include "debug/interrupt.h"
#include "debug/observe.h"
#include "debug/place.h"
#include "debug/seen.h"
#include "debug/step.h"
#include "debug/vectors.h"
#include "kvm/linear.h"
#include "kvm/registers.h"

/* An int3 of ours. It is planted at a physical address, which another linear one may lead to, for the guest may
 * have turned paging on since. */
static bool is_at_planted(struct control *c)
{
	uint64_t gpa, len;
	return linear_to_gpa(c->cpu.vcpu, registers_pc(c->cpu.vcpu), &gpa, &len) &&
	       breakpoints_planted(&c->breakpoints, gpa);
}

/* The guest has set RF to get past a breakpoint of its own, which not every KVM heeds for ours. */
static int step_over_guest_breakpoint(struct control *c, struct stop *stop)
{
	struct vcpu_debug debug = c->cpu.vcpu->debug;
	c->cpu.why = STEP_GUEST_RF;
	c->engine_shuts_down = false; /* of what the engine has handed over, which this is not */
	int err = step_one(c, stop);
	vcpu_set_debug(c->cpu.vcpu, &debug);
	if (!err && stop->kind == STOP_HALTED)
		observe_hlt(c, stop);
	return err ? err : stop->kind == STOP_STEPPED;
}

/* Whether dr6 tells of what the guest's last instruction has done: its own TF, or an access. The
 * guest's handler comes before our breakpoint on the next one, which is met after it: SDM vol 3,
 * "Priority Among Concurrent Events". */
static bool is_guest_trap(struct control *c, uint64_t dr6)
{
	if (dr6 & DR6_BS && registers_pc(c->cpu.vcpu) != c->cpu.run_from)
		return true;
	for (unsigned n = 0; n < BREAKPOINT_REGISTERS; n++)
		if (dr6 & 1u << n && cpu_guest_registers(&c->cpu)->dr7 >> (16 + 4 * n) & 3)
			return true;
	return false;
}

/* KVM_EXIT_DEBUG: a #DB or a #BP, ours or the guest's. Returns 1 to go on, 0 with *stop, or -errno. */
static int handle_debug(struct control *c, const struct exit *x, struct stop *stop)
{
	const bool is_db = x->debug.exception == VECTOR_DB;
	/* DR7.GD is ours: the guest is about to use its debug registers. */
	if (is_db && x->debug.dr6 & DR6_BD) {
		stop->kind = STOP_STEPPED;
		c->cpu.loads_dr = true;
		return 0;
	}
	const struct watch *w = is_db ? place_watch_of(c, x->debug.dr6) : NULL;
	if (w) {
		seen_hit(&c->cpu, w, w->gva);
		seen_stop(&c->cpu, stop);
		return 0;
	}
	if (is_db && zero_vector_is_met(c)) {
		if (cpu_is_at_breakpoint(c, stop) || zero_vector_stops(c, stop))
			return 0;
		if (!(x->debug.dr6 & DR6_BS))
			return 1;
	}
	if (x->debug.exception == VECTOR_BP && is_at_planted(c)) {
		if (!cpu_is_at_breakpoint(c, stop))
			stop->kind = STOP_STEPPED; /* what is planted is decided again */
		return 0;
	}
	/* One that is none of ours belongs to the guest: its own int3, debug registers or TF. */
	uint64_t dr6 = 0;
	if (is_db) {
		if (!place_guest_hits(c, x->debug.dr6, &dr6) && !cpu_is_at_breakpoint(c, stop)) {
			stop->kind = STOP_STEPPED; /* nothing has happened */
			return 0;
		}
		dr6 |= x->debug.dr6 & DR6_BS;
	}
	if (!is_guest_trap(c, dr6) && cpu_is_at_breakpoint(c, stop))
		return 0;
	/* What is left over of a step of ours, seen on kvm_intel before anything was run: nothing
	 * that the guest asked for. (TF may be off after a popf that the guest's own TF stepped.)
	 */
	if (is_db && dr6 == DR6_BS && !vcpu_tf(c->cpu.vcpu) &&
	        registers_pc(c->cpu.vcpu) == c->cpu.run_from)
		return 1;
	bool is_restart = vcpu_regs(c->cpu.vcpu)->rflags & RFLAGS_RF;
	if (is_db && !(dr6 & DR6_BS) && is_restart)
		return step_over_guest_breakpoint(c, stop);
	CONTROL_NOTE(c, .kind = DECISION_GIVEN, .at = registers_pc(c->cpu.vcpu),
	        .number = x->debug.exception);
	int err = vcpu_inject_exception(c->cpu.vcpu, (uint8_t)x->debug.exception, dr6);
	return err ? err : 1;
}

/* KVM's emulator leaves a rep whose count has come to 0 at the rep, with RF, and ends it when it is run again
 * (x86_emulate_insn in Linux' arch/x86/kvm/emulate.c). On a CPU it has ended. interrupts_test:
 * a_rep_that_has_ended… */
static int end_rep(struct control *c)
{
	struct vcpu *v = c->cpu.vcpu;
	struct kvm_regs regs = *vcpu_regs(v);
	struct insn insn;
	if (!(regs.rflags & RFLAGS_RF) || !cpu_look_ahead(v, &insn) || !insn_is_rep(&insn) ||
	        regs.rcx & insn_count_mask(&insn))
		return 0;
	regs.rip += insn.prefix_len + 1;
	regs.rflags &= ~(uint64_t)RFLAGS_RF;
	return vcpu_set_regs(v, &regs);
}

static int handle_kick(struct control *c, bool is_pending, struct stop *stop)
{
	stop->kind = STOP_STEPPED;
	int err = is_pending ? access_complete(c, stop) : 0;
	if (!err)
		err = end_rep(c);
	if (err || stop->kind != STOP_STEPPED)
		return err;
	/* An interrupt that was taken back goes before the instruction. */
	if (!c->cpu.is_acknowledged && cpu_is_at_breakpoint(c, stop))
		vcpu_kick(
		        c->cpu.vcpu); /* the guest may go on from it: the kick is still to be heard */
	else
		stop->kind = STOP_KICKED;
	return 0;
}

/* One exit of a free run. Returns 1 to go on, 0 with *stop, or -errno. */
static int handle_exit(struct control *c, struct exit *x, bool *is_pending, struct stop *stop)
{
	switch (x->kind) {
	case EXIT_IO:
	case EXIT_MMIO:
		if (!access_answer(c, x) && !(x->kind == EXIT_MMIO && guards_are_on_stack(c))) {
			*is_pending = true;
			return 1;
		}
		return access_complete(c, stop);
	case EXIT_KICKED: return handle_kick(c, *is_pending, stop);
	case EXIT_DEBUG: return handle_debug(c, x, stop);
	case EXIT_HLT:
		cpu_stop_by(x, stop);
		observe_hlt(c, stop);
		return 0;
	case EXIT_MSR:
		*is_pending = access_refuses_msr(c, x);
		return *is_pending ? 1 : access_write_msr(c, x, stop);
	case EXIT_IRQ_WINDOW:
		/* The guest is there already. QEMU's TCG (kvm_amd) sets RF in what an interrupt pushes, and the
		 * breakpoint would be passed over after the handler. control_guest: an_interrupt_at_a_breakpoint… */
		return !cpu_is_at_breakpoint(c, stop);
	case EXIT_SHUTDOWN:
	case EXIT_FAIL_ENTRY:
	case EXIT_INTERNAL_ERROR:
	case EXIT_NO_PAGING:
	case EXIT_OTHER: cpu_stop_by(x, stop); return 0;
	}
	return 0;
}

/* Where the guest runs at CPL 3 and KVM does not stop it there, what is set may be missed: it is said once. */
static void note_unseen(struct control *c)
{
	bool has_any = c->breakpoints.count || c->watches.count;
	if (c->cpu.unseen == UNSEEN_NEVER && has_any && cpu_runs_on(c))
		c->cpu.unseen = UNSEEN_NEW;
}

/* Whether the CPU may just have come to an exception's handler: it enters it with RF clear (SDM vol 3, "Instruction
 * Breakpoint Exception Condition"), and kvm_pvm in real mode with RF set. */
static bool is_at_handler(struct vcpu *v)
{
	const unsigned exceptions = 32;
	uint64_t gva;
	unsigned slot_size;
	for (unsigned n = 0; n < exceptions; n++)
		if (vector_target(v, n, &gva, &slot_size) && gva == registers_pc(v))
			return true;
	return false;
}

/* KVM's emulator marks a rep under way with RF, so that no breakpoint of the guest's own is hit again in its
 * midst. Where the guest has none nobody misses it, and no step leaves it. */
static bool is_within_rep(struct control *c, const struct stop *stop)
{
	struct insn insn;
	return stop->kind != STOP_BREAKPOINT && cpu_look_ahead(c->cpu.vcpu, &insn) &&
	       insn_is_rep(&insn) && !guest_debug_is_on(c);
}

/* An RF that is not the guest's is not shown. */
static int hide_rf(struct control *c, const struct stop *stop)
{
	struct vcpu *v = c->cpu.vcpu;
	if (!(vcpu_regs(v)->rflags & RFLAGS_RF) || (!is_within_rep(c, stop) && !is_at_handler(v)))
		return 0;
	return cpu_clear_rf(v);
}

static unsigned count_registers(const struct vcpu_debug *debug)
{
	unsigned n = 0;
	for (unsigned i = 0; i < BREAKPOINT_REGISTERS; i++)
		n += (debug->dr7 >> 2 * i & 3) != 0;
	return n;
}

/* Accesses have a trace of their own, and are too many. */
static void note_exit(struct control *c, const struct exit *x)
{
	if (x->kind == EXIT_KICKED)
		CONTROL_NOTE(c, .kind = DECISION_KICK, .at = registers_pc(c->cpu.vcpu));
	else if (x->kind != EXIT_IO && x->kind != EXIT_MMIO)
		cpu_note_exit(c, x);
}

int free_run(struct control *c, struct stop *stop)
{
	bool is_pending = false; /* an access was answered, KVM has not finished it */
	int result = 1;
	seen_forget(&c->cpu);
	c->cpu.knows_guest = false;
	c->cpu.run_from = registers_pc(c->cpu.vcpu);
	const struct vcpu_debug *debug = &c->cpu.vcpu->debug;
	const unsigned registers = count_registers(debug);
	CONTROL_NOTE(c, .kind = DECISION_RUN, .at = c->cpu.run_from, .number = registers,
	        .how = !registers && debug->control & KVM_GUESTDBG_USE_HW_BP);
	while (result == 1) {
		struct exit x;
		bool is_due = interrupt_is_due(c);
		if (is_due && is_pending) { /* the instruction under way ends before it */
			is_pending = false;
			result = access_complete(c, stop);
			if (result || stop->kind != STOP_STEPPED)
				break;
			result = 1;
			continue;
		}
		if (is_due && interrupt_wants_step(c))
			break;
		result = is_due ? interrupt_inject(c) : 0;
		if (result < 0)
			break;
		/* For one that has to wait. */
		vcpu_want_window(
		        c->cpu.vcpu, is_due ? c->io.has_interrupt(c->io.ctx) : interrupt_waits(c));
		note_unseen(c);
		result = vcpu_run(c->cpu.vcpu, &x);
		if (result >= 0) {
			note_exit(c, &x);
			note_unseen(c);
			c->cpu.has_stepped &= x.kind == EXIT_KICKED;
		}
		if (result >= 0 && is_due)
			result = interrupt_settle(c);
		if (result < 0)
			break;
		if (x.kind != EXIT_IO && x.kind != EXIT_MMIO && x.kind != EXIT_KICKED) {
			is_pending = false;
			if (c->io.trace)
				c->io.trace(c->io.ctx, &x);
		}
		result = handle_exit(c, &x, &is_pending, stop);
		if (result == 1)
			zero_vector_count(c);
	}
	vcpu_want_window(c->cpu.vcpu, false);
	return result ? result : hide_rf(c, stop);
}

/* One step is one instruction, on every KVM. How KVMs differ is measured in README.md; what is
 * done here holds on all of them:
 *
 * - KVM's single-step (TF) does the work, with all ways to a handler watched (watched_step.c) where
 *   the instruction can raise anything. So a step goes into `int n` and into faults at their first
 *   instruction.
 * - TF of KVM's must not be seen by the guest: it is taken out of what pushf, int n and faults
 *   push. The guest's own TF is kept apart (vcpu.tf), and its #DB is raised here.
 * - hlt under TF: kvm_pvm swallows the exit and runs past. It is done here: it does nothing that
 *   the VMM can't do.
 * - What KVM has to be asked for in other ways than its single-step is in step_by_kvm.c.
 * - KVM_EXIT_DEBUG with nothing done happens (kvm_intel): once more, then. */
#include "debug/step.h"

#include "base/cpu_bits.h"
#include "debug/cpu.h"
#include "debug/guest_debug.h"
#include "debug/handlers.h"
#include "debug/here.h"
#include "debug/pushed.h"
#include "debug/step_by_kvm.h"
#include "debug/watched_step.h"
#include "debug/ways.h"
#include "kvm/registers.h"

#define INSN_STI_BYTE 0xfb

/* The TF that popf or iret is about to load; the guest's own as it is for all others. */
static bool tf_after(struct vcpu *v, const struct insn *insn)
{
	uint64_t flags;
	unsigned size = insn->operand_bits / 8;
	if (registers_mode(v) == CPU_LONG64 && insn->kind == INSN_POPF && size == 4)
		size = 8; /* popf has no 32-bit form there */
	if (insn->kind == INSN_POPF && handlers_read_slot(v, 0, size, &flags))
		return flags & RFLAGS_TF;
	if (insn->kind == INSN_IRET && handlers_read_slot(v, 2, size, &flags))
		return flags & RFLAGS_TF;
	if (insn->kind == INSN_SYSTEM)
		return ways_tf_after_system(v, insn);
	return vcpu_tf(v);
}

/* Debug registers in a step cost as much as the step itself (kvm_pvm: 5.4 us without, 10.8 us with
 * them), and to change KVM's debug settings costs that once more. So they go when one instruction
 * in a row that needs none has been stepped with them. True: they are to be watched. */
static bool plan_watch(struct control *c, const struct insn *insn)
{
	const uint32_t both = KVM_GUESTDBG_SINGLESTEP | KVM_GUESTDBG_USE_HW_BP;
	if (handlers_can_fault(c->cpu.vcpu, insn)) {
		c->cpu.plain_steps = 0;
		return true;
	}
	c->cpu.plain_steps++;
	return (c->cpu.vcpu->debug.control & both) == both && c->cpu.plain_steps == 1;
}

/* kvm_intel under Bochs has forgotten the shadow after a step of sti: an interrupt would come
 * before a hlt right there, which then waits for it. */
static int keep_shadow_of_sti(struct vcpu *v)
{
	struct kvm_vcpu_events events;
	int err = vcpu_get_events(v, &events);
	if (err || events.interrupt.shadow)
		return err;
	events.interrupt.shadow = KVM_X86_SHADOW_INT_STI;
	events.flags = KVM_VCPUEVENT_VALID_SHADOW;
	return vcpu_set_events(v, &events);
}

/* What the instruction has done to TF, to the debug registers or to the interrupt shadow is made what it
 * is on a CPU. next_tf: tf_after's. */
static int set_right(
        struct control *c, const struct insn *insn, const struct step_before *before, bool next_tf)
{
	struct vcpu *v = c->cpu.vcpu;
	bool is_wide = insn->operand_bits == 32 && registers_mode(v) == CPU_LONG64;
	/* kvm_amd and kvm_intel push the TF of KVM's step, kvm_pvm a 0: it is the guest's own that
	 * it has to find. selfcheck_test: stepped_to_its_end_it_is_well. */
	if (insn->kind == INSN_PUSHF)
		handlers_set_saved_tf(v, 0, is_wide ? 8 : insn->operand_bits / 8, before->tf);
	if (insn->kind == INSN_POPF || insn->kind == INSN_IRET || insn->kind == INSN_SYSTEM)
		vcpu_set_tf(v, next_tf);
	if (insn->kind == INSN_SYSTEM) {
		int err = ways_hide_tf(v, insn, before->tf);
		if (err)
			return err;
	}
	if (ways_has_switched(v, insn, &before->sregs)) {
		ways_set_tf_of_tasks(v, &before->sregs, before->tf);
		vcpu_debug_stale(v);
	}
	/* The guest has written TF, which is where KVM keeps the step: kvm_amd and kvm_intel lose
	 * it after popf and its like. */
	if (insn->kind >= INSN_PUSHF)
		vcpu_debug_stale(v);
	if (insn->kind == INSN_MOV_DR)
		c->cpu.knows_guest = false;
	bool sets_if = !(before->regs.rflags & RFLAGS_IF) && vcpu_regs(v)->rflags & RFLAGS_IF;
	return insn->opcode == INSN_STI_BYTE && sets_if ? keep_shadow_of_sti(v) : 0;
}

/* Whether the guest's own TF has it trap after the instruction. After mov ss and pop ss the trap is suppressed: SDM vol 3,
 * "Masking Exceptions and Interrupts When Switching Stacks". INSN_SYSTEM, syscall and sysret among it, goes by the flags
 * that it leaves: FMASK keeps the trap out of a kernel, and a sysret with TF in r11 traps before the user's first
 * instruction (Linux, arch/x86/entry/entry_64.S, at "SYSRET can't restore RF"). All others go by the flags before. */
static bool traps_after(const struct insn *insn, bool tf, bool next_tf)
{
	if (insn->kind == INSN_LOAD_SS)
		return false;
	return insn->kind == INSN_SYSTEM ? next_tf : tf;
}

static int step_looked_at(struct control *c, const struct insn *insn,
        const struct step_before *before, struct stop *stop)
{
	struct vcpu *v = c->cpu.vcpu;
	const struct handlers none = { 0 };
	bool has_entered = false;
	const bool next_tf = tf_after(v, insn);
	struct operand operands[OPERANDS_MAX];
	unsigned count = 0;
	if (guest_debug_is_on(c)) {
		uint64_t fault = guest_debug_fault(c, insn);
		if (fault)
			return guest_debug_raise(c, fault, stop);
		count = cpu_operands(v, operands);
	}
	struct here_int to;
	if (here_is_shutdown(v, insn)) {
		stop->kind = STOP_SHUTDOWN;
		return 0;
	}
	if (here_can_int(v, insn, &to))
		return here_int(c, insn, &to);
	int err = plan_watch(c, insn) ? watched_step(c, insn, before, &has_entered, stop)
	                              : step_by_kvm(c, insn, &none, stop);
	if (!err && (stop->kind == STOP_SHUTDOWN || stop->kind == STOP_FAILED))
		return cpu_put_back(v, &before->regs, &before->sregs);
	if (!err && stop->kind == STOP_KICKED) /* what it has raised it raises again */
		return vcpu_drop_exception(v);
	if (err || (stop->kind != STOP_STEPPED && stop->kind != STOP_DEVICE &&
	                   stop->kind != STOP_CATCH))
		return err;
	if (has_entered)
		return 0;
	err = set_right(c, insn, before, next_tf);
	if (err)
		return err;
	bool traps = traps_after(insn, before->tf, next_tf);
	uint64_t hits = guest_debug_hits(c, operands, count) | (traps ? DR6_BS : 0);
	if (!hits)
		return 0;
	pushed_begin(c, true);
	return guest_debug_raise(c, hits, stop);
}

/* Whether CPL 3 of long mode is next, or is where the instruction stands, and it leads nowhere but
 * by an exception or int from there. */
static bool is_for_user(struct vcpu *v, const struct insn *insn)
{
	uint64_t cs;
	if (!(vcpu_sregs(v)->efer & EFER_LMA))
		return false;
	if (registers_cpl(v) == 3) /* syscall, a far call through a gate */
		return insn->kind != INSN_SYSTEM && insn->faults != INSN_FAULTS_SEGMENT;
	if (insn->kind == INSN_IRET)
		return handlers_read_slot(v, 1, insn->operand_bits / 8, &cs) && (cs & 3) == 3;
	/* sysret, sysexit: SDM vol 2, appendix A, "Two-Byte Opcode Map" */
	return insn->kind == INSN_SYSTEM && (insn->opcode == 0x07 || insn->opcode == 0x35);
}

/* The CPU is at CPL 0 all the same: by the instruction's own exception or int, whose frame has its
 * rip or the one after it, or else after code of CPL 3 that KVM did not step. */
static bool was_at_user(struct vcpu *v, const struct insn *insn, uint64_t rip)
{
	uint64_t slot;
	if (registers_cpl(v) != 0)
		return false;
	for (unsigned i = 0; i < 2; i++) /* [error code] rip */
		if (handlers_read_slot(v, i, 8, &slot) &&
		        (slot == rip || (insn->kind == INSN_INT && slot == rip + insn->len)))
			return false;
	return true;
}

/* A step that led to CPL 3 has ended: whether more than the one instruction was done there. */
static bool has_run_unseen(
        struct control *c, const struct insn *insn, uint64_t rip, enum stop_kind stop)
{
	struct vcpu *v = c->cpu.vcpu;
	/* In the midst of such code, where a kick or an access has ended it. */
	if (stop == STOP_KICKED || cpu_runs_on(c))
		return vcpu_regs(v)->rip != rip;
	return stop == STOP_STEPPED && was_at_user(v, insn, rip);
}

bool step_may_last(struct control *c)
{
	struct insn insn;
	struct vcpu *v = c->cpu.vcpu;
	return vcpu_sregs(v)->efer & EFER_LMA && cpu_look_ahead(v, &insn) && is_for_user(v, &insn);
}

/* A kick has ended the step, at rip where it has not begun. The caller goes on by another, but not for ever; and
 * where the guest has run on, the step is over. */
static void end_by_kick(struct control *c, const struct kvm_regs *before, struct stop *stop)
{
	bool is_begun = !cpu_is_same(before, vcpu_regs(c->cpu.vcpu)); /* a rep */
	if (is_begun || c->cpu.has_run_on) {
		c->cpu.was_kicked = true;
		stop->kind = STOP_STEPPED;
	} else if (++c->cpu.stuck >= CPU_STUCK_MAX) {
		stop->kind = STOP_FAILED;
	}
}

int step_one(struct control *c, struct stop *stop)
{
	struct insn insn;
	int err;
	stop_begin(stop, STOP_STEPPED);
	c->cpu.was_kicked = c->cpu.entered_handler = c->cpu.has_run_on = false;
	if (!cpu_look_ahead(c->cpu.vcpu, &insn))
		insn = (struct insn) { .kind = INSN_OTHER };
	struct vcpu *v = c->cpu.vcpu;
	struct step_before before; /* by assignments, for an initializer copies all of it twice */
	before.regs = *vcpu_regs(v);
	before.sregs = *vcpu_sregs(v);
	before.tf = vcpu_tf(v);
	pushed_begin(c, false);
	c->cpu.run_on_from = registers_pc(c->cpu.vcpu);
	const bool is_user = is_for_user(c->cpu.vcpu, &insn);
	c->cpu.may_last = is_user;
	if (insn.kind == INSN_HLT && !insn.has_lock && registers_cpl(c->cpu.vcpu) == 0)
		err = here_hlt(c, &insn, stop);
	else
		err = step_looked_at(c, &insn, &before, stop);
	c->cpu.may_last = false;
	/* KVM was not asked, but the engine knows. */
	if (!err && stop->kind == STOP_FAILED && stop->exit.kind == EXIT_NO_PAGING &&
	        c->engine_shuts_down)
		stop->kind = STOP_SHUTDOWN;
	if (!err && stop->kind == STOP_SHUTDOWN && c->engine_shuts_down)
		err = cpu_put_cr2(v, c->engine_cr2);
	if (!err && stop->kind == STOP_KICKED && !is_user)
		end_by_kick(c, &before.regs, stop);
	if (is_user && !err && c->cpu.unseen == UNSEEN_NEVER &&
	        has_run_unseen(c, &insn, before.regs.rip, stop->kind))
		c->cpu.unseen = UNSEEN_NEW;
	/* A step can't be kicked out of: the kick is for the run that follows. */
	if (c->cpu.was_kicked)
		vcpu_kick(c->cpu.vcpu);
	return err;
}

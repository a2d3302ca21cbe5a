#include "debug/control.h"

#include <string.h>

#include "cpu_bits.h"
#include "debug/interrupt.h"
#include "debug/observe.h"
#include "debug/place.h"
#include "debug/step.h"
#include "kvm/registers.h"

void control_init(struct control *c, struct vcpu *v, const struct control_io *io)
{
	*c = (struct control) { .vcpu = v, .io = *io };
	breakpoints_init(&c->breakpoints);
	watches_init(&c->watches);
}

void control_close(struct control *c)
{
	breakpoints_close(&c->breakpoints);
	watches_close(&c->watches);
}

void control_forget(struct control *c)
{
	breakpoints_clear(&c->breakpoints);
	watches_clear(&c->watches);
	c->catches.count = 0;
	c->step_interrupts = c->steps_whole_rep = c->is_followed = false;
}

void control_restarted(struct control *c)
{
	c->has_caught = c->knows_guest = c->device_stops = c->has_hit = false;
	c->must_step_off = c->entered_handler = c->was_kicked = false;
	c->is_acknowledged = c->is_halted = c->loads_dr = c->is_followed = false;
}

struct control_state control_save(const struct control *c)
{
	return (struct control_state) {
		.is_acknowledged = c->is_acknowledged,
		.is_halted = c->is_halted,
		.acknowledged = c->acknowledged,
		.halt_rip = c->halt_rip,
	};
}

void control_load(struct control *c, const struct control_state *s)
{
	control_restarted(c);
	c->is_acknowledged = s->is_acknowledged;
	c->acknowledged = s->acknowledged;
	c->is_halted = s->is_halted;
	c->halt_rip = s->halt_rip;
}

void control_registers_written(struct control *c)
{
	c->knows_guest = false; /* it may have been a debug register */
}

const struct probe *control_probe(struct control *c)
{
	if (!c->is_probed) {
		if (probe_run(&c->probe, c->vcpu->vm, NULL))
			c->probe = (struct probe) { .step_runs_whole_rep = true,
				.mov_ss_hides_step = true };
		c->is_probed = true;
	}
	return &c->probe;
}

const struct kvm_debugregs *control_guest_registers(struct control *c)
{
	if (!c->knows_guest && vcpu_get_debugregs(c->vcpu, &c->guest) < 0)
		c->guest = (struct kvm_debugregs) { 0 };
	c->knows_guest = true;
	return &c->guest;
}

void control_stop_by(const struct exit *x, struct stop *stop)
{
	stop->exit = *x;
	switch (x->kind) {
	case EXIT_HLT: stop->kind = STOP_HALTED; break;
	case EXIT_SHUTDOWN: stop->kind = STOP_SHUTDOWN; break;
	case EXIT_KICKED: stop->kind = STOP_KICKED; break;
	case EXIT_IO:
	case EXIT_MMIO:
	case EXIT_DEBUG:
	case EXIT_FAIL_ENTRY:
	case EXIT_INTERNAL_ERROR:
	case EXIT_IRQ_WINDOW:
	case EXIT_OTHER: stop->kind = STOP_FAILED; break;
	}
}

/* --- going on ----------------------------------------------------------------------------------
 */

static bool is_at_breakpoint(struct control *c, struct stop *stop)
{
	const struct breakpoint *p = breakpoints_find(&c->breakpoints, registers_pc(c->vcpu));
	if (!p)
		return false;
	stop->kind = STOP_BREAKPOINT;
	stop->is_hardware = p->is_hardware && !p->is_software;
	return true;
}

/* A hlt exit at a planted byte: rip goes back to it. */
static int undo_planted_hlt(struct control *c, bool *is_planted)
{
	struct kvm_regs regs = *vcpu_regs(c->vcpu);
	const struct kvm_sregs *s = vcpu_sregs(c->vcpu);
	const struct breakpoint *p =
	        breakpoints_find(&c->breakpoints, registers_code_address(s, regs.rip - 1));
	*is_planted = p && p->is_planted;
	if (!*is_planted)
		return 0;
	regs.rip--;
	return vcpu_set_regs(c->vcpu, &regs);
}

/* The guest has set RF to get past a breakpoint of its own, which not every KVM heeds for ours. */
static int step_over_guest_breakpoint(struct control *c, struct stop *stop)
{
	struct vcpu_debug debug = c->vcpu->debug;
	int err = control_single_step(c, stop);
	vcpu_set_debug(c->vcpu, &debug);
	if (!err && stop->kind == STOP_HALTED)
		observe_hlt(c, stop);
	return err ? err : stop->kind == STOP_STEPPED;
}

static int handle_debug(struct control *c, const struct exit *x, struct stop *stop)
{
	/* DR7.GD is ours: the guest is about to use its debug registers. */
	if (x->debug.exception == 1 && x->debug.dr6 & DR6_BD) {
		stop->kind = STOP_STEPPED;
		c->loads_dr = true;
		return 0;
	}
	const struct watch *w = x->debug.exception == 1 ? place_watch_of(c, x->debug.dr6) : NULL;
	if (w) {
		observe_hit(c, w, w->gva);
		observe_stop(c, stop);
		return 0;
	}
	if (is_at_breakpoint(c, stop))
		return 0;
	/* One that is none of ours belongs to the guest: its own int3, debug registers or TF. */
	uint64_t dr6 = place_guest_hits(c, x->debug.dr6) | (x->debug.dr6 & DR6_BS);
	/* What is left over of a step of ours, seen on kvm_intel before anything was run: nothing
	 * that the guest asked for. (TF may be off behind a popf that the guest's own TF stepped.)
	 */
	if (x->debug.exception == 1 && dr6 == DR6_BS && !vcpu_tf(c->vcpu) &&
	        registers_pc(c->vcpu) == c->run_from)
		return 1;
	bool is_restart = vcpu_regs(c->vcpu)->rflags & RFLAGS_RF;
	if (x->debug.exception == 1 && !(dr6 & DR6_BS) && is_restart)
		return step_over_guest_breakpoint(c, stop);
	int err = vcpu_inject_exception(c->vcpu, (uint8_t)x->debug.exception, dr6);
	return err ? err : 1;
}

static int handle_kick(struct control *c, bool is_pending, struct stop *stop)
{
	stop->kind = STOP_STEPPED;
	if (is_pending) {
		int err = observe_complete(c, stop);
		if (err)
			return err;
	}
	if (stop->kind != STOP_STEPPED)
		return 0;
	/* An interrupt that was taken back goes before the instruction. */
	if (!c->is_acknowledged && is_at_breakpoint(c, stop))
		vcpu_kick(c->vcpu); /* the guest may go on from it: the kick is still to be heard */
	else
		stop->kind = STOP_KICKED;
	return 0;
}

/* One exit of a free run. Returns 1 to go on, 0 with *stop, or -errno. */
static int handle_exit(struct control *c, struct exit *x, bool *is_pending, struct stop *stop)
{
	bool is_planted;
	int err;
	switch (x->kind) {
	case EXIT_IO:
	case EXIT_MMIO:
		if (!observe_access(c, x) && !(x->kind == EXIT_MMIO && place_guards_stack(c))) {
			*is_pending = true;
			return 1;
		}
		return observe_complete(c, stop);
	case EXIT_KICKED: return handle_kick(c, *is_pending, stop);
	case EXIT_DEBUG: return handle_debug(c, x, stop);
	case EXIT_HLT:
		err = undo_planted_hlt(c, &is_planted);
		if (err)
			return err;
		if (is_planted && is_at_breakpoint(c, stop))
			return 0;
		control_stop_by(x, stop);
		observe_hlt(c, stop);
		return 0;
	case EXIT_IRQ_WINDOW: return 1;
	case EXIT_SHUTDOWN:
	case EXIT_FAIL_ENTRY:
	case EXIT_INTERNAL_ERROR:
	case EXIT_OTHER: control_stop_by(x, stop); return 0;
	}
	return 0;
}

static int run_free(struct control *c, struct stop *stop)
{
	bool is_pending = false; /* an access was answered, KVM has not finished it */
	int result = 1;
	observe_forget(c);
	c->knows_guest = false;
	c->run_from = registers_pc(c->vcpu);
	while (result == 1) {
		struct exit x;
		bool is_due = interrupt_is_due(c);
		if (is_due && is_pending) { /* the instruction under way ends before it */
			is_pending = false;
			result = observe_complete(c, stop);
			if (result || stop->kind != STOP_STEPPED)
				break;
			result = 1;
			continue;
		}
		if (is_due && c->watches.count)
			break; /* it is stepped: what the CPU pushes may be watched */
		result = is_due ? interrupt_inject(c) : 0;
		if (result < 0)
			break;
		/* For one that has to wait. */
		vcpu_want_window(c->vcpu,
		        is_due ? c->io.has_interrupt(c->io.ctx) : control_has_interrupt(c));
		result = vcpu_run(c->vcpu, &x);
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
	}
	vcpu_want_window(c->vcpu, false);
	return result;
}

/* One instruction on the way of a run, or an interrupt. Returns 1 to go on, 0 with *stop, or
 * -errno. */
static int step_on(struct control *c, struct stop *stop)
{
	/* Off a breakpoint first: with a handler in between the guest would come back to it. */
	bool is_interrupt = !c->must_step_off && interrupt_is_due(c);
	c->must_step_off = false;
	int err = observe_step(c, is_interrupt, stop);
	if (err || stop->kind != STOP_STEPPED || is_at_breakpoint(c, stop))
		return err;
	if (!vcpu_take_kick(c->vcpu))
		return 1;
	stop->kind = STOP_KICKED;
	return 0;
}

/* As long as it stays on the page. */
static int step_on_page(struct control *c, struct stop *stop)
{
	uint64_t page = registers_pc(c->vcpu) / MEMORY_PAGE;
	int result;
	do
		result = step_on(c, stop);
	while (result == 1 && registers_pc(c->vcpu) / MEMORY_PAGE == page);
	return result;
}

bool control_wants_timer(const struct control *c)
{
	return c->breakpoints.count > BREAKPOINT_REGISTERS || c->watches.count;
}

/* After a kick: a guest that has not moved since the one before is stuck at a guarded page, or goes
 * round in so small a circle that a step does it no harm. */
static void look_for_progress(struct control *c)
{
	const struct kvm_regs *now = vcpu_regs(c->vcpu);
	if (!c->vcpu->vm->memory.guard_count)
		return;
	if (!memcmp(&c->kicked_at, now, sizeof *now))
		c->must_step_off = true;
	c->kicked_at = *now;
}

/* One instruction, or all of a rep. */
static int step_whole(struct control *c, struct stop *stop)
{
	uint64_t pc = registers_pc(c->vcpu);
	struct insn insn;
	bool is_rep = c->steps_whole_rep && control_look_ahead(c->vcpu, &insn) &&
	              (insn.kind == INSN_STRING || insn.kind == INSN_SCAN) && insn.rep != INSN_ONCE;
	c->must_step_off = c->is_halted = false;
	int err = observe_step(c, c->step_interrupts && interrupt_is_due(c), stop);
	while (is_rep && !err && stop->kind == STOP_STEPPED && registers_pc(c->vcpu) == pc) {
		if (vcpu_take_kick(c->vcpu))
			stop->kind = STOP_KICKED;
		else
			err = observe_step(c, false, stop);
	}
	return err;
}

bool control_is_halted(struct control *c)
{
	return c->is_halted && vcpu_regs(c->vcpu)->rip == c->halt_rip;
}

/* What stops at a breakpoint with a condition is the condition. */
static bool wants_stop(struct control *c)
{
	return !c->stops || c->stops(c->stops_ctx, registers_pc(c->vcpu));
}

/* A breakpoint that is passed over again and again may be in a loop of a few instructions. To step
 * them costs less than to leave it, arm the debug registers and be stopped by them: 5.4 us an
 * instruction against 31 us (kvm_pvm). It is tried, and given up for twice as many hits each time
 * that the guest does not come back within so few. */
#define NEAR_STEPS    3
#define NEAR_WAIT_MAX 1023

static void plan_near_steps(struct control *c)
{
	c->near_left = 0;
	if (c->watches.count || c->vcpu->vm->memory.guard_count)
		return;
	if (c->is_near) {
		c->near_next = 0;
	} else if (c->near_wait > 0) {
		c->near_wait--;
		return;
	} else {
		c->near_next = c->near_next < NEAR_WAIT_MAX ? 2 * c->near_next + 1 : NEAR_WAIT_MAX;
	}
	c->near_wait = c->near_next;
	c->near_left = NEAR_STEPS;
	c->is_near = true;
}

/* One that needs handlers watched costs more than it saves. */
static int step_near(struct control *c, struct stop *stop)
{
	c->near_left--;
	int result = step_on(c, stop);
	if (c->plain_steps == 0)
		c->near_left = 0;
	return result;
}

/* Behind a run. 1: the guest is to go on over the breakpoint. */
static int go_over_breakpoint(struct control *c, struct stop *stop)
{
	if (stop->kind != STOP_BREAKPOINT || wants_stop(c))
		return 0;
	c->must_step_off = true;
	plan_near_steps(c);
	if (!vcpu_take_kick(c->vcpu))
		return 1;
	stop->kind = STOP_KICKED;
	return 0;
}

int control_step(struct control *c, struct stop *stop)
{
	int err = step_whole(c, stop);
	/* A step stops anyway; what else happens at a breakpoint happens here, too. */
	if (!err && stop->kind == STOP_STEPPED &&
	        breakpoints_find(&c->breakpoints, registers_pc(c->vcpu)))
		wants_stop(c);
	return err;
}

int control_step_range(struct control *c, uint64_t begin, uint64_t end, struct stop *stop)
{
	int err = step_whole(c, stop);
	if (err || stop->kind != STOP_STEPPED)
		return err;
	if (is_at_breakpoint(c, stop) && wants_stop(c))
		return 0;
	stop->kind = STOP_STEPPED;
	if (registers_pc(c->vcpu) - begin >= end - begin)
		return 0;
	if (!vcpu_take_kick(c->vcpu))
		return 1;
	stop->kind = STOP_KICKED;
	return 0;
}

void control_begin(struct control *c)
{
	c->must_step_off = breakpoints_find(&c->breakpoints, registers_pc(c->vcpu)) != NULL;
	c->near_left = 0;
	c->is_near = false;
}

/* An instruction that can't be done with guards is done without: one on a guarded page (has the
 * guest come to a breakpoint there?), one that KVM can't emulate, or one whose exception finds a
 * table or a stack of the CPU's guarded that were not when the run began. After a triple fault it
 * is still there, unless this KVM has reset the CPU: F000:FFF0, SDM vol 3, "Processor State After
 * Reset". */
static bool may_be_for_guards(struct control *c, const struct stop *stop)
{
	const struct kvm_sregs *s = vcpu_sregs(c->vcpu);
	if (!c->vcpu->vm->memory.guard_count)
		return false;
	if (stop->kind == STOP_SHUTDOWN)
		return s->cs.selector != 0xf000 || vcpu_regs(c->vcpu)->rip != 0xfff0;
	return stop->kind == STOP_FAILED && stop->exit.kind == EXIT_INTERNAL_ERROR;
}

/* Until something stops the guest, a breakpoint's condition not yet asked for. */
static int run_on(struct control *c, struct stop *stop)
{
	int result = 1;
	*stop = (struct stop) { .kind = STOP_STEPPED };
	if (control_is_halted(c) && interrupt_is_due(c))
		c->must_step_off = false; /* nothing but the interrupt gets it on */
	c->is_halted = false;
	if (c->must_step_off)
		result = step_on(c, stop);
	while (result == 1) {
		if (c->is_followed || catches_need_steps(&c->catches) ||
		        (c->watches.count && interrupt_is_due(c))) {
			result = step_on(c, stop);
			continue;
		}
		if (c->near_left) {
			result = step_near(c, stop);
			continue;
		}
		c->is_near = false;
		switch (place_all(c)) {
		case PLACE_STEP_ON: result = step_on(c, stop); continue;
		case PLACE_STEP_HERE: result = step_on_page(c, stop); continue;
		case PLACE_DONE: break;
		}
		c->loads_dr = false;
		result = run_free(c, stop);
		place_lift(c);
		if (result == 0 && c->loads_dr) {
			result = step_on(c, stop);
			continue;
		}
		if (result == 0 && stop->kind == STOP_KICKED)
			look_for_progress(c);
		if (result == 0 && stop->kind == STOP_STEPPED && !is_at_breakpoint(c, stop))
			result = 1; /* its stack has come to a guarded page */
		if (result == 0 && may_be_for_guards(c, stop) && !is_at_breakpoint(c, stop))
			result = step_on(c, stop);
	}
	return result;
}

int control_run(struct control *c, struct stop *stop)
{
	int result;
	do
		result = run_on(c, stop);
	while (result == 0 && (result = go_over_breakpoint(c, stop)) == 1);
	return result;
}

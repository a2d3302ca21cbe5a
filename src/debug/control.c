/* A debugger's step and run: what the guest does next, and when that is the end of it. */
#include "debug/control.h"

#include <string.h>

#include "debug/approach.h"
#include "debug/cpu.h"
#include "debug/engine.h"
#include "debug/free_run.h"
#include "debug/log.h"
#include "debug/interrupt.h"
#include "debug/means.h"
#include "debug/observe.h"
#include "debug/place.h"
#include "debug/step.h"
#include "kvm/registers.h"

static const struct engine_steps all_steps = { 0, UINT64_MAX, UINT64_MAX, true };

/* One instruction on the way of a run, or an interrupt. Returns 1 to go on, 0 with *stop, or
 * -errno. */
static int step_on(struct control *c, enum step_why why, struct stop *stop)
{
	/* Off a breakpoint first: with a handler in between the guest would come back to it. It is
	 * stepped off, for kvm_pvm heeds no RF and would hit it for ever. */
	const bool is_off = c->cpu.must_step_off, is_interrupt = !is_off && interrupt_is_due(c);
	c->cpu.must_step_off = false;
	c->cpu.why = why;
	const uint64_t pc = registers_pc(c->cpu.vcpu);
	int err = 0;
	/* Of many steps for a catchpoint, those that it can't catch are done at once. */
	if (why != STEP_CAUGHT || is_off || is_interrupt || !observe_steps(c, &all_steps, stop))
		err = observe_step(c, is_interrupt, stop);
	if (!err && stop->kind == STOP_KICKED && registers_pc(c->cpu.vcpu) == pc) /* still there */
		c->cpu.must_step_off = is_off;
	if (err || stop->kind != STOP_STEPPED || cpu_is_at_breakpoint(c, stop))
		return err;
	if (approach_has_arrived(c)) {
		stop->kind = STOP_LONG;
		return 0;
	}
	if (!vcpu_take_kick(c->cpu.vcpu))
		return 1;
	stop->kind = STOP_KICKED;
	return 0;
}

/* As long as it stays on the page. */
static int step_on_page(struct control *c, enum step_why why, struct stop *stop)
{
	uint64_t page = registers_pc(c->cpu.vcpu) / MEMORY_PAGE;
	int result;
	do
		result = step_on(c, why, stop);
	while (result == 1 && registers_pc(c->cpu.vcpu) / MEMORY_PAGE == page);
	return result;
}

/* KVM may begin int n of real mode again for ever: here.c. */
static bool may_hang(struct control *c)
{
	return registers_is_real(registers_mode(c->cpu.vcpu)) && !means_engine_is_first(c);
}

bool control_wants_timer(struct control *c)
{
	return c->breakpoints.count > BREAKPOINT_REGISTERS || c->watches.count || c->cpu.stuck ||
	       c->check || may_hang(c);
}

/* After a kick: a guest that has not moved since the one before is stuck at a guarded page, or goes
 * round in so small a circle that a step does it no harm; nor does one at int n. */
static void look_for_progress(struct control *c)
{
	const struct kvm_regs *now = vcpu_regs(c->cpu.vcpu);
	struct insn insn;
	const bool hangs = may_hang(c);
	if (!c->cpu.vcpu->vm->memory.guard_count && !hangs)
		return;
	if (!memcmp(&c->cpu.kicked_at, now, sizeof *now) ||
	        (hangs && cpu_look_ahead(c->cpu.vcpu, &insn) && insn_is_int_n(&insn)))
		c->cpu.must_step_off = true;
	c->cpu.kicked_at = *now;
}

/* Why the guest is stepped before a run. */
static enum step_why off_why(struct control *c)
{
	uint64_t pc = registers_pc(c->cpu.vcpu);
	return breakpoints_find(&c->breakpoints, pc) || pc == 0 ? STEP_OFF_BREAKPOINT : STEP_STUCK;
}

/* One instruction, or all of a rep. */
static int step_whole(struct control *c, enum step_why why, struct stop *stop)
{
	uint64_t pc = registers_pc(c->cpu.vcpu);
	struct insn insn;
	bool is_rep =
	        c->steps_whole_rep && cpu_look_ahead(c->cpu.vcpu, &insn) && insn_is_rep(&insn);
	const bool was_halted = c->cpu.is_halted;
	c->cpu.must_step_off = c->cpu.is_halted = false;
	c->cpu.why = why;
	int err = observe_step(c, interrupt_comes_next(c), stop);
	if (!err && stop->kind == STOP_KICKED && c->cpu.stuck) /* with nothing done */
		c->cpu.is_halted = was_halted;
	while (is_rep && !err && stop->kind == STOP_STEPPED && registers_pc(c->cpu.vcpu) == pc) {
		if (vcpu_take_kick(c->cpu.vcpu))
			stop->kind = STOP_KICKED;
		else
			err = observe_step(c, false, stop);
	}
	return err;
}

bool control_is_halted(struct control *c)
{
	return c->cpu.is_halted && vcpu_regs(c->cpu.vcpu)->rip == c->cpu.halt_rip;
}

bool control_has_interrupt(const struct control *c)
{
	return interrupt_waits(c);
}

bool control_takes_interrupt(struct control *c)
{
	return interrupt_is_due(c);
}

void control_wake(struct control *c)
{
	c->cpu.is_halted = false;
}

bool control_has_acknowledged(const struct control *c, uint8_t *vector)
{
	if (c->cpu.is_acknowledged)
		*vector = c->cpu.acknowledged;
	return c->cpu.is_acknowledged;
}

bool control_shut_down_by(const struct control *c, uint8_t *vector)
{
	return c->cpu.is_shut_down && control_has_acknowledged(c, vector);
}

bool control_take_unseen(struct control *c)
{
	if (c->cpu.unseen != UNSEEN_NEW)
		return false;
	c->cpu.unseen = UNSEEN_TOLD;
	return true;
}

bool control_take_run_on(struct control *c, uint64_t *from)
{
	bool has_run_on = c->cpu.has_run_on;
	*from = c->cpu.run_on_from;
	c->cpu.has_run_on = false;
	return has_run_on;
}

bool control_has_unseen(const struct control *c)
{
	return c->cpu.unseen != UNSEEN_NEVER;
}

bool control_is_stepped_for_paging(const struct control *c)
{
	return c->cpu.is_for_paging;
}

const char *control_caught(const struct control *c)
{
	return c->cpu.has_caught ? c->cpu.caught : "";
}

/* The debugger's side evaluates the condition of the breakpoint at the pc, and runs its commands.
 * True: the guest is to stop there. */
static bool ask_to_stop(struct control *c)
{
	return !c->stops || c->stops(c->stops_ctx, registers_pc(c->cpu.vcpu));
}

/* Whether the engine runs the guest: first of all, or where debug registers do not keep all that is set. */
static bool runs_by_engine(struct control *c)
{
	return means_engine_is_first(c) || (means_engine_compares(c) && !place_fits_registers(c));
}

/* A breakpoint that is passed over again and again may be in a loop of a few instructions. To step
 * them costs less than to leave it, arm the debug registers and be stopped by them: 5.4 us an
 * instruction against 31 us (kvm_pvm). It is tried, and given up for twice as many hits each time
 * that the guest does not come back within so few. */
#define NEAR_STEPS    3
#define NEAR_WAIT_MAX 1023

static void plan_near_steps(struct control *c)
{
	c->cpu.near_left = 0;
	if (c->watches.count || c->cpu.vcpu->vm->memory.guard_count || runs_by_engine(c))
		return;
	if (c->cpu.is_near) {
		c->cpu.near_next = 0;
	} else if (c->cpu.near_wait > 0) {
		c->cpu.near_wait--;
		return;
	} else {
		c->cpu.near_next =
		        c->cpu.near_next < NEAR_WAIT_MAX ? 2 * c->cpu.near_next + 1 : NEAR_WAIT_MAX;
	}
	c->cpu.near_wait = c->cpu.near_next;
	c->cpu.near_left = NEAR_STEPS;
	c->cpu.is_near = true;
}

/* One that needs handlers watched costs more than it saves. */
static int step_near(struct control *c, struct stop *stop)
{
	c->cpu.near_left--;
	int result = step_on(c, STEP_NEAR, stop);
	if (c->cpu.plain_steps == 0)
		c->cpu.near_left = 0;
	return result;
}

/* After a run. 1: the guest is to go on over the breakpoint. */
static int go_over_breakpoint(struct control *c, struct stop *stop)
{
	if (stop->kind != STOP_BREAKPOINT || ask_to_stop(c))
		return 0;
	c->cpu.must_step_off = true;
	plan_near_steps(c);
	CONTROL_NOTE(c, .kind = DECISION_PASS, .at = registers_pc(c->cpu.vcpu),
	        .number = c->cpu.near_left, .value = c->cpu.near_wait);
	if (!vcpu_take_kick(c->cpu.vcpu))
		return 1;
	stop->kind = STOP_KICKED;
	return 0;
}

static void note_stop(struct control *c, int result, const struct stop *stop)
{
	if (result == 0)
		CONTROL_NOTE(c, .kind = DECISION_STOP, .at = registers_pc(c->cpu.vcpu),
		        .how = stop->kind);
}

bool control_may_last(struct control *c)
{
	return c->steps_whole_rep || c->cpu.stuck || step_may_last(c);
}

int control_step(struct control *c, struct stop *stop)
{
	int err = step_whole(c, STEP_ASKED, stop);
	note_stop(c, err, stop);
	/* A step stops anyway; what else happens at a breakpoint happens here, too. */
	if (!err && stop->kind == STOP_STEPPED &&
	        breakpoints_find(&c->breakpoints, registers_pc(c->cpu.vcpu)))
		ask_to_stop(c);
	return err;
}

bool control_steps_many(struct control *c)
{
	return !c->steps_whole_rep && !c->is_followed && means_engine_takes(c, STEP_IN_RANGE);
}

/* Many steps of a range. With whole reps none: the engine does iterations. */
static uint64_t step_many(struct control *c, const struct control_range *range, struct stop *stop)
{
	struct engine_steps steps = { range->begin, range->end, range->max, c->step_interrupts };
	c->cpu.why = STEP_IN_RANGE;
	if (steps.max < 2 || c->steps_whole_rep || interrupt_comes_next(c))
		return 0;
	if (steps.begin < range->many_begin)
		steps.begin = range->many_begin;
	if (steps.end > range->many_end)
		steps.end = range->many_end;
	uint64_t done = steps.begin < steps.end ? observe_steps(c, &steps, stop) : 0;
	if (done)
		c->cpu.must_step_off = c->cpu.is_halted = false;
	return done;
}

static int step_in_range(
        struct control *c, const struct control_range *range, uint64_t *done, struct stop *stop)
{
	int err = 0;
	*done = step_many(c, range, stop);
	if (!*done) {
		*done = 1;
		err = step_whole(c, STEP_IN_RANGE, stop);
	}
	if (err || stop->kind != STOP_STEPPED)
		return err;
	if (cpu_is_at_breakpoint(c, stop) && ask_to_stop(c))
		return 0;
	stop->kind = STOP_STEPPED;
	if (registers_pc(c->cpu.vcpu) - range->begin >= range->end - range->begin)
		return 0;
	if (!vcpu_take_kick(c->cpu.vcpu))
		return 1;
	stop->kind = STOP_KICKED;
	return 0;
}

int control_step_range(
        struct control *c, const struct control_range *range, uint64_t *done, struct stop *stop)
{
	int result = step_in_range(c, range, done, stop);
	note_stop(c, result, stop);
	return result;
}

int control_step_through(struct control *c, struct stop *stop)
{
	bool takes_interrupts = c->step_interrupts;
	c->step_interrupts = true;
	static const struct control_range all = { .end = UINT64_MAX, .max = 1 };
	uint64_t done;
	int result = step_in_range(c, &all, &done, stop);
	c->step_interrupts = takes_interrupts;
	note_stop(c, result, stop);
	return result;
}

bool control_is_stopped_here(struct control *c, struct stop *stop)
{
	const struct stop before = *stop;
	if (cpu_is_at_breakpoint(c, stop) && ask_to_stop(c))
		return true;
	*stop = before;
	return false;
}

void control_note(struct control *c, control_decided *decided)
{
	c->decided = decided;
}

void control_begin(struct control *c)
{
	CONTROL_NOTE(c, .kind = DECISION_BEGIN, .at = registers_pc(c->cpu.vcpu));
	zero_vector_begin(c);
	const bool is_compared = runs_by_engine(c);
	const uint64_t pc = registers_pc(c->cpu.vcpu);
	c->cpu.must_step_off =
	        breakpoints_find(&c->breakpoints, pc) ||
	        (pc == 0 && (is_compared ? c->watches_zero : zero_vector_is_wanted(c)));
	c->cpu.near_left = 0;
	c->cpu.is_near = false;
	approach_begin(&c->cpu);
	if (is_compared)
		place_compared(c);
	else if (c->is_followed || catches_need_steps(&c->catches))
		place_stepped(c);
}

/* An instruction that can't be done with guards is done without: one on a guarded page (has the
 * guest come to a breakpoint there?), one that KVM can't emulate, or one whose exception finds a
 * table or a stack of the CPU's guarded that were not when the run began. After a triple fault it
 * is still there, unless this KVM has reset the CPU: F000:FFF0, SDM vol 3, "Processor State After
 * Reset". */
static bool may_be_for_guards(struct control *c, const struct stop *stop)
{
	const struct kvm_sregs *s = vcpu_sregs(c->cpu.vcpu);
	if (!c->cpu.vcpu->vm->memory.guard_count)
		return false;
	if (stop->kind == STOP_SHUTDOWN)
		return s->cs.selector != 0xf000 || vcpu_regs(c->cpu.vcpu)->rip != 0xfff0;
	return stop->kind == STOP_FAILED && stop->exit.kind == EXIT_INTERNAL_ERROR;
}

/* Whether the next instruction has to be stepped though nothing is planted: then *why. */
static bool must_step(struct control *c, enum approach way, enum step_why *why)
{
	if (way == APPROACH_NEAR)
		*why = STEP_APPROACHES;
	else if (c->is_followed)
		*why = STEP_FOLLOWED;
	else if (catches_need_steps(&c->catches))
		*why = STEP_CAUGHT;
	else if (interrupt_wants_step(c))
		*why = STEP_PUSHES;
	else
		return false;
	return true;
}

/* A free run of the engine, then KVM's step of what it hands over. False: KVM is to run the guest. *result as
 * of step_on. */
static bool run_by_engine(struct control *c, int *result, struct stop *stop)
{
	switch (engine_run(c, stop)) {
	case ENGINE_STOPS: *result = 0; return true;
	case ENGINE_HANDS:
		if (cpu_runs_on(c)) /* a step would be a run without breakpoints */
			return false;
		*result = step_on(c, STEP_HANDED_OVER, stop);
		return true;
	case ENGINE_STEPS: return true;
	case ENGINE_LEAVES: return false;
	}
	return false;
}

/* A free run of KVM's, or a step where something can't be in place for one. Its result is that of step_on. */
static int run_by_kvm(struct control *c, struct stop *stop)
{
	enum step_why why;
	switch (place_all(c, &why)) {
	case PLACE_STEP_ON: return step_on(c, why, stop);
	case PLACE_STEP_HERE: return step_on_page(c, why, stop);
	case PLACE_DONE: break;
	}
	c->cpu.loads_dr = false;
	log_free_run(c);
	int result = free_run(c, stop);
	place_lift(c);
	if (result != 0)
		return result;
	if (c->cpu.loads_dr)
		return step_on(c, STEP_LOADS_DR, stop);
	if (stop->kind == STOP_KICKED)
		look_for_progress(c);
	if (stop->kind == STOP_STEPPED && !cpu_is_at_breakpoint(c, stop))
		return 1; /* its stack has come to a guarded page */
	if (may_be_for_guards(c, stop) && !cpu_is_at_breakpoint(c, stop))
		return step_on(c, STEP_FAILED_GUARDED, stop);
	return 0;
}

/* Until something stops the guest, a breakpoint's condition not yet asked for. */
static int run_on(struct control *c, struct stop *stop)
{
	enum step_why why;
	int result = 1;
	*stop = (struct stop) { .kind = STOP_STEPPED };
	if ((control_is_halted(c) || c->cpu.is_shut_down) && interrupt_is_due(c))
		c->cpu.must_step_off = false; /* nothing but the interrupt gets it on */
	c->cpu.is_halted = false;
	if (c->cpu.must_step_off && !approach_has_arrived(c))
		result = step_on(c, off_why(c), stop);
	while (result == 1) {
		enum approach way = approach_next(c);
		if (way == APPROACH_ARRIVED) {
			stop->kind = STOP_LONG;
			return 0;
		}
		if (must_step(c, way, &why)) {
			result = step_on(c, why, stop);
			continue;
		}
		if (c->cpu.near_left) {
			result = step_near(c, stop);
			continue;
		}
		c->cpu.is_near = false;
		c->cpu.entered_handler =
		        false; /* that was the last step; what is met from here on has its own cause */
		if (runs_by_engine(c)) {
			place_compared(c);
			if (run_by_engine(c, &result, stop))
				continue;
			if (!place_fits_registers(c)) {
				result = step_on(c, STEP_NOT_KEPT, stop);
				continue;
			}
		}
		result = run_by_kvm(c, stop);
	}
	return result;
}

int control_run(struct control *c, struct stop *stop)
{
	int result;
	do
		result = run_on(c, stop);
	while (result == 0 && (result = go_over_breakpoint(c, stop)) == 1);
	note_stop(c, result, stop);
	return result;
}

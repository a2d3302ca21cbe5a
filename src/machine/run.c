/* The verbs of the guest's life: what it is asked to do, and how it runs and is stepped. */
#include "machine/run.h"

#include <errno.h>

#include "base/status.h"
#include "bios/rom.h"
#include "debug/touch.h"
#include "kvm/registers.h"
#include "machine/firmware.h"
#include "machine/halt.h"

void run_init(struct run *r, struct machine *m)
{
	*r = (struct run) { .machine = m, .last.kind = STOP_STEPPED };
}

void run_close(struct run *r)
{
	snapshot_free(r->power_on);
	snapshots_close(&r->snapshots);
}

/* --- what it is asked to do ------------------------------------------------------------------- */

void run_go_on(struct run *r)
{
	r->state = RUN_FREE;
	r->over.is_on = r->is_resting = false;
	control_begin(&r->machine->control);
}

void run_resume(struct run *r)
{
	struct machine *m = r->machine;
	r->is_interrupted = false;
	/* With --hlt stop a halt is a place to stop at, as a breakpoint is. */
	if (m->config->hlt == HLT_STOP && !machine_can_wake(m))
		control_wake(&m->control);
	run_go_on(r);
}

void run_range(struct run *r, uint64_t begin, uint64_t end)
{
	r->is_interrupted = false;
	r->state = RUN_STEPPING;
	r->over.is_on = r->is_resting = false;
	r->range_begin = begin;
	r->range_end = end;
}

void run_step(struct run *r)
{
	run_range(r, 0, 0);
}

void run_interrupt(struct run *r)
{
	r->is_interrupted = true;
}

/* --- what becomes of it ----------------------------------------------------------------------- */

void run_stop(struct run *r)
{
	r->over.is_on = r->is_resting = false;
	if (!run_is_over(r))
		r->state = RUN_STOPPED;
}

void run_stop_interrupted(struct run *r)
{
	machine_stop_clock(r->machine);
	r->is_interrupted = false;
	r->last = (struct stop) { .kind = STOP_KICKED };
	run_stop(r);
}

void run_end(struct run *r, int status)
{
	r->state = RUN_ENDED;
	r->status = status;
}

void run_die(struct run *r, int status)
{
	r->state = RUN_DEAD;
	r->status = status;
}

void run_kill(struct run *r, enum run_state state)
{
	r->is_killed = true;
	r->state = state;
	r->status = STATUS_OK;
}

/* The machine is another one, which had stopped for this reason. */
static void change(struct run *r, const struct stop *last)
{
	r->changes++;
	r->over.is_on = r->is_resting = false;
	polling_disturbed(&r->machine->polling);
	r->last = *last;
	if (run_is_going(r))
		run_go_on(r);
}

static const struct stop first = { .kind = STOP_STEPPED };

void run_moved(struct run *r)
{
	change(r, &first);
}

int run_restart(struct run *r, struct error *e)
{
	int err = machine_reset(r->machine, e);
	if (err)
		return err;
	if (r->state == RUN_DEAD)
		r->state = RUN_STOPPED;
	r->is_killed = r->is_interrupted = false;
	change(r, &first);
	return r->power_on ? run_keep_power_on(r, e) : 0;
}

int run_keep_power_on(struct run *r, struct error *e)
{
	snapshot_free(r->power_on);
	r->power_on = NULL;
	return snapshot_take(&r->power_on, r->machine, UINT64_MAX, e);
}

int run_reboot(struct run *r, struct error *e)
{
	if (!r->power_on)
		return error_set(e, -ENOENT, "the machine was not kept as it was at power-on");
	/* Whoever types goes on: the keys that were typed are not typed again. */
	const struct typist_state typist = r->machine->typist.state;
	int err = snapshot_reboot(r->machine, r->power_on, e);
	if (err)
		return err;
	r->machine->typist.state = typist;
	typist_restart(&r->machine->typist, r->machine->guest->board.state.now_ns);
	change(r, &first);
	return 0;
}

int run_load(struct run *r, const struct named_snapshot *n, struct error *e)
{
	if (run_is_over(r))
		return error_set(
		        e, -ESRCH, "the guest has ended: start it again with run, then load");
	int err = snapshot_load(r->machine, n->snapshot, e);
	if (err)
		return err;
	change(r, &n->last);
	return 0;
}

/* --- running it ------------------------------------------------------------------------------- */

bool run_is_going(const struct run *r)
{
	return r->state == RUN_FREE || r->state == RUN_WAITING;
}

bool run_is_over(const struct run *r)
{
	return r->state == RUN_DEAD || r->state == RUN_ENDED;
}

/* What ends or interrupts a guest by itself is an event of the log. */
static void note(struct run *r, const struct stop *stop)
{
	static const struct exit halted = { .kind = EXIT_HLT, .reason = KVM_EXIT_HLT };
	r->last = *stop;
	if (stop->kind == STOP_HALTED)
		journal_note(&r->machine->log, &halted);
	else if (stop->kind == STOP_SHUTDOWN || stop->kind == STOP_FAILED)
		journal_note(&r->machine->log, &stop->exit);
}

/* A guest that has asked for a reset stands before it where that is caught: going on does it. That it has asked is a part
 * of the machine, so that a snapshot and a recording have it, too. */
bool run_resumes_reset(struct run *r, struct stop *stop)
{
	const struct board_state *b = &r->machine->guest->board.state;
	if (b->wants_reset == BOARD_RESET_NONE || b->is_exiting)
		return false;
	*stop = (struct stop) { .kind = STOP_DEVICE };
	return true;
}

void run_catch_reset(struct run *r, struct stop *stop)
{
	static const char *const by[] = {
		[BOARD_RESET_KEYBOARD] = "the keyboard controller",
		[BOARD_RESET_PORT_92] = "port 0x92",
		[BOARD_RESET_PORT_CF9] = "port 0xcf9",
		[BOARD_RESET_BIOS] = "the BIOS",
	};
	const struct board_state *b = &r->machine->guest->board.state;
	if (stop->kind == STOP_DEVICE && b->wants_reset != BOARD_RESET_NONE && !b->is_exiting)
		touch_reset(&r->machine->control, by[b->wants_reset], stop);
}

void run_note(struct run *r, struct stop *stop)
{
	run_catch_reset(r, stop);
	note(r, stop);
}

bool run_may_last(struct run *r)
{
	return r->range_begin != r->range_end || r->over.is_on ||
	       control_may_last(&r->machine->control);
}

static bool is_in_range(const struct run *r)
{
	return registers_pc(machine_vcpu(r->machine)) - r->range_begin <
	       r->range_end - r->range_begin;
}

/* The CPU has done a hlt. Where that is the firmware's, or on the way through it, the step waits with it for an
 * interrupt. */
static void wait_in_step(struct run *r, bool was_in_rom, struct stop *stop)
{
	struct machine *m = r->machine;
	bool begins = !r->over.is_on && !m->control.steps_bios && firmware_runs(m);
	if ((!r->over.is_on && !begins) || !machine_can_wake(m))
		return;
	if (begins) /* a debugger has stopped before the hlt */
		over_begin(&r->over, m, was_in_rom);
	halt_wait_until(r, RUN_FOREVER);
	*stop = (struct stop) { .kind = STOP_KICKED };
}

/* After an instruction that nothing has stopped. more: a range goes on. Returns whether the step does. */
static int go_on_over(struct run *r, bool was_in_rom, int more, struct stop *stop)
{
	struct machine *m = r->machine;
	if (!r->over.is_on && (r->machine->control.steps_bios || !firmware_runs(m)))
		return more;
	if (!r->over.is_on) { /* it can take long: whoever runs us is to look out for that */
		over_begin(&r->over, m, was_in_rom);
		stop->kind = STOP_KICKED;
		return 0;
	}
	if (!over_has_ended(&r->over, m))
		return 1;
	r->over.is_on = false;
	stop->kind = STOP_STEPPED;
	return is_in_range(r);
}

static bool is_end(const struct stop *stop)
{
	return stop->kind == STOP_SHUTDOWN || stop->kind == STOP_FAILED ||
	       stop->kind == STOP_DEVICE;
}

/* Watchpoints that the firmware has hit stop the guest when it is out of the ROM again; but where a
 * debugger steps there, at once. */
static bool stops_for_touch(struct run *r, struct stop *stop)
{
	struct machine *m = r->machine;
	bool is_through = (stop->kind == STOP_STEPPED || stop->kind == STOP_KICKED) &&
	                  firmware_runs(m) &&
	                  !(r->machine->control.steps_bios && r->state == RUN_STEPPING);
	return !is_end(stop) && !is_through && firmware_end_touches(m, stop);
}

/* Steps of a range, of which the clock has the first one's time already. A step over the firmware begins where the guest
 * comes to it, so there and on the way out of it they are done one by one. */
static int step_range(struct run *r, bool was_in_rom, struct stop *stop)
{
	struct machine *m = r->machine;
	struct control_range range = {
		.begin = r->range_begin,
		.end = r->range_end,
		.max = was_in_rom || !control_steps_many(&m->control) ? 1
		                                                      : 1 + machine_steps_left(m),
		.many_end = UINT64_MAX,
	};
	uint64_t done;
	if (registers_pc(machine_vcpu(m)) < ROM_GPA)
		range.many_end = ROM_GPA;
	else
		range.many_begin = ROM_GPA + ROM_SIZE;
	int result = control_step_range(&m->control, &range, &done, stop);
	machine_stepped(m, done - 1);
	return result;
}

static int step_by(struct run *r, bool was_in_rom, struct stop *stop)
{
	struct control *c = &r->machine->control;
	if (r->over.is_on)
		return control_step_through(c, stop);
	if (r->range_begin != r->range_end)
		return step_range(r, was_in_rom, stop);
	return control_step(c, stop);
}

static bool takes_interrupts(const struct run *r)
{
	/* On its way through the firmware the time goes on in halts by run_wait, unless a recorder has none. */
	return r->machine->control.step_interrupts || (r->over.is_on && r->machine->recorder);
}

/* One instruction of a debugger's step. 1: another one is to follow. */
static int step_once(struct run *r, struct stop *stop)
{
	struct machine *m = r->machine;
	const bool was_in_rom = firmware_runs(m);
	if (!m->control.cpu.stuck) /* or it is the one that a kick has found with nothing done */
		machine_step_clock(m, takes_interrupts(r));
	int result = step_by(r, was_in_rom, stop);
	if (result == 0 && stop->kind == STOP_DEVICE && firmware_answer(m, &result)) {
		stop->kind = STOP_STEPPED;
		if (!firmware_runs(m)) /* it has started the boot sector */
			r->over.is_on = false;
		else if (r->over.is_on)
			over_follow(&r->over, m);
		if (firmware_runs(m))
			control_is_stopped_here(&m->control, stop);
	}
	if (result < 0 || stops_for_touch(r, stop))
		return result < 0 ? result : 0;
	if (result == 0 && stop->kind == STOP_HALTED)
		wait_in_step(r, was_in_rom, stop);
	bool is_at_end = result == 0 && r->over.is_on && over_has_ended(&r->over, m);
	/* A step of one instruction ends there anyway, */
	if (is_at_end && stop->kind == STOP_BREAKPOINT && r->range_begin == r->range_end)
		stop->kind = STOP_STEPPED;
	/* and a kick is then for what follows. */
	if (is_at_end && stop->kind == STOP_KICKED) {
		stop->kind = STOP_STEPPED;
		machine_kick(m);
	}
	if (result == 0 && stop->kind != STOP_STEPPED)
		return 0;
	return go_on_over(r, was_in_rom, result, stop);
}

int run_steps(struct run *r, struct stop *stop)
{
	int err;
	if (run_resumes_reset(r, stop))
		return 0;
	do
		err = step_once(r, stop);
	while (err == 1);
	if (!err)
		run_note(r, stop);
	return err;
}

/* What the firmware does after a call is a few instructions; but a vector that leads into the ROM's own code can
 * keep the CPU there for good. */
#define ROM_STEPS_MAX 1000u

/* A call has hit a watchpoint, in a free run: out of the ROM, or to where the call has come from, and to the
 * stop; where that does not come, the stop is in the ROM. */
static int leave_rom(struct run *r, struct stop *stop)
{
	struct machine *m = r->machine;
	struct over call; /* the frame is on top of the stack still */
	int result = 1;
	bool was_kicked = false;
	over_begin(&call, m, false);
	stop->kind = STOP_STEPPED;
	for (unsigned i = 0;
	        i < ROM_STEPS_MAX && result == 1 && firmware_runs(m) && !over_is_back(&call, m);
	        i++) {
		result = control_step_through(&m->control, stop);
		if (result == 0 && stop->kind == STOP_DEVICE && firmware_answer(m, &result))
			result = 1;
		if (result == 0 && stop->kind == STOP_KICKED) {
			was_kicked = true;
			result = 1;
		}
	}
	if (was_kicked)
		machine_kick(m); /* somebody still wants attention */
	if (result > 0)
		stop->kind = STOP_STEPPED;
	if (result >= 0 && !is_end(stop))
		firmware_end_touches(m, stop);
	return result < 0 ? result : 0;
}

/* A call has been answered, and an interrupt waits that its caller would take. A KVM that emulates the guest (kvm_pvm)
 * may not see the few instructions between two calls in which it can; so the CPU is brought to the first of them.
 * 1: the run goes on; 0: to *stop. */
static int leave_call(struct machine *m, struct stop *stop)
{
	if (!control_has_interrupt(&m->control) || firmware_waiting(m) >= 0 || !firmware_runs(m))
		return 1;
	if (control_is_stopped_here(&m->control, stop))
		return 0;
	int result = control_step_through(&m->control, stop);
	if (result != 0 || stop->kind == STOP_STEPPED)
		return result < 0 ? result : 1;
	if (stop->kind != STOP_KICKED)
		return 0;
	machine_kick(m); /* somebody wants attention, and gets it when the run goes on */
	return 1;
}

int run_freely(struct run *r, struct stop *stop)
{
	struct machine *m = r->machine;
	int err = 0;
	bool is_answered = false;
	if (run_resumes_reset(r, stop))
		return 0;
	machine_start_clock(m);
	m->may_rest = false;
	do {
		err = control_run(&m->control, stop);
		is_answered = !err && stop->kind == STOP_DEVICE && firmware_answer(m, &err);
	} while (is_answered && !firmware_has_touched(m) && !m->may_rest &&
	         (err = leave_call(m, stop)) == 1);
	if (!err && is_answered && firmware_has_touched(m))
		err = leave_rom(r, stop);
	else if (!err && is_answered && m->may_rest)
		halt_rest(r, stop);
	if (!err)
		run_catch_reset(r, stop);
	if (stop->kind != STOP_KICKED && stop->kind != STOP_HALTED)
		machine_stop_clock(m);
	if (!err)
		note(r, stop);
	return err;
}

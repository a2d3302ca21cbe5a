/* A recording's life, and what the guest is to do in it. */
#include "history/history.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "history/state.h"
#include "machine/firmware.h"
#include "machine/input.h"
#include "machine/media.h"

#define RECORD_STEP_NS                                                                             \
	4 /* of the guest's time: as fast as the engine goes; what steps take longer is made up */
#define STEPS_ASKED_NS  1000 /* as machine.c's */
#define INTERVAL_BEGIN  UINT64_C(1000000)
#define HALF_STEP_TRIES 4 /* kicks in a row; each takes a step's alarm at most */

/* --- its life ---------------------------------------------------------------------------------- */

static void drop_all(struct history *h)
{
	disks_unwatch(h);
	events_free(h);
	spans_free(h);
	output_free(h);
	for (size_t i = 0; i < h->checkpoint_count; i++)
		checkpoint_free(h, h->checkpoints[i]);
	checkpoint_free(h, h->present);
	free(h->checkpoints);
}

void set_steps(struct history *h, uint8_t steps)
{
	h->steps = steps;
	h->machine->step_ns = steps & STEPS_ASKED ? STEPS_ASKED_NS : h->step_ns;
}

/* The recording begins where the guest stands. */
static int start(struct history *h, struct error *e)
{
	struct machine *m = h->machine;
	*h = (struct history) { .run = h->run,
		.machine = m,
		.bytes_max = h->bytes_max,
		.step_before_ns = h->step_before_ns,
		.step_ns = h->step_ns,
		.is_unasked = h->is_unasked,
		.writer = h->writer,
		.events_stop = SIZE_MAX,
		.interval = INTERVAL_BEGIN,
		.taken_ns = clock_host_ns() };
	m->is_past = false;
	m->position = 0;
	m->tsc_zero = 0;
	set_steps(h, 0);
	/* A step that a kick has found with nothing done is the first one, and not counted yet. */
	m->control.cpu.stuck = 0;
	machine_stop_clock(m);
	disks_watch(h);
	struct checkpoint *first = checkpoint_take(h, e);
	if (!first || checkpoints_add(h, first)) {
		checkpoint_free(h, first);
		return error_set(e, -ENOMEM, "out of memory");
	}
	h->next_checkpoint = h->interval;
	spans_begin(h);
	file_begin(h);
	return 0;
}

struct history *history_make(struct run *r, uint64_t memory_max)
{
	struct machine *m = r->machine;
	struct history *h = calloc(1, sizeof *h);
	if (!h)
		return NULL;
	h->run = r;
	h->machine = m;
	h->bytes_max = memory_max ? memory_max : HISTORY_MEMORY_DEFAULT;
	h->events_stop = SIZE_MAX;
	h->step_before_ns = m->step_ns;
	m->recorder = &history_recorder;
	m->recorder_ctx = h;
	control_set_whole_rep(&m->control, false);
	control_set_recorded(&m->control, true);
	r->history = h;
	return h;
}

int history_begin(struct run *r, uint64_t memory_max, struct error *e)
{
	struct machine *m = r->machine;
	if (r->history)
		return error_set(e, -EEXIST, "the guest is recorded already");
	if (run_is_over(r))
		return error_set(e, -ESRCH, "the guest has ended");
	if (m->guest->media && media_is_writable(m->guest->media))
		return error_set(e, -EROFS,
		        "a disk's file is written to (--disk FILE,write), and could not be taken "
		        "back");
	struct history *h = history_make(r, memory_max);
	if (!h)
		return error_set(e, -ENOMEM, "out of memory");
	h->step_ns = RECORD_STEP_NS;
	int err = start(h, e);
	if (err)
		history_end(r);
	return err;
}

void history_end(struct run *r)
{
	struct history *h = r->history;
	struct error e = { 0 };
	if (!h)
		return;
	struct machine *m = h->machine;
	const bool is_present = !m->is_past || (!h->is_file && !seek(h, h->end, false, &e));
	m->is_past = false;
	file_end(h, is_present);
	m->recorder = NULL;
	control_set_recorded(&m->control, false);
	m->step_ns = h->step_before_ns;
	drop_all(h);
	free(h);
	r->history = NULL;
}

int history_restart(struct run *r, struct error *e)
{
	if (!r->history)
		return 0;
	drop_all(r->history);
	int err = start(r->history, e);
	if (!err)
		return 0;
	history_end(r);
	return err;
}

/* --- the past ---------------------------------------------------------------------------------- */

bool history_is_past(const struct history *h)
{
	return h && h->machine->is_past;
}

bool history_refuses(const struct history *h, struct error *e)
{
	if (!history_is_past(h))
		return false;
	error_set(e, -EPERM, "%s",
	        h->is_file
	                ? "this is a recording from a file, which can't be changed"
	                : "the guest stands in the past of its recording, which can't be changed; "
	                  "monitor record cut makes this the present");
	return true;
}

/* Those of what was to come; they are in the order in which they were given. */
static void drop_marks(struct history *h)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < h->mark_count; i++)
		if (h->marks[i].position <= h->machine->position)
			h->marks[kept++] = h->marks[i];
	h->mark_count = kept;
}

void history_cut(struct history *h)
{
	struct machine *m = h->machine;
	if (!m->is_past || h->is_file)
		return;
	/* What was to come from here on is forgotten, and with it what it led to. */
	while (h->checkpoint_count &&
	        (h->checkpoints[h->checkpoint_count - 1]->position > m->position ||
	                h->checkpoints[h->checkpoint_count - 1]->event > h->next))
		checkpoint_free(h, h->checkpoints[--h->checkpoint_count]);
	for (size_t i = h->next; i < h->event_count; i++)
		if (h->events[i].kind == EVENT_CHANGED)
			h->events[i].kind = EVENT_STEPS; /* its checkpoint is freed */
	events_cut(h, h->next);
	drop_marks(h);
	checkpoint_free(h, h->present);
	h->present = NULL;
	m->is_past = false;
	h->end = m->position;
	h->next_checkpoint = m->position;
	h->next_pace = m->position;
	spans_cut(h);
	file_cut(h);
	output_cut(h);
	history_changed(h);
}

void history_state(const struct history *h, struct history_state *to)
{
	const struct machine *m = h->machine;
	*to = (struct history_state) {
		.begin = h->checkpoints[0]->position,
		.position = m->position,
		.end = m->is_past ? h->end : m->position,
		.checkpoints = h->checkpoint_count,
		.events = h->event_count,
		.bytes = history_bytes(h),
		.bytes_max = h->bytes_max,
		.now_ns = m->guest->board.state.now_ns,
		.has_lost = h->has_lost,
		.is_file = h->is_file,
	};
}

/* --- going ------------------------------------------------------------------------------------- */

void history_go_on(struct history *h)
{
	h->task = h->machine->is_past ? TASK_FORWARD : TASK_LIVE;
}

void history_step(struct history *h, uint64_t range_begin, uint64_t range_end)
{
	h->task = h->machine->is_past ? TASK_STEP : TASK_LIVE;
	h->range_begin = range_begin;
	h->range_end = range_end;
	h->step_to = h->machine->position + 1; /* a kick may come after it, and before it is told */
	h->steps_in_rom = firmware_runs(h->machine) || h->machine->control.steps_bios;
}

void history_step_back(struct history *h)
{
	h->task = TASK_STEP_BACK;
}

void history_run_back(struct history *h)
{
	h->task = TASK_RUN_BACK;
}

bool history_has_task(const struct history *h)
{
	return h && h->task != TASK_LIVE;
}

bool history_goes_back(const struct history *h)
{
	return h->task == TASK_STEP_BACK || h->task == TASK_RUN_BACK;
}

bool history_is_searching(const struct history *h)
{
	return h && h->is_searching;
}

bool history_is_finding(const struct history *h)
{
	return h && h->is_finding;
}

void history_stepped(struct history *h, const struct stop *stop)
{
	if (!h || h->machine->is_past || (stop->kind != STOP_SHUTDOWN && stop->kind != STOP_FAILED))
		return;
	if (stop->kind == STOP_FAILED && stop->exit.kind == EXIT_KICKED)
		return; /* kicks have kept it from being done: the next time it may be */
	h->is_down = true;
	h->down = *stop;
}

bool history_is_down(const struct history *h)
{
	return h && h->is_down && !h->machine->is_past;
}

/* At the present. */
static void note_stop(struct history *h, struct stop *stop)
{
	run_note(h->run, stop);
	history_stepped(h, stop);
}

static enum history_outcome outcome(struct history *h, enum drive how, struct stop *stop)
{
	switch (how) {
	case DRIVE_KICKED: return HISTORY_KICKED;
	case DRIVE_FAILED: return HISTORY_FAILED;
	case DRIVE_STOP: break;
	case DRIVE_LEFT:
	case DRIVE_THERE: stop->kind = STOP_STEPPED; break;
	}
	h->task = TASK_LIVE;
	return HISTORY_STOP;
}

/* Where the past has come to its end the guest is at the present again. */
static enum history_outcome at_end(struct history *h, struct stop *stop, struct error *e)
{
	h->task = TASK_LIVE;
	stop->kind = STOP_STEPPED;
	return seek(h, h->end, false, e) ? HISTORY_FAILED : HISTORY_END;
}

/* A breakpoint and its like right at the end stop the guest there, as they did. */
static enum history_outcome past_outcome(
        struct history *h, enum drive how, bool is_whole_step, struct stop *stop, struct error *e)
{
	struct cpu_run *cpu = &h->machine->control.cpu;
	const struct stop at = *stop;
	char caught[sizeof cpu->caught];
	if ((how != DRIVE_THERE && how != DRIVE_STOP) || h->machine->position < h->end)
		return outcome(h, how, stop);
	strcpy(caught, control_caught(&h->machine->control));
	enum history_outcome result = at_end(h, stop, e);
	bool is_place =
	        at.kind == STOP_BREAKPOINT || at.kind == STOP_WATCH || at.kind == STOP_CATCH;
	if (result == HISTORY_END && is_whole_step)
		return HISTORY_STOP;
	if (result != HISTORY_END || how != DRIVE_STOP || !is_place)
		return result;
	*stop = at;
	cpu->has_caught = caught[0];
	strcpy(cpu->caught, caught);
	return HISTORY_STOP;
}

static enum history_outcome forward(struct history *h, struct stop *stop, struct error *e)
{
	return past_outcome(h, drive(h, h->end, NULL, stop, e), false, stop, e);
}

/* One step, and out of the firmware as a step of the present does. */
static enum history_outcome step(struct history *h, struct stop *stop, struct error *e)
{
	struct machine *m = h->machine;
	const struct control_range range = { .begin = h->range_begin, .end = h->range_end };
	const bool is_range = range.begin != range.end;
	enum drive how =
	        drive(h, is_range ? h->end : h->step_to, is_range ? &range : NULL, stop, e);
	while (how == DRIVE_THERE && !h->steps_in_rom && firmware_runs(m) && m->position < h->end)
		how = drive(h, h->end, &history_rom, stop, e);
	return past_outcome(h, how, how == DRIVE_THERE && !is_range, stop, e);
}

enum history_outcome history_run(struct history *h, struct stop *stop, struct error *e)
{
	enum history_outcome result = HISTORY_STOP;
	if (h->is_file && h->task == TASK_LIVE) /* there is no present to live in */
		h->task = TASK_FORWARD;
	switch (h->task) {
	case TASK_FORWARD: return forward(h, stop, e);
	case TASK_STEP: return step(h, stop, e);
	case TASK_STEP_BACK: h->task = TASK_LIVE; return search_step_back(h, stop, e);
	case TASK_RUN_BACK:
		result = search_run_back(h, stop, e);
		if (result != HISTORY_KICKED)
			h->task = TASK_LIVE;
		return result;
	case TASK_LIVE: break;
	}
	if (run_resumes_reset(h->run, stop))
		return HISTORY_STOP;
	if (history_is_down(h)) { /* a step that does nothing would be one more position */
		*stop = h->down;
		run_note(h->run, stop);
		return HISTORY_STOP;
	}
	h->pace_host_ns = h->ahead_ns = h->rested_ns = 0;
	result = outcome(h, drive(h, UINT64_MAX, NULL, stop, e), stop);
	if (result == HISTORY_KICKED && (h->ahead_ns || h->rested_ns))
		run_rest(h->run);
	if (result == HISTORY_KICKED)
		stop->kind = STOP_KICKED;
	if (result != HISTORY_FAILED)
		note_stop(h, stop);
	return result;
}

/* A kick has found a step that is counted with nothing done. The guest is not to be looked at there, for that is no
 * position. At the present it does the step; in the past it goes back before it. */
static bool end_half_step(struct history *h, struct stop *stop, struct error *e)
{
	static const struct control_range nowhere = { 0 };
	struct machine *m = h->machine;
	enum drive how = DRIVE_LEFT;
	if (m->is_past) {
		seek(h, m->position - 1, false, e);
		return false;
	}
	for (unsigned i = 0; i < HALF_STEP_TRIES && m->control.cpu.stuck && how == DRIVE_LEFT; i++)
		how = drive(h, m->position + 1, &nowhere, stop, e);
	if (how == DRIVE_STOP)
		note_stop(h, stop);
	return how == DRIVE_STOP;
}

bool history_interrupt(struct history *h, struct stop *stop)
{
	struct error e = { 0 };
	struct stop at;
	bool has_stopped = false;
	if (!h)
		return false;
	struct machine *m = h->machine;
	if (h->is_searching)
		seek(h, h->origin, false, &e);
	else if (m->control.cpu.stuck)
		has_stopped = end_half_step(h, stop ? stop : &at, &e);
	else if (m->is_past && m->position < h->end)
		events_happen(h, &e);
	else if (m->is_past && !h->is_file) /* it has just come to the end: that is the present */
		seek(h, h->end, false, &e);
	h->is_searching = false;
	h->is_waiting = false; /* what passes while it stands is none of its time */
	h->rested_ns = 0;
	h->task = TASK_LIVE;
	return has_stopped;
}

int history_leave_past(struct history *h, struct error *e)
{
	history_interrupt(h, NULL);
	return history_is_past(h) && !h->is_file ? seek(h, h->end, false, e) : 0;
}

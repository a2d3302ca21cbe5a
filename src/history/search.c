/* Backwards: one step, or to the last stop before. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "bios/rom.h"
#include "history/state.h"
#include "host/signals.h"
#include "machine/firmware.h"

/* --- out of the firmware ----------------------------------------------------------------------- */

static const struct control_range below_rom = { .end = ROM_GPA };
const struct control_range history_rom = { .begin = ROM_GPA, .end = ROM_GPA + ROM_SIZE };

/* From the checkpoint at on, up to a position: the last one at which the guest was out of the firmware. False: none, or
 * a text. */
static bool last_outside(struct history *h, size_t at, uint64_t to, uint64_t *last, struct error *e)
{
	struct machine *m = h->machine;
	struct stop stop;
	bool is_found = false;
	if (checkpoint_load(h, h->checkpoints[at], e))
		return false;
	while (m->position < to) {
		bool is_in = firmware_runs(m);
		uint64_t from = m->position;
		switch (drive(h, to, is_in ? &history_rom : &below_rom, &stop, e)) {
		case DRIVE_FAILED: return false;
		case DRIVE_KICKED: h->was_kicked = true; break;
		case DRIVE_THERE:
		case DRIVE_LEFT:
		case DRIVE_STOP: break;
		}
		if (is_in || m->position == from)
			continue;
		*last = m->position - 1;
		is_found = true;
	}
	if (firmware_runs(m))
		return is_found;
	*last = m->position;
	return true;
}

/* To where the firmware was called from, or has been interrupted. */
static int step_out_back(struct history *h, struct error *e)
{
	uint64_t to = h->machine->position, last = 0;
	bool is_found = false;
	struct control_points points;
	control_hide_points(&h->machine->control, &points);
	for (size_t at = checkpoints_before(h, to) + 1; at-- > 0 && !is_found && !e->text[0];) {
		is_found = last_outside(h, at, to, &last, e);
		to = h->checkpoints[at]->position;
	}
	control_show_points(&h->machine->control, &points);
	if (e->text[0])
		return -EIO;
	return seek(h, is_found ? last : h->checkpoints[0]->position, true, e);
}

/* A call of the firmware's has touched what is watched: the guest stands before the call, unless another stop lies
 * between. */
static int leave_call_back(struct history *h, uint64_t stop_between, struct error *e)
{
	struct machine *m = h->machine;
	const uint64_t touch = m->position;
	if (!h->found_touch || m->control.steps_bios || !firmware_runs(m))
		return 0;
	int err = step_out_back(h, e);
	return err || m->position >= stop_between ? err : seek(h, touch, true, e);
}

int search_before_call(struct history *h, struct error *e)
{
	h->found_touch = true;
	return leave_call_back(h, 0, e);
}

/* --- what was found ---------------------------------------------------------------------------- */

/* gdb takes a watchpoint's old and new value from before and after: going back, the guest stops before the write. */
static void note_stop(struct history *h, const struct stop *stop)
{
	uint64_t at = h->machine->position;
	switch (stop->kind) {
	case STOP_WATCH: at--; break;
	case STOP_BREAKPOINT:
	case STOP_CATCH:
	case STOP_ZERO_VECTOR: break;
	case STOP_STEPPED:
	case STOP_LONG:
	case STOP_KICKED:
	case STOP_DEVICE:
	case STOP_HALTED:
	case STOP_SHUTDOWN:
	case STOP_FAILED: return;
	}
	if (at >= h->origin)
		return;
	h->found_after = h->has_found ? h->found : 0;
	h->has_found = true;
	h->found = at;
	h->found_touch = h->was_touch;
	h->found_stop = *stop;
	strcpy(h->found_text, control_caught(&h->machine->control));
}

/* --- one step ---------------------------------------------------------------------------------- */

/* Does the steps up to a position again and looks for the last access to what is watched: a step back tells of the
 * accesses that it takes back, as a step forwards tells of those that it makes. */
static int find_touch(struct history *h, uint64_t to, struct stop *stop, struct error *e)
{
	h->origin = to;
	for (;;)
		switch (drive(h, to, NULL, stop, e)) {
		case DRIVE_KICKED: h->was_kicked = true; break; /* heard by the seek that follows */
		case DRIVE_FAILED: return -EIO;
		case DRIVE_LEFT:
		case DRIVE_THERE: return 0;
		case DRIVE_STOP:
			if (stop->kind == STOP_SHUTDOWN || stop->kind == STOP_FAILED)
				return 0;
			if (stop->kind == STOP_WATCH)
				note_stop(h, stop);
		}
}

/* The guest has gone back to here from a position. *stop tells of the last access between the two to what is watched, or
 * is a step's. */
static int tell_touch(struct history *h, uint64_t from, struct stop *stop, struct error *e)
{
	const uint64_t here = h->machine->position;
	struct cpu_run *cpu = &h->machine->control.cpu;
	h->has_found = false;
	h->is_finding = true;
	int err = find_touch(h, from, stop, e);
	h->is_finding = false;
	stop->kind = STOP_STEPPED;
	if (!err)
		err = seek(h, here, true, e);
	if (err || !h->has_found)
		return err;
	*stop = h->found_stop;
	cpu->has_caught = h->found_text[0];
	strcpy(cpu->caught, h->found_text);
	return 0;
}

enum history_outcome search_step_back(struct history *h, struct stop *stop, struct error *e)
{
	struct machine *m = h->machine;
	const bool was_in = firmware_runs(m);
	const uint64_t from = m->position;
	stop->kind = STOP_STEPPED;
	if (from <= h->checkpoints[0]->position)
		return HISTORY_BEGIN;
	int err = seek(h, from - 1, true, e);
	if (!err && !was_in && !m->control.steps_bios && firmware_runs(m))
		err = step_out_back(h, e);
	if (!err && watches_are_set(&m->control.watches))
		err = tell_touch(h, from, stop, e);
	return err ? HISTORY_FAILED : HISTORY_STOP;
}

/* --- to the last stop -------------------------------------------------------------------------- */

static enum history_outcome end_search(struct history *h, struct stop *stop, struct error *e)
{
	struct cpu_run *cpu = &h->machine->control.cpu;
	h->is_searching = false;
	h->task = TASK_LIVE;
	if (!h->has_found) {
		stop->kind = STOP_STEPPED;
		return seek(h, h->checkpoints[0]->position, true, e) ? HISTORY_FAILED
		                                                     : HISTORY_BEGIN;
	}
	if (seek(h, h->found, true, e) || leave_call_back(h, h->found_after, e))
		return HISTORY_FAILED;
	*stop = h->found_stop;
	cpu->has_caught = h->found_text[0];
	strcpy(cpu->caught, h->found_text);
	return HISTORY_STOP;
}

bool search_begin_segment(struct history *h, size_t at, struct stop *stop, struct error *e)
{
	if (checkpoint_load(h, h->checkpoints[at], e))
		return false;
	stop->kind = STOP_STEPPED;
	return !at && drive(h, h->machine->position, NULL, stop, e) == DRIVE_THERE &&
	       control_is_stopped_here(&h->machine->control, stop);
}

/* h->segment, or the last one before it in which something may stop the guest. False: a text. */
static bool enter_segment(struct history *h, uint64_t end, struct stop *stop, struct error *e)
{
	for (;;) {
		const uint64_t from = h->checkpoints[h->segment]->position;
		h->segment_end = spans_last(h, from, end);
		if (h->segment_end > from || !h->segment)
			break;
		end = from;
		h->segment--;
	}
	if (search_begin_segment(h, h->segment, stop, e))
		note_stop(h, stop);
	h->is_searching = !e->text[0];
	return h->is_searching;
}

enum history_outcome search_run_back(struct history *h, struct stop *stop, struct error *e)
{
	struct machine *m = h->machine;
	if (!h->is_searching) {
		h->origin = m->position;
		h->has_found = false;
		if (m->position <= h->checkpoints[0]->position) {
			stop->kind = STOP_STEPPED;
			return HISTORY_BEGIN;
		}
		if (leave_present(h, e))
			return HISTORY_FAILED;
		h->segment = checkpoints_before(h, h->origin - 1);
		h->is_searching = true;
		if (!enter_segment(h, h->origin, stop, e))
			return HISTORY_FAILED;
	}
	for (;;) {
		switch (drive(h, h->segment_end, NULL, stop, e)) {
		case DRIVE_KICKED: return HISTORY_KICKED;
		case DRIVE_FAILED: h->is_searching = false; return HISTORY_FAILED;
		case DRIVE_STOP:
			note_stop(h, stop);
			if (m->position < h->segment_end)
				continue;
			break;
		case DRIVE_LEFT:
		case DRIVE_THERE: break;
		}
		if (h->has_found || !h->segment)
			return end_search(h, stop, e);
		const uint64_t end = h->checkpoints[h->segment]->position;
		h->segment--;
		if (!enter_segment(h, end, stop, e))
			return HISTORY_FAILED;
	}
}

/* --- who has ----------------------------------------------------------------------------------- */

bool search_is_called_off(const struct history *h, struct error *e)
{
	const struct run *r = h->run;
	if (!signals_end && !(r->is_called_off && r->is_called_off(r->called_off_ctx)))
		return false;
	error_set(e, -EINTR, "interrupted; the guest stands where it stood");
	return true;
}

int search_segment(struct history *h, uint64_t to, search_saw *saw, void *ctx, struct error *e)
{
	struct stop stop;
	for (;;)
		switch (drive(h, to, NULL, &stop, e)) {
		case DRIVE_KICKED:
			h->was_kicked = true; /* heard by the seek that follows */
			if (search_is_called_off(h, e))
				return -EINTR;
			break;
		case DRIVE_FAILED: return -EIO;
		case DRIVE_LEFT:
		case DRIVE_THERE: return 0;
		case DRIVE_STOP:
			if (stop.kind == STOP_SHUTDOWN || stop.kind == STOP_FAILED)
				return 0;
			saw(ctx, &stop);
		}
}

/* What is looked for in one segment: the newest max positions, the oldest first in all. */
struct finding {
	struct history *h;
	bool is_write;
	uint64_t all[HISTORY_HITS_MAX];
	unsigned count, max;
};

static void see(void *ctx, const struct stop *stop)
{
	struct finding *f = ctx;
	struct history *h = f->h;
	const uint64_t at = h->machine->position - f->is_write;
	if (stop->kind != (f->is_write ? STOP_WATCH : STOP_BREAKPOINT) || at >= h->origin ||
	        (f->is_write && !aliases_are_hit(h, stop->watch.gva)))
		return;
	if (f->count == f->max)
		memmove(f->all, f->all + 1, --f->count * sizeof *f->all);
	f->all[f->count++] = at;
	h->found_touch = h->was_touch;
}

static int find_back(struct history *h, uint64_t *to, unsigned max, bool is_write, struct error *e)
{
	struct finding f = { .h = h, .is_write = is_write };
	uint64_t end = h->origin;
	unsigned count = 0;
	struct stop stop;
	if (max > HISTORY_HITS_MAX)
		max = HISTORY_HITS_MAX;
	if (end <= h->checkpoints[0]->position)
		return 0;
	for (size_t at = checkpoints_before(h, end - 1) + 1; at-- > 0 && count < max;) {
		const uint64_t from = h->checkpoints[at]->position, last = spans_last(h, from, end);
		if (search_is_called_off(h, e))
			return -EINTR;
		end = from;
		if (last <= from && at)
			continue;
		const bool is_at_begin = search_begin_segment(h, at, &stop, e) && !is_write;
		f.max = max - count;
		int err = e->text[0] ? -EIO : search_segment(h, last, see, &f, e);
		if (err)
			return err;
		while (f.count)
			to[count++] = f.all[--f.count];
		if (is_at_begin && count < max)
			to[count++] = from;
	}
	return (int)count;
}

int history_find(struct history *h, enum history_what what, uint64_t gva, uint64_t len,
        uint64_t *positions, unsigned max, struct error *e)
{
	struct control *c = &h->machine->control;
	struct control_points points;
	int err = leave_present(h, e);
	if (err)
		return err;
	h->origin = h->machine->position;
	control_hide_points(c, &points);
	err = what == HISTORY_WRITES ? aliases_watch(h, gva, len)
	                             : breakpoints_add(&c->breakpoints, gva, false);
	if (err)
		error_set(e, err, "0x%" PRIx64 " can't be watched: %s", gva, strerror(-err));
	h->is_finding = true;
	int count = err ? err : find_back(h, positions, max, what == HISTORY_WRITES, e);
	h->is_finding = false;
	control_show_points(c, &points);
	if (what == HISTORY_WRITES && count == 1) {
		err = seek(h, positions[0], false, e);
		if (!err)
			err = leave_call_back(h, 0, e);
		if (err)
			return err;
		positions[0] = h->machine->position;
	}
	struct error again = { 0 };
	err = seek(h, h->origin, false, &again);
	if (err && count >= 0)
		return error_set(e, err, "%s", again.text);
	return count;
}

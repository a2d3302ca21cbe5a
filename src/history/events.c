/* The one door by which things come to a recorded guest, and the same again in its past. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "history/state.h"
#include "machine/input.h"

#define EVENTS_MIN 256

static void no_memory(struct history *h)
{
	error_set(&h->failure, -ENOMEM, "out of memory");
}

static struct event *new_event(struct history *h, enum event_kind kind)
{
	if (h->event_count == h->event_size) {
		size_t size = h->event_size ? 2 * h->event_size : EVENTS_MIN;
		struct event *all = realloc(h->events, size * sizeof *all);
		if (!all) {
			no_memory(h);
			return NULL;
		}
		h->events = all;
		h->event_size = size;
	}
	struct event *v = &h->events[h->event_count];
	*v = (struct event) { .position = h->machine->position, .kind = kind };
	return v;
}

static void has_happened(struct history *h)
{
	const struct event *v = &h->events[h->event_count];
	h->next = ++h->event_count;
	if (v->kind == EVENT_CHANGED)
		file_changed(h, v->checkpoint);
	else
		file_event(h, v);
}

/* --- at the present ---------------------------------------------------------------------------- */

/* What passes of a halt before something comes from outside. */
static void end_wait(struct history *h)
{
	struct machine *m = h->machine;
	if (!h->is_waiting)
		return;
	uint64_t now = clock_host_ns(), passed = guest_time(h, now - h->wait_ns);
	uint64_t next = input_next_ns(m), guest = m->guest->board.state.now_ns;
	h->wait_ns = now;
	if (next != BOARD_NEVER && passed >= next - guest)
		passed = next > guest ? next - guest - 1 : 0;
	if (passed)
		machine_wait(m, passed);
}

static void input(void *ctx, const struct device *d, const uint8_t *bytes, size_t len)
{
	struct history *h = ctx;
	end_wait(h);
	struct event *v = new_event(h, EVENT_INPUT);
	if (!v)
		return;
	v->bytes = malloc(len + 1);
	if (!v->bytes) {
		no_memory(h);
		return;
	}
	memcpy(v->bytes, bytes, len);
	v->len = (uint32_t)len;
	v->device = d;
	h->event_bytes += len;
	has_happened(h);
}

static void keys(void *ctx, const struct key_event *events, size_t count)
{
	struct history *h = ctx;
	struct event *v = new_event(h, EVENT_KEYS);
	if (!v)
		return;
	v->keys = calloc(count + 1, sizeof *events);
	if (!v->keys) {
		no_memory(h);
		return;
	}
	memcpy(v->keys, events, count * sizeof *events);
	v->len = (uint32_t)count;
	h->event_bytes += count * sizeof *events;
	has_happened(h);
}

static void before_step(void *ctx, bool takes_interrupts)
{
	struct history *h = ctx;
	const uint8_t steps = (takes_interrupts ? STEPS_LET : 0) |
	                      (h->run->state == RUN_STEPPING ? STEPS_ASKED : 0);
	if (events_keep_changes(h, &h->failure) || checkpoints_look(h, &h->failure) ||
	        h->steps == steps)
		return;
	struct event *v = new_event(h, EVENT_STEPS);
	if (!v)
		return;
	v->ns = steps;
	set_steps(h, steps);
	has_happened(h);
}

static uint64_t steps_left(void *ctx)
{
	const struct history *h = ctx;
	uint64_t position = h->machine->position;
	return h->next_checkpoint > position ? h->next_checkpoint - position : 0;
}

static void waited(void *ctx, uint64_t ns)
{
	struct history *h = ctx;
	struct event *v = new_event(h, EVENT_WAITED);
	if (!v)
		return;
	v->ns = ns;
	has_happened(h);
}

static void undetermined(void *ctx)
{
	history_changed(ctx);
}

static void prints(void *ctx, const uint8_t *bytes, size_t len)
{
	struct history *h = ctx;
	if (!h->machine->is_past || h->is_gathering)
		output_note(h, bytes, len);
}

const struct machine_recorder history_recorder = { input, keys, before_step, steps_left, waited,
	undetermined, prints };

void history_changed(struct history *h)
{
	if (!h || h->machine->is_past)
		return;
	h->has_changed = true;
	h->is_down = false;
}

void history_rebooted(struct history *h)
{
	if (!h || h->machine->is_past)
		return;
	h->machine->position++;
	history_changed(h);
}

int events_keep_changes(struct history *h, struct error *e)
{
	if (!h->has_changed)
		return 0;
	struct event *v = new_event(h, EVENT_CHANGED);
	if (!v)
		return error_set(e, -ENOMEM, "out of memory");
	h->next = h->event_count + 1; /* the checkpoint is after it */
	struct checkpoint *c = checkpoint_take(h, e);
	if (!c || checkpoints_add(h, c)) {
		checkpoint_free(h, c);
		h->next = h->event_count;
		return error_set(e, -ENOMEM, "out of memory");
	}
	c->is_pinned = true;
	v->checkpoint = c;
	has_happened(h);
	h->has_changed = false;
	checkpoints_keep_within(h);
	return 0;
}

/* --- in the past ------------------------------------------------------------------------------- */

/* A device that has no room for them had some when they came: it is another one by now. */
static int give_bytes(struct history *h, const struct event *v, struct error *e)
{
	struct board *b = &h->machine->guest->board;
	if (board_input_room(b, v->device) < v->len)
		return error_set(e, -EILSEQ,
		        "the replay parts from the recording at position %" PRIu64
		        ": %s has no room for what came",
		        h->machine->position, v->device->name);
	board_input(b, v->device, v->bytes, v->len);
	return 0;
}

static int happen(struct history *h, const struct event *v, struct error *e)
{
	struct machine *m = h->machine;
	switch (v->kind) {
	case EVENT_INPUT: return give_bytes(h, v, e);
	case EVENT_KEYS:
		typist_put(&m->typist, v->keys, v->len, m->guest->board.state.now_ns);
		input_feed(m);
		break;
	case EVENT_WAITED: machine_wait(m, v->ns); break;
	case EVENT_STEPS: set_steps(h, (uint8_t)v->ns); break;
	case EVENT_CHANGED: return checkpoint_load(h, v->checkpoint, e);
	}
	return 0;
}

int events_happen(struct history *h, struct error *e)
{
	while (h->next < h->event_count && h->next < h->events_stop &&
	        h->events[h->next].position == h->machine->position) {
		const struct event *v = &h->events[h->next];
		h->next++;
		int err = happen(h, v, e);
		if (err)
			return err;
	}
	return 0;
}

uint64_t events_next(const struct history *h)
{
	return h->next < h->event_count ? h->events[h->next].position : UINT64_MAX;
}

/* --- their memory ------------------------------------------------------------------------------ */

static void free_event(struct history *h, struct event *v)
{
	if (v->kind == EVENT_INPUT) {
		h->event_bytes -= v->len;
		free(v->bytes);
	} else if (v->kind == EVENT_KEYS) {
		h->event_bytes -= v->len * sizeof *v->keys;
		free(v->keys);
	} else if (v->kind == EVENT_CHANGED) {
		v->checkpoint->is_pinned = false;
	}
}

void events_drop(struct history *h, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free_event(h, &h->events[i]);
	h->event_count -= count;
	memmove(h->events, h->events + count, h->event_count * sizeof *h->events);
	h->next -= count;
	if (h->present)
		h->present->event -= count;
	for (size_t i = 0; i < h->checkpoint_count; i++)
		h->checkpoints[i]->event -=
		        h->checkpoints[i]->event < count ? h->checkpoints[i]->event : count;
}

void events_cut(struct history *h, size_t count)
{
	for (size_t i = count; i < h->event_count; i++)
		free_event(h, &h->events[i]);
	h->event_count = count;
}

void events_free(struct history *h)
{
	events_cut(h, 0);
	free(h->events);
}

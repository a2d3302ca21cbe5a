/* The lines that the guest has printed, and where. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "history/state.h"

static struct output_line *begin_line(struct history *h)
{
	struct output_lines *o = &h->output;
	if (o->count == HISTORY_LINES_MAX) { /* the older half goes */
		const size_t half = HISTORY_LINES_MAX / 2;
		memmove(o->all, o->all + half, (o->count - half) * sizeof *o->all);
		o->count -= half;
		o->dropped += half;
	}
	if (o->count == o->size) {
		size_t size = o->size ? 2 * o->size : 64;
		struct output_line *all = realloc(o->all, size * sizeof *all);
		if (!all)
			return NULL;
		o->all = all;
		o->size = size;
	}
	struct output_line *l = &o->all[o->count++];
	*l = (struct output_line) { .begin = h->machine->position - 1 };
	o->is_open = true;
	return l;
}

/* Without memory for it a line is left out, and counted. */
void output_note(struct history *h, const uint8_t *bytes, size_t len)
{
	struct output_lines *o = &h->output;
	if (!h->machine->position) /* no step has printed it */
		return;
	for (size_t i = 0; i < len; i++) {
		struct output_line *l = o->is_open ? &o->all[o->count - 1] : begin_line(h);
		if (!l) {
			o->dropped += bytes[i] == '\n';
			continue;
		}
		l->end = h->machine->position - 1;
		if (bytes[i] == '\n')
			o->is_open = false;
		else if (bytes[i] >= ' ' && bytes[i] != 0x7f && l->len < sizeof l->text - 1)
			l->text[l->len++] = (char)bytes[i];
	}
}

void output_cut(struct history *h)
{
	struct output_lines *o = &h->output;
	const uint64_t here = h->machine->position;
	const size_t before = o->count;
	while (o->count && o->all[o->count - 1].begin >= here)
		o->count--;
	if (o->count < before)
		o->is_open = false;
	if (!o->count || o->all[o->count - 1].end < here)
		return;
	/* Of one that was printed in part nobody knows how much. */
	struct output_line *l = &o->all[o->count - 1];
	l->len = (uint8_t)strlen(strcpy(l->text, "..."));
	l->end = here;
	o->is_open = true;
}

void output_drop(struct history *h, uint64_t before)
{
	struct output_lines *o = &h->output;
	size_t n = 0;
	while (n < o->count && o->all[n].begin < before)
		n++;
	o->count -= n;
	o->dropped += n;
	memmove(o->all, o->all + n, o->count * sizeof *o->all);
	o->is_open = o->is_open && o->count;
}

void output_free(struct history *h)
{
	free(h->output.all);
	h->output = (struct output_lines) { 0 };
}

uint64_t output_bytes(const struct history *h)
{
	return h->output.size * sizeof *h->output.all;
}

static int go_through(struct history *h, struct error *e)
{
	struct machine *m = h->machine;
	struct control_points points;
	control_hide_points(&m->control, &points);
	int err = checkpoint_load(h, h->checkpoints[0], e);
	h->can_be_called_off = h->is_gathering = true;
	if (!err)
		err = run_to(h, h->end, e);
	h->can_be_called_off = h->is_gathering = false;
	control_show_points(&m->control, &points);
	if (h->was_kicked)
		machine_kick(m);
	h->was_kicked = false;
	return err;
}

int history_gather_lines(struct history *h, struct error *e)
{
	if (!h->is_file || h->has_gathered)
		return 0;
	struct checkpoint *here = checkpoint_take(h, e);
	if (!here)
		return -ENOMEM;
	int err = go_through(h, e);
	if (err)
		output_free(h);
	h->has_gathered = !err;
	struct error again = { 0 };
	const int back = checkpoint_load(h, here, &again);
	checkpoint_free(h, here);
	return back && !err ? error_set(e, back, "%s", again.text) : err;
}

void history_lines(const struct history *h, uint64_t *first, uint64_t *count)
{
	*first = h->output.dropped + 1;
	*count = h->output.count;
}

int history_line(const struct history *h, uint64_t number, struct history_line *to, struct error *e)
{
	const struct output_lines *o = &h->output;
	if (number <= o->dropped || number - o->dropped > o->count)
		return o->count ? error_set(e, -ERANGE, "there are lines %" PRIu64 " to %" PRIu64,
		                          o->dropped + 1, o->dropped + o->count)
		                : error_set(e, -ERANGE,
		                          "the guest has printed nothing while it was recorded "
		                          "here");
	const struct output_line *l = &o->all[number - o->dropped - 1];
	*to = (struct history_line) { .position = l->begin };
	memcpy(to->text, l->text, sizeof to->text);
	return 0;
}

int history_seek_line(struct history *h, uint64_t position, struct error *e)
{
	int err = history_seek(h, position, e);
	return err ? err : search_before_call(h, e);
}

/* Places in a recording: to a position, and the names that the user has given some. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "history/state.h"

/* To where it stood: by what was kept of it, or on the way of the recording. */
static int go_back(
        struct history *h, const struct checkpoint *here, uint64_t position, struct error *e)
{
	struct error none = { 0 };
	if (here && !checkpoint_load(h, here, &none))
		return 0;
	return seek(h, position, false, e);
}

int history_seek(struct history *h, uint64_t position, struct error *e)
{
	struct error none = { 0 }, back = { 0 };
	struct history_state s;
	history_state(h, &s);
	if (position < s.begin || position > s.end)
		return error_set(e, -ERANGE,
		        "there are positions %" PRIu64 " to %" PRIu64 " in the recording", s.begin,
		        s.end);
	/* Who gives it up wants the guest where it stood, and that at once: a way back may be as long. */
	struct checkpoint *here = h->machine->is_past ? checkpoint_take(h, &none) : NULL;
	h->can_be_called_off = true;
	int err = seek(h, position, true, e);
	h->can_be_called_off = false;
	if (err == -EINTR && go_back(h, here, s.position, &back)) {
		*e = back; /* it does not stand where it stood */
		err = -EIO;
	}
	checkpoint_free(h, here);
	return err;
}

static bool do_last_step(struct history *h)
{
	struct control *c = &h->machine->control;
	struct control_points points;
	struct error none = { 0 };
	int err = seek(h, h->end - 1, false, &none);
	control_hide_points(c, &points);
	if (!err)
		err = run_to(h, h->end, &none);
	control_show_points(c, &points);
	return !err;
}

bool history_last_stop(struct history *h, struct stop *stop)
{
	struct machine *m = h->machine;
	if (!h->is_file || m->position != h->end || h->end <= h->checkpoints[0]->position)
		return false;
	if (!m->shows_past && !do_last_step(h))
		return false;
	*stop = h->last;
	return stop->kind == STOP_SHUTDOWN || stop->kind == STOP_FAILED ||
	       stop->kind == STOP_HALTED;
}

static bool is_name(const char *name)
{
	for (const char *at = name; *at; at++)
		if (*at <= ' ' || *at == 0x7f)
			return false;
	return *name && !strchr("0123456789+-", *name) && strlen(name) < HISTORY_NAME_MAX &&
	       strcmp(name, "start") != 0 && strcmp(name, "end") != 0;
}

int history_mark(struct history *h, const char *name, struct error *e)
{
	struct history_mark *m = (struct history_mark *)history_find_mark(h, name);
	if (!is_name(name))
		return error_set(e, -EINVAL,
		        "expected a name of 1 to %d characters that does not begin with a digit, "
		        "other than start and end",
		        HISTORY_NAME_MAX - 1);
	if (!m && h->mark_count == HISTORY_MARKS_MAX)
		return error_set(e, -ENOSPC, "there are %d marks already", HISTORY_MARKS_MAX);
	if (!m)
		m = &h->marks[h->mark_count++];
	strcpy(m->name, name);
	m->position = h->machine->position;
	return 0;
}

const struct history_mark *history_mark_at(const struct history *h, unsigned i)
{
	return i < h->mark_count ? &h->marks[i] : NULL;
}

const struct history_mark *history_find_mark(const struct history *h, const char *name)
{
	for (unsigned i = 0; i < h->mark_count; i++)
		if (!strcmp(h->marks[i].name, name))
			return &h->marks[i];
	return NULL;
}

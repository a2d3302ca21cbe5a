#include "journal.h"

#include "bytes.h"

void journal_start(struct journal *j)
{
	j->next = j->used = 0;
	j->is_on = true;
}

void journal_end(struct journal *j)
{
	j->is_on = false;
}

static struct journal_event event_of(const struct exit *x)
{
	struct journal_event e = { .kind = x->kind, .reason = x->reason, .count = 1, .times = 1 };
	if (x->kind == EXIT_IO) {
		e.is_write = x->io.is_write;
		e.size = x->io.size;
		e.at = x->io.port;
		e.count = x->io.count;
		e.value = x->io.count ? get_number(x->io.data, x->io.size) : 0;
	} else if (x->kind == EXIT_MMIO) {
		e.is_write = x->mmio.is_write;
		e.size = x->mmio.size;
		e.at = x->mmio.gpa;
		e.value = get_number(x->mmio.data, x->mmio.size);
	}
	return e;
}

static bool is_same(const struct journal_event *a, const struct journal_event *b)
{
	return a->kind == b->kind && a->reason == b->reason && a->is_write == b->is_write &&
	       a->size == b->size && a->at == b->at && a->value == b->value && a->count == 1 &&
	       b->count == 1; /* the other elements are not known */
}

void journal_note(struct journal *j, const struct exit *x)
{
	if (!j->is_on)
		return;
	const struct journal_event e = event_of(x);
	if (j->used) {
		struct journal_event *last =
		        &j->events[(j->next + JOURNAL_EVENTS - 1) % JOURNAL_EVENTS];
		if (is_same(last, &e)) {
			last->times++;
			return;
		}
	}
	j->events[j->next] = e;
	j->next = (j->next + 1) % JOURNAL_EVENTS;
	if (j->used < JOURNAL_EVENTS)
		j->used++;
}

const struct journal_event *journal_last(const struct journal *j, unsigned n)
{
	if (n >= j->used)
		return NULL;
	return &j->events[(j->next + JOURNAL_EVENTS - 1 - n) % JOURNAL_EVENTS];
}

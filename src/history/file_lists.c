/* A recording's lists as a file fills them. Pure. */
#include "history/file_lists.h"

#include <errno.h>
#include <stdlib.h>

/* One more element in a list. NULL without memory. */
static void *grow(void *all, size_t count, size_t *size, size_t element)
{
	if (count < *size)
		return all;
	const size_t more = *size ? 2 * *size : 64;
	void *new = realloc(all, more * element);
	if (new)
		*size = more;
	return new;
}

static uint64_t bytes_of(const struct event *v)
{
	return v->kind == EVENT_KEYS ? v->len * sizeof *v->keys : v->len;
}

struct event *file_new_event(struct recording *r)
{
	struct event *all = grow(r->events, r->event_count, &r->event_size, sizeof *r->events);
	if (!all)
		return NULL;
	r->events = all;
	return &r->events[r->event_count];
}

void file_keep_event(struct recording *r)
{
	r->event_bytes += bytes_of(&r->events[r->event_count++]);
}

struct file_check *file_new_check(struct recording *r)
{
	struct file_check *all = grow(r->checks, r->check_count, &r->check_size, sizeof *r->checks);
	if (!all)
		return NULL;
	r->checks = all;
	struct file_check *c = &r->checks[r->check_count++];
	*c = (struct file_check) { .event = r->event_count };
	return c;
}

bool file_add_checkpoint(struct recording *r, struct checkpoint *c)
{
	struct checkpoint **all = grow(
	        r->checkpoints, r->checkpoint_count, &r->checkpoint_size, sizeof *r->checkpoints);
	if (!all)
		return false;
	r->checkpoints = all;
	r->checkpoints[r->checkpoint_count++] = c;
	return true;
}

void file_free_checkpoint(struct recording *r, struct checkpoint *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < r->check_count; i++)
		if (r->checks[i].all == c)
			r->checks[i].all = NULL;
	pages_free(&r->store, &c->pages);
	kept_free(&c->kept);
	free(c);
}

void file_forget(struct recording *r, uint64_t position, size_t events)
{
	while (r->check_count && (r->checks[r->check_count - 1].position > position ||
	                                 r->checks[r->check_count - 1].event > events))
		r->check_count--;
	while (r->checkpoint_count &&
	        (r->checkpoints[r->checkpoint_count - 1]->position > position ||
	                r->checkpoints[r->checkpoint_count - 1]->event > events))
		file_free_checkpoint(r, r->checkpoints[--r->checkpoint_count]);
	while (r->event_count > events) {
		struct event *v = &r->events[--r->event_count];
		r->event_bytes -= bytes_of(v);
		file_free_event(v);
	}
}

void file_forget_all(struct recording *r)
{
	r->check_count = 0;
	while (r->checkpoint_count)
		file_free_checkpoint(r, r->checkpoints[--r->checkpoint_count]);
	file_forget(r, 0, 0);
}

static uint64_t used(const struct recording *r)
{
	return r->store.bytes + r->event_bytes + r->event_size * sizeof *r->events +
	       r->checkpoint_count * sizeof(struct checkpoint);
}

/* Drops every second checkpoint of those that no event leads to; the first and the last stay. False: there is none. */
static bool thin(struct recording *r)
{
	size_t kept = 0, count = r->checkpoint_count;
	bool is_next = true;
	for (size_t i = 0; i < count; i++) {
		struct checkpoint *c = r->checkpoints[i];
		is_next = !is_next;
		if (i && i + 1 < count && !c->is_pinned && is_next)
			file_free_checkpoint(r, c);
		else
			r->checkpoints[kept++] = c;
	}
	r->checkpoint_count = kept;
	return kept < count;
}

int file_keep_within(struct recording *r, uint64_t bytes_max, struct error *e)
{
	while (used(r) > bytes_max)
		if (!thin(r))
			return error_set(e, -ENOMEM,
			        "its states take more memory than there is for it: "
			        "--record-memory SIZE gives it more");
	return 0;
}

void recording_free(struct recording *r)
{
	file_forget_all(r);
	free(r->checkpoints);
	free(r->events);
	free(r->checks);
	free(r->cpuid);
	file_free_head(&r->head);
	*r = (struct recording) { .end = 0 };
}

/* Where the guest has been between positions: spans, of which a search passes over those in which there can be nothing. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/sort.h"
#include "debug/trail.h"
#include "history/state.h"

#define PAGE_SIZE 4096u
/* They may take one part in so many of a recording's memory. */
#define MEMORY_PARTS 8

struct span {
	uint64_t from,
	        to; /* the steps of these positions, and the stop that the last one leads to */
	bool has_executed_all, has_written_all, has_accessed_all;
	uint32_t count;
	struct trail_page *pages; /* owned, by key */
};

static uint64_t bytes_of(const struct span *s)
{
	return s->count * sizeof *s->pages;
}

static void drop_span(struct history *h, struct span *s)
{
	h->spans.bytes -= bytes_of(s);
	free(s->pages);
	*s = (struct span) { 0 };
}

void spans_free(struct history *h)
{
	for (size_t i = 0; i < h->spans.count; i++)
		drop_span(h, &h->spans.all[i]);
	free(h->spans.all);
	h->spans = (struct spans) { 0 };
}

static int compare(const void *a, const void *b)
{
	const uint64_t x = ((const struct trail_page *)a)->key,
	               y = ((const struct trail_page *)b)->key;
	return x < y ? -1 : x > y;
}

/* *a is both, which follow each other. -ENOMEM: nothing has changed. */
static int join(struct history *h, struct span *a, struct span *b)
{
	const size_t most = (size_t)a->count + b->count;
	struct trail_page *all = malloc((most + 1) * sizeof *all);
	uint32_t n = 0, i = 0, k = 0;
	if (!all)
		return -ENOMEM;
	while (i < a->count || k < b->count) {
		const struct trail_page *x = i < a->count ? &a->pages[i] : NULL;
		const struct trail_page *y = k < b->count ? &b->pages[k] : NULL;
		if (x && y && x->key == y->key) {
			all[n] = *x;
			all[n].executed |= y->executed;
			all[n].written |= y->written;
			i++, k++;
		} else if (x && (!y || x->key < y->key)) {
			all[n] = *x;
			i++;
		} else {
			all[n] = *y;
			k++;
		}
		n++;
	}
	struct span both = { .from = a->from,
		.to = b->to,
		.has_executed_all = a->has_executed_all || b->has_executed_all,
		.has_written_all = a->has_written_all || b->has_written_all,
		.has_accessed_all = a->has_accessed_all || b->has_accessed_all,
		.count = n,
		.pages = all };
	drop_span(h, a);
	drop_span(h, b);
	h->spans.bytes += bytes_of(&both);
	*a = both;
	return 0;
}

/* Every two become one. */
static void thin(struct history *h)
{
	struct spans *s = &h->spans;
	size_t kept = 0;
	for (size_t i = 0; i < s->count; i++) {
		if (i + 1 < s->count && !join(h, &s->all[i], &s->all[i + 1])) {
			s->all[kept++] = s->all[i++];
			continue;
		}
		s->all[kept++] = s->all[i];
	}
	s->count = kept;
}

static struct span *new_span(struct spans *s)
{
	if (s->count == s->size) {
		size_t size = s->size ? 2 * s->size : 64;
		struct span *all = realloc(s->all, size * sizeof *all);
		if (!all)
			return NULL;
		s->all = all;
		s->size = size;
	}
	return &s->all[s->count++];
}

static int export_to(struct span *to, const struct trail *t)
{
	to->pages = malloc((t->count + 1) * sizeof *to->pages);
	if (!to->pages)
		return -ENOMEM;
	for (unsigned i = 0; i < TRAIL_SLOTS; i++)
		if (t->pages[i].key)
			to->pages[to->count++] = t->pages[i];
	sort_in_place(to->pages, to->count, sizeof *to->pages, compare);
	to->has_executed_all = t->has_executed_all;
	to->has_written_all = t->has_written_all;
	to->has_accessed_all = t->has_accessed_all;
	return 0;
}

void spans_begin(struct history *h)
{
	control_restart_trail(&h->machine->control);
	h->spans.from = h->machine->position;
}

void spans_take(struct history *h)
{
	struct spans *s = &h->spans;
	struct span one = { .from = s->from, .to = h->machine->position };
	const struct trail *t = control_trail(&h->machine->control);
	struct span *last = s->count ? &s->all[s->count - 1] : NULL;
	if (!t || one.to <= one.from)
		return;
	if (export_to(&one, t)) { /* a gap, which is searched */
		spans_begin(h);
		return;
	}
	h->spans.bytes += bytes_of(&one);
	/* Many short ones, of a debugger that stops often, are one. */
	const bool is_short = last && last->to == one.from && one.to - last->from <= h->interval;
	struct span *new = is_short && !join(h, last, &one) ? last : new_span(s);
	if (!new)
		drop_span(h, &one);
	else if (new != last)
		*new = one;
	spans_begin(h);
	if (s->bytes + s->size * sizeof *s->all > h->bytes_max / MEMORY_PARTS)
		thin(h);
}

void spans_cut(struct history *h)
{
	struct spans *s = &h->spans;
	while (s->count && s->all[s->count - 1].from >= h->machine->position)
		drop_span(h, &s->all[--s->count]);
	if (s->count && s->all[s->count - 1].to > h->machine->position)
		s->all[s->count - 1].to = h->machine->position;
	spans_begin(h);
}

void spans_drop(struct history *h, uint64_t before)
{
	struct spans *s = &h->spans;
	size_t n = 0;
	while (n < s->count && s->all[n].to <= before)
		drop_span(h, &s->all[n++]);
	s->count -= n;
	memmove(s->all, s->all + n, s->count * sizeof *s->all);
}

uint64_t spans_bytes(const struct history *h)
{
	return h->spans.bytes + h->spans.size * sizeof *h->spans.all;
}

/* --- what can be in one ------------------------------------------------------------------------- */

static const struct trail_page *page_of(const struct span *s, uint64_t gva)
{
	const uint64_t key = (gva & ~(uint64_t)(PAGE_SIZE - 1)) | 1;
	uint32_t low = 0, high = s->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (s->pages[middle].key == key)
			return &s->pages[middle];
		if (s->pages[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static bool has_executed(const struct span *s, uint64_t gva)
{
	const struct trail_page *p = page_of(s, gva);
	return s->has_executed_all || (p && p->executed & trail_lines(gva, 1));
}

static bool has_touched(const struct span *s, const struct watch *w)
{
	const bool is_write = w->kind == WATCH_WRITE;
	if (is_write ? s->has_written_all : s->has_accessed_all)
		return true;
	for (uint64_t done = 0, part; done < w->len; done += part) {
		const uint64_t gva = w->gva + done;
		part = PAGE_SIZE - (gva & (PAGE_SIZE - 1));
		if (part > w->len - done)
			part = w->len - done;
		const struct trail_page *p = page_of(s, gva);
		if (p && (!is_write || p->written & trail_lines(gva, part)))
			return true;
	}
	return false;
}

/* Whether what is set stops the guest in it, as far as can be told. What is caught is no matter of places. */
static bool may_stop_in(const struct control *c, const struct span *s)
{
	if (c->catches.count || (c->watches_zero && has_executed(s, 0)))
		return true;
	for (size_t i = 0; i < c->breakpoints.count; i++)
		if (breakpoint_is_set(&c->breakpoints.all[i]) &&
		        has_executed(s, c->breakpoints.all[i].gva))
			return true;
	for (size_t i = 0; i < c->watches.count; i++)
		if (c->watches.all[i].is_set && has_touched(s, &c->watches.all[i]))
			return true;
	return false;
}

uint64_t spans_last(const struct history *h, uint64_t from, uint64_t to)
{
	const struct spans *s = &h->spans;
	size_t low = 0, high = s->count; /* the first that ends at to or after it */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (s->all[middle].to < to)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = low + 1; i-- > 0 && to > from;) {
		if (i >= s->count || s->all[i].to < to || s->all[i].from >= to) /* a gap */
			return to;
		if (may_stop_in(&h->machine->control, &s->all[i]))
			return to;
		to = s->all[i].from;
	}
	return to > from ? to : from;
}

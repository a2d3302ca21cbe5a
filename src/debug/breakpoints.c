/* The list of breakpoints, and which means each gets. */
#include "debug/breakpoints.h"

#include <errno.h>
#include <stdlib.h>

#include "base/array.h"

void breakpoints_init(struct breakpoints *b)
{
	*b = (struct breakpoints) { 0 };
}

void breakpoints_close(struct breakpoints *b)
{
	free(b->all);
	index_close(&b->places);
	*b = (struct breakpoints) { 0 };
}

bool breakpoint_is_set(const struct breakpoint *p)
{
	return p->is_hardware || p->is_software;
}

/* Set or removed. */
static struct breakpoint *find_any(const struct breakpoints *b, uint64_t gva)
{
	size_t place;
	return index_find(&b->places, gva, &place) ? &b->all[place] : NULL;
}

struct breakpoint *breakpoints_find(const struct breakpoints *b, uint64_t gva)
{
	struct breakpoint *p = find_any(b, gva);
	return p && breakpoint_is_set(p) ? p : NULL;
}

struct breakpoint *breakpoints_planted(const struct breakpoints *b, uint64_t gpa)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->all[i].is_planted && b->all[i].gpa == gpa)
			return &b->all[i];
	return NULL;
}

unsigned breakpoints_hardware(const struct breakpoints *b)
{
	unsigned n = 0;
	for (size_t i = 0; i < b->count; i++)
		n += b->all[i].is_hardware;
	return n;
}

int breakpoints_add(struct breakpoints *b, uint64_t gva, bool is_hardware)
{
	struct breakpoint *p = find_any(b, gva);
	if (is_hardware && !(p && p->is_hardware) &&
	        breakpoints_hardware(b) == BREAKPOINT_REGISTERS)
		return -ENOSPC;
	if (!p && b->count == BREAKPOINTS_MAX)
		breakpoints_purge(b); /* the removed ones are there for monitor info only */
	if (!p) {
		if (b->count == BREAKPOINTS_MAX)
			return -E2BIG;
		if (b->count == b->size) {
			size_t size = b->size ? 2 * b->size : 16;
			struct breakpoint *all = realloc(b->all, size * sizeof *all);
			if (!all)
				return -ENOMEM;
			b->all = all;
			b->size = size;
		}
		if (index_put(&b->places, gva, b->count))
			return -ENOMEM;
		p = &b->all[b->count++];
		*p = (struct breakpoint) { .gva = gva, .method = BREAKPOINT_STEPPED };
	}
	b->changes++;
	if (is_hardware)
		p->is_hardware = true;
	else
		p->is_software = true;
	return 0;
}

void breakpoints_remove(struct breakpoints *b, uint64_t gva, bool is_hardware)
{
	struct breakpoint *p = breakpoints_find(b, gva);
	if (!p)
		return;
	b->changes++;
	if (is_hardware)
		p->is_hardware = false;
	else
		p->is_software = false;
	p->was_hardware = is_hardware;
}

void breakpoints_purge(struct breakpoints *b)
{
	size_t kept = 0, count = b->count;
	/* The others keep their order: it decides who gets a debug register. */
	for (size_t i = 0; i < b->count; i++)
		if (breakpoint_is_set(&b->all[i]))
			b->all[kept++] = b->all[i];
	b->count = kept;
	if (kept == count)
		return;
	b->changes++;
	index_clear(&b->places);
	for (size_t i = 0; i < kept; i++) /* there is room: they were in it */
		index_put(&b->places, b->all[i].gva, i);
}

void breakpoints_clear(struct breakpoints *b)
{
	b->changes++;
	index_clear(&b->places);
	b->count = 0;
}

void breakpoints_plan(
        struct breakpoints *b, unsigned registers, breakpoint_choose *choose, void *ctx)
{
	static const enum breakpoint_method slowest_first[] = { BREAKPOINT_STEPPED,
		BREAKPOINT_GUARDED, BREAKPOINT_PLANTED };
	unsigned hardware = breakpoints_hardware(b);
	unsigned left = registers > hardware ? registers - hardware : 0;
	for (size_t i = 0; i < b->count; i++) {
		struct breakpoint *p = &b->all[i];
		p->method = p->is_hardware ? BREAKPOINT_REGISTER : choose(ctx, p->gva);
	}
	for (size_t m = 0; m < ARRAY_SIZE(slowest_first); m++)
		for (size_t i = 0; i < b->count && left; i++)
			if (b->all[i].method == slowest_first[m]) {
				b->all[i].method = BREAKPOINT_REGISTER;
				left--;
			}
}

const char *breakpoint_kind_name(const struct breakpoint *p)
{
	if (p->is_hardware && p->is_software)
		return "hardware and software";
	bool is_hardware = breakpoint_is_set(p) ? p->is_hardware : p->was_hardware;
	return is_hardware ? "hardware" : "software";
}

const char *breakpoint_method_name(enum breakpoint_method method)
{
	static const char *const names[] = {
		[BREAKPOINT_REGISTER] = "debug register",
		[BREAKPOINT_PLANTED] = "planted byte",
		[BREAKPOINT_GUARDED] = "guarded page",
		[BREAKPOINT_STEPPED] = "stepping",
		[BREAKPOINT_COMPARED] = "compared by the engine",
	};
	return names[method];
}

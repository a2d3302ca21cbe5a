/* The list of watchpoints, their old bytes, and what an access or a change hits. */
#include "debug/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kvm/linear.h"

void watches_init(struct watches *w)
{
	*w = (struct watches) { 0 };
}

void watches_clear(struct watches *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->all[i].old);
	w->changes++;
	w->count = 0;
}

void watches_close(struct watches *w)
{
	watches_clear(w);
	free(w->all);
	*w = (struct watches) { 0 };
}

static struct watch *find(const struct watches *w, uint64_t gva, uint64_t len, enum watch_kind kind)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->all[i].gva == gva && w->all[i].len == len && w->all[i].kind == kind)
			return &w->all[i];
	return NULL;
}

int watches_add(struct watches *w, uint64_t gva, uint64_t len, enum watch_kind kind)
{
	struct watch *p = find(w, gva, len, kind);
	if (len == 0 || len - 1 > UINT64_MAX - gva)
		return -EINVAL;
	if (len > WATCH_LEN_MAX)
		return -E2BIG;
	if (!p && w->count == WATCHES_MAX)
		watches_purge(w); /* the removed ones are there for monitor info only */
	if (!p) {
		if (w->count == WATCHES_MAX)
			return -ENOSPC;
		if (w->count == w->size) {
			size_t size = w->size ? 2 * w->size : 8;
			struct watch *all = realloc(w->all, size * sizeof *all);
			if (!all)
				return -ENOMEM;
			w->all = all;
			w->size = size;
		}
		uint8_t *old = calloc(1, len);
		if (!old)
			return -ENOMEM;
		p = &w->all[w->count++];
		*p = (struct watch) { .gva = gva,
			.len = (uint32_t)len,
			.kind = kind,
			.method = WATCH_BY_STEPS,
			.old = old };
	}
	p->is_set = true;
	w->changes++;
	return 0;
}

void watches_remove(struct watches *w, uint64_t gva, uint64_t len, enum watch_kind kind)
{
	struct watch *p = find(w, gva, len, kind);
	if (p)
		p->is_set = false;
	w->changes++;
}

bool watches_are_set(const struct watches *w)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->all[i].is_set)
			return true;
	return false;
}

void watches_purge(struct watches *w)
{
	size_t kept = 0, count = w->count;
	for (size_t i = 0; i < count; i++) {
		if (w->all[i].is_set)
			w->all[kept++] = w->all[i];
		else
			free(w->all[i].old);
	}
	w->count = kept;
	w->changes += kept != count;
}

static uint64_t place_of(struct vcpu *v, uint64_t gva)
{
	uint64_t gpa, len;
	return linear_exists(v, gva) && linear_to_gpa(v, gva, &gpa, &len) ? gpa : UINT64_MAX;
}

void watches_note(struct watches *w, struct vcpu *v)
{
	for (size_t i = 0; i < w->count; i++) {
		struct watch *p = &w->all[i];
		size_t n = linear_exists(v, p->gva) ? linear_read(v, p->gva, p->old, p->len) : 0;
		memset(p->old + n, 0, p->len - n); /* what is not mapped compares as 0 */
		p->places[0] = place_of(v, p->gva);
		p->places[1] = place_of(v, p->gva + p->len - 1);
	}
}

static bool has_changed(const struct watch *p, struct vcpu *v)
{
	uint8_t now[256];
	if (place_of(v, p->gva) != p->places[0] || place_of(v, p->gva + p->len - 1) != p->places[1])
		return false;
	for (uint32_t at = 0; at < p->len; at += sizeof now) {
		uint32_t len = p->len - at < sizeof now ? p->len - at : (uint32_t)sizeof now;
		memset(now, 0, len);
		if (linear_exists(v, p->gva))
			linear_read(v, p->gva + at, now, len);
		if (memcmp(now, p->old + at, len))
			return true;
	}
	return false;
}

struct watch *watches_changed(struct watches *w, struct vcpu *v)
{
	for (size_t i = 0; i < w->count; i++) {
		struct watch *p = &w->all[i];
		if (p->is_set && p->kind != WATCH_READ && has_changed(p, v))
			return p;
	}
	return NULL;
}

static bool takes(const struct watch *p, bool is_write)
{
	return p->is_set && (p->kind == WATCH_ACCESS || (p->kind == WATCH_WRITE) == is_write);
}

static bool overlaps(uint64_t a, uint64_t a_len, uint64_t b, uint64_t b_len)
{
	return a < b ? b - a < a_len : a - b < b_len;
}

struct watch *watches_hit(struct watches *w, uint64_t gva, uint64_t len, bool is_write)
{
	for (size_t i = 0; i < w->count; i++) {
		struct watch *p = &w->all[i];
		if (takes(p, is_write) && overlaps(gva, len, p->gva, p->len))
			return p;
	}
	return NULL;
}

struct watch *watches_hit_gpa(
        struct watches *w, struct vcpu *v, uint64_t gpa, uint64_t len, bool is_write, uint64_t *gva)
{
	for (size_t i = 0; i < w->count; i++) {
		struct watch *p = &w->all[i];
		uint64_t at, run;
		if (!takes(p, is_write) || !linear_exists(v, p->gva))
			continue;
		for (uint64_t done = 0; done < p->len; done += run) {
			if (!linear_to_gpa(v, p->gva + done, &at, &run)) {
				run = 1;
				continue;
			}
			if (run > p->len - done)
				run = p->len - done;
			if (!overlaps(gpa, len, at, run))
				continue;
			*gva = p->gva + done + (gpa > at ? gpa - at : 0);
			return p;
		}
	}
	return NULL;
}

const char *watch_kind_name(enum watch_kind kind)
{
	static const char *const names[] = {
		[WATCH_WRITE] = "write", [WATCH_READ] = "read", [WATCH_ACCESS] = "access"
	};
	return names[kind];
}

const char *watch_method_name(enum watch_method method)
{
	static const char *const names[] = {
		[WATCH_BY_REGISTER] = "debug register",
		[WATCH_BY_GUARD] = "guarded page",
		[WATCH_BY_STEPS] = "stepping",
		[WATCH_BY_COMPARING] = "compared by the engine",
	};
	return names[method];
}

/* The list of breakpoints and watchpoints, and the conditions and commands that come with them. */
#include "gdbstub/points.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gdbstub/reply.h"
#include "gdbstub/state.h"
#include "gdbstub/view.h"

/* --- layouts ---------------------------------------------------------------------------------- */

struct comparison {
	const struct features *before, *now;
	bool has_registers, differs;
};

static void compare(void *ctx, unsigned reg)
{
	struct comparison *c = ctx;
	c->has_registers = true;
	c->differs |= reg >= c->before->count ||
	              c->before->registers[reg].reg != c->now->registers[reg].reg;
}

/* FNV-1a, 64 bits (RFC 9923). */
static uint64_t hash(const uint8_t *code, size_t len)
{
	uint64_t h = 0xcbf29ce484222325;
	for (size_t i = 0; i < len; i++)
		h = (h ^ code[i]) * 0x100000001b3;
	return h;
}

static struct seen *find_seen(struct points *p, uint64_t h)
{
	for (unsigned i = 0; i < p->seen_count; i++)
		if (p->seen[i].hash == h)
			return &p->seen[i];
	return NULL;
}

bool points_note_layout(struct session *s, const uint8_t *code, size_t len)
{
	struct points *p = &s->points;
	uint64_t h = hash(code, len);
	struct seen *seen = find_seen(p, h);
	struct comparison c = { .now = session_features(s, s->latched) };
	c.before = seen ? session_features(s, seen->layout) : c.now;
	agent_registers(code, len, compare, &c);
	if (seen || !c.has_registers)
		return !c.differs;
	if (p->seen_count == POINTS_SEEN_MAX)
		return false;
	p->seen[p->seen_count++] = (struct seen) { h, s->latched };
	return true;
}

/* --- the list --------------------------------------------------------------------------------- */

static void free_point(struct point *p)
{
	free(p->all);
	free(p->code);
}

void points_forget(struct points *p)
{
	for (size_t i = 0; i < p->count; i++)
		free_point(&p->all[i]);
	p->count = p->watch_count = 0;
	index_clear(&p->places[0]);
	index_clear(&p->places[1]);
}

void points_close(struct points *p)
{
	points_forget(p);
	index_close(&p->places[0]);
	index_close(&p->places[1]);
	free(p->all);
	free(p->watches);
	*p = (struct points) { 0 };
}

struct point *points_find(struct points *p, bool is_hardware, uint64_t gva)
{
	size_t place;
	return index_find(&p->places[is_hardware], gva, &place) ? &p->all[place] : NULL;
}

bool points_has(struct session *s, bool is_hardware, uint64_t gva)
{
	return points_find(&s->points, is_hardware, gva) != NULL;
}

void points_remove(struct session *s, bool is_hardware, uint64_t gva)
{
	struct points *p = &s->points;
	struct point *gone = points_find(p, is_hardware, gva);
	if (!gone)
		return;
	free_point(gone);
	index_remove(&p->places[is_hardware], gva);
	const struct point *last = &p->all[--p->count];
	if (gone == last)
		return;
	*gone = *last;
	/* It is in there, so it needs no memory. */
	index_put(&p->places[gone->is_hardware], gone->gva, (size_t)(gone - p->all));
}

static bool add(struct points *p, const struct point *new)
{
	struct point *old = points_find(p, new->is_hardware, new->gva);
	if (old) {
		free_point(old);
		*old = *new;
		return true;
	}
	if (p->count == p->size) {
		size_t size = p->size ? 2 * p->size : 16;
		struct point *all = realloc(p->all, size * sizeof *all);
		if (!all)
			return false;
		p->all = all;
		p->size = size;
	}
	if (index_put(&p->places[new->is_hardware], new->gva, p->count))
		return false;
	p->all[p->count++] = *new;
	return true;
}

static struct point_watch *find_watch(struct points *p, const struct point_watch *w)
{
	for (size_t i = 0; i < p->watch_count; i++) {
		struct point_watch *is = &p->watches[i];
		if (is->kind == w->kind && is->gva == w->gva && is->len == w->len)
			return is;
	}
	return NULL;
}

bool points_add_watch(struct points *p, struct point_watch watch)
{
	if (find_watch(p, &watch))
		return true;
	if (p->watch_count == p->watch_size) {
		size_t size = p->watch_size ? 2 * p->watch_size : 16;
		struct point_watch *all = realloc(p->watches, size * sizeof *all);
		if (!all)
			return false;
		p->watches = all;
		p->watch_size = size;
	}
	p->watches[p->watch_count++] = watch;
	return true;
}

void points_remove_watch(struct points *p, struct point_watch watch)
{
	struct point_watch *gone = find_watch(p, &watch);
	if (gone)
		*gone = p->watches[--p->watch_count];
}

/* --- from the packet -------------------------------------------------------------------------- */

static bool refuse(struct session *s, enum agent_use use, const char *why)
{
	reply_refuse(s, "%s of this breakpoint: %s",
	        use == AGENT_CONDITION ? "the condition" : "a command", why);
	return false;
}

/* LEN,BYTES, what follows an X. */
static bool take_expression(
        struct session *s, struct text_in *in, enum agent_use use, struct point *p, size_t *used)
{
	struct agent_error e = { 0 };
	struct agent_machine m;
	struct view v;
	uint64_t len;
	if (!text_take_hex(in, &len) || !text_take(in, ",") || len > text_left(in) / 2 ||
	        !text_take_bytes(in, p->code + *used, (size_t)len))
		return false;
	struct expression *all = realloc(p->all, (p->count + 1) * sizeof *all);
	if (!all || !view_open(&v, s, p->layout, s->cpu, &m))
		return refuse(s, use, "out of memory");
	p->all = all;
	if (!agent_check(p->code + *used, (size_t)len, use, &m, &e))
		return refuse(s, use, e.text);
	p->all[p->count++] = (struct expression) { use, *used, (size_t)len };
	p->conditions += use == AGENT_CONDITION;
	p->is_outdated |= !points_note_layout(s, p->code + *used, (size_t)len);
	*used += (size_t)len;
	return true;
}

/* Conditions, then commands: `;X2,2227X2,2227;cmds:1,X...`. gdb writes expressions without anything
 * between them; the manual allows a `;`. */
static bool take_options(struct session *s, struct text_in *in, struct point *p)
{
	enum agent_use use = AGENT_CONDITION;
	uint64_t persists;
	size_t used = 0;
	while (!text_take_end(in)) {
		text_take(in, ";");
		if (use == AGENT_CONDITION && text_take(in, "cmds:")) {
			/* Whether they outlive the connection: here all breakpoints go with it. */
			if (!text_take_hex(in, &persists) || !text_take(in, ","))
				return false;
			use = AGENT_COMMAND;
		}
		if (!text_take(in, "X") || !take_expression(s, in, use, p, &used))
			return false;
	}
	return true;
}

bool points_add(struct session *s, bool is_hardware, uint64_t gva, struct text_in options)
{
	struct point p = { .gva = gva, .is_hardware = is_hardware, .layout = s->latched };
	bool ok = true;
	if (!text_take_end(&options)) {
		p.code = malloc(text_left(&options));
		ok = p.code && take_options(s, &options, &p);
	}
	ok = ok && add(&s->points, &p);
	if (!ok)
		free_point(&p);
	return ok;
}

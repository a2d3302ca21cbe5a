#include "gdbstub/points.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gdbstub/session_internal.h"
#include "gdbstub/view.h"

/* What the commands of one hit print at most; the rest is cut. */
#define PRINTED_MAX 0x2000

/* --- layouts -----------------------------------------------------------------------------------
 */

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

bool points_is_outdated(struct session *s, const uint8_t *code, size_t len)
{
	struct points *p = &s->points;
	uint64_t h = hash(code, len);
	struct seen *seen = find_seen(p, h);
	struct comparison c = { .now = session_features(s, s->latched) };
	c.before = seen ? session_features(s, seen->layout) : c.now;
	agent_registers(code, len, compare, &c);
	if (seen || !c.has_registers)
		return c.differs;
	if (p->seen_count == POINTS_SEEN_MAX)
		return true;
	p->seen[p->seen_count++] = (struct seen) { h, s->latched };
	return false;
}

/* --- the list ----------------------------------------------------------------------------------
 */

static void free_point(struct point *p)
{
	free(p->all);
	free(p->code);
}

void points_forget(struct points *p)
{
	for (size_t i = 0; i < p->count; i++)
		free_point(&p->all[i]);
	p->count = 0;
}

void points_close(struct points *p)
{
	points_forget(p);
	free(p->all);
	*p = (struct points) { 0 };
}

static struct point *find(struct points *p, bool is_hardware, uint64_t gva)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->all[i].gva == gva && p->all[i].is_hardware == is_hardware)
			return &p->all[i];
	return NULL;
}

bool points_has(struct session *s, bool is_hardware, uint64_t gva)
{
	return find(&s->points, is_hardware, gva) != NULL;
}

void points_remove(struct session *s, bool is_hardware, uint64_t gva)
{
	struct points *p = &s->points;
	struct point *gone = find(p, is_hardware, gva);
	if (!gone)
		return;
	free_point(gone);
	*gone = p->all[--p->count];
}

static bool add(struct points *p, const struct point *new)
{
	struct point *old = find(p, new->is_hardware, new->gva);
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
	p->all[p->count++] = *new;
	return true;
}

/* --- from the packet ---------------------------------------------------------------------------
 */

static bool refuse(struct session *s, enum agent_use use, const char *why)
{
	session_refuse(s, "%s of this breakpoint: %s",
	        use == AGENT_CONDITION ? "the condition" : "a command", why);
	return false;
}

/* LEN,BYTES behind an X. */
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
	p->is_outdated |= points_is_outdated(s, p->code + *used, (size_t)len);
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

/* --- a hit -------------------------------------------------------------------------------------
 */

static void tell(struct session *s, const struct point *p, const char *what, const char *why)
{
	char line[300];
	snprintf(line, sizeof line, "The %s at 0x%" PRIx64 " can't be evaluated: %s.\n", what,
	        p->gva, why);
	session_print(s, line);
}

static bool run_commands(struct session *s, const struct point *p, const struct agent_machine *m)
{
	uint8_t text[PRINTED_MAX] = { 0 };
	struct text_out printed = { .data = text, .size = sizeof text };
	struct agent_error e = { 0 };
	uint64_t ignored;
	bool ok = true;
	for (unsigned i = p->conditions; i < p->count && ok; i++)
		ok = agent_run(p->code + p->all[i].at, p->all[i].len, m, &ignored, &printed, &e);
	session_print_bytes(s, printed.data, printed.len);
	if (!ok)
		tell(s, p, "command", e.text);
	return ok;
}

/* Whether the guest is to stop at p. */
static bool wants_stop(struct session *s, unsigned cpu, const struct point *p)
{
	struct text_out nowhere = { 0 }; /* gdb has no condition that prints */
	struct agent_error e = { 0 };
	struct agent_machine m;
	struct view v;
	bool has_commands = p->count > p->conditions, holds = !p->conditions;
	if (!p->count || !view_open(&v, s, p->layout, cpu, &m))
		return true;
	if (p->is_outdated) { /* gdb evaluates a condition again when it is told of the stop */
		if (has_commands)
			tell(s, p, "command",
			        "it was compiled for the registers of another CPU mode; delete it "
			        "and set it again");
		return true;
	}
	for (unsigned i = 0; i < p->conditions && !holds; i++) {
		uint64_t value;
		if (!agent_run(p->code + p->all[i].at, p->all[i].len, &m, &value, &nowhere, &e)) {
			tell(s, p, "condition of the breakpoint", e.text);
			return true;
		}
		holds = value != 0;
	}
	if (!holds || !has_commands)
		return holds;
	return !run_commands(s, p, &m);
}

bool session_breakpoint_hit(struct session *s, unsigned cpu, uint64_t gva)
{
	bool is_known, stops = false;
	if (s->state != SESSION_RUNNING)
		return true;
	session_make_room(s);
	is_known = trace_hit(s, cpu, gva);
	for (size_t i = 0; i < s->points.count; i++)
		if (s->points.all[i].gva == gva) {
			is_known = true;
			stops |= wants_stop(s, cpu, &s->points.all[i]);
		}
	return stops || !is_known;
}

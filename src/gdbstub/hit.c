/* What happens at a breakpoint before gdb hears of it: tracepoints, conditions, commands. */
#include "gdbstub/hit.h"

#include <inttypes.h>
#include <stdio.h>

#include "gdbstub/reply.h"
#include "gdbstub/state.h"
#include "gdbstub/trace_run.h"
#include "gdbstub/view.h"

/* What the commands of one hit print at most; the rest is cut. */
#define PRINTED_MAX 0x2000

static void tell(struct session *s, const struct point *p, const char *what, const char *why)
{
	char line[300];
	snprintf(line, sizeof line, "The %s at 0x%" PRIx64 " can't be evaluated: %s.\n", what,
	        p->gva, why);
	reply_print(s, line);
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
	reply_print_bytes(s, printed.data, printed.len);
	if (!ok)
		tell(s, p, "command", e.text);
	return ok;
}

/* Evaluates p's conditions, and runs its commands where one holds. True: the guest is to stop. */
static bool evaluate(struct session *s, unsigned cpu, const struct point *p, bool is_silent)
{
	struct text_out nowhere = { 0 }; /* gdb has no condition that prints */
	struct agent_error e = { 0 };
	struct agent_machine m;
	struct view v;
	bool has_commands = p->count > p->conditions, holds = !p->conditions;
	if (!p->count || !view_open(&v, s, p->layout, cpu, &m))
		return true;
	/* What gdb compiles for an address above 4 GiB is for the registers of 64-bit code, whose
	 * numbers are none of this layout. */
	bool is_cut = p->gva >> 32 && p->layout != TARGET_LONG64;
	/* gdb evaluates a condition again when the stop is reported to it. */
	if (p->is_outdated || is_cut) {
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
	if (is_silent)
		return false;
	return !run_commands(s, p, &m);
}

/* Evaluates all of gva. *stops: one wants a stop. False: none is there. */
static bool evaluate_all(struct session *s, unsigned cpu, uint64_t gva, bool is_silent, bool *stops)
{
	const struct point *software = points_find(&s->points, false, gva);
	const struct point *hardware = points_find(&s->points, true, gva);
	if (software)
		*stops |= evaluate(s, cpu, software, is_silent);
	if (hardware)
		*stops |= evaluate(s, cpu, hardware, is_silent);
	return software || hardware;
}

bool hit_evaluate(struct session *s, unsigned cpu)
{
	bool stops = false;
	evaluate_all(s, cpu, session_pc(s, cpu), false, &stops);
	return stops;
}

bool hit_breakpoint(struct session *s, unsigned cpu, uint64_t gva)
{
	bool is_known, stops = false;
	if (s->state != SESSION_RUNNING)
		return true;
	reply_make_room(s);
	is_known = trace_hit(s, cpu, gva);
	is_known |= evaluate_all(s, cpu, gva, false, &stops);
	return stops || !is_known;
}

bool hit_would_stop(struct session *s, unsigned cpu, uint64_t gva)
{
	bool stops = false;
	return evaluate_all(s, cpu, gva, true, &stops) && stops;
}

bool hit_wants_steps(const struct session *s)
{
	return s->state == SESSION_RUNNING && s->trace.is_stepping;
}

bool hit_stepped(struct session *s, unsigned cpu)
{
	return hit_wants_steps(s) && trace_stepped(s, cpu);
}

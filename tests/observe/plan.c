#include "plan.h"

#include <string.h>

static enum path_hit watch_hit(
        const struct plan *plan, const struct path *path, const struct program *p, unsigned n)
{
	enum path_hit hit = HIT_NONE;
	for (unsigned i = 0; i < plan->watch_count && hit != HIT_SURE; i++) {
		const struct plan_watch *w = &plan->watches[i];
		enum path_hit h = path_hit(path, p, n, w->gva, w->len, w->type != 2, w->type != 3);
		hit = h > hit ? h : hit;
	}
	return hit;
}

/* Every reader of x86 sees a change: a watchpoint for reads alone is not for writes. */
static bool is_at_breakpoint(const struct plan *plan, const struct view *v)
{
	for (unsigned i = 0; i < plan->breakpoint_count; i++) {
		const struct plan_breakpoint *b = &plan->breakpoints[i];
		if (b->gva == v->registers[VIEW_PC] &&
		        (!b->has_condition || b->value == (v->registers[VIEW_AX] & 0xffff)))
			return true;
	}
	return false;
}

/* Where a handler of a fault has returned to, with RF set, a CPU passes over a breakpoint. */
static bool is_after_handler(const struct path *path, const struct program *p, unsigned n)
{
	return n && !program_find(p, path->at[n - 1].registers[VIEW_PC]);
}

static bool is_out_of_range(const struct plan *plan, const struct view *v)
{
	uint64_t pc = v->registers[VIEW_PC];
	return plan->range_end && pc - plan->range_begin >= plan->range_end - plan->range_begin;
}

void plan_next(const struct plan *plan, const struct path *path, const struct program *p,
        unsigned from, struct plan_stop *to)
{
	bool is_hit_in_rep = false;
	memset(to->may_stop, 0, sizeof to->may_stop);
	for (to->at = from + 1; to->at < path->last; to->at++) {
		enum path_hit hit = watch_hit(plan, path, p, to->at - 1);
		const struct view *v = &path->at[to->at];
		bool is_in_rep = path_is_in_rep(path, p, to->at);
		is_hit_in_rep |= hit == HIT_SURE && is_in_rep && plan->is_late_in_rep;
		to->may_stop[to->at] = hit == HIT_MAYBE || is_hit_in_rep;
		to->why = PLAN_WATCH;
		if ((hit == HIT_SURE || is_hit_in_rep) && !(is_hit_in_rep && is_in_rep))
			return;
		to->why = PLAN_BREAKPOINT;
		if (is_at_breakpoint(plan, v)) {
			if (!is_in_rep && !is_after_handler(path, p, to->at))
				return;
			to->may_stop[to->at] = true;
		}
		to->why = PLAN_RANGE;
		if (is_out_of_range(plan, v))
			return;
	}
	to->at = path->last;
	to->why = PLAN_END;
}

bool plan_has_watch(const struct plan *plan, unsigned type, uint64_t gva)
{
	for (unsigned i = 0; i < plan->watch_count; i++)
		if (plan->watches[i].type == type &&
		        gva - plan->watches[i].gva < plan->watches[i].len)
			return true;
	return false;
}

/* A recording that nobody has asked for: when it begins, and what it gives way to. */
#include "debug/check.h"
#include "debug/means.h"
#include "history/state.h"

void history_expect(struct run *r, bool is_unasked, uint64_t memory_max)
{
	r->is_recorded_unasked = is_unasked;
	r->record_memory = memory_max;
}

/* Whether a recording may begin by itself: it must change neither what the user has chosen nor who does the guest's
 * instructions. */
static bool may_begin(struct run *r)
{
	struct control *c = &r->machine->control;
	return r->is_recorded_unasked && !run_is_over(r) && !c->steps_whole_rep &&
	       !check_is_on(c) && means_engine_is_first(c);
}

struct history *history_due(struct run *r)
{
	struct error e = { 0 };
	if (r->history || !may_begin(r))
		return r->history;
	if (history_begin(r, r->record_memory ? r->record_memory : HISTORY_MEMORY_UNASKED, &e))
		r->is_recorded_unasked = false; /* a user who asks for one is told why */
	else
		r->history->is_unasked = true;
	return r->history;
}

bool history_is_unasked(const struct history *h)
{
	return h && h->is_unasked;
}

bool history_give_way(struct run *r)
{
	if (!history_is_unasked(r->history) || history_is_past(r->history))
		return false;
	history_end(r);
	return true;
}

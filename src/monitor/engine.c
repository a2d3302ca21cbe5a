/* monitor engine: who does the guest's instructions. */
#include <inttypes.h>

#include "debug/check.h"
#include "debug/means.h"
#include "history/history.h"
#include "monitor/internal.h"

void monitor_info_engine(struct run *run, const struct output *out, const char *operands)
{
	struct control *c = &run->machine->control;
	char text[120];
	(void)operands;
	means_describe(c, text, sizeof text);
	say(out, "engine       %s\n", text);
	if (c->engine_done || c->engine_handed)
		say(out,
		        "             it has done %" PRIu64 " instructions, and handed %" PRIu64
		        " over to KVM\n",
		        c->engine_done, c->engine_handed);
	if (check_is_on(c)) {
		char sums[600];
		check_describe(c, sums, sizeof sums);
		say(out, "             %s\n", sums);
	}
}

/* False: the guest is recorded, and another would do its instructions, who may leave flags and RF differently. */
static bool choose(struct run *run, const struct output *out, enum engine_choice choice)
{
	struct control *c = &run->machine->control;
	const enum engine_choice before = c->engine_choice;
	const bool was_first = means_engine_is_first(c);
	control_set_engine(c, choice);
	if (!run->history || means_engine_is_first(c) == was_first)
		return true;
	if (history_give_way(run)) {
		say(out, MONITOR_UNRECORDED);
		return true;
	}
	control_set_engine(c, before);
	return false;
}

void monitor_engine(struct run *run, const struct output *out, const char *operands)
{
	enum engine_choice choice;
	if (*operands && !means_choice_parse(operands, &choice)) {
		refuse(out, "engine", operands, "expected auto, kvm or interp");
		return;
	}
	if (*operands && !choose(run, out, choice)) {
		refuse(out, "engine", operands,
		        "the guest is recorded, and what it does is done again by who has done it: "
		        "monitor record off first");
		return;
	}
	if (*operands)
		history_changed(run->history); /* what nobody could do may be done now */
	monitor_info_engine(run, out, "");
}

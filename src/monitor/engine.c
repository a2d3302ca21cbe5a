/* monitor engine: who does the guest's instructions. */
#include <inttypes.h>

#include "debug/check.h"
#include "debug/means.h"
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

void monitor_engine(struct run *run, const struct output *out, const char *operands)
{
	enum engine_choice choice;
	if (*operands && !means_choice_parse(operands, &choice)) {
		refuse(out, "engine", operands, "expected auto, kvm or interp");
		return;
	}
	if (*operands)
		control_set_engine(&run->machine->control, choice);
	monitor_info_engine(run, out, "");
}

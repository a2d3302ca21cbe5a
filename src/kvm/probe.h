/* What this host's KVM does under a debugger, found out by trying in a scratch VM: never by name.
 * Costs about a millisecond; run control asks when it first needs a fact. */
#ifndef STEPVM_KVM_PROBE_H
#define STEPVM_KVM_PROBE_H

#include <stdbool.h>

#include "error.h"

struct probe {
	/* A planted int3 exits with KVM_GUESTDBG_USE_SW_BP. Where it does not (an emulating KVM
	 * hands it to the guest's own vector), a planted hlt does the work. */
	bool has_int3;
	/* One single-step runs a whole `rep` instruction instead of one iteration. */
	bool step_runs_whole_rep;
	/* Data breakpoints in debug registers fire. */
	bool has_data_breakpoints;
	/* A single-step of mov ss does not stop before the instruction behind it. */
	bool mov_ss_hides_step;
};

int probe_run(struct probe *p, struct error *e);

#endif

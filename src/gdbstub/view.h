/* The stopped machine as agent expressions see it: registers by the numbers of a layout, memory,
 * trace state variables. Private to gdbstub. */
#ifndef STEPVM_GDBSTUB_VIEW_H
#define STEPVM_GDBSTUB_VIEW_H

#include "gdbstub/agent.h"
#include "gdbstub/features.h"

struct session;

struct view {
	struct session *session;
	const struct features *features;
	unsigned cpu;
	enum target_layout layout;
};

/* m is valid as long as v; it has no trace frame. False: out of memory. */
bool view_open(struct view *v, struct session *s, enum target_layout layout, unsigned cpu,
        struct agent_machine *m);
/* gdb sign-extends what it computes: an address at the top of 4 GiB comes with 64 bits. */
uint64_t view_gva(const struct view *v, uint64_t address);

#endif

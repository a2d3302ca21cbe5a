/* What the engine has of the guest, and how it comes there and back. Private to engine.c and engine_state.c. */
#ifndef STEPVM_DEBUG_ENGINE_STATE_H
#define STEPVM_DEBUG_ENGINE_STATE_H

#include "debug/engine_extras.h"
#include "debug/state.h"
#include "interp/interp.h"

/* All of these are what was given to the engine last. */
struct engine {
	struct interp *interp;
	struct interp_slot slots[INTERP_SLOTS_MAX];
	unsigned slot_count;
	uint64_t *breakpoints; /* in ascending order; owned */
	unsigned breakpoints_size, breakpoint_changes;
	bool has_zero; /* linear address 0 is among them, for zero_vector.h */
	bool has_breakpoints;
	struct interp_watch watches[WATCHES_MAX];
	unsigned watch_changes;
	/* The CPU's state is the one that it has left, while these are those of the vCPU and the memory. */
	bool is_loaded;
	unsigned vcpu_changes, memory_writes;
	struct engine_extras extras;
};

/* Before a run: gives the engine the guest's memory and the vCPU's state. False: it can't go on with the guest as that is
 * now. */
bool engine_load(struct control *c);
/* After a run that has done something: the vCPU's state is the engine's. */
void engine_store(struct control *c);
/* Before a run that is to end at breakpoints; after engine_load. False: there is no memory for them. */
bool engine_follow_breakpoints(struct control *c);
/* Before any run; after engine_load. The engine's watchpoints are those of run control, by the same index. */
void engine_follow_watches(struct control *c);

#endif

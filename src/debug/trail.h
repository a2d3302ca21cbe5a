/* Where the guest has been (interp/trail.h), whoever has done its instructions: the engine, KVM, the firmware. For who
 * searches in a recording of it. */
#ifndef STEPVM_DEBUG_TRAIL_H
#define STEPVM_DEBUG_TRAIL_H

#include "debug/state.h"
#include "interp/trail.h"

/* From now on, or no longer. Without memory there is none. */
void control_keep_trail(struct control *c, bool is_on);
/* What it is by now, with where the guest stands; NULL: none is kept. Valid until the guest goes on. */
const struct trail *control_trail(struct control *c);
/* It begins here. */
void control_restart_trail(struct control *c);

/* --- private to src/debug ----------------------------------------------------------------------- */

/* KVM is about to do a step, and has done it: quiet is what the first says, for the second. Nothing where none is
 * kept. */
bool trail_before_kvm(struct control *c);
void trail_after_kvm(struct control *c, bool is_quiet);
/* RAM, or a device's memory, is accessed by a guest-physical address. */
void trail_touch(struct control *c, uint64_t gpa, uint64_t len, bool is_write);

#endif

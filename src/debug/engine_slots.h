/* The guest's memory as the engine takes it. Private to src/debug. */
#ifndef STEPVM_DEBUG_ENGINE_SLOTS_H
#define STEPVM_DEBUG_ENGINE_SLOTS_H

#include "interp/interp.h"
#include "kvm/memory.h"

/* Up to INTERP_SLOTS_MAX. False: there are more of them. */
bool engine_find_slots(const struct memory *m, struct interp_slot *to, unsigned *count);

#endif

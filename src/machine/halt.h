/* The CPU is halted, or the guest rests between two looks for a key: it waits, and nothing of the host's is burnt.
 * run_halt, run_wait and the questions beside them (machine/run.h) are in halt.c; here is what run.c needs of it. */
#ifndef STEPVM_MACHINE_HALT_H
#define STEPVM_MACHINE_HALT_H

#include "machine/run.h"

/* It waits for an interrupt, or until then (the host's time). RUN_FOREVER: for an interrupt alone. Returns RUN_HALT_WAITS. */
enum run_halt halt_wait_until(struct run *r, uint64_t resume_at_ns);
/* The guest would only look for a key again: until one comes, or a tick that it may look at. */
void halt_rest(struct run *r, struct stop *stop);

#endif

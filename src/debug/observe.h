/* A step with an eye on what it hits. Private to src/debug. */
#ifndef STEPVM_DEBUG_OBSERVE_H
#define STEPVM_DEBUG_OBSERVE_H

#include "debug/state.h"

/* The guest has halted. True: somebody wanted to catch that, and *stop says so. */
bool observe_hlt(struct control *c, struct stop *stop);
/* One instruction, or the way to an interrupt's handler, with an eye on watchpoints and
 * catchpoints. Guards are out of the way: they can't be executed through, and what they would show
 * is seen by looking. */
int observe_step(struct control *c, bool is_interrupt, struct stop *stop);

#endif

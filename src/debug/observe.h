/* A step with an eye on what it hits. Private to src/debug. */
#ifndef STEPVM_DEBUG_OBSERVE_H
#define STEPVM_DEBUG_OBSERVE_H

#include "debug/engine.h"

/* The guest has halted. True: somebody wanted to catch that, and *stop says so. */
bool observe_hlt(struct control *c, struct stop *stop);
/* One instruction, or the way to an interrupt's handler, with an eye on watchpoints and
 * catchpoints. Guards are out of the way: they can't be executed through, and what they would show
 * is seen by looking. */
int observe_step(struct control *c, bool is_interrupt, struct stop *stop);
/* Many of them at once, by the engine, as far as nobody but a watchpoint can have seen anything in them: engine.h. How
 * many; 0: the next one is observe_step's. */
uint64_t observe_steps(struct control *c, const struct engine_steps *steps, struct stop *stop);

#endif

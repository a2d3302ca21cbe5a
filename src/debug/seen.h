/* What was seen on the guest's way since it went on last: watchpoints hit, events caught, a
 * device's wish to stop it. It becomes a stop after the instruction. Private to src/debug. */
#ifndef STEPVM_DEBUG_SEEN_H
#define STEPVM_DEBUG_SEEN_H

#include "debug/state.h"

/* Nothing has been seen: before a run or a step. */
void seen_forget(struct cpu_run *r);
/* w was hit at gva; the first one counts. NULL: none was. */
void seen_hit(struct cpu_run *r, const struct watch *w, uint64_t gva);
/* Where the line about what is caught next goes, of CATCH_TEXT_MAX bytes: after the others. What
 * does not fit overwrites the last. */
char *seen_next_line(struct cpu_run *r);
/* Something was caught, and its line is written. False: nothing was. */
void seen_caught(struct cpu_run *r, bool is_caught);
/* The stop that comes of it; STOP_STEPPED: none. A device's wish goes first, for it may end the
 * guest. */
void seen_stop(const struct cpu_run *r, struct stop *stop);

#endif

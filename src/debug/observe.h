/* What is seen on the guest's way: accesses answered, watchpoints hit, events caught. Private to
 * src/debug. */
#ifndef STEPVM_DEBUG_OBSERVE_H
#define STEPVM_DEBUG_OBSERVE_H

#include "debug/control.h"

/* Nothing has been seen: before a run or a step. */
void observe_forget(struct control *c);
/* w was hit at gva; the first one counts. NULL: none was. */
void observe_hit(struct control *c, const struct watch *w, uint64_t gva);
/* A guarded page's, a device's or nobody's. True: the guest is to stop behind this instruction. */
bool observe_access(struct control *c, const struct exit *x);
/* Lets KVM finish the instruction whose access was answered. */
int observe_complete(struct control *c, struct stop *stop);
/* What a stop behind an access is: a device's wish goes first, for it may end the guest. */
void observe_stop(struct control *c, struct stop *stop);
/* The guest has halted. True: somebody wanted to catch that, and *stop says so. */
bool observe_hlt(struct control *c, struct stop *stop);
/* One instruction, or the way to an interrupt's handler, with an eye on watchpoints and
 * catchpoints. Guards are out of the way: they can't be executed through, and what they would show
 * is seen by looking. */
int observe_step(struct control *c, bool is_interrupt, struct stop *stop);

#endif

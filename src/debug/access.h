/* What an access of the guest's hits: the devices, a guarded page of RAM and the watchpoint on it,
 * a catchpoint. Private to src/debug. */
#ifndef STEPVM_DEBUG_ACCESS_H
#define STEPVM_DEBUG_ACCESS_H

#include "debug/state.h"

/* Answers the access that x is: a guarded page's, a device's or nobody's. True: the guest is to
 * stop after this instruction. */
bool access_answer(struct control *c, const struct exit *x);
/* Lets KVM finish the instruction whose access was answered, and answers its further ones. *stop is
 * STOP_STEPPED, what was seen (seen.h) or what else ended it. */
int access_complete(struct control *c, struct stop *stop);
/* Both. */
int access_finish(struct control *c, const struct exit *x, struct stop *stop);
/* The wrmsr that x is. True: what it writes is refused, and KVM raises #GP when it goes on. */
bool access_refuses_msr(struct control *c, const struct exit *x);
/* Does it, as access_complete does. */
int access_write_msr(struct control *c, const struct exit *x, struct stop *stop);

#endif

/* One instruction. Private to src/debug. */
#ifndef STEPVM_DEBUG_STEP_H
#define STEPVM_DEBUG_STEP_H

#include "debug/state.h"

/* One instruction; no breakpoint is looked at. *stop is STOP_STEPPED, STOP_HALTED, STOP_DEVICE or a
 * failure; or STOP_KICKED, where a kick has found it with nothing done, or, with step_may_last, somewhere in
 * code of CPL 3 that this KVM does not step: the caller goes on by another one. */
int step_one(struct control *c, struct stop *stop);
/* It leads to code of CPL 3 in long mode, or stands there. */
bool step_may_last(struct control *c);

#endif

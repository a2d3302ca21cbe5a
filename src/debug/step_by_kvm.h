/* One instruction by KVM, however this KVM has to be asked for it. Private to src/debug. */
#ifndef STEPVM_DEBUG_STEP_BY_KVM_H
#define STEPVM_DEBUG_STEP_BY_KVM_H

#include "debug/handlers.h"
#include "debug/insn.h"
#include "debug/state.h"

/* The instruction at the pc, or what it raises, as far as the handlers and the way of *h. *stop is left as it
 * is where it is done, else says what has stopped it. 0 or -errno. */
int step_by_kvm(
        struct control *c, const struct insn *insn, const struct handlers *h, struct stop *stop);

#endif

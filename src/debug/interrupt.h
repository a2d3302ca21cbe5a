/* Interrupts of devices: when the CPU takes one, and how it comes to its handler. Private to
 * src/debug.
 *
 * Two ways lead there. During a free run KVM gets the vector with the next KVM_RUN. Where the guest
 * is stepped, or a watchpoint could be hit by what the CPU pushes, the way to the handler is a step
 * of its own: nothing but that, and it ends at the handler's first instruction. */
#ifndef STEPVM_DEBUG_INTERRUPT_H
#define STEPVM_DEBUG_INTERRUPT_H

#include "debug/control.h"

/* One waits, and the CPU takes it now. */
bool interrupt_is_due(struct control *c);
/* It comes with the next vcpu_run, behind which interrupt_settle is called. */
int interrupt_inject(struct control *c);
/* One that a kick was quicker than is taken back from KVM, to come later. */
int interrupt_settle(struct control *c);
/* To the first instruction of its handler, or of the handler of the fault that came of it. *stop as
 * of control_single_step. */
int interrupt_step(struct control *c, struct stop *stop);

#endif

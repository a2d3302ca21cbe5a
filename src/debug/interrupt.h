/* Interrupts of devices: when the CPU takes one, and how it comes to its handler. Private to
 * src/debug.
 *
 * Two ways lead there. During a free run KVM gets the vector with the next KVM_RUN. Where the guest
 * is stepped, or a watchpoint could be hit by what the CPU pushes, the way to the handler is a step
 * of its own: nothing but that, and it ends at the handler's first instruction. */
#ifndef STEPVM_DEBUG_INTERRUPT_H
#define STEPVM_DEBUG_INTERRUPT_H

#include "debug/state.h"

/* One waits, whether or not the CPU takes it now. */
bool interrupt_waits(const struct control *c);
/* One waits, and the CPU takes it now. */
bool interrupt_is_due(struct control *c);
/* One is due, and a step takes it, too: those of a debugger's do where it has asked for that, and where the CPU has shut
 * down on the way to its handler. */
bool interrupt_comes_next(struct control *c);
/* One is due, and its way to the handler is to be a step: what the CPU pushes may be watched, its
 * vector is 0, or it may lead to no handler. */
bool interrupt_wants_step(struct control *c);
/* It leaves its device, where it has not yet: cpu_run.acknowledged. */
void interrupt_acknowledge(struct control *c);
/* The engine has brought the CPU to its handler. */
void interrupt_delivered(struct control *c);
/* It comes with the next vcpu_run, after which interrupt_settle is called. */
int interrupt_inject(struct control *c);
/* One that a kick was quicker than is taken back from KVM, to come later. */
int interrupt_settle(struct control *c);
/* To the first instruction of its handler, or of the handler of the fault that came of it. *stop as
 * of step_one. */
int interrupt_step(struct control *c, struct stop *stop);

#endif

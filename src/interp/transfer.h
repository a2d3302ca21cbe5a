/* Ways to another code segment, and to the handler of an interrupt or exception. */
#ifndef STEPVM_INTERP_TRANSFER_H
#define STEPVM_INTERP_TRANSFER_H

#include "interp/state.h"

/* The code segment of a far transfer in any mode, checked. Nothing is changed. */
enum interp_done interp_find_code(
        struct interp *c, uint16_t selector, uint64_t off, struct kvm_segment *to);
/* Goes there; all else is done, for modes and masks are others now. */
void interp_go(struct interp *c, const struct kvm_segment *code, uint64_t off);

/* What leads to a handler. */
enum event {
	EVENT_SOFTWARE,  /* int n, int3, into: NEXT is what the handler returns to */
	EVENT_INTERRUPT, /* a device's */
	EVENT_EXCEPTION, /* a fault, at the instruction */
};

/* Pushes the frame and goes to the handler. error: NULL, or its error code. Nothing is changed unless
 * DONE; FAULTS: c->fault is what is raised on the way. */
enum interp_done interp_enter(
        struct interp *c, unsigned vector, enum event event, const uint32_t *error);

/* The way to the handler of what c->fault says, or of what is raised there, where the engine is sure of all of it. Where
 * the way to the handler of #DF faults, the CPU shuts down: c->shuts_down. False: nothing was done. */
bool interp_deliver_fault(struct interp *c);

/* Whether popf and iret may load these flags, of which len bytes count; then it does. */
bool interp_load_rflags(struct interp *c, uint64_t value, unsigned len);

#endif

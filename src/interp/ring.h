/* Another ring, or another stack: what interrupts take from the TSS, and what iret goes back to. SDM vol 3,
 * "Stack Switching", "Task-State Segment". */
#ifndef STEPVM_INTERP_RING_H
#define STEPVM_INTERP_RING_H

#include "interp/memory.h"

/* A stack to be gone to. */
struct ring_stack {
	struct kvm_segment ss;
	uint64_t sp, sp_mask, limit;
};

/* Of the ring cpl, out of the TSS; in long mode, where ist is not 0, of the interrupt stack table. FAULTS: what is wrong
 * with it, with an error code that lacks EXT. */
enum interp_done interp_ring_stack(
        struct interp *c, unsigned cpl, unsigned ist, struct ring_stack *to);

/* Prepares a frame of count values of len bytes on it, the first at the highest address; interp_ring_push writes
 * it and moves sp. at: count places. */
enum interp_done interp_ring_prepare(struct interp *c, const struct ring_stack *to, unsigned len,
        unsigned count, struct place *at);
void interp_ring_push(struct ring_stack *to, unsigned len, const uint64_t *values, unsigned count,
        const struct place *at);

/* Where iret leads: a code segment of the ring that the selector asks for, this one or an outer one, and the stack
 * with it. HANDOVER where that is not sure. Nothing is changed. */
enum interp_done interp_return_code(
        struct interp *c, uint16_t selector, uint64_t off, struct kvm_segment *to);
enum interp_done interp_return_stack(struct interp *c, uint16_t selector,
        const struct kvm_segment *code, struct kvm_segment *to);
/* Whether the data segments that the outer ring may not have can be nulled; then does it, for cpl is the new one. */
bool interp_can_null(struct interp *c, unsigned cpl);
/* The same for the way back to this code, whose stack's pointer has all of its bits. */
bool interp_can_return(
        struct interp *c, const struct kvm_segment *code, const struct kvm_segment *ss);
void interp_null_inner(struct interp *c, unsigned cpl);
/* What an interrupt of virtual-8086 mode does to them, and what that mode makes of a selector. */
void interp_null_all(struct interp *c);
struct kvm_segment interp_v86_segment(uint16_t selector);

#endif

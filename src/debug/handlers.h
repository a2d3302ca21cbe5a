/* Where an instruction may end up instead of after itself: at the first instruction of an
 * exception's or interrupt's handler, and what lies on the stack there. Private to src/debug. */
#ifndef STEPVM_DEBUG_HANDLERS_H
#define STEPVM_DEBUG_HANDLERS_H

#include "debug/breakpoints.h"
#include "debug/insn.h"
#include "kvm/vcpu.h"

/* Where debug registers watch for a step: handlers, and Xs of gates.h. */
struct handlers {
	unsigned count, slot_size;
	uint64_t gva[BREAKPOINT_REGISTERS];
	uint8_t vector[BREAKPOINT_REGISTERS];
	bool has_way; /* where it leads else: ways.h */
	uint64_t way;
};

/* False: it is certain that the instruction raises no exception, so that a step of it needs no
 * handlers watched. */
bool handlers_can_fault(struct vcpu *v, const struct insn *insn);
/* Those of four vectors, likeliest first: where two lead to one handler, the first is taken to be the one. */
void handlers_find_likely(
        struct vcpu *v, const uint8_t vectors[BREAKPOINT_REGISTERS], struct handlers *h);
/* Those that an interrupt can come to. */
void handlers_find_interrupt(struct vcpu *v, uint8_t vector, struct handlers *h);
/* -1: gva is none of them. */
int handlers_index(const struct handlers *h, uint64_t gva);
/* Breakpoints on all of them, in debug registers 0 to count - 1, and on the way. */
void handlers_watch(const struct handlers *h, struct vcpu_debug *debug);

/* slot: how many slots of slot_size bytes above the top of the stack. False when it can't be read.
 */
bool handlers_read_slot(struct vcpu *v, unsigned slot, unsigned slot_size, uint64_t *value);
/* Makes TF in a saved flags image what the guest's own was. */
void handlers_set_saved_tf(struct vcpu *v, unsigned slot, unsigned slot_size, bool tf);
void handlers_set_tf_at(struct vcpu *v, uint64_t gva, unsigned size, bool tf);
/* At a handler's first instruction: the frame is [error code] ip cs flags. It is known by its ip
 * and cs, which are of the instruction that was stepped or follow it. Its TF becomes the guest's own. */
void handlers_clean_frame(
        struct vcpu *v, const struct handlers *h, uint64_t rip, uint16_t cs, bool tf);
/* Whether the CPU has come to a handler by an exception or int, not by a jmp, a call (one slot), a
 * far call (two) or an iret: ip, cs and flags were pushed and maybe an error code; in long mode
 * five slots, aligned to 16 bytes; or it has changed to another stack. SDM vol 3, "Exception- or
 * Interrupt-Handler Procedures". */
bool handlers_has_frame(struct vcpu *v, const struct handlers *h, const struct kvm_regs *regs,
        const struct kvm_sregs *sregs);

#endif

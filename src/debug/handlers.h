/* Where an instruction may end up instead of behind itself: at the first instruction of an
 * exception's or interrupt's handler, and what lies on the stack there. Private to src/debug. */
#ifndef STEPVM_DEBUG_HANDLERS_H
#define STEPVM_DEBUG_HANDLERS_H

#include "debug/breakpoints.h"
#include "debug/insn.h"
#include "kvm/vcpu.h"

/* The handlers of the exceptions that an instruction can raise, as many as there are debug
 * registers. */
struct handlers {
	unsigned count, slot_size;
	uint64_t gva[BREAKPOINT_REGISTERS];
	uint8_t vector[BREAKPOINT_REGISTERS];
};

/* False: it is certain that the instruction raises no exception, so that a step of it needs no
 * handlers watched. */
bool handlers_can_fault(struct vcpu *v, const struct insn *insn);
void handlers_find(struct vcpu *v, const struct insn *insn, struct handlers *h);
/* -1: gva is none of them. */
int handlers_index(const struct handlers *h, uint64_t gva);
/* Breakpoints on all of them; nothing else is in the debug registers. */
void handlers_watch(const struct handlers *h, struct vcpu_debug *debug);

/* slot: how many slots of slot_size bytes above the top of the stack. False when it can't be read.
 */
bool handlers_read_slot(struct vcpu *v, unsigned slot, unsigned slot_size, uint64_t *value);
/* Makes TF in a saved flags image what the guest's own was. */
void handlers_set_saved_tf(struct vcpu *v, unsigned slot, unsigned slot_size, bool tf);
/* At a handler's first instruction: the frame is [error code] ip cs flags. It is known by its ip
 * and cs, which are of the instruction that was stepped or behind it. */
void handlers_clean_frame(
        struct vcpu *v, const struct handlers *h, uint64_t rip, uint16_t cs, bool tf);
/* Whether the CPU has come to a handler by an exception or int, not by a jmp, a call (one slot), a
 * far call (two) or an iret: ip, cs and flags were pushed and maybe an error code; in long mode
 * five slots, aligned to 16 bytes; or it has changed to another stack. SDM vol 3, "Exception- or
 * Interrupt-Handler Procedures". */
bool handlers_has_frame(struct vcpu *v, const struct handlers *h, const struct kvm_regs *regs,
        const struct kvm_sregs *sregs);

#endif

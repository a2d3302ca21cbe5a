/* One instruction, and what run control's other files lend it. Private to src/debug. */
#ifndef STEPVM_DEBUG_STEP_H
#define STEPVM_DEBUG_STEP_H

#include "debug/control.h"
#include "debug/insn.h"
#include "debug/operands.h"

/* How often a step that did nothing is repeated: kvm_intel under Bochs gives a KVM_EXIT_DEBUG for
 * each page that KVM has to map first, which an instruction of 64-bit code has its own, its
 * operands' and the tables of. A jump to itself looks the same, and nobody can tell how often it
 * was done. */
#define STEP_REPEATS_MAX 32

/* One instruction; no breakpoint is looked at. *stop is STOP_STEPPED, STOP_HALTED, STOP_DEVICE or a
 * failure. A kick that comes meanwhile is kept for the next run. */
int control_single_step(struct control *c, struct stop *stop);

/* Hands x to the devices and lets KVM finish the instruction. *stop is STOP_STEPPED, STOP_DEVICE
 * or what else ended it. */
int control_finish_access(struct control *c, const struct exit *x, struct stop *stop);
/* What the instruction at the pc is about to access. */
unsigned control_operands(struct vcpu *v, struct operand operands[OPERANDS_MAX]);
/* The instruction at the pc. False when its bytes can't be read. */
bool control_look_ahead(struct vcpu *v, struct insn *insn);
/* The guest's own DR0 to DR7 as they are now. */
const struct kvm_debugregs *control_guest_registers(struct control *c);
/* A CPU enters a handler with RF clear; an emulating KVM leaves its own there. */
int step_clear_rf(struct vcpu *v);
/* An exit that is no access and no debug event, as a stop. */
void control_stop_by(const struct exit *x, struct stop *stop);

#endif

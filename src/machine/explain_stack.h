/* Whether a handler's frame finds its stack: for explain.c's sentences. Private to it. */
#ifndef STEPVM_MACHINE_EXPLAIN_STACK_H
#define STEPVM_MACHINE_EXPLAIN_STACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/line.h"
#include "debug/catch.h"
#include "kvm/vcpu.h"

/* Of a vector whose gate is valid, in protected and long mode. True where the CPU cannot push the frame that a handler
 * starts with: the end of a sentence then is in *l, such as "ESP is 0x104fe4, and 0x104fe0 is not mapped", and the
 * address that nothing is mapped at in *gva, or 0. False: it can, or that is not known (real mode, 16-bit TSS).
 * Source: SDM vol 3, "Exception- or Interrupt-Handler Procedures", "Stack Switching in 64-bit Mode", "Task Management
 * Data Structures". */
bool explain_stack(
        struct vcpu *v, unsigned vector, enum catch_cause cause, struct line *l, uint64_t *gva);

#endif

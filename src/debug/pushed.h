/* What the CPU pushes on its way to a handler: the frame, at whose lower end the stack pointer stands then. A
 * watchpoint may lie there, and a frame with the values that are there already changes nothing. Private to
 * src/debug. */
#ifndef STEPVM_DEBUG_PUSHED_H
#define STEPVM_DEBUG_PUSHED_H

#include "debug/operands.h"
#include "debug/state.h"

/* The CPU may turn to a handler from here: before an instruction or an interrupt, and after an instruction
 * (is_done) whose own #DB comes now. */
void pushed_begin(struct control *c, bool is_done);
/* At the handler's first instruction. Returns 1 with *frame, which is written, or 0: after a task switch
 * nothing is on the new task's stack. */
unsigned pushed_find(const struct control *c, struct operand *frame);

#endif

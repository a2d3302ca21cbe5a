/* The guest debugs itself: what its own debug registers would do in a step. Private to src/debug. */
#ifndef STEPVM_DEBUG_GUEST_DEBUG_H
#define STEPVM_DEBUG_GUEST_DEBUG_H

#include "debug/insn.h"
#include "debug/operands.h"
#include "debug/state.h"

/* Whether any of its breakpoints is on, or DR7.GD. */
bool guest_debug_is_on(struct control *c);
/* The #DB that comes before the instruction, as bits of DR6: a breakpoint of the guest's own at the pc,
 * or DR7.GD at a mov dr. 0: none. */
uint64_t guest_debug_fault(struct control *c, const struct insn *insn);
/* Its data breakpoints that accesses hit, as bits of DR6. */
uint64_t guest_debug_hits(struct control *c, const struct operand *operands, unsigned count);
/* Its #DB comes now. The step ends at that handler's first instruction. */
int guest_debug_raise(struct control *c, uint64_t dr6, struct stop *stop);

#endif

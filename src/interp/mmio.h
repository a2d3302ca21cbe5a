/* Accesses to what is no RAM. */
#ifndef STEPVM_INTERP_MMIO_H
#define STEPVM_INTERP_MMIO_H

#include "interp/memory.h"

/* Does an instruction whose handler found that an operand is no RAM (c->fault.is_mmio), from its beginning.
 * HANDOVER: it is none of those that are done. */
enum interp_done interp_mmio(struct interp *c, const struct insn *i);

#endif

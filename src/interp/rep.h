/* Many iterations of a rep at once, where nobody could tell: RAM within one page, no watch on it, no interrupt that waits. */
#ifndef STEPVM_INTERP_REP_H
#define STEPVM_INTERP_REP_H

#include "interp/memory.h"

/* Does up to c->at_once iterations with elements of so many bytes: all that one of them does, but for the registers'
 * upper parts and rip the same. False: nothing was done, and one iteration is to be tried by itself. */
typedef bool interp_rep_fn(struct interp *c, const struct insn *i, unsigned len);

interp_rep_fn interp_rep_movs, interp_rep_cmps, interp_rep_stos, interp_rep_lods, interp_rep_scas;

#endif

/* Bytes to a decoded instruction. */
#ifndef STEPVM_INTERP_DECODE_H
#define STEPVM_INTERP_DECODE_H

#include <stddef.h>

#include "interp/state.h"

/* Decodes what is at bytes, of which there are up to len, for code of 16, 32 or 64 bits. What is not known
 * gets interp_handover. False: the bytes end before the instruction does. */
bool interp_decode(struct insn *i, const uint8_t *bytes, size_t len, unsigned bits);

#endif

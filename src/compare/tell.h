/* A difference in words. */
#ifndef STEPVM_COMPARE_TELL_H
#define STEPVM_COMPARE_TELL_H

#include <stddef.h>

#include "compare/known.h"

#define TELL_TEXT 2048

/* A sentence without a newline: where the instruction is, its bytes, and what the engine made that KVM did not. count: as many
 * of c->bytes are known. why: how KVM failed, for COMPARE_KVM_FAILS. Cut off where to is too small. */
void compare_tell(
        const struct known_case *c, unsigned count, const char *why, char *to, size_t size);

#endif

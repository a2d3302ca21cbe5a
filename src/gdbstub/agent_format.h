/* The printf of agent expressions: a format as it stands in C source, with its escapes, and 64-bit
 * arguments. Pure. Private to agent.c.
 *
 * What gdb's own printf takes: %d %i %u %o %x %X %c %s %p %%, flags, width, precision, l, ll, z, j
 * and t. Not %f and its like (an agent expression has no floating point), not * and not %n. */
#ifndef STEPVM_GDBSTUB_AGENT_FORMAT_H
#define STEPVM_GDBSTUB_AGENT_FORMAT_H

#include "gdbstub/agent.h"

/* format: len bytes, the last of them 0. Whether it is understood and takes count arguments. */
bool agent_format_check(const uint8_t *format, size_t len, unsigned count, struct agent_error *e);
/* Appends to out. False with the reason: a string that can't be read. */
bool agent_format(const uint8_t *format, const uint64_t *arguments, const struct agent_machine *m,
        struct text_out *out, struct agent_error *e);

#endif

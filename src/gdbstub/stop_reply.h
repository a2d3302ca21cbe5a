/* Stop replies: T and W, made of session.stop. */
#ifndef STEPVM_GDBSTUB_STOP_REPLY_H
#define STEPVM_GDBSTUB_STOP_REPLY_H

#include "gdbstub/state.h"

/* Appends the beginning of a T packet: the signal and the CPU. */
void stop_reply_put_signal(struct session *s, uint8_t signal);
/* Appends the T or W packet for s->stop to s->reply. */
void stop_reply_put(struct session *s, bool with_reason);
/* ... without registers, for a gdb that reads the description next and may not know the layout. */
void stop_reply_put_first(struct session *s);
/* A tracepoint's breakpoint is nothing that the debugger knows: s->stop becomes one that it
 * does. */
void stop_reply_adapt_traced(struct session *s);

#endif

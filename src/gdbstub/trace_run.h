/* A run of tracepoints: QTStart, QTStop, QTEnable, QTDisable, and what happens at a hit. */
#ifndef STEPVM_GDBSTUB_TRACE_RUN_H
#define STEPVM_GDBSTUB_TRACE_RUN_H

#include "gdbstub/state.h"

enum verdict trace_start(struct session *s, struct text_in in);
enum verdict trace_stop(struct session *s, struct text_in in);
enum verdict trace_enable(struct session *s, struct text_in in);
enum verdict trace_disable(struct session *s, struct text_in in);
/* The machine has come to gva. True: there is a tracepoint, which needs no stop. */
bool trace_hit(struct session *s, unsigned cpu, uint64_t gva);
/* ... has made a step for while-stepping. False: it needs no more of them. */
bool trace_stepped(struct session *s, unsigned cpu);
void trace_end(struct session *s, enum trace_end how);
/* The machine is another, as at its begin; the run of tracepoints goes on, and the debugger looks
 * where it has looked: gdb does not let go of a frame then. */
void trace_restarted(struct trace *t);
size_t trace_buffer_wanted(const struct trace *t);

#endif

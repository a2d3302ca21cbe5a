/* How a run of tracepoints stands, and what was defined: qTStatus, qTP, qTfP, qTfV and what
 * follows. */
#ifndef STEPVM_GDBSTUB_TRACE_TELL_H
#define STEPVM_GDBSTUB_TRACE_TELL_H

#include "gdbstub/state.h"

enum verdict trace_status(struct session *s, struct text_in in);
enum verdict trace_point_status(struct session *s, struct text_in in);
enum verdict trace_first_point(struct session *s, struct text_in in);
enum verdict trace_next_point(struct session *s, struct text_in in);
enum verdict trace_first_variable(struct session *s, struct text_in in);
enum verdict trace_next_variable(struct session *s, struct text_in in);

#endif

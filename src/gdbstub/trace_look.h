/* QTFrame, and what is asked while a trace frame is selected; qTBuffer. */
#ifndef STEPVM_GDBSTUB_TRACE_LOOK_H
#define STEPVM_GDBSTUB_TRACE_LOOK_H

#include "gdbstub/state.h"

enum verdict trace_select(struct session *s, struct text_in in);
enum verdict trace_variable_value(struct session *s, struct text_in in);
enum verdict trace_read_info(struct session *s, struct text_in in);
enum verdict trace_read_buffer(struct session *s, struct text_in in);
void trace_look_away(struct trace *t);
/* The layout whose registers the debugger would see now. */
enum target_layout trace_layout(struct session *s);
/* Register n of the latched layout as the frame has it; false: it was not collected. */
bool trace_read_register(struct session *s, unsigned n, uint8_t *to);
size_t trace_read_memory(struct session *s, uint64_t gva, uint8_t *to, size_t len);

#endif

/* QTinit, QTDP, QTDV, QTro, QTBuffer and QTNotes. */
#ifndef STEPVM_GDBSTUB_TRACE_DEFINE_H
#define STEPVM_GDBSTUB_TRACE_DEFINE_H

#include "gdbstub/state.h"

enum verdict trace_init(struct session *s, struct text_in in);
enum verdict trace_define(struct session *s, struct text_in in);
enum verdict trace_define_variable(struct session *s, struct text_in in);
enum verdict trace_define_ranges(struct session *s, struct text_in in);
enum verdict trace_set_circular(struct session *s, struct text_in in);
enum verdict trace_set_size(struct session *s, struct text_in in);
enum verdict trace_set_notes(struct session *s, struct text_in in);

#endif

/* QTDPsrc. */
#ifndef STEPVM_GDBSTUB_TRACE_SOURCE_H
#define STEPVM_GDBSTUB_TRACE_SOURCE_H

#include "gdbstub/state.h"

enum verdict trace_define_source(struct session *s, struct text_in in);

#endif

/* The q and Q packets. */
#ifndef STEPVM_GDBSTUB_QUERIES_H
#define STEPVM_GDBSTUB_QUERIES_H

#include "gdbstub/state.h"

extern const struct command session_queries[];

#endif

/* gdb's `monitor` commands: what the machine knows and a register can't say. */
#ifndef STEPVM_MONITOR_H
#define STEPVM_MONITOR_H

#include "gdbstub/target.h"
#include "serve.h"

/* Runs line; everything it has to say goes through print. */
void monitor_command(struct serve *s, const char *line, target_print *print, void *to);

#endif

/* gdb's `monitor` commands: what the machine knows and a register can't say. */
#ifndef STEPVM_MONITOR_MONITOR_H
#define STEPVM_MONITOR_MONITOR_H

#include "gdbstub/target.h"
#include "machine/run.h"

/* Does what line says; everything there is to say goes through print. True: the machine is another
 * one now, which run.last tells about. */
bool monitor_command(struct run *run, const char *line, target_print *print, void *to);

#endif

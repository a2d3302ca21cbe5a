/* The packets by letter. */
#ifndef STEPVM_GDBSTUB_COMMANDS_H
#define STEPVM_GDBSTUB_COMMANDS_H

#include "gdbstub/state.h"

extern const struct command session_commands[];

#endif

/* `stepvm console`: lends this terminal to a guest whose screen is at a Unix socket. */
#ifndef STEPVM_CLI_CONSOLE_H
#define STEPVM_CLI_CONSOLE_H

#include "base/error.h"

/* Connects to path, or, where it is NULL, to the one guest of this user that has such a folder; lends the
 * terminal, and returns when it is this program's again: 0, or minus the signal that ended it. Else -errno
 * with a text: nobody is there (-ENOENT), there are several (-ENOTUNIQ: their paths), no terminal. */
int console_run(const char *path, int *signal_number, struct error *e);

#endif

/* What stepvm itself says to its user, on standard error: the one door for it once a guest runs.
 *
 * Where the guest's output and standard error are the same terminal or file, what the guest has
 * printed may end in the middle of a line. A notice then begins on a new line, so that neither
 * text spoils the other. State is file-wide: a process has one standard error. */
#ifndef STEPVM_HOST_NOTICE_H
#define STEPVM_HOST_NOTICE_H

#include <stdio.h>

#include "host/spool.h"

/* From now on notices stand beside what o writes. o is borrowed until notice_beside(NULL). */
void notice_beside(struct spool *o);
/* The terminal has something else on it: notices are kept, the last 64 KiB of them at least, until
 * notice_release prints them. Where standard error is elsewhere, say so by not calling it. */
void notice_hold(void);
void notice_release(void);
/* One whole line or several, with their newlines. */
void notice_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same piece by piece: what is written to the stream up to a newline is the notice. */
FILE *notice_begin(void);

#endif

/* The terminal while a guest runs in the foreground: characters come at once and are not echoed.
 *
 * Ctrl-C, Ctrl-Z and Ctrl-\ keep their meaning. The settings are put back on every way out: return,
 * exit, a signal that ends or stops the program, a crash. State is file-wide because signal
 * handlers need it. */
#ifndef STEPVM_TERMINAL_H
#define STEPVM_TERMINAL_H

#include <stdbool.h>

/* Learns the terminal's settings and watches the signals. All of these do nothing when standard
 * input is no terminal, or one that this process is in the background of. */
void terminal_open(void);
void terminal_close(void);
/* The guest runs: characters come at once. The guest is stopped: the terminal is as it was. Cheap
 * when nothing changes. */
void terminal_raw(void);
void terminal_cooked(void);
/* False when reading standard input would stop a background process. */
bool terminal_may_read(void);

#endif

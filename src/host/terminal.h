/* Terminals while a guest has them: characters come at once and are not echoed.
 *
 * The console's is standard input while a guest runs in the foreground; there Ctrl-C, Ctrl-Z and
 * Ctrl-\ keep their meaning. The screen's has its other page, and all keys are the guest's.
 * The settings are put back on every way out: return, exit, a signal that ends or stops the program, a
 * crash. State is file-wide because signal handlers need it. */
#ifndef STEPVM_HOST_TERMINAL_H
#define STEPVM_HOST_TERMINAL_H

#include <stdbool.h>

/* Learns the settings of standard input and watches the signals. This and the next two do nothing
 * when standard input is no terminal, or one that this process is in the background of. */
void terminal_open(void);
/* The guest runs: characters come at once. The guest is stopped: the terminal is as it was. Cheap
 * when nothing changes. */
void terminal_raw(void);
void terminal_cooked(void);
/* Puts the terminals back. */
void terminal_close(void);
/* False when reading standard input would stop a background process. */
bool terminal_may_read(void);

/* fd is a terminal that is the guest's from now on. enter is written to it now and when the program
 * goes on after a stop, leave before it is put back: constant strings. -errno. */
int terminal_open_screen(int fd, const char *enter, const char *leave);
void terminal_close_screen(void);
/* Whether the program was stopped and goes on, since this was asked last: the screen is to be drawn anew. */
bool terminal_take_resumed(void);
/* After a stop that could not be caught (SIGSTOP), and none: the screen's settings are as wanted. */
void terminal_reenter_screen(void);
/* Stops the program, as Ctrl-Z does it; returns when it goes on. */
void terminal_suspend(void);

/* Writes all of text, or as much as a terminal takes within a second, whether its description waits or not. */
void terminal_write(int fd, const char *text);
/* Both are the same terminal. */
bool terminal_is_same(int a, int b);

#endif

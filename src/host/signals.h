/* The signals that end stepvm and the end of its gdb, as flags, and whom they wake. State is
 * file-wide because signal handlers need it. */
#ifndef STEPVM_HOST_SIGNALS_H
#define STEPVM_HOST_SIGNALS_H

#include <signal.h>

/* The signal that shall end stepvm (SIGINT, SIGTERM, SIGHUP, SIGQUIT), or 0. */
extern volatile sig_atomic_t signals_end;
/* A child has ended; whoever looks sets it back. */
extern volatile sig_atomic_t signals_child;

/* A terminal has another size, or we go on after a stop: the screen is to be looked at. Whoever looks sets it
 * back. */
extern volatile sig_atomic_t signals_screen;

/* The terminal's Ctrl-C, which is for a program that shares the terminal with us; whoever looks sets it back. */
extern volatile sig_atomic_t signals_interrupt;

/* From now on these signals set the flags, kick and make wake_fd, an eventfd,
 * readable. What is ignored stays ignored. SIGPIPE is ignored. */
void signals_open(int wake_fd);
/* What they do when one comes: for another signal's handler, too. */
void signals_note(int number);
/* SIGINT does not end stepvm from now on: it sets signals_interrupt, and kicks. */
void signals_share_interrupt(void);
/* They still set the flags, and wake_fd is let alone. */
void signals_close(void);

#endif

/* What serve's files share: serve.c (the loop, and what runs the guest), serve_debugger.c (bytes
 * and connections), serve_stop.c (what a stop of the guest leads to). */
#ifndef STEPVM_SERVE_INTERNAL_H
#define STEPVM_SERVE_INTERNAL_H

#include "serve.h"

#define FOREVER UINT64_MAX /* a time that does not come: resume_at_ns, a wait */

/* The loop ends with this status. */
void serve_end(struct serve *s, int status);
/* The guest has ended. An extended session may start it again; its end is ours. */
void serve_end_guest(struct serve *s, int status);

/* The guest's output can't be written: the loop ends. */
void serve_end_output(struct serve *s);

/* Sends what the session has for the debugger, as far as it goes now. */
void serve_flush(struct serve *s);
/* A reply waits to be sent. */
bool serve_has_output(const struct serve *s);
/* Gives the session what was read, as far as it takes it: nothing while a reply waits to be sent,
 * and then it is we who wait for that. */
void serve_feed(struct serve *s);
/* False when the debugger has sent nothing. */
bool serve_read_debugger(struct serve *s);
void serve_accept_debugger(struct serve *s);
/* was_step: the debugger had asked for one. */
struct target_stop serve_target_stop(const struct serve *s, const struct stop *stop, bool was_step);

/* Tells the debugger's user why the guest stopped, or, without a debugger, stderr. */
void serve_report(struct serve *s, const struct stop *stop, bool was_step);
/* What follows from the stop: another state, a report, the end. */
void serve_handle_stop(struct serve *s, const struct stop *stop, bool was_step);
/* Halted, until an interrupt comes. */
void serve_wait_for_interrupt(struct serve *s);

#endif

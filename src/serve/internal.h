/* What serve's files share: serve.c (the loop, and what runs the guest), open.c (what it is made of), debugger.c (bytes
 * and connections), target.c (the protocol's words for what happens here), recording.c (a guest that is recorded goes on,
 * or back), stop.c (what a stop of the guest leads to). */
#ifndef STEPVM_SERVE_INTERNAL_H
#define STEPVM_SERVE_INTERNAL_H

#include "serve/serve.h"

/* The screen says that the guest waits for a debugger, where it does. */
void serve_show_wait(struct serve *s);
/* The terminal is given back, and what has waited for that is printed. */
void serve_end_screen(struct serve *s);

/* The guest has ended. An extended session may start it again; its end is ours. */
void serve_end_guest(struct serve *s, int status);

/* The guest's output can't be written, which is said once: the loop ends, or has ended. The status is the host's,
 * unless stepvm had one of its own for the guest's end. */
void serve_end_output(struct serve *s);

/* The guest's output, of which the debugger's user is to see it (machine.tell). */
bool serve_tell(void *ctx, const uint8_t *bytes, size_t len);
/* What was told so far goes to the session, also where a line has not ended. */
void serve_flush_words(struct serve *s);

/* Something of ours is due after ns; sources.c does it then. Where it is so already, nothing changes. */
void serve_tick_after(struct serve *s, uint64_t ns);

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
/* A packet that can take long, and the end of it: meanwhile the guest is kicked every now and then, so that
 * serve_is_called_off is asked. */
void serve_begin_long(struct serve *s);
void serve_end_long(struct serve *s);
/* run.is_called_off: within such a packet. True: a 0x03 or, from our gdb's terminal, Ctrl-C has come since, or the
 * debugger is gone. It keeps gdb waiting, too. */
bool serve_is_called_off(void *ctx);
/* A stop in the protocol's words. was_step: the debugger had asked for one. */
struct target_stop serve_target_stop(const struct serve *s, const struct stop *stop, bool was_step);

/* Before a debugger that we have started prints in our terminal, right after what the guest has printed: that gets
 * the newline that a notice of ours would have. */
void serve_end_line(struct serve *s);
/* The same of what serve_tell has of the guest's, before what is ours. */
void serve_end_told_line(struct serve *s);
/* The guest is halted: a debugger's user who has continued would see nothing of it where it waits for a key. */
void serve_hint_at_keys(struct serve *s);
/* Tells the debugger's user why the guest stopped, or, without a debugger, stderr. */
void serve_report(struct serve *s, const struct stop *stop, bool was_step);
/* A debugger is connected, or there may be one: it has not come yet, or the connection was lost, and the next one is waited
 * for. One that has detached wants no more of the guest. */
bool serve_has_debugger(const struct serve *s);
/* What follows from the stop: another state, a report, the end. */
void serve_handle_stop(struct serve *s, const struct stop *stop, bool was_step);
/* The CPU is halted: it waits to be woken, or what --hlt says happens. is_news as of run_halt: once
 * more, and no instruction is done. */
void serve_halt(struct serve *s, bool is_news);

/* recording.c: RUN_FREE and RUN_STEPPING of a guest that is recorded. */
void serve_run_recorded(struct serve *s);
/* Prints for a debugger that begins at the end of a file's recording: what that is, why it ends there, how to go on. */
void serve_tell_recording(struct serve *s);
/* After a triple fault: appends how its cause is found, or would be if the guest were recorded. */
void serve_hint_at_way_back(const struct serve *s, char *text, size_t size);
/* The debugger has asked for one step back, or for all to the last stop. */
void serve_step_back(struct serve *s);
void serve_run_back(struct serve *s);

/* serve.c: what sources_arm has begun ends. */
void serve_disarm(struct serve *s);

#endif

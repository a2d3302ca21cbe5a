/* One debugger's session: bytes in, bytes out. Pure: no descriptor, no clock, no thread.
 *
 *	bytes from the debugger -> session_feed -> target calls, replies in session_output
 *	a resume request        -> target.run.resume; the caller runs the machine
 *	the machine stops       -> session_stopped -> the stop reply in session_output
 *
 * A debugger that said `!` (target extended-remote) keeps its session when the program exits, is
 * killed or detached from: SESSION_IDLE, in which the machine may run or be dead.
 *
 * Every request gets exactly one reply, made in one place; a resume gets it when the machine stops.
 * 0x03 stops a machine that runs. Where the machine stands, it is stopped as soon as it is resumed: gdb sends 0x03 while
 * it waits for a stop, and each of a row of steps may have ended before the byte comes. The GDB manual ("Interrupts") says
 * the same. A stop for another reason does not take the wish back, although gdb's user sees that stop: a breakpoint whose
 * commands continue stops at each hit, and the user's key would be lost there. So a 0x03 that comes in the very moment of
 * a stop is told once more, as SIGINT, at the next resume; that is the lesser evil, and what gdbserver does. Several 0x03
 * are one. It is forgotten with `?`, another connection, another machine, the machine's end, and a detach.
 *
 * Memory is bounded: one packet in, one packet out, and the text lines before a stop reply.
 * Source: GDB manual, appendix "GDB Remote Serial Protocol". */
#ifndef STEPVM_GDBSTUB_SESSION_H
#define STEPVM_GDBSTUB_SESSION_H

#include "gdbstub/target.h"

/* The longest packet in either direction, announced as PacketSize. A reply of escaped binary never
 * exceeds it either. */
#define SESSION_PACKET_SIZE 0x40000

enum session_state {
	SESSION_STOPPED, /* the debugger may ask */
	SESSION_RUNNING, /* it waits for a stop reply */
	SESSION_IDLE,    /* extended-remote: no program, it may start or attach to one */
	SESSION_GONE, /* detached, killed or exited: close the connection when the output is sent */
};

struct session;

/* NULL when out of memory. The target is borrowed and must be stopped. stop is what `?` answers. */
struct session *session_open(const struct target *t, const struct target_stop *stop);
void session_close(struct session *s);

enum session_state session_state(const struct session *s);
/* Takes bytes until all are used, or the state or room for output ends it. Returns how many were
 * taken; the rest is to be fed again when the output is sent or the machine has stopped. */
size_t session_feed(struct session *s, const uint8_t *bytes, size_t len);
/* The machine has stopped; an idle session reports it at its next attach only. text: lines
 * for the debugger's user, or NULL. */
void session_stopped(struct session *s, const struct target_stop *stop, const char *text);
/* Text for the debugger's user while it waits for the machine to stop (a packet of kind O). False: it does
 * not wait, and nothing was taken. */
bool session_print(struct session *s, const void *text, size_t len);
/* What waits to be sent; NULL when nothing does. Sent bytes are taken back with session_sent. */
const uint8_t *session_output(const struct session *s, size_t *len);
void session_sent(struct session *s, size_t len);

#endif

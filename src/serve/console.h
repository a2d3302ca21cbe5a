/* The other end of a serial line of the guest's, as --console says: standard input and output, a
 * pseudo-terminal, a Unix socket, a file, the debugger, or nothing.
 *
 * A guest is not held up by one that does not read: what it has not taken is kept, bounded, and the
 * oldest of it goes first. (Standard output is different: there the guest waits, machine.c.) All is
 * opened before the sandbox. */
#ifndef STEPVM_SERVE_CONSOLE_H
#define STEPVM_SERVE_CONSOLE_H

#include "base/error.h"
#include "gdbstub/transport.h"
#include "machine/machine.h"

#define CONSOLE_KEPT_MAX 65536

enum console_kind {
	CONSOLE_STDIO,    /* the guest's output; input where standard input is the guest's */
	CONSOLE_DEBUGGER, /* the guest's output goes to the debugger, while one waits for the guest */
	CONSOLE_NONE,
	CONSOLE_FILE,
	CONSOLE_PTY,
	CONSOLE_SOCKET,
};

struct console {
	enum console_kind kind;
	struct machine *machine;
	const struct device *device; /* the line; NULL: this console is not there */
	int fd;       /* FILE; PTY: the master's end; SOCKET: who has connected, -1: nobody */
	int slave_fd; /* PTY: held open, so that a program that goes ends nothing; -1 */
	struct transport transport;      /* SOCKET */
	char where[TRANSPORT_WHERE_MAX]; /* what the user is told; empty: nothing */
	/* What was not taken yet: len bytes from at on, round in CONSOLE_KEPT_MAX. Owned, NULL: nothing
	 * ever was. */
	uint8_t *kept;
	size_t at, len;
	bool has_lost;   /* ... and some of it is gone, which was said */
	bool has_failed; /* it could not be written any more, which was said */
};

/* Opens where, and connects the machine's line d to it. -errno with a text that names where. */
int console_open(struct console *c, struct machine *m, const struct device *d, const char *where,
        struct error *e);
/* Gives who reads a moment to take the last of it. Nothing where device is NULL. */
void console_close(struct console *c);

/* A descriptor to be waited for: for input that the guest has room for, to write what is kept, to
 * take who connects; -1: not now. */
int console_input_fd(const struct console *c);
int console_output_fd(const struct console *c);
int console_listen_fd(const struct console *c);
/* It may be ready: at most as much as can be done without waiting is done. */
void console_read(struct console *c);
void console_flush(struct console *c);
void console_accept(struct console *c);

#endif

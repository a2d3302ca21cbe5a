/* Where a debugger connects: TCP (loopback unless said), a Unix socket (mode 0600), or the
 * program's own standard input and output. The only part of the stub that knows descriptors.
 *
 * One debugger at a time: another one that connects is told so and sent away. */
#ifndef STEPVM_GDBSTUB_TRANSPORT_H
#define STEPVM_GDBSTUB_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRANSPORT_WHERE_MAX 160

struct transport_error {
	char text[300];
};

struct transport {
	enum { TRANSPORT_TCP, TRANSPORT_UNIX, TRANSPORT_STDIO } kind;
	int listen_fd;           /* -1: stdio */
	int refused_fd;          /* the last one that was sent away, still open; or -1 */
	int in_fd, out_fd;       /* the debugger's connection, -1: none; the same but for stdio */
	bool is_open_to_network; /* listens elsewhere than on loopback */
	bool stdio_was_used;     /* standard input can't be connected to twice */
	char where[TRANSPORT_WHERE_MAX]; /* what a gdb passes to `target remote` */
	char path[108];                  /* the Unix socket's, to be removed */
};

/* where: ":PORT", "HOST:PORT", "[IPV6]:PORT", "unix:PATH" or "-"; port 0 takes a free one. HOST is
 * a numeric address or "localhost". 0 or -errno with a text. A failed open leaves nothing. */
int transport_open(struct transport *t, const char *where, struct transport_error *e);
void transport_close(struct transport *t);

/* Takes a waiting connection. 1: it is the debugger's; 0: none came; -EBUSY: one came, was told
 * that there is a debugger already, and is gone. */
int transport_accept(struct transport *t);
/* Ends the debugger's connection; a new one may come (not with stdio). */
void transport_drop(struct transport *t);

/* Bytes read without waiting; 0: none now; -EPIPE: the debugger is gone; other -errno likewise. */
long transport_read(struct transport *t, uint8_t *to, size_t size);
/* Bytes written without waiting, 0: it takes none now, or -errno: gone. */
long transport_write(struct transport *t, const uint8_t *from, size_t len);

#endif

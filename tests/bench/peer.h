/* One of those that the bench compares, stepvm by an engine or QEMU by an accelerator: started, connected to and asked
 * in the same way. All of these end the bench with a sentence when they can't. */
#ifndef STEPVM_TESTS_BENCH_PEER_H
#define STEPVM_TESTS_BENCH_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PEER_REQUEST_SIZE (1 << 18)
#define PEER_REPLY_SIZE   (1 << 20)
#define PEER_WAIT_S       30 /* a reply that takes longer does not come */
#define PEER_NO_REPLY     0

struct peer_kind {
	const char *name;
	bool is_qemu;
	const char *by;                     /* --engine, or QEMU's -accel */
	const char *stepvm, *guests, *loop; /* paths; loop: without 32.elf, 64.elf */
};

struct peer {
	const struct peer_kind *kind;
	pid_t pid;
	uint16_t port;
	int fd; /* -1: not connected */
	bool has_ack;
	double started_at;
	char reply[PEER_REPLY_SIZE]; /* the last one, from its $ on, 0 behind it */
	size_t reply_len;
	char request[PEER_REQUEST_SIZE]; /* with its frame */
	size_t request_len;
};

/* Seconds of the monotonic clock. */
double peer_now(void);
void peer_die(const char *what) __attribute__((noreturn));
/* False when there is no such program. The guest is stopped at its first instruction. */
bool peer_start(struct peer *p, const struct peer_kind *kind);
void peer_stop(struct peer *p);
/* Seconds from the start of such a program to its end, which the guest makes by the exit port at 0xf4;
 * without a debugger. 0: it did not come within PEER_WAIT_S. */
double peer_run(const struct peer_kind *kind, const char *guest);

void peer_connect(struct peer *p);
/* What a gdb says first; acknowledgements are off afterwards where the peer knows how. */
void peer_shake_hands(struct peer *p);
/* Sends a packet, and maybe bytes that are no packet; waits for a reply, whose first character it
 * returns. The client polls without sleeping, so that its own wake-up does not count. */
void peer_send(struct peer *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
void peer_send_raw(struct peer *p, const void *bytes, size_t len);
char peer_receive(struct peer *p);
/* A request made beforehand, and asked. */
void peer_make(struct peer *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
char peer_ask_made(struct peer *p);
char peer_ask(struct peer *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same; another first character than wanted ends the bench. */
void peer_tell(struct peer *p, char wanted, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* A real gdb (of the environment's GDB or PATH), connected to the peer, does the command as
 * Python's clock sees it: seconds, or 0 without gdb. before: options of gdb, done first and not
 * timed. */
double peer_gdb(const struct peer *p, const char *before, const char *command);

/* What it has run on CPUs so far, all of its threads: seconds. */
double peer_cpu(const struct peer *p);
double peer_resident_mib(const struct peer *p);

#endif

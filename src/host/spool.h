/* The guest's output on its way out, which its reader may hold up: what can't be written now is
 * kept, in order, and never waited for here. The descriptor's file status flags are shared with
 * other programs and stay as they are; it is asked before each write whether it takes one. */
#ifndef STEPVM_HOST_SPOOL_H
#define STEPVM_HOST_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPOOL_HELD_MAX   65536
#define SPOOL_GATHER_MAX 2048

struct spool {
	int fd;
	int error;      /* writing failed: -errno; nothing is kept or written any more */
	uint8_t *bytes; /* [at, len) wait; NULL: none did so far */
	size_t at, len, size;
	bool is_gathering; /* they wait for more, not for the reader */
	bool is_held;      /* bytes are kept until spool_release: the last SPOOL_HELD_MAX of them */
	bool is_in_line;   /* the last byte that fd took was no newline */
};

/* fd is borrowed. */
void spool_init(struct spool *o, int fd);
void spool_close(struct spool *o);
/* Takes all bytes. */
void spool_put(struct spool *o, const uint8_t *bytes, size_t len);
/* The same; but what comes in small pieces is gathered up to SPOOL_GATHER_MAX, and goes with the next spool_flush or
 * spool_put. True: nothing was gathered before, and the caller is to flush it soon. */
bool spool_gather(struct spool *o, const uint8_t *bytes, size_t len);
/* Writes what fd takes now. */
void spool_flush(struct spool *o);
/* True when fd stands in the middle of a line: the caller writes a newline there by other means, and
 * from now on it does not. */
bool spool_end_line(struct spool *o);
/* Somebody else has the terminal for a while: nothing is written, and nobody waits for it. Afterwards
 * spool_flush writes what was kept. */
void spool_hold(struct spool *o);
void spool_release(struct spool *o);
/* How many bytes wait for the reader. */
size_t spool_kept(const struct spool *o);

#endif

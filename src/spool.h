/* The guest's output on its way out, which its reader may hold up: what can't be written now is
 * kept, in order, and never waited for here. The descriptor's file status flags are shared with
 * other programs and stay as they are; it is asked before each write whether it takes one. */
#ifndef STEPVM_SPOOL_H
#define STEPVM_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spool {
	int fd;
	int error;      /* writing failed: -errno; nothing is kept or written any more */
	uint8_t *bytes; /* [at, len) wait; NULL: none did so far */
	size_t at, len, size;
};

/* fd is borrowed. */
void spool_init(struct spool *o, int fd);
void spool_close(struct spool *o);
/* Takes all bytes. */
void spool_put(struct spool *o, const uint8_t *bytes, size_t len);
/* Writes what fd takes now. */
void spool_flush(struct spool *o);
/* How many bytes are kept. */
size_t spool_kept(const struct spool *o);

#endif

#include "spool.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SIZE_MIN 4096 /* what is allocated at first: some hundred lines of a hex port */

void spool_init(struct spool *o, int fd)
{
	*o = (struct spool) { .fd = fd };
}

void spool_close(struct spool *o)
{
	free(o->bytes);
	o->bytes = NULL;
	o->at = o->len = o->size = 0;
}

size_t spool_kept(const struct spool *o)
{
	return o->error ? 0 : o->len - o->at;
}

/* What fd takes of bytes now. A pipe that is ready takes PIPE_BUF bytes without waiting: POSIX,
 * poll and write. Where others fill it in between, a signal ends the wait. */
static size_t write_some(struct spool *o, const uint8_t *bytes, size_t len)
{
	size_t done = 0;
	while (done < len) {
		struct pollfd p = { .fd = o->fd, .events = POLLOUT };
		int ready = poll(&p, 1, 0);
		if (ready == 0 || (ready < 0 && errno == EINTR))
			break;
		ssize_t n =
		        write(o->fd, bytes + done, len - done < PIPE_BUF ? len - done : PIPE_BUF);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			o->error = -errno;
		if (n < 0)
			break;
		done += (size_t)n;
	}
	return done;
}

void spool_flush(struct spool *o)
{
	if (!spool_kept(o)) /* at every step: the usual case */
		return;
	o->at += write_some(o, o->bytes + o->at, spool_kept(o));
	if (o->at == o->len)
		o->at = o->len = 0;
}

/* The bytes that have gone make room before more is allocated. */
static bool make_room(struct spool *o, size_t len)
{
	if (o->at) {
		memmove(o->bytes, o->bytes + o->at, o->len - o->at);
		o->len -= o->at;
		o->at = 0;
	}
	size_t size = o->size ? o->size : SIZE_MIN;
	while (size - o->len < len)
		size *= 2;
	uint8_t *bytes = size == o->size ? o->bytes : realloc(o->bytes, size);
	if (!bytes)
		return false;
	o->bytes = bytes;
	o->size = size;
	return true;
}

void spool_put(struct spool *o, const uint8_t *bytes, size_t len)
{
	size_t done = 0;
	if (o->error)
		return;
	spool_flush(o);
	if (!spool_kept(o))
		done = write_some(o, bytes, len);
	if (o->error || done == len)
		return;
	if (o->size - o->len < len - done && !make_room(o, len - done)) {
		o->error = -ENOMEM;
		return;
	}
	memcpy(o->bytes + o->len, bytes + done, len - done);
	o->len += len - done;
}

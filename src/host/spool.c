/* Output that is written as far as its reader takes it, and kept beyond that. */
#include "host/spool.h"

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
	return o->error || o->is_held || o->is_gathering ? 0 : o->len - o->at;
}

void spool_hold(struct spool *o)
{
	o->is_held = true;
}

void spool_release(struct spool *o)
{
	o->is_held = false;
}

bool spool_end_line(struct spool *o)
{
	spool_flush(o);
	bool was_in_line = o->is_in_line;
	o->is_in_line = false;
	return was_in_line;
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
		if (n > 0)
			o->is_in_line = bytes[done - 1] != '\n';
	}
	return done;
}

void spool_flush(struct spool *o)
{
	o->is_gathering = false;
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
	if (!o->is_held && !spool_kept(o))
		done = write_some(o, bytes, len);
	if (o->error || done == len)
		return;
	if (o->size - o->len < len - done && !make_room(o, len - done)) {
		o->error = -ENOMEM;
		return;
	}
	memcpy(o->bytes + o->len, bytes + done, len - done);
	o->len += len - done;
	if (o->is_held && o->len - o->at > SPOOL_HELD_MAX)
		o->at = o->len - SPOOL_HELD_MAX;
}

bool spool_gather(struct spool *o, const uint8_t *bytes, size_t len)
{
	bool was_gathering = o->is_gathering;
	if (o->is_held || spool_kept(o) || len > SPOOL_GATHER_MAX) {
		spool_put(o, bytes, len);
		return false;
	}
	if (o->error || (o->size - o->len < len && !make_room(o, len))) {
		o->error = o->error ? o->error : -ENOMEM;
		return false;
	}
	memcpy(o->bytes + o->len, bytes, len);
	o->len += len;
	o->is_gathering = true;
	if (o->len - o->at >= SPOOL_GATHER_MAX)
		spool_flush(o);
	return !was_gathering && o->is_gathering;
}

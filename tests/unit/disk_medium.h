/* A medium in memory for the tests of disks: it can fail, and counts what is asked of it. */
#ifndef STEPVM_TESTS_DISK_MEDIUM_H
#define STEPVM_TESTS_DISK_MEDIUM_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devices/disk.h"

struct fake_medium {
	uint8_t *bytes; /* owned */
	size_t size, room;
	int error;      /* -errno of all that comes, or 0 */
	size_t ends_at; /* not 0: the file has become so short that what is past it can't be read */
	unsigned writes, flushes;
};

static inline int fake_read(void *ctx, uint64_t offset, void *to, size_t len)
{
	const struct fake_medium *f = ctx;
	size_t there = offset >= f->size ? 0 : f->size - (size_t)offset;

	if (f->error)
		return f->error;
	if (f->ends_at && offset + len > f->ends_at)
		return -EIO;
	memset(to, 0, len);
	memcpy(to, f->bytes + (there ? offset : 0), there < len ? there : len);
	return 0;
}

static inline int fake_write(void *ctx, uint64_t offset, const void *from, size_t len)
{
	struct fake_medium *f = ctx;

	f->writes++;
	if (f->error)
		return f->error;
	if (offset > f->room || len > f->room - offset)
		return -ENOSPC;
	memcpy(f->bytes + offset, from, len);
	if (offset + len > f->size)
		f->size = (size_t)offset + len;
	return 0;
}

static inline int fake_flush(void *ctx)
{
	struct fake_medium *f = ctx;

	f->flushes++;
	return f->error;
}

#define FAKE_FILLED (4u << 20)

/* Each sector of the first FAKE_FILLED bytes is full of its number's low byte; the others are zeros.
 * It grows up to room bytes. */
static inline void fake_open(struct fake_medium *f, size_t size, size_t room)
{
	*f = (struct fake_medium) { .bytes = calloc(1, room), .size = size, .room = room };
	for (size_t i = 0; i < size && i < FAKE_FILLED; i++)
		f->bytes[i] = (uint8_t)(i / DISK_SECTOR);
}

static inline void fake_close(struct fake_medium *f)
{
	free(f->bytes);
}

static inline struct disk_medium fake_of(struct fake_medium *f, bool is_writable)
{
	return (struct disk_medium) { f, f->size, is_writable, fake_read, fake_write, fake_flush };
}

#endif

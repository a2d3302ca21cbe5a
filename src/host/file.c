/* Reading until the end or a limit, from files and pipes alike. */
#include "host/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Enough for most images at once; doubled for more. */
#define FIRST_CAPACITY ((size_t)64 << 10)

struct file_label file_label(const char *path)
{
	struct file_label label;
	size_t len = strlen(path);

	if (len < sizeof label.text) {
		memcpy(label.text, path, len + 1);
	} else {
		size_t kept = sizeof label.text - sizeof "...";
		memcpy(label.text, "...", 3);
		memcpy(label.text + 3, path + len - kept, kept + 1);
	}
	for (char *c = label.text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	return label;
}

bool file_is_same(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

bool file_is_stream(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode);
}

/* Makes room for more bytes, max in all; -ENOMEM leaves the buffer as it is. */
static int grow(struct file *f, size_t *capacity, size_t max)
{
	size_t wanted = *capacity ? *capacity : FIRST_CAPACITY / 2;

	wanted = wanted > max / 2 ? max : wanted * 2;
	uint8_t *bytes = realloc(f->bytes, wanted);
	if (!bytes)
		return -ENOMEM;
	f->bytes = bytes;
	*capacity = wanted;
	return 0;
}

/* Reads until the file ends or max bytes are there. read(2) may return fewer than asked for, from
 * pipes above all. */
static int read_up_to(struct file *f, int fd, size_t max)
{
	size_t capacity = 0;

	while (f->len < max) {
		int err = f->len == capacity ? grow(f, &capacity, max) : 0;
		if (err)
			return err;
		ssize_t n = read(fd, f->bytes + f->len, capacity - f->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0) {
			f->is_whole = true;
			return 0;
		}
		f->len += (size_t)n;
	}
	return 0;
}

int file_read(struct file *f, const char *path, size_t limit, struct error *e)
{
	struct file new = { 0 };
	struct stat st;

	assert(limit < SIZE_MAX);
	/* O_NOCTTY: a terminal given as an image must not become ours. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		int err = -errno;
		return error_set(
		        e, err, "%s: cannot open: %s", file_label(path).text, strerror(-err));
	}
	int err = fstat(fd, &st) < 0 ? -errno : read_up_to(&new, fd, limit + 1);
	close(fd);
	if (err) {
		file_free(&new);
		return error_set(
		        e, err, "%s: cannot read: %s", file_label(path).text, strerror(-err));
	}
	if (new.is_whole)
		new.size = new.len;
	else if (S_ISREG(st.st_mode) && (uint64_t)st.st_size > limit)
		new.size = (uint64_t)st.st_size;
	if (new.len > limit)
		new.len = limit;
	*f = new;
	return 0;
}

void file_free(struct file *f)
{
	free(f->bytes);
	*f = (struct file) { 0 };
}

/* Reading a file whose size, kind and content are somebody else's choice. */
#ifndef STEPVM_HOST_FILE_H
#define STEPVM_HOST_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct file {
	uint8_t *bytes; /* owned: file_free */
	size_t len;     /* bytes read, the limit at most */
	bool is_whole;  /* the file ended there */
	uint64_t size;  /* of the whole file, where it is known; 0 for a pipe that went on */
};

/* A path for a message: long ones lose their beginning, control characters become '?', so that a
 * message stays one line and says what failed. */
struct file_label {
	char text[128];
};

/* Reads up to limit bytes (and one more, to see whether the file ends) of a regular file, pipe or
 * device. Waits for a pipe's writer. Returns 0, or -errno of open or read, or -ENOMEM, with a text.
 */
int file_read(struct file *f, const char *path, size_t limit, struct error *e);
void file_free(struct file *f);
struct file_label file_label(const char *path);
/* Both paths lead to the same file now, by its device and number. */
bool file_is_same(const char *a, const char *b);
/* What can't be read again: neither a regular file nor a block device. */
bool file_is_stream(const char *path);

#endif

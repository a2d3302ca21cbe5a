/* A file that is a guest's disk: opened once, read and written in place, never mapped.
 *
 * A mapped file that shrinks would end stepvm by SIGBUS; with pread(2) it is an error of one read.
 * What is read and written later needs pread64, pwrite64 and fdatasync in the sandbox. */
#ifndef STEPVM_HOST_DISK_FILE_H
#define STEPVM_HOST_DISK_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct disk_file {
	int fd;        /* owned: disk_file_close */
	uint64_t size; /* bytes, not 0; grows when it is written to past its end */
	bool is_writable;
	bool is_dirty; /* written to since it was flushed */
};

/* A regular file or a block device. Refused with a text that begins with the name: what can't be
 * opened so (-errno of open), a directory, pipe, terminal or socket (-EISDIR, -ESPIPE), an empty
 * file (-ENODATA), and, where is_writable, one that others write to or expect nobody to write to, as
 * far as QEMU's locks tell (-EBUSY). As long as it is open to be written to here, others are told the
 * same. */
int disk_file_open(struct disk_file *f, const char *path, bool is_writable, struct error *e);
/* Offsets and lengths in bytes, of any size. Bytes past the end are zeros; -EIO where the file has
 * become shorter than that; -errno of pread(2). */
int disk_file_read(struct disk_file *f, uint64_t offset, void *to, size_t len);
/* -errno of pwrite(2): what comes before may have been written. The file is writable. */
int disk_file_write(struct disk_file *f, uint64_t offset, const void *from, size_t len);
/* What was written is on the medium: fdatasync(2), where there is something. */
int disk_file_flush(struct disk_file *f);
/* Flushes. -errno of that; it is closed all the same. */
int disk_file_close(struct disk_file *f);

#endif

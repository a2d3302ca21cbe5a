/* pread, pwrite, fdatasync, and locks. */
#include "host/disk_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "host/file.h"

/* QEMU locks bytes of an image, each for reading: from 100 on one for each thing that it does to the
 * image, from 200 on for each that others must not do meanwhile. Who has such a lock is seen by
 * asking for a write lock of that byte. Source: QEMU's docs/system/qemu-block-drivers,
 * "Disk image file locking", and fcntl(2), "Open file description locks". */
#define LOCK_READS      100
#define LOCK_WRITES     101
#define LOCK_RESIZES    103
#define LOCK_NO_WRITER  201
#define LOCK_NO_RESIZER 203

static bool is_locked(int fd, off_t byte)
{
	struct flock lock = { F_WRLCK, SEEK_SET, byte, 1, 0 };

	return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/* File systems without locks have none: nothing is said then, as QEMU does. */
static void take_lock(int fd, off_t byte)
{
	struct flock lock = { F_RDLCK, SEEK_SET, byte, 1, 0 };

	(void)!fcntl(fd, F_OFD_SETLK, &lock);
}

/* Who only reads keeps nobody out, and asks nobody: an image may be looked at in several places at
 * once. First the locks, then the question, so that of two writers who come at once not both pass. */
static int lock_file(const struct disk_file *f, const char *path, struct error *e)
{
	static const off_t writer[] = { LOCK_WRITES, LOCK_RESIZES, LOCK_NO_WRITER,
		LOCK_NO_RESIZER };

	take_lock(f->fd, LOCK_READS);
	if (!f->is_writable)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(writer); i++)
		take_lock(f->fd, writer[i]);
	if (is_locked(f->fd, LOCK_WRITES) || is_locked(f->fd, LOCK_RESIZES))
		return error_set(
		        e, -EBUSY, "%s: it is open for writing elsewhere", file_label(path).text);
	if (is_locked(f->fd, LOCK_NO_WRITER))
		return error_set(e, -EBUSY,
		        "%s: it is open elsewhere, where nobody is expected to write to it",
		        file_label(path).text);
	return 0;
}

static int refuse_kind(const char *path, mode_t mode, struct error *e)
{
	struct file_label label = file_label(path);

	if (S_ISDIR(mode))
		return error_set(e, -EISDIR, "%s: a folder is no disk", label.text);
	return error_set(e, -ESPIPE, "%s: %s is no disk: copy what it gives into a file",
	        label.text,
	        S_ISFIFO(mode)   ? "a pipe"
	        : S_ISSOCK(mode) ? "a socket"
	                         : "a device without blocks");
}

static int find_size(struct disk_file *f, const char *path, struct error *e)
{
	struct stat st;
	off_t end = -1;

	if (fstat(f->fd, &st) == 0) {
		if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
			return refuse_kind(path, st.st_mode, e);
		end = lseek(f->fd, 0, SEEK_END);
	}
	if (end < 0)
		return error_set(
		        e, -errno, "%s: cannot read: %s", file_label(path).text, strerror(errno));
	if (end == 0)
		return error_set(e, -ENODATA, "%s: it is empty, and a disk has a sector at least",
		        file_label(path).text);
	f->size = (uint64_t)end;
	return 0;
}

int disk_file_open(struct disk_file *f, const char *path, bool is_writable, struct error *e)
{
	/* O_NONBLOCK: a pipe without a writer is to be refused, not waited for. */
	struct disk_file new = { .is_writable = is_writable };
	new.fd = open(path, (is_writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (new.fd < 0) {
		int why = errno;
		struct stat st;
		if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
			return refuse_kind(path, st.st_mode, e);
		return error_set(e, -why, "%s: cannot open%s: %s", file_label(path).text,
		        is_writable ? " for writing" : "", strerror(why));
	}
	int err = find_size(&new, path, e);
	if (!err)
		err = lock_file(&new, path, e);
	if (err) {
		close(new.fd);
		return err;
	}
	/* A write past the limit of a file's size is to fail, and not to end stepvm. */
	if (is_writable)
		signal(SIGXFSZ, SIG_IGN);
	*f = new;
	return 0;
}

int disk_file_read(struct disk_file *f, uint64_t offset, void *to, size_t len)
{
	size_t there = offset >= f->size        ? 0
	               : f->size - offset < len ? (size_t)(f->size - offset)
	                                        : len;
	uint8_t *at = to;

	memset(at + there, 0, len - there);
	while (there) {
		ssize_t n = pread(f->fd, at, there, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		at += n;
		offset += (uint64_t)n;
		there -= (size_t)n;
	}
	return 0;
}

int disk_file_write(struct disk_file *f, uint64_t offset, const void *from, size_t len)
{
	const uint8_t *at = from;

	f->is_dirty = true;
	while (len) {
		ssize_t n = pwrite(f->fd, at, len, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		at += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
		if (offset > f->size)
			f->size = offset;
	}
	return 0;
}

int disk_file_flush(struct disk_file *f)
{
	if (!f->is_dirty)
		return 0;
	if (fdatasync(f->fd) < 0)
		return -errno;
	f->is_dirty = false;
	return 0;
}

int disk_file_close(struct disk_file *f)
{
	int err = disk_file_flush(f);

	close(f->fd);
	f->fd = -1;
	return err;
}

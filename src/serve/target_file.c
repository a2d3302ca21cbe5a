/* The guest's ELF file for gdb, opened anew for each request, the picture of its screen, a core, and its recording. */
#include "serve/target_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "history/history.h"
#include "host/file.h"
#include "machine/core.h"
#include "machine/screen.h"

static const char *file_of(const struct serve *s)
{
	if (s->config->symbols)
		return s->config->symbols;
	return s->machine->guest->image.is_elf ? s->machine->config->image.path : NULL;
}

/* Not kept open: it may be replaced by a newer one while the guest stands still. O_NONBLOCK: not to
 * wait for a pipe's writer. */
static int open_file(const struct serve *s, int *fd)
{
	const char *path = file_of(s);
	if (!path)
		return ENOENT;
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return *fd < 0 ? errno : 0;
}

int target_file_check(const char *symbols, struct error *e)
{
	struct stat status;
	int err = 0;
	if (symbols && (access(symbols, R_OK) < 0 || stat(symbols, &status) < 0))
		err = errno;
	else if (symbols && S_ISDIR(status.st_mode))
		err = EISDIR;
	return err ? error_set(e, -err, "--symbols %s: %s", file_label(symbols).text, strerror(err))
	           : 0;
}

void target_file_find(struct serve *s)
{
	const char *path = s->config->symbols;
	if (!path)
		path = s->machine->config->image.path;
	if (!path || !realpath(path, s->file_path))
		s->file_path[0] = 0;
}

int target_file_status(struct serve *s, struct target_file_status *to)
{
	struct stat status;
	int fd;
	int err = open_file(s, &fd);
	if (err)
		return err;
	if (fstat(fd, &status) < 0)
		err = errno;
	else
		*to = (struct target_file_status) { .size = (uint64_t)status.st_size,
			.mtime_s = (uint32_t)status.st_mtime };
	close(fd);
	return err;
}

int target_file_read(struct serve *s, uint64_t off, uint8_t *to, size_t len, size_t *done)
{
	int fd;
	int err = open_file(s, &fd);
	if (err)
		return err;
	*done = 0;
	while (*done < len && off <= INT64_MAX - len) {
		ssize_t n = pread(fd, to + *done, len - *done, (off_t)(off + *done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err = errno;
		if (n <= 0)
			break;
		*done += (size_t)n;
	}
	close(fd);
	return err;
}

const char *target_file_path(struct serve *s, enum target_layout layout)
{
	/* The ELF header's e_ident: the magic number, then EI_CLASS, 1 for 32 bits (ELF-64 Object
	 * File Format, "ELF Header"). */
	static const uint8_t magic[] = { 0x7f, 'E', 'L', 'F' };
	uint8_t ident[5];
	size_t done;
	if (target_file_read(s, 0, ident, sizeof ident, &done) || done < sizeof ident ||
	        memcmp(ident, magic, sizeof magic))
		return NULL;
	if (ident[4] == 1 && layout == TARGET_REAL16)
		return NULL;
	return s->file_path[0] ? s->file_path : NULL;
}

/* bytes NULL: there are none. */
static size_t copy(const uint8_t *bytes, size_t size, uint64_t off, uint8_t *to, size_t len)
{
	if (!bytes || off >= size)
		return 0;
	if (len > size - off)
		len = size - (size_t)off;
	memcpy(to, bytes + off, len);
	return len;
}

int target_file_open_screen(struct serve *s, uint64_t *size)
{
	free(s->screenshot);
	s->screenshot = machine_screenshot(s->machine, &s->screenshot_size);
	*size = s->screenshot_size;
	return s->screenshot ? 0 : ENOENT;
}

size_t target_file_read_screen(const struct serve *s, uint64_t off, uint8_t *to, size_t len)
{
	return copy(s->screenshot, s->screenshot_size, off, to, len);
}

int target_file_open_core(struct serve *s, uint64_t *size)
{
	struct error e = { 0 };
	struct core *core;
	int err = core_make(s->machine, &core, &e);
	if (err)
		return -err;
	core_free(s->core);
	s->core = core;
	*size = core_size(core);
	return 0;
}

size_t target_file_read_core(const struct serve *s, uint64_t off, uint8_t *to, size_t len)
{
	return s->core ? core_read(s->core, s->machine, off, to, len) : 0;
}

int target_file_open_recording(struct serve *s, uint64_t *size)
{
	struct error e = { 0 };
	free(s->recording);
	s->recording = NULL;
	if (!history_due(&s->run))
		return ENOENT;
	int err = history_save(s->run.history, &s->recording, &s->recording_size, &e);
	if (err)
		return -err;
	*size = s->recording_size;
	return 0;
}

size_t target_file_read_recording(const struct serve *s, uint64_t off, uint8_t *to, size_t len)
{
	return copy(s->recording, s->recording_size, off, to, len);
}

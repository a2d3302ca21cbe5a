/* The guest's ELF file, for a gdb that was given none: its path, and reading it. And the files that
 * the target makes when they are opened (`remote get`). Nothing else can be read.
 * Source: GDB manual, "Host I/O Packets", "General Query Packets" (qXfer:exec-file:read), "struct
 * stat", "Errno Values". */
#include "gdbstub/files.h"

#include <string.h>

#include "base/array.h"
#include "gdbstub/reply.h"
#include "gdbstub/state.h"

/* The numbers of descriptors: one more than the place in open_files. MADE is the first of those. */
enum { ELF = 1, MADE = 2 };

/* gdb's errno values. */
enum {
	GDB_ENOENT = 2,
	GDB_EBADF = 9,
	GDB_EACCES = 13,
	GDB_EINVAL = 22,
	GDB_EFBIG = 27,
	GDB_EUNKNOWN = 9999
};

static enum verdict fail(struct session *s, unsigned number)
{
	text_put(&s->reply, "F-1,");
	text_put_hex(&s->reply, number);
	return REPLY;
}

static enum verdict fail_by(struct session *s, int host_errno)
{
	/* These numbers are Linux's. */
	bool is_known = (host_errno > 0 && host_errno <= GDB_EINVAL) || host_errno == GDB_EFBIG;
	return fail(s, is_known ? (unsigned)host_errno : GDB_EUNKNOWN);
}

static enum verdict succeed(struct session *s, uint64_t value)
{
	text_put_char(&s->reply, 'F');
	text_put_hex(&s->reply, value);
	return REPLY;
}

static const char *path_now(struct session *s)
{
	const struct target_file *file = s->target->file;
	return file ? file->path(s->target->ctx, s->cpu) : NULL;
}

/* qXfer:exec-file:read:[PROCESS]:OFFSET,LENGTH. Where there is no file, a name that is none, which
 * gdb prints in a short warning; an empty or a refused answer gives longer ones that make less
 * sense. */
enum verdict files_path(struct session *s, struct text_in in)
{
	const char *path = path_now(s);
	int process;
	if (!text_take(&in, ":") && (!reply_take_thread(s, &in, &process) || !text_take(&in, ":")))
		return REPLY_WRONG;
	if (!path)
		path = "this guest has no ELF file, which is fine (symbol-file FILE reads symbols)";
	return reply_piece(s, in, path, strlen(path));
}

/* vFile:setfs:PROCESS: there is one file system. */
enum verdict files_set_system(struct session *s, struct text_in in)
{
	uint64_t process;
	if (!text_take_hex(&in, &process) || !text_take_end(&in))
		return REPLY_WRONG;
	return succeed(s, 0);
}

static bool is_name(const uint8_t *wanted, size_t len, const char *name)
{
	return name && strlen(name) == len && !memcmp(name, wanted, len);
}

static enum verdict open_made(struct session *s, unsigned i)
{
	uint64_t size;
	int err = s->target->made[i].open(s->target->ctx, &size);
	if (err)
		return fail_by(s, err);
	s->made_size[i] = size;
	s->open_files[MADE + i - 1]++;
	return succeed(s, MADE + i);
}

/* made_count: there is none of that name. */
static unsigned find_made(const struct session *s, const uint8_t *wanted, size_t len)
{
	unsigned i = 0;
	while (i < s->target->made_count && !is_name(wanted, len, s->target->made[i].name))
		i++;
	return i;
}

/* vFile:open:PATH,FLAGS,MODE */
enum verdict files_open(struct session *s, struct text_in in)
{
	struct text_in hex = text_take_until(&in, ',');
	uint64_t flags, mode;
	uint8_t wanted[4096]; /* PATH_MAX */
	size_t len = text_left(&hex) / 2;
	if (!text_take(&in, ",") || !text_take_hex(&in, &flags) || !text_take(&in, ",") ||
	        !text_take_hex(&in, &mode) || !text_take_end(&in) || len > sizeof wanted ||
	        !text_take_bytes(&hex, wanted, len) || !text_take_end(&hex))
		return fail(s, GDB_EINVAL);
	unsigned made = find_made(s, wanted, len);
	bool is_made = made < s->target->made_count;
	if (!is_made && !is_name(wanted, len, path_now(s)))
		return fail(s, GDB_ENOENT);
	if (flags) /* O_RDONLY is 0 */
		return fail(s, GDB_EACCES);
	if (is_made)
		return open_made(s, made);
	s->open_files[ELF - 1]++;
	return succeed(s, ELF);
}

/* One that is open. */
static bool take_descriptor(struct session *s, struct text_in *in, uint64_t *fd)
{
	return text_take_hex(in, fd) && *fd >= ELF && *fd - 1 < ARRAY_SIZE(s->open_files) &&
	       s->open_files[*fd - 1];
}

enum verdict files_close(struct session *s, struct text_in in)
{
	uint64_t fd;
	if (!take_descriptor(s, &in, &fd) || !text_take_end(&in))
		return fail(s, GDB_EBADF);
	s->open_files[fd - 1]--;
	return succeed(s, 0);
}

static void put_big_endian(uint8_t *to, uint64_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		to[i] = (uint8_t)(value >> 8 * (size - 1 - i));
}

/* vFile:fstat:FD. struct stat: st_mode at 8, st_nlink at 12, st_size at 28, st_mtime at 56. */
enum verdict files_status(struct session *s, struct text_in in)
{
	struct target_file_status status = { 0 };
	uint8_t stat[64] = { 0 };
	uint64_t fd;
	if (!take_descriptor(s, &in, &fd) || !text_take_end(&in))
		return fail(s, GDB_EBADF);
	int err = fd == ELF ? s->target->file->status(s->target->ctx, &status) : 0;
	if (err)
		return fail_by(s, err);
	if (fd != ELF)
		status.size = s->made_size[fd - MADE];
	put_big_endian(stat + 8, 0100444, 4); /* a regular file that all may read */
	put_big_endian(stat + 12, 1, 4);
	put_big_endian(stat + 28, status.size, 8);
	put_big_endian(stat + 56, status.mtime_s, 4);
	text_put(&s->reply, "F40;");
	text_put_binary(&s->reply, stat, sizeof stat);
	return REPLY;
}

/* Bytes of one answer: so many fit, escaped each, before themselves. */
#define READ_MAX 0x8000
_Static_assert(3 * READ_MAX + 32 < SESSION_PACKET_SIZE, "an answer of escaped bytes fits");

/* vFile:pread:FD,COUNT,OFFSET */
enum verdict files_read(struct session *s, struct text_in in)
{
	/* At the end of the reply's buffer, whose begin takes them escaped. */
	uint8_t *bytes = s->reply.data + s->reply.size - READ_MAX;
	uint64_t fd, count, off;
	size_t done = 0;
	if (!take_descriptor(s, &in, &fd))
		return fail(s, GDB_EBADF);
	if (!text_take(&in, ",") || !text_take_hex(&in, &count) || !text_take(&in, ",") ||
	        !text_take_hex(&in, &off) || !text_take_end(&in))
		return fail(s, GDB_EINVAL);
	/* A short answer is legal. */
	size_t len = count < READ_MAX ? (size_t)count : READ_MAX;
	int err = 0;
	if (fd != ELF)
		done = s->target->made[fd - MADE].read(s->target->ctx, off, bytes, len);
	else
		err = s->target->file->read(s->target->ctx, off, bytes, len, &done);
	if (err)
		return fail_by(s, err);
	succeed(s, done);
	text_put_char(&s->reply, ';');
	text_put_binary(&s->reply, bytes, done);
	return REPLY;
}

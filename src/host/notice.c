/* Standard error, and the newline that the guest's output may need before it. */
#include "host/notice.h"

#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define HELD_MAX (64 << 10)

static struct spool *beside;

/* What is held: the stream's text; what is more than HELD_MAX begins it anew, and the text before is kept, too. */
static FILE *held;
static char *held_text, *old_text;
static size_t held_len, old_len;

/* Both end up in one place: a terminal, a pipe, or a file that was opened once or twice. Terminals
 * are compared by their device, for /dev/tty and the like are other files of the same one. */
static bool is_same_place(int a, int b)
{
	struct stat x, y;
	if (fstat(a, &x) < 0 || fstat(b, &y) < 0)
		return false;
	if (S_ISCHR(x.st_mode) && S_ISCHR(y.st_mode))
		return x.st_rdev == y.st_rdev;
	return x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

void notice_beside(struct spool *o)
{
	beside = o && is_same_place(o->fd, STDERR_FILENO) ? o : NULL;
}

void notice_hold(void)
{
	if (!held)
		held = open_memstream(&held_text, &held_len);
}

/* The stream is over, and its text is the caller's. */
static char *take_held(size_t *len)
{
	bool is_whole = fclose(held) == 0;
	*len = is_whole ? held_len : 0;
	held = NULL;
	return held_text;
}

void notice_release(void)
{
	size_t len;
	if (!held)
		return;
	char *text = take_held(&len);
	fwrite(old_text ? old_text : "", 1, old_len, stderr);
	fwrite(text ? text : "", 1, len, stderr);
	free(text);
	free(old_text);
	old_text = NULL;
	old_len = 0;
}

static FILE *begin_held(void)
{
	if (fflush(held) == 0 && held_len > HELD_MAX) {
		free(old_text);
		old_text = take_held(&old_len);
		notice_hold();
	}
	return held ? held : stderr;
}

FILE *notice_begin(void)
{
	if (held)
		return begin_held();
	if (beside && spool_end_line(beside))
		fputc('\n', stderr);
	return stderr;
}

void notice_print(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vfprintf(notice_begin(), format, args);
	va_end(args);
}

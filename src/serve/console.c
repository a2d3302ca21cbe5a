/* A table of places, and what is kept for one that does not read. */
#include "serve/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/array.h"
#include "host/file.h"
#include "host/notice.h"
#include "machine/input.h"

#define LAST_WORDS_MS 100 /* for who reads a console when the guest ends */

/* --- opening ---------------------------------------------------------------------------------- */

static int open_nothing(struct console *c, const char *where, struct error *e)
{
	(void)c, (void)where, (void)e;
	return 0;
}

static int open_debugger(struct console *c, const char *where, struct error *e)
{
	(void)where, (void)e;
	c->machine->prints_to_debugger = true;
	return 0;
}

/* Raw from the start: what the guest sends is not changed on its way, nor does it come back. */
static int open_pty(struct console *c, const char *where, struct error *e)
{
	struct termios raw;
	const char *name;
	(void)where;
	c->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (c->fd < 0)
		return error_set(e, -errno, "no pseudo-terminal: %s", strerror(errno));
	if (grantpt(c->fd) < 0 || unlockpt(c->fd) < 0 || !(name = ptsname(c->fd)) ||
	        (c->slave_fd = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0 ||
	        tcgetattr(c->slave_fd, &raw) < 0)
		return error_set(e, -errno, "no pseudo-terminal: %s", strerror(errno));
	cfmakeraw(&raw);
	if (tcsetattr(c->slave_fd, TCSANOW, &raw) < 0)
		return error_set(e, -errno, "%s: %s", name, strerror(errno));
	snprintf(c->where, sizeof c->where, "%s", name);
	return 0;
}

static int open_socket(struct console *c, const char *where, struct error *e)
{
	struct transport_error why = { .text = "" };
	int err = transport_open(&c->transport, where, &why);
	if (err)
		return error_set(e, err, "%s", why.text);
	snprintf(c->where, sizeof c->where, "unix:%.140s", c->transport.where);
	return 0;
}

/* Whether the file is one that the guest is made of. */
static bool is_image(const struct console *c, const struct stat *st)
{
	struct stat image;
	return stat(c->machine->config->image.path, &image) == 0 && image.st_dev == st->st_dev &&
	       image.st_ino == st->st_ino;
}

/* As a shell's `>` does it, but that a FIFO without a reader is not waited for. */
static int open_file(struct console *c, const char *where, struct error *e)
{
	const int flags = O_CREAT | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;
	struct file_label label = file_label(where);
	struct stat st;
	c->fd = open(where, O_WRONLY | flags, 0666);
	if (c->fd < 0 && errno == ENXIO)
		c->fd = open(where, O_RDWR | flags, 0666);
	if (c->fd < 0 && errno == ENXIO)
		return error_set(e, -EINVAL, "%s: it is a socket; unix:PATH makes one", label.text);
	if (c->fd < 0 || fstat(c->fd, &st) < 0)
		return error_set(e, -errno, "%s: cannot write it: %s", label.text, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return 0;
	if (is_image(c, &st))
		return error_set(e, -EINVAL, "%s: that is the guest's image", label.text);
	if (ftruncate(c->fd, 0) < 0)
		return error_set(e, -errno, "%s: cannot write it: %s", label.text, strerror(errno));
	return 0;
}

struct place {
	const char *word;
	bool is_prefix;
	enum console_kind kind;
	int (*open)(struct console *c, const char *where, struct error *e);
};

/* What no row is for is a file's name. */
static const struct place places[] = {
	{ "stdio", false, CONSOLE_STDIO, open_nothing },
	{ "gdb", false, CONSOLE_DEBUGGER, open_debugger },
	{ "none", false, CONSOLE_NONE, open_nothing },
	{ "pty", false, CONSOLE_PTY, open_pty },
	{ "unix:", true, CONSOLE_SOCKET, open_socket },
	{ "", true, CONSOLE_FILE, open_file },
};

static const struct place *place_of(const char *where)
{
	const struct place *p = places;
	while (p->is_prefix ? strncmp(p->word, where, strlen(p->word)) : strcmp(p->word, where))
		p++;
	return p;
}

static void close_all(struct console *c)
{
	if (c->kind == CONSOLE_SOCKET && c->transport.listen_fd >= 0)
		transport_close(&c->transport);
	if (c->fd >= 0)
		close(c->fd);
	if (c->slave_fd >= 0)
		close(c->slave_fd);
	free(c->kept);
	*c = (struct console) { .fd = -1 };
}

static void put(void *ctx, const uint8_t *bytes, size_t len);

int console_open(struct console *c, struct machine *m, const struct device *d, const char *where,
        struct error *e)
{
	const struct place *place = place_of(where);
	*c = (struct console) { .kind = place->kind,
		.machine = m,
		.device = d,
		.fd = -1,
		.slave_fd = -1,
		.transport = { .listen_fd = -1, .refused_fd = -1 } };
	int err = place->open(c, where, e);
	if (err) {
		close_all(c);
		return err;
	}
	if (c->kind != CONSOLE_STDIO && c->kind != CONSOLE_DEBUGGER)
		input_connect(m, d, put, c);
	if (c->kind == CONSOLE_PTY || c->kind == CONSOLE_SOCKET)
		input_begin(m, d);
	return 0;
}

/* --- output ----------------------------------------------------------------------------------- */

/* Nothing more is sent there. */
static void fail(struct console *c, const char *what)
{
	if (c->kind == CONSOLE_SOCKET) { /* who is gone may come again */
		close(c->fd);
		c->fd = -1;
		return;
	}
	notice_print("stepvm: the console %s: %s; the guest's output there is lost from now on\n",
	        c->where[0] ? c->where : "file", what);
	c->kind = CONSOLE_NONE;
	c->has_failed = true;
	c->len = 0;
}

/* How many were written; 0: it takes none now. */
static size_t write_some(struct console *c, const uint8_t *bytes, size_t len)
{
	ssize_t n = c->kind == CONSOLE_SOCKET ? send(c->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL)
	                                      : write(c->fd, bytes, len);
	if (n >= 0)
		return (size_t)n;
	if (errno != EAGAIN && errno != EINTR)
		fail(c, strerror(errno));
	return 0;
}

void console_flush(struct console *c)
{
	while (c->len && c->fd >= 0) {
		size_t run = CONSOLE_KEPT_MAX - c->at;
		size_t n = write_some(c, c->kept + c->at, c->len < run ? c->len : run);
		if (!n)
			break;
		c->at = (c->at + n) % CONSOLE_KEPT_MAX;
		c->len -= n;
	}
}

/* The oldest go. A pseudo-terminal that nobody reads has still older ones. */
static void make_room(struct console *c, size_t len)
{
	size_t room = CONSOLE_KEPT_MAX - c->len;
	if (len <= room)
		return;
	c->at = (c->at + len - room) % CONSOLE_KEPT_MAX;
	c->len -= len - room;
	if (c->kind == CONSOLE_PTY)
		tcflush(c->slave_fd, TCIFLUSH);
	if (!c->has_lost && c->fd >= 0)
		notice_print("stepvm: nobody reads the console %s: of the guest's output the last "
		             "%d KiB are kept\n",
		        c->where, CONSOLE_KEPT_MAX >> 10);
	c->has_lost |= c->fd >= 0;
}

static void keep(struct console *c, const uint8_t *bytes, size_t len)
{
	if (len > CONSOLE_KEPT_MAX) {
		bytes += len - CONSOLE_KEPT_MAX;
		len = CONSOLE_KEPT_MAX;
	}
	if (!c->kept)
		c->kept = malloc(CONSOLE_KEPT_MAX);
	if (!c->kept)
		return;
	make_room(c, len);
	for (size_t i = 0; i < len; i++)
		c->kept[(c->at + c->len++) % CONSOLE_KEPT_MAX] = bytes[i];
}

/* The guest has sent these. */
static void put(void *ctx, const uint8_t *bytes, size_t len)
{
	struct console *c = ctx;
	size_t done = 0;
	if (c->kind == CONSOLE_NONE || c->machine->is_past)
		return;
	if (!c->len && c->fd >= 0)
		done = write_some(c, bytes, len);
	if (done < len && c->kind != CONSOLE_NONE)
		keep(c, bytes + done, len - done);
}

/* Whether somebody else has the pseudo-terminal open: without us it would be hung up. */
static bool has_reader(struct console *c)
{
	struct pollfd p = { .fd = c->fd };
	close(c->slave_fd);
	c->slave_fd = -1;
	return poll(&p, 1, 0) == 0 || !(p.revents & POLLHUP);
}

void console_close(struct console *c)
{
	if (!c->device)
		return;
	console_flush(c);
	/* A pseudo-terminal's last bytes are lost to who reads it as soon as it is closed. */
	if (c->kind == CONSOLE_PTY && has_reader(c))
		poll(NULL, 0, LAST_WORDS_MS);
	struct pollfd p = { .fd = c->fd, .events = POLLOUT };
	while (c->kind == CONSOLE_SOCKET && c->len && c->fd >= 0 && poll(&p, 1, LAST_WORDS_MS) == 1)
		console_flush(c);
	close_all(c);
}

/* --- input ------------------------------------------------------------------------------------ */

static bool is_both_ways(const struct console *c)
{
	return c->kind == CONSOLE_PTY || c->kind == CONSOLE_SOCKET;
}

int console_input_fd(const struct console *c)
{
	return c->device && is_both_ways(c) ? c->fd : -1;
}

int console_output_fd(const struct console *c)
{
	return c->device && c->len ? c->fd : -1;
}

int console_listen_fd(const struct console *c)
{
	return c->device && c->kind == CONSOLE_SOCKET ? c->transport.listen_fd : -1;
}

void console_read(struct console *c)
{
	uint8_t bytes[UART_FIFO];
	size_t room = input_room(c->machine, c->device);
	if (!room)
		return;
	ssize_t n = read(c->fd, bytes, room < sizeof bytes ? room : sizeof bytes);
	if (n > 0)
		input_bytes(c->machine, c->device, bytes, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		fail(c, n ? strerror(errno) : "its end has come");
}

/* One at a time: another one is told so and sent away. */
void console_accept(struct console *c)
{
	static const char taken[] = "stepvm: somebody has this console already\r\n";
	int fd = accept4(c->transport.listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return;
	char byte;
	if (c->fd >= 0 && recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
		fail(c, "gone"); /* that was not noticed yet */
	if (c->fd >= 0) {
		if (send(fd, taken, sizeof taken - 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			errno = 0; /* it is going away in any case */
		close(fd);
		return;
	}
	c->fd = fd;
	console_flush(c);
}

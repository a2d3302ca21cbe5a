/* Sockets and standard input: listening, letting one debugger in, reading and writing without
 * waiting. */
#include "gdbstub/transport.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "gdbstub/packet.h"

/* Connections that wait to be taken. Where the queue is full, TCP has the next one try again after
 * a second (RFC 6298, 2.1), and a Unix socket's connect waits. */
#define BACKLOG 128

static int fail(struct transport_error *e, int code, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
static int fail(struct transport_error *e, int code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(e->text, sizeof e->text, format, args);
	va_end(args);
	return code;
}

/* --- addresses ------------------------------------------------------------------------------- */

static bool take_port(const char *digits, uint16_t *port)
{
	uint32_t value = 0;
	if (!*digits)
		return false;
	for (; *digits; digits++) {
		if (*digits < '0' || *digits > '9')
			return false;
		value = value * 10 + (uint32_t)(*digits - '0');
		if (value > 0xffff)
			return false;
	}
	*port = (uint16_t)value;
	return true;
}

/* "HOST:PORT" as a socket address. Names are not looked up: a listener has numbers. */
static bool take_address(const char *where, struct sockaddr_storage *a, socklen_t *len)
{
	char host[64];
	uint16_t port;
	const char *colon = strrchr(where, ':');
	if (!colon || (size_t)(colon - where) >= sizeof host || !take_port(colon + 1, &port))
		return false;
	memcpy(host, where, (size_t)(colon - where));
	host[colon - where] = 0;
	memset(a, 0, sizeof *a);
	struct sockaddr_in *v4 = (struct sockaddr_in *)a;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)a;
	size_t n = strlen(host);
	if (n >= 2 && host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = 0;
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		*len = sizeof *v6;
		return inet_pton(AF_INET6, host + 1, &v6->sin6_addr) == 1;
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons(port);
	*len = sizeof *v4;
	bool is_local = !host[0] || !strcmp(host, "localhost");
	return inet_pton(AF_INET, is_local ? "127.0.0.1" : host, &v4->sin_addr) == 1;
}

static bool is_loopback(const struct sockaddr_storage *a)
{
	if (a->ss_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)a)->sin6_addr);
	/* RFC 1122, 3.2.1.3: 127/8 */
	return ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr) >> 24 == 127;
}

/* What gdb is to be told: with the port that the kernel chose. */
static int name_address(struct transport *t)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof a;
	char host[INET6_ADDRSTRLEN];
	if (getsockname(t->listen_fd, (struct sockaddr *)&a, &len) < 0)
		return -errno;
	if (a.ss_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&a;
		inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
		snprintf(t->where, sizeof t->where, "[%s]:%u", host, ntohs(v6->sin6_port));
	} else {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)&a;
		inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
		if (ntohl(v4->sin_addr.s_addr) == INADDR_LOOPBACK)
			host[0] = 0; /* gdb takes :PORT for loopback */
		snprintf(t->where, sizeof t->where, "%s:%u", host, ntohs(v4->sin_port));
	}
	return 0;
}

/* --- listening ------------------------------------------------------------------------------- */

static int listen_tcp(struct transport *t, const char *where, struct transport_error *e)
{
	struct sockaddr_storage a;
	socklen_t len;
	int one = 1;
	if (!take_address(where, &a, &len))
		return fail(e, -EINVAL,
		        "%s: expected :PORT, HOST:PORT with a numeric HOST, unix:PATH or -", where);
	t->kind = TRANSPORT_TCP;
	t->is_open_to_network = !is_loopback(&a);
	t->listen_fd = socket(a.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (t->listen_fd < 0)
		return fail(e, -errno, "%s: no socket: %s", where, strerror(errno));
	setsockopt(t->listen_fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	int err = 0;
	if (bind(t->listen_fd, (struct sockaddr *)&a, len) < 0 || listen(t->listen_fd, BACKLOG) < 0)
		err = errno == EADDRINUSE
		              ? fail(e, -errno,
		                        "%s: another program listens there; choose another port, "
		                        "or 0 for a free one",
		                        where)
		              : fail(e, -errno, "%s: cannot listen: %s", where, strerror(errno));
	else if ((err = name_address(t)) < 0)
		fail(e, err, "%s: no address: %s", where, strerror(-err));
	if (err)
		close(t->listen_fd);
	return err;
}

/* A socket file that a killed program left behind is removed; one that is in use is not. */
static int clear_stale(const struct sockaddr_un *a, struct transport_error *e)
{
	struct stat st;
	if (lstat(a->sun_path, &st) < 0)
		return errno == ENOENT
		               ? 0
		               : fail(e, -errno, "unix:%s: %s", a->sun_path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return fail(e, -EEXIST, "unix:%s: a file that is no socket is there", a->sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(e, -errno, "unix:%s: no socket: %s", a->sun_path, strerror(errno));
	bool is_used = connect(fd, (const struct sockaddr *)a, sizeof *a) == 0;
	close(fd);
	if (is_used)
		return fail(e, -EADDRINUSE, "unix:%s: another program listens there", a->sun_path);
	unlink(a->sun_path);
	return 0;
}

static int listen_unix(struct transport *t, const char *path, struct transport_error *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t n = strlen(path);
	if (n == 0 || n >= sizeof a.sun_path)
		return fail(e, -EINVAL, "unix:%s: expected a path of 1 to %zu characters", path,
		        sizeof a.sun_path - 1);
	memcpy(a.sun_path, path, n + 1);
	int err = clear_stale(&a, e);
	if (err)
		return err;
	t->kind = TRANSPORT_UNIX;
	t->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (t->listen_fd < 0)
		return fail(e, -errno, "unix:%s: no socket: %s", path, strerror(errno));
	/* Whoever connects owns the guest: the file is the user's alone from its first moment. */
	mode_t before = umask(0177);
	int bound = bind(t->listen_fd, (struct sockaddr *)&a, sizeof a);
	umask(before);
	if (bound < 0 || listen(t->listen_fd, BACKLOG) < 0) {
		err = fail(e, -errno, "unix:%s: cannot listen: %s", path, strerror(errno));
		close(t->listen_fd);
		return err;
	}
	memcpy(t->path, path, n + 1);
	snprintf(t->where, sizeof t->where, "%s", path);
	return 0;
}

int transport_open(struct transport *t, const char *where, struct transport_error *e)
{
	*t = (struct transport) { .listen_fd = -1, .refused_fd = -1, .in_fd = -1, .out_fd = -1 };
	if (!strcmp(where, "-")) {
		t->kind = TRANSPORT_STDIO;
		snprintf(t->where, sizeof t->where, "standard input and output");
		return 0;
	}
	if (!strncmp(where, "unix:", 5))
		return listen_unix(t, where + 5, e);
	return listen_tcp(t, where, e);
}

void transport_close(struct transport *t)
{
	transport_drop(t);
	if (t->refused_fd >= 0)
		close(t->refused_fd);
	if (t->listen_fd >= 0)
		close(t->listen_fd);
	if (t->path[0])
		unlink(t->path);
}

/* --- a connection ---------------------------------------------------------------------------- */

/* A gdb shows the text of an error packet; a person with nc reads it too. The connection is kept
 * until the next one is sent away: closed at once, it would be reset by what the peer is about to
 * send, and the packet with it. */
static void send_away(struct transport *t, int fd)
{
	static const char why[] = "E.stepvm has a debugger already; end that one first";
	uint8_t packet[sizeof why + 1 + PACKET_OVERHEAD];
	packet[0] = '+';
	size_t len = 1 + packet_wrap(packet + 1, (const uint8_t *)why, sizeof why - 1);
	if (send(fd, packet, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		errno = 0; /* it is going away in any case */
	shutdown(fd, SHUT_WR);
	if (t->refused_fd >= 0)
		close(t->refused_fd);
	t->refused_fd = fd;
}

int transport_accept(struct transport *t)
{
	int one = 1;
	if (t->kind == TRANSPORT_STDIO) {
		if (t->stdio_was_used)
			return 0;
		t->stdio_was_used = true;
		t->in_fd = STDIN_FILENO;
		t->out_fd = STDOUT_FILENO;
		return 1;
	}
	int fd = accept4(t->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return 0;
	if (t->in_fd >= 0) {
		send_away(t, fd);
		return -EBUSY;
	}
	if (t->kind == TRANSPORT_TCP)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	t->in_fd = t->out_fd = fd;
	return 1;
}

void transport_drop(struct transport *t)
{
	if (t->in_fd >= 0 && t->kind != TRANSPORT_STDIO)
		close(t->in_fd);
	t->in_fd = t->out_fd = -1;
}

static bool is_ready(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };
	return poll(&p, 1, 0) == 1;
}

static bool is_retry(int err)
{
	return err == EAGAIN || err == EWOULDBLOCK || err == EINTR;
}

long transport_read(struct transport *t, uint8_t *to, size_t size)
{
	ssize_t n;
	/* Standard input may be shared with others, so it is not made non-blocking. */
	if (t->kind == TRANSPORT_STDIO)
		n = is_ready(t->in_fd, POLLIN) ? read(t->in_fd, to, size) : (errno = EAGAIN, -1);
	else
		n = recv(t->in_fd, to, size, MSG_DONTWAIT);
	if (n > 0)
		return n;
	if (n == 0)
		return -EPIPE;
	return is_retry(errno) ? 0 : -errno;
}

long transport_write(struct transport *t, const uint8_t *from, size_t len)
{
	ssize_t n;
	if (t->kind == TRANSPORT_STDIO)
		n = is_ready(t->out_fd, POLLOUT) ? write(t->out_fd, from, len)
		                                 : (errno = EAGAIN, -1);
	else
		n = send(t->out_fd, from, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n >= 0)
		return n;
	return is_retry(errno) ? 0 : -errno;
}

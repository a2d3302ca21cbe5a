/* A `stepvm console` that calls: it hands its terminal over, and waits until it gets it back. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve/viewer_internal.h"

#define REFUSAL "\025" /* VIEWER_REFUSED */

int viewer_listen_fd(const struct viewer *v)
{
	return v->place == VIEWER_CALLED ? v->transport.listen_fd : -1;
}

int viewer_caller_fd(const struct viewer *v)
{
	return v->caller_fd;
}

static void say(int fd, const char *line)
{
	if (send(fd, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ||
	        send(fd, "\n", 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		errno = 0; /* it is going away in any case */
}

void viewer_drop_caller(struct viewer *v, const char *why)
{
	viewer_dismiss_caller(v, NULL, why);
}

void viewer_dismiss_caller(struct viewer *v, const char *text, const char *why)
{
	if (v->caller_fd < 0)
		return;
	if (v->has_greeted && v->fd >= 0)
		close(v->fd);
	if (text && send(v->caller_fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		errno = 0; /* as above */
	if (why)
		say(v->caller_fd, why);
	close(v->caller_fd);
	v->fd = v->caller_fd = -1;
	v->has_greeted = v->is_menu = false;
	v->note[0] = 0;
	v->is_drawn = false;
	v->out_at = v->out_len = 0;
	v->reader = (struct key_reader) { .machine = v->run->machine };
}

void viewer_accept(struct viewer *v)
{
	int fd = accept4(v->transport.listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return;
	viewer_hear(v); /* who has gone may not have been missed yet */
	if (v->caller_fd >= 0) {
		say(fd, REFUSAL "somebody else has the screen");
		close(fd);
		return;
	}
	v->caller_fd = fd;
}

/* The descriptor that came with a message; -1: none did. */
static int fd_of(struct msghdr *m)
{
	int fd = -1;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
		        c->cmsg_len == CMSG_LEN(sizeof fd))
			memcpy(&fd, CMSG_DATA(c), sizeof fd);
	return fd;
}

static void greet(struct viewer *v, const uint8_t *bytes, ssize_t n, int fd)
{
	const size_t len = sizeof VIEWER_HELLO - 1;
	bool is_hello = n == (ssize_t)len + 1 && !memcmp(bytes, VIEWER_HELLO, len);
	if (!is_hello || fd < 0 || !isatty(fd) || fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK) < 0) {
		if (fd >= 0)
			close(fd);
		viewer_drop_caller(v, REFUSAL "not a stepvm console of this version");
		return;
	}
	v->fd = fd;
	v->has_greeted = true;
	v->terminal.is_utf8 = bytes[len] & VIEWER_HELLO_UTF8;
	v->terminal.has_rgb = bytes[len] & VIEWER_HELLO_RGB;
	viewer_greet(v);
}

void viewer_hear(struct viewer *v)
{
	uint8_t bytes[64];
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { bytes, sizeof bytes };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof control };
	if (v->caller_fd < 0)
		return;
	ssize_t n = recvmsg(v->caller_fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	int fd = n > 0 ? fd_of(&m) : -1;
	if (n <= 0) {
		viewer_drop_caller(v, NULL);
	} else if (!v->has_greeted) {
		greet(v, bytes, n, fd);
	} else {
		if (fd >= 0)
			close(fd);
		viewer_look(v); /* its size has changed */
	}
}

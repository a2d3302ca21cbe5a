/* The terminal is made raw and put back here, whatever becomes of the other end: it only writes to it
 * and reads from it. */
#include "cli/console.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/line.h"
#include "display/ansi.h"
#include "host/file.h"
#include "host/signals.h"
#include "host/terminal.h"
#include "serve/viewer.h"

/* --- where ------------------------------------------------------------------------------------ */

struct found {
	char path[108];
	unsigned count;
	char all[300]; /* the paths, for a message */
};

static const char *temporary(void)
{
	const char *tmp = getenv("TMPDIR");
	return tmp && *tmp && strlen(tmp) <= 40 ? tmp : "/tmp";
}

static int dial(const char *path, struct error *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct file_label label = file_label(path);
	if (!strncmp(path, "unix:", 5))
		path += 5;
	if (strlen(path) >= sizeof a.sun_path)
		return error_set(e, -EINVAL, "%s: expected a path of at most %zu characters",
		        label.text, sizeof a.sun_path - 1);
	strcpy(a.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_set(e, -errno, "no socket: %s", strerror(errno));
	if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	int err = error_set(
	        e, -errno, "%s: no guest's screen is there: %s", label.text, strerror(errno));
	close(fd);
	return err;
}

static void look_at(struct found *f, const char *folder, const char *name)
{
	char path[sizeof f->path];
	struct stat st;
	int n = snprintf(path, sizeof path, "%s/%s/" VIEWER_SOCKET, folder, name);
	if (n >= (int)sizeof path || stat(path, &st) < 0 || !S_ISSOCK(st.st_mode) ||
	        st.st_uid != geteuid())
		return;
	int fd = dial(path, NULL);
	if (fd < 0) /* a killed one has left it */
		return;
	close(fd);
	struct line all = { f->all, sizeof f->all, strlen(f->all) };
	line_add(&all, "%s%s", f->count ? ", " : "", path);
	strcpy(f->path, path);
	f->count++;
}

static int find(struct found *f, struct error *e)
{
	const char *folder = temporary();
	DIR *d = opendir(folder);
	*f = (struct found) { .count = 0 };
	if (!d)
		return error_set(e, -errno, "%s: %s", folder, strerror(errno));
	for (struct dirent *entry; (entry = readdir(d)) != NULL;)
		if (!strncmp(entry->d_name, "stepvm-", 7))
			look_at(f, folder, entry->d_name);
	closedir(d);
	if (!f->count)
		return error_set(e, -ENOENT,
		        "no guest with a screen is there: stepvm debug --screen IMAGE starts one, "
		        "and stepvm run --screen=unix:PATH IMAGE one for stepvm console PATH");
	if (f->count > 1)
		return error_set(
		        e, -ENOTUNIQ, "several guests have a screen; name one: %s", f->all);
	return 0;
}

/* What the other end may say: the text of the last screen, and a line. */
#define SAID_SIZE (64 << 10)

/* --- lending ---------------------------------------------------------------------------------- */

static int greet(int socket_fd, int terminal_fd, struct error *e)
{
	struct ansi_terminal t = viewer_terminal();
	char hello[] = VIEWER_HELLO "?";
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { hello, sizeof hello - 1 };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof control };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	hello[sizeof hello - 2] =
	        (char)((t.is_utf8 ? VIEWER_HELLO_UTF8 : 0) | (t.has_rgb ? VIEWER_HELLO_RGB : 0));
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &terminal_fd, sizeof(int));
	return sendmsg(socket_fd, &m, MSG_NOSIGNAL) < 0
	               ? error_set(e, -errno, "the screen's guest has gone: %s", strerror(errno))
	               : 0;
}

/* Until the other end has no more to say: what it said is for the user. */
static void wait_for_end(int socket_fd, int wake_fd, struct line *words)
{
	uint64_t count;
	while (!signals_end) {
		char text[200];
		struct pollfd p[] = { { .fd = socket_fd, .events = POLLIN },
			{ .fd = wake_fd, .events = POLLIN } };
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return;
		while (read(wake_fd, &count, sizeof count) > 0)
			;
		if (signals_screen) {
			signals_screen = 0;
			if (!terminal_take_resumed())
				terminal_reenter_screen();
			if (send(socket_fd, "W", 1, MSG_NOSIGNAL) < 0)
				return;
		}
		ssize_t n = recv(socket_fd, text, sizeof text - 1, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return;
		if (n > 0) {
			text[n] = 0;
			line_add(words, "%s", text);
		}
	}
}

static int lend(int socket_fd, int terminal_fd, int *signal_number, struct error *e)
{
	char *said = calloc(1, SAID_SIZE);
	struct error why = { 0 };
	struct line words = { said, SAID_SIZE, 0 };
	if (!said)
		return error_set(e, -ENOMEM, "out of memory");
	int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wake_fd < 0) {
		free(said);
		return error_set(e, -errno, "eventfd failed: %s", strerror(errno));
	}
	signals_open(wake_fd);
	signal(SIGTSTP, SIG_IGN); /* who draws would not know of it */
	int err = terminal_open_screen(terminal_fd, ansi_enter, ansi_leave);
	if (err)
		error_set(e, err, "the terminal can't be used: %s", strerror(-err));
	else
		err = greet(socket_fd, terminal_fd, &why);
	wait_for_end(socket_fd, wake_fd, &words); /* one that was sent away is told why */
	if (said[0])
		why = (struct error) { 0 };
	if (said[0] == VIEWER_REFUSED)
		err = error_set(&why, -EBUSY, "%.*s", (int)strcspn(said + 1, "\n"), said + 1);
	else if (said[0])
		err = 0;
	close(socket_fd); /* from now on nobody draws */
	terminal_close_screen();
	signals_close();
	close(wake_fd);
	if (!err)
		fprintf(stderr, "%s",
		        said[0]       ? said
		        : signals_end ? ""
		                      : "stepvm: the guest has ended\n");
	free(said);
	*signal_number = signals_end;
	return err && why.text[0] ? error_set(e, err, "%s", why.text) : err;
}

int console_run(const char *path, int *signal_number, struct error *e)
{
	struct found found;
	int err = path ? 0 : find(&found, e);
	if (err)
		return err;
	int terminal_fd = viewer_open_terminal(e);
	if (terminal_fd < 0)
		return terminal_fd;
	int socket_fd = dial(path ? path : found.path, e);
	err = socket_fd < 0 ? socket_fd : lend(socket_fd, terminal_fd, signal_number, e);
	close(terminal_fd);
	return err;
}

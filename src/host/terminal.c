/* Raw while the guest runs, and put back on every way out: that is most of this file. */
#include "host/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/array.h"

#define WAIT_MS   10
#define WAITS_MAX 100

/* A terminal that the guest has. */
struct held {
	int fd;
	const char *enter, *leave; /* NULL: nothing is written */
	struct termios saved, raw;
	volatile sig_atomic_t is_saved, is_raw, wants_raw;
};

static struct held console = { .fd = STDIN_FILENO }, screen = { .fd = -1 };
static struct held *const all[] = { &console, &screen };
static volatile sig_atomic_t has_resumed;

/* Another terminal than the one that controls our session has no background. */
static bool is_foreground(const struct held *h)
{
	int before = errno;
	pid_t group = tcgetpgrp(h->fd);
	bool is_ours = group == getpgrp() || (group < 0 && errno == ENOTTY && h == &screen);
	errno = before;
	return is_ours;
}

/* A description that does not wait is waited for, as a slow line needs: a second where nobody reads. A signal may
 * cut a wait short. poll(2) and write(2) are for signal handlers, too: signal-safety(7). */
void terminal_write(int fd, const char *text)
{
	int before = errno;
	for (unsigned waits = 0; *text && waits < WAITS_MAX; waits++) {
		struct pollfd p = { .fd = fd, .events = POLLOUT };
		ssize_t n = poll(&p, 1, WAIT_MS) == 1 ? write(fd, text, strlen(text)) : 0;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			break;
		if (n > 0) {
			text += n;
			waits = 0;
		}
	}
	errno = before;
}

static void make_raw(struct held *h)
{
	if (tcsetattr(h->fd, TCSANOW, &h->raw) == 0) {
		h->is_raw = 1;
		terminal_write(h->fd, h->enter ? h->enter : "");
	}
}

static void restore(struct held *h)
{
	if (h->is_raw && is_foreground(h)) {
		terminal_write(h->fd, h->leave ? h->leave : "");
		tcsetattr(h->fd, TCSANOW, &h->saved);
	}
	h->is_raw = 0;
}

/* A signal whose default is to end or stop the process: put the terminals back, then let it. */
static void on_end(int signal_number)
{
	int before = errno;
	struct sigaction old, standard = { .sa_handler = SIG_DFL };
	sigset_t only;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		restore(all[i]);
	sigaction(signal_number, &standard, &old);
	raise(signal_number);
	sigemptyset(&only);
	sigaddset(&only, signal_number);
	sigprocmask(SIG_UNBLOCK, &only, NULL); /* here it takes effect */
	/* A stop signal comes back when the process goes on. */
	sigaction(signal_number, &old, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i]->is_saved && all[i]->wants_raw && is_foreground(all[i]))
			make_raw(all[i]);
	has_resumed = 1;
	errno = before;
}

static void watch_signals(void)
{
	static const int ends[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTSTP };
	static bool is_watching;
	struct sigaction action = { .sa_handler = on_end, .sa_flags = SA_RESTART };
	if (is_watching)
		return;
	is_watching = true;
	sigemptyset(&action.sa_mask);
	for (unsigned i = 0; i < ARRAY_SIZE(ends); i++)
		sigaction(ends[i], &action, NULL);
	atexit(terminal_close);
}

void terminal_open(void)
{
	if (!isatty(STDIN_FILENO) || !is_foreground(&console) ||
	        tcgetattr(STDIN_FILENO, &console.saved) < 0)
		return;
	console.raw = console.saved;
	/* Output processing and the signal keys stay: \n ends a line, Ctrl-C ends stepvm. */
	console.raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	console.raw.c_iflag &= ~(tcflag_t)(ICRNL | IXON);
	console.raw.c_cc[VMIN] = 1;
	console.raw.c_cc[VTIME] = 0;
	console.is_saved = 1;
	watch_signals();
}

void terminal_raw(void)
{
	console.wants_raw = 1;
	if (console.is_saved && !console.is_raw && is_foreground(&console))
		make_raw(&console);
}

void terminal_cooked(void)
{
	console.wants_raw = 0;
	restore(&console);
}

void terminal_close(void)
{
	restore(&console);
	console.is_saved = 0;
	terminal_close_screen();
}

bool terminal_may_read(void)
{
	return !isatty(STDIN_FILENO) || is_foreground(&console);
}

/* --- the screen's ----------------------------------------------------------------------------- */

int terminal_open_screen(int fd, const char *enter, const char *leave)
{
	if (tcgetattr(fd, &screen.saved) < 0)
		return -errno;
	screen.fd = fd;
	screen.enter = enter;
	screen.leave = leave;
	screen.raw = screen.saved;
	cfmakeraw(&screen.raw);
	screen.raw.c_cc[VMIN] = 1;
	screen.raw.c_cc[VTIME] = 0;
	watch_signals();
	screen.is_saved = screen.wants_raw = 1;
	make_raw(&screen);
	return screen.is_raw ? 0 : -EIO;
}

void terminal_close_screen(void)
{
	screen.wants_raw = 0;
	restore(&screen);
	screen.is_saved = 0;
}

bool terminal_take_resumed(void)
{
	bool was = has_resumed;
	has_resumed = 0;
	return was;
}

void terminal_reenter_screen(void)
{
	if (screen.is_saved && is_foreground(&screen))
		make_raw(&screen);
}

void terminal_suspend(void)
{
	raise(SIGTSTP);
}

bool terminal_is_same(int a, int b)
{
	struct stat x, y;
	return isatty(a) && isatty(b) && fstat(a, &x) == 0 && fstat(b, &y) == 0 &&
	       x.st_rdev == y.st_rdev;
}

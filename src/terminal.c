#include "terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

static struct termios saved;
static volatile sig_atomic_t is_saved, is_raw, wants_raw;

static bool is_foreground(void)
{
	return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

static void make_raw(void)
{
	struct termios raw = saved;
	/* Output processing and the signal keys stay: \n ends a line, Ctrl-C ends stepvm. */
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_iflag &= ~(tcflag_t)(ICRNL | IXON);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0)
		is_raw = 1;
}

static void restore(void)
{
	if (is_raw && is_foreground())
		tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	is_raw = 0;
}

/* A signal whose default is to end or stop the process: put the terminal back, then let it. */
static void on_end(int signal_number)
{
	int before = errno;
	struct sigaction old, standard = { .sa_handler = SIG_DFL };
	sigset_t only;
	restore();
	sigaction(signal_number, &standard, &old);
	raise(signal_number);
	sigemptyset(&only);
	sigaddset(&only, signal_number);
	sigprocmask(SIG_UNBLOCK, &only, NULL); /* here it takes effect */
	/* A stop signal comes back when the process goes on. */
	sigaction(signal_number, &old, NULL);
	if (is_saved && wants_raw && is_foreground())
		make_raw();
	errno = before;
}

void terminal_open(void)
{
	static const int ends[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTSTP };
	if (!isatty(STDIN_FILENO) || !is_foreground() || tcgetattr(STDIN_FILENO, &saved) < 0)
		return;
	is_saved = 1;
	struct sigaction action = { .sa_handler = on_end, .sa_flags = SA_RESTART };
	sigemptyset(&action.sa_mask);
	for (unsigned i = 0; i < sizeof ends / sizeof *ends; i++)
		sigaction(ends[i], &action, NULL);
	atexit(terminal_close);
}

void terminal_raw(void)
{
	wants_raw = 1;
	if (is_saved && !is_raw && is_foreground())
		make_raw();
}

void terminal_cooked(void)
{
	wants_raw = 0;
	restore();
}

void terminal_close(void)
{
	restore();
	is_saved = 0;
}

bool terminal_may_read(void)
{
	return !isatty(STDIN_FILENO) || is_foreground();
}

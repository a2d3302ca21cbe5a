/* The handlers: a flag, a kick, a write that ends poll. */
#include "host/signals.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include "base/array.h"
#include "host/kick.h"

volatile sig_atomic_t signals_end, signals_child, signals_screen, signals_interrupt;

static volatile sig_atomic_t fd = -1;

void signals_note(int number)
{
	int before = errno;
	uint64_t one = 1;
	if (number == SIGCHLD)
		signals_child = 1;
	else if (number == SIGWINCH || number == SIGCONT)
		signals_screen = 1;
	else
		signals_end = number;
	kicker_kick();
	/* A signal that comes just before poll would not interrupt it; this ends it. */
	if (fd >= 0 && write(fd, &one, sizeof one) < 0)
		errno = before; /* full: it ends poll all the same */
	errno = before;
}

void signals_open(int wake_fd)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction action = { .sa_handler = signals_note }; /* no SA_RESTART */
	sigset_t ours; /* who started us may have them blocked */
	fd = wake_fd;
	sigemptyset(&ours);
	sigaddset(&ours, SIGCHLD);
	sigaddset(&ours, SIGWINCH);
	sigaddset(&ours, SIGCONT);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct sigaction old;
		/* nohup, a shell's background job, a debug's SIGINT */
		if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN)
			continue;
		sigaction(numbers[i], &action, NULL);
		sigaddset(&ours, numbers[i]);
	}
	sigaction(SIGCHLD, &action, NULL);
	sigaction(SIGWINCH, &action, NULL);
	sigaction(SIGCONT, &action, NULL);
	pthread_sigmask(SIG_UNBLOCK, &ours, NULL);
	/* A closed pipe shows as EPIPE where it is written to. */
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
}

static void on_interrupt(int number)
{
	(void)number;
	signals_interrupt = 1;
	kicker_kick();
}

void signals_share_interrupt(void)
{
	struct sigaction action = { .sa_handler = on_interrupt, .sa_flags = SA_RESTART };
	sigset_t interrupt;
	sigaction(SIGINT, &action, NULL);
	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	pthread_sigmask(SIG_UNBLOCK, &interrupt, NULL);
}

void signals_close(void)
{
	fd = -1;
}

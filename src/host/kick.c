/* The watcher thread, the signals that it sends, and the handler that kicks. */
#include "host/kick.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/array.h"

/* The handler's; NULL: nobody is to be kicked now. */
static kicker_kicks *volatile kicks_now;
static void *volatile kicks_ctx;

void kicker_kick(void)
{
	kicker_kicks *kicks = kicks_now;
	if (kicks)
		kicks(kicks_ctx);
}

/* In the owner's thread, which it interrupts in KVM_RUN or poll, or just before. */
static void on_kick(int signal)
{
	(void)signal;
	kicker_kick();
}

/* A timer goes on when it is read (timerfd_create(2)); nothing is there where it was disarmed meanwhile. */
static void next_expiration(int timer_fd)
{
	uint64_t count;
	ssize_t n = read(timer_fd, &count, sizeof count);
	(void)n;
}

static void *watch(void *arg)
{
	struct kicker *k = arg;
	for (;;) {
		struct epoll_event event;
		int n = epoll_wait(k->epoll_fd, &event, 1, -1);
		if (n < 0 && errno != EINTR)
			return NULL;
		if (n < 1)
			continue;
		if (event.data.fd == k->stop_fd)
			return NULL;
		if (event.data.fd == k->timer_fd)
			next_expiration(k->timer_fd);
		pthread_kill(k->owner, SIGUSR1);
	}
}

static int start_thread(struct kicker *k)
{
	sigset_t all, before;
	/* Signals are for the owner's thread, whose KVM_RUN they shall interrupt. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	int err = pthread_create(&k->thread, NULL, watch, k);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}

static void take_kicks(void)
{
	static const int numbers[] = { SIGUSR1, SIGIO };
	struct sigaction action = { .sa_handler = on_kick }; /* no SA_RESTART */
	sigset_t kicks;
	sigemptyset(&kicks);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		sigaction(numbers[i], &action, NULL);
		sigaddset(&kicks, numbers[i]);
	}
	pthread_sigmask(SIG_UNBLOCK, &kicks, NULL); /* who started us may have them blocked */
}

int kicker_open(struct kicker *k, kicker_kicks *kicks, void *ctx, struct error *e)
{
	int err;
	*k = (struct kicker) { .owner = pthread_self(), .signal_fd = -1 };
	take_kicks();
	k->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (k->epoll_fd < 0)
		return error_set(e, -errno, "epoll_create1 failed: %s", strerror(errno));
	k->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (k->stop_fd < 0) {
		err = error_set(e, -errno, "eventfd failed: %s", strerror(errno));
		goto close_epoll;
	}
	k->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (k->timer_fd < 0) {
		err = error_set(e, -errno, "timerfd_create failed: %s", strerror(errno));
		goto close_event;
	}
	struct epoll_event event = { .events = EPOLLIN, .data.fd = k->stop_fd };
	err = epoll_ctl(k->epoll_fd, EPOLL_CTL_ADD, k->stop_fd, &event) < 0 ? -errno : 0;
	if (!err)
		err = start_thread(k);
	if (err) {
		error_set(e, err, "cannot start the watcher thread: %s", strerror(-err));
		goto close_timer;
	}
	kicks_ctx = ctx;
	kicks_now = kicks;
	return 0;
close_timer:
	close(k->timer_fd);
close_event:
	close(k->stop_fd);
close_epoll:
	close(k->epoll_fd);
	return err;
}

void kicker_close(struct kicker *k)
{
	uint64_t one = 1;
	kicks_now = NULL;
	if (write(k->stop_fd, &one, sizeof one) == sizeof one)
		pthread_join(k->thread, NULL);
	close(k->timer_fd);
	close(k->stop_fd);
	close(k->epoll_fd);
}

void kicker_take_signals(struct kicker *k, int fd)
{
	/* To the process: the watcher blocks signals, so that only the owner's thread is left. A
	 * thread's number would be F_SETOWN_EX's, whose argument the sandbox can't look at. */
	k->signal_fd = fd >= 0 && fcntl(fd, F_SETOWN, getpid()) == 0 ? fd : -1;
	k->has_signals = false;
}

static void set_signals(struct kicker *k, int is_on)
{
	k->has_signals = ioctl(k->signal_fd, FIOASYNC, &is_on) == 0 && is_on;
}

/* True: signals come. What has come before them is asked for. */
static bool arm_signals(struct kicker *k)
{
	char byte;
	set_signals(k, true);
	if (k->has_signals &&
	        (recv(k->signal_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN))
		kicker_kick();
	return k->has_signals;
}

static bool arm(struct kicker *k, int fd, uint32_t events)
{
	struct kicker_armed *known = k->armed, *end = k->armed + k->count;
	while (known < end && known->fd != fd)
		known++;
	struct epoll_event event = { .events = events, .data.fd = fd };
	event.events |= known < end ? known->events : 0;
	if (epoll_ctl(k->epoll_fd, EPOLL_CTL_MOD, fd, &event) < 0 &&
	        epoll_ctl(k->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return false;
	if (known == end && k->count < KICKER_FDS_MAX)
		k->count++;
	if (known < k->armed + k->count)
		*known = (struct kicker_armed) { fd, event.events };
	return true;
}

int kicker_watch(struct kicker *k, int fd, struct error *e)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.fd = fd };
	if (epoll_ctl(k->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return error_set(e, -errno, "epoll_ctl failed: %s", strerror(errno));
	return 0;
}

bool kicker_arm(struct kicker *k, int fd, bool is_output)
{
	if (!is_output && fd == k->signal_fd && arm_signals(k))
		return true;
	/* One shot: a kick, and then silence until the next arming. */
	return arm(k, fd, EPOLLONESHOT | (is_output ? EPOLLOUT : EPOLLIN | EPOLLRDHUP));
}

static void set_timer(struct kicker *k, uint64_t every_ns)
{
	const struct timespec every = { .tv_sec = (time_t)(every_ns / 1000000000u),
		.tv_nsec = (long)(every_ns % 1000000000u) };
	const struct itimerspec when = { .it_value = every, .it_interval = every };
	timerfd_settime(k->timer_fd, 0, &when, NULL); /* drops an expiration not read, too */
}

void kicker_arm_timer(struct kicker *k, uint64_t every_ns)
{
	set_timer(k, every_ns);
	k->has_timer = arm(k, k->timer_fd, EPOLLIN);
}

void kicker_disarm(struct kicker *k)
{
	if (k->has_timer)
		set_timer(k, 0);
	k->has_timer = false;
	if (k->has_signals)
		set_signals(k, false);
	for (unsigned i = 0; i < k->count; i++) {
		struct epoll_event event = { .events = EPOLLONESHOT, .data.fd = k->armed[i].fd };
		epoll_ctl(k->epoll_fd, EPOLL_CTL_MOD, k->armed[i].fd, &event);
	}
	k->count = 0;
}

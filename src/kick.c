#include "kick.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Only there to interrupt KVM_RUN and poll. */
static void on_kick(int signal)
{
	(void)signal;
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
		vcpu_kick(k->vcpu);
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

int kicker_open(struct kicker *k, struct vcpu *v, struct error *e)
{
	int err;
	*k = (struct kicker) { .vcpu = v, .owner = pthread_self() };
	struct sigaction action = { .sa_handler = on_kick }; /* no SA_RESTART */
	sigaction(SIGUSR1, &action, NULL);
	k->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (k->epoll_fd < 0)
		return error_set(e, -errno, "epoll_create1 failed: %s", strerror(errno));
	k->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (k->stop_fd < 0) {
		err = error_set(e, -errno, "eventfd failed: %s", strerror(errno));
		goto close_epoll;
	}
	struct epoll_event event = { .events = EPOLLIN, .data.fd = k->stop_fd };
	err = epoll_ctl(k->epoll_fd, EPOLL_CTL_ADD, k->stop_fd, &event) < 0 ? -errno : 0;
	if (!err)
		err = start_thread(k);
	if (err) {
		error_set(e, err, "cannot start the watcher thread: %s", strerror(-err));
		goto close_event;
	}
	return 0;
close_event:
	close(k->stop_fd);
close_epoll:
	close(k->epoll_fd);
	return err;
}

void kicker_close(struct kicker *k)
{
	uint64_t one = 1;
	if (write(k->stop_fd, &one, sizeof one) == sizeof one)
		pthread_join(k->thread, NULL);
	close(k->stop_fd);
	close(k->epoll_fd);
}

bool kicker_arm(struct kicker *k, int fd)
{
	/* One shot: a kick, and then silence until the next arming. */
	struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, .data.fd = fd };
	if (epoll_ctl(k->epoll_fd, EPOLL_CTL_MOD, fd, &event) < 0 &&
	        epoll_ctl(k->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return false;
	if (k->count < KICKER_FDS_MAX)
		k->armed[k->count++] = fd;
	return true;
}

void kicker_disarm(struct kicker *k)
{
	for (unsigned i = 0; i < k->count; i++) {
		struct epoll_event event = { .events = EPOLLONESHOT, .data.fd = k->armed[i] };
		epoll_ctl(k->epoll_fd, EPOLL_CTL_MOD, k->armed[i], &event);
	}
	k->count = 0;
}

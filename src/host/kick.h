/* Kicks whoever runs the guest when a descriptor becomes readable, or a time is over. What a kick
 * is, its owner says: it gets the vCPU out of the guest.
 *
 * The thread that runs the guest also reads the debugger's packets, so that a step crosses no
 * thread. While the guest runs freely it can't poll; this watcher thread does it in its place, and
 * only then: armed before the run, disarmed after it, it costs nothing while the guest is stopped.
 *
 * The debugger's socket needs no thread: it is asked for SIGIO (fcntl(2), "Signal-driven I/O"),
 * which ends KVM_RUN by itself. The watcher would have to be scheduled first, and where the guest
 * and the debugger's program have all the CPUs, that can take a time slice, milliseconds. Other
 * descriptors, a terminal above all, share their file status flags with other programs, which
 * O_ASYNC would change for them, too. */
#ifndef STEPVM_HOST_KICK_H
#define STEPVM_HOST_KICK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define KICKER_FDS_MAX 16

struct kicker {
	pthread_t owner, thread;
	int epoll_fd, stop_fd, timer_fd;
	int signal_fd; /* of kicker_take_signals, or -1 */
	bool has_timer, has_signals;
	unsigned count;
	struct kicker_armed {
		int fd;
		uint32_t events; /* epoll's */
	} armed[KICKER_FDS_MAX];
};

/* Ends a run of the guest that is under way, or the next one. Called from signal handlers in the
 * thread of kicker_open, so that it interrupts that thread anywhere. */
typedef void kicker_kicks(void *ctx);

/* The calling thread is the one that runs the guest, and the process's first. One kicker a process:
 * kicks and ctx are known to signal handlers, until kicker_close. */
int kicker_open(struct kicker *k, kicker_kicks *kicks, void *ctx, struct error *e);
void kicker_close(struct kicker *k);
/* Kicks now: for signal handlers, too. */
void kicker_kick(void);
/* fd is a socket that nobody else has: armed, its input comes as a signal. Until it is closed,
 * which is told by -1. */
void kicker_take_signals(struct kicker *k, int fd);
/* From now on, input (or the end) on fd kicks, once; with is_output, that it can be written to. The same fd may
 * be armed for both. A descriptor that can't be polled (a regular file) is always ready: false. */
bool kicker_arm(struct kicker *k, int fd, bool is_output);
/* From now on, a kick comes each time that every_ns nanoseconds (1 at least) of the host's monotonic clock are
 * over: one that meets its owner right before a run may be lost on that, and there is a next one. A second call
 * takes the first one's place. */
void kicker_arm_timer(struct kicker *k, uint64_t every_ns);
/* For good: each time that fd becomes readable anew, a kick comes, also while the guest does not
 * run. */
int kicker_watch(struct kicker *k, int fd, struct error *e);
/* No descriptor of kicker_arm and no timer of kicker_arm_timer kicks any more. A kick may still be
 * on its way: spurious kicks are harmless. */
void kicker_disarm(struct kicker *k);

#endif

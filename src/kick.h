/* Gets the vCPU out of the guest when a descriptor becomes readable, or a time is over.
 *
 * The thread that runs the vCPU also reads the debugger's packets, so that a step crosses no
 * thread. While the guest runs freely it can't poll; this watcher thread does it in its place, and
 * only then: armed before the run, disarmed after it, it costs nothing while the guest is stopped.
 *
 * The debugger's socket needs no thread: it is asked for SIGIO (fcntl(2), "Signal-driven I/O"),
 * which ends KVM_RUN by itself. The watcher would have to be scheduled first, and where the guest
 * and the debugger's program have all the CPUs, that can take a time slice, milliseconds. Other
 * descriptors, a terminal above all, share their file status flags with other programs, where
 * O_ASYNC would stay behind. */
#ifndef STEPVM_KICK_H
#define STEPVM_KICK_H

#include <pthread.h>
#include <stdbool.h>

#include "error.h"
#include "kvm/vcpu.h"

#define KICKER_FDS_MAX 8

struct kicker {
	pthread_t owner, thread;
	int epoll_fd, stop_fd, timer_fd;
	int signal_fd; /* of kicker_take_signals, or -1 */
	bool has_timer, has_signals;
	unsigned count;
	int armed[KICKER_FDS_MAX];
};

/* The calling thread is the one that runs v, and the process's first. One kicker a process: v is
 * known to signal handlers. */
int kicker_open(struct kicker *k, struct vcpu *v, struct error *e);
void kicker_close(struct kicker *k);
/* From now on v is kicked, or none (NULL). What it was can be closed. The thread of kicker_open. */
void kicker_set_vcpu(struct vcpu *v);
/* Kicks it now: for signal handlers. */
void kicker_kick(void);
/* fd is a socket that nobody else has: armed, its input comes as a signal. Until it is closed,
 * which is told by -1. */
void kicker_take_signals(struct kicker *k, int fd);
/* From now on, input (or the end) on fd kicks the vCPU, once. A descriptor that can't be polled (a
 * regular file) is always readable: false. */
bool kicker_arm(struct kicker *k, int fd);
/* From now on, the vCPU is kicked once when after_ns nanoseconds (1 at least) of the host's
 * monotonic clock are over. A second call takes the first one's place. */
void kicker_arm_timer(struct kicker *k, uint64_t after_ns);
/* For good: each time that fd becomes readable anew, the vCPU is kicked, also while it does not
 * run. */
int kicker_watch(struct kicker *k, int fd, struct error *e);
/* No descriptor of kicker_arm and no timer of kicker_arm_timer kicks any more. A kick may still be
 * on its way: spurious kicks are harmless. */
void kicker_disarm(struct kicker *k);

#endif

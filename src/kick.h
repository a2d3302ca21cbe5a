/* Gets the vCPU out of the guest when a descriptor becomes readable, or a time is over.
 *
 * The thread that runs the vCPU also reads the debugger's packets, so that a step crosses no
 * thread. While the guest runs freely it can't poll; this watcher thread does it in its place, and
 * only then: armed before the run, disarmed after it, it costs nothing while the guest is stopped.
 */
#ifndef STEPVM_KICK_H
#define STEPVM_KICK_H

#include <pthread.h>
#include <stdbool.h>

#include "error.h"
#include "kvm/vcpu.h"

#define KICKER_FDS_MAX 8

struct kicker {
	pthread_mutex_t lock; /* of vcpu */
	struct vcpu *vcpu;    /* borrowed; NULL: none to be kicked now */
	pthread_t owner, thread;
	int epoll_fd, stop_fd, timer_fd;
	bool has_timer;
	unsigned count;
	int armed[KICKER_FDS_MAX];
};

/* The calling thread is the one that runs v. */
int kicker_open(struct kicker *k, struct vcpu *v, struct error *e);
void kicker_close(struct kicker *k);
/* From now on v is kicked, or none (NULL). What it was can be closed. */
void kicker_set_vcpu(struct kicker *k, struct vcpu *v);
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

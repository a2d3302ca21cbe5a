/* A scratch guest: a VM with 64 KiB of RAM for running a few instructions, to see what KVM does
 * with them.
 *
 * All RAM that is nothing else is filled with hlt, and so is each vector's handler: whatever a KVM
 * makes of the code, it comes to a hlt soon. For one that does not, a timer ends the run; it is
 * SIGALRM and ITIMER_REAL of the process, which are put back by scratch_close. One scratch guest at
 * a time, in a thread that gets the process's signals (the others block them). */
#ifndef STEPVM_KVM_SCRATCH_H
#define STEPVM_KVM_SCRATCH_H

#include <signal.h>
#include <sys/time.h>

#include "base/error.h"
#include "kvm/vcpu.h"

/* With a CS base of 0, and at CPL 0 but for those of users. */
enum scratch_mode {
	SCRATCH_REAL16,
	SCRATCH_PROT32, /* flat segments, no paging */
	SCRATCH_LONG64,
	SCRATCH_PAGED32, /* PROT32 before paging is on: cr3 has tables of 4 KiB pages */
	SCRATCH_USER64,  /* LONG64 at CPL 3, the pages are the user's */
};

/* Where things are, both gpa and gva, but for the data: scratch_data_gva. */
#define SCRATCH_CODE     0x1000u /* the first instruction; a page of its own */
#define SCRATCH_DATA     0x2000u /* a page of zeroes */
#define SCRATCH_STACK    0x3800u /* rsp at the start */
#define SCRATCH_HANDLERS 0x4000u /* + n: the hlt that vector n leads to */

struct scratch {
	struct vm vm;
	struct vcpu vcpu;
	enum scratch_mode mode;
	struct kvm_sregs reset; /* as KVM made the vCPU */
	uint8_t *ram;
	bool is_access_pending; /* the last exit's access is not finished yet */
	unsigned hung_runs;
	int err; /* of the guest that was put last: -errno of what failed, 0 */
	struct sigaction old_action;
	struct itimerval old_timer;
	sigset_t old_mask;
};

/* beside: a VM whose /dev/kvm is used; NULL: it is opened. */
int scratch_open(struct scratch *s, const struct vm *beside, struct error *e);
void scratch_close(struct scratch *s);

/* A guest from scratch, with the code at SCRATCH_CODE and hlt after it, which is #GP at CPL 3.
 * Debugging is off, no page is guarded. rbx and rdi point to the data (so that [bx] and [rdi] are
 * the same byte of machine code), rsi 256 bytes further, rcx is 3, rax is SS's selector; other
 * general registers are 0. Failures are kept in err. */
void scratch_put(struct scratch *s, enum scratch_mode mode, const uint8_t *code, size_t len);
/* The data page is mapped elsewhere where there is paging, to see that there is. */
uint64_t scratch_data_gva(const struct scratch *s);
/* Runs until the guest exits, debugged so. When that fails, and when the guest hangs, err is set
 * and *x is EXIT_OTHER. */
void scratch_run(struct scratch *s, const struct vcpu_debug *debug, struct exit *x);
/* Single-steps. A step that did nothing (they happen, kvm_intel) is repeated up to 3 times. */
void scratch_step(struct scratch *s, struct exit *x);

#endif

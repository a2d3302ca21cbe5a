/* One instruction by KVM, with everything that it may lead to watched: the handlers of all exceptions, by
 * their gates, and where it leads else. Private to src/debug. */
#ifndef STEPVM_DEBUG_WATCHED_STEP_H
#define STEPVM_DEBUG_WATCHED_STEP_H

#include "debug/insn.h"
#include "debug/state.h"

/* The CPU as it was before a step. */
struct step_before {
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	bool tf; /* the guest's own */
};

/* *has_entered: it has come to a handler's first instruction, and TF and RF are as they are there on a CPU.
 * 0 with *stop, as step_by_kvm's, or -errno. */
int watched_step(struct control *c, const struct insn *insn, const struct step_before *before,
        bool *has_entered, struct stop *stop);

#endif

/* On the way to 64-bit code, for a debugger that has to know before the first instruction of it is
 * done: control.watches_long. A gdb that speaks a layout of 32 bits cuts the addresses of its
 * breakpoints to 32 bits, so that those above 4 GiB have to be inserted anew there.
 *
 *	EFER.LME = 0		the guest runs freely: a write of EFER exits (kvm/efer.h)
 *	EFER.LME = 1		it is stepped: CR0.PG and a far transfer follow, as a rule at once
 *	after APPROACH_STEPS_MAX	STOP_LONG early: it stays in 32-bit code, and is not to crawl there
 *	64-bit code		STOP_LONG
 *
 * Where this KVM does not exit at a write of EFER (before Linux 5.10), it is stepped from the
 * start. Private to src/debug. */
#ifndef STEPVM_DEBUG_APPROACH_H
#define STEPVM_DEBUG_APPROACH_H

#include "debug/state.h"

/* Half a second of a guest's run here: page tables of some thousand entries. */
#define APPROACH_STEPS_MAX 50000

enum approach {
	APPROACH_FAR,     /* the guest can't come to 64-bit code unseen */
	APPROACH_NEAR,    /* ... but by a step, which is the next thing to do */
	APPROACH_ARRIVED, /* the debugger is to be told before it goes on */
};

/* A run begins. */
void approach_begin(struct cpu_run *r);
/* Asked before each free run and each step. NEAR uses up one of the steps. */
enum approach approach_next(struct control *c);
/* After a step. */
bool approach_has_arrived(struct control *c);

#endif

/* What run control puts in place for a free run, and takes away after it. Private to src/debug. */
#ifndef STEPVM_DEBUG_PLACE_H
#define STEPVM_DEBUG_PLACE_H

#include "debug/control.h"

enum place_result {
	PLACE_DONE,
	PLACE_STEP_HERE, /* the guest stands on a page that it can't execute while it is guarded, or
	                  * its stack or one of the CPU's tables is on one */
	PLACE_STEP_ON,   /* something can be kept by stepping alone */
};

/* Debug registers, planted bytes and guarded pages for all breakpoints and watchpoints. */
enum place_result place_all(struct control *c);
/* Takes the planted bytes out. Guards stay until the next place_all or place_unguard: changing them
 * costs. */
void place_lift(struct control *c);
/* Lets the guest at all its pages. 0 or -errno from KVM. */
int place_unguard(struct control *c);

/* One byte that exits at p->gva; adds to *debug what it takes for that. False: it can't stand there
 * now. */
bool place_byte(struct control *c, struct breakpoint *p, struct vcpu_debug *debug);
void place_take_byte(struct control *c, struct breakpoint *p);

/* Whether the top of the stack is on a guarded page now: the guest has to be stepped there. */
bool place_guards_stack(struct control *c);

/* An MMIO exit at a guarded page of RAM: does the access, past planted bytes. False: no RAM there.
 */
bool place_access(struct control *c, const struct exit *x);
/* The guest's own debug registers that dr6 names, as bits of its DR6. */
uint64_t place_guest_hits(struct control *c, uint64_t dr6);
/* The watchpoint whose debug register dr6 names, or NULL. */
struct watch *place_watch_of(struct control *c, uint64_t dr6);

#endif

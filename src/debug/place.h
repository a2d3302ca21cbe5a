/* What run control puts in place for a free run, and takes away after it. Private to src/debug. */
#ifndef STEPVM_DEBUG_PLACE_H
#define STEPVM_DEBUG_PLACE_H

#include "debug/state.h"

enum place_result {
	PLACE_DONE,
	PLACE_STEP_HERE, /* the guest stands on a page that it can't execute while it is guarded, or
	                  * its stack or one of the CPU's tables is on one */
	PLACE_STEP_ON,   /* something can be kept by stepping alone */
};

/* Whether debug registers can keep all breakpoints and watchpoints, as the guest is now. */
bool place_fits_registers(struct control *c);
/* Debug registers, planted bytes and guarded pages for all breakpoints and watchpoints. *why: why
 * the guest has to be stepped. */
enum place_result place_all(struct control *c, enum step_why *why);
/* In the place of place_all where the guest is stepped anyway: each breakpoint and watchpoint is
 * noted as kept by steps, for monitor info. */
void place_stepped(struct control *c);
/* Likewise where the engine is first: each is kept by comparing with it. */
void place_compared(struct control *c);
/* Takes the planted bytes out. Guards stay until the next place_all or guards_lift: changing them
 * costs. */
void place_lift(struct control *c);
/* One byte that exits at p->gva; adds to *debug what it takes for that. False: it can't stand there
 * now. */
bool place_byte(struct control *c, struct breakpoint *p, struct vcpu_debug *debug);
void place_take_byte(struct control *c, struct breakpoint *p);

/* The guest's own debug registers that dr6 names, as bits of its DR6. False: it names only copies
 * of what the guest has loaded anew since, and which of its breakpoints stand beside ours is to be
 * decided again. */
bool place_guest_hits(struct control *c, uint64_t dr6, uint64_t *bits);
/* The watchpoint whose debug register dr6 names, or NULL. */
struct watch *place_watch_of(struct control *c, uint64_t dr6);

#endif

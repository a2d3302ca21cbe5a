/* Notices a guest that does nothing but look for keys which do not come: int 16h AH=01h over and over, as DOS does at
 * its prompt. Who runs it may let the CPU rest then until the next interrupt, for the guest would only look again.
 *
 *	look, look, look, ...	8 of them, at most 3.2 ms from first to last: a burst
 *	burst, burst, ...	for 220 ms (4 ticks), and the screen is the same: calm
 *
 * It rests after a burst in which each look came with registers that one of the last four had, for a guest that
 * counts or works between its looks is to have its CPU. What a guest does with its ports, another call of the BIOS
 * and a change on its screen begin all of this anew. None of it changes what the guest computes, only when: in a
 * program that polls for a delay, each tick still has one burst at least. Pure, and no part of a snapshot. */
#ifndef STEPVM_MACHINE_POLLING_H
#define STEPVM_MACHINE_POLLING_H

#include "bios/registers.h"

#define POLLING_BURST    8u
#define POLLING_DENSE_NS UINT64_C(3200000)
#define POLLING_CALM_NS  UINT64_C(220000000)
#define POLLING_GAP_NS   UINT64_C(5000000000) /* between two looks: then it does something else */
#define POLLING_STATES   4u /* looks that take turns: 01h and 11h, from two places */

/* All zeros at the beginning. Times are the guest's. */
struct polling {
	bool is_calm; /* since since_ns, with this on the screen: */
	uint64_t since_ns, screen;
	uint64_t last_ns;      /* the last look */
	uint64_t burst_ns;     /* the burst's first */
	unsigned looks, known; /* in the burst; of them with registers that were seen before */
	struct bios_regs states[POLLING_STATES];
	unsigned next; /* of states, to be written over */
};

/* It has looked for a key, with these registers, and there is none. True: a burst is over: polling_burst is next. */
bool polling_look(struct polling *p, const struct bios_regs *r, uint64_t now_ns);
/* screen: a sum of all that the screen is made of. True: it may rest. */
bool polling_burst(struct polling *p, uint64_t screen, uint64_t now_ns);
/* It has done something else. */
void polling_disturbed(struct polling *p);
/* How long it has been calm. */
uint64_t polling_calm_ns(const struct polling *p, uint64_t now_ns);

#endif

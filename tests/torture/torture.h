/* Torture of a real stepvm: debuggers that misbehave, guests that do. All from a seed. */
#ifndef STEPVM_TESTS_TORTURE_H
#define STEPVM_TESTS_TORTURE_H

#include <inttypes.h>

#include "random.h"
#include "rsp_values.h"

struct torture {
	uint64_t seed;
	unsigned actions; /* of the debugger */
	unsigned guests;  /* hostile ones */
	bool is_verbose;
	bool is_pc; /* live.c, past.c: on a PC's board, with calls of the BIOS */
};

/* Each prints what was wrong, as TAP comments, and returns whether nothing was.
 *
 * live.c: so many things that a debugger can do, and the guest is as if nothing had been. */
bool torture_live(const struct torture *t);
/* past.c: the same of a recorded guest, and each position of the recording is always the same state. */
bool torture_past(const struct torture *t);
/* past.c: fewer things, done to a guest that runs so far that its recording has to be thinned. */
bool torture_long_past(const struct torture *t);
/* hostile.c: so many guests of random code; stepvm ends or stops with each as it should. */
bool torture_hostile(const struct torture *t);

#endif

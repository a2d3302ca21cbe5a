/* The same program on both sides, one instruction at a time. */
#ifndef STEPVM_TESTS_LOCKSTEP_H
#define STEPVM_TESTS_LOCKSTEP_H

#include "program.h"

struct pair {
	struct side stepvm, qemu;
	unsigned quirks; /* enum known_quirk, of stepvm's KVM */
	/* A program ended in protected mode: the CPUs keep segment attributes and an IDT from it
	 * that no stub can take back, so the next program wants both started anew. */
	bool is_spent;
	/* False: it can't be done. */
	bool (*restart)(struct pair *p);
	bool is_traced; /* every step on standard output */
	void *ctx;
};

enum lockstep_end {
	LOCKSTEP_HALTED,    /* at hlt, or at ud2 in protected mode: both ends of programs */
	LOCKSTEP_STEPS,     /* the program's or the caller's limit */
	LOCKSTEP_DIFFERENT, /* what differs is on standard output */
	LOCKSTEP_BROKEN,    /* a connection is gone */
};

/* steps_max: 0: the program's own. *steps: how many were compared. */
enum lockstep_end lockstep_run(
        struct pair *p, const struct program *program, unsigned steps_max, unsigned *steps);

/* The instruction at the program's start, by stepvm alone. False: it can't do it. */
bool lockstep_one(struct pair *p, const struct program *program, struct cpu *after);

#endif

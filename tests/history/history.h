/* What the files of this test share. */
#ifndef STEPVM_TESTS_HISTORY_H
#define STEPVM_TESTS_HISTORY_H

#include "cli/options.h"
#include "history/state.h"

struct subject {
	const char *name;
	struct options options;
	struct machine machine;
	struct run run;
	bool has_outside; /* something came from there */
};

/* What is compared, part by part. */
enum { GENERAL, SYSTEM, EVENTS, XSAVE, MSRS, DEVICES, DISKS, CONTROL, RAM, PARTS };

struct note {
	uint64_t position, hash[PARTS];
	struct kvm_regs regs;
	uint64_t now_ns;
};

uint64_t rnd(uint64_t below);
/* Of the guest as it stands. */
bool take_note(struct subject *g, struct note *n);
bool is_same(
        const struct subject *g, const struct note *was, const struct note *is, const char *how);
void close_guest(struct subject *g);
/* To notes at random. */
bool jump(struct subject *g, const struct note *notes, unsigned count, uint64_t jumps);

/* files.c: g's recording as a file, opened by another machine: jumps in it, and what --check says of it as it is and with a
 * byte of its RAM changed. */
bool try_file(struct subject *g, const struct note *notes, unsigned count, uint64_t jumps);

#endif

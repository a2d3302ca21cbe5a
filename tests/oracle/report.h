/* A difference in words, on standard output as TAP comments. */
#ifndef STEPVM_TESTS_REPORT_H
#define STEPVM_TESTS_REPORT_H

#include "known.h"
#include "lockstep.h"

struct difference {
	unsigned step; /* the first is 1 */
	const struct cpu *before, *stepvm, *qemu;
	bool has_stepped; /* stepvm's stop reply was one of a step */
	bool is_sane;     /* side_end_read, of stepvm's side */
	uint32_t undefined;
	uint8_t bytes[INSN_MAX];
};

/* One step: where, and the instruction. */
void report_step(unsigned step, const struct cpu *before, const uint8_t bytes[INSN_MAX]);
/* The memory of both sides is compared as it was last read. */
void report(const struct pair *p, const struct program *program, const struct difference *d);

#endif

/* What KVMs do otherwise than the SDM has it: the tables of it are in known_emulated.c, known_any.c and known_cpu.c. A
 * difference that no row explains is a fault of the interpreter's, of run control's, or of a KVM's that nobody has
 * looked at yet. */
#ifndef STEPVM_COMPARE_KNOWN_H
#define STEPVM_COMPARE_KNOWN_H

#include "compare/compare.h"
#include "compare/opcode.h"

/* At least as many as there are rows: the size of a table that counts by row. */
#define KNOWN_ROWS_MAX 128

/* An instruction and what became of it on both sides. */
struct known_case {
	bool kvm_emulates; /* it does its guests' instructions itself */
	bool is_tcg;       /* its CPU is QEMU's TCG */
	unsigned bits, cpl;
	bool is_real;
	bool is_interrupt; /* it is the way to the handler of a device's, and bytes are zeros */
	uint8_t bytes[COMPARE_BYTES];
	const struct compare_state *before;
	const struct compare_result *result;
};

/* The row that explains the difference, by its number, or -1. */
int known_find(const struct known_case *c);
unsigned known_count(void);
/* The row's sentence. */
const char *known_name(unsigned row);

#endif

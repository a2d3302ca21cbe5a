/* Why a CPU shut down or stands still, as far as its state tells: for people. */
#ifndef STEPVM_MACHINE_EXPLAIN_H
#define STEPVM_MACHINE_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "debug/insn.h"
#include "kvm/vcpu.h"

/* Lines about the instruction at the pc, the exception that it raises, and where its handler would
 * have been, each ending with a newline. What can't be told is left out. */
void explain_fault(struct vcpu *v, char *to, size_t size);
/* The same of an interrupt of a device that has led to a triple fault on the way to its handler. */
void explain_interrupt(struct vcpu *v, unsigned vector, char *to, size_t size);

/* Why the first vector that explain_fault or explain_interrupt names leads to no handler: what somebody has written there,
 * or has not written, and so where to look in the past. */
enum explain_culprit {
	EXPLAIN_NOTHING, /* no write can be looked for, or nothing is known to be wrong */
	EXPLAIN_GATE, /* the gate in the IDT, or the entry in the IVT, is bad: its linear address */
	EXPLAIN_ENTRY, /* a paging entry is not present: its address, physical and linear */
	EXPLAIN_CR3,   /* its table has no entry for the address, and cannot be watched */
};
struct explain_blame {
	enum explain_culprit what;
	uint64_t at; /* of GATE and ENTRY, with len bytes */
	unsigned len;
};
void explain_fault_blame(struct vcpu *v, struct explain_blame *b);
void explain_interrupt_blame(struct vcpu *v, unsigned vector, struct explain_blame *b);
/* One line: the bytes at the pc, or why there are none. */
void explain_bytes(struct vcpu *v, char *to, size_t size);

/* The vector of an instruction of the x87, MMX, SSE or AVX that CR0 or CR4 rules out; -1: they do not. */
int explain_ruled_out(const struct insn *insn, const struct kvm_sregs *s, unsigned code_bits);

#endif

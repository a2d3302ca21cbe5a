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
/* The gate in the IDT, or the entry in the IVT, of the first vector that explain_fault names. False: the table ends
 * before it. */
bool explain_gate(struct vcpu *v, uint64_t *gva, unsigned *len);
/* The same of an interrupt of a device that has led to a triple fault on the way to its handler. */
void explain_interrupt(struct vcpu *v, unsigned vector, char *to, size_t size);
bool explain_gate_of(struct vcpu *v, unsigned vector, uint64_t *gva, unsigned *len);
/* One line: the bytes at the pc. */
void explain_bytes(struct vcpu *v, char *to, size_t size);

/* The vector of an instruction of the x87, MMX, SSE or AVX that CR0 or CR4 rules out; -1: they do not. */
int explain_ruled_out(const struct insn *insn, const struct kvm_sregs *s, unsigned code_bits);

#endif

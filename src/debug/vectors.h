/* Where an exception or interrupt vector leads, as the CPU would find it now: through the IVT in
 * real mode, through the IDT's gates else. Source: SDM vol 3, "Interrupt and Exception Handling";
 * vol 3, "Real-Address Mode". */
#ifndef STEPVM_DEBUG_VECTORS_H
#define STEPVM_DEBUG_VECTORS_H

#include "kvm/vcpu.h"

/* The vectors of the SDM's table "Protected-Mode Exceptions and Interrupts". */
enum vector {
	VECTOR_DE = 0,
	VECTOR_DB = 1,
	VECTOR_BP = 3,
	VECTOR_OF = 4,
	VECTOR_BR = 5,
	VECTOR_UD = 6,
	VECTOR_NM = 7,
	VECTOR_DF = 8,
	VECTOR_TS = 10,
	VECTOR_NP = 11,
	VECTOR_SS = 12,
	VECTOR_GP = 13,
	VECTOR_PF = 14,
	VECTOR_MF = 16,
	VECTOR_AC = 17,
	VECTOR_XM = 19,
	VECTOR_VE = 20,
	VECTOR_CP = 21,
};

/* The linear address of the handler's first instruction in *gva, and in *slot_size the bytes of one
 * slot of the frame that the CPU pushes (2, 4 or 8). False: the table has no such gate, the gate is
 * not present, is a task gate, or cannot be read. */
bool vector_target(struct vcpu *v, unsigned vector, uint64_t *gva, unsigned *slot_size);
/* Whether the CPU is sure to raise an exception in place of an interrupt with this vector: the table ends before its
 * entry, or the gate there is not present or is none. */
bool vector_leads_nowhere(struct vcpu *v, unsigned vector);

#endif

/* What reading and writing registers share: the table. */
#ifndef STEPVM_KVM_REGISTERS_INTERNAL_H
#define STEPVM_KVM_REGISTERS_INTERNAL_H

#include "base/cpu_bits.h"
#include "kvm/registers.h"

/* Where a register stands. */
enum register_file {
	REGS,  /* struct kvm_regs, at offset */
	SREGS, /* struct kvm_sregs */
	XSAVE, /* the extended state: offset into part */
	TAGS,  /* the x87's tag word, computed */
	DEBUG, /* struct kvm_debugregs */
	XCR0,  /* KVM_GET_XCRS */
	MSR,   /* offset is the row of register_msrs */
	PC,    /* computed, as the next two */
	SP_LINEAR,
	MODE,
	/* Of struct kvm_sregs, too, in other forms. */
	SELECTOR, /* of a struct kvm_segment */
	DESC,     /* its hidden part: base, 8 bytes, limit and attributes, 4 each */
	DESC32,   /* the same with a base of 4 bytes */
	DTR,      /* a struct kvm_dtable: base and limit, 8 bytes each */
	DTR32,    /* the same with 4 bytes each */
};

struct register_row {
	const char *name;
	enum register_file file;
	uint8_t size; /* bytes */
	uint16_t offset;
	uint8_t part; /* XSAVE: enum xsave_part */
};

extern const struct register_row register_rows[];
extern const uint32_t register_msrs[];

/* How much of rsp is the stack pointer: SS.B, SDM vol 1, "Address-Size Attributes for Stack". */
uint64_t register_stack_mask(const struct kvm_sregs *s);
/* Where a row of XSAVE stands in vcpu_xsave's area. */
unsigned register_xsave_offset(const struct vcpu *v, const struct register_row *r);

#endif

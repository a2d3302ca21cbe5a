/* The opcodes that the engine knows, as tables. SDM vol 2, appendix "Opcode Map". */
#ifndef STEPVM_INTERP_OPCODES_H
#define STEPVM_INTERP_OPCODES_H

#include "interp/state.h"

/* How large the operands are. */
enum opcode_size {
	SIZE_SAME,  /* in a group: as the opcode has it */
	SIZE_WIDE,  /* 16, 32 or 64 bits, by mode and prefixes */
	SIZE_BIT_0, /* 8 bits where the opcode is even, else as above */
	SIZE_BYTE,
	SIZE_STACK, /* 64 or 16 bits in 64-bit code */
	SIZE_NEAR,  /* 64 bits in 64-bit code; with a 66 there, CPUs differ */
	SIZE_PORT,  /* as SIZE_BIT_0, 32 bits at most */
};

enum opcode_operands {
	OPERANDS_NONE,
	OPERANDS_MODRM,
	OPERANDS_REG,    /* the opcode's low bits are a register */
	OPERANDS_AX,     /* al or eax is ModRM.rm */
	OPERANDS_OFFSET, /* an address of the address size */
	OPERANDS_CR,     /* ModRM whose rm is a register always, of 32 or 64 bits */
};

enum opcode_imm {
	IMM_NONE,
	IMM_SIGNED_8,
	IMM_8,
	IMM_16,
	IMM_24,
	IMM_WIDE,     /* as large as the operand, 32 bits sign-extended at most */
	IMM_FULL,     /* as large as the operand */
	IMM_RELATIVE, /* 16 bits in 16-bit code, else 32, sign-extended */
	IMM_FAR,      /* an offset and a selector */
};

enum opcode_flag {
	OPCODE_LOCKS = 1,       /* takes a lock prefix, with memory */
	OPCODE_NOT_64 = 2,      /* #UD in 64-bit code */
	OPCODE_NOT_OURS_64 = 4, /* something else in 64-bit code */
	OPCODE_ONLY_64 = 8,
	OPCODE_RM_BYTE = 0x10, /* ModRM.rm has 8 bits whatever the operand size is */
	/* Its operands in memory may be a device's: which bytes it accesses, and whether that succeeds, does not depend
	 * on what is read; it changes neither segment nor control registers. */
	OPCODE_DEVICE = 0x20,
	OPCODE_NO_REP = 0x40,  /* with it, another instruction, or CPUs differ */
	OPCODE_SEGMENT = 0x80, /* has an address without ModRM */
	OPCODE_NO_66 = 0x100,
	OPCODE_NO_LOCK =
	        0x200, /* with it, CPUs differ: AMD's have cr8 for cr0, and take it with some others */
	/* It may use a port, load CS, write a control register or lead through a vector: interp_run_quiet stops
	 * before it, and before xchg %bx, %bx. */
	OPCODE_LOUD = 0x400,
};

struct opcode {
	interp_fn *const *fn;       /* by operand size; NULL: not known */
	const struct opcode *group; /* by ModRM.reg; NULL: none */
	uint16_t flags;
	uint8_t size, operands, imm;
	uint8_t ext; /* 1 + what i->ext is, whatever ModRM says; 0: that */
};

extern const struct opcode interp_one_byte[256], interp_two_byte[256];
extern const struct opcode interp_arpl_row; /* 63 in 16-bit and 32-bit code */

#endif

/* What run control must know of an instruction before it steps it. Pure; looks at prefixes and
 * opcode only.
 * Source: SDM vol 2, chapter 2 "Instruction Format" and appendix A "Opcode Map". */
#ifndef STEPVM_DEBUG_INSN_H
#define STEPVM_DEBUG_INSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INSN_MAX 15 /* bytes; SDM vol 2, 2.3.11 */

enum insn_kind {
	INSN_OTHER,
	INSN_HLT,
	INSN_STRING, /* movs, stos, lods, ins, outs: rep counts */
	INSN_SCAN,   /* cmps, scas: rep counts, and ZF ends it */
	INSN_FLAGS,  /* sees, changes or saves TF: pushf, popf, int n, int3, int1, into, iret,
	              * syscall, sysret, sysenter, sysexit, rsm */
};

enum insn_rep { INSN_ONCE, INSN_REPE, INSN_REPNE }; /* f3, f2 */

struct insn {
	enum insn_kind kind;
	enum insn_rep rep;
	unsigned address_bits; /* 16, 32, 64: the width of the count register */
	unsigned prefix_len;   /* bytes before the opcode, REX included */
	bool has_lock;
	uint8_t opcode; /* the last opcode byte */
};

/* bytes: up to INSN_MAX bytes at the instruction; code_bits: 16, 32 or 64. False when the bytes end
 * before the opcode does. */
bool insn_decode(struct insn *i, const uint8_t *bytes, size_t len, unsigned code_bits);

#endif

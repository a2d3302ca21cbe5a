/* What run control must know of an instruction before it steps it. Pure; looks at prefixes, opcode
 * and ModRM only.
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
	INSN_STRING,  /* movs, stos, lods, ins, outs: rep counts */
	INSN_SCAN,    /* cmps, scas: rep counts, and ZF ends it */
	INSN_PUSHF,   /* saves TF */
	INSN_POPF,    /* loads TF */
	INSN_IRET,    /* loads TF */
	INSN_INT,     /* int n, int3, int1, into: goes to a vector */
	INSN_LOAD_SS, /* mov ss, pop ss: the next instruction takes no trap */
	INSN_SYSTEM,  /* syscall, sysret, sysenter, sysexit, rsm: may change TF */
	INSN_MOV_DR,  /* mov to and from debug registers */
};

enum insn_rep { INSN_ONCE, INSN_REPE, INSN_REPNE }; /* f3, f2 */

/* Which exceptions it may raise, roughly: SDM vol 2, the instructions' exception tables. */
enum insn_faults {
	INSN_FAULTS_USUAL,   /* #UD, and of a memory operand */
	INSN_FAULTS_DIVIDE,  /* also #DE */
	INSN_FAULTS_SEGMENT, /* also #NP: loads a segment register or goes to another code segment
	                      */
	INSN_FAULTS_FLOAT,   /* x87: also #NM and #MF */
	INSN_FAULTS_SIMD,    /* also #NM and #XM (or #MF: MMX) */
	INSN_FAULTS_BOUND,   /* also #BR */
	INSN_FAULTS_INVALID, /* #UD and nothing else */
	INSN_FAULTS_ACCESS,  /* those of its operands in memory (operands.h), if it has any, and
	                      * of where it jumps to: nothing else */
};

/* How far the next instruction may be: it follows, is up to 2 GiB away, is anywhere in the code
 * segment. */
enum insn_jump { INSN_NO_JUMP, INSN_JUMP_RELATIVE, INSN_JUMP_ANYWHERE };

struct insn {
	enum insn_kind kind;
	enum insn_rep rep;
	enum insn_faults faults;
	unsigned address_bits; /* 16, 32, 64: the width of the count register */
	unsigned operand_bits; /* 16 or 32; 64 with REX.W */
	unsigned prefix_len;   /* bytes before the opcode, REX included */
	unsigned len;          /* bytes in all; 0 but for HLT, PUSHF, POPF, IRET, INT, LOAD_SS */
	bool has_lock;
	enum insn_jump jump; /* INSN_FAULTS_ACCESS */
	int8_t written_cr;   /* mov to a control register, lmsw and clts: which; else -1 */
	bool is_magic;       /* xchg %bx, %bx: does nothing, and marks a place for a debugger */
	bool is_0f;          /* of the two-byte map, or of those after 0f 38 and 0f 3a */
	uint8_t opcode;      /* the opcode byte; of the two-byte map that after 0f */
	uint8_t vector;      /* INSN_INT */
	uint8_t byte_count,
	        bytes[INSN_MAX]; /* of cpu_look_ahead: from the pc on, as many as can be read */
};

/* bytes: up to INSN_MAX bytes at the instruction; code_bits: 16, 32 or 64. False when the bytes end
 * before what is needed of the instruction does. */
bool insn_decode(struct insn *i, const uint8_t *bytes, size_t len, unsigned code_bits);
/* Bytes of ModRM, SIB and displacement at bytes; 0 when they are not all there. */
unsigned insn_modrm_len(const uint8_t *bytes, size_t left, unsigned address_bits);
/* int n: an interrupt of software. int3, into and int1, INSN_INT as well, raise exceptions. */
bool insn_is_int_n(const struct insn *i);

/* Has a VEX or EVEX prefix. */
bool insn_is_vex(const struct insn *i);
/* A string instruction with a rep prefix: its count in CX, ECX or RCX. */
bool insn_is_rep(const struct insn *i);
/* The bits of rcx that hold it. */
uint64_t insn_count_mask(const struct insn *i);
/* After an iteration, with left to come: whether it was the last. SDM vol 2,
 * REP/REPE/REPZ/REPNE/REPNZ. */
bool insn_has_rep_ended(const struct insn *i, uint64_t left, uint64_t rflags);

#endif

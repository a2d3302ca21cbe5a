/* Machine code for 16, 32 and 64 bits, and a record of what it accesses. Private to program.c, units.c and setup.c.
 * Opcodes: SDM vol 2, appendix A; operands: vol 2, "Instruction Format". */
#ifndef STEPVM_TESTS_OBSERVE_EMIT_H
#define STEPVM_TESTS_OBSERVE_EMIT_H

#include <stddef.h>

#include "program.h"

struct gen {
	struct program *program;
	uint64_t seed;
	unsigned bits;
	uint32_t at;               /* linear: where the next byte goes */
	unsigned depth;            /* of loops and calls around this */
	struct program_insn *insn; /* that is being written */
};

enum { AX, CX, DX, BX, SP, BP, SI, DI };

/* A register, or an address, for which the code before has loaded its registers. */
struct operand {
	bool is_register, is_rip, has_base, has_index;
	uint8_t reg, base, index, scale, displacement_size;
	uint32_t gva;
	uint64_t displacement;
};

struct op {
	unsigned size;        /* 8 to 64 bits */
	unsigned access_size; /* of its memory, where that is another */
	unsigned opcode;      /* 0x0fxx for the second map */
	unsigned reg;         /* of ModRM */
	unsigned immediate_size;
	uint64_t immediate;
	bool reads, writes, is_maybe_written, has_lock;
	bool has_fixed_size; /* no prefix says it */
};

uint64_t gen_next(struct gen *g);
unsigned gen_below(struct gen *g, unsigned n);
bool gen_chance(struct gen *g, unsigned percent);
uint64_t gen_value(struct gen *g, unsigned size);
/* 8 to 32 or 64; without 8. */
unsigned gen_size(struct gen *g);
unsigned gen_wide(struct gen *g);
/* None is the stack pointer. */
unsigned gen_register(struct gen *g, unsigned size);
/* size bytes of data: mostly where the page ends. */
uint32_t gen_data(struct gen *g, unsigned size);

/* Into the image, by linear address. */
void put_at(struct program *p, uint32_t gva, uint64_t value, unsigned size);
void emit(struct gen *g, unsigned size_bits, uint64_t value);
void emit_bytes(struct gen *g, const uint8_t *bytes, size_t len);

/* An instruction of the program's begins here; it lasts until the next one. */
void insn_begin(struct gen *g);
void insn_access(struct gen *g, struct access access);
/* Without operands: a whole instruction. */
void insn_plain(struct gen *g, const uint8_t *bytes, size_t len);
void insn_set(struct gen *g, unsigned size, unsigned reg, uint64_t value);
void insn_rm(struct gen *g, const struct op *op, const struct operand *o);
/* A stack's: the word is as wide as the code. */
void insn_push(struct gen *g, const uint8_t *bytes, size_t len);
void insn_pop(struct gen *g, const uint8_t *bytes, size_t len);

struct operand operand_register(unsigned reg);
/* Writes what loads its registers, which are none of busy's, a bit each. */
struct operand operand_memory(struct gen *g, unsigned size, unsigned busy);
struct operand operand_at(struct gen *g, uint32_t gva, unsigned busy);
struct operand operand_any(struct gen *g, unsigned size);

void gen_units(struct gen *g, unsigned count);
void setup_write(struct gen *g);

#endif

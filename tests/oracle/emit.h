/* Writing machine code for real mode: instructions with every form of operand that SDM vol 2
 * chapter 2 has for 16-bit code. Private to the generator (generate.c, units_*.c).
 *
 *	0x00000  interrupt vectors
 *	0x01000  interrupt handlers
 *	0x02000  the program, up to 0x07000
 *	0x08000  stack, down from 0x08ff0
 *	0x0a000  data, 1 KiB: every memory operand is in there
 *	0x0a400  the end of what is compared
 *
 * Segment registers hold anything from which all of their part can be reached with 16 bits; what
 * each holds is known where code is written, for only straight code (depth 0) loads them. */
#ifndef STEPVM_TESTS_EMIT_H
#define STEPVM_TESTS_EMIT_H

#include "program.h"

#define HANDLERS     0x1000u
#define CODE         0x2000u
#define CODE_END     0x7000u
#define STACK_TOP    0x8ff0u
#define STACK_BOTTOM 0x8000u
#define DATA         0xa000u
#define DATA_SIZE    0x400u
#define WINDOW       0xa400u

enum segment { ES, CS, SS, DS, FS, GS, SEGMENTS }; /* SDM vol 2, appendix B.1.4.3 */

struct gen {
	struct program *program;
	uint64_t random;
	uint32_t at;            /* linear: where the next byte goes */
	uint16_t sel[SEGMENTS]; /* what the segment registers hold here */
	unsigned depth;         /* 0: every path comes here, once */
	bool is_without_memory; /* no memory operands: the segment registers are not known */
	bool is_defined_only;   /* no flags left undefined */
	uint32_t without;       /* a bit for each enum optional */
};

/* --- choosing --- */
uint64_t gen_random(struct gen *g);
/* 0 to n - 1. */
unsigned gen_below(struct gen *g, unsigned n);
bool gen_chance(struct gen *g, unsigned percent);
/* Often one at an edge: 0, 1, -1, the sign's, ... size: 8, 16, 32. */
uint32_t gen_value(struct gen *g, unsigned size);
unsigned gen_size(struct gen *g);      /* 8, 16 or 32 */
unsigned gen_wide_size(struct gen *g); /* 16 or 32 */
/* A register that may be changed: never sp. */
unsigned gen_register(struct gen *g, unsigned size);
uint16_t gen_selector(struct gen *g, enum segment s);
uint16_t gen_offset(const struct gen *g, enum segment s, uint32_t gva);

/* --- writing --- */
void emit(struct gen *g, unsigned size, uint32_t value);
void emit_bytes(struct gen *g, const uint8_t *bytes, unsigned len);
/* mov reg, value. */
void emit_set(struct gen *g, unsigned size, unsigned reg, uint32_t value);

/* A ModRM operand: a register or memory. */
struct operand {
	bool is_register, is_32bit_address;
	uint8_t segment;       /* a prefix, or 0 */
	uint8_t len, bytes[6]; /* ModRM without its reg field, SIB, displacement */
};
struct operand operand_register(unsigned reg);
/* size bytes anywhere in the data, or where gva says; writes the instructions that set its base
 * and index: bx, bp, si, di or the same with e. */
struct operand operand_memory(struct gen *g, unsigned size_bytes);
struct operand operand_at(struct gen *g, uint32_t gva);
/* Memory where that is allowed, else a register that may be changed. size: 8, 16, 32. */
struct operand operand_any(struct gen *g, unsigned size);

/* Prefixes in any order, opcode (0x0fXX for two bytes), ModRM with reg. size 32: with 0x66. lock:
 * with 0xf0. */
void emit_modrm(
        struct gen *g, unsigned size, unsigned opcode, unsigned reg, const struct operand *o);
void emit_locked(
        struct gen *g, unsigned size, unsigned opcode, unsigned reg, const struct operand *o);
/* An opcode without ModRM. */
void emit_op(struct gen *g, unsigned size, unsigned opcode);

/* --- units: a few instructions that belong together --- */
struct unit {
	void (*write)(struct gen *g);
	uint8_t weight;
	uint8_t needs; /* UNIT_... */
};
/* MEMORY: it has memory operands or must not stand in a handler. STRAIGHT: depth 0 only. NESTS: it
 * has other units in it. DEFINED: it leaves no flag undefined. */
enum { UNIT_MEMORY = 1, UNIT_STRAIGHT = 2, UNIT_NESTS = 4, UNIT_DEFINED = 8 };
extern const struct unit data_units[], flow_units[]; /* end with write NULL */

/* count units that may stand here; inside something conditional or repeated if is_nested. */
void gen_units(struct gen *g, unsigned count, bool is_nested);
#endif

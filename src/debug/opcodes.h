/* What an opcode does with its ModRM operand when that is memory. Private to src/debug; pure.
 * Source: SDM vol 2, appendix A "Opcode Map", and the instructions' own pages for sizes. VEX and
 * EVEX forms are not known. */
#ifndef STEPVM_DEBUG_OPCODES_H
#define STEPVM_DEBUG_OPCODES_H

#include <stdbool.h>
#include <stdint.h>

enum opcode_map { OPCODE_1, OPCODE_0F, OPCODE_0F38, OPCODE_0F3A };

struct opcode {
	enum opcode_map map;
	uint8_t byte;
	unsigned reg;           /* ModRM's /reg without REX.R: 0 to 7 */
	unsigned code_bits;     /* 16, 32 or 64 */
	unsigned operand_bytes; /* 2, 4 or 8 */
	bool has_66, has_f2, has_f3;
};

struct opcode_memory {
	uint32_t len; /* bytes; 0: no memory operand, or none that is accessed */
	bool is_read, is_write;
};

struct opcode_memory opcode_memory(const struct opcode *o);
/* Bytes of the immediate after the ModRM operand. */
unsigned opcode_immediate(const struct opcode *o);
/* Bytes of one push or pop. */
uint32_t opcode_push_bytes(const struct opcode *o);

#endif

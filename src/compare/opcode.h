/* What an instruction is, as far as counting and the table of known faults need it: prefixes, opcode map, opcode,
 * ModRM. SDM vol 2, chapter 2 "Instruction Format". */
#ifndef STEPVM_COMPARE_OPCODE_H
#define STEPVM_COMPARE_OPCODE_H

#include <stdbool.h>
#include <stdint.h>

enum opcode_map { MAP_1, MAP_0F, MAP_0F38, MAP_0F3A, MAP_VEX, MAP_COUNT };

struct opcode {
	enum opcode_map map;
	uint8_t op, modrm; /* modrm: the byte that follows */
	uint8_t rex;       /* 0: none that counts */
	uint8_t rep;       /* f2, f3, 0 */
	uint8_t segment;   /* the last segment prefix, 0 */
	bool has_66, has_67, has_lock;
	bool has_late_segment; /* 26, 2e, 36 or 3e comes after 64 or 65 */
	unsigned prefix_len;   /* bytes before the opcode's map */
};

/* bits: 16, 32 or 64. bytes: 15 of them. */
struct opcode opcode_decode(const uint8_t *bytes, unsigned bits);
/* x87, MMX, SSE, AVX: what the interpreter leaves to KVM. */
bool opcode_is_vector(const struct opcode *o);
/* "0f a4", "f7 /4", for people: at most 12 characters. */
void opcode_name(const struct opcode *o, char to[16]);
/* The opcode's ModRM.reg says which instruction it is. */
bool opcode_is_group(const struct opcode *o);

#endif

/* Which exceptions an instruction may raise, and where a plain one leads, by its opcode and ModRM. */
#include "debug/insn_faults.h"

#include <string.h>

#include "base/array.h"

/* Forms that there are not: in 64-bit code, or by their ModRM. */
static bool is_invalid(uint8_t opcode, uint8_t modrm, bool is_64)
{
	static const uint8_t not_in_64[] = { 0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x27, 0x2f,
		0x37, 0x3f, 0x60, 0x61, 0x82, 0x9a, 0xce, 0xd4, 0xd5, 0xd6, 0xea };
	unsigned reg = modrm >> 3 & 7;
	if (is_64 && memchr(not_in_64, opcode, sizeof not_in_64))
		return true;
	switch (opcode) {
	case 0x8c: return reg > 5; /* mov from a segment register that there is not */
	case 0x8d: return modrm >= 0xc0;
	case 0x8e: return reg == 1 || reg > 5; /* mov to cs */
	case 0x8f: return reg != 0;
	case 0xc6:
	case 0xc7: return reg != 0 && modrm != 0xf8; /* xabort, xbegin */
	case 0xfe: return reg > 1;
	case 0xff: return reg == 7 || ((reg == 3 || reg == 5) && modrm >= 0xc0);
	default: return false;
	}
}

/* The same after 0f. */
static bool is_invalid_0f(uint8_t opcode, uint8_t modrm)
{
	static const uint8_t undefined[] = { 0x04, 0x0a, 0x0b, 0x0c, 0x24, 0x25, 0x26, 0x27, 0x36,
		0x39, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0xa6, 0xa7, 0xb9, 0xff }; /* with ud0 to ud2 */
	unsigned reg = modrm >> 3 & 7;
	if (memchr(undefined, opcode, sizeof undefined))
		return true;
	switch (opcode) {
	case 0x00: return reg > 5;
	case 0x20: /* mov from and to a control register */
	case 0x22: return reg == 1 || reg > 4;
	case 0xb2:
	case 0xb4:
	case 0xb5: return modrm >= 0xc0; /* lss, lfs, lgs */
	case 0xba: return reg < 4;       /* bt and its like */
	case 0xc7: return reg == 0 || reg == 2 || (reg == 1 && modrm >= 0xc0);
	default: return false;
	}
}

/* SDM vol 2, LOCK, and AMD's mov of CR8. */
static bool goes_with_lock(bool is_0f, uint8_t opcode, uint8_t modrm)
{
	static const uint8_t two[] = { 0xab, 0xb0, 0xb1, 0xb3, 0xbb, 0xc0, 0xc1 };
	unsigned reg = modrm >> 3 & 7;
	if (is_0f && (opcode == 0x20 || opcode == 0x22))
		return true;
	if (modrm >= 0xc0)
		return false;
	if (is_0f)
		return memchr(two, opcode, sizeof two) || (opcode == 0xba && reg > 4) ||
		       (opcode == 0xc7 && reg == 1);
	switch (opcode) {
	case 0x80: /* add and the like, imm; not cmp */
	case 0x81:
	case 0x82:
	case 0x83: return reg != 7;
	case 0x86: /* xchg */
	case 0x87: return true;
	case 0xf6: /* not, neg */
	case 0xf7: return reg == 2 || reg == 3;
	case 0xfe: /* inc, dec */
	case 0xff: return reg < 2;
	default: return opcode < 0x38 && (opcode & 7) < 2; /* add and the like */
	}
}

static enum insn_faults one_byte_faults(uint8_t opcode, uint8_t modrm, bool is_64)
{
	unsigned reg = modrm >> 3 & 7;
	bool is_vex = is_64 || modrm >= 0xc0; /* SDM vol 2, 2.3.1; EVEX: 2.7.1 */
	if (is_invalid(opcode, modrm, is_64))
		return INSN_FAULTS_INVALID;
	switch (opcode) {
	case 0xd4: /* aam */ return INSN_FAULTS_DIVIDE;
	case 0xf6:
	case 0xf7: /* div, idiv */ return reg >= 6 ? INSN_FAULTS_DIVIDE : INSN_FAULTS_USUAL;
	case 0xff: /* far call and jmp */
		return reg == 3 || reg == 5 ? INSN_FAULTS_SEGMENT : INSN_FAULTS_USUAL;
	case 0xc4:
	case 0xc5: /* les, lds */ return is_vex ? INSN_FAULTS_SIMD : INSN_FAULTS_SEGMENT;
	case 0x62: /* bound */ return is_vex ? INSN_FAULTS_SIMD : INSN_FAULTS_BOUND;
	case 0x07:
	case 0x17:
	case 0x1f: /* pop es, ss, ds */
	case 0x8e: /* mov to a segment register */
	case 0x9a: /* far call */
	case 0xca:
	case 0xcb: /* retf */
	case 0xcf: /* iret */
	case 0xea: /* far jmp */ return INSN_FAULTS_SEGMENT;
	case 0x9b: /* fwait */ return INSN_FAULTS_FLOAT;
	default: return opcode >= 0xd8 && opcode <= 0xdf ? INSN_FAULTS_FLOAT : INSN_FAULTS_USUAL;
	}
}

static enum insn_faults two_byte_faults(uint8_t opcode, uint8_t modrm)
{
	if (is_invalid_0f(opcode, modrm))
		return INSN_FAULTS_INVALID;
	switch (opcode) {
	case 0xa1:
	case 0xa9: /* pop fs, gs */
	case 0xb2:
	case 0xb4:
	case 0xb5: /* lss, lfs, lgs */ return INSN_FAULTS_SEGMENT;
	case 0xae: /* fxsave and its like */
	case 0xc2:
	case 0xc4:
	case 0xc5:
	case 0xc6: return INSN_FAULTS_SIMD;
	}
	if ((opcode >= 0x10 && opcode <= 0x17) || (opcode >= 0x28 && opcode <= 0x2f) ||
	        (opcode >= 0x50 && opcode <= 0x7f) || opcode >= 0xd0)
		return INSN_FAULTS_SIMD;
	return INSN_FAULTS_USUAL;
}

/* --- instructions that do nothing but compute, load, store and jump ------------------------------
 *
 * Their exceptions are those of memory operands and of the jump's target: SDM vol 2, the
 * instructions' exception tables. Left out, besides what the faults above tell: I/O, cli and sti
 * (IOPL), sahf and lahf (CPUID), and forms that are invalid or not documented. */

/* Of the one-byte map from 0x40 on, whatever ModRM is. */
static const struct {
	uint8_t first, last;
} plain[] = {
	{ 0x40, 0x5f },                 /* inc, dec (REX in 64-bit code), push, pop */
	{ 0x68, 0x6b },                 /* push imm, imul */
	{ 0x70, 0x7f },                 /* jcc */
	{ 0x80, 0x81 },                 /* add and the like, imm */
	{ 0x83, 0x87 },                 /* the same; test, xchg */
	{ 0x88, 0x8b },                 /* mov */
	{ 0x90, 0x99 },                 /* nop, xchg with eax, cbw, cwd */
	{ 0xa0, 0xaf },                 /* mov with an offset, movs, cmps, test, stos, lods, scas */
	{ 0xb0, 0xbf },                 /* mov of an immediate */
	{ 0xc2, 0xc3 },                 /* ret */
	{ 0xc9, 0xc9 },                 /* leave */
	{ 0xd7, 0xd7 },                 /* xlat */
	{ 0xe0, 0xe3 },                 /* loop, jcxz */
	{ 0xe8, 0xe9 },                 /* call, jmp */
	{ 0xeb, 0xeb }, { 0xf5, 0xf5 }, /* cmc */
	{ 0xf8, 0xf9 },                 /* clc, stc */
	{ 0xfc, 0xfd },                 /* cld, std */
};

static bool is_plain(uint8_t opcode, bool is_64)
{
	if (opcode < 0x40) /* add, or, adc, sbb, and, sub, xor, cmp; push of a segment register */
		return (opcode & 7) < 6 || (!is_64 && (opcode == 0x06 || opcode == 0x0e ||
		                                              opcode == 0x16 || opcode == 0x1e));
	if (opcode == 0x60 || opcode == 0x61) /* pusha, popa */
		return !is_64;
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		if (opcode >= plain[i].first && opcode <= plain[i].last)
			return true;
	return false;
}

/* What ModRM decides. */
static bool is_plain_group(uint8_t opcode, uint8_t modrm)
{
	unsigned reg = modrm >> 3 & 7;
	switch (opcode) {
	case 0x8d: /* lea */ return modrm < 0xc0;
	case 0xc0: /* shifts; 6 is not documented */
	case 0xc1:
	case 0xd0:
	case 0xd1:
	case 0xd2:
	case 0xd3: return reg != 6;
	case 0xc6: /* mov imm */
	case 0xc7: return reg == 0;
	case 0xf6: /* test, not, neg, mul, imul */
	case 0xf7: return reg == 0 || (reg >= 2 && reg <= 5);
	case 0xfe: /* inc, dec */ return reg < 2;
	case 0xff: /* inc, dec, call, jmp, push */ return reg != 3 && reg != 5 && reg != 7;
	default: return false;
	}
}

static bool is_plain_0f(uint8_t opcode)
{
	switch (opcode & 0xf0) {
	case 0x40:              /* cmovcc */
	case 0x80:              /* jcc */
	case 0x90: return true; /* setcc */
	}
	switch (opcode) {
	case 0x1f: /* nop */
	case 0xa3: /* bt, shld, bts, shrd, imul */
	case 0xa4:
	case 0xa5:
	case 0xab:
	case 0xac:
	case 0xad:
	case 0xaf:
	case 0xb0: /* cmpxchg */
	case 0xb1:
	case 0xb3: /* btr, movzx, btc, bsf, bsr, movsx, xadd */
	case 0xb6:
	case 0xb7:
	case 0xbb:
	case 0xbc:
	case 0xbd:
	case 0xbe:
	case 0xbf:
	case 0xc0:
	case 0xc1: return true;
	default: return opcode >= 0xc8 && opcode <= 0xcf; /* bswap */
	}
}

static enum insn_jump jump_of(bool is_0f, uint8_t opcode, uint8_t modrm)
{
	unsigned reg = modrm >> 3 & 7;
	if (is_0f)
		return (opcode & 0xf0) == 0x80 ? INSN_JUMP_RELATIVE : INSN_NO_JUMP;
	if (opcode == 0xc2 || opcode == 0xc3 || (opcode == 0xff && (reg == 2 || reg == 4)))
		return INSN_JUMP_ANYWHERE;
	bool is_relative = (opcode & 0xf0) == 0x70 || (opcode >= 0xe0 && opcode <= 0xe3) ||
	                   opcode == 0xe8 || opcode == 0xe9 || opcode == 0xeb;
	return is_relative ? INSN_JUMP_RELATIVE : INSN_NO_JUMP;
}

/* Opcode, ModRM, SIB, displacement, immediate of the longest plain one, an add. */
#define PLAIN_MAX (1 + 1 + 1 + 4 + 4)

void insn_find_faults(struct insn *i, uint8_t modrm, bool is_64)
{
	const bool is_0f = i->is_0f;
	i->faults = is_0f ? two_byte_faults(i->opcode, modrm)
	                  : one_byte_faults(i->opcode, modrm, is_64);
	if (i->has_lock && !goes_with_lock(is_0f, i->opcode, modrm))
		i->faults = INSN_FAULTS_INVALID;
	/* With more prefixes it may be too long, which is #GP. */
	if (i->has_lock || i->rep != INSN_ONCE || i->prefix_len + PLAIN_MAX > INSN_MAX)
		return;
	bool is_one = is_0f ? is_plain_0f(i->opcode)
	                    : is_plain(i->opcode, is_64) || is_plain_group(i->opcode, modrm);
	if (!is_one)
		return;
	i->faults = INSN_FAULTS_ACCESS;
	i->jump = jump_of(is_0f, i->opcode, modrm);
}

/* The decoder of run control: prefixes, opcode and ModRM, as far as a step has to know them. */
#include "debug/insn.h"

#include <string.h>

#include "base/cpu_bits.h"

/* One-byte opcodes that are not INSN_OTHER; mov ss (8e /2) is found by its ModRM. */
static const uint8_t kinds[256] = {
	[0x17] = INSN_LOAD_SS, /* pop ss */
	[0x6c] = INSN_STRING,  /* insb */
	[0x6d] = INSN_STRING,
	[0x6e] = INSN_STRING, /* outsb */
	[0x6f] = INSN_STRING,
	[0x9c] = INSN_PUSHF,
	[0x9d] = INSN_POPF,
	[0xa4] = INSN_STRING, /* movsb */
	[0xa5] = INSN_STRING,
	[0xa6] = INSN_SCAN, /* cmpsb */
	[0xa7] = INSN_SCAN,
	[0xaa] = INSN_STRING, /* stosb */
	[0xab] = INSN_STRING,
	[0xac] = INSN_STRING, /* lodsb */
	[0xad] = INSN_STRING,
	[0xae] = INSN_SCAN, /* scasb */
	[0xaf] = INSN_SCAN,
	[0xcc] = INSN_INT, /* int3 */
	[0xcd] = INSN_INT, /* int n */
	[0xce] = INSN_INT, /* into */
	[0xcf] = INSN_IRET,
	[0xf1] = INSN_INT, /* int1 */
	[0xf4] = INSN_HLT,
};

/* Behind 0f. */
static enum insn_kind two_byte_kind(uint8_t opcode)
{
	switch (opcode) {
	case 0x21:
	case 0x23: return INSN_MOV_DR;
	case 0x05: /* syscall */
	case 0x07: /* sysret */
	case 0x34: /* sysenter */
	case 0x35: /* sysexit */
	case 0xaa: /* rsm */ return INSN_SYSTEM;
	default: return INSN_OTHER;
	}
}

/* Behind 0f; at: ModRM, which 01 and 22 have. SDM vol 2, "MOV - Move to/from Control Registers",
 * LMSW, CLTS. */
static int8_t written_cr(uint8_t opcode, const uint8_t *at, bool has_rex_r)
{
	if (opcode == 0x06)
		return 0;
	if (opcode != 0x01 && opcode != 0x22)
		return -1;
	unsigned reg = at[0] >> 3 & 7;
	if (opcode == 0x22)
		return (int8_t)(reg + (has_rex_r ? 8 : 0));
	return reg == 6 ? 0 : -1;
}

/* What these are, or what they can raise, is in their ModRM. */
static bool needs_modrm(bool is_0f, uint8_t opcode)
{
	static const uint8_t one[] = { 0x62, 0x8c, 0x8d, 0x8e, 0x8f, 0xc0, 0xc1, 0xc4, 0xc5, 0xc6,
		0xc7, 0xd0, 0xd1, 0xd2, 0xd3, 0xf6, 0xf7, 0xfe, 0xff };
	static const uint8_t two[] = { 0x00, 0x01, 0x20, 0x22, 0xb2, 0xb4, 0xb5, 0xba, 0xc7 };
	return is_0f ? memchr(two, opcode, sizeof two) != NULL
	             : memchr(one, opcode, sizeof one) != NULL;
}

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

/* Of the one-byte map, whatever ModRM is. */
static bool is_plain(uint8_t opcode, bool is_64)
{
	if (opcode < 0x40) /* add, or, adc, sbb, and, sub, xor, cmp; push of a segment register */
		return (opcode & 7) < 6 || (!is_64 && (opcode == 0x06 || opcode == 0x0e ||
		                                              opcode == 0x16 || opcode == 0x1e));
	if (opcode < 0x60) /* inc, dec (REX in 64-bit code), push, pop */
		return true;
	if (opcode >= 0x70 && opcode < 0x80) /* jcc */
		return true;
	if (opcode >= 0xb0 && opcode < 0xc0) /* mov of an immediate */
		return true;
	switch (opcode) {
	case 0x60: /* pusha */
	case 0x61: /* popa */ return !is_64;
	case 0x68: /* push imm */
	case 0x69: /* imul */
	case 0x6a:
	case 0x6b:
	case 0x80: /* add and the like, imm */
	case 0x81:
	case 0x83:
	case 0x84: /* test */
	case 0x85:
	case 0x86: /* xchg */
	case 0x87:
	case 0x88: /* mov */
	case 0x89:
	case 0x8a:
	case 0x8b:
	case 0x90: /* nop, xchg with eax */
	case 0x91:
	case 0x92:
	case 0x93:
	case 0x94:
	case 0x95:
	case 0x96:
	case 0x97:
	case 0x98: /* cbw, cwd */
	case 0x99:
	case 0xa0: /* mov with an offset */
	case 0xa1:
	case 0xa2:
	case 0xa3:
	case 0xa4: /* movs */
	case 0xa5:
	case 0xa6: /* cmps */
	case 0xa7:
	case 0xa8: /* test */
	case 0xa9:
	case 0xaa: /* stos */
	case 0xab:
	case 0xac: /* lods */
	case 0xad:
	case 0xae: /* scas */
	case 0xaf:
	case 0xc2: /* ret */
	case 0xc3:
	case 0xc9: /* leave */
	case 0xd7: /* xlat */
	case 0xe0: /* loop, jcxz */
	case 0xe1:
	case 0xe2:
	case 0xe3:
	case 0xe8: /* call, jmp */
	case 0xe9:
	case 0xeb:
	case 0xf5: /* cmc, clc, stc, cld, std */
	case 0xf8:
	case 0xf9:
	case 0xfc:
	case 0xfd: return true;
	default: return false;
	}
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

/* Sets faults and jump where more is known. at is after the opcode. With more prefixes it may be
 * too long, which is #GP. */
static void look_for_plain(struct insn *i, bool is_0f, const uint8_t *at, size_t left, bool is_64)
{
	uint8_t modrm = left ? at[0] : 0;
	if (i->has_lock && !goes_with_lock(is_0f, i->opcode, modrm))
		i->faults = INSN_FAULTS_INVALID;
	if (i->has_lock || i->rep != INSN_ONCE || i->prefix_len + PLAIN_MAX > INSN_MAX)
		return;
	bool is_one = is_0f ? is_plain_0f(i->opcode)
	                    : is_plain(i->opcode, is_64) || is_plain_group(i->opcode, modrm);
	if (!is_one)
		return;
	i->faults = INSN_FAULTS_ACCESS;
	i->jump = jump_of(is_0f, i->opcode, modrm);
}

/* --- decoding --------------------------------------------------------------------------------- */

/* Legacy prefixes, SDM vol 2, 2.1.1. False when byte is none. */
static bool take_prefix(
        struct insn *i, uint8_t byte, bool *has_address_size, bool *has_operand_size)
{
	switch (byte) {
	case 0xf0: i->has_lock = true; return true;
	case 0xf2: i->rep = INSN_REPNE; return true;
	case 0xf3: i->rep = INSN_REPE; return true;
	case 0x67: *has_address_size = true; return true;
	case 0x66: *has_operand_size = true; return true;
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0x64:
	case 0x65: return true;
	default: return false;
	}
}

/* SDM vol 2, tables 2-1 to 2-3. */
unsigned insn_modrm_len(const uint8_t *at, size_t left, unsigned address_bits)
{
	if (!left)
		return 0;
	unsigned mod = at[0] >> 6, rm = at[0] & 7, len = 1;
	if (mod == 3)
		return 1;
	if (address_bits == 16) {
		len += mod == 1 ? 1 : mod == 2 || rm == 6 ? 2 : 0;
	} else {
		if (rm == 4) {
			if (left < 2)
				return 0;
			len += 1 + (mod == 0 && (at[1] & 7) == 5 ? 4 : 0);
		}
		len += mod == 1 ? 1 : mod == 2 || (mod == 0 && rm == 5) ? 4 : 0;
	}
	return len <= left ? len : 0;
}

/* len, vector, and what depends on ModRM. at is after the opcode. */
static bool finish(struct insn *i, const uint8_t *at, size_t left, bool is_64)
{
	unsigned tail;
	uint8_t modrm = left ? at[0] : 0, reg = modrm >> 3 & 7;
	if (needs_modrm(false, i->opcode) && !left)
		return false;
	if (i->opcode == 0x8e && reg == 2)
		i->kind = INSN_LOAD_SS;
	i->faults = one_byte_faults(i->opcode, modrm, is_64);
	if (i->kind == INSN_OTHER || i->kind == INSN_STRING || i->kind == INSN_SCAN)
		return true;
	i->len = i->prefix_len + 1;
	switch (i->opcode) {
	case 0x8e:
		tail = insn_modrm_len(at, left, i->address_bits);
		i->len += tail;
		return tail != 0;
	case 0xcc: i->vector = 3; return true;
	case 0xcd:
		if (!left)
			return false;
		i->vector = at[0];
		i->len++;
		return true;
	case 0xce: i->vector = 4; return true;
	case 0xf1: i->vector = 1; return true;
	}
	return true;
}

bool insn_decode(struct insn *i, const uint8_t *bytes, size_t len, unsigned code_bits)
{
	bool has_address_size = false, has_operand_size = false;
	uint8_t rex = 0;
	size_t at = 0;
	*i = (struct insn) { .address_bits = code_bits,
		.operand_bits = code_bits == 16 ? 16 : 32,
		.written_cr = -1 };
	for (; at < len; at++) {
		/* A REX that does not stand right before the opcode is ignored, SDM vol 2, 2.2.1.
		 */
		if (take_prefix(i, bytes[at], &has_address_size, &has_operand_size))
			rex = 0;
		else if (code_bits == 64 && (bytes[at] & 0xf0) == 0x40)
			rex = bytes[at];
		else
			break;
	}
	if (has_address_size)
		i->address_bits = code_bits == 32 ? 16 : 32;
	if (has_operand_size)
		i->operand_bits = code_bits == 16 ? 32 : 16;
	if (rex & 8)
		i->operand_bits = 64;
	if (at == len)
		return false;
	i->prefix_len = (unsigned)at;
	i->opcode = bytes[at++];
	if (i->opcode != 0x0f) {
		i->kind = (enum insn_kind)kinds[i->opcode];
		if (!finish(i, bytes + at, len - at, code_bits == 64))
			return false;
		look_for_plain(i, false, bytes + at, len - at, code_bits == 64);
		i->is_magic = i->opcode == 0x87 && i->operand_bits == 16 && !(rex & 5) &&
		              at < len && bytes[at] == 0xdb;
		return true;
	}
	if (at == len)
		return false;
	i->opcode = bytes[at++];
	i->is_0f = true;
	if (needs_modrm(true, i->opcode) && at == len)
		return false;
	i->kind = two_byte_kind(i->opcode);
	i->faults = two_byte_faults(i->opcode, at < len ? bytes[at] : 0);
	i->written_cr = written_cr(i->opcode, bytes + at, rex & 4);
	look_for_plain(i, true, bytes + at, len - at, code_bits == 64);
	return true;
}

bool insn_is_int_n(const struct insn *i)
{
	return i->kind == INSN_INT && i->opcode == 0xcd;
}

bool insn_is_vex(const struct insn *i)
{
	return !i->is_0f && i->faults == INSN_FAULTS_SIMD;
}

bool insn_is_rep(const struct insn *i)
{
	return (i->kind == INSN_STRING || i->kind == INSN_SCAN) && i->rep != INSN_ONCE;
}

uint64_t insn_count_mask(const struct insn *i)
{
	return i->address_bits == 64 ? UINT64_MAX : (1ull << i->address_bits) - 1;
}

bool insn_has_rep_ended(const struct insn *i, uint64_t left, uint64_t rflags)
{
	bool zf = rflags & RFLAGS_ZF;
	return left == 0 || (i->kind == INSN_SCAN && zf != (i->rep == INSN_REPE));
}

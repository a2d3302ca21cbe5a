/* The decoder of run control: prefixes, opcode and ModRM, as far as a step has to know them. */
#include "debug/insn_faults.h"

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
static bool finish(struct insn *i, const uint8_t *at, size_t left)
{
	unsigned tail;
	uint8_t modrm = left ? at[0] : 0, reg = modrm >> 3 & 7;
	if (needs_modrm(false, i->opcode) && !left)
		return false;
	if (i->opcode == 0x8e && reg == 2)
		i->kind = INSN_LOAD_SS;
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
		i->is_magic = i->opcode == 0x87 && i->operand_bits == 16 && !(rex & 5) &&
		              at < len && bytes[at] == 0xdb;
		insn_find_faults(i, at < len ? bytes[at] : 0, code_bits == 64);
		return finish(i, bytes + at, len - at);
	}
	if (at == len)
		return false;
	i->opcode = bytes[at++];
	i->is_0f = true;
	if (needs_modrm(true, i->opcode) && at == len)
		return false;
	i->kind = two_byte_kind(i->opcode);
	insn_find_faults(i, at < len ? bytes[at] : 0, code_bits == 64);
	i->written_cr = written_cr(i->opcode, bytes + at, rex & 4);
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

#include "debug/insn.h"

/* One-byte opcodes that are not INSN_OTHER. */
static const uint8_t kinds[256] = {
	[0x6c] = INSN_STRING, /* insb */
	[0x6d] = INSN_STRING,
	[0x6e] = INSN_STRING, /* outsb */
	[0x6f] = INSN_STRING,
	[0x9c] = INSN_FLAGS,  /* pushf */
	[0x9d] = INSN_FLAGS,  /* popf */
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
	[0xcc] = INSN_FLAGS, /* int3 */
	[0xcd] = INSN_FLAGS, /* int n */
	[0xce] = INSN_FLAGS, /* into */
	[0xcf] = INSN_FLAGS, /* iret */
	[0xf1] = INSN_FLAGS, /* int1 */
	[0xf4] = INSN_HLT,
};

/* Behind 0f. */
static bool is_two_byte_flags(uint8_t opcode)
{
	switch (opcode) {
	case 0x05: /* syscall */
	case 0x07: /* sysret */
	case 0x34: /* sysenter */
	case 0x35: /* sysexit */
	case 0xaa: /* rsm */ return true;
	default: return false;
	}
}

/* Legacy prefixes, SDM vol 2, 2.1.1. False when byte is none. */
static bool take_prefix(struct insn *i, uint8_t byte, bool *has_address_size)
{
	switch (byte) {
	case 0xf0: i->has_lock = true; return true;
	case 0xf2: i->rep = INSN_REPNE; return true;
	case 0xf3: i->rep = INSN_REPE; return true;
	case 0x67: *has_address_size = true; return true;
	case 0x66:
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0x64:
	case 0x65: return true;
	default: return false;
	}
}

bool insn_decode(struct insn *i, const uint8_t *bytes, size_t len, unsigned code_bits)
{
	bool has_address_size = false;
	size_t at = 0;
	*i = (struct insn) { .address_bits = code_bits };
	while (at < len && take_prefix(i, bytes[at], &has_address_size))
		at++;
	if (code_bits == 64 && at < len && (bytes[at] & 0xf0) == 0x40) /* REX */
		at++;
	if (has_address_size)
		i->address_bits = code_bits == 32 ? 16 : 32;
	if (at == len)
		return false;
	i->prefix_len = (unsigned)at;
	i->opcode = bytes[at];
	if (i->opcode != 0x0f) {
		i->kind = (enum insn_kind)kinds[i->opcode];
		return true;
	}
	if (at + 1 == len)
		return false;
	i->opcode = bytes[at + 1];
	i->kind = is_two_byte_flags(i->opcode) ? INSN_FLAGS : INSN_OTHER;
	return true;
}

/* How the tables are read: an opcode's row says what it does with its ModRM operand, or what else
 * it accesses. Sizes: B byte, V the operand size, D a far pointer (operand size + 2), T two of the
 * operand size (bound), and numbers of bytes. */
#include "debug/operands.h"

#include <string.h>

enum size { NONE, B, V, D, T, W2, Q8, X16 };

enum access { R = 1, W = 2, RW = 3 };

struct row {
	uint8_t first, last; /* opcodes */
	uint8_t access, size;
};

/* One-byte opcodes with a ModRM operand that may be memory. Group opcodes whose access depends on
 * /reg are done in group(). */
static const struct row one_byte[] = {
	{ 0x62, 0x62, R, T },
	{ 0x63, 0x63, RW, W2 },
	{ 0x69, 0x69, R, V },
	{ 0x6b, 0x6b, R, V },
	{ 0x84, 0x84, R, B },
	{ 0x85, 0x85, R, V },
	{ 0x86, 0x86, RW, B },
	{ 0x87, 0x87, RW, V },
	{ 0x88, 0x88, W, B },
	{ 0x89, 0x89, W, V },
	{ 0x8a, 0x8a, R, B },
	{ 0x8b, 0x8b, R, V },
	{ 0x8c, 0x8c, W, W2 },
	{ 0x8e, 0x8e, R, W2 },
	{ 0xc0, 0xc0, RW, B },
	{ 0xc1, 0xc1, RW, V },
	{ 0xc4, 0xc5, R, D },
	{ 0xc6, 0xc6, W, B },
	{ 0xc7, 0xc7, W, V },
	{ 0xd0, 0xd0, RW, B },
	{ 0xd1, 0xd1, RW, V },
	{ 0xd2, 0xd2, RW, B },
	{ 0xd3, 0xd3, RW, V },
};

/* Behind 0f. */
static const struct row two_byte[] = {
	{ 0x02, 0x03, R, W2 },
	{ 0x10, 0x10, R, X16 },
	{ 0x11, 0x11, W, X16 },
	{ 0x12, 0x12, R, Q8 },
	{ 0x13, 0x13, W, Q8 },
	{ 0x14, 0x16, R, X16 },
	{ 0x17, 0x17, W, Q8 },
	{ 0x28, 0x28, R, X16 },
	{ 0x29, 0x29, W, X16 },
	{ 0x2a, 0x2a, R, Q8 },
	{ 0x2b, 0x2b, W, X16 },
	{ 0x2c, 0x2f, R, X16 },
	{ 0x40, 0x4f, R, V },
	{ 0x50, 0x6d, R, X16 },
	{ 0x6e, 0x6e, R, V },
	{ 0x6f, 0x76, R, X16 },
	{ 0x7e, 0x7e, W, V },
	{ 0x7f, 0x7f, W, X16 },
	{ 0x90, 0x9f, W, B },
	{ 0xa3, 0xa3, R, V },
	{ 0xa4, 0xa5, RW, V },
	{ 0xab, 0xab, RW, V },
	{ 0xac, 0xad, RW, V },
	{ 0xaf, 0xaf, R, V },
	{ 0xb0, 0xb0, RW, B },
	{ 0xb1, 0xb1, RW, V },
	{ 0xb2, 0xb2, R, D },
	{ 0xb3, 0xb3, RW, V },
	{ 0xb4, 0xb5, R, D },
	{ 0xb6, 0xb6, R, B },
	{ 0xb7, 0xb7, R, W2 },
	{ 0xb8, 0xb8, R, V },
	{ 0xba, 0xba, RW, V },
	{ 0xbb, 0xbb, RW, V },
	{ 0xbc, 0xbd, R, V },
	{ 0xbe, 0xbe, R, B },
	{ 0xbf, 0xbf, R, W2 },
	{ 0xc0, 0xc0, RW, B },
	{ 0xc1, 0xc1, RW, V },
	{ 0xc2, 0xc2, R, X16 },
	{ 0xc3, 0xc3, W, V },
	{ 0xc4, 0xc6, R, X16 },
	{ 0xc7, 0xc7, RW, X16 },
	{ 0xd0, 0xe6, R, X16 },
	{ 0xe7, 0xe7, W, X16 },
	{ 0xe8, 0xff, R, X16 },
};

enum segment { ES, CS, SS, DS, FS, GS, NO_SEGMENT };

/* One decoding under way. */
struct state {
	const uint8_t *at, *end;
	const struct kvm_regs *regs;
	const struct kvm_sregs *sregs;
	unsigned code_bits, address_bits, operand_bytes;
	uint8_t rex;
	enum segment override;
	unsigned count;
	struct operand *to;
};

static uint64_t base_of(const struct state *s, enum segment segment)
{
	const struct kvm_sregs *r = s->sregs;
	const struct kvm_segment *const all[] = { [ES] = &r->es,
		[CS] = &r->cs,
		[SS] = &r->ss,
		[DS] = &r->ds,
		[FS] = &r->fs,
		[GS] = &r->gs };
	if (s->code_bits == 64 && segment != FS && segment != GS)
		return 0;
	return all[segment]->base;
}

static uint64_t reg(const struct state *s, unsigned number)
{
	const struct kvm_regs *r = s->regs;
	const uint64_t all[16] = { r->rax, r->rcx, r->rdx, r->rbx, r->rsp, r->rbp, r->rsi, r->rdi,
		r->r8, r->r9, r->r10, r->r11, r->r12, r->r13, r->r14, r->r15 };
	return all[number & 15];
}

static uint64_t mask(unsigned bits)
{
	return bits == 64 ? UINT64_MAX : (1ull << bits) - 1;
}

/* The access is at offset in segment; offsets wrap at the address size, linear addresses at 4 GiB
 * outside of 64-bit code. */
static void add_at(struct state *s, enum segment segment, uint64_t offset, unsigned bits,
        uint32_t len, unsigned access)
{
	uint64_t gva = base_of(s, segment) + (offset & mask(bits));
	if (s->count == OPERANDS_MAX || !len)
		return;
	s->to[s->count++] = (struct operand) {
		.gva = s->code_bits == 64 ? gva : gva & 0xffffffff,
		.len = len,
		.is_read = access & R,
		.is_write = access & W,
	};
}

static void add(
        struct state *s, enum segment segment, uint64_t offset, uint32_t len, unsigned access)
{
	add_at(s, s->override != NO_SEGMENT ? s->override : segment, offset, s->address_bits, len,
	        access);
}

static unsigned stack_bits(const struct state *s)
{
	return s->code_bits == 64 ? 64 : s->sregs->ss.db ? 32 : 16;
}

/* delta: bytes from rsp. */
static void add_stack(struct state *s, int64_t delta, uint32_t len, unsigned access)
{
	add_at(s, SS, s->regs->rsp + (uint64_t)delta, stack_bits(s), len, access);
}

static bool take(struct state *s, unsigned len, int64_t *value)
{
	uint64_t v = 0;
	if ((size_t)(s->end - s->at) < len)
		return false;
	for (unsigned i = 0; i < len; i++)
		v |= (uint64_t)s->at[i] << 8 * i;
	s->at += len;
	*value = len == 1 ? (int8_t)v : len == 2 ? (int16_t)v : len == 4 ? (int32_t)v : (int64_t)v;
	return true;
}

static uint32_t bytes_of(const struct state *s, uint8_t size)
{
	switch ((enum size)size) {
	case NONE: return 0;
	case B: return 1;
	case V: return s->operand_bytes;
	case D: return s->operand_bytes + 2;
	case T: return 2 * s->operand_bytes;
	case W2: return 2;
	case Q8: return 8;
	case X16: return 16;
	}
	return 0;
}

/* 16-bit addressing forms, SDM vol 2, table 2-1. */
static bool address_16(struct state *s, uint8_t modrm, enum segment *segment, uint64_t *offset)
{
	const struct kvm_regs *r = s->regs;
	const uint64_t bases[8] = { r->rbx + r->rsi, r->rbx + r->rdi, r->rbp + r->rsi,
		r->rbp + r->rdi, r->rsi, r->rdi, r->rbp, r->rbx };
	unsigned mod = modrm >> 6, rm = modrm & 7;
	int64_t displacement = 0;
	bool is_absolute = mod == 0 && rm == 6;
	*segment = (rm == 2 || rm == 3 || rm == 6) && !is_absolute ? SS : DS;
	*offset = is_absolute ? 0 : bases[rm];
	unsigned len = mod == 1 ? 1 : mod == 2 || is_absolute ? 2 : 0;
	if (!take(s, len, &displacement))
		return false;
	*offset += (uint64_t)displacement;
	return true;
}

/* 32-bit and 64-bit forms, tables 2-2 and 2-3. */
static bool address_32(struct state *s, uint8_t modrm, enum segment *segment, uint64_t *offset)
{
	unsigned mod = modrm >> 6, rm = modrm & 7;
	int64_t displacement = 0;
	unsigned len = mod == 1 ? 1 : mod == 2 ? 4 : 0;
	bool is_relative = false;
	*segment = DS;
	*offset = 0;
	if (rm == 4) {
		int64_t sib;
		if (!take(s, 1, &sib))
			return false;
		unsigned index = (sib >> 3 & 7) | (s->rex & 2) << 2, base = sib & 7;
		if (index != 4)
			*offset = reg(s, index) << (sib >> 6 & 3);
		if (base == 5 && mod == 0) {
			len = 4;
		} else {
			*offset += reg(s, base | (s->rex & 1) << 3);
			if (base == 4 || base == 5)
				*segment = s->rex & 1 ? DS : SS;
		}
	} else if (rm == 5 && mod == 0) {
		len = 4;
		is_relative = s->code_bits == 64;
	} else {
		*offset = reg(s, rm | (s->rex & 1) << 3);
		if (rm == 5 && !(s->rex & 1))
			*segment = SS;
	}
	if (!take(s, len, &displacement))
		return false;
	*offset += (uint64_t)displacement;
	if (is_relative) /* the caller adds the instruction's length */
		*offset += s->regs->rip;
	return true;
}

/* The ModRM operand, when it is memory. */
static void add_modrm(
        struct state *s, uint32_t len, unsigned access, unsigned imm_bytes, const uint8_t *start)
{
	int64_t modrm;
	enum segment segment;
	uint64_t offset;
	if (!take(s, 1, &modrm) || (modrm & 0xc0) == 0xc0)
		return;
	bool is_relative = s->address_bits != 16 && s->code_bits == 64 && (modrm & 0xc7) == 5;
	bool ok = s->address_bits == 16 ? address_16(s, (uint8_t)modrm, &segment, &offset)
	                                : address_32(s, (uint8_t)modrm, &segment, &offset);
	if (!ok)
		return;
	if (is_relative) /* rip-relative counts from behind the instruction */
		offset += (uint64_t)(s->at - start) + imm_bytes;
	add(s, segment, offset, len, access);
}

/* Strings: si through DS (or an override), di through ES always. */
static bool string(struct state *s, uint8_t opcode)
{
	uint32_t len = opcode & 1 ? s->operand_bytes : 1;
	uint64_t si = s->regs->rsi, di = s->regs->rdi;
	switch (opcode & 0xfe) {
	case 0x6c: add_at(s, ES, di, s->address_bits, len > 4 ? 4 : len, W); return true;
	case 0x6e: add(s, DS, si, len > 4 ? 4 : len, R); return true;
	case 0xa4:
		add(s, DS, si, len, R);
		add_at(s, ES, di, s->address_bits, len, W);
		return true;
	case 0xa6:
		add(s, DS, si, len, R);
		add_at(s, ES, di, s->address_bits, len, R);
		return true;
	case 0xaa: add_at(s, ES, di, s->address_bits, len, W); return true;
	case 0xac: add(s, DS, si, len, R); return true;
	case 0xae: add_at(s, ES, di, s->address_bits, len, R); return true;
	default: return false;
	}
}

static uint32_t push_bytes(const struct state *s)
{
	return s->code_bits == 64 && s->operand_bytes == 4 ? 8 : s->operand_bytes;
}

/* Pushes and pops, calls and returns. */
static bool stack(struct state *s, uint8_t opcode)
{
	uint32_t n = push_bytes(s), slot = s->sregs->cr0 & 1 ? (s->code_bits == 64 ? 8 : n) : 2;
	switch (opcode) {
	case 0x06:
	case 0x0e:
	case 0x16:
	case 0x1e: /* push a segment register */
	case 0x68:
	case 0x6a:
	case 0x9c:
	case 0xe8: add_stack(s, -(int64_t)n, n, W); return true;
	case 0x07:
	case 0x17:
	case 0x1f:
	case 0x9d:
	case 0xc2:
	case 0xc3: add_stack(s, 0, n, R); return true;
	case 0x60: add_stack(s, -8 * (int64_t)n, 8 * n, W); return true;
	case 0x61: add_stack(s, 0, 8 * n, R); return true;
	case 0x9a: add_stack(s, -2 * (int64_t)n, 2 * n, W); return true;
	case 0xca:
	case 0xcb: add_stack(s, 0, 2 * s->operand_bytes, R); return true;
	case 0xcf: add_stack(s, 0, (s->code_bits == 64 ? 5 : 3) * s->operand_bytes, R); return true;
	case 0xc8: add_stack(s, -(int64_t)n, n, W); return true;
	case 0xc9: add_at(s, SS, s->regs->rbp, stack_bits(s), n, R); return true;
	case 0xcc:
	case 0xcd:
	case 0xce:
	case 0xf1: add_stack(s, -3 * (int64_t)slot, 3 * slot, W); return true;
	}
	if (opcode >= 0x50 && opcode <= 0x57) {
		add_stack(s, -(int64_t)n, n, W);
		return true;
	}
	if (opcode >= 0x58 && opcode <= 0x5f) {
		add_stack(s, 0, n, R);
		return true;
	}
	return false;
}

/* Group opcodes: what is done depends on ModRM's /reg. */
static bool group(struct state *s, uint8_t opcode, const uint8_t *start)
{
	unsigned which = s->at < s->end ? s->at[0] >> 3 & 7 : 0;
	uint32_t n = push_bytes(s), v = s->operand_bytes;
	switch (opcode) {
	case 0x80:
	case 0x82: add_modrm(s, 1, which == 7 ? R : RW, 1, start); return true;
	case 0x81: add_modrm(s, v, which == 7 ? R : RW, v == 2 ? 2 : 4, start); return true;
	case 0x83: add_modrm(s, v, which == 7 ? R : RW, 1, start); return true;
	case 0x8f:
		add_stack(s, 0, n, R);
		add_modrm(s, n, W, 0, start);
		return true;
	case 0xf6:
		add_modrm(s, 1, which == 2 || which == 3 ? RW : R, which < 2, start);
		return true;
	case 0xf7:
		add_modrm(s, v, which == 2 || which == 3 ? RW : R, which < 2 ? v == 2 ? 2 : 4 : 0,
		        start);
		return true;
	case 0xfe: add_modrm(s, 1, RW, 0, start); return true;
	case 0xff:
		if (which == 2 || which == 6)
			add_stack(s, -(int64_t)n, n, W);
		if (which == 3)
			add_stack(s, -2 * (int64_t)n, 2 * n, W);
		add_modrm(s,
		        which == 3 || which == 5 ? v + 2
		        : which >= 2             ? n
		                                 : v,
		        which < 2 ? RW : R, 0, start);
		return true;
	}
	if (opcode >= 0xd8 && opcode <= 0xdf) { /* x87: at most a state image, mostly 10 bytes */
		bool is_store =
		        opcode & 1 && (which == 2 || which == 3 || which == 7 || which == 6);
		uint32_t len = opcode == 0xdd && (which == 4 || which == 6) ? 108 : 10;
		add_modrm(s, len, is_store ? W : R, 0, start);
		return true;
	}
	return false;
}

static void by_table(
        struct state *s, const struct row *rows, size_t count, uint8_t opcode, const uint8_t *start)
{
	for (size_t i = 0; i < count; i++) {
		if (opcode < rows[i].first || opcode > rows[i].last)
			continue;
		uint32_t len = bytes_of(s, rows[i].size);
		unsigned imm =
		        opcode == 0x69 || opcode == 0xc7 ? (s->operand_bytes == 2 ? 2 : 4)
		        : opcode == 0x6b || opcode == 0xc0 || opcode == 0xc1 || opcode == 0xc6 ? 1
		                                                                               : 0;
		add_modrm(s, len, rows[i].access, rows == one_byte ? imm : 0, start);
		return;
	}
}

static void one_byte_opcode(struct state *s, uint8_t opcode, const uint8_t *start)
{
	int64_t offset;
	if (string(s, opcode) || stack(s, opcode) || group(s, opcode, start))
		return;
	if (opcode < 0x40 && (opcode & 7) < 4) { /* add, or, adc, sbb, and, sub, xor, cmp */
		bool to_memory = !(opcode & 2), is_cmp = opcode >= 0x38;
		add_modrm(s, opcode & 1 ? s->operand_bytes : 1, to_memory && !is_cmp ? RW : R, 0,
		        start);
		return;
	}
	if (opcode >= 0xa0 && opcode <= 0xa3) { /* mov with an offset */
		if (take(s, s->address_bits / 8, &offset))
			add(s, DS, (uint64_t)offset, opcode & 1 ? s->operand_bytes : 1,
			        opcode & 2 ? W : R);
		return;
	}
	if (opcode == 0xd7) { /* xlat */
		add(s, DS, s->regs->rbx + (s->regs->rax & 0xff), 1, R);
		return;
	}
	by_table(s, one_byte, sizeof one_byte / sizeof *one_byte, opcode, start);
}

static void two_byte_opcode(struct state *s, uint8_t opcode, const uint8_t *start)
{
	unsigned which = s->at < s->end ? s->at[0] >> 3 & 7 : 0;
	uint32_t n = push_bytes(s);
	switch (opcode) {
	case 0x00: add_modrm(s, 2, which < 2 ? W : R, 0, start); return;
	case 0x01: /* sgdt, sidt, lgdt, lidt; smsw, lmsw */
		add_modrm(s, which < 4 ? s->code_bits == 64 ? 10 : 6 : 2,
		        which < 2 || which == 4 ? W : R, 0, start);
		return;
	case 0xa0:
	case 0xa8: add_stack(s, -(int64_t)n, n, W); return;
	case 0xa1:
	case 0xa9: add_stack(s, 0, n, R); return;
	case 0xae:
		if (which == 0 || which == 4)
			add_modrm(s, 512, W, 0, start);
		else if (which == 1 || which == 5)
			add_modrm(s, 512, R, 0, start);
		else if (which == 2 || which == 3)
			add_modrm(s, 4, which == 3 ? W : R, 0, start);
		return;
	}
	by_table(s, two_byte, sizeof two_byte / sizeof *two_byte, opcode, start);
}

static bool take_prefix(struct state *s, uint8_t byte, bool *has_operand, bool *has_address)
{
	switch (byte) {
	case 0x26: s->override = ES; return true;
	case 0x2e: s->override = CS; return true;
	case 0x36: s->override = SS; return true;
	case 0x3e: s->override = DS; return true;
	case 0x64: s->override = FS; return true;
	case 0x65: s->override = GS; return true;
	case 0x66: *has_operand = true; return true;
	case 0x67: *has_address = true; return true;
	case 0xf0:
	case 0xf2:
	case 0xf3: return true;
	default: return false;
	}
}

unsigned operands_decode(const uint8_t *bytes, size_t len, unsigned code_bits,
        const struct kvm_regs *regs, const struct kvm_sregs *sregs, struct operand to[OPERANDS_MAX])
{
	bool has_operand = false, has_address = false;
	struct state s = { .at = bytes,
		.end = bytes + len,
		.regs = regs,
		.sregs = sregs,
		.code_bits = code_bits,
		.override = NO_SEGMENT,
		.to = to };
	for (; s.at < s.end; s.at++) {
		/* A REX that does not stand right before the opcode is ignored, SDM vol 2, 2.2.1.
		 */
		if (take_prefix(&s, *s.at, &has_operand, &has_address))
			s.rex = 0;
		else if (code_bits == 64 && (*s.at & 0xf0) == 0x40)
			s.rex = *s.at;
		else
			break;
	}
	s.address_bits = has_address ? (code_bits == 32 ? 16 : 32) : code_bits;
	s.operand_bytes = (code_bits == 16) != has_operand ? 2 : 4;
	if (s.rex & 8)
		s.operand_bytes = 8;
	if (s.at == s.end)
		return 0;
	uint8_t opcode = *s.at++;
	if (opcode != 0x0f) {
		one_byte_opcode(&s, opcode, bytes);
	} else if (s.at < s.end) {
		opcode = *s.at++;
		two_byte_opcode(&s, opcode, bytes);
	}
	return s.count;
}

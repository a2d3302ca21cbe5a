/* Which linear addresses an instruction is about to access: ModRM, implied operands, the stack. */
#include "debug/operands.h"

#include "base/bytes.h"
#include "debug/opcodes.h"

enum access { R = 1, W = 2 };

enum segment { ES, CS, SS, DS, FS, GS, NO_SEGMENT };

/* One decoding under way. */
struct state {
	const uint8_t *start, *at, *end;
	const struct kvm_regs *regs;
	const struct kvm_sregs *sregs;
	struct opcode opcode;
	unsigned code_bits, address_bits;
	uint8_t rex;
	enum segment override;
	bool is_cut; /* the bytes end within the instruction */
	unsigned count;
	struct operand *to;
};

static const struct kvm_segment *segment_of(const struct state *s, enum segment segment)
{
	const struct kvm_sregs *r = s->sregs;
	const struct kvm_segment *const all[] = { [ES] = &r->es,
		[CS] = &r->cs,
		[SS] = &r->ss,
		[DS] = &r->ds,
		[FS] = &r->fs,
		[GS] = &r->gs };
	return all[segment];
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
	const struct kvm_segment *g = segment_of(s, segment);
	bool is_64 = s->code_bits == 64, has_base = !is_64 || segment == FS || segment == GS;
	uint64_t gva = (has_base ? g->base : 0) + (offset & mask(bits));
	if (s->count == OPERANDS_MAX || !len)
		return;
	s->to[s->count++] = (struct operand) {
		.gva = is_64 ? gva : gva & 0xffffffff,
		.len = len,
		.is_read = access & R,
		.is_write = access & W,
		.segment = is_64 ? NULL : g,
		.offset = offset & mask(bits),
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
	if ((size_t)(s->end - s->at) < len) {
		s->is_cut = true;
		return false;
	}
	uint64_t v = get_number(s->at, len);
	s->at += len;
	*value = len == 1 ? (int8_t)v : len == 2 ? (int16_t)v : len == 4 ? (int32_t)v : (int64_t)v;
	return true;
}

/* --- the ModRM operand ------------------------------------------------------------------------ */

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
	if (is_relative) /* counts from the end of the instruction */
		*offset +=
		        s->regs->rip + (uint64_t)(s->at - s->start) + opcode_immediate(&s->opcode);
	return true;
}

/* bt, bts, btr and btc with a register count bits from the operand, to either side, in steps of the
 * operand size. */
static uint64_t bit_offset(const struct state *s)
{
	const struct opcode *o = &s->opcode;
	if (o->map != OPCODE_0F ||
	        (o->byte != 0xa3 && o->byte != 0xab && o->byte != 0xb3 && o->byte != 0xbb))
		return 0;
	uint64_t value = reg(s, o->reg | (s->rex & 4) << 1);
	int64_t bit = o->operand_bytes == 2   ? (int16_t)value
	              : o->operand_bytes == 4 ? (int32_t)value
	                                      : (int64_t)value;
	int64_t bits = 8 * (int64_t)o->operand_bytes;
	int64_t steps = bit / bits - (bit % bits < 0);
	return (uint64_t)steps * o->operand_bytes;
}

static void add_modrm(struct state *s)
{
	int64_t modrm;
	enum segment segment;
	uint64_t offset;
	struct opcode_memory memory = opcode_memory(&s->opcode);
	if (!memory.len || !take(s, 1, &modrm) || (modrm & 0xc0) == 0xc0)
		return;
	bool ok = s->address_bits == 16 ? address_16(s, (uint8_t)modrm, &segment, &offset)
	                                : address_32(s, (uint8_t)modrm, &segment, &offset);
	if (!ok)
		return;
	s->is_cut = (size_t)(s->end - s->at) < opcode_immediate(&s->opcode);
	add(s, segment, offset + bit_offset(s), memory.len,
	        (memory.is_read ? R : 0) | (memory.is_write ? W : 0));
}

/* --- what is accessed without a ModRM byte ---------------------------------------------------- */

/* Strings: si through DS (or an override), di through ES always. */
static bool string(struct state *s, uint8_t opcode)
{
	uint32_t len = opcode & 1 ? s->opcode.operand_bytes : 1;
	uint64_t si = s->regs->rsi, di = s->regs->rdi;
	bool has_rep = s->opcode.has_f2 || s->opcode.has_f3;
	switch (opcode & 0xfe) {
	case 0x6c:
	case 0x6e:
	case 0xa4:
	case 0xa6:
	case 0xaa:
	case 0xac:
	case 0xae: break;
	default: return false;
	}
	if (has_rep && !(s->regs->rcx & mask(s->address_bits))) /* no iteration */
		return true;
	switch (opcode & 0xfe) {
	case 0x6c: add_at(s, ES, di, s->address_bits, len > 4 ? 4 : len, W); break;
	case 0x6e: add(s, DS, si, len > 4 ? 4 : len, R); break;
	case 0xa4:
		add(s, DS, si, len, R);
		add_at(s, ES, di, s->address_bits, len, W);
		break;
	case 0xa6:
		add(s, DS, si, len, R);
		add_at(s, ES, di, s->address_bits, len, R);
		break;
	case 0xaa: add_at(s, ES, di, s->address_bits, len, W); break;
	case 0xac: add(s, DS, si, len, R); break;
	case 0xae: add_at(s, ES, di, s->address_bits, len, R); break;
	}
	return true;
}

/* What int pushes: the slots are the gate's, which the operand size is the best guess of outside of
 * real and long mode. There the stack is aligned to 16 bytes first (SDM vol 3, "64-Bit Mode Stack
 * Frame"). */
static void add_frame(struct state *s)
{
	uint32_t slot = s->sregs->cr0 & 1 ? s->opcode.operand_bytes : 2;
	if (s->code_bits == 64)
		add_at(s, SS, (s->regs->rsp & ~15ull) - 40, 64, 40, W);
	else
		add_stack(s, -3 * (int64_t)slot, 3 * slot, W);
}

/* enter: the frame pointer, and with a level the outer frames' pointers and the new one. */
static void add_enter(struct state *s, uint32_t n)
{
	int64_t size, level;
	if (!take(s, 2, &size) || !take(s, 1, &level))
		return;
	level &= 31;
	add_stack(s, -(1 + level) * (int64_t)n, (1 + (uint32_t)level) * n, W);
	if (level > 1)
		add_at(s, SS, s->regs->rbp - (uint64_t)(level - 1) * n, stack_bits(s),
		        ((uint32_t)level - 1) * n, R);
}

/* Pushes and pops, calls and returns. */
static bool stack(struct state *s, uint8_t opcode)
{
	uint32_t n = opcode_push_bytes(&s->opcode), v = s->opcode.operand_bytes;
	uint32_t v4 = v == 2 ? 2 : 4; /* immediates have at most 4 bytes */
	int64_t skipped;
	switch (opcode) {
	case 0x06:
	case 0x0e:
	case 0x16:
	case 0x1e: /* push a segment register */
	case 0x9c: add_stack(s, -(int64_t)n, n, W); return true;
	case 0x68:
	case 0x6a:
	case 0xe8:
		take(s,
		        opcode == 0x6a                         ? 1
		        : opcode == 0xe8 && s->code_bits == 64 ? 4
		                                               : v4,
		        &skipped);
		add_stack(s, -(int64_t)n, n, W);
		return true;
	case 0x07:
	case 0x17:
	case 0x1f:
	case 0x9d:
	case 0xc3: add_stack(s, 0, n, R); return true;
	case 0xc2:
		take(s, 2, &skipped);
		add_stack(s, 0, n, R);
		return true;
	case 0x60: add_stack(s, -8 * (int64_t)n, 8 * n, W); return true;
	case 0x61: add_stack(s, 0, 8 * n, R); return true;
	case 0x9a:
		take(s, v4 + 2, &skipped);
		add_stack(s, -2 * (int64_t)v, 2 * v, W);
		return true;
	case 0xca:
		take(s, 2, &skipped);
		add_stack(s, 0, 2 * v, R);
		return true;
	case 0xcb: add_stack(s, 0, 2 * v, R); return true;
	case 0xcf: add_stack(s, 0, (s->code_bits == 64 ? 5 : 3) * v, R); return true;
	case 0xc8: add_enter(s, n); return true;
	case 0xc9: add_at(s, SS, s->regs->rbp, stack_bits(s), n, R); return true;
	case 0xcd:
		take(s, 1, &skipped);
		add_frame(s);
		return true;
	case 0xcc:
	case 0xce:
	case 0xf1: add_frame(s); return true;
	}
	if (opcode >= 0x50 && opcode <= 0x5f) {
		add_stack(s, opcode < 0x58 ? -(int64_t)n : 0, n, opcode < 0x58 ? W : R);
		return true;
	}
	return false;
}

static void one_byte_opcode(struct state *s)
{
	int64_t offset;
	uint8_t opcode = s->opcode.byte;
	uint32_t n = opcode_push_bytes(&s->opcode), v = s->opcode.operand_bytes;
	struct kvm_regs popped;
	if (string(s, opcode) || stack(s, opcode))
		return;
	if (opcode >= 0xa0 && opcode <= 0xa3) { /* mov with an offset */
		if (take(s, s->address_bits / 8, &offset))
			add(s, DS, (uint64_t)offset, opcode & 1 ? v : 1, opcode & 2 ? W : R);
		return;
	}
	if (opcode == 0xd7) { /* xlat */
		add(s, DS, s->regs->rbx + (s->regs->rax & 0xff), 1, R);
		return;
	}
	if (opcode == 0x8f) { /* pop: rsp has moved when it is a base */
		add_stack(s, 0, n, R);
		popped = *s->regs;
		popped.rsp += n;
		s->regs = &popped;
	} else if (opcode == 0xff && (s->opcode.reg == 2 || s->opcode.reg == 6)) {
		add_stack(s, -(int64_t)n, n, W);
	} else if (opcode == 0xff && s->opcode.reg == 3) {
		add_stack(s, -2 * (int64_t)v, 2 * v, W);
	}
	add_modrm(s);
}

static void two_byte_opcode(struct state *s)
{
	uint32_t n = opcode_push_bytes(&s->opcode);
	switch (s->opcode.byte) {
	case 0xa0:
	case 0xa8: add_stack(s, -(int64_t)n, n, W); return;
	case 0xa1:
	case 0xa9: add_stack(s, 0, n, R); return;
	}
	add_modrm(s);
}

static bool take_prefix(struct state *s, uint8_t byte, bool *has_address)
{
	switch (byte) {
	case 0x26: s->override = ES; return true;
	case 0x2e: s->override = CS; return true;
	case 0x36: s->override = SS; return true;
	case 0x3e: s->override = DS; return true;
	case 0x64: s->override = FS; return true;
	case 0x65: s->override = GS; return true;
	case 0x66: s->opcode.has_66 = true; return true;
	case 0x67: *has_address = true; return true;
	case 0xf0: return true;
	case 0xf2: s->opcode.has_f2 = true; return true;
	case 0xf3: s->opcode.has_f3 = true; return true;
	default: return false;
	}
}

/* The opcode bytes; /reg is looked at ahead. False: there is none. */
static bool take_opcode(struct state *s)
{
	struct opcode *o = &s->opcode;
	int64_t byte;
	if (!take(s, 1, &byte))
		return false;
	if ((uint8_t)byte == 0x0f) {
		o->map = OPCODE_0F;
		if (!take(s, 1, &byte))
			return false;
		if ((uint8_t)byte == 0x38 || (uint8_t)byte == 0x3a) {
			o->map = (uint8_t)byte == 0x38 ? OPCODE_0F38 : OPCODE_0F3A;
			if (!take(s, 1, &byte))
				return false;
		}
	}
	o->byte = (uint8_t)byte;
	o->reg = s->at < s->end ? s->at[0] >> 3 & 7 : 0;
	return true;
}

unsigned operands_decode(const uint8_t *bytes, size_t len, unsigned code_bits,
        const struct kvm_regs *regs, const struct kvm_sregs *sregs, struct operand to[OPERANDS_MAX])
{
	bool has_address = false;
	struct state s = { .start = bytes,
		.at = bytes,
		.end = bytes + len,
		.regs = regs,
		.sregs = sregs,
		.code_bits = code_bits,
		.override = NO_SEGMENT,
		.to = to };
	for (; s.at < s.end; s.at++) {
		/* A REX that does not stand right before the opcode is ignored, SDM vol 2, 2.2.1.
		 */
		if (take_prefix(&s, *s.at, &has_address))
			s.rex = 0;
		else if (code_bits == 64 && (*s.at & 0xf0) == 0x40)
			s.rex = *s.at;
		else
			break;
	}
	s.address_bits = has_address ? (code_bits == 32 ? 16 : 32) : code_bits;
	s.opcode.code_bits = code_bits;
	s.opcode.operand_bytes = s.rex & 8 ? 8 : (code_bits == 16) != s.opcode.has_66 ? 2 : 4;
	if (!take_opcode(&s))
		return 0;
	if (s.opcode.map == OPCODE_1)
		one_byte_opcode(&s);
	else if (s.opcode.map == OPCODE_0F)
		two_byte_opcode(&s);
	else
		add_modrm(&s);
	return s.is_cut ? 0 : s.count;
}

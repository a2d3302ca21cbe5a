/* Tables of opcodes: which have a memory operand, how long it is, and what an immediate and a push
 * are. */
#include "debug/opcodes.h"

#include <stddef.h>

#include "base/array.h"

/* Sizes of operands. */
enum size {
	NONE,
	B,  /* a byte */
	V,  /* the operand size */
	D,  /* a far pointer */
	M2, /* ... bytes */
	M4,
	M8,
	M16,
	Y,    /* 4, with REX.W 8 */
	MMX,  /* 8, with a prefix 16 */
	MMX4, /* 4, with a prefix 16 */
	S,    /* packed 16, f3 4, f2 8 */
	K,    /* 8, 66 16, f3 4, f2 8 */
	O,    /* 4, 66 8 */
	L,    /* 8, f3 16 */
	E,    /* 16, f3 8 */
	C,    /* 8, f2 and f3 as Y */
};

enum access { R = 1, W = 2, RW = 3 };

struct row {
	uint8_t first, last; /* opcodes */
	uint8_t access, size;
};

/* Groups, whose access depends on /reg, are done in map_1 and map_0f. */
static const struct row rows_1[] = {
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
	{ 0x8c, 0x8c, W, M2 },
	{ 0x8e, 0x8e, R, M2 },
	{ 0xc0, 0xc0, RW, B },
	{ 0xc1, 0xc1, RW, V },
	{ 0xc6, 0xc6, W, B },
	{ 0xc7, 0xc7, W, V },
	{ 0xd0, 0xd0, RW, B },
	{ 0xd1, 0xd1, RW, V },
	{ 0xd2, 0xd2, RW, B },
	{ 0xd3, 0xd3, RW, V },
};

static const struct row rows_0f[] = {
	{ 0x02, 0x03, R, M2 },
	{ 0x10, 0x10, R, S },
	{ 0x11, 0x11, W, S },
	{ 0x12, 0x12, R, L },
	{ 0x13, 0x13, W, M8 },
	{ 0x14, 0x15, R, M16 },
	{ 0x16, 0x16, R, L },
	{ 0x17, 0x17, W, M8 },
	{ 0x28, 0x28, R, M16 },
	{ 0x29, 0x29, W, M16 },
	{ 0x2a, 0x2a, R, C },
	{ 0x2b, 0x2b, W, M16 },
	{ 0x2c, 0x2d, R, K },
	{ 0x2e, 0x2f, R, O },
	{ 0x40, 0x4f, R, V },
	{ 0x51, 0x59, R, S },
	{ 0x5a, 0x5a, R, K },
	{ 0x5b, 0x5b, R, M16 },
	{ 0x5c, 0x5f, R, S },
	{ 0x60, 0x62, R, MMX4 },
	{ 0x63, 0x6b, R, MMX },
	{ 0x6c, 0x6d, R, M16 },
	{ 0x6e, 0x6e, R, Y },
	{ 0x6f, 0x70, R, MMX },
	{ 0x74, 0x76, R, MMX },
	{ 0x7c, 0x7d, R, M16 },
	{ 0x7f, 0x7f, W, MMX },
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
	{ 0xb7, 0xb7, R, M2 },
	{ 0xb8, 0xb8, R, V },
	{ 0xbb, 0xbb, RW, V },
	{ 0xbc, 0xbd, R, V },
	{ 0xbe, 0xbe, R, B },
	{ 0xbf, 0xbf, R, M2 },
	{ 0xc0, 0xc0, RW, B },
	{ 0xc1, 0xc1, RW, V },
	{ 0xc2, 0xc2, R, S },
	{ 0xc3, 0xc3, W, Y },
	{ 0xc4, 0xc4, R, M2 },
	{ 0xc6, 0xc6, R, M16 },
	{ 0xd0, 0xd0, R, M16 },
	{ 0xd1, 0xd5, R, MMX },
	{ 0xd6, 0xd6, W, M8 },
	{ 0xd8, 0xe5, R, MMX },
	{ 0xe6, 0xe6, R, E },
	{ 0xe7, 0xe7, W, MMX },
	{ 0xe8, 0xef, R, MMX },
	{ 0xf0, 0xf0, R, M16 },
	{ 0xf1, 0xf6, R, MMX },
	{ 0xf8, 0xfe, R, MMX },
};

static const struct row rows_0f38[] = {
	{ 0x00, 0x0b, R, MMX }, { 0x10, 0x17, R, M16 }, { 0x1c, 0x1e, R, MMX },
	{ 0x20, 0x20, R, M8 }, /* pmovsx and pmovzx */
	{ 0x21, 0x21, R, M4 }, { 0x22, 0x22, R, M2 }, { 0x23, 0x23, R, M8 }, { 0x24, 0x24, R, M4 },
	{ 0x25, 0x25, R, M8 }, { 0x28, 0x2b, R, M16 }, { 0x30, 0x30, R, M8 }, { 0x31, 0x31, R, M4 },
	{ 0x32, 0x32, R, M2 }, { 0x33, 0x33, R, M8 }, { 0x34, 0x34, R, M4 }, { 0x35, 0x35, R, M8 },
	{ 0x37, 0x41, R, M16 }, { 0xc8, 0xdf, R, M16 }, { 0xf6, 0xf6, R, Y }, /* adcx, adox */
};

static const struct row rows_0f3a[] = {
	{ 0x08, 0x09, R, M16 },
	{ 0x0a, 0x0a, R, M4 },
	{ 0x0b, 0x0b, R, M8 },
	{ 0x0c, 0x0e, R, M16 },
	{ 0x0f, 0x0f, R, MMX },
	{ 0x14, 0x14, W, B },
	{ 0x15, 0x15, W, M2 },
	{ 0x16, 0x16, W, Y },
	{ 0x17, 0x17, W, M4 },
	{ 0x20, 0x20, R, B },
	{ 0x21, 0x21, R, M4 },
	{ 0x22, 0x22, R, Y },
	{ 0x40, 0x63, R, M16 },
	{ 0xcc, 0xdf, R, M16 },
};

uint32_t opcode_push_bytes(const struct opcode *o)
{
	return o->code_bits == 64 && o->operand_bytes == 4 ? 8 : o->operand_bytes;
}

static uint32_t bytes_of(const struct opcode *o, enum size size)
{
	uint32_t v = o->operand_bytes, y = v == 8 ? 8 : 4;
	bool has_any = o->has_66 || o->has_f2 || o->has_f3;
	switch (size) {
	case NONE: return 0;
	case B: return 1;
	case V: return v;
	case D: return v + 2;
	case M2: return 2;
	case M4: return 4;
	case M8: return 8;
	case M16: return 16;
	case Y: return y;
	case MMX: return has_any ? 16 : 8;
	case MMX4: return has_any ? 16 : 4;
	case S: return o->has_f3 ? 4 : o->has_f2 ? 8 : 16;
	case K: return o->has_f3 ? 4 : o->has_f2 ? 8 : o->has_66 ? 16 : 8;
	case O: return o->has_66 ? 8 : 4;
	case L: return o->has_f3 ? 16 : 8;
	case E: return o->has_f3 ? 8 : 16;
	case C: return o->has_f2 || o->has_f3 ? y : 8;
	}
	return 0;
}

static struct opcode_memory memory(uint32_t len, unsigned access)
{
	return (struct opcode_memory) { len, access & R, access & W };
}

static struct opcode_memory by_rows(const struct opcode *o, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (o->byte >= rows[i].first && o->byte <= rows[i].last)
			return memory(bytes_of(o, (enum size)rows[i].size), rows[i].access);
	return memory(0, 0);
}
#define BY_ROWS(o, rows) by_rows(o, rows, ARRAY_SIZE(rows))

/* x87, by opcode and /reg. */
#define ENV   100 /* fldenv, fnstenv: 14 or 28 bytes by the operand size */
#define STATE 101 /* frstor, fnsave: 94 or 108 */
#define ST    128 /* a store */
static struct opcode_memory x87(const struct opcode *o)
{
	static const uint8_t sizes[8][8] = {
		{ 4, 4, 4, 4, 4, 4, 4, 4 },
		{ 4, 0, ST | 4, ST | 4, ENV, 2, ST | ENV, ST | 2 },
		{ 4, 4, 4, 4, 4, 4, 4, 4 },
		{ 4, ST | 4, ST | 4, ST | 4, 0, 10, 0, ST | 10 },
		{ 8, 8, 8, 8, 8, 8, 8, 8 },
		{ 8, ST | 8, ST | 8, ST | 8, STATE, 0, ST | STATE, ST | 2 },
		{ 2, 2, 2, 2, 2, 2, 2, 2 },
		{ 2, ST | 2, ST | 2, ST | 2, 10, 8, ST | 10, ST | 8 },
	};
	uint8_t size = sizes[o->byte & 7][o->reg];
	uint32_t len = size & ~ST;
	if (len == ENV)
		len = o->operand_bytes == 2 ? 14 : 28;
	else if (len == STATE)
		len = o->operand_bytes == 2 ? 94 : 108;
	return memory(len, size & ST ? W : R);
}

static struct opcode_memory map_1(const struct opcode *o)
{
	uint32_t n = opcode_push_bytes(o), v = o->operand_bytes;
	unsigned reg = o->reg;
	bool is_64 = o->code_bits == 64;
	if (o->byte < 0x40 && (o->byte & 7) < 4) /* add, or, adc, sbb, and, sub, xor, cmp */
		return memory(o->byte & 1 ? v : 1, !(o->byte & 2) && o->byte < 0x38 ? RW : R);
	if (o->byte >= 0xd8 && o->byte <= 0xdf)
		return x87(o);
	switch (o->byte) {
	case 0x62: return memory(is_64 ? 0 : 2 * v, R);         /* bound; EVEX */
	case 0x63: return is_64 ? memory(4, R) : memory(2, RW); /* movsxd; arpl */
	case 0x80:
	case 0x82: return memory(1, reg == 7 ? R : RW);
	case 0x81:
	case 0x83: return memory(v, reg == 7 ? R : RW);
	case 0x8f: return memory(reg == 0 ? n : 0, W);
	case 0xc4:
	case 0xc5: return memory(is_64 ? 0 : v + 2, R); /* les, lds; VEX */
	case 0xf6: return memory(1, reg == 2 || reg == 3 ? RW : R);
	case 0xf7: return memory(v, reg == 2 || reg == 3 ? RW : R);
	case 0xfe: return memory(reg < 2 ? 1 : 0, RW);
	case 0xff:
		if (reg < 2)
			return memory(v, RW);
		return memory(reg == 7 ? 0 : reg == 3 || reg == 5 ? v + 2 : n, R);
	}
	return BY_ROWS(o, rows_1);
}

static struct opcode_memory map_0f(const struct opcode *o)
{
	unsigned reg = o->reg;
	switch (o->byte) {
	case 0x00: return memory(reg < 6 ? 2 : 0, reg < 2 ? W : R);
	case 0x01: /* sgdt, sidt, lgdt, lidt; smsw, lmsw; invlpg accesses nothing */
		if (reg < 4)
			return memory(o->code_bits == 64 ? 10 : 6, reg < 2 ? W : R);
		return memory(reg == 4 || reg == 6 ? 2 : 0, reg == 4 ? W : R);
	case 0x7e: return o->has_f3 ? memory(8, R) : memory(bytes_of(o, Y), W);
	case 0xae: /* fxsave, fxrstor, ldmxcsr, stmxcsr; xsave's least */
		if (reg == 2 || reg == 3)
			return memory(4, reg == 2 ? R : W);
		return memory(reg < 2 ? 512 : reg < 6 ? 576 : 0, reg & 1 ? R : W);
	case 0xba: return memory(reg < 4 ? 0 : o->operand_bytes, reg == 4 ? R : RW);
	case 0xc7: return memory(reg != 1 ? 0 : o->operand_bytes == 8 ? 16 : 8, RW);
	}
	return BY_ROWS(o, rows_0f);
}

struct opcode_memory opcode_memory(const struct opcode *o)
{
	switch (o->map) {
	case OPCODE_1: return map_1(o);
	case OPCODE_0F: return map_0f(o);
	case OPCODE_0F38:
		if (o->byte == 0xf0 && o->has_f2)
			return memory(1, R); /* crc32; movbe below */
		if (o->byte == 0xf0 || o->byte == 0xf1)
			return memory(o->operand_bytes, o->byte == 0xf0 || o->has_f2 ? R : W);
		return BY_ROWS(o, rows_0f38);
	case OPCODE_0F3A: return BY_ROWS(o, rows_0f3a);
	}
	return memory(0, 0);
}

unsigned opcode_immediate(const struct opcode *o)
{
	unsigned v = o->operand_bytes == 2 ? 2 : 4;
	switch (o->map) {
	case OPCODE_1:
		switch (o->byte) {
		case 0x69:
		case 0x81:
		case 0xc7: return v;
		case 0x6b:
		case 0x80:
		case 0x82:
		case 0x83:
		case 0xc0:
		case 0xc1:
		case 0xc6: return 1;
		case 0xf6: return o->reg < 2;
		case 0xf7: return o->reg < 2 ? v : 0;
		}
		return 0;
	case OPCODE_0F:
		switch (o->byte) {
		case 0x70:
		case 0xa4:
		case 0xac:
		case 0xba:
		case 0xc2:
		case 0xc4:
		case 0xc6: return 1;
		}
		return 0;
	case OPCODE_0F38: return 0;
	case OPCODE_0F3A: return 1;
	}
	return 0;
}

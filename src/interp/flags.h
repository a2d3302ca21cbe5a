/* Flags are the host's: no flag is computed by hand, so undefined ones are the guest CPU's, too.
 *
 * Between two instructions the arithmetic flags stand as lahf and seto leave them in ax, which costs
 * two instructions of the host's and no bit is moved:
 *
 *	15 SF  14 ZF  12 AF  10 PF  9 always 1  8 CF  0 OF
 *
 * An asm template that begins with FLAGS_IN has the guest's flags before the instruction, one that
 * ends with FLAGS_OUT takes them after it; al and ah are taken by them. 7fh + OF overflows where OF is 1. */
#ifndef STEPVM_INTERP_FLAGS_H
#define STEPVM_INTERP_FLAGS_H

#include "interp/state.h"

#define FLAGS_IN  "addb $0x7f, %%al\n\tsahf\n\t"
#define FLAGS_OUT "\n\tlahf\n\tseto %%al"

enum { S_OF = 1, S_CF = 0x100, S_PF = 0x400, S_AF = 0x1000, S_ZF = 0x4000, S_SF = 0x8000 };

/* M(bytes, type, suffix, register constraint) for each size; WIDE without that of bytes. */
#define FOR_WIDE(M)                                                                                \
	M(2, uint16_t, "w", "r")                                                                   \
	M(4, uint32_t, "l", "r")                                                                   \
	M(8, uint64_t, "q", "r")
#define FOR_SIZES(M) M(1, uint8_t, "b", "q") FOR_WIDE(M)

/* The handlers of an operation by operand size: struct insn's osz. */
#define BY_SIZE(name)                                                                              \
	{                                                                                          \
		name##_1, name##_2, name##_4, name##_8                                             \
	}
#define BY_WIDE_SIZE(name)                                                                         \
	{                                                                                          \
		NULL, name##_2, name##_4, name##_8                                                 \
	}

static inline uint64_t flags_get(const struct interp *c)
{
	return c->rflags | (c->status >> 8 & 0xd5) | (c->status & 1) << 11;
}

static inline void flags_put(struct interp *c, uint64_t rflags)
{
	c->rflags = rflags & ~(uint64_t)STATUS;
	c->status = (uint16_t)((rflags & 0xd5) << 8 | (rflags >> 11 & 1));
}

/* cc as jcc's opcodes have it: SDM vol 1, "Condition Codes". */
static inline bool condition(const struct interp *c, unsigned cc)
{
	unsigned s = c->status;
	bool is_less = (s >> 15 ^ s) & 1, is;
	switch (cc >> 1) {
	case 0: is = s & S_OF; break;
	case 1: is = s & S_CF; break;
	case 2: is = s & S_ZF; break;
	case 3: is = s & (S_CF | S_ZF); break;
	case 4: is = s & S_SF; break;
	case 5: is = s & S_PF; break;
	case 6: is = is_less; break;
	default: is = is_less || s & S_ZF; break;
	}
	return is != (cc & 1);
}

#define DEFINE_BINARY(op, N, T, S, R)                                                              \
	static inline uint64_t op##N(struct interp *c, uint64_t x, uint64_t y)                     \
	{                                                                                          \
		unsigned ax;                                                                       \
		T a = (T)x, b = (T)y;                                                              \
		__asm__(#op S " %2, %1" FLAGS_OUT : "=&a"(ax), "+" R(a) : R(b) : "cc");            \
		c->status = (uint16_t)ax;                                                          \
		return a;                                                                          \
	}
#define DEFINE_BINARY_WITH_CARRY(op, N, T, S, R)                                                   \
	static inline uint64_t op##N(struct interp *c, uint64_t x, uint64_t y)                     \
	{                                                                                          \
		unsigned ax = c->status;                                                           \
		T a = (T)x, b = (T)y;                                                              \
		__asm__(FLAGS_IN #op S " %2, %1" FLAGS_OUT : "+&a"(ax), "+" R(a) : R(b) : "cc");   \
		c->status = (uint16_t)ax;                                                          \
		return a;                                                                          \
	}
#define DEFINE_ARITHMETIC(N, T, S, R)                                                              \
	DEFINE_BINARY(add, N, T, S, R)                                                             \
	DEFINE_BINARY(or, N, T, S, R)                                                              \
	DEFINE_BINARY(and, N, T, S, R)                                                             \
	DEFINE_BINARY(sub, N, T, S, R)                                                             \
	DEFINE_BINARY(xor, N, T, S, R)                                                             \
	DEFINE_BINARY_WITH_CARRY(adc, N, T, S, R)                                                  \
	DEFINE_BINARY_WITH_CARRY(sbb, N, T, S, R)
FOR_SIZES(DEFINE_ARITHMETIC)

#endif

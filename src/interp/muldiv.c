/* mul, imul, div, idiv. All flags after a division, and most after a multiplication, are undefined: they
 * are the host's, which has the guest's before. */
#include "interp/flags.h"
#include "interp/handlers.h"
#include "interp/memory.h"

/* ax or dx:ax, multiplied or divided by b: lo and hi are rax and rdx. rax is needed for the flags, too;
 * mov changes none. */
#define HOST_WIDE(op, S, status, lo, hi, b)                                                        \
	__asm__(FLAGS_IN "movq %1, %%rax\n\t" op S " %3\n\tmovq %%rax, %1" FLAGS_OUT               \
	        : "+&a"(status), "+&r"(lo), "+&d"(hi)                                              \
	        : "r"(b)                                                                           \
	        : "cc")

static enum interp_done mul_1(struct interp *c, const struct insn *i)
{
	uint64_t v, lo = c->r[AX] & 0xff, status = c->status;
	if (!rm_read(c, i, 1, &v))
		return FAULTS;
	uint8_t b = (uint8_t)v;
	if (i->ext == 4)
		__asm__(FLAGS_IN "movq %1, %%rax\n\tmulb %2\n\tmovq %%rax, %1" FLAGS_OUT
		        : "+&a"(status), "+&r"(lo)
		        : "q"(b)
		        : "cc");
	else
		__asm__(FLAGS_IN "movq %1, %%rax\n\timulb %2\n\tmovq %%rax, %1" FLAGS_OUT
		        : "+&a"(status), "+&r"(lo)
		        : "q"(b)
		        : "cc");
	reg_put(c, AX * 8, 2, lo);
	c->status = (uint16_t)status;
	return DONE;
}

#define DEFINE_MUL(N, T, S, R)                                                                     \
	static enum interp_done mul_##N(struct interp *c, const struct insn *i)                    \
	{                                                                                          \
		uint64_t v, lo = reg_get(c, AX * 8, N), hi = 0, status = c->status;                \
		if (!rm_read(c, i, N, &v))                                                         \
			return FAULTS;                                                             \
		T b = (T)v;                                                                        \
		if (i->ext == 4)                                                                   \
			HOST_WIDE("mul", S, status, lo, hi, b);                                    \
		else                                                                               \
			HOST_WIDE("imul", S, status, lo, hi, b);                                   \
		c->status = (uint16_t)status;                                                      \
		reg_put(c, AX * 8, N, lo);                                                         \
		reg_put(c, DX * 8, N, hi);                                                         \
		return DONE;                                                                       \
	}                                                                                          \
	/* imul reg, rm (0f af) and imul reg, rm, imm */                                           \
	static enum interp_done imul2_##N(struct interp *c, const struct insn *i)                  \
	{                                                                                          \
		uint64_t v;                                                                        \
		unsigned ax = c->status;                                                           \
		if (!rm_read(c, i, N, &v))                                                         \
			return FAULTS;                                                             \
		T a = i->is_0f ? (T)reg_get(c, i->reg, N) : (T)i->imm, b = (T)v;                   \
		__asm__(FLAGS_IN "imul" S " %2, %1" FLAGS_OUT                                      \
		        : "+&a"(ax), "+r"(a)                                                       \
		        : "r"(b)                                                                   \
		        : "cc");                                                                   \
		c->status = (uint16_t)ax;                                                          \
		reg_put(c, i->reg, N, a);                                                          \
		return DONE;                                                                       \
	}
FOR_WIDE(DEFINE_MUL)

static enum interp_done div_1(struct interp *c, const struct insn *i)
{
	uint64_t v, lo = c->r[AX] & 0xffff, status = c->status;
	if (!rm_read(c, i, 1, &v))
		return FAULTS;
	uint8_t b = (uint8_t)v;
	if (b == 0)
		return raise(c, V_DE);
	if (i->ext == 6) {
		if (lo / b > 0xff)
			return raise(c, V_DE);
		__asm__(FLAGS_IN "movq %1, %%rax\n\tdivb %2\n\tmovq %%rax, %1" FLAGS_OUT
		        : "+&a"(status), "+&r"(lo)
		        : "q"(b)
		        : "cc");
	} else {
		int quotient = (int16_t)lo / (int8_t)b;
		if (quotient > 127 || quotient < -128)
			return raise(c, V_DE);
		__asm__(FLAGS_IN "movq %1, %%rax\n\tidivb %2\n\tmovq %%rax, %1" FLAGS_OUT
		        : "+&a"(status), "+&r"(lo)
		        : "q"(b)
		        : "cc");
	}
	reg_put(c, AX * 8, 2, lo);
	c->status = (uint16_t)status;
	return DONE;
}

/* Whether the quotient of hi:lo, len bytes each, fits. */
static bool is_quotient_signed(uint64_t hi, uint64_t lo, uint64_t by, unsigned len)
{
	unsigned bits = 8 * len, spare = 64 - bits;
	__int128 top = (__int128)1 << (bits - 1), divisor = (int64_t)(by << spare) >> spare,
	         dividend;
	dividend = (__int128)((unsigned __int128)hi << bits | lo);
	if (len < 8)
		dividend = (int64_t)((uint64_t)dividend << (64 - 2 * bits)) >> (64 - 2 * bits);
	if (divisor == -1) /* else the smallest of all has no quotient here, either */
		return dividend > -top && dividend <= top;
	__int128 quotient = dividend / divisor;
	return quotient >= -top && quotient < top;
}

#define DEFINE_DIV(N, T, S, R)                                                                     \
	static enum interp_done div_##N(struct interp *c, const struct insn *i)                    \
	{                                                                                          \
		uint64_t v, lo = reg_get(c, AX * 8, N), hi = reg_get(c, DX * 8, N);                \
		uint64_t status = c->status;                                                       \
		if (!rm_read(c, i, N, &v))                                                         \
			return FAULTS;                                                             \
		T b = (T)v;                                                                        \
		if (b == 0)                                                                        \
			return raise(c, V_DE);                                                     \
		if (i->ext == 6) {                                                                 \
			if (hi >= b)                                                               \
				return raise(c, V_DE);                                             \
			HOST_WIDE("div", S, status, lo, hi, b);                                    \
		} else {                                                                           \
			if (!is_quotient_signed(hi, lo, b, N))                                     \
				return raise(c, V_DE);                                             \
			HOST_WIDE("idiv", S, status, lo, hi, b);                                   \
		}                                                                                  \
		c->status = (uint16_t)status;                                                      \
		reg_put(c, AX * 8, N, lo);                                                         \
		reg_put(c, DX * 8, N, hi);                                                         \
		return DONE;                                                                       \
	}
FOR_WIDE(DEFINE_DIV)

interp_fn *const interp_mul[4] = BY_SIZE(mul);
interp_fn *const interp_imul2[4] = BY_WIDE_SIZE(imul2);
interp_fn *const interp_div[4] = BY_SIZE(div);

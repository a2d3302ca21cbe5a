/* Shifts and rotates: the host's own, with the guest's flags before and after. */
#include "interp/flags.h"
#include "interp/handlers.h"
#include "interp/memory.h"

#define DEFINE_SHIFT(op, N, T, S)                                                                  \
	static inline T op##N(struct interp *c, T a, uint8_t count)                                \
	{                                                                                          \
		unsigned ax = c->status;                                                           \
		__asm__(FLAGS_IN #op S " %%cl, %1" FLAGS_OUT                                       \
		        : "+&a"(ax), "+r"(a)                                                       \
		        : "c"(count)                                                               \
		        : "cc");                                                                   \
		c->status = (uint16_t)ax;                                                          \
		return a;                                                                          \
	}
/* A shift by 0 to memory is handed over: whether the operand is written then, nobody says. */
#define DEFINE_SHIFTS(N, T, S, R)                                                                  \
	DEFINE_SHIFT(rol, N, T, S)                                                                 \
	DEFINE_SHIFT(ror, N, T, S)                                                                 \
	DEFINE_SHIFT(rcl, N, T, S)                                                                 \
	DEFINE_SHIFT(rcr, N, T, S)                                                                 \
	DEFINE_SHIFT(shl, N, T, S)                                                                 \
	DEFINE_SHIFT(shr, N, T, S)                                                                 \
	DEFINE_SHIFT(sar, N, T, S)                                                                 \
	static inline enum interp_done shift_by_##N(                                               \
	        struct interp *c, const struct insn *i, uint8_t count)                             \
	{                                                                                          \
		struct place at;                                                                   \
		count &= N == 8 ? 63 : 31;                                                         \
		if (count == 0 && i->is_mem)                                                       \
			return HANDOVER;                                                           \
		if (UNLIKELY(!rm_prepare(c, i, N, ACCESS_BOTH, &at)))                              \
			return FAULTS;                                                             \
		T v = (T)rm_old(c, i, N, &at);                                                     \
		switch (i->ext) {                                                                  \
		case 0: v = rol##N(c, v, count); break;                                            \
		case 1: v = ror##N(c, v, count); break;                                            \
		case 2: v = rcl##N(c, v, count); break;                                            \
		case 3: v = rcr##N(c, v, count); break;                                            \
		case 5: v = shr##N(c, v, count); break;                                            \
		case 7: v = sar##N(c, v, count); break;                                            \
		default: v = shl##N(c, v, count); break; /* 6 is another shl */                    \
		}                                                                                  \
		rm_put(c, i, N, &at, v);                                                           \
		return DONE;                                                                       \
	}                                                                                          \
	static enum interp_done shift_imm_##N(struct interp *c, const struct insn *i)              \
	{                                                                                          \
		return shift_by_##N(c, i, (uint8_t)i->imm);                                        \
	}                                                                                          \
	static enum interp_done shift_1_##N(struct interp *c, const struct insn *i)                \
	{                                                                                          \
		return shift_by_##N(c, i, 1);                                                      \
	}                                                                                          \
	static enum interp_done shift_cl_##N(struct interp *c, const struct insn *i)               \
	{                                                                                          \
		return shift_by_##N(c, i, (uint8_t)c->r[CX]);                                      \
	}
FOR_SIZES(DEFINE_SHIFTS)

/* shld (a4, a5) and shrd (ac, ad). By more bits than the operand has: undefined, and not the same on
 * all CPUs. */
#define DEFINE_DOUBLE_SHIFT(N, T, S, R)                                                            \
	static enum interp_done double_shift_##N(struct interp *c, const struct insn *i)           \
	{                                                                                          \
		struct place at;                                                                   \
		uint8_t count = i->op & 1 ? (uint8_t)c->r[CX] : (uint8_t)i->imm;                   \
		unsigned ax = c->status;                                                           \
		count &= N == 8 ? 63 : 31;                                                         \
		if ((count == 0 && i->is_mem) || count > 8 * N)                                    \
			return HANDOVER;                                                           \
		if (!rm_prepare(c, i, N, ACCESS_BOTH, &at))                                        \
			return FAULTS;                                                             \
		T v = (T)rm_old(c, i, N, &at), by = (T)reg_get(c, i->reg, N);                      \
		if (i->op < 0xa8)                                                                  \
			__asm__(FLAGS_IN "shld" S " %%cl, %3, %1" FLAGS_OUT                        \
			        : "+&a"(ax), "+r"(v)                                               \
			        : "c"(count), "r"(by)                                              \
			        : "cc");                                                           \
		else                                                                               \
			__asm__(FLAGS_IN "shrd" S " %%cl, %3, %1" FLAGS_OUT                        \
			        : "+&a"(ax), "+r"(v)                                               \
			        : "c"(count), "r"(by)                                              \
			        : "cc");                                                           \
		c->status = (uint16_t)ax;                                                          \
		rm_put(c, i, N, &at, v);                                                           \
		return DONE;                                                                       \
	}
FOR_WIDE(DEFINE_DOUBLE_SHIFT)

interp_fn *const interp_shift_imm[4] = BY_SIZE(shift_imm);
interp_fn *const interp_shift_1[4] = BY_SIZE(shift_1);
interp_fn *const interp_shift_cl[4] = BY_SIZE(shift_cl);
interp_fn *const interp_double_shift[4] = BY_WIDE_SIZE(double_shift);

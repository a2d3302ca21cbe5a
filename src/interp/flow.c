/* Near jumps, calls and returns; loop and jcxz. */
#include "interp/flags.h"
#include "interp/handlers.h"
#include "interp/stack.h"

enum jump { JUMP_DONE, JUMP_LIMIT, JUMP_UNSURE };

/* Sets where the next instruction is, cut to the operand's size. A target that is not canonical: Intel's
 * CPUs fault at the jump, AMD's behind it. */
static inline enum jump jump_to(struct interp *c, const struct insn *i, uint64_t to)
{
	if (c->is_long) {
		if (UNLIKELY(!is_canonical(to)))
			return JUMP_UNSURE;
	} else {
		to &= i->osz == 1 ? 0xffff : 0xffffffff;
		if (UNLIKELY(to > c->seg[CS].limit))
			return JUMP_LIMIT;
	}
	c->r[NEXT] = to;
	return JUMP_DONE;
}

static inline enum interp_done jump(struct interp *c, const struct insn *i, uint64_t to)
{
	enum jump how = jump_to(c, i, to);
	if (LIKELY(how == JUMP_DONE))
		return DONE;
	return how == JUMP_LIMIT ? raise_error(c, V_GP, 0) : HANDOVER;
}

#define DEFINE_JCC(cc)                                                                             \
	static enum interp_done jcc_##cc(struct interp *c, const struct insn *i)                   \
	{                                                                                          \
		return condition(c, cc) ? jump(c, i, c->r[NEXT] + i->imm) : DONE;                  \
	}
DEFINE_JCC(0)
DEFINE_JCC(1)
DEFINE_JCC(2)
DEFINE_JCC(3)
DEFINE_JCC(4)
DEFINE_JCC(5)
DEFINE_JCC(6)
DEFINE_JCC(7)
DEFINE_JCC(8)
DEFINE_JCC(9)
DEFINE_JCC(10)
DEFINE_JCC(11)
DEFINE_JCC(12)
DEFINE_JCC(13)
DEFINE_JCC(14)
DEFINE_JCC(15)

enum interp_done interp_jmp(struct interp *c, const struct insn *i)
{
	return jump(c, i, c->r[NEXT] + i->imm);
}

#define DEFINE_FLOW(N, T, S, R)                                                                    \
	static enum interp_done jmp_rm_##N(struct interp *c, const struct insn *i)                 \
	{                                                                                          \
		uint64_t v;                                                                        \
		return rm_read(c, i, N, &v) ? jump(c, i, v) : FAULTS;                              \
	}                                                                                          \
	/* A call of nowhere: whether its push comes first, nobody says. */                        \
	static inline enum interp_done call_to_##N(                                                \
	        struct interp *c, const struct insn *i, uint64_t to)                               \
	{                                                                                          \
		struct place at;                                                                   \
		uint64_t back = c->r[NEXT];                                                        \
		if (UNLIKELY(jump_to(c, i, to) != JUMP_DONE))                                      \
			return HANDOVER;                                                           \
		if (UNLIKELY(!push_prepare(c, N, &at)))                                            \
			return FAULTS;                                                             \
		mem_put(&at, back, N);                                                             \
		sp_put(c, c->r[SP] - N);                                                           \
		return DONE;                                                                       \
	}                                                                                          \
	static enum interp_done call_##N(struct interp *c, const struct insn *i)                   \
	{                                                                                          \
		return call_to_##N(c, i, c->r[NEXT] + i->imm);                                     \
	}                                                                                          \
	static enum interp_done call_rm_##N(struct interp *c, const struct insn *i)                \
	{                                                                                          \
		uint64_t v;                                                                        \
		return rm_read(c, i, N, &v) ? call_to_##N(c, i, v) : FAULTS;                       \
	}                                                                                          \
	static enum interp_done ret_##N(struct interp *c, const struct insn *i)                    \
	{                                                                                          \
		uint64_t v;                                                                        \
		if (UNLIKELY(!peek(c, 0, N, &v)))                                                  \
			return FAULTS;                                                             \
		enum interp_done how = jump(c, i, v);                                              \
		if (LIKELY(how == DONE))                                                           \
			sp_put(c, c->r[SP] + N + i->imm);                                          \
		return how;                                                                        \
	}
FOR_WIDE(DEFINE_FLOW)

enum interp_done interp_loop(struct interp *c, const struct insn *i)
{
	uint64_t count = (count_get(c, i) - 1) & address_mask(i);
	bool goes = count != 0;
	if (i->op < 0xe2)
		goes = goes && !(c->status & S_ZF) == (i->op == 0xe0);
	if (goes) {
		enum interp_done how = jump(c, i, c->r[NEXT] + i->imm);
		if (how != DONE)
			return how;
	}
	count_put(c, i, count);
	return DONE;
}

enum interp_done interp_jcxz(struct interp *c, const struct insn *i)
{
	return count_get(c, i) ? DONE : jump(c, i, c->r[NEXT] + i->imm);
}

#define ANY_SIZE(fn)                                                                               \
	{                                                                                          \
		fn, fn, fn, fn                                                                     \
	}
interp_fn *const interp_jcc[16][4] = { ANY_SIZE(jcc_0), ANY_SIZE(jcc_1), ANY_SIZE(jcc_2),
	ANY_SIZE(jcc_3), ANY_SIZE(jcc_4), ANY_SIZE(jcc_5), ANY_SIZE(jcc_6), ANY_SIZE(jcc_7),
	ANY_SIZE(jcc_8), ANY_SIZE(jcc_9), ANY_SIZE(jcc_10), ANY_SIZE(jcc_11), ANY_SIZE(jcc_12),
	ANY_SIZE(jcc_13), ANY_SIZE(jcc_14), ANY_SIZE(jcc_15) };
interp_fn *const interp_jmp_rm[4] = BY_WIDE_SIZE(jmp_rm);
interp_fn *const interp_call[4] = BY_WIDE_SIZE(call);
interp_fn *const interp_call_rm[4] = BY_WIDE_SIZE(call_rm);
interp_fn *const interp_ret[4] = BY_WIDE_SIZE(ret);

/* A signed index, and an array's bounds in memory. SDM vol 2. */
#define DEFINE_BOUND(N, T)                                                                         \
	static enum interp_done bound_##N(struct interp *c, const struct insn *i)                  \
	{                                                                                          \
		uint64_t low, high, at = effective_address(c, i);                                  \
		T index = (T)reg_get(c, i->reg, N);                                                \
		if (!i->is_mem || ((at + 2 * N - 1) & address_mask(i)) < at)                       \
			return HANDOVER;                                                           \
		if (!mem_read(c, i->seg, at, N, &low) || !mem_read(c, i->seg, at + N, N, &high))   \
			return interp_either_faults(c, i->seg, at, N, i->seg, at + N, N);          \
		return index < (T)low || index > (T)high ? raise(c, V_BR) : DONE;                  \
	}
DEFINE_BOUND(2, int16_t)
DEFINE_BOUND(4, int32_t)

interp_fn *const interp_bound[4] = { NULL, bound_2, bound_4, NULL };

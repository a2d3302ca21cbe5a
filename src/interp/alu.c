/* add to cmp, test, inc, dec, not, neg: the host's own instructions, flags included. */
#include "interp/flags.h"
#include "interp/handlers.h"
#include "interp/memory.h"

/* op rm, reg; op reg, rm; op rm, imm. With al or eax and an immediate, too: rm is the register. */
#define DEFINE_FORMS(op, N)                                                                        \
	static enum interp_done op##_mr_##N(struct interp *c, const struct insn *i)                \
	{                                                                                          \
		struct place at;                                                                   \
		if (UNLIKELY(!rm_prepare(c, i, N, ACCESS_BOTH, &at)))                              \
			return FAULTS;                                                             \
		rm_put(c, i, N, &at, op##N(c, rm_old(c, i, N, &at), reg_get(c, i->reg, N)));       \
		return DONE;                                                                       \
	}                                                                                          \
	static enum interp_done op##_rm_##N(struct interp *c, const struct insn *i)                \
	{                                                                                          \
		uint64_t v;                                                                        \
		if (UNLIKELY(!rm_read(c, i, N, &v)))                                               \
			return FAULTS;                                                             \
		reg_put(c, i->reg, N, op##N(c, reg_get(c, i->reg, N), v));                         \
		return DONE;                                                                       \
	}                                                                                          \
	static enum interp_done op##_mi_##N(struct interp *c, const struct insn *i)                \
	{                                                                                          \
		struct place at;                                                                   \
		if (UNLIKELY(!rm_prepare(c, i, N, ACCESS_BOTH, &at)))                              \
			return FAULTS;                                                             \
		rm_put(c, i, N, &at, op##N(c, rm_old(c, i, N, &at), i->imm));                      \
		return DONE;                                                                       \
	}
#define DEFINE_ALU(N, T, S, R)                                                                     \
	DEFINE_FORMS(add, N)                                                                       \
	DEFINE_FORMS(or, N)                                                                        \
	DEFINE_FORMS(adc, N)                                                                       \
	DEFINE_FORMS(sbb, N)                                                                       \
	DEFINE_FORMS(and, N)                                                                       \
	DEFINE_FORMS(sub, N)                                                                       \
	DEFINE_FORMS(xor, N)
FOR_SIZES(DEFINE_ALU)

/* Those that write flags alone. */
#define DEFINE_COMPARES(N, T, S, R)                                                                \
	static enum interp_done cmp_mr_##N(struct interp *c, const struct insn *i)                 \
	{                                                                                          \
		uint64_t v;                                                                        \
		if (UNLIKELY(!rm_read(c, i, N, &v)))                                               \
			return FAULTS;                                                             \
		sub##N(c, v, reg_get(c, i->reg, N));                                               \
		return DONE;                                                                       \
	}                                                                                          \
	static enum interp_done cmp_rm_##N(struct interp *c, const struct insn *i)                 \
	{                                                                                          \
		uint64_t v;                                                                        \
		if (UNLIKELY(!rm_read(c, i, N, &v)))                                               \
			return FAULTS;                                                             \
		sub##N(c, reg_get(c, i->reg, N), v);                                               \
		return DONE;                                                                       \
	}                                                                                          \
	static enum interp_done cmp_mi_##N(struct interp *c, const struct insn *i)                 \
	{                                                                                          \
		uint64_t v;                                                                        \
		if (UNLIKELY(!rm_read(c, i, N, &v)))                                               \
			return FAULTS;                                                             \
		sub##N(c, v, i->imm);                                                              \
		return DONE;                                                                       \
	}                                                                                          \
	static enum interp_done test_mr_##N(struct interp *c, const struct insn *i)                \
	{                                                                                          \
		uint64_t v;                                                                        \
		if (UNLIKELY(!rm_read(c, i, N, &v)))                                               \
			return FAULTS;                                                             \
		and##N(c, v, reg_get(c, i->reg, N));                                               \
		return DONE;                                                                       \
	}                                                                                          \
	static enum interp_done test_mi_##N(struct interp *c, const struct insn *i)                \
	{                                                                                          \
		uint64_t v;                                                                        \
		if (UNLIKELY(!rm_read(c, i, N, &v)))                                               \
			return FAULTS;                                                             \
		and##N(c, v, i->imm);                                                              \
		return DONE;                                                                       \
	}
FOR_SIZES(DEFINE_COMPARES)

/* inc and dec leave CF as it is. */
#define DEFINE_UNARY(N, T, S, R)                                                                   \
	static enum interp_done inc_##N(struct interp *c, const struct insn *i)                    \
	{                                                                                          \
		struct place at;                                                                   \
		uint16_t carry = c->status & S_CF;                                                 \
		if (UNLIKELY(!rm_prepare(c, i, N, ACCESS_BOTH, &at)))                              \
			return FAULTS;                                                             \
		rm_put(c, i, N, &at, add##N(c, rm_old(c, i, N, &at), 1));                          \
		c->status = (uint16_t)((c->status & ~S_CF) | carry);                               \
		return DONE;                                                                       \
	}                                                                                          \
	static enum interp_done dec_##N(struct interp *c, const struct insn *i)                    \
	{                                                                                          \
		struct place at;                                                                   \
		uint16_t carry = c->status & S_CF;                                                 \
		if (UNLIKELY(!rm_prepare(c, i, N, ACCESS_BOTH, &at)))                              \
			return FAULTS;                                                             \
		rm_put(c, i, N, &at, sub##N(c, rm_old(c, i, N, &at), 1));                          \
		c->status = (uint16_t)((c->status & ~S_CF) | carry);                               \
		return DONE;                                                                       \
	}                                                                                          \
	static enum interp_done neg_##N(struct interp *c, const struct insn *i)                    \
	{                                                                                          \
		struct place at;                                                                   \
		if (UNLIKELY(!rm_prepare(c, i, N, ACCESS_BOTH, &at)))                              \
			return FAULTS;                                                             \
		rm_put(c, i, N, &at, sub##N(c, 0, rm_old(c, i, N, &at)));                          \
		return DONE;                                                                       \
	}                                                                                          \
	static enum interp_done not_##N(struct interp *c, const struct insn *i)                    \
	{                                                                                          \
		struct place at;                                                                   \
		if (UNLIKELY(!rm_prepare(c, i, N, ACCESS_BOTH, &at)))                              \
			return FAULTS;                                                             \
		rm_put(c, i, N, &at, ~rm_old(c, i, N, &at));                                       \
		return DONE;                                                                       \
	}
FOR_SIZES(DEFINE_UNARY)

#define FORM(op, form)                                                                             \
	{                                                                                          \
		op##_##form##_1, op##_##form##_2, op##_##form##_4, op##_##form##_8                 \
	}
#define ALL_OF(form)                                                                               \
	{                                                                                          \
		FORM(add, form), FORM(or, form), FORM(adc, form), FORM(sbb, form),                 \
		        FORM(and, form), FORM(sub, form), FORM(xor, form), FORM(cmp, form)         \
	}
interp_fn *const interp_alu_mr[8][4] = ALL_OF(mr);
interp_fn *const interp_alu_rm[8][4] = ALL_OF(rm);
interp_fn *const interp_alu_mi[8][4] = ALL_OF(mi);
interp_fn *const interp_test_mr[4] = FORM(test, mr);
interp_fn *const interp_test_mi[4] = FORM(test, mi);
interp_fn *const interp_inc[4] = BY_SIZE(inc);
interp_fn *const interp_dec[4] = BY_SIZE(dec);
interp_fn *const interp_neg[4] = BY_SIZE(neg);
interp_fn *const interp_not[4] = BY_SIZE(not );

/* mov, movzx, movsx, lea, xchg, xadd, cmpxchg, cmovcc, setcc, cbw and cwd, xlat, flags by themselves. */
#include "interp/flags.h"
#include "interp/handlers.h"
#include "interp/memory.h"

#define DEFINE_MOVES(N, T, S, R)                                                                   \
	static enum interp_done mov_mr_##N(struct interp *c, const struct insn *i)                 \
	{                                                                                          \
		struct place at;                                                                   \
		if (UNLIKELY(!rm_prepare(c, i, N, ACCESS_WRITE, &at)))                             \
			return FAULTS;                                                             \
		rm_put(c, i, N, &at, reg_get(c, i->reg, N));                                       \
		return DONE;                                                                       \
	}                                                                                          \
	static enum interp_done mov_rm_##N(struct interp *c, const struct insn *i)                 \
	{                                                                                          \
		uint64_t v;                                                                        \
		if (UNLIKELY(!rm_read(c, i, N, &v)))                                               \
			return FAULTS;                                                             \
		reg_put(c, i->reg, N, v);                                                          \
		return DONE;                                                                       \
	}                                                                                          \
	static enum interp_done mov_mi_##N(struct interp *c, const struct insn *i)                 \
	{                                                                                          \
		struct place at;                                                                   \
		if (UNLIKELY(!rm_prepare(c, i, N, ACCESS_WRITE, &at)))                             \
			return FAULTS;                                                             \
		rm_put(c, i, N, &at, i->imm);                                                      \
		return DONE;                                                                       \
	}                                                                                          \
	/* a0 to a3: al or eax and an address in the instruction */                                \
	static enum interp_done mov_from_offset_##N(struct interp *c, const struct insn *i)        \
	{                                                                                          \
		uint64_t v;                                                                        \
		if (!mem_read(c, i->seg, i->imm, N, &v))                                           \
			return FAULTS;                                                             \
		reg_put(c, AX * 8, N, v);                                                          \
		return DONE;                                                                       \
	}                                                                                          \
	static enum interp_done mov_to_offset_##N(struct interp *c, const struct insn *i)          \
	{                                                                                          \
		struct place at;                                                                   \
		if (!mem_prepare(c, i->seg, i->imm, N, ACCESS_WRITE, &at))                         \
			return FAULTS;                                                             \
		mem_put(&at, c->r[AX], N);                                                         \
		return DONE;                                                                       \
	}                                                                                          \
	static enum interp_done xchg_##N(struct interp *c, const struct insn *i)                   \
	{                                                                                          \
		struct place at;                                                                   \
		if (!rm_prepare(c, i, N, ACCESS_BOTH, &at))                                        \
			return FAULTS;                                                             \
		uint64_t v = rm_old(c, i, N, &at);                                                 \
		rm_put(c, i, N, &at, reg_get(c, i->reg, N));                                       \
		reg_put(c, i->reg, N, v);                                                          \
		return DONE;                                                                       \
	}                                                                                          \
	static enum interp_done xadd_##N(struct interp *c, const struct insn *i)                   \
	{                                                                                          \
		struct place at;                                                                   \
		if (!rm_prepare(c, i, N, ACCESS_BOTH, &at))                                        \
			return FAULTS;                                                             \
		uint64_t v = rm_old(c, i, N, &at), sum = add##N(c, v, reg_get(c, i->reg, N));      \
		reg_put(c, i->reg, N, v);                                                          \
		rm_put(c, i, N, &at, sum); /* xadd r, r: the sum stays */                          \
		return DONE;                                                                       \
	}                                                                                          \
	/* With a 32-bit register in long mode, not written: CPUs differ in its upper half. */     \
	static enum interp_done cmpxchg_##N(struct interp *c, const struct insn *i)                \
	{                                                                                          \
		struct place at;                                                                   \
		if (N == 4 && !i->is_mem && has_lma(c))                                            \
			return HANDOVER;                                                           \
		if (!rm_prepare(c, i, N, ACCESS_BOTH, &at))                                        \
			return FAULTS;                                                             \
		uint64_t v = rm_old(c, i, N, &at), by = reg_get(c, i->reg, N);                     \
		uint64_t ax = reg_get(c, AX * 8, N);                                               \
		sub##N(c, ax, v);                                                                  \
		rm_put(c, i, N, &at, v == ax ? by : v);                                            \
		if (v != ax)                                                                       \
			reg_put(c, AX * 8, N, v);                                                  \
		return DONE;                                                                       \
	}
FOR_SIZES(DEFINE_MOVES)

/* movzx and movsx from FROM, and movsxd, to N bytes. */
#define DEFINE_EXTENSION(N, FROM, T, name)                                                         \
	static enum interp_done name##_##FROM##_##N(struct interp *c, const struct insn *i)        \
	{                                                                                          \
		uint64_t v;                                                                        \
		if (UNLIKELY(!rm_read(c, i, FROM, &v)))                                            \
			return FAULTS;                                                             \
		reg_put(c, i->reg, N, (uint64_t)(int64_t)(T)v);                                    \
		return DONE;                                                                       \
	}
#define DEFINE_EXTENSIONS(N, T, S, R)                                                              \
	DEFINE_EXTENSION(N, 1, uint8_t, movzx)                                                     \
	DEFINE_EXTENSION(N, 2, uint16_t, movzx)                                                    \
	DEFINE_EXTENSION(N, 1, int8_t, movsx)                                                      \
	DEFINE_EXTENSION(N, 2, int16_t, movsx)                                                     \
	static enum interp_done lea_##N(struct interp *c, const struct insn *i)                    \
	{                                                                                          \
		if (!i->is_mem)                                                                    \
			return HANDOVER;                                                           \
		reg_put(c, i->reg, N, effective_address(c, i));                                    \
		return DONE;                                                                       \
	}                                                                                          \
	/* A 32-bit register loses its upper half in any case: SDM vol 2, "CMOVcc". */             \
	static enum interp_done cmov_##N(struct interp *c, const struct insn *i)                   \
	{                                                                                          \
		uint64_t v;                                                                        \
		if (!rm_read(c, i, N, &v))                                                         \
			return FAULTS;                                                             \
		if (!condition(c, i->op & 15))                                                     \
			v = reg_get(c, i->reg, N);                                                 \
		reg_put(c, i->reg, N, v);                                                          \
		return DONE;                                                                       \
	}                                                                                          \
	static enum interp_done cwd_##N(struct interp *c, const struct insn *i)                    \
	{                                                                                          \
		bool is_negative = c->r[AX] >> (8 * N - 1) & 1;                                    \
		(void)i;                                                                           \
		reg_put(c, DX * 8, N, is_negative ? UINT64_MAX : 0);                               \
		return DONE;                                                                       \
	}
FOR_WIDE(DEFINE_EXTENSIONS)
DEFINE_EXTENSION(4, 4, int32_t, movsx)
DEFINE_EXTENSION(8, 4, int32_t, movsx)

/* To memory alone; that it goes past the caches is not seen. */
static enum interp_done movnti_4(struct interp *c, const struct insn *i)
{
	return i->is_mem ? mov_mr_4(c, i) : HANDOVER;
}

static enum interp_done movnti_8(struct interp *c, const struct insn *i)
{
	return i->is_mem ? mov_mr_8(c, i) : HANDOVER;
}

/* 0f c7 /1: edx:eax with 8 bytes of memory. ZF is all that it changes. */
static enum interp_done cmpxchg8b(struct interp *c, const struct insn *i)
{
	struct place at;
	if (!i->is_mem)
		return HANDOVER;
	if (!rm_prepare(c, i, 8, ACCESS_BOTH, &at))
		return FAULTS;
	uint64_t old = mem_get(&at, 8), with = (uint32_t)c->r[AX] | c->r[DX] << 32;
	bool is_equal = old == with;
	mem_put(&at, is_equal ? (uint32_t)c->r[BX] | c->r[CX] << 32 : old, 8);
	if (!is_equal) {
		c->r[AX] = (uint32_t)old;
		c->r[DX] = old >> 32;
	}
	c->status = (uint16_t)((c->status & ~S_ZF) | (is_equal ? S_ZF : 0));
	return DONE;
}

static enum interp_done cbw_2(struct interp *c, const struct insn *i)
{
	(void)i;
	reg_put(c, AX * 8, 2, (uint64_t)(int64_t)(int8_t)c->r[AX]);
	return DONE;
}

static enum interp_done cbw_4(struct interp *c, const struct insn *i)
{
	(void)i;
	reg_put(c, AX * 8, 4, (uint64_t)(int64_t)(int16_t)c->r[AX]);
	return DONE;
}

static enum interp_done cbw_8(struct interp *c, const struct insn *i)
{
	(void)i;
	c->r[AX] = (uint64_t)(int64_t)(int32_t)c->r[AX];
	return DONE;
}

enum interp_done interp_setcc(struct interp *c, const struct insn *i)
{
	struct place at;
	if (!rm_prepare(c, i, 1, ACCESS_WRITE, &at))
		return FAULTS;
	rm_put(c, i, 1, &at, condition(c, i->op & 15));
	return DONE;
}

enum interp_done interp_xlat(struct interp *c, const struct insn *i)
{
	uint64_t v;
	if (!mem_read(c, i->seg, (c->r[BX] + (c->r[AX] & 0xff)) & address_mask(i), 1, &v))
		return FAULTS;
	reg_put(c, AX * 8, 1, v);
	return DONE;
}

enum interp_done interp_nop(struct interp *c, const struct insn *i)
{
	(void)c, (void)i;
	return DONE;
}

/* lfence, mfence, sfence: one CPU sees its own accesses in order. */
enum interp_done interp_fence(struct interp *c, const struct insn *i)
{
	(void)c;
	return i->is_mem ? HANDOVER : DONE;
}

/* cmc, clc, stc, cld, std */
enum interp_done interp_flag(struct interp *c, const struct insn *i)
{
	switch (i->op) {
	case 0xf5: c->status ^= S_CF; break;
	case 0xf8: c->status &= (uint16_t)~S_CF; break;
	case 0xf9: c->status |= S_CF; break;
	case 0xfc: c->rflags &= ~(uint64_t)DF; break;
	default: c->rflags |= DF; break;
	}
	return DONE;
}

enum interp_done interp_sahf(struct interp *c, const struct insn *i)
{
	(void)i;
	flags_put(c, (flags_get(c) & ~0xd5ull) | (c->r[AX] >> 8 & 0xd5));
	return DONE;
}

enum interp_done interp_lahf(struct interp *c, const struct insn *i)
{
	(void)i;
	reg_put(c, AX * 8 + 1, 1, (flags_get(c) & 0xd5) | 2);
	return DONE;
}

/* d6: not in the SDM's tables, and on every CPU. */
enum interp_done interp_salc(struct interp *c, const struct insn *i)
{
	(void)i;
	reg_put(c, AX * 8, 1, c->status & S_CF ? 0xff : 0);
	return DONE;
}

interp_fn *const interp_mov_mr[4] = BY_SIZE(mov_mr);
interp_fn *const interp_mov_rm[4] = BY_SIZE(mov_rm);
interp_fn *const interp_mov_mi[4] = BY_SIZE(mov_mi);
interp_fn *const interp_mov_from_offset[4] = BY_SIZE(mov_from_offset);
interp_fn *const interp_mov_to_offset[4] = BY_SIZE(mov_to_offset);
interp_fn *const interp_xchg[4] = BY_SIZE(xchg);
interp_fn *const interp_xadd[4] = BY_SIZE(xadd);
interp_fn *const interp_cmpxchg[4] = BY_SIZE(cmpxchg);
interp_fn *const interp_movnti[4] = { NULL, NULL, movnti_4, movnti_8 };
interp_fn *const interp_cmpxchg8b[4] = { NULL, cmpxchg8b, cmpxchg8b,
	NULL }; /* cmpxchg16b is KVM's */
interp_fn *const interp_movzx_8[4] = BY_WIDE_SIZE(movzx_1);
interp_fn *const interp_movzx_16[4] = BY_WIDE_SIZE(movzx_2);
interp_fn *const interp_movsx_8[4] = BY_WIDE_SIZE(movsx_1);
interp_fn *const interp_movsx_16[4] = BY_WIDE_SIZE(movsx_2);
interp_fn *const interp_movsxd[4] = { NULL, NULL, movsx_4_4, movsx_4_8 };
interp_fn *const interp_lea[4] = BY_WIDE_SIZE(lea);
interp_fn *const interp_cmov[4] = BY_WIDE_SIZE(cmov);
interp_fn *const interp_cbw[4] = BY_WIDE_SIZE(cbw);
interp_fn *const interp_cwd[4] = BY_WIDE_SIZE(cwd);

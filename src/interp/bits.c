/* bt, bts, btr, btc; bsf, bsr; bswap. */
#include "interp/flags.h"
#include "interp/handlers.h"
#include "interp/memory.h"

/* ext: 4 bt, 5 bts, 6 btr, 7 btc. A bit number in a register reaches beyond the operand in memory:
 * SDM vol 2, "BT". */
#define HOST_BIT(op, S)                                                                            \
	__asm__(FLAGS_IN op S " %2, %1" FLAGS_OUT : "+&a"(ax), "+r"(v) : "r"(n) : "cc")
#define DEFINE_BIT(N, T, S, R)                                                                     \
	static enum interp_done bit_##N(struct interp *c, const struct insn *i)                    \
	{                                                                                          \
		enum { SHIFT = N == 8 ? 6 : N == 4 ? 5 : 4 };                                      \
		bool has_imm = i->op == 0xba;                                                      \
		T n = has_imm ? (T)i->imm : (T)reg_get(c, i->reg, N);                              \
		struct place at = { 0 };                                                           \
		uint64_t off = 0, old = 0;                                                         \
		unsigned ax = c->status;                                                           \
		if (i->is_mem) {                                                                   \
			int64_t number = N == 8 ? (int64_t)n : N == 4 ? (int32_t)n : (int16_t)n;   \
			off = effective_address(c, i);                                             \
			if (!has_imm)                                                              \
				off = (off + (uint64_t)(number >> SHIFT) * N) & address_mask(i);   \
			if (i->ext == 4 ? !mem_read(c, i->seg, off, N, &old)                       \
			                : !mem_prepare(c, i->seg, off, N, ACCESS_BOTH, &at))       \
				return FAULTS;                                                     \
			if (i->ext != 4)                                                           \
				old = mem_get(&at, N);                                             \
		} else {                                                                           \
			old = reg_get(c, i->rm, N);                                                \
		}                                                                                  \
		T v = (T)old;                                                                      \
		switch (i->ext) {                                                                  \
		case 4: HOST_BIT("bt", S); break;                                                  \
		case 5: HOST_BIT("bts", S); break;                                                 \
		case 6: HOST_BIT("btr", S); break;                                                 \
		default: HOST_BIT("btc", S); break;                                                \
		}                                                                                  \
		c->status = (uint16_t)ax;                                                          \
		if (i->ext != 4)                                                                   \
			rm_put(c, i, N, &at, v);                                                   \
		return DONE;                                                                       \
	}                                                                                          \
	/* Of 0: CPUs differ in what is left of a register's upper half. */                        \
	static enum interp_done scan_##N(struct interp *c, const struct insn *i)                   \
	{                                                                                          \
		uint64_t value;                                                                    \
		unsigned ax = c->status;                                                           \
		if (!rm_read(c, i, N, &value))                                                     \
			return FAULTS;                                                             \
		T v = (T)value, to = 0;                                                            \
		if (v == 0)                                                                        \
			return HANDOVER;                                                           \
		if (i->op == 0xbc)                                                                 \
			__asm__(FLAGS_IN "bsf" S " %2, %1" FLAGS_OUT                               \
			        : "+&a"(ax), "+&r"(to)                                             \
			        : "r"(v)                                                           \
			        : "cc");                                                           \
		else                                                                               \
			__asm__(FLAGS_IN "bsr" S " %2, %1" FLAGS_OUT                               \
			        : "+&a"(ax), "+&r"(to)                                             \
			        : "r"(v)                                                           \
			        : "cc");                                                           \
		c->status = (uint16_t)ax;                                                          \
		reg_put(c, i->reg, N, to);                                                         \
		return DONE;                                                                       \
	}
FOR_WIDE(DEFINE_BIT)

/* Of 16 bits: undefined. */
static enum interp_done bswap_2(struct interp *c, const struct insn *i)
{
	(void)c, (void)i;
	return HANDOVER;
}

static enum interp_done bswap_4(struct interp *c, const struct insn *i)
{
	c->r[i->rm >> 3] = __builtin_bswap32((uint32_t)c->r[i->rm >> 3]);
	return DONE;
}

static enum interp_done bswap_8(struct interp *c, const struct insn *i)
{
	c->r[i->rm >> 3] = __builtin_bswap64(c->r[i->rm >> 3]);
	return DONE;
}

interp_fn *const interp_bit[4] = BY_WIDE_SIZE(bit);
interp_fn *const interp_scan[4] = BY_WIDE_SIZE(scan);
interp_fn *const interp_bswap[4] = BY_WIDE_SIZE(bswap);

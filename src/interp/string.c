/* movs, cmps, stos, lods, scas: one element. With a rep, rip stays where it is until the last one; many of its iterations
 * at once are rep.c's. */
#include "interp/flags.h"
#include "interp/handlers.h"
#include "interp/rep.h"

/* A rep that has nothing to do is done. With 32-bit addresses in 64-bit code CPUs differ in the upper
 * halves of rcx, rsi and rdi. */
static inline bool has_nothing_to_do(const struct interp *c, const struct insn *i)
{
	return i->rep && count_get(c, i) == 0;
}

static inline enum interp_done do_nothing(const struct interp *c, const struct insn *i)
{
	return i->ad == 1 && c->is_long ? HANDOVER : DONE;
}

/* is_scan: repe and repne look at ZF. */
static inline enum interp_done count_element(struct interp *c, const struct insn *i, bool is_scan)
{
	if (i->rep)
		count_iteration(c, i, !is_scan || !(c->status & S_ZF) != (i->rep == 0xf3));
	return DONE;
}

#define SOURCE      (c->r[SI] & address_mask(i))
#define DESTINATION (c->r[DI] & address_mask(i))

#define DEFINE_STRING(N, T, S, R)                                                                  \
	static enum interp_done movs_##N(struct interp *c, const struct insn *i)                   \
	{                                                                                          \
		uint64_t v;                                                                        \
		struct place at;                                                                   \
		if (UNLIKELY(has_nothing_to_do(c, i)))                                             \
			return do_nothing(c, i);                                                   \
		if (i->rep && c->at_once && interp_rep_movs(c, i, N))                              \
			return DONE;                                                               \
		if (UNLIKELY(!mem_read(c, i->seg, SOURCE, N, &v) ||                                \
		             !mem_prepare(c, ES, DESTINATION, N, ACCESS_WRITE, &at)))              \
			return FAULTS;                                                             \
		mem_put(&at, v, N);                                                                \
		index_move(c, i, SI, N);                                                           \
		index_move(c, i, DI, N);                                                           \
		return count_element(c, i, false);                                                 \
	}                                                                                          \
	static enum interp_done cmps_##N(struct interp *c, const struct insn *i)                   \
	{                                                                                          \
		uint64_t v, with;                                                                  \
		if (UNLIKELY(has_nothing_to_do(c, i)))                                             \
			return do_nothing(c, i);                                                   \
		if (i->rep && c->at_once && interp_rep_cmps(c, i, N))                              \
			return DONE;                                                               \
		if (UNLIKELY(!mem_read(c, i->seg, SOURCE, N, &v) ||                                \
		             !mem_read(c, ES, DESTINATION, N, &with)))                             \
			return interp_either_faults(c, i->seg, SOURCE, N, ES, DESTINATION, N);     \
		sub##N(c, v, with);                                                                \
		index_move(c, i, SI, N);                                                           \
		index_move(c, i, DI, N);                                                           \
		return count_element(c, i, true);                                                  \
	}                                                                                          \
	static enum interp_done stos_##N(struct interp *c, const struct insn *i)                   \
	{                                                                                          \
		struct place at;                                                                   \
		if (UNLIKELY(has_nothing_to_do(c, i)))                                             \
			return do_nothing(c, i);                                                   \
		if (i->rep && c->at_once && interp_rep_stos(c, i, N))                              \
			return DONE;                                                               \
		if (UNLIKELY(!mem_prepare(c, ES, DESTINATION, N, ACCESS_WRITE, &at)))              \
			return FAULTS;                                                             \
		mem_put(&at, c->r[AX], N);                                                         \
		index_move(c, i, DI, N);                                                           \
		return count_element(c, i, false);                                                 \
	}                                                                                          \
	static enum interp_done lods_##N(struct interp *c, const struct insn *i)                   \
	{                                                                                          \
		uint64_t v;                                                                        \
		if (UNLIKELY(has_nothing_to_do(c, i)))                                             \
			return do_nothing(c, i);                                                   \
		if (i->rep && c->at_once && interp_rep_lods(c, i, N))                              \
			return DONE;                                                               \
		if (UNLIKELY(!mem_read(c, i->seg, SOURCE, N, &v)))                                 \
			return FAULTS;                                                             \
		reg_put(c, AX * 8, N, v);                                                          \
		index_move(c, i, SI, N);                                                           \
		return count_element(c, i, false);                                                 \
	}                                                                                          \
	static enum interp_done scas_##N(struct interp *c, const struct insn *i)                   \
	{                                                                                          \
		uint64_t with;                                                                     \
		if (UNLIKELY(has_nothing_to_do(c, i)))                                             \
			return do_nothing(c, i);                                                   \
		if (i->rep && c->at_once && interp_rep_scas(c, i, N))                              \
			return DONE;                                                               \
		if (UNLIKELY(!mem_read(c, ES, DESTINATION, N, &with)))                             \
			return FAULTS;                                                             \
		sub##N(c, c->r[AX], with);                                                         \
		index_move(c, i, DI, N);                                                           \
		return count_element(c, i, true);                                                  \
	}
FOR_SIZES(DEFINE_STRING)

interp_fn *const interp_movs[4] = BY_SIZE(movs);
interp_fn *const interp_cmps[4] = BY_SIZE(cmps);
interp_fn *const interp_stos[4] = BY_SIZE(stos);
interp_fn *const interp_lods[4] = BY_SIZE(lods);
interp_fn *const interp_scas[4] = BY_SIZE(scas);

/* push and pop of registers, memory, immediates and flags; pusha, popa; enter, leave. */
#include "interp/stack.h"

#include "interp/flags.h"
#include "interp/handlers.h"
#include "interp/transfer.h"

enum interp_done interp_slots_fault(struct interp *c, unsigned count, unsigned len)
{
	struct fault fault = { .vector = V_NONE };
	uint64_t v;
	bool has_one = false;
	for (unsigned k = 0; k < count; k++) {
		if (peek(c, k * len, len, &v))
			continue;
		if (has_one && !interp_is_same_fault(&fault, &c->fault))
			return HANDOVER;
		fault = c->fault;
		has_one = true;
	}
	c->fault = fault;
	return fault.is_mmio ? HANDOVER : FAULTS;
}

enum { ENTER_LEVELS = 31 };

/* Where a frame pointer is that enter copies. False: it faults, or is among what enter writes from top on. That it is
 * there by another linear address is fine: each is read when the ones before it have been pushed. */
static bool prepare_outer(
        struct interp *c, unsigned below, unsigned len, uint64_t top, struct place *from)
{
	uint64_t off = (c->r[BP] - below) & c->sp_mask, from_top = (off - top) & c->sp_mask;
	bool is_written = from_top < (ENTER_LEVELS + 1) * 8 || ((top - off) & c->sp_mask) < len;
	return !is_written && mem_prepare(c, SS, off, len, ACCESS_READ, from);
}

#define DEFINE_STACK(N, T, S, R)                                                                   \
	static enum interp_done push_reg_##N(struct interp *c, const struct insn *i)               \
	{                                                                                          \
		return LIKELY(push(c, N, reg_get(c, i->rm, N))) ? DONE : FAULTS;                   \
	}                                                                                          \
	static enum interp_done push_rm_##N(struct interp *c, const struct insn *i)                \
	{                                                                                          \
		uint64_t v;                                                                        \
		return rm_read(c, i, N, &v) && push(c, N, v) ? DONE : FAULTS;                      \
	}                                                                                          \
	static enum interp_done push_imm_##N(struct interp *c, const struct insn *i)               \
	{                                                                                          \
		return push(c, N, i->imm) ? DONE : FAULTS;                                         \
	}                                                                                          \
	static enum interp_done pop_reg_##N(struct interp *c, const struct insn *i)                \
	{                                                                                          \
		uint64_t v;                                                                        \
		if (UNLIKELY(!peek(c, 0, N, &v)))                                                  \
			return FAULTS;                                                             \
		sp_put(c, c->r[SP] + N);                                                           \
		reg_put(c, i->rm, N, v);                                                           \
		return DONE;                                                                       \
	}                                                                                          \
	/* An address relative to sp is that after the pop: SDM vol 2, "POP". */                   \
	static enum interp_done pop_rm_##N(struct interp *c, const struct insn *i)                 \
	{                                                                                          \
		uint64_t v, sp = c->r[SP];                                                         \
		struct place at;                                                                   \
		if (!i->is_mem)                                                                    \
			return pop_reg_##N(c, i);                                                  \
		if (!peek(c, 0, N, &v))                                                            \
			return FAULTS;                                                             \
		sp_put(c, sp + N);                                                                 \
		if (!rm_prepare(c, i, N, ACCESS_WRITE, &at)) {                                     \
			c->r[SP] = sp;                                                             \
			return FAULTS;                                                             \
		}                                                                                  \
		mem_put(&at, v, N);                                                                \
		return DONE;                                                                       \
	}                                                                                          \
	static enum interp_done pusha_##N(struct interp *c, const struct insn *i)                  \
	{                                                                                          \
		struct place at[8];                                                                \
		(void)i;                                                                           \
		for (unsigned k = 0; k < 8; k++)                                                   \
			if (!push_prepare_after(c, k * N, N, &at[k]))                              \
				return FAULTS;                                                     \
		for (unsigned k = 0; k < 8; k++)                                                   \
			mem_put(&at[k], c->r[k], N);                                               \
		sp_put(c, c->r[SP] - 8 * N);                                                       \
		return DONE;                                                                       \
	}                                                                                          \
	/* Not all CPUs read sp's slot. */                                                         \
	static enum interp_done popa_##N(struct interp *c, const struct insn *i)                   \
	{                                                                                          \
		uint64_t v[8];                                                                     \
		(void)i;                                                                           \
		for (unsigned k = 0; k < 8; k++)                                                   \
			if (!peek(c, k * N, N, &v[k]))                                             \
				return k == 3 ? HANDOVER : interp_slots_fault(c, 8, N);            \
		sp_put(c, c->r[SP] + 8 * N);                                                       \
		for (unsigned k = 0; k < 8; k++)                                                   \
			if (7 - k != SP)                                                           \
				reg_put(c, (7 - k) * 8, N, v[k]);                                  \
		return DONE;                                                                       \
	}                                                                                          \
	static enum interp_done pushf_##N(struct interp *c, const struct insn *i)                  \
	{                                                                                          \
		(void)i;                                                                           \
		if (c->is_v86 && !iopl_allows(c))                                                  \
			return raise_error(c, V_GP, 0);                                            \
		return push(c, N, flags_get(c) & ~(uint64_t)(RF | VM)) ? DONE : FAULTS;            \
	}                                                                                          \
	/* What is not loaded for sure is KVM's. */                                                \
	static enum interp_done popf_##N(struct interp *c, const struct insn *i)                   \
	{                                                                                          \
		uint64_t v;                                                                        \
		(void)i;                                                                           \
		if (c->is_v86 && !iopl_allows(c))                                                  \
			return raise_error(c, V_GP, 0);                                            \
		if (!peek(c, 0, N, &v))                                                            \
			return FAULTS;                                                             \
		if (!interp_load_rflags(c, v, N))                                                  \
			return HANDOVER;                                                           \
		sp_put(c, c->r[SP] + N);                                                           \
		return DONE;                                                                       \
	}                                                                                          \
	/* With a level, the frame pointers of the outer procedures follow: SDM vol 2, "ENTER". */ \
	static enum interp_done enter_##N(struct interp *c, const struct insn *i)                  \
	{                                                                                          \
		unsigned room = (unsigned)(i->imm & 0xffff), level = i->imm >> 16 & 31;            \
		uint64_t frame = (c->r[SP] - N) & c->sp_mask, sp = frame - level * N;              \
		struct place from[ENTER_LEVELS], at[ENTER_LEVELS + 1], last;                       \
		if (level && N > c->stack_bytes && c->r[SP] > 0xffff)                              \
			return HANDOVER; /* of esp or sp: the SDM does not tell */                 \
		for (unsigned k = 1; k < level; k++)                                               \
			if (!prepare_outer(c, k * N, N, sp, &from[k]))                             \
				return HANDOVER;                                                   \
		for (unsigned k = 0; k <= level; k++)                                              \
			if (!push_prepare_after(c, k * N, N, &at[k]))                              \
				return HANDOVER; /* CPUs differ in which is first */               \
		/* Looked at, not written; and CPUs differ in how. */                              \
		unsigned hits = c->hit_count;                                                      \
		if (!mem_prepare(c, SS, (sp - room) & c->sp_mask, 1, ACCESS_WRITE, &last))         \
			return HANDOVER;                                                           \
		c->hit_count = hits;                                                               \
		mem_put(&at[0], c->r[BP], N);                                                      \
		for (unsigned k = 1; k < level; k++)                                               \
			mem_put(&at[k], mem_get(&from[k], N), N);                                  \
		if (level)                                                                         \
			mem_put(&at[level], frame, N);                                             \
		reg_put(c, BP * 8, N,                                                              \
		        c->stack_bytes == 2 ? (c->r[SP] & ~0xffffull) | (frame & 0xffff)           \
		                            : frame & c->sp_mask);                                 \
		sp_put(c, sp - room);                                                              \
		return DONE;                                                                       \
	}                                                                                          \
	static enum interp_done leave_##N(struct interp *c, const struct insn *i)                  \
	{                                                                                          \
		uint64_t v, bp = c->r[BP] & c->sp_mask;                                            \
		(void)i;                                                                           \
		if (!mem_read(c, SS, bp, N, &v))                                                   \
			return FAULTS;                                                             \
		sp_put(c, bp + N);                                                                 \
		reg_put(c, BP * 8, N, v);                                                          \
		return DONE;                                                                       \
	}
FOR_WIDE(DEFINE_STACK)

interp_fn *const interp_push_reg[4] = BY_WIDE_SIZE(push_reg);
interp_fn *const interp_push_rm[4] = BY_WIDE_SIZE(push_rm);
interp_fn *const interp_push_imm[4] = BY_WIDE_SIZE(push_imm);
interp_fn *const interp_pop_reg[4] = BY_WIDE_SIZE(pop_reg);
interp_fn *const interp_pop_rm[4] = BY_WIDE_SIZE(pop_rm);
interp_fn *const interp_pusha[4] = BY_WIDE_SIZE(pusha);
interp_fn *const interp_popa[4] = BY_WIDE_SIZE(popa);
interp_fn *const interp_pushf[4] = BY_WIDE_SIZE(pushf);
interp_fn *const interp_popf[4] = BY_WIDE_SIZE(popf);
interp_fn *const interp_enter_frame[4] = BY_WIDE_SIZE(enter);
interp_fn *const interp_leave[4] = BY_WIDE_SIZE(leave);

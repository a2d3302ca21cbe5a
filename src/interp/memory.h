/* The guest's memory and registers as operands. What every instruction needs stands here, inline: a
 * hit in the translations costs some ten instructions of the host's. The rest is memory.c's.
 *
 * A handler reads (mem_read) and prepares what it will write (mem_prepare) first; when all that has
 * succeeded it writes (mem_put), which can't fail. */
#ifndef STEPVM_INTERP_MEMORY_H
#define STEPVM_INTERP_MEMORY_H

#include <string.h>

#include "interp/state.h"
#include "interp/trail.h"

/* Where some bytes are: the first len1 of them at p, the others at p2. */
struct place {
	uint8_t *p, *p2;
	unsigned len1;
};

enum access {
	ACCESS_READ = 1,
	ACCESS_WRITE = 2,
	ACCESS_BOTH = 3, /* read, then written */
};

/* What is not the fast way. False: c->fault says what there is to raise. */
bool interp_access(struct interp *c, unsigned seg, uint64_t lin, unsigned len, enum access kind,
        struct place *at);
/* An access that limit and rights do not allow as the fast way reads them. True: the segment expands down, and so it has
 * this offset, at *lin. False: c->fault says what there is to raise. */
bool interp_outside_segment(
        struct interp *c, unsigned seg, uint64_t off, unsigned len, unsigned can, uint64_t *lin);

/* Notes who watches an access. */
void interp_look_for_watches(struct interp *c, uint64_t lin, unsigned len, enum access kind);

/* The CPU's own accesses to its tables, as a supervisor. */
bool interp_system_access(
        struct interp *c, uint64_t lin, unsigned len, enum access kind, struct place *at);
bool interp_system_read(struct interp *c, uint64_t lin, unsigned len, void *to);

bool interp_is_same_fault(const struct fault *a, const struct fault *b);
/* Two parts are read of which at least one can't be, and CPUs differ in which is first: FAULTS where only one of them
 * faults, or both do alike. */
enum interp_done interp_either_faults(struct interp *c, unsigned seg1, uint64_t off1, unsigned len1,
        unsigned seg2, uint64_t off2, unsigned len2);

void interp_flush(struct interp *c);      /* drops all translations */
void interp_leave_code(struct interp *c); /* code_page is about to be another */
/* The entry of the page of lin, which may be fetched from; NULL: c->fault. */
struct tlb_entry *interp_fetch_entry(struct interp *c, uint64_t lin);

static inline uint64_t address_mask(const struct insn *i)
{
	static const uint64_t masks[3] = { 0xffff, 0xffffffff, UINT64_MAX };
	return masks[i->ad];
}

static inline bool to_linear(
        struct interp *c, unsigned seg, uint64_t off, unsigned len, unsigned can, uint64_t *lin)
{
	const struct segment *s = &c->seg[seg];
	if (UNLIKELY((s->can & can) != can || off > s->limit || s->limit - off < len - 1))
		return interp_outside_segment(c, seg, off, len, can, lin);
	*lin = (s->base + off) & c->lin_mask;
	return true;
}

static inline uint64_t mem_get(const struct place *at, unsigned len)
{
	uint64_t value = 0;
	if (LIKELY(at->len1 >= len)) {
		memcpy(&value, at->p, len);
	} else {
		memcpy(&value, at->p, at->len1);
		memcpy((uint8_t *)&value + at->len1, at->p2, len - at->len1);
	}
	return value;
}

static inline void mem_put(const struct place *at, uint64_t value, unsigned len)
{
	if (LIKELY(at->len1 >= len)) {
		memcpy(at->p, &value, len);
	} else {
		memcpy(at->p, &value, at->len1);
		memcpy(at->p2, (uint8_t *)&value + at->len1, len - at->len1);
	}
}

static inline bool mem_read(struct interp *c, unsigned seg, uint64_t off, unsigned len, uint64_t *v)
{
	uint64_t lin;
	if (UNLIKELY(!to_linear(c, seg, off, len, CAN_READ, &lin)))
		return false;
	const struct tlb_entry *e = &c->tlb[lin >> 12 & (TLB_SIZE - 1)];
	if (LIKELY(((lin + len - 1) & ~(uint64_t)(PAGE - 1)) == e->read_page)) {
		*v = 0;
		memcpy(v, (const uint8_t *)(e->add + lin), len);
		return true;
	}
	struct place at;
	if (!interp_access(c, seg, lin, len, ACCESS_READ, &at))
		return false;
	*v = mem_get(&at, len);
	return true;
}

static inline bool mem_prepare(struct interp *c, unsigned seg, uint64_t off, unsigned len,
        enum access kind, struct place *at)
{
	uint64_t lin;
	if (UNLIKELY(!to_linear(c, seg, off, len, kind, &lin)))
		return false;
	struct tlb_entry *e = &c->tlb[lin >> 12 & (TLB_SIZE - 1)];
	if (LIKELY(((lin + len - 1) & ~(uint64_t)(PAGE - 1)) == e->write_page)) {
		e->written |= trail_lines(lin, len);
		at->p = (uint8_t *)(e->add + lin);
		at->len1 = 8;
		return true;
	}
	return interp_access(c, seg, lin, len, kind, at);
}

static inline unsigned operand_len(const struct insn *i)
{
	return 1u << i->osz;
}

/* off: in bytes into r[], so that ah to bh are registers like the others. */
static inline uint64_t reg_get(const struct interp *c, unsigned off, unsigned len)
{
	uint64_t value = 0;
	memcpy(&value, (const uint8_t *)c->r + off, len);
	return value;
}

static inline void reg_put(struct interp *c, unsigned off, unsigned len, uint64_t value)
{
	if (len == 4)
		c->r[off >> 3] =
		        (uint32_t)value; /* SDM vol 1, "General-Purpose Registers in 64-Bit Mode" */
	else
		memcpy((uint8_t *)c->r + off, &value, len);
}

static inline uint64_t effective_address(const struct interp *c, const struct insn *i)
{
	return (c->r[i->base] + (c->r[i->index] << i->scale) + (uint64_t)(int64_t)i->disp) &
	       address_mask(i);
}

/* The operand of ModRM.rm. */
static inline bool rm_read(struct interp *c, const struct insn *i, unsigned len, uint64_t *value)
{
	if (i->is_mem)
		return mem_read(c, i->seg, effective_address(c, i), len, value);
	*value = reg_get(c, i->rm, len);
	return true;
}

static inline bool rm_prepare(
        struct interp *c, const struct insn *i, unsigned len, enum access kind, struct place *at)
{
	return !i->is_mem || mem_prepare(c, i->seg, effective_address(c, i), len, kind, at);
}

static inline uint64_t rm_old(
        struct interp *c, const struct insn *i, unsigned len, const struct place *at)
{
	return i->is_mem ? mem_get(at, len) : reg_get(c, i->rm, len);
}

static inline void rm_put(struct interp *c, const struct insn *i, unsigned len,
        const struct place *at, uint64_t value)
{
	if (i->is_mem)
		mem_put(at, value, len);
	else
		reg_put(c, i->rm, len, value);
}

static inline uint64_t count_get(const struct interp *c, const struct insn *i)
{
	return c->r[CX] & address_mask(i);
}

/* si or di past one element. */
static inline void index_move(struct interp *c, const struct insn *i, unsigned reg, unsigned len)
{
	uint64_t v = c->r[reg] + (c->rflags & DF ? (uint64_t)0 - len : len);
	reg_put(c, reg * 8, 2u << i->ad, v & address_mask(i));
}

static inline void count_put(struct interp *c, const struct insn *i, uint64_t value)
{
	reg_put(c, CX * 8, 2u << i->ad, value);
}

/* Counts an iteration of a rep, and has the instruction come again if there are more and it goes on. */
static inline void count_iteration(struct interp *c, const struct insn *i, bool goes_on)
{
	uint64_t left = (count_get(c, i) - 1) & address_mask(i);
	count_put(c, i, left);
	c->rep_rip = UINT64_MAX;
	if (left && goes_on)
		c->r[NEXT] = c->rep_rip = c->rip;
}

#endif

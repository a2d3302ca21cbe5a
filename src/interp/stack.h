/* What the stack segment's size makes of a push and a pop. */
#ifndef STEPVM_INTERP_STACK_H
#define STEPVM_INTERP_STACK_H

#include "interp/memory.h"

static inline void sp_put(struct interp *c, uint64_t value)
{
	if (c->stack_bytes == 2)
		memcpy(&c->r[SP], &value, 2);
	else
		c->r[SP] = value & c->sp_mask;
}

/* Where the push of len bytes that comes after others, `before` bytes of them, will write. */
static inline bool push_prepare_after(
        struct interp *c, unsigned before, unsigned len, struct place *at)
{
	return mem_prepare(c, SS, (c->r[SP] - before - len) & c->sp_mask, len, ACCESS_WRITE, at);
}

static inline bool push_prepare(struct interp *c, unsigned len, struct place *at)
{
	return push_prepare_after(c, 0, len, at);
}

static inline bool push(struct interp *c, unsigned len, uint64_t value)
{
	struct place at;
	if (UNLIKELY(!push_prepare(c, len, &at)))
		return false;
	mem_put(&at, value, len);
	sp_put(c, c->r[SP] - len);
	return true;
}

/* What a pop would give after others of `before` bytes. */
static inline bool peek(struct interp *c, unsigned before, unsigned len, uint64_t *value)
{
	return mem_read(c, SS, (c->r[SP] + before) & c->sp_mask, len, value);
}

/* Not all of count slots of the stack's top can be read: FAULTS where it does not matter which one the CPU reads
 * first. */
enum interp_done interp_slots_fault(struct interp *c, unsigned count, unsigned len);

#endif

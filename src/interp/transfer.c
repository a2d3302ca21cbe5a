/* Far jumps, calls and returns. SDM vol 3, "Privilege Level Checking When Transferring Program Control". */
#include "interp/transfer.h"

#include "interp/handlers.h"
#include "interp/ring.h"
#include "interp/segment.h"
#include "interp/stack.h"

void interp_go(struct interp *c, const struct kvm_segment *code, uint64_t off)
{
	c->sregs.cs = *code;
	c->sregs_changed = true;
	c->r[NEXT] = off;
	interp_derive(c);
}

enum interp_done interp_find_code(
        struct interp *c, uint16_t selector, uint64_t off, struct kvm_segment *to)
{
	if (!has_real_segments(c))
		return interp_code_segment(c, selector, off, to);
	if (off > c->seg[CS].limit)
		return raise_error(c, V_GP, 0);
	*to = c->sregs.cs;
	to->selector = selector;
	to->base = (uint32_t)selector << 4;
	return DONE;
}

static enum interp_done jump_far(struct interp *c, uint16_t selector, uint64_t off)
{
	struct kvm_segment code;
	enum interp_done how = interp_find_code(c, selector, off, &code);
	if (how == DONE)
		interp_go(c, &code, off);
	return how;
}

/* Unlike that of a push, cs' slot has zeros above: "padded", SDM vol 2, "CALL". */
static enum interp_done call_far(
        struct interp *c, const struct insn *i, uint16_t selector, uint64_t off)
{
	struct place cs_at, ip_at;
	struct kvm_segment code;
	unsigned len = operand_len(i);
	uint64_t back = c->r[NEXT];
	uint16_t cs = c->sregs.cs.selector;
	enum interp_done how = interp_find_code(c, selector, off, &code);
	const struct fault fault = c->fault;
	bool has_stack =
	        push_prepare_after(c, 0, len, &cs_at) && push_prepare_after(c, len, len, &ip_at);
	if (how == DONE)
		how = has_stack ? DONE : FAULTS;
	else if (how == FAULTS && !has_stack && !fault.error) /* the offset: which is first */
		how = HANDOVER;
	else
		c->fault = fault;
	if (how != DONE)
		return how;
	mem_put(&cs_at, cs, len);
	mem_put(&ip_at, back, len);
	sp_put(c, c->r[SP] - 2 * len);
	interp_go(c, &code, off);
	return DONE;
}

/* ea and 9a: the immediate is offset and selector. */
enum interp_done interp_jmp_far(struct interp *c, const struct insn *i)
{
	unsigned len = i->osz == 1 ? 2 : 4;
	uint64_t off = len == 2 ? i->imm & 0xffff : i->imm & 0xffffffff;
	return jump_far(c, (uint16_t)(i->imm >> 8 * len), off);
}

enum interp_done interp_call_far(struct interp *c, const struct insn *i)
{
	unsigned len = i->osz == 1 ? 2 : 4;
	uint64_t off = len == 2 ? i->imm & 0xffff : i->imm & 0xffffffff;
	return call_far(c, i, (uint16_t)(i->imm >> 8 * len), off);
}

/* ff /3 and /5: offset and selector in memory. */
enum interp_done interp_far_rm(struct interp *c, const struct insn *i)
{
	uint64_t off, selector, at = effective_address(c, i);
	unsigned len = operand_len(i);
	if (!i->is_mem || ((at + len + 1) & address_mask(i)) < at)
		return HANDOVER;
	if (i->osz == 3) /* AMD's CPUs have no 64-bit offset here */
		return HANDOVER;
	if (!mem_read(c, i->seg, at, len, &off) || !mem_read(c, i->seg, at + len, 2, &selector))
		return interp_either_faults(c, i->seg, at, len, i->seg, at + len, 2);
	return i->ext == 3 ? call_far(c, i, (uint16_t)selector, off)
	                   : jump_far(c, (uint16_t)selector, off);
}

/* To an outer ring, whose stack lies after the immediate's bytes: SDM vol 2, "RET". */
static enum interp_done return_outer(
        struct interp *c, const struct insn *i, uint64_t ip, uint16_t cs)
{
	unsigned len = operand_len(i), before = 2 * len + (unsigned)i->imm;
	uint64_t sp, selector;
	struct kvm_segment code, ss;
	enum interp_done how = interp_return_code(c, cs, ip, &code);
	if (how != DONE)
		return how;
	if (!peek(c, before, len, &sp) || !peek(c, before + len, len, &selector))
		return HANDOVER;
	how = interp_return_stack(c, (uint16_t)selector, &code, &ss);
	if (how != DONE)
		return how;
	if (!interp_can_return(c, &code, &ss))
		return HANDOVER;
	c->sregs.ss = ss;
	c->r[SP] = code.l ? sp + i->imm : (uint32_t)(sp + i->imm);
	interp_null_inner(c, cs & 3);
	interp_go(c, &code, ip);
	return DONE;
}

enum interp_done interp_ret_far(struct interp *c, const struct insn *i)
{
	uint64_t ip, cs, sp = c->r[SP];
	struct kvm_segment code;
	unsigned len = operand_len(i);
	if (!peek(c, 0, len, &ip) || !peek(c, len, len, &cs))
		return interp_slots_fault(c, 2, len);
	if (!has_real_segments(c) && (cs & 3) < c->cpl)
		return raise_error(c, V_GP, cs & 0xfffc);
	if (!has_real_segments(c) && (cs & 3) > c->cpl)
		return return_outer(c, i, ip, (uint16_t)cs);
	enum interp_done how = interp_find_code(c, (uint16_t)cs, ip, &code);
	if (how != DONE)
		return how;
	sp_put(c, sp + 2 * len + i->imm);
	interp_go(c, &code, ip);
	return DONE;
}

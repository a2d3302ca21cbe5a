/* int n, exceptions and devices' interrupts to their handlers, and iret from them, in this ring or another. SDM vol 3,
 * "Interrupt and Exception Handling", and the same "in Real-Address Mode". */
#include "interp/transfer.h"

#include "base/bytes.h"
#include "interp/flags.h"
#include "interp/handlers.h"
#include "interp/paging.h"
#include "interp/ring.h"
#include "interp/segment.h"
#include "interp/stack.h"

enum { FRAME_MAX = 10 };
#define CR4_VME_BIT (1u << 0)

/* Pushes the values, the first one at the highest address, below sp. Nothing is changed unless DONE. Where not the first
 * one faults, CPUs may have written those before it. */
static enum interp_done push_frame(
        struct interp *c, uint64_t sp, unsigned len, const uint64_t *values, unsigned count)
{
	struct place at[FRAME_MAX];
	for (unsigned k = 0; k < count; k++)
		if (!mem_prepare(
		            c, SS, (sp - len * (k + 1)) & c->sp_mask, len, ACCESS_WRITE, &at[k]))
			return k ? HANDOVER : FAULTS;
	for (unsigned k = 0; k < count; k++)
		mem_put(&at[k], values[k], len);
	sp_put(c, sp - (uint64_t)len * count);
	return DONE;
}

static enum interp_done enter_real(struct interp *c, unsigned vector, uint64_t back)
{
	uint8_t entry[4];
	struct kvm_segment code;
	if (c->sregs.idt.limit < vector * 4 + 3)
		return raise_error(c, V_GP, 0);
	if (!interp_system_read(c, c->sregs.idt.base + vector * 4, 4, entry))
		return HANDOVER;
	enum interp_done how = interp_find_code(c, get16(entry + 2), get16(entry), &code);
	if (how != DONE)
		return HANDOVER; /* whether the push comes before */
	const uint64_t frame[] = { flags_get(c), c->sregs.cs.selector, back };
	how = push_frame(c, c->r[SP], 2, frame, 3);
	if (how != DONE)
		return how;
	c->rflags &= ~(uint64_t)(IF | TF | AC | RF);
	interp_go(c, &code, get16(entry));
	return DONE;
}

/* An interrupt or trap gate. */
struct gate {
	uint64_t off;
	uint16_t selector;
	uint8_t ist;
	bool is_trap, is_286;
};

/* Types of gates: SDM vol 3, "System-Segment and Gate-Descriptor Types". */
enum { TYPE_TASK_GATE = 5, TYPE_INTERRUPT_286 = 6, TYPE_INTERRUPT = 14 };

static enum interp_done read_gate(
        struct interp *c, unsigned vector, enum event event, struct gate *gate)
{
	bool is_wide = has_lma(c);
	unsigned size = is_wide ? 16 : 8;
	uint32_t error = vector * 8 + 2;
	uint8_t g[16];
	if (vector * size + size - 1 > c->sregs.idt.limit)
		return raise_error(c, V_GP, error);
	if (!interp_system_read(c, c->sregs.idt.base + vector * size, size, g))
		return FAULTS;
	unsigned type = g[5] & 0x1f;
	gate->is_286 = !is_wide && (type & ~1u) == TYPE_INTERRUPT_286;
	if (!is_wide && type == TYPE_TASK_GATE)
		return HANDOVER;
	if ((type & ~1u) != TYPE_INTERRUPT && !gate->is_286)
		return raise_error(c, V_GP, error);
	if (event == EVENT_SOFTWARE && (g[5] >> 5 & 3) < c->cpl)
		return raise_error(c, V_GP, error);
	if (!(g[5] & 0x80))
		return raise_error(c, V_NP, error);
	gate->off = get16(g);
	if (!gate->is_286)
		gate->off |= (uint64_t)get16(g + 6) << 16;
	if (is_wide)
		gate->off |= (uint64_t)get32(g + 8) << 32;
	gate->selector = get16(g + 2);
	gate->ist = is_wide ? g[4] & 7 : 0;
	gate->is_trap = g[5] & 1;
	return DONE;
}

/* The handler's code, and the ring that it runs in: this one or an inner one. Conforming code runs in this one. */
static enum interp_done find_handler(
        struct interp *c, const struct gate *gate, struct kvm_segment *code, unsigned *cpl)
{
	uint32_t error = gate->selector & 0xfffc;
	if (!error)
		return raise_error(c, V_GP, 0);
	enum interp_done how = interp_descriptor(c, gate->selector, code);
	if (how != DONE)
		return how;
	bool is_code = code->s && code->type & TYPE_CODE;
	if (!is_code || code->dpl > c->cpl)
		return raise_error(c, V_GP, error);
	if (code->type & TYPE_CONFORMING && c->is_v86)
		return HANDOVER;
	/* Which of the two is looked at first. */
	bool is_narrow = has_lma(c) && (!code->l || code->db);
	if (is_narrow)
		return code->present ? raise_error(c, V_GP, error) : HANDOVER;
	if (!code->present)
		return raise_error(c, V_NP, error);
	*cpl = code->type & TYPE_CONFORMING ? c->cpl : code->dpl;
	/* It comes after the stack's checks. */
	if (has_lma(c) ? !is_canonical(gate->off) : gate->off > code->limit)
		return HANDOVER;
	code->selector = (uint16_t)(error | *cpl);
	return interp_mark_accessed(c, gate->selector);
}

/* The values of the frame, the first one at the highest address. */
static unsigned make_frame(struct interp *c, bool has_stack, uint64_t flags, uint64_t back,
        const uint32_t *error, uint64_t frame[FRAME_MAX])
{
	unsigned count = 0;
	if (c->is_v86) {
		frame[count++] = c->sregs.gs.selector;
		frame[count++] = c->sregs.fs.selector;
		frame[count++] = c->sregs.ds.selector;
		frame[count++] = c->sregs.es.selector;
	}
	if (has_stack) {
		frame[count++] = c->sregs.ss.selector;
		frame[count++] = c->r[SP];
	}
	frame[count++] = flags;
	frame[count++] = c->sregs.cs.selector;
	frame[count++] = back;
	if (error)
		frame[count++] = *error;
	return count;
}

/* Compatibility mode's stack as 64-bit code has it: without base and limit. What the upper half of rsp is there, and
 * the rights of a ring but 0, are KVM's. */
static enum interp_done find_wide_stack(struct interp *c, struct ring_stack *to)
{
	if (c->cpl || c->r[SP] >> 32)
		return HANDOVER;
	*to = (struct ring_stack) { .ss = c->sregs.ss,
		.sp = c->r[SP] & ~15ull,
		.sp_mask = UINT64_MAX,
		.limit = UINT64_MAX };
	return DONE;
}

static enum interp_done enter_protected(struct interp *c, unsigned vector, enum event event,
        uint64_t back, uint64_t flags, const uint32_t *error)
{
	bool is_wide = has_lma(c), switches;
	unsigned cpl;
	struct gate gate;
	struct kvm_segment code;
	struct ring_stack stack;
	struct place at[FRAME_MAX];
	uint64_t frame[FRAME_MAX];
	enum interp_done how = read_gate(c, vector, event, &gate);
	if (how == DONE)
		how = find_handler(c, &gate, &code, &cpl);
	if (how != DONE)
		return how;
	unsigned len = is_wide ? 8 : gate.is_286 ? 2 : 4;
	bool changes_ring = cpl != c->cpl || gate.ist, is_narrow = is_wide && !c->is_long;
	if (c->is_v86 && (cpl != 0 || gate.is_286))
		return HANDOVER;
	unsigned count = make_frame(c, is_wide || changes_ring, flags, back, error, frame);
	switches = changes_ring || is_narrow;
	if (changes_ring)
		how = interp_ring_stack(c, cpl, gate.ist, &stack);
	else if (is_narrow)
		how = find_wide_stack(c, &stack);
	if (how == DONE && switches)
		how = interp_ring_prepare(c, &stack, len, count, at);
	if (how != DONE)
		return how;
	if (switches) {
		interp_ring_push(&stack, len, frame, count, at);
		c->sregs.ss = stack.ss;
		c->r[SP] = stack.sp;
		if (c->is_v86)
			interp_null_all(c);
	} else {
		how = push_frame(c, is_wide ? c->r[SP] & ~15ull : c->r[SP], len, frame, count);
		if (how != DONE)
			return how;
	}
	c->rflags &= ~(uint64_t)(TF | NT | RF | VM | (gate.is_trap ? 0 : IF));
	interp_go(c, &code, gate.off);
	return DONE;
}

enum interp_done interp_enter(
        struct interp *c, unsigned vector, enum event event, const uint32_t *error)
{
	uint64_t flags = flags_get(c), back = event == EVENT_SOFTWARE ? c->r[NEXT] : c->rip;
	enum interp_done how;
	/* SDM vol 3, "Instruction-Breakpoint Exception Condition": after an iteration of a rep but the last, too. Where
	 * int n begins, RF is cleared. */
	if (event == EVENT_EXCEPTION || (event == EVENT_INTERRUPT && c->rep_rip == c->rip))
		flags |= RF;
	else if (event == EVENT_SOFTWARE)
		flags &= ~(uint64_t)RF;
	how = c->is_real ? enter_real(c, vector, back)
	                 : enter_protected(c, vector, event, back, flags, error);
	if (how == DONE)
		c->vector = (int)vector;
	/* EXT: on the way to something that no int n has asked for. SDM vol 3, "Error Code". */
	if (how == FAULTS && event != EVENT_SOFTWARE && c->fault.vector != V_PF)
		c->fault.error |= 1;
	return how;
}

bool interp_load_rflags(struct interp *c, uint64_t value, unsigned len)
{
	uint64_t mask = STATUS | DF | NT | (len > 2 ? AC | ID : 0);
	uint64_t now = flags_get(c), new;
	if (value & TF || (now | (len > 2 ? value : 0)) & (VIF | VIP))
		return false;
	if (iopl_allows(c))
		mask |= IF;
	if (c->cpl == 0)
		mask |= IOPL;
	new = (now & ~(mask | RF)) | (value & mask) | 2;
	if (!(now & IF) && new &IF)
		c->attention = true;
	flags_put(c, new);
	if ((now ^ new) & AC)
		interp_derive(c);
	return true;
}

/* int n, int3 (cc), and into (ce) where OF is set */
enum interp_done interp_int(struct interp *c, const struct insn *i)
{
	unsigned vector = i->op == 0xcc ? V_BP : i->op == 0xce ? V_OF : (unsigned)i->imm;
	if (i->op == 0xce && !(c->status & S_OF))
		return DONE;
	if (c->is_v86 && i->op == 0xcd && !iopl_allows(c))
		return raise_error(c, V_GP, 0);
	return interp_enter(c, vector, EVENT_SOFTWARE, NULL);
}

static enum interp_done iret_real(struct interp *c, const struct insn *i)
{
	uint64_t ip, cs, flags;
	struct kvm_segment code;
	unsigned len = operand_len(i);
	if (c->is_v86 && !iopl_allows(c))
		return raise_error(c, V_GP, 0);
	if (!peek(c, 0, len, &ip) || !peek(c, len, len, &cs) || !peek(c, 2 * len, len, &flags))
		return interp_slots_fault(c, 3, len);
	enum interp_done how = interp_find_code(c, (uint16_t)cs, ip, &code);
	if (how != DONE)
		return how;
	if (!interp_load_rflags(c, flags, len))
		return HANDOVER;
	if (len > 2 && flags & RF)
		c->leaves_rf = c->attention = true;
	sp_put(c, c->r[SP] + 3 * len);
	interp_go(c, &code, ip);
	return DONE;
}

/* Ring 0's iret to virtual-8086 mode: all segments come from the stack. */
static enum interp_done iret_to_v86(struct interp *c, uint64_t ip, uint64_t cs, uint64_t flags)
{
	static const uint8_t order[] = { SS, ES, DS, FS, GS };
	uint64_t sp, selectors[sizeof order];
	if (ip > 0xffff || flags & (TF | VIF | VIP) || c->sregs.cr4 & CR4_VME_BIT || has_lma(c))
		return HANDOVER;
	if (!peek(c, 12, 4, &sp))
		return HANDOVER;
	for (unsigned k = 0; k < sizeof order; k++)
		if (!peek(c, 16 + 4 * k, 4, &selectors[k]))
			return HANDOVER;
	for (unsigned k = 0; k < sizeof order; k++)
		*interp_segment(c, order[k]) = interp_v86_segment((uint16_t)selectors[k]);
	const struct kvm_segment code = interp_v86_segment((uint16_t)cs);
	flags_put(c, (flags & (STATUS | DF | NT | AC | ID | IF | IOPL | VM)) | 2);
	if (flags & RF)
		c->leaves_rf = c->attention = true;
	c->r[SP] = sp;
	interp_go(c, &code, ip);
	return DONE;
}

/* 64-bit code's iretq always takes ss and rsp, too; others where the ring is an outer one. */
enum interp_done interp_iret(struct interp *c, const struct insn *i)
{
	unsigned len = operand_len(i), count = c->is_long ? 5 : 3;
	uint64_t v[5];
	struct kvm_segment code, ss;
	if (has_real_segments(c))
		return iret_real(c, i);
	if (c->rflags & NT)
		return has_lma(c) ? raise_error(c, V_GP, 0) : HANDOVER; /* else a task switch */
	if (has_lma(c) && !c->is_long && c->r[SP] >> 32)
		return HANDOVER;
	for (unsigned k = 0; k < count; k++)
		if (!peek(c, k * len, len, &v[k]))
			return interp_slots_fault(c, count, len);
	unsigned cpl = v[1] & 3;
	if (v[2] & VM && !c->is_long && !c->cpl)
		return iret_to_v86(c, v[0], v[1], v[2]);
	enum interp_done how = interp_return_code(c, (uint16_t)v[1], v[0], &code);
	if (how != DONE)
		return how;
	if (v[2] & (TF | VM))
		return HANDOVER;
	if (cpl != c->cpl && count == 3)
		for (; count < 5; count++)
			if (!peek(c, count * len, len, &v[count]))
				return HANDOVER;
	if (count == 5)
		how = interp_return_stack(c, (uint16_t)v[4], &code, &ss);
	if (how != DONE)
		return how;
	if (count == 5 && !interp_can_return(c, &code, &ss))
		return HANDOVER;
	if (!interp_load_rflags(c, v[2], len))
		return HANDOVER;
	if (len > 2 && v[2] & RF)
		c->leaves_rf = c->attention = true;
	if (count == 5) {
		c->sregs.ss = ss;
		c->r[SP] = v[3];
	} else {
		sp_put(c, c->r[SP] + 3 * len);
	}
	if (cpl != c->cpl)
		interp_null_inner(c, cpl);
	interp_go(c, &code, v[0]);
	return DONE;
}

bool interp_deliver(struct interp *c, uint8_t vector)
{
	c->hit_count = 0;
	c->vector = V_NONE;
	c->shuts_down = false;
	enum interp_done how = HANDOVER;
	if (c->is_mine)
		how = interp_enter(c, vector, EVENT_INTERRUPT, NULL);
	if (how != DONE && !(how == FAULTS && !c->fault.is_mmio && interp_deliver_fault(c))) {
		interp_drop_marks(c);
		c->hit_count = 0;
		return false;
	}
	interp_commit_marks(c);
	c->last_vector = c->vector;
	c->vector = V_NONE;
	c->handler = UINT64_MAX; /* interp_vector_to is about what an instruction led to */
	c->rip = c->r[NEXT];
	c->shadow = 0;
	return true;
}

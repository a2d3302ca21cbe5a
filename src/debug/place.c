/* Which means keeps each breakpoint and watchpoint during a run, and those means put in place. */
#include "debug/place.h"

#include "base/cpu_bits.h"
#include "debug/cpu.h"
#include "debug/guards.h"
#include "kvm/efer.h"
#include "kvm/linear.h"
#include "kvm/registers.h"

#define INSN_INT3_BYTE 0xcc

/* --- planted bytes ---------------------------------------------------------------------------- */

/* An int3 that exits does so at every CPL. */
static bool can_plant(struct control *c, uint64_t gva)
{
	uint64_t gpa;
	return cpu_probe(c)->has_int3 && cpu_is_in_ram(c->cpu.vcpu, gva, &gpa);
}

static enum breakpoint_method choose(void *ctx, uint64_t gva)
{
	struct control *c = ctx;
	uint64_t gpa;
	if (!registers_is_real(registers_mode(c->cpu.vcpu)) && can_plant(c, gva))
		return BREAKPOINT_PLANTED;
	return cpu_is_in_ram(c->cpu.vcpu, gva, &gpa) ? BREAKPOINT_GUARDED : BREAKPOINT_STEPPED;
}

/* A CPU passes over a register's breakpoint right after mov ss and pop ss (SDM vol 3, "Masking
 * Exceptions and Interrupts When Switching Stacks"). Whether one of them ends at gva. */
static bool is_after_load_ss(struct control *c, uint64_t gva)
{
	enum { LEN_MAX = 9 }; /* two prefixes, opcode, ModRM, SIB, displacement of 4 */
	uint8_t bytes[LEN_MAX];
	struct insn insn;
	unsigned bits = registers_code_bits(registers_mode(c->cpu.vcpu));
	if (!cpu_probe(c)->mov_ss_hides_step || gva < LEN_MAX ||
	        linear_read(c->cpu.vcpu, gva - LEN_MAX, bytes, LEN_MAX) != LEN_MAX)
		return false;
	for (unsigned len = 1; len <= LEN_MAX; len++)
		if (insn_decode(&insn, bytes + LEN_MAX - len, len, bits) && insn.len == len &&
		        insn.kind == INSN_LOAD_SS)
			return true;
	return false;
}

bool place_byte(struct control *c, struct breakpoint *p, struct vcpu_debug *debug)
{
	const uint8_t byte = INSN_INT3_BYTE;
	struct memory *m = &c->cpu.vcpu->vm->memory;
	uint64_t len;
	if (!can_plant(c, p->gva) || !linear_to_gpa(c->cpu.vcpu, p->gva, &p->gpa, &len))
		return false;
	memory_read(m, p->gpa, &p->original, 1);
	memory_write(m, p->gpa, &byte, 1);
	p->is_planted = true;
	debug->control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP;
	return true;
}

void place_take_byte(struct control *c, struct breakpoint *p)
{
	if (p->is_planted)
		memory_write(&c->cpu.vcpu->vm->memory, p->gpa, &p->original, 1);
	p->is_planted = false;
}

/* Last planted first, so that two linear addresses of one byte end with its own value. */
void place_lift(struct control *c)
{
	for (size_t i = c->breakpoints.count; i-- > 0;)
		place_take_byte(c, &c->breakpoints.all[i]);
}

/* --- debug registers -------------------------------------------------------------------------- */

/* The largest aligned piece of 1, 2 or 4 bytes at gva within len. */
static unsigned piece_len(uint64_t gva, uint64_t len)
{
	if (gva % 4 == 0 && len >= 4)
		return 4;
	return gva % 2 == 0 && len >= 2 ? 2 : 1;
}

static unsigned count_pieces(const struct watch *w)
{
	unsigned n = 0;
	for (uint64_t at = 0; at < w->len && n <= BREAKPOINT_REGISTERS; n++)
		at += piece_len(w->gva + at, w->len - at);
	return n;
}

static void watch_by_registers(struct control *c, const struct watch *w, size_t index,
        unsigned *slot, struct vcpu_debug *debug)
{
	for (uint64_t at = 0; at < w->len;) {
		unsigned len = piece_len(w->gva + at, w->len - at);
		c->cpu.watch_of_slot[*slot] = (int)index;
		cpu_use_register(debug, (*slot)++, w->gva + at,
		        w->kind == WATCH_WRITE ? CPU_WRITES : CPU_ACCESSES, len);
		at += len;
	}
}

/* The guest's own breakpoints: KVM puts ours in the place of all of them (kvm_amd, kvm_intel), so
 * they go in beside ours. selfcheck_test: with_4_breakpoints_it_is_well. */
static void keep_guest_registers(struct control *c, unsigned slot, struct vcpu_debug *debug)
{
	const struct kvm_debugregs *g = cpu_guest_registers(&c->cpu);
	for (int i = 0; i < BREAKPOINT_REGISTERS && slot < BREAKPOINT_REGISTERS; i++) {
		if (!(g->dr7 >> 2 * i & 3))
			continue;
		c->cpu.guest_of_slot[slot] = i;
		cpu_use_register(debug, slot, g->db[i], g->dr7 >> (16 + 4 * i) & 3,
		        (g->dr7 >> (18 + 4 * i) & 3) + 1);
		slot++;
	}
}

static unsigned count_guest_registers(struct control *c)
{
	const struct kvm_debugregs *g = cpu_guest_registers(&c->cpu);
	unsigned n = 0;
	for (unsigned i = 0; i < BREAKPOINT_REGISTERS; i++)
		n += (g->dr7 >> 2 * i & 3) != 0;
	return n;
}

/* Whether register slot still holds what the guest's own register n does: it may have loaded
 * others, for DR7.GD does not tell of that on every KVM. */
static bool is_copy(struct control *c, unsigned slot, unsigned n)
{
	const struct vcpu_debug *debug = &c->cpu.vcpu->debug;
	const struct kvm_debugregs *g = cpu_guest_registers(&c->cpu);
	return g->dr7 >> 2 * n & 3 && g->db[n] == debug->dr[slot] &&
	       (g->dr7 >> (16 + 4 * n) & 15) == (debug->dr7 >> (16 + 4 * slot) & 15);
}

bool place_guest_hits(struct control *c, uint64_t dr6, uint64_t *bits)
{
	bool is_right = true;
	*bits = 0;
	for (unsigned i = 0; i < BREAKPOINT_REGISTERS; i++) {
		int own = c->cpu.guest_of_slot[i];
		if (!(dr6 & 1u << i) || own < 0)
			continue;
		c->cpu.knows_guest = false;
		if (is_copy(c, i, (unsigned)own))
			*bits |= 1ull << own;
		else
			is_right = false;
	}
	return is_right || *bits;
}

struct watch *place_watch_of(struct control *c, uint64_t dr6)
{
	for (unsigned i = 0; i < BREAKPOINT_REGISTERS; i++)
		if (dr6 & 1u << i && c->cpu.watch_of_slot[i] >= 0)
			return &c->watches.all[c->cpu.watch_of_slot[i]];
	return NULL;
}

/* --- all together ----------------------------------------------------------------------------- */

/* What was removed goes, and what is new has no means yet: the debugger's side may do so within a run. */
static void follow(struct control *c)
{
	struct cpu_run *r = &c->cpu;
	if (r->placed_breakpoints == c->breakpoints.changes &&
	        r->placed_watches == c->watches.changes)
		return;
	breakpoints_purge(&c->breakpoints);
	watches_purge(&c->watches);
	r->placed = PLACED_MIXED;
	r->placed_breakpoints = c->breakpoints.changes;
	r->placed_watches = c->watches.changes;
}

bool place_fits_registers(struct control *c)
{
	const struct breakpoints *b = &c->breakpoints;
	follow(c);
	size_t needed = b->count;
	for (size_t i = 0; i < c->watches.count && needed <= BREAKPOINT_REGISTERS; i++) {
		if (c->watches.all[i].kind == WATCH_READ || !cpu_probe(c)->has_data_breakpoints)
			return false;
		needed += count_pieces(&c->watches.all[i]);
	}
	if (needed > BREAKPOINT_REGISTERS ||
	        (needed && needed > BREAKPOINT_REGISTERS - count_guest_registers(c)))
		return false;
	for (size_t i = 0; i < b->count; i++)
		if (is_after_load_ss(c, b->all[i].gva))
			return false;
	return true;
}

/* Bytes and pages are physical, breakpoints and watchpoints are linear addresses. With paging one leads to the
 * other as the guest has it, and KVM tells of no move to CR3, no edit of a page table and no invlpg: a
 * breakpoint would be missed, and met at addresses that are none. rsp/spaces_test. In long mode's beginning the
 * guest can't run freely either, for KVM does not tell of the move to CR0; of the write of EFER it does. */
static bool is_translated(struct control *c)
{
	const struct kvm_sregs *s = vcpu_sregs(c->cpu.vcpu);
	return s->cr0 & CR0_PG || s->efer & EFER_LME;
}

/* Which watchpoints get debug registers. Those for reads need a guard: a register can't tell them
 * from writes. Returns the registers used. */
static unsigned plan_watches(struct control *c, unsigned available)
{
	unsigned used = 0;
	for (size_t i = 0; i < c->watches.count; i++) {
		struct watch *w = &c->watches.all[i];
		unsigned pieces = count_pieces(w);
		bool by_register = w->kind != WATCH_READ && pieces <= available - used &&
		                   cpu_probe(c)->has_data_breakpoints;
		w->method = by_register ? WATCH_BY_REGISTER : WATCH_BY_GUARD;
		used += by_register ? pieces : 0;
	}
	return used;
}

static bool place_breakpoints(
        struct control *c, unsigned *slot, struct guards *g, struct vcpu_debug *debug)
{
	uint64_t len;
	for (size_t i = 0; i < c->breakpoints.count; i++) {
		struct breakpoint *p = &c->breakpoints.all[i];
		switch (p->method) {
		case BREAKPOINT_REGISTER:
			cpu_use_register(debug, (*slot)++, p->gva, CPU_EXECUTES, 1);
			break;
		case BREAKPOINT_PLANTED:
			if (!place_byte(c, p, debug))
				return false;
			guards_add_page(g, p->gpa, MEMORY_NO_WRITE);
			break;
		case BREAKPOINT_GUARDED:
			if (!linear_to_gpa(c->cpu.vcpu, p->gva, &p->gpa, &len))
				return false;
			guards_add_page(g, p->gpa, MEMORY_NO_ACCESS);
			break;
		case BREAKPOINT_STEPPED:
		case BREAKPOINT_COMPARED: return false;
		}
	}
	return true;
}

static void plan(struct control *c)
{
	struct breakpoints *b = &c->breakpoints;
	follow(c);
	c->cpu.placed = PLACED_MIXED;
	c->cpu.is_for_paging = false;
	for (unsigned i = 0; i < BREAKPOINT_REGISTERS; i++)
		c->cpu.watch_of_slot[i] = c->cpu.guest_of_slot[i] = -1;
	unsigned hardware = breakpoints_hardware(b);
	unsigned left = BREAKPOINT_REGISTERS - count_guest_registers(c);
	unsigned for_watches = plan_watches(c, left > hardware ? left - hardware : 0);
	left -= for_watches;
	if (b->count <= left) /* the usual case needs no probe */
		for (size_t i = 0; i < b->count; i++)
			b->all[i].method = BREAKPOINT_REGISTER;
	else
		breakpoints_plan(b, left, choose, c);
	for (size_t i = 0; i < b->count; i++)
		if (b->all[i].method == BREAKPOINT_REGISTER && is_after_load_ss(c, b->all[i].gva))
			b->all[i].method = choose(c, b->all[i].gva);
}

static void keep_all_by(struct control *c, enum placed placed, enum breakpoint_method breakpoints,
        enum watch_method watches)
{
	follow(c);
	c->cpu.is_for_paging = false;
	if (c->cpu.placed == placed)
		return;
	c->cpu.placed = placed;
	for (size_t i = 0; i < c->breakpoints.count; i++)
		c->breakpoints.all[i].method = breakpoints;
	for (size_t i = 0; i < c->watches.count; i++)
		c->watches.all[i].method = watches;
}

void place_stepped(struct control *c)
{
	keep_all_by(c, PLACED_STEPPED, BREAKPOINT_STEPPED, WATCH_BY_STEPS);
}

void place_compared(struct control *c)
{
	keep_all_by(c, PLACED_COMPARED, BREAKPOINT_COMPARED, WATCH_BY_COMPARING);
}

/* Which of the registers in use is at gva. */
static unsigned register_at(const struct vcpu_debug *debug, uint64_t gva)
{
	unsigned slot = 0;
	while (slot < BREAKPOINT_REGISTERS - 1 && debug->dr[slot] != gva)
		slot++;
	return slot;
}

static void note_breakpoint(
        struct control *c, const struct breakpoint *p, const struct vcpu_debug *debug)
{
	bool in_register = p->method == BREAKPOINT_REGISTER;
	CONTROL_NOTE(c, .kind = DECISION_BREAKPOINT, .at = p->gva, .how = p->method,
	        .number = in_register ? register_at(debug, p->gva) : 0,
	        .value = in_register ? 0 : p->gpa);
}

static void note_placed(struct control *c, const struct vcpu_debug *debug)
{
	unsigned in_registers = 0;
	for (size_t i = 0; i < c->watches.count; i++) {
		const struct watch *w = &c->watches.all[i];
		CONTROL_NOTE(c, .kind = DECISION_WATCH, .at = w->gva, .how = w->method,
		        .why = w->kind, .value = w->len,
		        .number = w->method == WATCH_BY_REGISTER ? register_at(debug, w->gva) : 0);
	}
	for (size_t i = 0; i < c->breakpoints.count; i++) {
		in_registers += c->breakpoints.all[i].method == BREAKPOINT_REGISTER;
		if (c->breakpoints.count <= DECISION_TOLD_MAX)
			note_breakpoint(c, &c->breakpoints.all[i], debug);
	}
	if (c->breakpoints.count > DECISION_TOLD_MAX)
		CONTROL_NOTE(c, .kind = DECISION_BREAKPOINTS, .number = in_registers,
		        .value = c->breakpoints.count);
}

enum place_result place_all(struct control *c, enum step_why *why)
{
	struct vcpu_debug debug = { 0 };
	struct guards guards = { .count = 0 };
	unsigned slot = 0;
	bool is_kept = true;
	if (is_translated(c) && !place_fits_registers(c)) {
		*why = STEP_TRANSLATED;
		place_stepped(c);
		c->cpu.is_for_paging = true;
		return PLACE_STEP_ON;
	}
	plan(c);
	for (size_t i = 0; i < c->watches.count; i++) {
		const struct watch *w = &c->watches.all[i];
		if (w->method == WATCH_BY_REGISTER)
			watch_by_registers(c, w, i, &slot, &debug);
		else
			is_kept &= guards_add_watch(c, w, &guards);
	}
	is_kept = is_kept && place_breakpoints(c, &slot, &guards, &debug) && !guards.is_full;
	c->cpu.zero_slot = -1;
	if (slot < BREAKPOINT_REGISTERS && zero_vector_is_wanted(c) && !count_guest_registers(c)) {
		c->cpu.zero_slot = (int)slot;
		cpu_use_register(&debug, slot++, 0, CPU_EXECUTES, 1);
	}
	cpu_take_leftover(c, &debug);
	/* Without breakpoints of ours the guest's work by themselves. */
	if (debug.control & KVM_GUESTDBG_USE_HW_BP) {
		keep_guest_registers(c, slot, &debug);
		debug.dr7 |= DR7_GD; /* a mov dr exits: these may be others after it */
	}
	if (guards.count) /* of a guest on its way to long mode: is_translated */
		efer_watch(c->cpu.vcpu);
	*why = is_kept ? guards_why_step(c, &guards) : STEP_NOT_KEPT;
	if (*why == STEP_ASKED && !guards_set(c, &guards)) {
		vcpu_set_debug(c->cpu.vcpu, &debug);
		if (c->decided)
			note_placed(c, &debug);
		return PLACE_DONE;
	}
	place_lift(c);
	if (is_kept && *why != STEP_ASKED)
		return PLACE_STEP_HERE;
	*why = STEP_NOT_KEPT;
	place_stepped(c);
	return PLACE_STEP_ON;
}

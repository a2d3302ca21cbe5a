#include "debug/place.h"

#include "bytes.h"
#include "cpu_bits.h"
#include "debug/step.h"
#include "kvm/linear.h"
#include "kvm/registers.h"

#define INSN_HLT_BYTE  0xf4
#define INSN_INT3_BYTE 0xcc

/* --- planted bytes -----------------------------------------------------------------------------
 */

static bool can_plant(struct control *c, uint64_t gva)
{
	uint64_t gpa, len;
	size_t run;
	/* A planted hlt is a fault outside of CPL 0. */
	if (!control_probe(c)->has_int3 && registers_cpl(c->vcpu) != 0)
		return false;
	return linear_to_gpa(c->vcpu, gva, &gpa, &len) &&
	       memory_hva(&c->vcpu->vm->memory, gpa, &run);
}

static enum breakpoint_method choose(void *ctx, uint64_t gva)
{
	struct control *c = ctx;
	uint64_t gpa, len;
	size_t run;
	if (registers_mode(c->vcpu) != CPU_REAL16 && can_plant(c, gva))
		return BREAKPOINT_PLANTED;
	if (linear_to_gpa(c->vcpu, gva, &gpa, &len) && memory_hva(&c->vcpu->vm->memory, gpa, &run))
		return BREAKPOINT_GUARDED;
	return BREAKPOINT_STEPPED;
}

/* A CPU passes over a register's breakpoint right behind mov ss and pop ss (SDM vol 3, "Masking
 * Exceptions and Interrupts When Switching Stacks"). Whether one of them ends at gva. */
static bool is_behind_load_ss(struct control *c, uint64_t gva)
{
	enum { LEN_MAX = 9 }; /* two prefixes, opcode, ModRM, SIB, displacement of 4 */
	uint8_t bytes[LEN_MAX];
	struct insn insn;
	unsigned bits = registers_code_bits(registers_mode(c->vcpu));
	if (!control_probe(c)->mov_ss_hides_step || gva < LEN_MAX ||
	        linear_read(c->vcpu, gva - LEN_MAX, bytes, LEN_MAX) != LEN_MAX)
		return false;
	for (unsigned len = 1; len <= LEN_MAX; len++)
		if (insn_decode(&insn, bytes + LEN_MAX - len, len, bits) && insn.len == len &&
		        insn.kind == INSN_LOAD_SS)
			return true;
	return false;
}

bool place_byte(struct control *c, struct breakpoint *p, struct vcpu_debug *debug)
{
	bool has_int3 = control_probe(c)->has_int3;
	uint8_t byte = has_int3 ? INSN_INT3_BYTE : INSN_HLT_BYTE;
	struct memory *m = &c->vcpu->vm->memory;
	uint64_t len;
	if (!can_plant(c, p->gva) || !linear_to_gpa(c->vcpu, p->gva, &p->gpa, &len))
		return false;
	memory_read(m, p->gpa, &p->original, 1);
	memory_write(m, p->gpa, &byte, 1);
	p->is_planted = true;
	if (has_int3)
		debug->control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP;
	return true;
}

void place_take_byte(struct control *c, struct breakpoint *p)
{
	if (p->is_planted)
		memory_write(&c->vcpu->vm->memory, p->gpa, &p->original, 1);
	p->is_planted = false;
}

/* Last planted first, so that two linear addresses of one byte end with its own value. */
void place_lift(struct control *c)
{
	for (size_t i = c->breakpoints.count; i-- > 0;)
		place_take_byte(c, &c->breakpoints.all[i]);
}

static struct breakpoint *planted_at(struct control *c, uint64_t gpa)
{
	for (size_t i = 0; i < c->breakpoints.count; i++)
		if (c->breakpoints.all[i].is_planted && c->breakpoints.all[i].gpa == gpa)
			return &c->breakpoints.all[i];
	return NULL;
}

bool place_access(struct control *c, const struct exit *x)
{
	struct memory *m = &c->vcpu->vm->memory;
	for (unsigned i = 0; i < x->mmio.size; i++) {
		size_t run;
		uint8_t *hva = memory_hva(m, x->mmio.gpa + i, &run);
		struct breakpoint *p = planted_at(c, x->mmio.gpa + i);
		if (!hva)
			return false;
		if (p)
			hva = &p->original;
		if (x->mmio.is_write)
			*hva = x->mmio.data[i];
		else
			x->mmio.data[i] = *hva;
	}
	return true;
}

/* --- debug registers ---------------------------------------------------------------------------
 */

/* DR7 (SDM vol 3, "Debug Control Register"): Gn is bit 2n+1, R/Wn bits 16+4n, LENn bits 18+4n. R/W
 * 0: execution, 1: writes, 3: reads and writes; x86 has none for reads alone. LEN 0, 1, 3: 1, 2, 4
 * bytes, aligned. */
static void use_register(
        struct vcpu_debug *debug, unsigned slot, uint64_t gva, unsigned rw, unsigned len)
{
	debug->dr[slot] = gva;
	debug->dr7 |= 2ull << 2 * slot;
	debug->dr7 |= (uint64_t)(rw | (len - 1) << 2) << (16 + 4 * slot);
	debug->control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP;
}

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
		c->watch_of_slot[*slot] = (int)index;
		use_register(debug, (*slot)++, w->gva + at, w->kind == WATCH_WRITE ? 1 : 3, len);
		at += len;
	}
}

/* The guest's own breakpoints: KVM puts ours in the place of all of them, so they go in beside
 * ours. */
static void keep_guest_registers(struct control *c, unsigned slot, struct vcpu_debug *debug)
{
	const struct kvm_debugregs *g = control_guest_registers(c);
	for (int i = 0; i < BREAKPOINT_REGISTERS && slot < BREAKPOINT_REGISTERS; i++) {
		if (!(g->dr7 >> 2 * i & 3))
			continue;
		c->guest_of_slot[slot] = i;
		use_register(debug, slot, g->db[i], g->dr7 >> (16 + 4 * i) & 3,
		        (g->dr7 >> (18 + 4 * i) & 3) + 1);
		slot++;
	}
}

static unsigned count_guest_registers(struct control *c)
{
	const struct kvm_debugregs *g = control_guest_registers(c);
	unsigned n = 0;
	for (unsigned i = 0; i < BREAKPOINT_REGISTERS; i++)
		n += (g->dr7 >> 2 * i & 3) != 0;
	return n;
}

uint64_t place_guest_hits(struct control *c, uint64_t dr6)
{
	uint64_t bits = 0;
	for (unsigned i = 0; i < BREAKPOINT_REGISTERS; i++)
		if (dr6 & 1u << i && c->guest_of_slot[i] >= 0)
			bits |= 1ull << c->guest_of_slot[i];
	return bits;
}

struct watch *place_watch_of(struct control *c, uint64_t dr6)
{
	for (unsigned i = 0; i < BREAKPOINT_REGISTERS; i++)
		if (dr6 & 1u << i && c->watch_of_slot[i] >= 0)
			return &c->watches.all[c->watch_of_slot[i]];
	return NULL;
}

/* --- guards ------------------------------------------------------------------------------------
 */

struct guards {
	struct memory_guard all[MEMORY_GUARDS_MAX];
	unsigned count;
	bool is_full;
};

static void guard_page(struct guards *g, uint64_t gpa, enum memory_access access)
{
	gpa &= ~(uint64_t)(MEMORY_PAGE - 1);
	for (unsigned i = 0; i < g->count; i++)
		if (g->all[i].gpa == gpa) {
			if (access > g->all[i].access)
				g->all[i].access = access;
			return;
		}
	if (g->count == MEMORY_GUARDS_MAX)
		g->is_full = true;
	else
		g->all[g->count++] = (struct memory_guard) { gpa, access };
}

/* False when a page of it is not mapped to RAM: then only stepping sees an access. */
static bool guard_watch(struct control *c, const struct watch *w, struct guards *g)
{
	struct memory *m = &c->vcpu->vm->memory;
	for (uint64_t at = 0; at < w->len;) {
		uint64_t gpa, len;
		size_t run;
		if (!linear_to_gpa(c->vcpu, w->gva + at, &gpa, &len) || !memory_hva(m, gpa, &run))
			return false;
		guard_page(g, gpa, w->kind == WATCH_WRITE ? MEMORY_NO_WRITE : MEMORY_NO_ACCESS);
		at += MEMORY_PAGE - gpa % MEMORY_PAGE;
	}
	return true;
}

int place_unguard(struct control *c)
{
	return memory_guard(&c->vcpu->vm->memory, NULL, 0);
}

/* --- all together ------------------------------------------------------------------------------
 */

/* Which watchpoints get debug registers. Those for reads need a guard: a register can't tell them
 * from writes. Returns the registers used. */
static unsigned plan_watches(struct control *c, unsigned available)
{
	unsigned used = 0;
	for (size_t i = 0; i < c->watches.count; i++) {
		struct watch *w = &c->watches.all[i];
		unsigned pieces = count_pieces(w);
		bool by_register = w->kind != WATCH_READ && pieces <= available - used &&
		                   control_probe(c)->has_data_breakpoints;
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
		case BREAKPOINT_REGISTER: use_register(debug, (*slot)++, p->gva, 0, 1); break;
		case BREAKPOINT_PLANTED:
			if (!place_byte(c, p, debug))
				return false;
			guard_page(g, p->gpa, MEMORY_NO_WRITE);
			break;
		case BREAKPOINT_GUARDED:
			if (!linear_to_gpa(c->vcpu, p->gva, &p->gpa, &len))
				return false;
			guard_page(g, p->gpa, MEMORY_NO_ACCESS);
			break;
		case BREAKPOINT_STEPPED: return false;
		}
	}
	return true;
}

/* Bytes below the top of the stack that one instruction may write, and above it that it may read: a
 * pusha or popa in 32-bit code 32; an interrupt in long mode 40 and up to 8 to align them (SDM vol
 * 3, "64-Bit Mode Stack Frame"). */
#define STACK_REACH 48

static bool is_guarded(struct control *c, const struct memory_guard *all, unsigned count,
        uint64_t gva, enum memory_access least)
{
	uint64_t gpa, len;
	if (!linear_to_gpa(c->vcpu, gva, &gpa, &len))
		return false;
	for (unsigned i = 0; i < count; i++)
		if (all[i].access >= least && gpa - all[i].gpa < MEMORY_PAGE)
			return true;
	return false;
}

/* An instruction that pushes more than once (a far call, int, pusha, an exception) can't be done
 * there: KVM's emulator keeps one access outside of RAM for the exit, and the next write of the
 * same instruction takes its place (emulator_read_write in Linux's arch/x86/kvm/x86.c). */
static bool guards_pushes(
        struct control *c, const struct memory_guard *all, unsigned count, uint64_t top)
{
	return is_guarded(c, all, count, top - 1, MEMORY_NO_WRITE) ||
	       is_guarded(c, all, count, top - STACK_REACH, MEMORY_NO_WRITE);
}

/* Nor one that pops more than once (popa, iret, a far return): the emulator begins it anew behind
 * each exit, but with the stack pointer of then. */
static bool has_guarded_stack(struct control *c, const struct memory_guard *all, unsigned count)
{
	uint64_t top = registers_stack_address(c->vcpu, vcpu_regs(c->vcpu)->rsp);
	return guards_pushes(c, all, count, top) ||
	       is_guarded(c, all, count, top, MEMORY_NO_ACCESS) ||
	       is_guarded(c, all, count, top + STACK_REACH - 1, MEMORY_NO_ACCESS);
}

/* The stacks that the CPU goes to by itself: RSP0 to RSP2, IST1 to IST7. SDM vol 3, "TSS in 64-bit
 * Mode". */
static bool has_guarded_tss_stack(struct control *c, const struct guards *g)
{
	static const uint8_t offsets[] = { 4, 12, 20, 36, 44, 52, 60, 68, 76, 84 };
	const struct kvm_sregs *s = vcpu_sregs(c->vcpu);
	if (!(s->efer & EFER_LMA) || s->tr.unusable)
		return false;
	for (size_t i = 0; i < sizeof offsets; i++) {
		uint8_t top[8];
		if (offsets[i] + sizeof top <= s->tr.limit + 1ull &&
		        linear_read(c->vcpu, s->tr.base + offsets[i], top, sizeof top) ==
		                sizeof top &&
		        get64(top) && guards_pushes(c, g->all, g->count, get64(top)))
			return true;
	}
	return false;
}

bool place_guards_stack(struct control *c)
{
	const struct memory *m = &c->vcpu->vm->memory;
	return has_guarded_stack(c, m->guards, m->guard_count);
}

/* The CPU's own tables must stay readable: KVM's emulator reads them past the exits, and when it
 * can't it tries again for ever. */
static bool has_guarded_table(struct control *c, const struct guards *g)
{
	const struct kvm_sregs *s = vcpu_sregs(c->vcpu);
	bool is_real = registers_mode(c->vcpu) == CPU_REAL16;
	/* At reset GDTR and IDTR span 64 KiB at 0 (SDM vol 3, "Processor State After Reset"): no
	 * GDT is meant by that, and of an IVT there are 256 vectors of 4 bytes. */
	bool has_gdt = s->gdt.base || s->gdt.limit != 0xffff;
	const struct {
		uint64_t gva, size;
	} tables[] = {
		{ s->idt.base, is_real ? 0x400 : s->idt.limit + 1u },
		{ s->gdt.base, has_gdt ? s->gdt.limit + 1u : 0 },
		{ s->ldt.base, is_real || s->ldt.unusable ? 0 : (uint64_t)s->ldt.limit + 1 },
		{ s->tr.base, is_real || s->tr.unusable ? 0 : (uint64_t)s->tr.limit + 1 },
	};
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		uint64_t first = tables[i].gva / MEMORY_PAGE * MEMORY_PAGE;
		/* A limit is 16 bits in tables and may be anything in a guest's own LDT. */
		uint64_t size = tables[i].size < 0x10000 ? tables[i].size : 0x10000;
		for (uint64_t at = first; size && at - first < tables[i].gva - first + size;
		        at += MEMORY_PAGE)
			if (is_guarded(c, g->all, g->count, at, MEMORY_NO_ACCESS))
				return true;
	}
	return false;
}

static bool is_unguarded_table(void *ctx, uint64_t gpa)
{
	const struct guards *g = ctx;
	for (unsigned i = 0; i < g->count; i++)
		if (g->all[i].gpa == gpa)
			return false;
	return true;
}

/* The CPU reads the tables of its translations, and sets Accessed and Dirty in them, past all
 * exits: what can't be read is not there, and what can't be written stays clear. */
static bool has_guarded_paging(struct control *c, struct guards *g)
{
	return g->count && !linear_each_table(c->vcpu, is_unguarded_table, g);
}

/* Whether the guest stands on a page that it will not be able to execute. */
static bool stands_guarded(struct control *c, const struct guards *g)
{
	return is_guarded(c, g->all, g->count, registers_pc(c->vcpu), MEMORY_NO_ACCESS);
}

static void plan(struct control *c)
{
	struct breakpoints *b = &c->breakpoints;
	breakpoints_purge(b);
	watches_purge(&c->watches);
	for (unsigned i = 0; i < BREAKPOINT_REGISTERS; i++)
		c->watch_of_slot[i] = c->guest_of_slot[i] = -1;
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
		if (b->all[i].method == BREAKPOINT_REGISTER && is_behind_load_ss(c, b->all[i].gva))
			b->all[i].method = choose(c, b->all[i].gva);
}

enum place_result place_all(struct control *c)
{
	struct vcpu_debug debug = { .dr7 = 0x400 }; /* bit 10 is always 1 */
	struct guards guards = { .count = 0 };
	unsigned slot = 0;
	bool is_kept = true;
	plan(c);
	for (size_t i = 0; i < c->watches.count; i++) {
		const struct watch *w = &c->watches.all[i];
		if (w->method == WATCH_BY_REGISTER)
			watch_by_registers(c, w, i, &slot, &debug);
		else
			is_kept &= guard_watch(c, w, &guards);
	}
	is_kept = is_kept && place_breakpoints(c, &slot, &guards, &debug) && !guards.is_full;
	/* Without breakpoints of ours the guest's work by themselves. */
	if (debug.control & KVM_GUESTDBG_USE_HW_BP) {
		keep_guest_registers(c, slot, &debug);
		debug.dr7 |= DR7_GD; /* a mov dr exits: these may be others afterwards */
	}
	bool is_here =
	        is_kept &&
	        (stands_guarded(c, &guards) || has_guarded_stack(c, guards.all, guards.count) ||
	                has_guarded_table(c, &guards) || has_guarded_tss_stack(c, &guards) ||
	                has_guarded_paging(c, &guards));
	if (is_kept && !is_here && !memory_guard(&c->vcpu->vm->memory, guards.all, guards.count)) {
		vcpu_set_debug(c->vcpu, &debug);
		return PLACE_DONE;
	}
	place_lift(c);
	return is_here ? PLACE_STEP_HERE : PLACE_STEP_ON;
}

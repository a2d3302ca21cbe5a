/* The engine's memory, breakpoints and watchpoints are set to run control's where those have changed. From engine_load to
 * engine_store the engine has the CPU's state. An access that is not to RAM is answered on the way, with the state stored,
 * so that whoever answers it sees where the guest is. */
#include "debug/engine_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/cpu_bits.h"
#include "base/sort.h"
#include "debug/access.h"
#include "debug/check.h"
#include "debug/cpu.h"
#include "debug/engine.h"
#include "debug/engine_slots.h"
#include "debug/interrupt.h"
#include "debug/means.h"
#include "debug/trail.h"
#include "kvm/registers.h"

void engine_close(struct control *c)
{
	if (!c->engine)
		return;
	engine_leave_trail(c);
	interp_free(c->engine->interp);
	engine_extras_close(&c->engine->extras);
	free(c->engine->breakpoints);
	free(c->engine);
	c->engine = NULL;
}

void engine_leave_trail(struct control *c)
{
	if (c->engine && c->engine->interp)
		interp_leave_trail(c->engine->interp);
}

void engine_follow_trail(struct control *c)
{
	if (c->engine && c->engine->interp)
		interp_set_trail(c->engine->interp, c->trail);
}

/* --- what it works on ------------------------------------------------------------------------- */

static bool engine_io(void *ctx, unsigned port, void *data, unsigned size, bool is_write);
static bool engine_mmio(void *ctx, uint64_t gpa, void *data, unsigned size, bool is_write);

/* The slots become those of the guest's memory; so do the engine's own, where it has been made. False: there are too
 * many. */
static bool follow_memory(struct control *c)
{
	struct engine *g = c->engine;
	struct interp_slot slots[INTERP_SLOTS_MAX];
	unsigned count;
	memset(slots, 0, sizeof slots); /* they are compared as bytes */
	if (!engine_find_slots(&c->cpu.vcpu->vm->memory, slots, &count))
		return false;
	if (g->interp && count == g->slot_count && !memcmp(slots, g->slots, count * sizeof *slots))
		return true;
	memcpy(g->slots, slots, sizeof slots);
	g->slot_count = count;
	if (g->interp)
		interp_set_slots(g->interp, g->slots, count);
	return true;
}

static bool open_engine(struct control *c)
{
	if (!c->engine)
		c->engine = calloc(1, sizeof *c->engine);
	if (!c->engine || !follow_memory(c))
		return false;
	if (!c->engine->interp) {
		struct interp_config config = {
			.slots = c->engine->slots,
			.slot_count = c->engine->slot_count,
			.io = engine_io,
			.mmio = engine_mmio,
			.ctx = c,
			.kick = &c->cpu.vcpu->kicked,
			.has_bcd = means_kvm_emulates(c),
			.touch = check_is_on(c) ? check_touch : NULL,
		};
		engine_extras_open(&c->engine->extras, c->cpu.vcpu, &config);
		c->engine->interp = interp_new(&config);
		if (!c->engine->interp)
			engine_extras_close(&c->engine->extras);
		engine_follow_trail(c);
	}
	return c->engine->interp;
}

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

/* A jump through a vector of real mode that is 0 is seen where it leads. */
static bool wants_zero(struct control *c)
{
	return c->watches_zero && c->cpu.zero_left;
}

bool engine_follow_breakpoints(struct control *c)
{
	struct engine *g = c->engine;
	const struct breakpoints *b = &c->breakpoints;
	unsigned count = 0;
	if (g->has_breakpoints && g->breakpoint_changes == b->changes &&
	        g->has_zero == wants_zero(c))
		return true;
	if (g->breakpoints_size < b->count + 1) {
		uint64_t *all = realloc(g->breakpoints, (b->count + 1) * sizeof *all);
		if (!all)
			return false;
		g->breakpoints = all;
		g->breakpoints_size = (unsigned)b->count + 1;
	}
	for (size_t i = 0; i < b->count; i++)
		if (breakpoint_is_set(&b->all[i]))
			g->breakpoints[count++] = b->all[i].gva;
	g->has_zero = wants_zero(c);
	if (g->has_zero)
		g->breakpoints[count++] = 0;
	sort_in_place(g->breakpoints, count, sizeof *g->breakpoints, compare);
	interp_set_breakpoints(g->interp, g->breakpoints, count);
	g->breakpoint_changes = b->changes;
	g->has_breakpoints = true;
	return true;
}

void engine_follow_watches(struct control *c)
{
	struct engine *g = c->engine;
	const struct watches *w = &c->watches;
	if (g->watch_changes == w->changes)
		return;
	for (size_t i = 0; i < w->count; i++)
		g->watches[i] = (struct interp_watch) {
			.gva = w->all[i].gva,
			.len = w->all[i].len,
			.on_read = w->all[i].is_set && w->all[i].kind != WATCH_WRITE,
			.on_write = w->all[i].is_set && w->all[i].kind != WATCH_READ,
		};
	interp_set_watches(g->interp, g->watches, (unsigned)w->count);
	g->watch_changes = w->changes;
}

/* --- the CPU's state -------------------------------------------------------------------------- */

/* Whether what engine_store has left is still the guest's state, and nobody else has written a page table. */
static bool is_loaded(const struct control *c)
{
	const struct engine *g = c->engine;
	const struct vcpu *v = c->cpu.vcpu;
	return g && g->is_loaded && g->vcpu_changes == v->changes &&
	       g->memory_writes == v->vm->memory.writes;
}

bool engine_load(struct control *c)
{
	struct vcpu *v = c->cpu.vcpu;
	uint8_t shadow;
	if (is_loaded(c))
		return true;
	if (!open_engine(c) || !vcpu_is_quiet(v, &shadow))
		return false;
	struct engine *g = c->engine;
	bool has_debug = cpu_guest_registers(&c->cpu)->dr7 & (0xff | DR7_GD);
	g->is_loaded = interp_load(g->interp, vcpu_regs(v), vcpu_sregs(v), shadow, has_debug);
	engine_extras_loaded(&g->extras, g->interp, v);
	g->vcpu_changes = v->changes;
	g->memory_writes = v->vm->memory.writes;
	return g->is_loaded;
}

void engine_store(struct control *c)
{
	struct interp *i = c->engine->interp;
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	uint64_t pdptrs[4];
	bool has_changed = interp_save(i, &regs, &sregs);
	const unsigned changes = c->cpu.vcpu->changes;
	engine_extras_take(&c->engine->extras, i, c->cpu.vcpu);
	c->engine->vcpu_changes += c->cpu.vcpu->changes - changes; /* those are the engine's own */
	vcpu_put(c->cpu.vcpu, &regs, has_changed ? &sregs : NULL, interp_shadow(i));
	if (interp_get_pdptes(i, pdptrs))
		vcpu_put_pdptrs(c->cpu.vcpu, pdptrs);
	if (interp_take_flush(i))
		vcpu_put_flush(c->cpu.vcpu);
}

/* An access of the guest's that is not to RAM. The state is stored first, for whoever answers it looks where the guest
 * is. */
static bool answer(struct control *c, const struct exit *x)
{
	engine_store(c);
	bool wants_stop = access_answer(c, x);
	check_access(c, x);
	interp_set_irq(c->engine->interp, interrupt_waits(c));
	/* A kick by the device's side is heard after this instruction. */
	return wants_stop || vcpu_is_kicked(c->cpu.vcpu);
}

static bool engine_mmio(void *ctx, uint64_t gpa, void *data, unsigned size, bool is_write)
{
	const struct exit x = {
		.kind = EXIT_MMIO,
		.reason = KVM_EXIT_MMIO,
		.mmio = { .is_write = is_write, .size = (uint8_t)size, .gpa = gpa, .data = data },
	};
	trail_touch(ctx, gpa, size, is_write);
	return answer(ctx, &x);
}

static bool engine_io(void *ctx, unsigned port, void *data, unsigned size, bool is_write)
{
	const struct exit x = {
		.kind = EXIT_IO,
		.reason = KVM_EXIT_IO,
		.io = { .is_write = is_write,
		        .size = (uint8_t)size,
		        .port = (uint16_t)port,
		        .count = 1,
		        .data = data },
	};
	return answer(ctx, &x);
}

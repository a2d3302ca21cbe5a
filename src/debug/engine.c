/* The engine's memory, breakpoints and watchpoints follow run control's; the CPU's state goes to it and
 * comes back around each run. */
#include "debug/engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/cpu_bits.h"
#include "base/sort.h"
#include "debug/access.h"
#include "debug/check.h"
#include "debug/cpu.h"
#include "debug/engine_extras.h"
#include "debug/engine_slots.h"
#include "debug/guards.h"
#include "debug/interrupt.h"
#include "debug/log.h"
#include "debug/means.h"
#include "debug/seen.h"
#include "debug/trail.h"
#include "interp/interp.h"
#include "kvm/registers.h"

/* All of these are what was given to the engine last. */
struct engine {
	struct interp *interp;
	struct interp_slot slots[INTERP_SLOTS_MAX];
	unsigned slot_count;
	uint64_t *breakpoints; /* in ascending order; owned */
	unsigned breakpoints_size, breakpoint_changes;
	bool has_zero; /* linear address 0 is among them, for zero_vector.h */
	bool has_breakpoints;
	struct interp_watch watches[WATCHES_MAX];
	unsigned watch_changes;
	/* The CPU's state is the one that it has left, while these are those of the vCPU and the memory. */
	bool is_loaded;
	unsigned vcpu_changes, memory_writes;
	struct engine_extras extras;
};

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

/* Where it is there, its memory is the guest's. */
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

static bool follow_breakpoints(struct control *c)
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

/* The engine's watchpoints are those of run control, by the same index. */
static void follow_watches(struct control *c)
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

/* Whether what store has left is the guest's state still, and no page table was written by others. */
static bool is_loaded(const struct control *c)
{
	const struct engine *g = c->engine;
	const struct vcpu *v = c->cpu.vcpu;
	return g && g->is_loaded && g->vcpu_changes == v->changes &&
	       g->memory_writes == v->vm->memory.writes;
}

/* False: it can't go on with the guest as it is now. */
static bool load(struct control *c)
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

static void store(struct control *c)
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

/* An access of the guest's that is not RAM's. Who answers it looks where the guest is. */
static bool answer(struct control *c, const struct exit *x)
{
	store(c);
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

/* Writes before reads: of what an instruction both reads and writes, the change is the news. */
static void see_hits(struct control *c)
{
	const struct interp_hit *hits;
	unsigned count = c->watches.count ? interp_hits(c->engine->interp, &hits) : 0;
	for (unsigned n = 0; n < 2; n++)
		for (unsigned i = 0; i < count; i++)
			if (hits[i].is_write == !n)
				seen_hit(&c->cpu, &c->watches.all[hits[i].watch], hits[i].gva);
}

/* An instruction is handed over. True: it is to be tried again. */
static bool is_helped(struct control *c)
{
	struct engine *g = c->engine;
	unsigned opcode;
	interp_handed(g->interp, &opcode);
	return engine_extras_give(&g->extras, g->interp, c->cpu.vcpu, opcode);
}

/* An instruction of KVM's. Where it drops translations, KVM, which may have made its own of page tables that
 * the engine has written since, forgets all of them. */
static void note_handed(struct control *c)
{
	const unsigned mov_to_cr = 0x122, invlpg = 0x101;
	unsigned opcode;
	enum interp_reason why = interp_handed(c->engine->interp, &opcode);
	c->engine_handed++;
	check_handed(c, opcode);
	c->engine_shuts_down = interp_shuts_down(c->engine->interp);
	c->engine_cr2 = interp_shutdown_cr2(c->engine->interp);
	CONTROL_NOTE(c, .kind = DECISION_HANDED, .at = registers_pc(c->cpu.vcpu), .how = why,
	        .number = opcode);
	if (vcpu_sregs(c->cpu.vcpu)->cr0 & CR0_PG && (opcode == mov_to_cr || opcode == invlpg))
		vcpu_put_flush(c->cpu.vcpu);
}

/* interp_run, and where range is not NULL interp_run_quiet, with each instruction noted. */
static enum interp_why run_logged(
        struct control *c, const struct interp_range *range, uint64_t max, uint64_t *done)
{
	struct interp *i = c->engine->interp;
	enum interp_why why = INTERP_COUNT;
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	struct log_insn insn;
	uint64_t one = 1;
	for (*done = 0; one && why == INTERP_COUNT && *done < max; *done += one) {
		interp_save(i, &regs, &sregs);
		log_begin(c, &insn, &regs, &sregs, false);
		why = range ? interp_run_quiet(i, range, 1, &one) : interp_run(i, 1, &one);
		if (one)
			log_end(c, &insn, interp_pc(i));
	}
	return why;
}

/* interp_run, with each instruction compared with KVM where that is asked for. */
static enum interp_why run_checked(struct control *c, uint64_t max, uint64_t *done)
{
	struct interp *i = c->engine->interp;
	enum interp_why why = INTERP_COUNT;
	uint64_t one = 1;
	if (!check_is_on(c))
		return c->log ? run_logged(c, NULL, max, done) : interp_run(i, max, done);
	for (*done = 0; one && why == INTERP_COUNT && *done < max; *done += one) {
		check_begin(c, i);
		why = interp_run(i, 1, &one);
		if (!check_end(c, i, one, max > 1)) {
			c->engine->is_loaded = false; /* what it has done is undone */
			return load(c) ? INTERP_KICKED : INTERP_HANDOVER;
		}
		if (one)
			store(c);
		if (one && why == INTERP_COUNT && interp_is_at_breakpoint(i))
			why = INTERP_BREAKPOINT;
	}
	return why;
}

/* --- a step ----------------------------------------------------------------------------------- */

/* The exception or the int n that the step was. before: the instruction, where it was looked at. */
static void see_vector(struct control *c, const struct insn *before)
{
	int vector = interp_last_vector(c->engine->interp);
	if (vector < 0)
		return;
	bool is_int_n = before && insn_is_int_n(before) && before->vector == vector;
	cpu_enter_handler(c, (uint8_t)vector, is_int_n ? CATCH_BY_INT : CATCH_BY_EXCEPTION);
}

/* A step can't be kicked out of: the kick is for the run that follows. */
static void run_one(struct control *c, uint64_t *done)
{
	bool was_kicked = false;
	enum interp_why why;
	do {
		was_kicked |= vcpu_take_kick(c->cpu.vcpu);
		why = run_checked(c, 1, done);
	} while (!*done && (why == INTERP_KICKED || (why == INTERP_HANDOVER && is_helped(c))));
	if (was_kicked)
		vcpu_kick(c->cpu.vcpu);
}

bool engine_step(struct control *c, struct stop *stop)
{
	struct insn insn;
	uint64_t done;
	if (!load(c))
		return false;
	follow_watches(c);
	interp_set_irq(c->engine->interp, false);
	/* A vector's cause is told to catchpoints, and to who watches for vectors that are 0. */
	bool is_looked_at =
	        (c->catches.count || c->watches_zero) && cpu_look_ahead(c->cpu.vcpu, &insn);
	const uint64_t pc = registers_pc(c->cpu.vcpu);
	run_one(c, &done);
	if (!done) {
		note_handed(c);
		return false;
	}
	c->engine_done++;
	CONTROL_NOTE(c, .kind = DECISION_STEP, .at = pc, .how = STEP_BY_ENGINE, .why = c->cpu.why);
	c->cpu.entered_handler = false;
	store(c);
	see_vector(c, is_looked_at ? &insn : NULL);
	see_hits(c);
	*stop = (struct stop) { .kind = STOP_STEPPED };
	return true;
}

uint64_t engine_steps(struct control *c, const struct engine_steps *steps, struct stop *stop)
{
	const struct interp_range range = { steps->begin, steps->end - steps->begin };
	uint64_t done;
	if (check_is_on(c) || !load(c) || !follow_breakpoints(c)) /* they are compared one by one */
		return 0;
	follow_watches(c);
	interp_set_irq(c->engine->interp, steps->is_interrupted && interrupt_waits(c));
	const uint64_t pc = registers_pc(c->cpu.vcpu);
	if (c->log)
		run_logged(c, &range, steps->max, &done);
	else
		interp_run_quiet(c->engine->interp, &range, steps->max, &done);
	if (!done)
		return 0;
	c->engine_done += done;
	CONTROL_NOTE(c, .kind = DECISION_STEPS, .at = pc, .why = c->cpu.why, .value = done);
	c->cpu.entered_handler = false;
	store(c);
	see_hits(c);
	*stop = (struct stop) { .kind = STOP_STEPPED };
	return done;
}

/* To the handler of the interrupt, or to that of an exception on the way. */
static bool deliver(struct control *c)
{
	check_begin(c, c->engine->interp);
	bool is_done = interp_deliver(c->engine->interp, c->cpu.acknowledged);
	check_end_interrupt(c, c->engine->interp, is_done, c->cpu.acknowledged);
	c->engine_shuts_down = !is_done && interp_shuts_down(c->engine->interp);
	c->engine_cr2 = interp_shutdown_cr2(c->engine->interp);
	if (!is_done)
		return false;
	interrupt_delivered(c);
	store(c);
	see_hits(c);
	return true;
}

bool engine_interrupt(struct control *c, struct stop *stop)
{
	c->engine_shuts_down = false;
	if (!load(c))
		return false;
	follow_watches(c);
	interrupt_acknowledge(c);
	if (!deliver(c))
		return false;
	const uint8_t vector = (uint8_t)interp_last_vector(c->engine->interp);
	cpu_enter_handler(
	        c, vector, vector == c->cpu.acknowledged ? CATCH_BY_DEVICE : CATCH_BY_EXCEPTION);
	*stop = (struct stop) { .kind = STOP_STEPPED };
	return true;
}

/* --- a free run ------------------------------------------------------------------------------- */

/* At linear address 0, where no breakpoint was set. True: through a vector that is 0. */
static bool is_zero_jump(struct control *c, struct stop *stop)
{
	if (!registers_is_real(registers_mode(c->cpu.vcpu)))
		return false;
	int vector = interp_vector_to(c->engine->interp, 0);
	if (vector >= 0 ? zero_vector_led(c->cpu.vcpu, (uint8_t)vector, &stop->zero)
	                : zero_vector_find(c->cpu.vcpu, &stop->zero)) {
		stop->kind = STOP_ZERO_VECTOR;
		return true;
	}
	c->cpu.zero_left = 0; /* the guest has code there */
	follow_breakpoints(c);
	return false;
}

static bool is_at_stop(struct control *c, struct stop *stop)
{
	if (!interp_is_at_breakpoint(c->engine->interp))
		return false;
	return cpu_is_at_breakpoint(c, stop) || is_zero_jump(c, stop);
}

/* An interrupt is due: on its way, to the handler's first instruction. */
static enum engine_result take_interrupt(struct control *c, struct stop *stop)
{
	if (interrupt_wants_step(c))
		return ENGINE_STEPS;
	interrupt_acknowledge(c);
	if (!deliver(c))
		return ENGINE_HANDS;
	seen_stop(&c->cpu, stop);
	return ENGINE_STOPS;
}

static enum engine_result kicked(struct control *c, struct stop *stop)
{
	stop->kind = STOP_KICKED;
	vcpu_take_kick(c->cpu.vcpu);
	CONTROL_NOTE(c, .kind = DECISION_KICK, .at = registers_pc(c->cpu.vcpu));
	/* The guest may go on from a breakpoint: the kick is still to be heard. An interrupt goes before it. */
	if (!interrupt_is_due(c) && is_at_stop(c, stop))
		vcpu_kick(c->cpu.vcpu);
	return ENGINE_STOPS;
}

/* Until it comes back with news. STOP_STEPPED in *stop with ENGINE_STOPS: with none. */
static enum engine_result run_once(struct control *c, struct stop *stop)
{
	struct interp *i = c->engine->interp;
	uint64_t done;
	stop->kind = STOP_STEPPED;
	interp_set_irq(i, interrupt_waits(c));
	enum interp_why why = run_checked(c, UINT64_MAX, &done);
	if (done)
		store(c);
	c->engine_done += done;
	switch (why) {
	case INTERP_COUNT:
	case INTERP_LEFT:
	case INTERP_EXCEPTION: return ENGINE_STOPS;
	case INTERP_BREAKPOINT: is_at_stop(c, stop); return ENGINE_STOPS;
	case INTERP_WATCH:
	case INTERP_DEVICE:
		see_hits(c);
		seen_stop(&c->cpu, stop);
		return ENGINE_STOPS;
	case INTERP_WINDOW: return take_interrupt(c, stop);
	case INTERP_KICKED: return kicked(c, stop);
	case INTERP_HANDOVER: /* a state that is none of its begins where no breakpoint was looked for */
		if (done && is_at_stop(c, stop))
			return ENGINE_STOPS;
		if (is_helped(c)) /* and goes on */
			return ENGINE_STOPS;
		note_handed(c);
		return ENGINE_HANDS;
	}
	return ENGINE_LEAVES;
}

enum engine_result engine_run(struct control *c, struct stop *stop)
{
	enum engine_result result = ENGINE_STOPS;
	seen_forget(&c->cpu);
	/* A guest that steps itself is stepped: what a free run after a step has left over of it looks the same
	 * (kvm_intel). */
	if (guards_lift(c) || !load(c) || !follow_breakpoints(c))
		return vcpu_tf(c->cpu.vcpu) ? ENGINE_HANDS : ENGINE_LEAVES;
	follow_watches(c);
	CONTROL_NOTE(c, .kind = DECISION_ENGINE, .at = registers_pc(c->cpu.vcpu));
	*stop = (struct stop) { .kind = STOP_STEPPED };
	if (!vcpu_is_kicked(c->cpu.vcpu) && interrupt_is_due(c))
		result = take_interrupt(c, stop);
	while (result == ENGINE_STOPS && stop->kind == STOP_STEPPED) {
		if (vcpu_is_kicked(c->cpu.vcpu))
			result = kicked(c, stop);
		else if (!is_at_stop(c, stop))
			result = run_once(c, stop);
	}
	return result;
}

/* Steps and runs by the engine: what each of them ends with, and what was seen on the way. */
#include "debug/engine.h"

#include "base/cpu_bits.h"
#include "debug/check.h"
#include "debug/cpu.h"
#include "debug/engine_state.h"
#include "debug/guards.h"
#include "debug/interrupt.h"
#include "debug/log.h"
#include "debug/seen.h"
#include "kvm/registers.h"

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
			return engine_load(c) ? INTERP_KICKED : INTERP_HANDOVER;
		}
		if (one)
			engine_store(c);
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
	if (!engine_load(c))
		return false;
	engine_follow_watches(c);
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
	engine_store(c);
	see_vector(c, is_looked_at ? &insn : NULL);
	see_hits(c);
	*stop = (struct stop) { .kind = STOP_STEPPED };
	return true;
}

uint64_t engine_steps(struct control *c, const struct engine_steps *steps, struct stop *stop)
{
	const struct interp_range range = { steps->begin, steps->end - steps->begin };
	uint64_t done;
	/* With --check-engine instructions are compared one by one. */
	if (check_is_on(c) || !engine_load(c) || !engine_follow_breakpoints(c))
		return 0;
	engine_follow_watches(c);
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
	engine_store(c);
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
	engine_store(c);
	see_hits(c);
	return true;
}

bool engine_interrupt(struct control *c, struct stop *stop)
{
	c->engine_shuts_down = false;
	if (!engine_load(c))
		return false;
	engine_follow_watches(c);
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
	engine_follow_breakpoints(c);
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
		engine_store(c);
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
	if (guards_lift(c) || !engine_load(c) || !engine_follow_breakpoints(c))
		return vcpu_tf(c->cpu.vcpu) ? ENGINE_HANDS : ENGINE_LEAVES;
	engine_follow_watches(c);
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

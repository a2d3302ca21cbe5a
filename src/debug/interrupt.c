#include "debug/interrupt.h"

#include <string.h>

#include "debug/step.h"
#include "debug/vectors.h"
#include "kvm/registers.h"

bool control_has_interrupt(const struct control *c)
{
	return c->is_acknowledged || c->io.has_interrupt(c->io.ctx);
}

bool interrupt_is_due(struct control *c)
{
	return control_has_interrupt(c) && vcpu_takes_interrupt(c->vcpu);
}

int interrupt_inject(struct control *c)
{
	if (!c->is_acknowledged)
		c->acknowledged = c->io.acknowledge(c->io.ctx);
	c->is_acknowledged = true;
	return vcpu_interrupt(c->vcpu, c->acknowledged);
}

int interrupt_settle(struct control *c)
{
	return vcpu_take_back_interrupt(c->vcpu, &c->is_acknowledged);
}

/* Breakpoints on the handlers it may come to; vectors[i] belongs to register i. Single-stepping
 * would put its TF into the frame, and be forgotten on the way. */
static void watch_handlers(
        struct vcpu *v, const uint8_t vectors[BREAKPOINT_REGISTERS], struct vcpu_debug *debug)
{
	unsigned slot_size;
	*debug = (struct vcpu_debug) { .dr7 = 0x400 }; /* bit 10 is always 1 */
	for (unsigned i = 0; i < BREAKPOINT_REGISTERS; i++)
		if (vector_target(v, vectors[i], &debug->dr[i], &slot_size)) {
			debug->dr7 |= 2ull << 2 * i; /* Gi; R/W and LEN 0: execution */
			debug->control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP;
		}
}

static int finish(struct control *c, const uint8_t vectors[BREAKPOINT_REGISTERS],
        const struct vcpu_debug *debug, struct stop *stop)
{
	uint64_t pc = registers_pc(c->vcpu);
	stop->kind = STOP_STEPPED;
	for (unsigned i = 0; i < BREAKPOINT_REGISTERS && !c->entered_handler; i++)
		if (debug->dr7 & 2ull << 2 * i && debug->dr[i] == pc) {
			c->entered_handler = true;
			c->vector = vectors[i];
		}
	return step_clear_rf(c->vcpu);
}

int interrupt_step(struct control *c, struct stop *stop)
{
	struct vcpu *v = c->vcpu;
	const struct kvm_regs before = *vcpu_regs(v);
	unsigned repeats = STEP_REPEATS_MAX;
	struct vcpu_debug debug;
	struct exit x;
	*stop = (struct stop) { .kind = STOP_STEPPED };
	c->was_kicked = c->entered_handler = false;
	int err = interrupt_inject(c);
	if (err)
		return err;
	/* What comes of a gate that is none: SDM vol 3, "Exception Conditions" of interrupts. */
	const uint8_t vectors[BREAKPOINT_REGISTERS] = { c->acknowledged, VECTOR_GP, VECTOR_NP,
		VECTOR_DF };
	watch_handlers(v, vectors, &debug);
	vcpu_set_debug(v, &debug);
	do {
		err = vcpu_run(v, &x);
		if (err)
			return err;
		c->was_kicked |= x.kind == EXIT_KICKED;
		if (x.kind == EXIT_DEBUG && repeats &&
		        !memcmp(&before, vcpu_regs(v), sizeof before)) {
			repeats--;
			vcpu_debug_stale(v);
			x.kind = EXIT_KICKED;
		}
	} while (x.kind == EXIT_KICKED || x.kind == EXIT_IRQ_WINDOW);
	err = interrupt_settle(c);
	if (c->was_kicked) /* it is for the run that follows */
		vcpu_kick(v);
	if (err)
		return err;
	if (c->io.trace && x.kind != EXIT_IO && x.kind != EXIT_MMIO)
		c->io.trace(c->io.ctx, &x);
	if (x.kind == EXIT_IO || x.kind == EXIT_MMIO) /* a handler that ran unseen */
		return control_finish_access(c, &x, stop);
	if (x.kind == EXIT_DEBUG)
		return finish(c, vectors, &debug, stop);
	control_stop_by(&x, stop);
	return 0;
}

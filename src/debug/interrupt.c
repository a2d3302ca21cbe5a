/* Interrupts on their way from a device to the CPU: waiting, given to KVM, taken back, stepped
 * to. */
#include "debug/interrupt.h"

#include "debug/access.h"
#include "debug/cpu.h"
#include "debug/handlers.h"
#include "debug/means.h"
#include "debug/pushed.h"
#include "debug/vectors.h"
#include "kvm/registers.h"

bool interrupt_waits(const struct control *c)
{
	return c->cpu.is_acknowledged || c->io.has_interrupt(c->io.ctx);
}

bool interrupt_is_due(struct control *c)
{
	return interrupt_waits(c) && vcpu_takes_interrupt(c->cpu.vcpu);
}

static void note(struct control *c, enum decision_interrupt how)
{
	CONTROL_NOTE(c, .kind = DECISION_INTERRUPT, .at = registers_pc(c->cpu.vcpu), .how = how,
	        .number = c->cpu.acknowledged);
}

void interrupt_acknowledge(struct control *c)
{
	if (!c->cpu.is_acknowledged)
		c->cpu.acknowledged = c->io.acknowledge(c->io.ctx);
	c->cpu.is_acknowledged = true;
}

bool interrupt_comes_next(struct control *c)
{
	return (c->step_interrupts || c->cpu.is_shut_down) && interrupt_is_due(c);
}

/* The most that an interrupt pushes on the stack of the ring that it comes to: SDM vol 3, "64-Bit Mode Stack Frame",
 * and up to 8 bytes to align it. */
#define FRAME_MAX 48u

/* Whether the way to the handler may end in an exception, and so in a triple fault: after a free run nobody could tell
 * that from one of the handler's. Where the stack is another ring's, it is taken to be there. */
static bool may_shut_down(struct control *c)
{
	struct vcpu *v = c->cpu.vcpu;
	const uint64_t sp = vcpu_regs(v)->rsp;
	uint64_t gpa;
	if (vector_leads_nowhere(v, c->cpu.acknowledged))
		return true;
	return registers_cpl(v) == 0 &&
	       (!cpu_is_in_ram(v, registers_stack_address(v, sp - 1), &gpa) ||
	               !cpu_is_in_ram(v, registers_stack_address(v, sp - FRAME_MAX), &gpa));
}

bool interrupt_wants_step(struct control *c)
{
	if (!interrupt_is_due(c))
		return false;
	/* The engine sees what it pushes, and where the way ends. */
	if (!means_engine_is_first(c)) {
		interrupt_acknowledge(c);
		if (c->watches.count || may_shut_down(c))
			return true;
	}
	if (!c->watches_zero || !registers_is_real(registers_mode(c->cpu.vcpu)))
		return false;
	interrupt_acknowledge(c);
	return zero_vector_is(c->cpu.vcpu, c->cpu.acknowledged);
}

static int give(struct control *c)
{
	interrupt_acknowledge(c);
	return vcpu_interrupt(c->cpu.vcpu, c->cpu.acknowledged);
}

int interrupt_inject(struct control *c)
{
	int err = give(c);
	note(c, INTERRUPT_INJECTED);
	return err;
}

void interrupt_delivered(struct control *c)
{
	c->cpu.is_acknowledged = c->cpu.is_shut_down = false;
	note(c, INTERRUPT_DELIVERED);
}

int interrupt_settle(struct control *c)
{
	int err = vcpu_take_back_interrupt(c->cpu.vcpu, &c->cpu.is_acknowledged);
	if (c->cpu.is_acknowledged)
		note(c, INTERRUPT_TAKEN_BACK);
	return err;
}

/* A triple fault on the way, at which KVM may have dropped the interrupt, and reset the CPU. It is as it was before, and
 * whatever it is asked to do next is the same again; until the guest's memory is another. */
static int shut_down(struct control *c, const struct kvm_regs *regs, const struct kvm_sregs *sregs)
{
	c->cpu.is_acknowledged = c->cpu.is_shut_down = true;
	int err = cpu_put_back(c->cpu.vcpu, regs, sregs);
	return !err && c->engine_shuts_down ? cpu_put_cr2(c->cpu.vcpu, c->engine_cr2) : err;
}

int interrupt_step(struct control *c, struct stop *stop)
{
	struct vcpu *v = c->cpu.vcpu;
	const struct kvm_regs regs = *vcpu_regs(v);
	const struct kvm_sregs sregs = *vcpu_sregs(v);
	struct vcpu_debug debug = { 0 };
	struct handlers h;
	struct exit x;
	*stop = (struct stop) { .kind = STOP_STEPPED };
	c->cpu.was_kicked = c->cpu.entered_handler = c->cpu.is_shut_down = false;
	pushed_begin(c, false);
	int err = give(c);
	if (err)
		return err;
	note(c, INTERRUPT_STEPPED);
	/* Breakpoints on the handlers: single-stepping would put its TF into the frame, and be
	 * forgotten on the way (kvm_amd) or end an instruction too late (kvm_pvm). */
	const uint8_t vector = c->cpu.acknowledged;
	handlers_find_interrupt(v, vector, &h);
	handlers_watch(&h, &debug);
	err = cpu_run_to_exit(c, &debug, &x);
	if (err)
		return err;
	err = interrupt_settle(c);
	if (c->cpu.was_kicked) /* it is for the run that follows */
		vcpu_kick(v);
	if (err)
		return err;
	if (x.kind == EXIT_IO || x.kind == EXIT_MMIO) /* a handler that ran unseen */
		return access_finish(c, &x, stop);
	if (x.kind == EXIT_MSR)
		return access_refuses_msr(c, &x) ? 0 : access_write_msr(c, &x, stop);
	if (x.kind != EXIT_DEBUG) {
		cpu_stop_by(&x, stop);
		/* KVM was not asked, but the engine knows. */
		if (x.kind == EXIT_NO_PAGING && c->engine_shuts_down)
			stop->kind = STOP_SHUTDOWN;
		return stop->kind == STOP_SHUTDOWN ? shut_down(c, &regs, &sregs) : 0;
	}
	int entered = handlers_index(&h, registers_pc(v));
	if (entered >= 0)
		cpu_enter_handler(c, h.vector[entered],
		        h.vector[entered] == vector ? CATCH_BY_DEVICE : CATCH_BY_EXCEPTION);
	return cpu_clear_rf(v);
}

#include "debug/control.h"

#include <string.h>

#include "kvm/linear.h"
#include "kvm/registers.h"

#define INSN_HLT_BYTE  0xf4
#define INSN_INT3_BYTE 0xcc

void control_init(struct control *c, struct vcpu *v, const struct control_io *io)
{
	*c = (struct control) { .vcpu = v, .io = *io };
	breakpoints_init(&c->breakpoints);
}

void control_close(struct control *c)
{
	breakpoints_close(&c->breakpoints);
}

const struct probe *control_probe(struct control *c)
{
	if (!c->is_probed) {
		if (probe_run(&c->probe, NULL))
			c->probe = (struct probe) { .step_runs_whole_rep = true };
		c->is_probed = true;
	}
	return &c->probe;
}

void control_stop_by(const struct exit *x, struct stop *stop)
{
	stop->exit = *x;
	switch (x->kind) {
	case EXIT_HLT: stop->kind = STOP_HALTED; break;
	case EXIT_SHUTDOWN: stop->kind = STOP_SHUTDOWN; break;
	case EXIT_KICKED: stop->kind = STOP_KICKED; break;
	case EXIT_IO:
	case EXIT_MMIO:
	case EXIT_DEBUG:
	case EXIT_FAIL_ENTRY:
	case EXIT_INTERNAL_ERROR:
	case EXIT_IRQ_WINDOW:
	case EXIT_OTHER: stop->kind = STOP_FAILED; break;
	}
}

/* True when a device wants the guest stopped. */
static bool answer_access(struct control *c, const struct exit *x)
{
	bool wants_stop = x->kind == EXIT_IO ? c->io.io(c->io.ctx, x) : c->io.mmio(c->io.ctx, x);
	if (c->io.trace)
		c->io.trace(c->io.ctx, x);
	return wants_stop;
}

/* Lets KVM finish the instruction whose access was answered. */
static int complete(struct control *c, bool wants_stop, struct stop *stop)
{
	for (;;) {
		struct exit x;
		int err = vcpu_complete(c->vcpu, &x);
		if (err)
			return err;
		switch (x.kind) {
		case EXIT_IO:
		case EXIT_MMIO: /* the same instruction's next one */
			wants_stop |= answer_access(c, &x);
			break;
		case EXIT_KICKED:
		case EXIT_DEBUG:
		case EXIT_IRQ_WINDOW:
			vcpu_debug_stale(c->vcpu);
			stop->kind = wants_stop ? STOP_DEVICE : STOP_STEPPED;
			return 0;
		case EXIT_HLT:
		case EXIT_SHUTDOWN:
		case EXIT_FAIL_ENTRY:
		case EXIT_INTERNAL_ERROR:
		case EXIT_OTHER: control_stop_by(&x, stop); return 0;
		}
	}
}

int control_finish_access(struct control *c, const struct exit *x, struct stop *stop)
{
	return complete(c, answer_access(c, x), stop);
}

/* --- breakpoints in place -------------------------------------------------------------------- */

static bool can_plant(void *ctx, uint64_t gva)
{
	struct control *c = ctx;
	uint64_t gpa, len;
	size_t run;
	/* A planted hlt is a fault outside of CPL 0. */
	if (!control_probe(c)->has_int3 && registers_cpl(c->vcpu) != 0)
		return false;
	return linear_to_gpa(c->vcpu, gva, &gpa, &len) &&
	       memory_hva(&c->vcpu->vm->memory, gpa, &run);
}

static void plant(struct control *c, struct breakpoint *p)
{
	uint8_t byte = control_probe(c)->has_int3 ? INSN_INT3_BYTE : INSN_HLT_BYTE;
	struct memory *m = &c->vcpu->vm->memory;
	uint64_t len;
	if (!linear_to_gpa(c->vcpu, p->gva, &p->gpa, &len))
		return;
	memory_read(m, p->gpa, &p->original, 1);
	p->is_planted = memory_write(m, p->gpa, &byte, 1) == 1;
}

/* Last planted first, so that two linear addresses of one byte end with its own value. */
static void lift(struct control *c)
{
	for (size_t i = c->breakpoints.count; i-- > 0;) {
		struct breakpoint *p = &c->breakpoints.all[i];
		if (!p->is_planted)
			continue;
		memory_write(&c->vcpu->vm->memory, p->gpa, &p->original, 1);
		p->is_planted = false;
	}
}

/* Puts all breakpoints in place. False when one is left that only stepping keeps. */
static bool arm(struct control *c)
{
	struct breakpoints *b = &c->breakpoints;
	struct vcpu_debug debug = { .dr7 = 0x400 };
	unsigned slot = 0;
	bool has_planted = false;
	breakpoints_purge(b);
	if (b->count <= BREAKPOINT_REGISTERS) /* the usual case needs no plan and no probe */
		for (size_t i = 0; i < b->count; i++)
			b->all[i].method = BREAKPOINT_REGISTER;
	else
		breakpoints_plan(b, can_plant, c);
	for (size_t i = 0; i < b->count; i++) {
		struct breakpoint *p = &b->all[i];
		switch (p->method) {
		case BREAKPOINT_REGISTER:
			debug.dr[slot] = p->gva;
			/* Gn: bit 2n+1; R/W and LEN 0: execution (SDM vol 3, "DR7"). */
			debug.dr7 |= 2ull << 2 * slot++;
			debug.control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP;
			break;
		case BREAKPOINT_PLANTED:
			plant(c, p);
			has_planted = true;
			break;
		case BREAKPOINT_STEPPED: lift(c); return false;
		}
	}
	if (has_planted && control_probe(c)->has_int3)
		debug.control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP;
	vcpu_set_debug(c->vcpu, &debug);
	return true;
}

/* --- going on -------------------------------------------------------------------------------- */

static bool is_at_breakpoint(struct control *c, struct stop *stop)
{
	const struct breakpoint *p = breakpoints_find(&c->breakpoints, registers_pc(c->vcpu));
	if (!p)
		return false;
	stop->kind = STOP_BREAKPOINT;
	stop->is_hardware = p->is_hardware && !p->is_software;
	return true;
}

/* A hlt exit at a planted byte: rip goes back to it. */
static int undo_planted_hlt(struct control *c, bool *is_planted)
{
	struct kvm_regs regs = *vcpu_regs(c->vcpu);
	const struct kvm_sregs *s = vcpu_sregs(c->vcpu);
	const struct breakpoint *p =
	        breakpoints_find(&c->breakpoints, registers_code_address(s, regs.rip - 1));
	*is_planted = p && p->is_planted;
	if (!*is_planted)
		return 0;
	regs.rip--;
	return vcpu_set_regs(c->vcpu, &regs);
}

/* A debug exit that is none of ours belongs to the guest: its own int3 or #DB. */
static int give_to_guest(struct control *c, const struct exit *x)
{
	struct kvm_vcpu_events events;
	int err = vcpu_get_events(c->vcpu, &events);
	if (err)
		return err;
	events.flags = 0;
	events.exception.injected = 1;
	events.exception.nr = (uint8_t)x->debug.exception;
	events.exception.has_error_code = 0;
	return vcpu_set_events(c->vcpu, &events);
}

/* One exit of a free run. Returns 1 to go on, 0 with *stop, or -errno. */
static int handle_exit(struct control *c, struct exit *x, bool *is_pending, struct stop *stop)
{
	bool is_planted;
	int err;
	if (c->io.trace && x->kind != EXIT_IO && x->kind != EXIT_MMIO && x->kind != EXIT_KICKED)
		c->io.trace(c->io.ctx, x);
	switch (x->kind) {
	case EXIT_IO:
	case EXIT_MMIO:
		if (!answer_access(c, x)) {
			*is_pending = true;
			return 1;
		}
		return complete(c, true, stop);
	case EXIT_KICKED:
		stop->kind = STOP_STEPPED;
		if (*is_pending) {
			err = complete(c, false, stop);
			if (err)
				return err;
		}
		if (stop->kind == STOP_STEPPED && !is_at_breakpoint(c, stop))
			stop->kind = STOP_KICKED;
		return 0;
	case EXIT_DEBUG:
		if (is_at_breakpoint(c, stop))
			return 0;
		err = give_to_guest(c, x);
		return err ? err : 1;
	case EXIT_HLT:
		err = undo_planted_hlt(c, &is_planted);
		if (err)
			return err;
		if (is_planted && is_at_breakpoint(c, stop))
			return 0;
		control_stop_by(x, stop);
		return 0;
	case EXIT_IRQ_WINDOW: return 1;
	case EXIT_SHUTDOWN:
	case EXIT_FAIL_ENTRY:
	case EXIT_INTERNAL_ERROR:
	case EXIT_OTHER: control_stop_by(x, stop); return 0;
	}
	return 0;
}

static int run_free(struct control *c, struct stop *stop)
{
	bool is_pending = false; /* an access was answered, KVM has not finished it */
	int result;
	do {
		struct exit x;
		result = vcpu_run(c->vcpu, &x);
		if (result < 0)
			break;
		if (x.kind != EXIT_IO && x.kind != EXIT_MMIO && x.kind != EXIT_KICKED)
			is_pending = false;
		result = handle_exit(c, &x, &is_pending, stop);
	} while (result == 1);
	return result;
}

/* Where a breakpoint can be kept in no other way. */
static int run_stepping(struct control *c, struct stop *stop)
{
	for (;;) {
		if (vcpu_take_kick(c->vcpu)) {
			stop->kind = STOP_KICKED;
			return 0;
		}
		int err = control_single_step(c, stop);
		if (err || stop->kind != STOP_STEPPED || is_at_breakpoint(c, stop))
			return err;
	}
}

int control_step(struct control *c, struct stop *stop)
{
	c->must_step_off = false;
	return control_single_step(c, stop);
}

void control_begin(struct control *c)
{
	c->must_step_off = breakpoints_find(&c->breakpoints, registers_pc(c->vcpu)) != NULL;
}

int control_run(struct control *c, struct stop *stop)
{
	*stop = (struct stop) { .kind = STOP_STEPPED };
	if (c->must_step_off) {
		c->must_step_off = false;
		int err = control_single_step(c, stop);
		if (err || stop->kind != STOP_STEPPED || is_at_breakpoint(c, stop))
			return err;
	}
	bool is_armed = arm(c);
	int err = is_armed ? run_free(c, stop) : run_stepping(c, stop);
	lift(c);
	return err;
}

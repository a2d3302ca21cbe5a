#include "debug/observe.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "debug/interrupt.h"
#include "debug/place.h"
#include "debug/step.h"
#include "kvm/registers.h"

/* --- accesses ----------------------------------------------------------------------------------
 */

void observe_hit(struct control *c, const struct watch *w, uint64_t gva)
{
	if (!w || c->has_hit)
		return;
	c->has_hit = true;
	c->hit.kind = w->kind;
	c->hit.gva = gva;
}

/* Where the next line about what was caught goes: behind the others. What does not fit overwrites
 * the last. */
static char *next_line(struct control *c)
{
	size_t len = c->has_caught ? strlen(c->caught) : 0,
	       last = sizeof c->caught - CATCH_TEXT_MAX;
	return c->caught + (len < last ? len : last);
}

static void note_caught(struct control *c, bool is_caught)
{
	c->has_caught |= is_caught;
}

static bool catch_access(struct control *c, const struct exit *x)
{
	if (!c->catches.count)
		return false;
	if (x->kind == EXIT_MMIO)
		note_caught(
		        c, catches_mmio(&c->catches, x->mmio.gpa, x->mmio.size, x->mmio.is_write,
		                   get_number(x->mmio.data, x->mmio.size), next_line(c)));
	for (uint32_t i = 0; x->kind == EXIT_IO && i < x->io.count; i++)
		note_caught(c, catches_port(&c->catches, x->io.port, x->io.size, x->io.is_write,
		                       get_number(x->io.data + (size_t)i * x->io.size, x->io.size),
		                       next_line(c)));
	return c->has_caught;
}

bool observe_access(struct control *c, const struct exit *x)
{
	if (x->kind == EXIT_MMIO && place_access(c, x)) {
		uint64_t gva = 0;
		const struct watch *w = watches_hit_gpa(
		        &c->watches, c->vcpu, x->mmio.gpa, x->mmio.size, x->mmio.is_write, &gva);
		observe_hit(c, w, gva);
		return w != NULL;
	}
	bool wants_stop = x->kind == EXIT_IO ? c->io.io(c->io.ctx, x) : c->io.mmio(c->io.ctx, x);
	if (c->io.trace)
		c->io.trace(c->io.ctx, x);
	c->device_stops |= wants_stop;
	return catch_access(c, x) || wants_stop;
}

void observe_stop(struct control *c, struct stop *stop)
{
	stop->kind = STOP_STEPPED;
	if (c->device_stops) {
		stop->kind = STOP_DEVICE;
	} else if (c->has_hit) {
		stop->kind = STOP_WATCH;
		stop->watch.kind = c->hit.kind;
		stop->watch.gva = c->hit.gva;
	} else if (c->has_caught) {
		stop->kind = STOP_CATCH;
	}
}

void observe_forget(struct control *c)
{
	c->has_hit = c->has_caught = c->device_stops = false;
}

int observe_complete(struct control *c, struct stop *stop)
{
	for (;;) {
		struct exit x;
		int err = vcpu_complete(c->vcpu, &x);
		if (err)
			return err;
		switch (x.kind) {
		case EXIT_IO:
		case EXIT_MMIO: /* the same instruction's next one */ observe_access(c, &x); break;
		case EXIT_KICKED:
		case EXIT_DEBUG:
		case EXIT_IRQ_WINDOW:
			vcpu_debug_stale(c->vcpu);
			observe_stop(c, stop);
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
	observe_access(c, x);
	return observe_complete(c, stop);
}

/* --- a step that looks at watchpoints ----------------------------------------------------------
 */

static void find_hit(struct control *c, const struct operand *operands, unsigned count)
{
	const struct watch *w = watches_changed(&c->watches, c->vcpu);
	if (w)
		observe_hit(c, w, w->gva);
	for (unsigned i = 0; i < count && !c->has_hit && !c->entered_handler; i++) {
		const struct operand *o = &operands[i];
		if (o->is_write)
			w = watches_hit(&c->watches, o->gva, o->len, true);
		if (!w && o->is_read)
			w = watches_hit(&c->watches, o->gva, o->len, false);
		if (w)
			observe_hit(c, w, o->gva > w->gva ? o->gva : w->gva);
	}
}

/* What catchpoints compare with after a step. */
struct before {
	enum cpu_mode mode;
	uint16_t cs;
	uint64_t cr0, cr3, cr4;
	int written_cr; /* by the instruction, or -1 */
	char where[32];
};

static void note_before(struct control *c, struct before *b)
{
	const struct kvm_sregs *s = vcpu_sregs(c->vcpu);
	struct insn insn;
	*b = (struct before) {
		.mode = registers_mode(c->vcpu),
		.cs = s->cs.selector,
		.cr0 = s->cr0,
		.cr3 = s->cr3,
		.cr4 = s->cr4,
		.written_cr = control_look_ahead(c->vcpu, &insn) ? insn.written_cr : -1,
	};
	snprintf(b->where, sizeof b->where, "%04x:%04" PRIx64, b->cs,
	        (uint64_t)vcpu_regs(c->vcpu)->rip);
}

/* All that is caught at once is told, each in a line; an interrupt before what it brings along. */
static void catch_step(struct control *c, const struct before *b)
{
	const struct kvm_sregs *s = vcpu_sregs(c->vcpu);
	const struct catches *all = &c->catches;
	const char *mode = registers_mode_name(registers_mode(c->vcpu));
	if (c->entered_handler)
		note_caught(c,
		        catches_vector(all, c->vector, vcpu_regs(c->vcpu), b->where, next_line(c)));
	int written = c->entered_handler ? -1 : b->written_cr; /* it has faulted */
	note_caught(c, catches_cr(all, 0, written == 0, b->cr0, s->cr0, next_line(c)));
	note_caught(c, catches_cr(all, 3, written == 3, b->cr3, s->cr3, next_line(c)));
	note_caught(c, catches_cr(all, 4, written == 4, b->cr4, s->cr4, next_line(c)));
	note_caught(c, catches_mode(all, registers_mode_name(b->mode), mode, next_line(c)));
	note_caught(c, catches_cs(all, b->cs, s->cs.selector, next_line(c)));
}

bool observe_hlt(struct control *c, struct stop *stop)
{
	c->is_halted = true;
	c->halt_rip = vcpu_regs(c->vcpu)->rip;
	if (!catches_hlt(&c->catches, next_line(c)))
		return false;
	stop->kind = STOP_CATCH;
	return true;
}

int observe_step(struct control *c, bool is_interrupt, struct stop *stop)
{
	struct operand operands[OPERANDS_MAX];
	struct before before;
	unsigned count = 0;
	observe_forget(c);
	int err = place_unguard(c);
	if (err)
		return err;
	if (c->watches.count) {
		watches_note(&c->watches, c->vcpu);
		/* Nothing in memory tells of a read afterwards. */
		if (!is_interrupt)
			count = control_operands(c->vcpu, operands);
	}
	if (c->catches.count)
		note_before(c, &before);
	err = is_interrupt ? interrupt_step(c, stop) : control_single_step(c, stop);
	if (!err && c->is_followed && stop->kind != STOP_SHUTDOWN && stop->kind != STOP_FAILED)
		c->is_followed = c->follows(c->stops_ctx);
	if (!err && stop->kind == STOP_HALTED && observe_hlt(c, stop))
		return 0;
	if (err || (stop->kind != STOP_STEPPED && stop->kind != STOP_CATCH))
		return err;
	if (c->watches.count)
		find_hit(c, operands, count);
	if (c->catches.count)
		catch_step(c, &before);
	observe_stop(c, stop);
	return 0;
}

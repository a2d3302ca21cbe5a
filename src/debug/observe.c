/* A step with an eye on watchpoints and catchpoints: what the guest was before it is compared with
 * what it is after it. */
#include "debug/observe.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "debug/cpu.h"
#include "debug/guards.h"
#include "debug/interrupt.h"
#include "debug/log.h"
#include "debug/means.h"
#include "debug/pushed.h"
#include "debug/seen.h"
#include "debug/step.h"
#include "debug/trail.h"
#include "kvm/linear.h"
#include "kvm/registers.h"

static void find_accessed(struct control *c, const struct operand *operands, unsigned count)
{
	for (unsigned i = 0; i < count && !c->cpu.has_hit; i++) {
		const struct operand *o = &operands[i];
		const struct watch *w = NULL;
		if (o->is_write)
			w = watches_hit(&c->watches, o->gva, o->len, true);
		if (!w && o->is_read)
			w = watches_hit(&c->watches, o->gva, o->len, false);
		if (w)
			seen_hit(&c->cpu, w, o->gva > w->gva ? o->gva : w->gva);
	}
}

/* Which watchpoint a step has hit. operands: the instruction's. An instruction that has led to a handler has not made
 * these accesses: it has faulted, or it was an int, whose operands are the frame. It has made them where the guest's own
 * #DB came after it (came_from.is_done). The frame that was pushed on the way to the handler counts, too. */
static void find_hit(struct control *c, const struct operand *operands, unsigned count)
{
	struct operand frame;
	const struct watch *w = watches_changed(&c->watches, c->cpu.vcpu);
	if (w)
		seen_hit(&c->cpu, w, w->gva);
	if (!c->cpu.entered_handler || c->cpu.came_from.is_done)
		find_accessed(c, operands, count);
	if (c->cpu.entered_handler)
		find_accessed(c, &frame, pushed_find(c, &frame));
}

/* What catchpoints compare with after a step. */
struct before {
	enum cpu_mode mode;
	uint16_t cs;
	uint64_t cr0, cr3, cr4;
	int written_cr; /* by the instruction, or -1 */
	bool is_magic;  /* the instruction is */
	uint64_t rip;
};

static void note_before(struct control *c, struct before *b)
{
	const struct kvm_sregs *s = vcpu_sregs(c->cpu.vcpu);
	struct insn insn;
	const bool is_known = cpu_look_ahead(c->cpu.vcpu, &insn);
	*b = (struct before) {
		.mode = registers_mode(c->cpu.vcpu),
		.cs = s->cs.selector,
		.cr0 = s->cr0,
		.cr3 = s->cr3,
		.cr4 = s->cr4,
		.written_cr = is_known ? insn.written_cr : -1,
		.is_magic = is_known && insn.is_magic,
		.rip = vcpu_regs(c->cpu.vcpu)->rip,
	};
}

static void catch_vector(struct control *c, const struct before *b)
{
	char where[32];
	snprintf(where, sizeof where, "%04x:%04" PRIx64, b->cs, b->rip);
	seen_caught(&c->cpu, catches_vector(&c->catches, c->cpu.vector, c->cpu.cause,
	                             vcpu_regs(c->cpu.vcpu), where, seen_next_line(&c->cpu)));
}

/* All that is caught at once is told, each in a line; an interrupt before what it brings along. */
static void catch_step(struct control *c, const struct before *b)
{
	const struct kvm_sregs *s = vcpu_sregs(c->cpu.vcpu);
	const struct catches *all = &c->catches;
	const char *mode = registers_mode_name(registers_mode(c->cpu.vcpu));
	if (c->cpu.entered_handler)
		catch_vector(c, b);
	int written = c->cpu.entered_handler ? -1 : b->written_cr; /* it has faulted */
	seen_caught(
	        &c->cpu, catches_cr(all, 0, written == 0, b->cr0, s->cr0, seen_next_line(&c->cpu)));
	seen_caught(
	        &c->cpu, catches_cr(all, 3, written == 3, b->cr3, s->cr3, seen_next_line(&c->cpu)));
	seen_caught(
	        &c->cpu, catches_cr(all, 4, written == 4, b->cr4, s->cr4, seen_next_line(&c->cpu)));
	seen_caught(&c->cpu,
	        catches_mode(all, registers_mode_name(b->mode), mode, seen_next_line(&c->cpu)));
	if (b->is_magic && !c->cpu.entered_handler)
		seen_caught(&c->cpu, catches_magic(all, seen_next_line(&c->cpu)));
	seen_caught(&c->cpu, catches_cs(all, b->cs, s->cs.selector, seen_next_line(&c->cpu)));
}

/* Whether the step was a jump through a vector that is 0. from: where the step began. */
static void find_zero(struct control *c, const struct zero_jump *from)
{
	if (registers_pc(c->cpu.vcpu) != 0 || !zero_vector_is(c->cpu.vcpu, c->cpu.vector))
		return;
	c->cpu.has_zero = true;
	c->cpu.zero = *from;
	c->cpu.zero.cause = c->cpu.cause;
	c->cpu.zero.vector = c->cpu.vector;
}

bool observe_hlt(struct control *c, struct stop *stop)
{
	c->cpu.is_halted = true;
	c->cpu.halt_rip = vcpu_regs(c->cpu.vcpu)->rip;
	if (!catches_hlt(&c->catches, seen_next_line(&c->cpu)))
		return false;
	seen_caught(&c->cpu, true);
	stop->kind = STOP_CATCH;
	return true;
}

/* rdtsc, rdtscp, rdpmc, rdmsr, rdrand and rdseed: what KVM has them give comes from the host. */
static bool is_undetermined(struct vcpu *v)
{
	uint8_t bytes[INSN_MAX];
	size_t n = linear_read(v, registers_pc(v), bytes, sizeof bytes), i = 0;
	while (i < n && (strchr("\x66\x67\x2e\x3e\x26\x36\x64\x65\xf0\xf2\xf3", bytes[i]) ||
	                        (bytes[i] & 0xf0) == 0x40))
		i++;
	if (i + 2 >= n || bytes[i] != 0x0f)
		return i + 2 == n && n >= 2 && bytes[i] == 0x0f &&
		       (bytes[i + 1] == 0x31 || bytes[i + 1] == 0x32 || bytes[i + 1] == 0x33);
	switch (bytes[i + 1]) {
	case 0x31:
	case 0x32:
	case 0x33: return true;
	case 0x01: return bytes[i + 2] == 0xf9;
	case 0xc7: return bytes[i + 2] >= 0xf0; /* a register, by /6 and /7 */
	default: return false;
	}
}

/* KVM's step, and what it has hit. */
static int step_by_kvm(struct control *c, bool is_interrupt, struct stop *stop)
{
	struct operand operands[OPERANDS_MAX];
	struct log_insn logged;
	unsigned count = 0;
	log_begin(c, &logged, vcpu_regs(c->cpu.vcpu), vcpu_sregs(c->cpu.vcpu), true);
	if (c->watches.count) {
		watches_note(&c->watches, c->cpu.vcpu);
		/* A read leaves no trace in memory. */
		if (!is_interrupt)
			count = cpu_operands(c->cpu.vcpu, operands);
	}
	const bool tells = c->is_recorded && c->io.undetermined && !is_interrupt &&
	                   is_undetermined(c->cpu.vcpu);
	const bool is_quiet = trail_before_kvm(c) && !is_interrupt;
	int err = is_interrupt ? interrupt_step(c, stop) : step_one(c, stop);
	trail_after_kvm(c, is_quiet);
	if (tells)
		c->io.undetermined(c->io.ctx);
	bool has_ended = stop->kind == STOP_STEPPED || stop->kind == STOP_CATCH;
	if (!err && !is_interrupt && (has_ended || stop->kind == STOP_HALTED))
		log_end(c, &logged, registers_pc(c->cpu.vcpu));
	if (!err && has_ended && c->watches.count)
		find_hit(c, operands, count);
	return err;
}

static bool step_by_engine(struct control *c, bool is_interrupt, struct stop *stop)
{
	/* What it knows of a shutdown is of the instruction that it has handed over, and of no other. */
	if (is_interrupt || c->cpu.why != STEP_HANDED_OVER)
		c->engine_shuts_down = false;
	if (!means_engine_takes(c, c->cpu.why))
		return false;
	return is_interrupt ? engine_interrupt(c, stop) : engine_step(c, stop);
}

int observe_step(struct control *c, bool is_interrupt, struct stop *stop)
{
	struct before before = { 0 };
	seen_forget(&c->cpu);
	int err = guards_lift(c);
	if (err)
		return err;
	const struct zero_jump zero = { .cs = vcpu_sregs(c->cpu.vcpu)->cs.selector,
		.ip = (uint16_t)vcpu_regs(c->cpu.vcpu)->rip };
	if (c->catches.count)
		note_before(c, &before);
	if (!step_by_engine(c, is_interrupt, stop))
		err = step_by_kvm(c, is_interrupt, stop);
	if (err || stop->kind != STOP_KICKED)
		c->cpu.stuck = 0;
	if (!err && c->is_followed && stop->kind != STOP_SHUTDOWN && stop->kind != STOP_FAILED &&
	        stop->kind != STOP_KICKED)
		c->is_followed = c->follows(c->stops_ctx);
	if (!err && stop->kind == STOP_HALTED && observe_hlt(c, stop))
		return 0;
	if (err || (stop->kind != STOP_STEPPED && stop->kind != STOP_CATCH))
		return err;
	if (c->catches.count)
		catch_step(c, &before);
	if (c->watches_zero && c->cpu.entered_handler)
		find_zero(c, &zero);
	seen_stop(&c->cpu, stop);
	return 0;
}

uint64_t observe_steps(struct control *c, const struct engine_steps *steps, struct stop *stop)
{
	/* Who follows the guest is asked after each instruction. */
	if (c->is_followed || !means_engine_takes(c, c->cpu.why))
		return 0;
	seen_forget(&c->cpu);
	if (guards_lift(c)) /* a step says what is wrong */
		return 0;
	const uint64_t done = engine_steps(c, steps, stop);
	if (!done)
		return 0;
	c->cpu.stuck = 0;
	seen_stop(&c->cpu, stop);
	return done;
}

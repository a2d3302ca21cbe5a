/* One step is one instruction, on every KVM. How KVMs differ is measured in HACKING.md:
 *
 * - hlt under TF: kvm_pvm swallows the exit and runs past. So hlt is not run at all: it does
 * nothing that the VMM can't do.
 * - port I/O and MMIO: some exit with rip advanced, some before; the access is answered and KVM
 *   finishes the instruction with immediate_exit set, which never begins the next one.
 * - rep: some run all iterations in a step. There the count is made 1 for the step.
 * - an exit KVM_EXIT_DEBUG with nothing done happens (spuriously on kvm_intel): once more, then. */
#include "debug/control.h"

#include <string.h>

#include "debug/insn.h"
#include "kvm/linear.h"
#include "kvm/registers.h"

#define RFLAGS_ZF (1u << 6)

static unsigned code_bits(enum cpu_mode mode)
{
	switch (mode) {
	case CPU_REAL16:
	case CPU_VM86:
	case CPU_PROT16:
	case CPU_COMPAT16: return 16;
	case CPU_PROT32:
	case CPU_COMPAT32: return 32;
	case CPU_LONG64: return 64;
	}
	return 16;
}

static bool look_ahead(struct vcpu *v, struct insn *insn)
{
	uint8_t bytes[INSN_MAX];
	size_t n = linear_read(v, registers_pc(v), bytes, sizeof bytes);
	return insn_decode(insn, bytes, n, code_bits(registers_mode(v)));
}

/* hlt at CPL 0, done here: go behind it, and the interrupt shadow of a sti before it ends. */
static int step_hlt(struct control *c, const struct insn *insn, struct stop *stop)
{
	struct vcpu *v = c->vcpu;
	struct kvm_regs regs = *vcpu_regs(v);
	struct kvm_vcpu_events events;
	regs.rip += insn->prefix_len + 1;
	if (registers_mode(v) != CPU_LONG64)
		regs.rip &= 0xffffffff;
	int err = vcpu_set_regs(v, &regs);
	if (!err)
		err = vcpu_get_events(v, &events);
	if (!err && events.interrupt.shadow) {
		events.interrupt.shadow = 0;
		events.flags = KVM_VCPUEVENT_VALID_SHADOW;
		err = vcpu_set_events(v, &events);
	}
	stop->kind = STOP_HALTED;
	return err;
}

static int run_step(struct control *c, struct stop *stop)
{
	static const struct vcpu_debug debug = {
		.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP,
		.dr7 = 0x400, /* bit 10 is always 1 */
	};
	struct vcpu *v = c->vcpu;
	const struct kvm_regs before = *vcpu_regs(v);
	bool may_repeat = true;
	vcpu_set_debug(v, &debug);
	for (;;) {
		struct exit x;
		int err = vcpu_run(v, &x);
		if (err)
			return err;
		if (x.kind == EXIT_KICKED) { /* nothing was run */
			c->was_kicked = true;
			continue;
		}
		if (c->io.trace && x.kind != EXIT_IO && x.kind != EXIT_MMIO)
			c->io.trace(c->io.ctx, &x);
		switch (x.kind) {
		case EXIT_IO:
		case EXIT_MMIO: return control_finish_access(c, &x, stop);
		case EXIT_DEBUG:
			/* A jump to itself looks the same and is done twice, which nobody can tell.
			 */
			if (may_repeat && !memcmp(&before, vcpu_regs(v), sizeof before)) {
				may_repeat = false;
				vcpu_debug_stale(v);
				continue;
			}
			stop->kind = STOP_STEPPED;
			return 0;
		case EXIT_IRQ_WINDOW: continue;
		case EXIT_KICKED:
		case EXIT_HLT:
		case EXIT_SHUTDOWN:
		case EXIT_FAIL_ENTRY:
		case EXIT_INTERNAL_ERROR:
		case EXIT_OTHER: control_stop_by(&x, stop); return 0;
		}
	}
}

static uint64_t count_mask(const struct insn *insn)
{
	return insn->address_bits == 64 ? UINT64_MAX : (1ull << insn->address_bits) - 1;
}

/* A rep instruction with a count of 1: one iteration. Then the count and rip of the real one are
 * put back as they are between two iterations, where an interrupt would find them. */
static int step_rep(struct control *c, const struct insn *insn, struct stop *stop)
{
	struct vcpu *v = c->vcpu;
	struct kvm_regs before = *vcpu_regs(v), regs = before;
	uint64_t mask = count_mask(insn), count = before.rcx & mask;
	if (count <= 1)
		return run_step(c, stop);
	regs.rcx = (regs.rcx & ~mask) | 1;
	int err = vcpu_set_regs(v, &regs);
	if (!err)
		err = run_step(c, stop);
	if (err)
		return err;
	regs = *vcpu_regs(v);
	bool is_done = (regs.rcx & mask) == 0;
	uint64_t left = is_done ? count - 1 : count; /* a fault leaves the iteration undone */
	bool zf = regs.rflags & RFLAGS_ZF;
	bool has_ended = insn->kind == INSN_SCAN && zf != (insn->rep == INSN_REPE);
	regs.rcx = mask == 0xffffffff ? left : (regs.rcx & ~mask) | left;
	if (is_done && !has_ended)
		regs.rip = before.rip;
	return vcpu_set_regs(v, &regs);
}

static int step_looked_at(struct control *c, struct stop *stop)
{
	struct insn insn;
	if (!look_ahead(c->vcpu, &insn))
		return run_step(c, stop);
	if (insn.kind == INSN_HLT && !insn.has_lock && registers_cpl(c->vcpu) == 0)
		return step_hlt(c, &insn, stop);
	bool counts = (insn.kind == INSN_STRING || insn.kind == INSN_SCAN) && insn.rep != INSN_ONCE;
	int err = counts && control_probe(c)->step_runs_whole_rep ? step_rep(c, &insn, stop)
								  : run_step(c, stop);
	/* The guest has written TF, which is where KVM keeps the step. */
	if (insn.kind == INSN_FLAGS)
		vcpu_debug_stale(c->vcpu);
	return err;
}

int control_single_step(struct control *c, struct stop *stop)
{
	*stop = (struct stop) { .kind = STOP_STEPPED };
	c->was_kicked = false;
	int err = step_looked_at(c, stop);
	/* A step can't be kicked out of: the kick is for the run that follows. */
	if (c->was_kicked)
		vcpu_kick(c->vcpu);
	return err;
}

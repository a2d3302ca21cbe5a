/* What the CPU is about to do, and what is known of it: asked by all files of run control. */
#include "debug/cpu.h"

#include <string.h>

#include "base/cpu_bits.h"
#include "kvm/linear.h"
#include "kvm/registers.h"

unsigned cpu_operands(struct vcpu *v, struct operand operands[OPERANDS_MAX])
{
	uint8_t bytes[INSN_MAX];
	size_t n = linear_read(v, registers_pc(v), bytes, sizeof bytes);
	return operands_decode(bytes, n, registers_code_bits(registers_mode(v)), vcpu_regs(v),
	        vcpu_sregs(v), operands);
}

unsigned cpu_operands_of(
        struct vcpu *v, const struct insn *insn, struct operand operands[OPERANDS_MAX])
{
	return operands_decode(insn->bytes, insn->byte_count,
	        registers_code_bits(registers_mode(v)), vcpu_regs(v), vcpu_sregs(v), operands);
}

bool cpu_look_ahead(struct vcpu *v, struct insn *insn)
{
	uint8_t bytes[INSN_MAX] = { 0 };
	size_t n = linear_read(v, registers_pc(v), bytes, sizeof bytes);
	bool is_known = insn_decode(insn, bytes, n, registers_code_bits(registers_mode(v)));
	memcpy(insn->bytes, bytes, sizeof bytes);
	insn->byte_count = (uint8_t)n;
	return is_known;
}

bool cpu_is_in_ram(struct vcpu *v, uint64_t gva, uint64_t *gpa)
{
	uint64_t len;
	size_t run;
	return linear_exists(v, gva) && linear_to_gpa(v, gva, gpa, &len) &&
	       memory_hva(&v->vm->memory, *gpa, &run);
}

int cpu_clear_rf(struct vcpu *v)
{
	struct kvm_regs regs = *vcpu_regs(v);
	if (!(regs.rflags & RFLAGS_RF))
		return 0;
	regs.rflags &= ~(uint64_t)RFLAGS_RF;
	return vcpu_set_regs(v, &regs);
}

int cpu_put_back(struct vcpu *v, const struct kvm_regs *regs, const struct kvm_sregs *sregs)
{
	const struct kvm_sregs *now = vcpu_sregs(v);
	int err = vcpu_drop_exception(v);
	if (!memcmp(regs, vcpu_regs(v), sizeof *regs) &&
	        !memcmp(&sregs->cs, &now->cs, sizeof now->cs) &&
	        !memcmp(&sregs->ss, &now->ss, sizeof now->ss))
		return err;
	if (!err)
		err = vcpu_set_sregs(v, sregs);
	return err ? err : vcpu_set_regs(v, regs);
}

int cpu_put_cr2(struct vcpu *v, uint64_t cr2)
{
	struct kvm_sregs sregs = *vcpu_sregs(v);
	if (sregs.cr2 == cr2)
		return 0;
	sregs.cr2 = cr2;
	return vcpu_set_sregs(v, &sregs);
}

int cpu_end_iteration(struct vcpu *v, const struct insn *insn, const struct kvm_regs *before)
{
	struct kvm_regs regs = *vcpu_regs(v);
	uint64_t mask = insn_count_mask(insn), count = before->rcx & mask;
	bool is_done = (regs.rcx & mask) == 0;
	uint64_t left = is_done ? count - 1 : count; /* a fault leaves the iteration undone */
	bool has_ended = insn_has_rep_ended(insn, left, regs.rflags);
	if (!is_done)
		regs.rcx = before->rcx;
	else
		regs.rcx = mask == 0xffffffff ? left : (regs.rcx & ~mask) | left;
	if (is_done && !has_ended)
		regs.rip = before->rip;
	/* An emulating KVM (kvm_pvm) marks a rep under way with RF; the guest's own is for one instruction. */
	regs.rflags &= ~(uint64_t)RFLAGS_RF;
	if (!is_done || !has_ended)
		regs.rflags |= before->rflags & RFLAGS_RF;
	if (is_done && has_ended && regs.rip == before->rip) /* where kvm_pvm leaves it */
		regs.rip += insn->prefix_len + 1;
	return vcpu_set_regs(v, &regs);
}

const struct probe *cpu_probe(struct control *c)
{
	if (!c->is_probed) {
		if (probe_run(&c->probe, c->cpu.vcpu->vm, NULL))
			c->probe = (struct probe) { .step_runs_whole_rep = true,
				.mov_ss_hides_step = true };
		c->is_probed = true;
	}
	return &c->probe;
}

const struct kvm_debugregs *cpu_guest_registers(struct cpu_run *r)
{
	if (!r->knows_guest && vcpu_get_debugregs(r->vcpu, &r->guest) < 0)
		r->guest = (struct kvm_debugregs) { 0 };
	r->knows_guest = true;
	return &r->guest;
}

bool cpu_is_at_breakpoint(struct control *c, struct stop *stop)
{
	const struct breakpoint *p = breakpoints_find(&c->breakpoints, registers_pc(c->cpu.vcpu));
	if (!p)
		return false;
	stop->kind = STOP_BREAKPOINT;
	stop->is_hardware = p->is_hardware && !p->is_software;
	return true;
}

void cpu_stop_by(const struct exit *x, struct stop *stop)
{
	stop->exit = *x;
	switch (x->kind) {
	case EXIT_HLT: stop->kind = STOP_HALTED; break;
	case EXIT_SHUTDOWN: stop->kind = STOP_SHUTDOWN; break;
	case EXIT_KICKED: stop->kind = STOP_KICKED; break;
	case EXIT_IO:
	case EXIT_MMIO:
	case EXIT_MSR:
	case EXIT_DEBUG:
	case EXIT_FAIL_ENTRY:
	case EXIT_INTERNAL_ERROR:
	case EXIT_NO_PAGING:
	case EXIT_IRQ_WINDOW:
	case EXIT_OTHER: stop->kind = STOP_FAILED; break;
	}
}

void cpu_use_register(
        struct vcpu_debug *debug, unsigned slot, uint64_t gva, unsigned access, unsigned len)
{
	debug->dr[slot] = gva;
	/* Gn is bit 2n+1, R/Wn bits 16+4n, LENn, the length less 1, bits 18+4n. */
	debug->dr7 |= DR7_ONES | 2ull << 2 * slot;
	debug->dr7 |= (uint64_t)(access | (len - 1) << 2) << (16 + 4 * slot);
	debug->control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP;
}

void cpu_note_step(struct control *c, enum step_how how, unsigned handlers)
{
	CONTROL_NOTE(c, .kind = DECISION_STEP, .at = registers_pc(c->cpu.vcpu), .how = how,
	        .why = c->cpu.why, .number = handlers);
}

void cpu_note_exit(struct control *c, const struct exit *x)
{
	CONTROL_NOTE(c, .kind = DECISION_EXIT, .at = registers_pc(c->cpu.vcpu), .number = x->reason,
	        .value = x->kind == EXIT_DEBUG ? x->debug.dr6 : 0);
}

void cpu_enter_handler(struct control *c, uint8_t vector, enum catch_cause cause)
{
	c->cpu.entered_handler = true;
	c->cpu.vector = vector;
	c->cpu.cause = cause;
	CONTROL_NOTE(
	        c, .kind = DECISION_HANDLER, .at = registers_pc(c->cpu.vcpu), .number = vector);
}

/* How often a run that did nothing is repeated: kvm_intel under Bochs gives a KVM_EXIT_DEBUG for
 * each page that KVM has to map first, and an instruction of 64-bit code has its own, its operands'
 * and those of the tables. A jump to itself looks the same, and nobody can tell how often it was
 * done. */
#define REPEATS_MAX 32
/* Of what is no jump: KVM never gets done with it (int n on kvm_pvm, in some forms). */
#define REPEATS_STUCK 1000

bool cpu_is_same(const struct kvm_regs *a, const struct kvm_regs *b)
{
	struct kvm_regs other = *b;
	other.rflags = (other.rflags & ~(uint64_t)RFLAGS_RF) | (a->rflags & RFLAGS_RF);
	return !memcmp(a, &other, sizeof other);
}

/* The end of a step as it should be: no handler was met. */
static bool is_plain_step(const struct vcpu_debug *debug, const struct exit *x)
{
	return debug->control & KVM_GUESTDBG_SINGLESTEP && x->kind == EXIT_DEBUG &&
	       !(x->debug.dr6 & 0xf); /* B0 to B3 */
}

bool cpu_runs_on(struct control *c)
{
	struct vcpu *v = c->cpu.vcpu;
	if (registers_cpl(v) != 3 || !(vcpu_sregs(v)->efer & EFER_LMA))
		return false;
	if (!c->is_cpl3_probed)
		c->hides_cpl3 = probe_ask(PROBE_CPL3_STEPS, SCRATCH_LONG64, v->vm) == PROBE_NO;
	c->is_cpl3_probed = true;
	return c->hides_cpl3;
}

/* A kick has come in the midst of a step that began at *before: whether the step is over. Where nothing is
 * done the caller goes on by another one. */
static bool ends_by_kick(
        struct control *c, const struct vcpu_debug *debug, const struct kvm_regs *before)
{
	struct vcpu *v = c->cpu.vcpu;
	const uint64_t pc = registers_pc(v);
	if (vcpu_regs(v)->rip == before->rip || cpu_runs_on(c))
		return true;
	/* At a debug register, or at a byte that is planted, it stops by itself. */
	for (unsigned i = 0; i < BREAKPOINT_REGISTERS; i++)
		if (debug->dr7 >> 2 * i & 3 && debug->dr[i] == pc)
			return false;
	c->cpu.has_run_on = debug->control & KVM_GUESTDBG_SINGLESTEP;
	return c->cpu.has_run_on;
}

/* The instruction at the pc may lead to itself. */
static bool may_stay(struct vcpu *v)
{
	struct insn insn;
	if (!cpu_look_ahead(v, &insn))
		return true;
	uint8_t opcode = insn.opcode;
	return insn.is_0f ? (opcode & 0xf0) == 0x80
	                  : (opcode & 0xf0) == 0x70 || opcode == 0xff ||
	                            (opcode >= 0xe0 && opcode <= 0xe3) ||
	                            (opcode >= 0xe9 && opcode <= 0xeb);
}

void cpu_take_leftover(struct control *c, struct vcpu_debug *debug)
{
	const uint32_t ours = KVM_GUESTDBG_SINGLESTEP | KVM_GUESTDBG_USE_HW_BP;
	if (!c->cpu.has_stepped || debug->control & ours || !cpu_probe(c)->step_leaves_trap)
		return;
	debug->control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP;
	debug->dr7 |= DR7_ONES;
}

int cpu_run_to_exit(struct control *c, const struct vcpu_debug *debug, struct exit *x)
{
	struct vcpu *v = c->cpu.vcpu;
	const struct kvm_regs before = *vcpu_regs(v);
	unsigned repeats = 0;
	bool is_news = false;
	/* One that came before it began is for later, but where the step may never end: nobody kicks again. */
	if (!c->cpu.may_last)
		c->cpu.was_kicked |= vcpu_take_kick(v);
	struct vcpu_debug wanted = *debug;
	cpu_take_leftover(c, &wanted);
	vcpu_set_debug(v, &wanted);
	while (!is_news) {
		int err = vcpu_run(v, x);
		if (err)
			return err;
		/* A kick may find a step before its instruction, or after it. */
		c->cpu.has_stepped = (x->kind == EXIT_KICKED && c->cpu.has_stepped) ||
		                     debug->control & KVM_GUESTDBG_SINGLESTEP;
		if (x->kind == EXIT_KICKED) {
			is_news = ends_by_kick(c, debug, &before);
			c->cpu.was_kicked |= !is_news;
			CONTROL_NOTE(
			        c, .kind = DECISION_KICK, .at = registers_pc(v), .how = !is_news);
		} else if (x->kind == EXIT_DEBUG && cpu_is_same(&before, vcpu_regs(v)) &&
		           (repeats < REPEATS_MAX || !may_stay(v))) {
			CONTROL_NOTE(c, .kind = DECISION_AGAIN, .at = registers_pc(v));
			if (before.rflags & RFLAGS_RF) /* for what is to be passed over */
				err = vcpu_set_regs(v, &before);
			if (err)
				return err;
			vcpu_debug_stale(v);
			if (++repeats == REPEATS_STUCK) {
				x->kind = EXIT_KICKED;
				x->reason = KVM_EXIT_INTR;
				c->cpu.stuck = CPU_STUCK_MAX;
				is_news = true;
			}
		} else {
			is_news = x->kind != EXIT_IRQ_WINDOW;
		}
	}
	if (!is_plain_step(debug, x))
		cpu_note_exit(c, x);
	if (c->io.trace && x->kind != EXIT_IO && x->kind != EXIT_MMIO)
		c->io.trace(c->io.ctx, x);
	return 0;
}

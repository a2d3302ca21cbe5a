/* One step is one instruction, on every KVM. How KVMs differ is measured in HACKING.md; what is
 * done here holds on all of them:
 *
 * - KVM's single-step (TF) does the work. Before each step the debug registers watch the handlers
 *   of the exceptions that the instruction can raise, for a CPU that enters a handler forgets TF:
 *   the handler would run unseen. So a step goes into `int n` and into faults at their first
 *   instruction.
 * - TF of KVM's must not be seen by the guest: it is taken out of what pushf, int n and faults
 *   push. The guest's own TF is kept apart (vcpu.tf), and its #DB is raised here.
 * - hlt under TF: kvm_pvm swallows the exit and runs past. It is done here: it does nothing that
 * the VMM can't do.
 * - port I/O and MMIO: some exit with rip advanced, some before; the access is answered and KVM
 *   finishes the instruction with immediate_exit set, which never begins the next one.
 * - rep: some run all iterations in a step. There the count is made 1 for the step.
 * - mov ss, pop ss: a real CPU takes no trap behind them, so a byte planted on the next instruction
 *   stops it.
 * - KVM_EXIT_DEBUG with nothing done happens (kvm_intel): once more, then. */
#include "debug/step.h"

#include <string.h>

#include "cpu_bits.h"
#include "debug/handlers.h"
#include "debug/operands.h"
#include "debug/place.h"
#include "debug/vectors.h"
#include "kvm/linear.h"
#include "kvm/registers.h"

unsigned control_operands(struct vcpu *v, struct operand operands[OPERANDS_MAX])
{
	uint8_t bytes[INSN_MAX];
	size_t n = linear_read(v, registers_pc(v), bytes, sizeof bytes);
	return operands_decode(bytes, n, registers_code_bits(registers_mode(v)), vcpu_regs(v),
	        vcpu_sregs(v), operands);
}

bool control_look_ahead(struct vcpu *v, struct insn *insn)
{
	uint8_t bytes[INSN_MAX];
	size_t n = linear_read(v, registers_pc(v), bytes, sizeof bytes);
	return insn_decode(insn, bytes, n, registers_code_bits(registers_mode(v)));
}

int step_clear_rf(struct vcpu *v)
{
	struct kvm_regs regs = *vcpu_regs(v);
	if (!(regs.rflags & RFLAGS_RF))
		return 0;
	regs.rflags &= ~(uint64_t)RFLAGS_RF;
	return vcpu_set_regs(v, &regs);
}

/* --- a step by KVM -----------------------------------------------------------------------------
 */

/* kvm_pvm does iretq without a trap behind it: its way in long mode, where bases are 0, is watched
 * in the place of the last handler. */
static void watch_iret(struct vcpu *v, const struct insn *insn, struct vcpu_debug *debug)
{
	uint64_t rip;
	unsigned slot = BREAKPOINT_REGISTERS - 1;
	if (insn->kind != INSN_IRET || registers_mode(v) != CPU_LONG64 ||
	        !handlers_read_slot(v, 0, insn->operand_bits / 8, &rip) || rip == registers_pc(v))
		return;
	debug->dr[slot] = rip;
	debug->dr7 |= 2ull << 2 * slot;
	debug->control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP;
}

static int run_step(
        struct control *c, const struct insn *insn, const struct handlers *h, struct stop *stop)
{
	struct vcpu_debug debug = { .control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP };
	struct vcpu *v = c->vcpu;
	const struct kvm_regs before = *vcpu_regs(v);
	unsigned repeats = STEP_REPEATS_MAX;
	handlers_watch(h, &debug);
	watch_iret(v, insn, &debug);
	vcpu_set_debug(v, &debug);
	/* Where the guest runs on the CPU, the step is TF in its rflags, and whatever KVM emulates
	 * on the way (ins, a guarded access, a move to cr0) wipes it out unseen. */
	if (!control_probe(c)->step_runs_whole_rep)
		vcpu_debug_stale(v);
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
			if (repeats && !memcmp(&before, vcpu_regs(v), sizeof before)) {
				repeats--;
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

/* --- instructions of their own -----------------------------------------------------------------
 */

/* hlt at CPL 0: go behind it, and the interrupt shadow of a sti before it ends. */
static int step_hlt(struct control *c, const struct insn *insn, struct stop *stop)
{
	struct vcpu *v = c->vcpu;
	struct kvm_regs regs = *vcpu_regs(v);
	struct kvm_vcpu_events events;
	regs.rip += insn->len;
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

static uint64_t count_mask(const struct insn *insn)
{
	return insn->address_bits == 64 ? UINT64_MAX : (1ull << insn->address_bits) - 1;
}

/* Behind an iteration, with left to come. SDM vol 2, REP/REPE/REPZ/REPNE/REPNZ. */
static bool has_rep_ended(const struct insn *insn, uint64_t left, uint64_t rflags)
{
	bool zf = rflags & RFLAGS_ZF;
	return left == 0 || (insn->kind == INSN_SCAN && zf != (insn->rep == INSN_REPE));
}

/* A rep instruction with a count of 1: one iteration. Then the count and rip of the real one are
 * put back as they are between two iterations, where an interrupt would find them. */
static int step_rep(
        struct control *c, const struct insn *insn, const struct handlers *h, struct stop *stop)
{
	struct vcpu *v = c->vcpu;
	struct kvm_regs before = *vcpu_regs(v), regs = before;
	uint64_t mask = count_mask(insn), count = before.rcx & mask;
	if (count == 0)
		return run_step(c, insn, h, stop);
	regs.rcx = (regs.rcx & ~mask) | 1;
	int err = count == 1 ? 0 : vcpu_set_regs(v, &regs);
	if (!err)
		err = run_step(c, insn, h, stop);
	if (err)
		return err;
	regs = *vcpu_regs(v);
	bool is_done = (regs.rcx & mask) == 0;
	uint64_t left = is_done ? count - 1 : count; /* a fault leaves the iteration undone */
	bool has_ended = has_rep_ended(insn, left, regs.rflags);
	regs.rcx = mask == 0xffffffff ? left : (regs.rcx & ~mask) | left;
	if (is_done && !has_ended)
		regs.rip = before.rip;
	/* An emulating KVM marks a rep under way with RF. */
	regs.rflags = (regs.rflags & ~(uint64_t)RFLAGS_RF) | (before.rflags & RFLAGS_RF);
	if (is_done && has_ended &&
	        regs.rip == before.rip) /* left there by an MMIO access of kvm_pvm's */
		regs.rip += insn->prefix_len + 1;
	return vcpu_set_regs(v, &regs);
}

/* An emulating KVM does 1024 at a time and leaves RF set behind them. */
static int step_some_of_rep(
        struct control *c, const struct insn *insn, const struct handlers *h, struct stop *stop)
{
	uint64_t rf = vcpu_regs(c->vcpu)->rflags & RFLAGS_RF;
	int err = run_step(c, insn, h, stop);
	return err || rf ? err : step_clear_rf(c->vcpu);
}

/* A rep instruction where a step is an iteration. QEMU's TCG, under kvm_amd, stays at it behind the
 * last one, for a step that does nothing more. */
static int step_iteration(
        struct control *c, const struct insn *insn, const struct handlers *h, struct stop *stop)
{
	struct vcpu *v = c->vcpu;
	const struct kvm_regs before = *vcpu_regs(v);
	uint64_t mask = count_mask(insn);
	int err = run_step(c, insn, h, stop);
	if (err)
		return err;
	struct kvm_regs regs = *vcpu_regs(v);
	uint64_t left = regs.rcx & mask;
	bool is_done = left != (before.rcx & mask);
	if (regs.rip != before.rip || !is_done || !has_rep_ended(insn, left, regs.rflags))
		return 0;
	regs.rip += insn->prefix_len + 1;
	regs.rflags &= ~(uint64_t)RFLAGS_RF; /* of a rep under way */
	return vcpu_set_regs(v, &regs);
}

/* mov ss and pop ss on a CPU that takes no trap behind them: a planted byte on the next
 * instruction. When none can stand there, the step takes the next instruction along. */
static int step_load_ss(
        struct control *c, const struct insn *insn, const struct handlers *h, struct stop *stop)
{
	struct vcpu *v = c->vcpu;
	struct vcpu_debug debug = { 0 };
	struct exit x;
	uint64_t next = registers_code_address(vcpu_sregs(v), vcpu_regs(v)->rip + insn->len);
	struct breakpoint p = { .gva = next };
	if (!place_byte(c, &p, &debug))
		return run_step(c, insn, h, stop);
	handlers_watch(h, &debug);
	vcpu_set_debug(v, &debug);
	int err;
	do {
		err = vcpu_run(v, &x);
		c->was_kicked |= !err && x.kind == EXIT_KICKED;
	} while (!err && (x.kind == EXIT_KICKED || x.kind == EXIT_IRQ_WINDOW));
	place_take_byte(c, &p);
	if (err)
		return err;
	if (c->io.trace)
		c->io.trace(c->io.ctx, &x);
	if (x.kind == EXIT_HLT) {
		struct kvm_regs regs = *vcpu_regs(v);
		if (registers_code_address(vcpu_sregs(v), regs.rip - 1) == next) {
			regs.rip--;
			stop->kind = STOP_STEPPED;
			return vcpu_set_regs(v, &regs);
		}
	}
	if (x.kind != EXIT_DEBUG)
		control_stop_by(&x, stop);
	return 0;
}

/* The guest debugs itself, and its #DB comes now. The step ends at that handler's first
 * instruction. */
static int raise_guest_db(struct control *c, uint64_t dr6, struct stop *stop)
{
	struct vcpu *v = c->vcpu;
	struct vcpu_debug debug = { 0 };
	struct handlers h = { 0 };
	struct exit x;
	if (!vector_target(v, VECTOR_DB, &h.gva[0], &h.slot_size))
		return 0;
	h.count = h.gva[0] != registers_pc(v);
	handlers_watch(&h, &debug);
	vcpu_set_debug(v, &debug);
	int err = vcpu_inject_exception(v, VECTOR_DB, dr6);
	if (err)
		return err;
	do {
		err = vcpu_run(v, &x);
		c->was_kicked |= !err && x.kind == EXIT_KICKED;
	} while (!err && (x.kind == EXIT_KICKED || x.kind == EXIT_IRQ_WINDOW));
	c->entered_handler = true;
	c->vector = VECTOR_DB;
	c->knows_guest = false; /* DR6, and DR7.GD */
	if (!err && x.kind != EXIT_DEBUG)
		control_stop_by(&x, stop);
	return err ? err : step_clear_rf(v);
}

/* The guest's own debug registers of one kind that [gva, gva + len) hits, as bits of DR6. rw: bits
 * of R/Wn that count, 1 << n for value n. */
static uint64_t guest_hits(struct control *c, uint64_t gva, uint32_t len, unsigned rw)
{
	const struct kvm_debugregs *g = control_guest_registers(c);
	uint64_t bits = 0;
	for (unsigned i = 0; i < BREAKPOINT_REGISTERS; i++) {
		uint64_t own = g->db[i], own_len = (g->dr7 >> (18 + 4 * i) & 3) + 1;
		bool is_on = g->dr7 >> 2 * i & 3 && rw >> (g->dr7 >> (16 + 4 * i) & 3) & 1;
		if (is_on && (own < gva ? gva - own < own_len : own - gva < len))
			bits |= 1u << i;
	}
	return bits;
}

static uint64_t guest_data_hits(struct control *c, const struct operand *operands, unsigned count)
{
	uint64_t bits = 0;
	for (unsigned i = 0; i < count; i++)
		bits |= guest_hits(c, operands[i].gva, operands[i].len,
		        (operands[i].is_write ? 1u << 1 : 0) | 1u << 3);
	return bits;
}

static bool guest_debugs(struct control *c)
{
	return control_guest_registers(c)->dr7 & (0xff | DR7_GD); /* Ln and Gn */
}

/* A triple fault: the registers are those of the moment before. kvm_amd has reset them. */
static int put_back(struct vcpu *v, const struct kvm_regs *regs, const struct kvm_sregs *sregs)
{
	if (!memcmp(regs, vcpu_regs(v), sizeof *regs))
		return 0;
	int err = vcpu_set_sregs(v, sregs);
	return err ? err : vcpu_set_regs(v, regs);
}

/* --- all together ------------------------------------------------------------------------------
 */

static int run_looked_at(
        struct control *c, const struct insn *insn, const struct handlers *h, struct stop *stop)
{
	bool counts =
	        (insn->kind == INSN_STRING || insn->kind == INSN_SCAN) && insn->rep != INSN_ONCE;
	if (insn->kind == INSN_LOAD_SS && control_probe(c)->mov_ss_hides_step)
		return step_load_ss(c, insn, h, stop);
	/* KVM reads ahead for ins: one exit for all elements, whatever a step of movs does. */
	bool is_ins = insn->opcode == 0x6c || insn->opcode == 0x6d;
	if (!counts)
		return run_step(c, insn, h, stop);
	if (!is_ins && !control_probe(c)->step_runs_whole_rep)
		return step_iteration(c, insn, h, stop);
	/* As many iterations as KVM does at once, unless each is to be looked at. */
	if (c->steps_whole_rep && !c->watches.count)
		return step_some_of_rep(c, insn, h, stop);
	return step_rep(c, insn, h, stop);
}

/* The TF that popf or iret is about to load; the guest's own as it is for all others. */
static bool tf_behind(struct vcpu *v, const struct insn *insn)
{
	uint64_t flags;
	unsigned size = insn->operand_bits / 8;
	if (registers_mode(v) == CPU_LONG64 && insn->kind == INSN_POPF && size == 4)
		size = 8; /* popf has no 32-bit form there */
	if (insn->kind == INSN_POPF && handlers_read_slot(v, 0, size, &flags))
		return flags & RFLAGS_TF;
	if (insn->kind == INSN_IRET && handlers_read_slot(v, 2, size, &flags))
		return flags & RFLAGS_TF;
	return vcpu_tf(v);
}

/* Debug registers in a step cost as much as the step itself (kvm_pvm: 5.4 us without, 10.8 us with
 * them), and to change KVM's debug settings costs that once more. So they go when one instruction
 * in a row that needs none has been stepped with them. */
static bool wants_handlers(struct control *c, const struct insn *insn)
{
	const uint32_t both = KVM_GUESTDBG_SINGLESTEP | KVM_GUESTDBG_USE_HW_BP;
	if (handlers_can_fault(c->vcpu, insn)) {
		c->plain_steps = 0;
		return true;
	}
	c->plain_steps++;
	return (c->vcpu->debug.control & both) == both && c->plain_steps == 1;
}

static int step_looked_at(struct control *c, const struct insn *insn, struct stop *stop)
{
	struct vcpu *v = c->vcpu;
	struct handlers h = { 0 };
	const struct kvm_regs regs = *vcpu_regs(v);
	const struct kvm_sregs sregs = *vcpu_sregs(v);
	const bool tf = vcpu_tf(v), tf_after = tf_behind(v, insn);
	struct operand operands[OPERANDS_MAX];
	unsigned count = 0;
	if (guest_debugs(c)) {
		uint64_t hits = guest_hits(c, registers_pc(v), 1, 1u << 0);
		if (hits && !(vcpu_regs(v)->rflags & RFLAGS_RF))
			return raise_guest_db(c, hits, stop);
		if (insn->kind == INSN_MOV_DR && control_guest_registers(c)->dr7 & DR7_GD &&
		        registers_cpl(v) == 0)
			return raise_guest_db(c, DR6_BD, stop);
		count = control_operands(v, operands);
	}
	if (wants_handlers(c, insn))
		handlers_find(v, insn, &h);
	int err = run_looked_at(c, insn, &h, stop);
	if (!err && stop->kind == STOP_SHUTDOWN)
		return put_back(v, &regs, &sregs);
	if (err || (stop->kind != STOP_STEPPED && stop->kind != STOP_DEVICE &&
	                   stop->kind != STOP_CATCH))
		return err;
	int entered = handlers_index(&h, registers_pc(v));
	if (entered >= 0 && handlers_has_frame(v, &h, &regs, &sregs)) {
		c->entered_handler = true;
		c->vector = h.vector[entered];
		handlers_clean_frame(v, &h, regs.rip, sregs.cs.selector, tf);
		vcpu_set_tf(v, false);
		return step_clear_rf(v);
	}
	if (insn->kind == INSN_PUSHF)
		handlers_set_saved_tf(v, 0,
		        insn->operand_bits == 32 && registers_mode(v) == CPU_LONG64
		                ? 8
		                : insn->operand_bits / 8,
		        tf);
	if (insn->kind == INSN_POPF || insn->kind == INSN_IRET)
		vcpu_set_tf(v, tf_after);
	/* The guest has written TF, which is where KVM keeps the step. */
	if (insn->kind >= INSN_PUSHF)
		vcpu_debug_stale(v);
	if (insn->kind == INSN_MOV_DR)
		c->knows_guest = false;
	uint64_t hits = guest_data_hits(c, operands, count) | (tf ? DR6_BS : 0);
	return hits ? raise_guest_db(c, hits, stop) : 0;
}

int control_single_step(struct control *c, struct stop *stop)
{
	struct insn insn;
	int err;
	*stop = (struct stop) { .kind = STOP_STEPPED };
	c->was_kicked = c->entered_handler = false;
	if (!control_look_ahead(c->vcpu, &insn))
		insn = (struct insn) { .kind = INSN_OTHER };
	if (insn.kind == INSN_HLT && !insn.has_lock && registers_cpl(c->vcpu) == 0)
		err = step_hlt(c, &insn, stop);
	else
		err = step_looked_at(c, &insn, stop);
	/* A step can't be kicked out of: the kick is for the run that follows. */
	if (c->was_kicked)
		vcpu_kick(c->vcpu);
	return err;
}

/* The guest's own debug registers and its own #DB, while run control steps it: KVM's step and the
 * debugger's registers have taken their place in the CPU. */
#include "debug/guest_debug.h"

#include "base/cpu_bits.h"
#include "debug/cpu.h"
#include "debug/handlers.h"
#include "debug/vectors.h"
#include "kvm/registers.h"

/* With an exception injected. Where the instruction before it is done nobody would raise it again, so that a kick is for
 * later; many of them are an end all the same. */
static int run_to_handler(struct control *c, const struct vcpu_debug *debug, struct exit *x)
{
	const uint64_t pc = registers_pc(c->cpu.vcpu);
	for (unsigned kicks = 0;; kicks++) {
		int err = cpu_run_to_exit(c, debug, x);
		if (err || x->kind != EXIT_KICKED || registers_pc(c->cpu.vcpu) != pc ||
		        kicks == CPU_STUCK_MAX)
			return err;
		c->cpu.was_kicked = true;
	}
}

/* The guest debugs itself, and its #DB comes now. The step ends at that handler's first
 * instruction. */
int guest_debug_raise(struct control *c, uint64_t dr6, struct stop *stop)
{
	struct vcpu *v = c->cpu.vcpu;
	struct vcpu_debug debug = { 0 };
	struct handlers h = { 0 };
	struct exit x;
	const uint64_t pc = registers_pc(v);
	if (!vector_target(v, VECTOR_DB, &h.gva[0], &h.slot_size))
		return 0;
	h.count = 1;
	handlers_watch(&h, &debug);
	cpu_note_step(c, STEP_GUEST_DB, h.count);
	int err = vcpu_inject_exception(v, VECTOR_DB, dr6);
	if (!err)
		err = run_to_handler(c, &debug, &x);
	if (err)
		return err;
	if (x.kind == EXIT_KICKED && registers_pc(v) == pc) {
		c->cpu.knows_guest = false;
		cpu_stop_by(&x, stop);
		return vcpu_drop_exception(v);
	}
	cpu_enter_handler(c, VECTOR_DB, CATCH_BY_EXCEPTION);
	c->cpu.knows_guest = false; /* DR6, and DR7.GD */
	if (x.kind != EXIT_DEBUG)
		cpu_stop_by(&x, stop);
	return cpu_clear_rf(v);
}

/* The guest's own debug registers of one kind that [gva, gva + len) hits, as bits of DR6. rw: bits
 * of R/Wn that count, 1 << n for value n. */
static uint64_t guest_hits(struct control *c, uint64_t gva, uint32_t len, unsigned rw)
{
	const struct kvm_debugregs *g = cpu_guest_registers(&c->cpu);
	uint64_t bits = 0;
	for (unsigned i = 0; i < BREAKPOINT_REGISTERS; i++) {
		/* LENn: 0, 1 and 3 for 1, 2 and 4 bytes, 2 for 8. */
		uint64_t code = g->dr7 >> (18 + 4 * i) & 3;
		uint64_t own = g->db[i], own_len = code == 2 ? 8 : code + 1;
		bool is_on = g->dr7 >> 2 * i & 3 && rw >> (g->dr7 >> (16 + 4 * i) & 3) & 1;
		if (is_on && (own < gva ? gva - own < own_len : own - gva < len))
			bits |= 1u << i;
	}
	return bits;
}

uint64_t guest_debug_hits(struct control *c, const struct operand *operands, unsigned count)
{
	uint64_t bits = 0;
	for (unsigned i = 0; i < count; i++)
		bits |= guest_hits(c, operands[i].gva, operands[i].len,
		        (operands[i].is_write ? 1u << 1 : 0) | 1u << 3);
	return bits;
}

bool guest_debug_is_on(struct control *c)
{
	return cpu_guest_registers(&c->cpu)->dr7 & (0xff | DR7_GD); /* Ln and Gn */
}

/* The #DB that comes before the instruction, as bits of DR6: a breakpoint of the guest's own at the pc,
 * or DR7.GD at a mov dr. 0: none. */
uint64_t guest_debug_fault(struct control *c, const struct insn *insn)
{
	struct vcpu *v = c->cpu.vcpu;
	uint64_t hits = guest_hits(c, registers_pc(v), 1, 1u << 0);
	if (hits && !(vcpu_regs(v)->rflags & RFLAGS_RF))
		return hits;
	bool is_guarded = insn->kind == INSN_MOV_DR && cpu_guest_registers(&c->cpu)->dr7 & DR7_GD &&
	                  registers_cpl(v) == 0;
	return is_guarded ? DR6_BD : 0;
}

/* Questions about KVM_SET_GUEST_DEBUG: breakpoints and single-steps, at CPL 0 and at CPL 3. */
#include "kvm/probe_tries.h"

/* --- breakpoints ----------------------------------------------------------------------------- */

enum probe_answer probe_try_int3(struct scratch *s, enum scratch_mode mode)
{
	static const struct vcpu_debug debug = {
		.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP, .dr7 = DR7_ONES
	};
	struct exit x;
	scratch_put(s, mode, CODE(0xcc, HLT));
	scratch_run(s, &debug, &x);
	return yes_or_no(
	        s, x.kind == EXIT_DEBUG && x.debug.exception == 3 && is_pc(s, SCRATCH_CODE));
}

static void run_with_dr0(struct scratch *s, uint64_t gva, uint32_t dr7, struct exit *x)
{
	const struct vcpu_debug debug = {
		.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP, .dr = { gva }, .dr7 = dr7
	};
	scratch_run(s, &debug, x);
}

enum probe_answer probe_try_exec_breakpoint(struct scratch *s, enum scratch_mode mode)
{
	struct exit x;
	scratch_put(s, mode, CODE(NOP, NOP, HLT));
	run_with_dr0(s, SCRATCH_CODE + 1, DR7_EXEC, &x);
	return yes_or_no(s, x.kind == EXIT_DEBUG && x.debug.dr6 & 1 && is_pc(s, SCRATCH_CODE + 1));
}

enum probe_answer probe_try_rf(struct scratch *s, enum scratch_mode mode)
{
	struct exit x;
	scratch_put(s, mode, CODE(NOP, NOP, HLT));
	run_with_dr0(s, SCRATCH_CODE + 1, DR7_EXEC, &x);
	if (s->err || x.kind != EXIT_DEBUG)
		return PROBE_UNKNOWN;
	struct kvm_regs r = *vcpu_regs(&s->vcpu);
	r.rflags |= RFLAGS_RF;
	s->err = vcpu_set_regs(&s->vcpu, &r);
	run_with_dr0(s, SCRATCH_CODE + 1, DR7_EXEC, &x);
	return answer(s, x.kind == EXIT_HLT, x.kind == EXIT_DEBUG && is_pc(s, SCRATCH_CODE + 1));
}

enum probe_answer probe_try_data_breakpoint(struct scratch *s, enum scratch_mode mode)
{
	struct exit x;
	scratch_put(s, mode, CODE(0x88, 0x07, NOP, NOP, HLT)); /* mov [bx or rdi], al */
	run_with_dr0(s, scratch_data_gva(s), DR7_WRITE, &x);
	return yes_or_no(s, x.kind == EXIT_DEBUG && x.debug.dr6 & 1);
}

/* The guest gives itself a breakpoint, beside one of ours: mov dr0, edi; mov dr7, esi; nop; nop. */
enum probe_answer probe_try_own_breakpoint(struct scratch *s, enum scratch_mode mode)
{
	const uint32_t at = SCRATCH_CODE + 7;
	struct exit x;
	scratch_put(s, mode, CODE(0x0f, 0x23, 0xc7, 0x0f, 0x23, 0xfe, NOP, NOP, HLT));
	set_pointer(s, at);
	struct kvm_regs r = *vcpu_regs(&s->vcpu);
	r.rsi = DR7_EXEC;
	if (!s->err)
		s->err = vcpu_set_regs(&s->vcpu, &r);
	run_with_dr0(s, SCRATCH_DATA, DR7_EXEC | DR7_GD, &x);
	bool is_taken = x.kind == EXIT_HLT && is_pc(s, SCRATCH_HANDLERS + 1 + 1);
	return answer(s, x.kind == EXIT_DEBUG || is_taken, x.kind == EXIT_HLT && is_pc(s, at + 2));
}

/* --- single-steps ---------------------------------------------------------------------------- */

enum probe_answer probe_try_out(struct scratch *s, enum scratch_mode mode)
{
	struct exit x;
	scratch_put(s, mode, CODE(0xe6, 0x80, NOP, NOP, HLT)); /* out 0x80, al */
	scratch_step(s, &x);
	if (s->err || x.kind != EXIT_IO)
		return PROBE_UNKNOWN;
	scratch_step(s, &x);
	return answer(s, x.kind == EXIT_DEBUG && is_pc(s, SCRATCH_CODE + 3),
	        x.kind == EXIT_DEBUG && is_pc(s, SCRATCH_CODE + 2));
}

enum probe_answer probe_try_hlt(struct scratch *s, enum scratch_mode mode)
{
	struct exit x;
	scratch_put(s, mode, CODE(HLT, NOP, HLT));
	scratch_step(s, &x);
	bool has_moved = is_pc(s, SCRATCH_CODE + 1);
	enum probe_answer a =
	        answer(s, has_moved && x.kind == EXIT_DEBUG, has_moved && x.kind == EXIT_HLT);
	/* kvm_pvm keeps the hlt for the first run that is not a step, whatever that one does. */
	run_plain(s, &x);
	return a;
}

enum probe_answer probe_try_pushf(struct scratch *s, enum scratch_mode mode)
{
	struct exit x;
	uint16_t pushed = 0;
	scratch_put(s, mode, CODE(0x9c, NOP, HLT));
	scratch_step(s, &x);
	if (s->err || x.kind != EXIT_DEBUG || !is_pc(s, SCRATCH_CODE + 1))
		return PROBE_UNKNOWN;
	memory_read(&s->vm.memory, vcpu_regs(&s->vcpu)->rsp, &pushed, sizeof pushed);
	return yes_or_no(s, pushed & RFLAGS_TF);
}

enum probe_answer probe_try_mov_ss(struct scratch *s, enum scratch_mode mode)
{
	struct exit x;
	scratch_put(s, mode, CODE(0x8e, 0xd0, NOP, NOP, HLT)); /* mov ss, ax */
	scratch_step(s, &x);
	return answer(s, is_pc(s, SCRATCH_CODE + 3), is_pc(s, SCRATCH_CODE + 2));
}

enum probe_answer probe_try_rep(struct scratch *s, enum scratch_mode mode)
{
	struct exit x;
	scratch_put(s, mode, CODE(0xf3, 0xa4, HLT)); /* rep movsb */
	scratch_step(s, &x);
	uint64_t left = vcpu_regs(&s->vcpu)->rcx;
	return answer(s, left == 0, left == 2);
}

/* KVM does cpuid itself, on every CPU. Where the step's trap is left over, the run after it goes to the handler of #DB. */
enum probe_answer probe_try_leftover(struct scratch *s, enum scratch_mode mode)
{
	struct exit x;
	scratch_put(s, mode, CODE(0x0f, 0xa2, NOP, HLT));
	scratch_step(s, &x);
	if (s->err || x.kind != EXIT_DEBUG || !is_pc(s, SCRATCH_CODE + 2))
		return PROBE_UNKNOWN;
	run_plain(s, &x);
	return answer(s, x.kind == EXIT_HLT && is_pc(s, SCRATCH_HANDLERS + 1 + 1),
	        x.kind == EXIT_HLT && is_pc(s, SCRATCH_CODE + 4));
}

/* --- CPL 3 ----------------------------------------------------------------------------------- */

enum probe_answer probe_try_cpl3(struct scratch *s, enum scratch_mode mode)
{
	struct exit x;
	(void)mode;
	scratch_put(s, SCRATCH_USER64, CODE(WRITE_AND_READ));
	run_plain(s, &x);
	return yes_or_no(s, x.kind == EXIT_HLT && is_pc(s, AT_GP) &&
	                            s->ram[SCRATCH_DATA] == NEW_BYTE && is_byte_read(s, NEW_BYTE));
}

enum probe_answer probe_try_cpl3_step(struct scratch *s, enum scratch_mode mode)
{
	struct exit x;
	(void)mode;
	scratch_put(s, SCRATCH_USER64, CODE(NOP, NOP, NOP, HLT));
	scratch_step(s, &x);
	return yes_or_no(s, x.kind == EXIT_DEBUG && is_pc(s, SCRATCH_CODE + 1));
}

enum probe_answer probe_try_cpl3_breakpoint(struct scratch *s, enum scratch_mode mode)
{
	struct exit x;
	(void)mode;
	scratch_put(s, SCRATCH_USER64, CODE(NOP, NOP, HLT));
	run_with_dr0(s, SCRATCH_CODE + 1, DR7_EXEC, &x);
	return yes_or_no(s, x.kind == EXIT_DEBUG && x.debug.dr6 & 1 && is_pc(s, SCRATCH_CODE + 1));
}

/* Where IOPL is lost (kvm_pvm), the out is #GP. SDM vol 1, "I/O Privilege Level". */
enum probe_answer probe_try_cpl3_ports(struct scratch *s, enum scratch_mode mode)
{
	struct exit x;
	(void)mode;
	scratch_put(s, SCRATCH_USER64, CODE(0xe6, 0x80, HLT)); /* out 0x80, al */
	struct kvm_regs r = *vcpu_regs(&s->vcpu);
	r.rflags |= 3u << 12; /* IOPL */
	if (!s->err)
		s->err = vcpu_set_regs(&s->vcpu, &r);
	run_plain(s, &x);
	return answer(s, x.kind == EXIT_IO, x.kind == EXIT_HLT && is_pc(s, AT_GP));
}

/* Run control on every kind of KVM: one step is one instruction, never two and never none. */
#include "control_rig.h"

/* --- in a row ----------------------------------------------------------------------------------- */

/* A guest of many instructions, and where the steps through it lead, from RIG_CODE. */
#define MANY                                                                                       \
	NOP, INC_AX, PUSH_AX, POP_AX, MOV_AL(0x55), MOV_M_AL, MOV_DL_M, INC_M, PUSHF, POPF,        \
	        OUT_AL(0x80), IN_AL(0x60), PUSH_SS, POP_SS, NOP, STI, CLI, JMP(1), HLT, LOOP(0),   \
	        REP_MOVSB, NOP, NOP
#define PUSH_SS 0x16
#define POP_SS  0x17

static const uint8_t many[] = { MANY, HLT };
static const uint8_t many_steps[] = { 1, 2, 3, 4, 6, 8, 10, 12, 13, 14, 16, 18, 19, 20, 21, 22, 23,
	26, 28, 28, 30, 31, 32 };

/* rep movsb twice, so 28 comes twice. */
EVERYWHERE(each_step_of_many_is_one_instruction)
{
	rig_put(r, many, sizeof many);
	for (size_t i = 0; i < ARRAY_SIZE(many_steps); i++)
		if (!CHECK_STEP(r, RIG_CODE + many_steps[i]))
			return;
	control_step(&r->control, &r->stop);
	CHECK_EQ(r->stop.kind, STOP_HALTED);
	CHECK_EQ(r->outs, 1);
	CHECK_EQ(r->ins, 1);
}

EVERYWHERE(a_guest_that_was_stepped_is_as_one_that_ran)
{
	static uint8_t ram[RIG_RAM];
	rig_put(r, many, sizeof many);
	if (!CHECK_RUN(r, STOP_HALTED, RIG_CODE + sizeof many))
		return;
	const struct kvm_regs ran = *vcpu_regs(&r->vcpu);
	memory_read(&r->vm.memory, 0, ram, RIG_HOLE);
	rig_put(r, many, sizeof many);
	for (size_t i = 0; i <= ARRAY_SIZE(many_steps); i++)
		CHECK_EQ(control_step(&r->control, &r->stop), 0);
	const struct kvm_regs *stepped = vcpu_regs(&r->vcpu);
	CHECK(!memcmp(stepped, &ran, sizeof ran));
	CHECK_EQ(stepped->rflags, ran.rflags);
	size_t len;
	CHECK(!memcmp(memory_hva(&r->vm.memory, 0, &len), ram, RIG_HOLE));
}

EVERYWHERE(a_jump_to_itself_is_a_step)
{
	PUT(r, JMP(-2));
	for (unsigned i = 0; i < 3; i++)
		CHECK_STEP(r, RIG_CODE);
}

/* --- accesses that exit ------------------------------------------------------------------------- */

EVERYWHERE(out_is_answered_once_and_the_step_ends_after_it)
{
	PUT(r, MOV_AL(7), OUT_AL(0x80), NOP, NOP, HLT);
	CHECK_STEP(r, RIG_CODE + 2);
	CHECK_STEP(r, RIG_CODE + 4);
	CHECK_EQ(r->outs, 1);
	CHECK_EQ(r->out[0], 7);
	CHECK_STEP(r, RIG_CODE + 5);
	CHECK_STEP(r, RIG_CODE + 6);
	CHECK_EQ(r->outs, 1);
}

EVERYWHERE(out_is_answered_at_any_port)
{
	PUT(r, OUT_AL(0x7e), NOP, OUT_AL(0x7e), HLT);
	CHECK_STEP(r, RIG_CODE + 2);
	CHECK_EQ(r->outs, 1);
	CHECK_STEP(r, RIG_CODE + 3);
	CHECK_STEP(r, RIG_CODE + 5);
	CHECK_EQ(r->outs, 2);
	SET(r, rip, RIG_CODE);
	CHECK_BREAK(r, RIG_CODE + 5);
	CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 5);
	CHECK_EQ(r->outs, 4);
}

EVERYWHERE(in_takes_what_the_device_gives)
{
	PUT(r, IN_AL(0x60), NOP, NOP, HLT);
	CHECK_STEP(r, RIG_CODE + 2);
	CHECK_EQ(GET(r, rax) & 0xff, 0x5a);
	CHECK_EQ(r->ins, 1);
	CHECK_STEP(r, RIG_CODE + 3);
}

EVERYWHERE(a_device_can_stop_the_guest_after_its_access)
{
	PUT(r, OUT_AL(0x80), NOP, HLT);
	r->stops_at_io = true;
	RIG_STOPPED(r, control_step(&r->control, &r->stop), STOP_DEVICE, RIG_CODE + 2);
	PUT(r, NOP, OUT_AL(0x80), NOP, HLT);
	CHECK_RUN(r, STOP_DEVICE, RIG_CODE + 3);
	CHECK_STEP(r, RIG_CODE + 4);
	CHECK_EQ(r->outs, 2);
}

EVERYWHERE(steps_go_on_after_mmio)
{
	PUT(r, MOV_AL(7), MOV_M_AL, MOV_DL_M, INC_M, NOP, NOP, HLT);
	SET(r, rdi, RIG_HOLE + 8);
	SET(r, rbx, RIG_HOLE + 8);
	CHECK_STEP(r, RIG_CODE + 2);
	CHECK_STEP(r, RIG_CODE + 4);
	CHECK_EQ(r->writes, 1);
	CHECK_EQ(r->mmio_gpa, RIG_HOLE + 8);
	CHECK_EQ(r->mmio_value, 7);
	CHECK_STEP(r, RIG_CODE + 6);
	CHECK_EQ(r->reads, 1);
	CHECK_EQ(GET(r, rdx) & 0xff, 0x5a);
	CHECK_STEP(r, RIG_CODE + 8); /* a read and a write */
	CHECK_EQ(r->reads, 2);
	CHECK_EQ(r->writes, 2);
	CHECK_EQ(r->mmio_value, 0x5b);
	CHECK_STEP(r, RIG_CODE + 9);
	CHECK_STEP(r, RIG_CODE + 10);
}

EVERYWHERE(rep_on_mmio_is_a_step_an_iteration)
{
	PUT(r, REP_STOSB, NOP, NOP, HLT);
	SET(r, rdi, RIG_HOLE);
	CHECK_STEP(r, RIG_CODE);
	CHECK_STEP(r, RIG_CODE);
	CHECK_EQ(GET(r, rcx), 1);
	CHECK_STEP(r, RIG_CODE + 2);
	CHECK_EQ(GET(r, rcx), 0);
	CHECK_EQ(GET(r, rdi), RIG_HOLE + 3);
	CHECK_EQ(r->writes, 3);
	CHECK_STEP(r, RIG_CODE + 3);
}

/* --- strings ------------------------------------------------------------------------------------ */

EVERYWHERE(rep_is_a_step_an_iteration)
{
	PUT(r, REP_MOVSB, NOP, NOP, HLT);
	PUT_AT(r, RIG_DATA + 256, 1, 2, 3);
	for (unsigned left = 2; left > 0; left--) {
		CHECK_STEP(r, RIG_CODE);
		CHECK_EQ(GET(r, rcx), left);
	}
	CHECK_STEP(r, RIG_CODE + 2);
	CHECK_EQ(GET(r, rflags) & RFLAGS_RF, 0);
	CHECK_EQ(rig_read(r, RIG_DATA, 4), 0x030201);
	CHECK_STEP(r, RIG_CODE + 3);
}

EVERYWHERE(rep_with_nothing_to_do_is_a_step)
{
	PUT(r, REP_MOVSB, NOP, HLT);
	SET(r, rcx, 0);
	CHECK_STEP(r, RIG_CODE + 2);
	CHECK_EQ(GET(r, rdi), RIG_DATA);
	CHECK_STEP(r, RIG_CODE + 3);
}

/* SDM vol 3, "Instruction-Breakpoint Exception Condition": it is for one instruction. */
EVERYWHERE(rep_that_has_ended_leaves_no_rf)
{
	PUT(r, REP_MOVSB, NOP, HLT);
	SET(r, rcx, 2);
	SET(r, rflags, 2 | RFLAGS_RF);
	CHECK_STEP(r, RIG_CODE);
	SET(r, rflags, 2 | RFLAGS_RF);
	CHECK_STEP(r, RIG_CODE + 2);
	CHECK_EQ(GET(r, rflags) & RFLAGS_RF, 0);
	CHECK_STEP(r, RIG_CODE + 3);
}

EVERYWHERE(rep_on_ports_is_a_step_an_iteration)
{
	PUT(r, REP_OUTSB, NOP, HLT);
	PUT_AT(r, RIG_DATA + 256, 1, 2, 3);
	SET(r, rdx, 0x80);
	CHECK_STEP(r, RIG_CODE);
	CHECK_STEP(r, RIG_CODE);
	CHECK_STEP(r, RIG_CODE + 2);
	CHECK_EQ(r->outs, 3);
	CHECK(r->out[0] == 1 && r->out[1] == 2 && r->out[2] == 3);
	CHECK_STEP(r, RIG_CODE + 3);
	PUT(r, REP_INSB, NOP, HLT);
	SET(r, rdx, 0x60);
	CHECK_STEP(r, RIG_CODE);
	CHECK_EQ(rig_read(r, RIG_DATA, 4), 0x5a);
	CHECK_STEP(r, RIG_CODE);
	CHECK_STEP(r, RIG_CODE + 2);
	CHECK_EQ(rig_read(r, RIG_DATA, 4), 0x5a5a5a);
	CHECK_EQ(r->ins, 3);
	CHECK_STEP(r, RIG_CODE + 3);
}

EVERYWHERE(rep_on_ports_runs)
{
	PUT(r, REP_OUTSB, NOP, HLT);
	PUT_AT(r, RIG_DATA + 256, 1, 2, 3);
	SET(r, rdx, 0x80);
	CHECK_BREAK(r, RIG_CODE + 2);
	CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 2);
	CHECK_EQ(r->outs, 3);
	PUT(r, REP_INSB, NOP, HLT);
	SET(r, rdx, 0x60);
	CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 2);
	CHECK_EQ(rig_read(r, RIG_DATA, 4), 0x5a5a5a);
}

/* More iterations than an emulating KVM does at once. */
EVERYWHERE(a_whole_rep_is_a_step_if_asked_for)
{
	PUT(r, REP_STOSB, NOP, NOP, HLT);
	SET(r, rcx, 2500);
	control_set_whole_rep(&r->control, true);
	CHECK_STEP(r, RIG_CODE + 2);
	CHECK_EQ(GET(r, rcx), 0);
	CHECK_EQ(GET(r, rdi), RIG_DATA + 2500);
	CHECK_EQ(GET(r, rflags) & RFLAGS_RF, 0);
	CHECK_STEP(r, RIG_CODE + 3);
}

/* --- flags, stacks and shadows ------------------------------------------------------------------ */

EVERYWHERE(pushf_does_not_see_the_step)
{
	PUT(r, PUSHF, NOP, HLT);
	CHECK_STEP(r, RIG_CODE + 1);
	CHECK_EQ(rig_stacked(r, 0), 2);
	CHECK_STEP(r, RIG_CODE + 2);
}

EVERYWHERE(steps_go_on_after_popf)
{
	PUT(r, POPF, NOP, NOP, NOP, HLT);
	PUT_AT(r, RIG_STACK, 0x02, 0x02, 0, 0); /* IF */
	for (unsigned i = 1; i < 4; i++)
		CHECK_STEP(r, RIG_CODE + i);
	CHECK_EQ(GET(r, rflags), 0x202);
}

EVERYWHERE(steps_go_on_after_a_move_to_cr0)
{
	PUT(r, MOV_AX_CR0, MOV_CR0_AX, NOP, NOP, HLT);
	CHECK_STEP(r, RIG_CODE + 3);
	for (unsigned i = 6; i < 9; i++)
		CHECK_STEP(r, RIG_CODE + i);
}

EVERYWHERE(endbr_does_not_take_the_next_along)
{
	PUT(r, ENDBR, INC_AX, HLT);
	uint64_t ax = GET(r, rax);
	CHECK_STEP(r, RIG_CODE + 4);
	CHECK_EQ(GET(r, rax), ax);
	CHECK_STEP(r, RIG_CODE + 5);
	PUT(r, ENDBR, HLT, NOP);
	CHECK_STEP(r, RIG_CODE + 4);
	RIG_STOPPED(r, control_step(&r->control, &r->stop), STOP_HALTED, RIG_CODE + 5);
}

EVERYWHERE(mov_ss_and_pop_ss_do_not_take_the_next_along)
{
	PUT(r, MOV_SS_AX, INC_AX, NOP, PUSH_SS, POP_SS, INC_AX, NOP, HLT);
	uint64_t ax = GET(r, rax);
	CHECK_STEP(r, RIG_CODE + 2);
	CHECK_EQ(GET(r, rax), ax);
	CHECK_STEP(r, RIG_CODE + 3);
	CHECK_STEP(r, RIG_CODE + 4);
	CHECK_STEP(r, RIG_CODE + 5);
	CHECK_STEP(r, RIG_CODE + 6);
	CHECK_EQ(GET(r, rax), ax + 1);
	CHECK_STEP(r, RIG_CODE + 7);
	CHECK_EQ(rig_read(r, RIG_CODE + 2, 1), INC_AX); /* nothing of ours is left there */
	CHECK_EQ(rig_read(r, RIG_CODE + 6, 1), INC_AX);
}

EVERYWHERE(mov_ss_before_hlt_is_a_step)
{
	PUT(r, MOV_SS_AX, HLT, NOP);
	CHECK_STEP(r, RIG_CODE + 2);
	RIG_STOPPED(r, control_step(&r->control, &r->stop), STOP_HALTED, RIG_CODE + 3);
}

/* The selector comes from a device: what the CPU would find in 32-bit code has no descriptor. */
EVERYWHERE(mov_ss_from_a_device_is_a_step)
{
	if (r->is_32)
		return;
	PUT(r, MOV_SS_M, INC_AX, NOP, HLT);
	SET(r, rbx, RIG_HOLE);
	uint64_t ax = GET(r, rax);
	CHECK_STEP(r, RIG_CODE + 2);
	CHECK_EQ(GET(r, rax), ax);
	CHECK_EQ(r->reads, 1);
	CHECK_STEP(r, RIG_CODE + 3);
	CHECK_EQ(rig_read(r, RIG_CODE + 2, 1), INC_AX);
}

/* --- hlt ---------------------------------------------------------------------------------------- */

EVERYWHERE(hlt_halts_and_the_next_step_goes_on)
{
	PUT(r, HLT, NOP, NOP, HLT, NOP);
	RIG_STOPPED(r, control_step(&r->control, &r->stop), STOP_HALTED, RIG_CODE + 1);
	CHECK(control_is_halted(&r->control));
	CHECK_STEP(r, RIG_CODE + 2);
	CHECK(!control_is_halted(&r->control));
	/* Nothing of the first one is left for the run. */
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 4);
}

EVERYWHERE(a_step_of_sti_leaves_its_shadow)
{
	PUT(r, STI, NOP, NOP, HLT);
	CHECK_STEP(r, RIG_CODE + 1);
	CHECK(!vcpu_takes_interrupt(&r->vcpu));
	CHECK_STEP(r, RIG_CODE + 2);
	CHECK(vcpu_takes_interrupt(&r->vcpu));
}

EVERYWHERE(hlt_ends_the_shadow_of_sti)
{
	PUT(r, STI, HLT, NOP);
	CHECK_STEP(r, RIG_CODE + 1);
	RIG_STOPPED(r, control_step(&r->control, &r->stop), STOP_HALTED, RIG_CODE + 2);
	CHECK(vcpu_takes_interrupt(&r->vcpu));
}

/* --- handlers ----------------------------------------------------------------------------------- */

/* The frame at the top of the stack: where it returns to, and flags without TF. */
static void check_frame(struct rig *r, uint64_t rip, uint64_t flags)
{
	CHECK_EQ(rig_stacked(r, 0), rip);
	CHECK_EQ(rig_stacked(r, 1), vcpu_sregs(&r->vcpu)->cs.selector);
	CHECK_EQ(RIG_FLAGS(rig_stacked(r, 2)), flags);
}

EVERYWHERE(int_n_is_stepped_into_and_out_of)
{
	if (!rig_has_int(r))
		return;
	PUT(r, STI, INT(0x40), NOP, NOP, HLT);
	PUT_AT(r, rig_handler(0x40), NOP, IRET);
	CHECK_STEP(r, RIG_CODE + 1);
	CHECK_STEP(r, rig_handler(0x40));
	check_frame(r, RIG_CODE + 3, 0x202);
	CHECK_EQ(GET(r, rflags), 2);
	CHECK_STEP(r, rig_handler(0x40) + 1);
	CHECK_STEP(r, RIG_CODE + 3);
	CHECK_EQ(GET(r, rflags), 0x202);
	CHECK_STEP(r, RIG_CODE + 4);
	CHECK_STEP(r, RIG_CODE + 5);
}

EVERYWHERE(int_n_of_each_number_comes_to_its_handler)
{
	if (!rig_has_int(r))
		return;
	for (unsigned n = 0; n < 256; n += n == 2      ? 0x7d
	                                   : n == 0x80 ? 0x7f
	                                               : 1) { /* 0 to 2, 7f, 80, ff */
		PUT(r, NOP, INT((uint8_t)n), NOP, HLT);
		SET(r, rip, RIG_CODE + 1);
		CHECK_STEP(r, rig_handler((uint8_t)n));
		check_frame(r, RIG_CODE + 3, 2);
		CHECK_STEP(r, RIG_CODE + 3);
		CHECK_STEP(r, RIG_CODE + 4);
	}
}

/* The shadow of sti ends with it, and so does IF. */
EVERYWHERE(int_n_after_sti_leaves_no_shadow)
{
	if (!rig_has_int(r))
		return;
	PUT(r, STI, INT(0x40), NOP, HLT);
	PUT_AT(r, rig_handler(0x40), STI, NOP, IRET);
	CHECK_STEP(r, RIG_CODE + 1);
	CHECK_STEP(r, rig_handler(0x40));
	CHECK(!vcpu_takes_interrupt(&r->vcpu));
	SET(r, rflags, 0x202);
	CHECK(vcpu_takes_interrupt(&r->vcpu));
	CHECK_STEP(r, rig_handler(0x40) + 1);
}

/* RF, which the frame has, is gone after a DEBUG with nothing done: that is none the less. */
EVERYWHERE(a_step_from_where_an_iret_has_led_is_one)
{
	if (!r->is_32 || !rig_has_int(r))
		return;
	PUT(r, IRET, HLT);
	PUT_AT(r, RIG_STACK, 0x00, RIG_FREE >> 8, 0, 0, 0x08, 0, 0, 0, 0x02, 0, 0x01, 0);
	PUT_AT(r, RIG_FREE, NOP, NOP, HLT);
	CHECK_STEP(r, RIG_FREE);
	CHECK_STEP(r, RIG_FREE + 1);
	CHECK_STEP(r, RIG_FREE + 2);
}

EVERYWHERE(the_guests_own_int3_is_stepped_into)
{
	if (!rig_has_int(r))
		return;
	PUT(r, INT3, NOP, HLT);
	CHECK_STEP(r, rig_handler(3));
	check_frame(r, RIG_CODE + 1, 2);
	CHECK_STEP(r, RIG_CODE + 1);
	CHECK_STEP(r, RIG_CODE + 2);
}

EVERYWHERE(a_fault_is_stepped_into_at_its_handlers_first_instruction)
{
	PUT(r, NOP, UD2, NOP, HLT);
	PUT_AT(r, rig_handler(6), NOP, NOP, HLT);
	CHECK_STEP(r, RIG_CODE + 1);
	CHECK_STEP(r, rig_handler(6));
	check_frame(r, RIG_CODE + 1, 2);
	CHECK_STEP(r, rig_handler(6) + 1);
	CHECK_STEP(r, rig_handler(6) + 2);
	RIG_STOPPED(r, control_step(&r->control, &r->stop), STOP_HALTED, rig_handler(6) + 3);
}

/* The vector of the instruction at RIG_CODE leads to it. */
static void lead_back(struct rig *r, uint8_t vector)
{
	const uint64_t gate = 0x8e0000080000 | RIG_CODE, at = RIG_CODE;
	if (r->is_32)
		rig_write(r, RIG_IDT + 8u * vector, &gate, 8);
	else
		rig_write(r, RIG_VECTORS + 4u * vector, &at, 4);
}

/* Each step of it is one frame more, and nothing runs on: QEMU's TCG, under kvm_amd, does some ten million a
 * second. */
EVERYWHERE(an_int_that_leads_to_itself_is_stepped)
{
	if (!rig_has_int(r))
		return;
	PUT(r, INT(0x40), HLT);
	lead_back(r, 0x40);
	for (unsigned n = 1; n <= 3; n++) {
		CHECK_STEP(r, RIG_CODE);
		CHECK_EQ(GET(r, rsp), RIG_STACK - 3 * n * rig_word(r));
		check_frame(r, RIG_CODE + 2, 2);
		CHECK_EQ(GET(r, rflags), 2);
	}
}

EVERYWHERE(a_fault_that_leads_to_itself_is_stepped)
{
	PUT(r, UD2, HLT);
	lead_back(r, 6);
	for (unsigned n = 1; n <= 3; n++) {
		CHECK_STEP(r, RIG_CODE);
		CHECK_EQ(GET(r, rsp), RIG_STACK - 3 * n * rig_word(r));
		check_frame(r, RIG_CODE, 2);
		CHECK_EQ(GET(r, rflags), 2);
	}
}

/* The first instruction of a handler of faults is stepped as any other, and RF is the guest's. */
EVERYWHERE(a_handlers_first_instruction_is_stepped)
{
	PUT(r, INC_AX, NOP, HLT);
	lead_back(r, 13);
	lead_back(r, 6);
	CHECK_STEP(r, RIG_CODE + 1);
	CHECK_EQ(GET(r, rflags) & RFLAGS_RF, 0);
	PUT(r, PUSHF, NOP, HLT);
	lead_back(r, 13);
	CHECK_STEP(r, RIG_CODE + 1);
	CHECK_EQ(rig_stacked(r, 0), 2);
	CHECK_EQ(GET(r, rflags), 2);
	PUT(r, OUT_AL(0x80), NOP, HLT);
	lead_back(r, 13);
	CHECK_STEP(r, RIG_CODE + 2);
	CHECK_EQ(r->outs, 1);
	CHECK_EQ(GET(r, rflags), 2);
}

/* --- what ends a guest -------------------------------------------------------------------------- */

EVERYWHERE(a_triple_fault_under_a_step_leaves_the_registers)
{
	if (rig_fact(r, PROBE_SHUTDOWN_KEEPS_STATE) == PROBE_UNKNOWN)
		return; /* there it is none */
	PUT(r, NOP, UD2, HLT);
	struct kvm_sregs s = *vcpu_sregs(&r->vcpu);
	s.idt.limit = 0;
	CHECK_EQ(vcpu_set_sregs(&r->vcpu, &s), 0);
	CHECK_STEP(r, RIG_CODE + 1);
	RIG_STOPPED(r, control_step(&r->control, &r->stop), STOP_SHUTDOWN, RIG_CODE + 1);
	CHECK_EQ(GET(r, rcx), 3);
}

/* As programs reset a PC by: lidt with a limit of 0, and int3. */
EVERYWHERE(without_vectors_an_int_of_real_mode_is_a_triple_fault)
{
	if (r->is_32)
		return;
	static const uint8_t codes[][2] = { { INT3, NOP }, { 0xcd, 0x10 }, { UD2 } };
	struct kvm_sregs s = *vcpu_sregs(&r->vcpu);
	s.idt.limit = 0;
	CHECK_EQ(vcpu_set_sregs(&r->vcpu, &s), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(codes); i++) {
		PUT(r, codes[i][0], codes[i][1], HLT);
		RIG_STOPPED(r, control_step(&r->control, &r->stop), STOP_SHUTDOWN, RIG_CODE);
	}
}

/* What KVM has queued then is dropped, for the guest is not to find a #UD that it did not raise. */
EVERYWHERE(after_an_emulation_failure_the_guest_goes_on_where_it_is_put)
{
	if (!r->kind)
		return; /* emms is an instruction elsewhere */
	PUT(r, 0x0f, 0x77, NOP, NOP, HLT);
	RIG_STOPPED(r, control_step(&r->control, &r->stop), STOP_FAILED, RIG_CODE);
	CHECK_EQ(r->stop.exit.kind, EXIT_INTERNAL_ERROR);
	CHECK_RUN(r, STOP_FAILED, RIG_CODE);
	SET(r, rip, RIG_CODE + 2);
	CHECK_STEP(r, RIG_CODE + 3);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 5);
}

/* --- ranges and kicks --------------------------------------------------------------------------- */

EVERYWHERE(a_range_ends_where_it_is_left)
{
	PUT(r, NOP, INC_AX, LOOP(-3), NOP, HLT);
	int result;
	const struct control_range range = { RIG_CODE, RIG_CODE + 4, .max = 1 };
	unsigned steps = 0;
	uint64_t done;
	do
		steps++;
	while ((result = control_step_range(&r->control, &range, &done, &r->stop)) == 1);
	RIG_STOPPED(r, result, STOP_STEPPED, RIG_CODE + 4);
	CHECK_EQ(steps, 7); /* nop, then inc and loop thrice */
}

/* Without the engine a prefix has KVM do it, which begins it again for ever: kicks end the step, and so many of them that it has
 * failed. The guest goes on elsewhere. */
EVERYWHERE(a_step_that_is_never_done_ends)
{
	if (r->is_32 || !r->kind || r->is_engine || !(r->kind->quirks & FAKE(INT_80_HANGS)))
		return;
	PUT(r, 0x66, INT(0x80), NOP, NOP, HLT);
	RIG_STOPPED(r, control_step(&r->control, &r->stop), STOP_KICKED, RIG_CODE);
	CHECK(control_may_last(&r->control));
	CHECK(control_wants_timer(&r->control));
	SET(r, rip, RIG_CODE + 3);
	CHECK_STEP(r, RIG_CODE + 4);
	CHECK(!control_may_last(&r->control));
	SET(r, rip, RIG_CODE);
	unsigned kicks = 0;
	do
		CHECK_EQ(control_step(&r->control, &r->stop), 0);
	while (r->stop.kind == STOP_KICKED && ++kicks < 1000);
	RIG_STOPPED(r, 0, STOP_FAILED, RIG_CODE);
	CHECK_EQ(r->stop.exit.kind, EXIT_KICKED);
	SET(r, rip, RIG_CODE + 3);
	CHECK_STEP(r, RIG_CODE + 4);
}

/* Nor does KVM do one of 80h and above in a free run: a kick finds the guest there, and a step does it. */
EVERYWHERE(an_int_that_a_run_never_gets_done_is_stepped)
{
	if (r->is_32 || !r->kind || r->is_engine || !(r->kind->quirks & FAKE(INT_80_HANGS)))
		return;
	PUT(r, NOP, INT(0x80), NOP, 0x66, INT(0x81), HLT);
	PUT_AT(r, rig_handler(0x80), INC_M, IRET);
	CHECK(control_wants_timer(&r->control));
	CHECK_RUN(r, STOP_KICKED, RIG_CODE + 1);
	CHECK_EQ(control_run(&r->control, &r->stop), 0);
	CHECK_EQ(rig_read(r, RIG_DATA, 1), 1);
	unsigned kicks = 0; /* the one with a prefix is left to KVM, and that has an end */
	while (r->stop.kind == STOP_KICKED && ++kicks < 1000)
		CHECK_EQ(control_run(&r->control, &r->stop), 0);
	RIG_STOPPED(r, 0, STOP_FAILED, RIG_CODE + 4);
}

/* A guest that goes on from a breakpoint is stepped off it, and a kick comes meanwhile: it is not hit again. */
EVERYWHERE(a_step_off_a_breakpoint_that_is_kicked_is_still_one)
{
	if (r->is_32 || !r->kind || r->is_engine || !(r->kind->quirks & FAKE(INT_80_HANGS)))
		return;
	PUT(r, 0x66, INT(0x80), NOP, NOP, HLT);
	CHECK_BREAK(r, RIG_CODE);
	CHECK_RUN(r, STOP_KICKED, RIG_CODE);
	CHECK_EQ(control_run(&r->control, &r->stop), 0);
	RIG_STOPPED(r, 0, STOP_KICKED, RIG_CODE);
	PUT_AT(r, RIG_CODE, NOP, NOP, NOP);
	CHECK_EQ(control_run(&r->control, &r->stop), 0);
	RIG_STOPPED(r, 0, STOP_HALTED, RIG_CODE + 6);
}

EVERYWHERE(a_kick_does_not_lose_a_step)
{
	PUT(r, NOP, NOP, NOP, HLT);
	vcpu_kick(&r->vcpu);
	CHECK_STEP(r, RIG_CODE + 1);
	CHECK_RUN(r, STOP_KICKED, RIG_CODE + 1); /* it is for the run */
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 4);
}

int main(void)
{
	RUN(each_step_of_many_is_one_instruction);
	RUN(a_guest_that_was_stepped_is_as_one_that_ran);
	RUN(a_jump_to_itself_is_a_step);
	RUN(out_is_answered_once_and_the_step_ends_after_it);
	RUN(out_is_answered_at_any_port);
	RUN(in_takes_what_the_device_gives);
	RUN(a_device_can_stop_the_guest_after_its_access);
	RUN(steps_go_on_after_mmio);
	RUN(rep_on_mmio_is_a_step_an_iteration);
	RUN(rep_is_a_step_an_iteration);
	RUN(rep_with_nothing_to_do_is_a_step);
	RUN(rep_that_has_ended_leaves_no_rf);
	RUN(rep_on_ports_is_a_step_an_iteration);
	RUN(rep_on_ports_runs);
	RUN(a_whole_rep_is_a_step_if_asked_for);
	RUN(pushf_does_not_see_the_step);
	RUN(steps_go_on_after_popf);
	RUN(steps_go_on_after_a_move_to_cr0);
	RUN(endbr_does_not_take_the_next_along);
	RUN(mov_ss_and_pop_ss_do_not_take_the_next_along);
	RUN(mov_ss_before_hlt_is_a_step);
	RUN(mov_ss_from_a_device_is_a_step);
	RUN(hlt_halts_and_the_next_step_goes_on);
	RUN(a_step_of_sti_leaves_its_shadow);
	RUN(hlt_ends_the_shadow_of_sti);
	RUN(int_n_is_stepped_into_and_out_of);
	RUN(int_n_of_each_number_comes_to_its_handler);
	RUN(int_n_after_sti_leaves_no_shadow);
	RUN(a_step_from_where_an_iret_has_led_is_one);
	RUN(the_guests_own_int3_is_stepped_into);
	RUN(a_fault_is_stepped_into_at_its_handlers_first_instruction);
	RUN(an_int_that_leads_to_itself_is_stepped);
	RUN(a_fault_that_leads_to_itself_is_stepped);
	RUN(a_handlers_first_instruction_is_stepped);
	RUN(a_triple_fault_under_a_step_leaves_the_registers);
	RUN(without_vectors_an_int_of_real_mode_is_a_triple_fault);
	RUN(after_an_emulation_failure_the_guest_goes_on_where_it_is_put);
	RUN(a_range_ends_where_it_is_left);
	RUN(a_step_that_is_never_done_ends);
	RUN(an_int_that_a_run_never_gets_done_is_stepped);
	RUN(a_step_off_a_breakpoint_that_is_kicked_is_still_one);
	RUN(a_kick_does_not_lose_a_step);
	return check_done();
}

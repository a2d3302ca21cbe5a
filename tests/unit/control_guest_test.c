/* Run control on every kind of KVM: what the guest does with its own TF, int3, debug registers and
 * interrupts is the guest's, whether it is stepped, run, or run with breakpoints. */
#include "control_rig.h"
#include "debug/vectors.h"

#define PUSH_SS    0x16
#define POP_SS     0x17
#define MOV_DR7_DX 0x0f, 0x23, 0xfa /* dr7 = edx */
#define DR7_OFF    0x400u
#define DR7_EXEC0  0x402u   /* G0, execution */
#define DR7_WRITE0 0x10402u /* G0, writes of a byte */
#define DR7_WRITE8 0x90402u /* G0, writes of eight */

static uint8_t flags_of(const struct rig *r)
{
	return (uint8_t)(r->is_32 ? 4 : 2);
}

/* --- its own TF --------------------------------------------------------------------------------- */

/* It sets TF by popf, and its handler of #DB counts by an out. */
static void put_own_tf(struct rig *r)
{
	PUT(r, POPF, NOP, NOP, POPF, NOP, HLT);
	PUT_AT(r, RIG_STACK, 0x02, 0x01, 0, 0);
	PUT_AT(r, RIG_STACK + flags_of(r), 0x02, 0x00, 0, 0);
	PUT_AT(r, rig_handler(1), OUT_AL(0x81), IRET);
}

EVERYWHERE(its_own_single_steps_are_its_own)
{
	if (!rig_has_int(r))
		return;
	put_own_tf(r);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 6);
	CHECK_EQ(r->outs, 3); /* after nop, nop and the popf that ends it */
}

EVERYWHERE(its_own_single_steps_are_made_beside_breakpoints)
{
	if (!rig_has_int(r))
		return;
	put_own_tf(r);
	CHECK_BREAK(r, RIG_CODE + 4);
	CHECK_BREAK(r, RIG_DATA);
	CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 4);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 6);
	CHECK_EQ(r->outs, 3);
}

EVERYWHERE(its_own_single_steps_are_stepped_into)
{
	if (!rig_has_int(r))
		return;
	put_own_tf(r);
	CHECK_STEP(r, RIG_CODE + 1);
	CHECK(vcpu_tf(&r->vcpu));
	for (unsigned i = 2; i <= 4; i++) { /* each instruction, and its #DB */
		CHECK_STEP(r, rig_handler(1));
		CHECK_EQ(rig_stacked(r, 0), RIG_CODE + i);
		CHECK_EQ(rig_stacked(r, 2) & RFLAGS_TF, i < 4 ? RFLAGS_TF : 0);
		CHECK(!vcpu_tf(&r->vcpu));
		CHECK_STEP(r, rig_handler(1) + 2);
		CHECK_STEP(r, RIG_CODE + i);
	}
	CHECK_STEP(r, RIG_CODE + 5);
	CHECK_EQ(r->outs, 3);
}

static int step_until_done(struct rig *r)
{
	int err;
	do
		err = control_step(&r->control, &r->stop);
	while (!err && r->stop.kind == STOP_KICKED);
	return err;
}

/* A signal may come between the instruction and its #DB, which is none the less for it. */
EVERYWHERE(its_own_single_steps_are_not_lost_by_a_signal)
{
	if (!rig_has_int(r) || !r->kind)
		return;
	put_own_tf(r);
	CHECK_STEP(r, RIG_CODE + 1);
	for (unsigned i = 2; i <= 4; i++) {
		fake_kvm_interrupt(i - 2);
		RIG_STOPPED(r, step_until_done(r), STOP_STEPPED, rig_handler(1));
		CHECK_EQ(rig_stacked(r, 0), RIG_CODE + i);
		RIG_STOPPED(r, step_until_done(r), STOP_STEPPED, rig_handler(1) + 2);
		RIG_STOPPED(r, step_until_done(r), STOP_STEPPED, RIG_CODE + i);
	}
	CHECK_EQ(r->outs, 3);
}

/* SDM vol 3, "Masking Exceptions and Interrupts When Switching Stacks": the trap after a load of ss is
 * suppressed. */
static void put_own_tf_and_pop_ss(struct rig *r)
{
	PUT(r, POPF, PUSH_SS, POP_SS, NOP, POPF, NOP, HLT);
	PUT_AT(r, RIG_STACK, 0x02, 0x01, 0, 0);
	PUT_AT(r, RIG_STACK + flags_of(r), 0x02, 0x00, 0, 0);
	PUT_AT(r, rig_handler(1), OUT_AL(0x81), IRET);
}

EVERYWHERE(its_own_single_steps_leave_out_a_load_of_ss)
{
	if (!rig_has_int(r))
		return;
	put_own_tf_and_pop_ss(r);
	CHECK_STEP(r, RIG_CODE + 1);
	for (unsigned i = 2; i <= 5; i++) {
		if (i == 3) {
			CHECK_STEP(r, RIG_CODE + 3);
			continue;
		}
		CHECK_STEP(r, rig_handler(1));
		CHECK_EQ(rig_stacked(r, 0), RIG_CODE + i);
		CHECK_STEP(r, rig_handler(1) + 2);
		CHECK_STEP(r, RIG_CODE + i);
	}
	CHECK_EQ(r->outs, 3);
}

EVERYWHERE(pushf_under_a_step_pushes_its_own_tf)
{
	PUT(r, POPF, PUSHF, NOP, HLT);
	PUT_AT(r, RIG_STACK, 0x02, 0x01, 0, 0);
	CHECK_STEP(r, RIG_CODE + 1);
	CHECK_STEP(r, rig_handler(1));
	CHECK_EQ(rig_stacked(r, 0), RIG_CODE + 2);
	CHECK_EQ(rig_stacked(r, 3), 0x102);
}

EVERYWHERE(a_tf_that_a_debugger_sets_is_the_guests)
{
	PUT(r, NOP, NOP, NOP, HLT);
	CHECK_STEP(r, RIG_CODE + 1);
	SET(r, rflags, 2 | RFLAGS_TF);
	CHECK(vcpu_tf(&r->vcpu));
	CHECK_STEP(r, rig_handler(1));
	CHECK_EQ(rig_stacked(r, 0), RIG_CODE + 2);
}

/* A trap that a step has left over in the CPU is not given to the guest, however many breakpoints the run has. On kvm_intel
 * under Bochs there is one after a step of what KVM does itself, such as cpuid. */
EVERYWHERE(a_step_leaves_nothing_over_for_the_guest)
{
	if (!rig_has_int(r))
		return;
	for (unsigned breakpoints = 0; breakpoints < 6; breakpoints++) {
		PUT(r, CPUID, NOP, HLT);
		PUT_AT(r, rig_handler(1), OUT_AL(0x81), IRET);
		CHECK_STEP(r, RIG_CODE + 2);
		CHECK_RUN(r, STOP_HALTED, RIG_CODE + 4);
		CHECK_EQ(r->outs, 0);
		CHECK_BREAK(r, RIG_FREE + breakpoints);
	}
}

/* And its own breakpoint is kept meanwhile. */
EVERYWHERE(its_own_breakpoint_is_met_after_a_step)
{
	if (!rig_has_int(r))
		return;
	PUT(r, MOV_DR0_SI, MOV_DR7_BP, CPUID, NOP, NOP, HLT);
	PUT_AT(r, rig_handler(1), OUT_AL(0x81), MOV_DR7_DX, IRET);
	SET(r, rsi, RIG_CODE + 9);
	SET(r, rbp, DR7_EXEC0);
	CHECK_STEP(r, RIG_CODE + 3);
	CHECK_STEP(r, RIG_CODE + 6);
	CHECK_STEP(r, RIG_CODE + 8);
	SET(r, rdx, DR7_OFF);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 11);
	CHECK_EQ(r->outs, 1);
}

/* --- its own int3 ------------------------------------------------------------------------------- */

EVERYWHERE(its_own_int3_comes_to_its_handler)
{
	if (!rig_has_int(r))
		return;
	for (unsigned count = 0; count < 6; count += 5) {
		PUT(r, NOP, INT3, NOP, NOP, NOP, NOP, NOP, HLT);
		PUT_AT(r, rig_handler(3), OUT_AL(0x83), IRET);
		for (unsigned i = 0; i < count; i++)
			CHECK_BREAK(r, RIG_CODE + 2 + i);
		for (unsigned i = 0; i < count; i++)
			CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 2 + i);
		CHECK_RUN(r, STOP_HALTED, RIG_CODE + 8);
		CHECK_EQ(r->outs, 1 + count / 5);
	}
}

/* --- its own debug registers -------------------------------------------------------------------- */

/* Its #DB handler counts by an out and turns the breakpoint off. */
static void put_own_breakpoint(struct rig *r, uint64_t gva, uint64_t dr7)
{
	PUT(r, MOV_DR0_SI, MOV_DR7_BP, NOP, MOV_M_AL, NOP, NOP, HLT);
	PUT_AT(r, rig_handler(1), OUT_AL(0x81), MOV_DR7_DX, IRET);
	SET(r, rsi, gva);
	SET(r, rbp, dr7);
	SET(r, rdx, DR7_OFF);
}

EVERYWHERE(its_own_breakpoint_is_its_own)
{
	if (!rig_has_int(r))
		return;
	put_own_breakpoint(r, RIG_CODE + 7, DR7_EXEC0);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 12);
	CHECK_EQ(r->outs, 1);
}

EVERYWHERE(its_own_breakpoint_is_made_beside_ours)
{
	if (!rig_has_int(r))
		return;
	put_own_breakpoint(r, RIG_CODE + 7, DR7_EXEC0);
	CHECK_STEP(r, RIG_CODE + 3);
	CHECK_STEP(r, RIG_CODE + 6); /* they are loaded */
	CHECK_BREAK(r, RIG_CODE + 10);
	CHECK_BREAK(r, RIG_DATA);
	CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 10);
	CHECK_EQ(r->outs, 1);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 12);
	CHECK_EQ(r->outs, 1);
}

/* It loads them while ours stand. Where nothing tells, and only ours count, there is no cure. */
EVERYWHERE(its_own_breakpoint_that_it_loads_beside_ours_is_made)
{
	if (!rig_has_int(r) || rig_fact(r, PROBE_OWN_BREAKPOINTS) == PROBE_NO)
		return;
	put_own_breakpoint(r, RIG_CODE + 7, DR7_EXEC0);
	CHECK_BREAK(r, RIG_CODE + 10);
	CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 10);
	CHECK_EQ(r->outs, 1);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 12);
	struct kvm_debugregs d;
	CHECK_EQ(vcpu_get_debugregs(&r->vcpu, &d), 0);
	CHECK_EQ(d.db[0], RIG_CODE + 7);
	CHECK_EQ(d.dr7, DR7_OFF);
	CHECK_EQ(d.dr6 & 0xe00f, 1);
}

EVERYWHERE(one_of_ours_where_it_has_one_stops_and_its_own_comes_after)
{
	if (!rig_has_int(r))
		return;
	put_own_breakpoint(r, RIG_CODE + 7, DR7_EXEC0);
	CHECK_STEP(r, RIG_CODE + 3);
	CHECK_STEP(r, RIG_CODE + 6);
	CHECK_BREAK(r, RIG_CODE + 7);
	CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 7);
	CHECK_EQ(r->outs, 0);
	CHECK_STEP(r, rig_handler(1));
	CHECK_EQ(rig_stacked(r, 0), RIG_CODE + 7);
}

/* It gets past its own by RF, which its handler sets in the frame; 16-bit frames have none. */
EVERYWHERE(its_own_breakpoint_that_it_passes_by_rf_is_made_beside_ours)
{
	if (!r->is_32 || !rig_has_int(r))
		return;
	put_own_breakpoint(r, RIG_CODE + 9, DR7_EXEC0);
	/* mov ebp, esp; inc byte [ebp+10] */
	PUT_AT(r, rig_handler(1), OUT_AL(0x81), 0x89, 0xe5, 0xfe, 0x45, 10, IRET);
	CHECK_STEP(r, RIG_CODE + 3);
	CHECK_STEP(r, RIG_CODE + 6);
	CHECK_BREAK(r, RIG_CODE + 10);
	CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 10);
	CHECK_EQ(r->outs, 1);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 12);
	CHECK_EQ(r->outs, 1);
}

EVERYWHERE(its_own_breakpoint_is_stepped_into)
{
	if (!rig_has_int(r))
		return;
	put_own_breakpoint(r, RIG_CODE + 7, DR7_EXEC0);
	CHECK_STEP(r, RIG_CODE + 3);
	CHECK_STEP(r, RIG_CODE + 6);
	CHECK_STEP(r, RIG_CODE + 7);
	CHECK_STEP(r, rig_handler(1));
	CHECK_EQ(rig_stacked(r, 0), RIG_CODE + 7);
	CHECK_STEP(r, rig_handler(1) + 2);
	CHECK_STEP(r, rig_handler(1) + 5);
	CHECK_STEP(r, RIG_CODE + 7);
	CHECK_STEP(r, RIG_CODE + 9);
}

EVERYWHERE(its_own_data_breakpoint_is_stepped_into)
{
	put_own_breakpoint(r, RIG_DATA, DR7_WRITE0);
	CHECK_STEP(r, RIG_CODE + 3);
	CHECK_STEP(r, RIG_CODE + 6);
	CHECK_STEP(r, RIG_CODE + 7);
	CHECK_STEP(r, rig_handler(1)); /* after the access */
	CHECK_EQ(rig_stacked(r, 0), RIG_CODE + 9);
	struct kvm_debugregs d;
	CHECK_EQ(vcpu_get_debugregs(&r->vcpu, &d), 0);
	CHECK_EQ(d.dr6 & 0xe00f, 1);
}

EVERYWHERE(its_own_data_breakpoint_of_eight_bytes_is_as_long)
{
	put_own_breakpoint(r, RIG_DATA, DR7_WRITE8);
	SET(r, rbx, RIG_DATA + 7);
	SET(r, rdi, RIG_DATA + 7);
	CHECK_STEP(r, RIG_CODE + 3);
	CHECK_STEP(r, RIG_CODE + 6);
	CHECK_STEP(r, RIG_CODE + 7);
	CHECK_STEP(r, rig_handler(1));
}

/* --- interrupts --------------------------------------------------------------------------------- */

static void put_interrupt(struct rig *r)
{
	PUT_AT(r, rig_handler(0x40), OUT_AL(0x84), IRET);
	r->vector = 0x40;
	r->has_interrupt = true;
}

EVERYWHERE(steps_are_shielded_from_interrupts)
{
	PUT(r, STI, NOP, NOP, NOP, HLT);
	put_interrupt(r);
	for (unsigned i = 1; i <= 4; i++)
		CHECK_STEP(r, RIG_CODE + i);
	CHECK_EQ(r->acknowledged, 0);
	CHECK(control_has_interrupt(&r->control));
}

EVERYWHERE(a_step_that_takes_interrupts_ends_at_the_handler)
{
	PUT(r, STI, NOP, NOP, HLT);
	put_interrupt(r);
	control_set_step_interrupts(&r->control, true);
	CHECK_STEP(r, RIG_CODE + 1);
	CHECK_STEP(r, RIG_CODE + 2); /* in the shadow of sti */
	CHECK_STEP(r, rig_handler(0x40));
	CHECK_EQ(rig_stacked(r, 0), RIG_CODE + 2);
	CHECK_EQ(RIG_FLAGS(rig_stacked(r, 2)), 0x202);
	CHECK_EQ(r->acknowledged, 1);
	CHECK_STEP(r, rig_handler(0x40) + 2);
}

EVERYWHERE(a_run_takes_an_interrupt_at_once)
{
	if (!rig_has_int(r))
		return;
	PUT(r, NOP, NOP, HLT);
	put_interrupt(r);
	SET(r, rflags, 0x202);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 3);
	CHECK_EQ(r->acknowledged, 1);
	CHECK_EQ(r->outs, 1);
}

EVERYWHERE(a_run_takes_an_interrupt_when_the_guest_allows_it)
{
	if (!rig_has_int(r))
		return;
	PUT(r, NOP, STI, NOP, LOOP(-2), CLI, HLT);
	SET(r, rcx, 3000);
	put_interrupt(r);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 7);
	CHECK_EQ(r->acknowledged, 1);
	CHECK_EQ(r->outs, 1);
}

/* The window opens there. Its handler returns with RF, where it was pushed. */
EVERYWHERE(an_interrupt_at_a_breakpoint_hides_it_not)
{
	if (!rig_has_int(r))
		return;
	PUT(r, NOP, STI, NOP, NOP, HLT);
	put_interrupt(r);
	CHECK_BREAK(r, RIG_CODE + 3);
	CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 3);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 5);
	CHECK_EQ(r->acknowledged, 1);
	CHECK_EQ(r->outs, 1);
}

EVERYWHERE(an_interrupt_waits_while_the_guest_forbids_it)
{
	PUT(r, NOP, NOP, HLT);
	put_interrupt(r);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 3);
	CHECK_EQ(r->acknowledged, 0);
}

/* A kick before the guest has come to its handler: the interrupt is taken back from KVM. */
EVERYWHERE(an_interrupt_that_a_kick_was_before_is_not_lost)
{
	if (!rig_has_int(r))
		return;
	PUT(r, NOP, NOP, NOP, HLT);
	put_interrupt(r);
	SET(r, rflags, 0x202);
	vcpu_kick(&r->vcpu);
	CHECK_RUN(r, STOP_KICKED, RIG_CODE);
	CHECK_STEP(r, RIG_CODE + 1); /* nor is it in a step's way */
	CHECK_EQ(r->outs, 0);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 4);
	CHECK_EQ(r->acknowledged, 1);
	CHECK_EQ(r->outs, 1);
}

/* One that was given to KVM when a kick came: the segments that KVM has told then, and goes on to tell, name it. */
EVERYWHERE(an_interrupt_that_was_taken_back_does_not_come_with_the_segments)
{
	struct kvm_vcpu_events events;
	struct kvm_sregs s;
	struct exit x;
	bool was_taken_back = false;
	PUT(r, NOP, NOP, NOP, HLT);
	SET(r, rflags, 0x202);
	CHECK_EQ(vcpu_interrupt(&r->vcpu, 0x40), 0);
	CHECK_EQ(vcpu_complete(&r->vcpu, &x), 0);
	CHECK_EQ(x.kind, EXIT_KICKED);
	CHECK_EQ(vcpu_take_back_interrupt(&r->vcpu, &was_taken_back), 0);
	CHECK(was_taken_back);
	for (unsigned i = 0; i < 2; i++) {
		s = *vcpu_sregs(&r->vcpu);
		CHECK_EQ(vcpu_set_sregs(&r->vcpu, &s), 0);
		CHECK_EQ(vcpu_get_events(&r->vcpu, &events), 0);
		CHECK_EQ(events.interrupt.injected, 0);
		CHECK_STEP(r, RIG_CODE + 1 + i);
	}
}

EVERYWHERE(a_breakpoint_on_an_interrupts_handler_is_met)
{
	if (!rig_has_int(r))
		return;
	PUT(r, NOP, NOP, HLT);
	put_interrupt(r);
	SET(r, rflags, 0x202);
	CHECK_BREAK(r, rig_handler(0x40));
	CHECK_BREAK(r, RIG_CODE);
	CHECK_RUN(r, STOP_BREAKPOINT, rig_handler(0x40));
	CHECK_EQ(rig_stacked(r, 0), RIG_CODE + 1); /* off the other one first */
}

EVERYWHERE(an_interrupt_wakes_a_halted_cpu)
{
	if (!rig_has_int(r))
		return;
	PUT(r, STI, HLT, NOP, HLT);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 2);
	put_interrupt(r);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 4);
	CHECK_EQ(r->outs, 1);
}

/* Gates of 32-bit code: so many bytes at a vector's. */
static void put_gate(struct rig *r, uint8_t vector, uint64_t gate)
{
	rig_write(r, RIG_IDT + 8u * vector, &gate, sizeof gate);
}

static void put_limit(struct rig *r, uint16_t limit)
{
	struct kvm_sregs s = *vcpu_sregs(&r->vcpu);
	s.idt.limit = limit;
	CHECK_EQ(vcpu_set_sregs(&r->vcpu, &s), 0);
}

/* Neither the interrupt nor what comes of it has a handler: the CPU is shut down, and stays it whatever is asked of it.
 * With its gate back the interrupt comes to its handler, and the guest goes on. */
EVERYWHERE(an_interrupt_without_a_handler_shuts_the_cpu_down_for_good)
{
	/* 16-bit code has no gates, but a table that ends, which not every KVM sees. */
	if (!rig_has_int(r) || rig_fact(r, PROBE_SHUTDOWN_KEEPS_STATE) == PROBE_UNKNOWN)
		return;
	PUT(r, NOP, NOP, HLT);
	put_interrupt(r);
	SET(r, rflags, 0x202);
	const uint64_t gate = rig_read(r, RIG_IDT + 8 * 0x40, 8);
	const uint16_t limit = vcpu_sregs(&r->vcpu)->idt.limit;
	if (r->is_32) {
		put_gate(r, 0x40, 0);
		put_gate(r, VECTOR_GP, 0);
		put_gate(r, VECTOR_DF, 0);
	} else {
		put_limit(r, 0);
	}
	for (unsigned i = 0; i < 2; i++) {
		CHECK_RUN(r, STOP_SHUTDOWN, RIG_CODE);
		RIG_STOPPED(r, control_step(&r->control, &r->stop), STOP_SHUTDOWN, RIG_CODE);
		const struct control_state kept = control_save(&r->control);
		control_load(&r->control, &kept);
		RIG_STOPPED(r, control_step(&r->control, &r->stop), STOP_SHUTDOWN, RIG_CODE);
	}
	CHECK_EQ(r->acknowledged, 1);
	CHECK_EQ(GET(r, rsp), RIG_STACK);
	/* kvm_amd under QEMU's TCG never gets done with the IVT's page after a triple fault of 16-bit code: it faults
	 * in the nested tables for ever, inside of KVM_RUN. */
	if (!r->is_32 && !r->kind && !r->is_engine)
		return;
	if (r->is_32)
		put_gate(r, 0x40, gate);
	else
		put_limit(r, limit);
	CHECK_STEP(r, rig_handler(0x40));
	CHECK_EQ(rig_stacked(r, 0), RIG_CODE);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 3);
	CHECK_EQ(r->outs, 1);
	CHECK_EQ(r->acknowledged, 1);
}

/* Where #GP has one, that is where it comes to. The fake's #GP has none. */
EVERYWHERE(an_interrupt_without_a_handler_comes_to_that_of_gp)
{
	if (!r->is_32 || (r->kind && !r->is_engine))
		return;
	PUT(r, NOP, NOP, HLT);
	put_interrupt(r);
	PUT_AT(r, rig_handler(VECTOR_GP), HLT);
	SET(r, rflags, 0x202);
	put_gate(r, 0x40, 0);
	CHECK_RUN(r, STOP_HALTED, rig_handler(VECTOR_GP) + 1);
	/* Its EXT, bit 0, QEMU's TCG leaves out. */
	CHECK_EQ(rig_stacked(r, 0) | !r->is_engine, 0x40 * 8 + 3);
	CHECK_EQ(rig_stacked(r, 1), RIG_CODE);
	CHECK_EQ(r->acknowledged, 1);
	CHECK(!control_has_interrupt(&r->control));
}

int main(void)
{
	RUN(its_own_single_steps_are_its_own);
	RUN(its_own_single_steps_are_made_beside_breakpoints);
	RUN(its_own_single_steps_are_stepped_into);
	RUN(its_own_single_steps_are_not_lost_by_a_signal);
	RUN(its_own_single_steps_leave_out_a_load_of_ss);
	RUN(pushf_under_a_step_pushes_its_own_tf);
	RUN(a_tf_that_a_debugger_sets_is_the_guests);
	RUN(a_step_leaves_nothing_over_for_the_guest);
	RUN(its_own_breakpoint_is_met_after_a_step);
	RUN(its_own_int3_comes_to_its_handler);
	RUN(its_own_breakpoint_is_its_own);
	RUN(its_own_breakpoint_is_made_beside_ours);
	RUN(its_own_breakpoint_that_it_loads_beside_ours_is_made);
	RUN(one_of_ours_where_it_has_one_stops_and_its_own_comes_after);
	RUN(its_own_breakpoint_that_it_passes_by_rf_is_made_beside_ours);
	RUN(its_own_breakpoint_is_stepped_into);
	RUN(its_own_data_breakpoint_is_stepped_into);
	RUN(its_own_data_breakpoint_of_eight_bytes_is_as_long);
	RUN(steps_are_shielded_from_interrupts);
	RUN(a_step_that_takes_interrupts_ends_at_the_handler);
	RUN(a_run_takes_an_interrupt_at_once);
	RUN(a_run_takes_an_interrupt_when_the_guest_allows_it);
	RUN(an_interrupt_at_a_breakpoint_hides_it_not);
	RUN(an_interrupt_waits_while_the_guest_forbids_it);
	RUN(an_interrupt_that_a_kick_was_before_is_not_lost);
	RUN(an_interrupt_that_was_taken_back_does_not_come_with_the_segments);
	RUN(a_breakpoint_on_an_interrupts_handler_is_met);
	RUN(an_interrupt_wakes_a_halted_cpu);
	RUN(an_interrupt_without_a_handler_shuts_the_cpu_down_for_good);
	RUN(an_interrupt_without_a_handler_comes_to_that_of_gp);
	return check_done();
}

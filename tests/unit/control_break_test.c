/* Run control on every kind of KVM: a breakpoint stops before its instruction, however many there
 * are, and going on makes progress. */
#include "control_rig.h"

#define PUSH_SS 0x16
#define POP_SS  0x17

/* --- one and many ------------------------------------------------------------------------------- */

EVERYWHERE(a_breakpoint_stops_before_its_instruction)
{
	PUT(r, NOP, INC_AX, INC_AX, HLT);
	uint64_t ax = GET(r, rax);
	CHECK_BREAK(r, RIG_CODE + 2);
	CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 2);
	CHECK_EQ(GET(r, rax), ax + 1);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 4);
	CHECK_EQ(GET(r, rax), ax + 2);
}

EVERYWHERE(one_where_the_guest_stands_is_passed_and_met_again)
{
	PUT(r, INC_AX, LOOP(-3), HLT);
	uint64_t ax = GET(r, rax);
	CHECK_BREAK(r, RIG_CODE);
	for (unsigned i = 1; i < 3; i++) {
		CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE);
		CHECK_EQ(GET(r, rax), ax + i);
	}
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 4);
	CHECK_EQ(GET(r, rax), ax + 3);
}

EVERYWHERE(one_on_a_jump_to_itself_is_met_each_time)
{
	PUT(r, JMP(-2));
	CHECK_BREAK(r, RIG_CODE);
	for (unsigned i = 0; i < 3; i++)
		CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE);
}

/* Too many for the debug registers; in 32-bit code bytes are planted where int3 exits, else pages are
 * guarded. */
static void check_row(struct rig *r, unsigned count)
{
	static const uint8_t nops[] = { NOP, NOP, NOP, NOP, NOP, NOP, NOP, NOP, NOP, NOP, HLT };
	rig_put(r, nops, sizeof nops);
	for (unsigned i = 1; i <= count; i++)
		CHECK_BREAK(r, RIG_CODE + i);
	for (unsigned i = 1; i <= count; i++) {
		CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + i);
		for (unsigned k = 0; k < 10; k++) /* a debugger sees the guest's bytes */
			CHECK_EQ(rig_read(r, RIG_CODE + k, 1), NOP);
	}
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + sizeof nops);
}

EVERYWHERE(four_in_a_row_are_met)
{
	check_row(r, 4);
}

EVERYWHERE(ten_in_a_row_are_met)
{
	check_row(r, 10);
}

EVERYWHERE(those_too_many_for_registers_stop_a_loop_far_away)
{
	PUT(r, JMP(0x40));
	PUT_AT(r, RIG_CODE + 0x42, INC_M, LOOP(-4), HLT);
	for (unsigned i = 0; i < 6; i++)
		CHECK_BREAK(r, RIG_CODE + 0x20 + i);
	CHECK_BREAK(r, RIG_CODE + 0x44);
	for (unsigned i = 1; i <= 3; i++) {
		CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 0x44);
		CHECK_EQ(rig_read(r, RIG_DATA, 1), i);
	}
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 0x47);
}

EVERYWHERE(a_removed_one_is_not_met)
{
	PUT(r, NOP, NOP, NOP, NOP, HLT);
	CHECK_BREAK(r, RIG_CODE + 1);
	CHECK_BREAK(r, RIG_CODE + 2);
	CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 1);
	CHECK_UNBREAK(r, RIG_CODE + 2);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 5);
}

/* --- at instructions of their own --------------------------------------------------------------- */

EVERYWHERE(steps_go_over_breakpoints)
{
	PUT(r, NOP, MOV_SS_AX, NOP, OUT_AL(0x80), REP_STOSB, NOP, HLT);
	static const uint8_t at[] = { 1, 3, 4, 6, 6, 6, 8, 9 };
	for (size_t i = 0; i < ARRAY_SIZE(at); i++)
		CHECK_BREAK(r, RIG_CODE + at[i]);
	for (size_t i = 0; i < ARRAY_SIZE(at); i++)
		if (!CHECK_STEP(r, RIG_CODE + at[i]))
			return;
	CHECK_EQ(r->outs, 1);
}

static void check_after_load_ss(struct rig *r, unsigned others)
{
	PUT(r, MOV_SS_AX, INC_AX, NOP, PUSH_SS, POP_SS, INC_AX, NOP, HLT);
	CHECK_BREAK(r, RIG_CODE + 2);
	CHECK_BREAK(r, RIG_CODE + 6);
	for (unsigned i = 0; i < others; i++)
		CHECK_BREAK(r, RIG_DATA + i);
	CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 2);
	CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 6);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 9);
}

EVERYWHERE(right_after_mov_ss_and_pop_ss_they_are_met)
{
	check_after_load_ss(r, 0);
	check_after_load_ss(r, 5);
}

EVERYWHERE(one_on_hlt_is_met_and_then_it_halts)
{
	PUT(r, NOP, HLT, NOP, HLT);
	CHECK_BREAK(r, RIG_CODE + 1);
	CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 1);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 2);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 4);
}

EVERYWHERE(the_guests_own_hlt_among_many_is_a_halt)
{
	PUT(r, NOP, HLT, NOP, NOP, NOP, NOP, NOP, NOP, HLT);
	for (unsigned i = 2; i < 8; i++)
		CHECK_BREAK(r, RIG_CODE + i);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 2);
	CHECK(control_is_halted(&r->control));
	CHECK_STEP(r, RIG_CODE + 3);
}

EVERYWHERE(one_on_a_handler_is_met)
{
	PUT(r, NOP, UD2, HLT);
	PUT_AT(r, rig_handler(6), NOP, HLT);
	CHECK_BREAK(r, rig_handler(6));
	CHECK_RUN(r, STOP_BREAKPOINT, rig_handler(6));
	CHECK_EQ(rig_stacked(r, 0), RIG_CODE + 1);
	CHECK(!(GET(r, rflags) & RFLAGS_RF)); /* a CPU enters it so, whatever KVM does */
	CHECK_RUN(r, STOP_HALTED, rig_handler(6) + 2);
}

EVERYWHERE(one_after_port_io_and_mmio_is_met)
{
	PUT(r, OUT_AL(0x80), NOP, IN_AL(0x60), NOP, MOV_M_AL, NOP, MOV_DL_M, NOP, HLT);
	SET(r, rbx, RIG_HOLE);
	SET(r, rdi, RIG_HOLE);
	for (unsigned i = 2; i < 12; i += 3)
		CHECK_BREAK(r, RIG_CODE + i);
	for (unsigned i = 2; i < 12; i += 3)
		CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + i);
	CHECK_EQ(r->outs + r->ins + r->writes + r->reads, 4);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 13);
}

/* --- planted bytes are not the guest's ---------------------------------------------------------- */

static unsigned planted, foreign; /* bytes, seen while a device does its work */

static bool look_at_code(void *ctx, const struct exit *x)
{
	struct rig *r = ctx;
	(void)x;
	planted = foreign = 0;
	for (unsigned i = 0; i < 8; i++) {
		uint64_t byte = rig_read(r, RIG_CODE + 0x80 + i, 1);
		planted += byte == INT3;
		foreign += byte != INT3 && byte != NOP;
	}
	return false;
}

/* What a hlt is depends on who comes to it: a halt at another linear address, a #GP outside of CPL 0. */
EVERYWHERE(nothing_but_an_int3_that_exits_is_planted)
{
	PUT(r, OUT_AL(0x80), HLT);
	for (unsigned i = 0; i < 8; i++) {
		PUT_AT(r, RIG_CODE + 0x80 + i, NOP);
		CHECK_BREAK(r, RIG_CODE + 0x80 + i);
	}
	r->control.io.io = look_at_code;
	planted = foreign = 0;
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 3);
	CHECK_EQ(foreign, 0);
	CHECK(r->control.probe.has_int3 || !planted);
}

EVERYWHERE(a_guest_that_writes_over_one_gets_its_byte_and_the_stop)
{
	PUT(r, MOV_AL(INC_AX), MOV_M_AL, NOP, NOP, NOP, NOP, NOP, NOP, NOP, HLT);
	SET(r, rdi, RIG_CODE + 10);
	SET(r, rbx, RIG_CODE + 10);
	for (unsigned i = 5; i < 11; i++) /* the last ones get no registers */
		CHECK_BREAK(r, RIG_CODE + i);
	CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 5);
	CHECK_EQ(rig_read(r, RIG_CODE + 10, 1), INC_AX);
	for (unsigned i = 6; i < 11; i++)
		CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + i);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 12);
	CHECK_EQ(GET(r, rax) & 0xff, INC_AX + 1);
}

/* --- conditions --------------------------------------------------------------------------------- */

static bool stops_at_last(void *ctx, uint64_t gva)
{
	unsigned *left = ctx;
	(void)gva;
	return --*left == 0;
}

EVERYWHERE(one_with_a_condition_stops_when_it_is_told_to)
{
	unsigned left = 100;
	PUT(r, INC_M, NOP, LOOP(-5), HLT);
	SET(r, rcx, 200);
	CHECK_BREAK(r, RIG_CODE + 2);
	control_ask(&r->control, stops_at_last, NULL, &left);
	CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 2);
	CHECK_EQ(rig_read(r, RIG_DATA, 1), 100);
	CHECK_EQ(GET(r, rcx), 101);
	control_ask(&r->control, NULL, NULL, NULL);
	CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 2);
	CHECK_EQ(rig_read(r, RIG_DATA, 1), 101);
}

/* --- kicks and ends ----------------------------------------------------------------------------- */

EVERYWHERE(a_kick_stops_a_run_once)
{
	PUT(r, NOP, OUT_AL(0x80), NOP, HLT);
	vcpu_kick(&r->vcpu);
	CHECK_RUN(r, STOP_KICKED, RIG_CODE);
	r->kicks_at_io = true; /* as the devices do it: the access is done, nothing more */
	CHECK_RUN(r, STOP_KICKED, RIG_CODE + 3);
	CHECK_EQ(r->outs, 1);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 5);
}

EVERYWHERE(a_kick_at_a_breakpoint_is_not_lost)
{
	PUT(r, OUT_AL(0x80), NOP, HLT);
	CHECK_BREAK(r, RIG_CODE + 2);
	r->kicks_at_io = true;
	CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 2);
	r->kicks_at_io = false;
	CHECK(vcpu_take_kick(&r->vcpu));
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 4);
}

EVERYWHERE(a_triple_fault_ends_a_run)
{
	enum probe_answer keeps = rig_fact(r, PROBE_SHUTDOWN_KEEPS_STATE);
	if (keeps == PROBE_UNKNOWN)
		return; /* there it is none */
	/* What the engine hands over is a step of KVM's, after which they are put back. */
	PUT(r, NOP, UD2, HLT);
	struct kvm_sregs s = *vcpu_sregs(&r->vcpu);
	s.idt.limit = 0;
	CHECK_EQ(vcpu_set_sregs(&r->vcpu, &s), 0);
	CHECK_RUN(r, STOP_SHUTDOWN, keeps == PROBE_YES || r->is_engine ? RIG_CODE + 1 : 0xfffffff0);
}

/* Low memory, and once more at OTHER, by a page directory at TABLE. */
#define TABLE RIG_FREE
#define OTHER 0x80000000u

static bool has_paging(struct rig *r)
{
	if (!r->is_32 || r->is_engine)
		return r->is_32;
	return r->kind ? !(r->kind->quirks & FAKE(NO_PAGING32))
	               : rig_fact(r, PROBE_PAGING32) == PROBE_YES;
}

static void prepare_paging(struct rig *r)
{
	const uint32_t maps = 0x83; /* present, writable, 4 MiB */
	struct kvm_sregs s = *vcpu_sregs(&r->vcpu);
	rig_write(r, TABLE, &maps, sizeof maps);
	rig_write(r, TABLE + (OTHER >> 20), &maps, sizeof maps);
	s.cr3 = TABLE;
	s.cr4 |= CR4_PSE;
	CHECK_EQ(vcpu_set_sregs(&r->vcpu, &s), 0);
	SET(r, rax, s.cr0 | CR0_PG);
}

/* A byte that was planted before the guest turned paging on is met at another linear address of its page, where no
 * breakpoint is: nothing is told, and the guest's own #BP handler is not come to. */
EVERYWHERE(what_is_planted_is_none_of_the_guests_where_paging_leads_to_it)
{
	const uint32_t function = OTHER + RIG_DATA;
	if (!has_paging(r))
		return;
	PUT(r, MOV_CR0_AX, RET);
	PUT_AT(r, RIG_DATA, INC_AX, INC_AX, INC_AX, INC_AX, HLT);
	PUT_AT(r, rig_handler(3), HLT);
	rig_write(r, RIG_STACK, &function, sizeof function);
	prepare_paging(r);
	for (unsigned i = 0; i < BREAKPOINT_REGISTERS; i++) /* the guest does not come to them */
		CHECK_BREAK(r, RIG_HANDLERS + 0x800 + i);
	for (unsigned i = 0; i < 4; i++)
		CHECK_BREAK(r, RIG_DATA + i);
	const uint32_t before = (uint32_t)GET(r, rax);
	CHECK_RUN(r, STOP_HALTED, function + 5);
	CHECK_EQ(GET(r, rax), before + 4);
}

int main(void)
{
	RUN(a_breakpoint_stops_before_its_instruction);
	RUN(one_where_the_guest_stands_is_passed_and_met_again);
	RUN(one_on_a_jump_to_itself_is_met_each_time);
	RUN(four_in_a_row_are_met);
	RUN(ten_in_a_row_are_met);
	RUN(those_too_many_for_registers_stop_a_loop_far_away);
	RUN(a_removed_one_is_not_met);
	RUN(steps_go_over_breakpoints);
	RUN(right_after_mov_ss_and_pop_ss_they_are_met);
	RUN(one_on_hlt_is_met_and_then_it_halts);
	RUN(the_guests_own_hlt_among_many_is_a_halt);
	RUN(one_on_a_handler_is_met);
	RUN(one_after_port_io_and_mmio_is_met);
	RUN(nothing_but_an_int3_that_exits_is_planted);
	RUN(a_guest_that_writes_over_one_gets_its_byte_and_the_stop);
	RUN(one_with_a_condition_stops_when_it_is_told_to);
	RUN(a_kick_stops_a_run_once);
	RUN(a_kick_at_a_breakpoint_is_not_lost);
	RUN(a_triple_fault_ends_a_run);
	RUN(what_is_planted_is_none_of_the_guests_where_paging_leads_to_it);
	return check_done();
}

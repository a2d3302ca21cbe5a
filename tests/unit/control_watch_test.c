/* Run control on every kind of KVM: a watchpoint stops after the access, with the value as it is
 * then; nothing else on its page does, and the guest sees no difference. */
#include "control_rig.h"

static uint64_t byte_at(struct rig *r, uint64_t gva)
{
	return rig_read(r, gva, 1);
}

static bool is_without(const struct rig *r, uint64_t quirk)
{
	return r->kind && !(r->kind->quirks & quirk);
}

/* --- each kind ---------------------------------------------------------------------------------- */

EVERYWHERE(a_write_is_stopped_after)
{
	PUT(r, MOV_AL(7), MOV_M_AL, NOP, HLT);
	CHECK_WATCH(r, RIG_DATA, 1, WATCH_WRITE);
	CHECK_RUN(r, STOP_WATCH, RIG_CODE + 4);
	CHECK_EQ(r->stop.watch.kind, WATCH_WRITE);
	CHECK_EQ(r->stop.watch.gva, RIG_DATA);
	CHECK_EQ(byte_at(r, RIG_DATA), 7);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 6);
}

EVERYWHERE(a_read_is_stopped_after)
{
	PUT(r, MOV_M_AL, NOP, MOV_DL_M, NOP, HLT);
	CHECK_WATCH(r, RIG_DATA, 1, WATCH_READ);
	CHECK_RUN(r, STOP_WATCH, RIG_CODE + 5);
	CHECK_EQ(r->stop.watch.kind, WATCH_READ);
	CHECK_EQ(GET(r, rdx) & 0xff, GET(r, rax) & 0xff);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 7);
}

EVERYWHERE(both_are_stopped_after)
{
	PUT(r, MOV_M_AL, NOP, MOV_DL_M, NOP, HLT);
	CHECK_WATCH(r, RIG_DATA, 1, WATCH_ACCESS);
	CHECK_RUN(r, STOP_WATCH, RIG_CODE + 2);
	CHECK_RUN(r, STOP_WATCH, RIG_CODE + 5);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 7);
}

EVERYWHERE(a_write_of_the_same_value_is_a_write)
{
	PUT(r, MOV_AL(0), MOV_M_AL, NOP, HLT);
	CHECK_WATCH(r, RIG_DATA, 1, WATCH_WRITE);
	CHECK_RUN(r, STOP_WATCH, RIG_CODE + 4);
	PUT(r, MOV_AL(0), MOV_M_AL, NOP, HLT);
	CHECK_STEP(r, RIG_CODE + 2);
	RIG_STOPPED(r, control_step(&r->control, &r->stop), STOP_WATCH, RIG_CODE + 4);
}

EVERYWHERE(a_step_stops_for_what_it_hits)
{
	PUT(r, MOV_AL(7), MOV_M_AL, MOV_DL_M, INC_M, NOP, HLT);
	CHECK_WATCH(r, RIG_DATA, 1, WATCH_ACCESS);
	CHECK_STEP(r, RIG_CODE + 2);
	for (unsigned i = 4; i <= 8; i += 2)
		RIG_STOPPED(r, control_step(&r->control, &r->stop), STOP_WATCH, RIG_CODE + i);
	CHECK_EQ(byte_at(r, RIG_DATA), 8);
	CHECK_STEP(r, RIG_CODE + 9);
}

EVERYWHERE(what_is_beside_it_does_not_stop)
{
	PUT(r, MOV_AL(7), MOV_M_AL, MOV_DL_M, INC_M, HLT);
	CHECK_WATCH(r, RIG_DATA - 1, 1, WATCH_ACCESS);
	CHECK_WATCH(r, RIG_DATA + 1, 1, WATCH_ACCESS);
	CHECK_WATCH(r, RIG_DATA + 4, 4, WATCH_WRITE);
	CHECK_WATCH(r, RIG_DATA + 1, 1, WATCH_READ);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 9);
	CHECK_EQ(byte_at(r, RIG_DATA), 8);
	CHECK_EQ(GET(r, rdx) & 0xff, 7);
}

/* --- many, and with breakpoints ----------------------------------------------------------------- */

EVERYWHERE(more_than_there_are_registers_are_hit)
{
	PUT(r, INC_M, 0x43, 0x47, LOOP(-6), HLT); /* inc bx, inc di */
	SET(r, rcx, 6);
	for (unsigned i = 0; i < 6; i++)
		CHECK_WATCH(r, RIG_DATA + i, 1, WATCH_WRITE);
	for (unsigned i = 0; i < 6; i++) {
		CHECK_RUN(r, STOP_WATCH, RIG_CODE + 2);
		CHECK_EQ(r->stop.watch.gva, RIG_DATA + i);
	}
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 7);
}

EVERYWHERE(breakpoints_beside_watchpoints_are_met)
{
	PUT(r, NOP, MOV_AL(7), MOV_M_AL, NOP, NOP, HLT);
	CHECK_WATCH(r, RIG_DATA, 4, WATCH_WRITE);
	CHECK_WATCH(r, RIG_DATA + 8, 8, WATCH_WRITE);
	CHECK_BREAK(r, RIG_CODE + 1);
	CHECK_BREAK(r, RIG_CODE + 6);
	CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 1);
	CHECK_RUN(r, STOP_WATCH, RIG_CODE + 5);
	CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 6);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 8);
}

EVERYWHERE(a_breakpoint_where_an_access_hits_is_met_after_it)
{
	PUT(r, MOV_AL(7), MOV_M_AL, NOP, HLT);
	CHECK_WATCH(r, RIG_DATA, 1, WATCH_WRITE);
	CHECK_BREAK(r, RIG_CODE + 2);
	CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 2);
	CHECK_RUN(r, STOP_WATCH, RIG_CODE + 4);
	CHECK_EQ(byte_at(r, RIG_DATA), 7);
}

/* --- instructions that access more than once ---------------------------------------------------- */

EVERYWHERE(rep_is_stopped_after_the_iteration_that_hits)
{
	PUT(r, REP_STOSB, NOP, HLT);
	CHECK_WATCH(r, RIG_DATA + 1, 1, WATCH_WRITE);
	SET(r, rax, 7);
	/* QEMU's TCG tells of it after the last one. */
	if (!r->kind || r->kind->quirks & FAKE(REP_WATCH_AT_END)) {
		CHECK_EQ(rig_run(r), 0);
		CHECK_EQ(r->stop.kind, STOP_WATCH);
		CHECK_EQ(byte_at(r, RIG_DATA + 1), 7);
		CHECK(!(GET(r, rflags) & RFLAGS_RF));
		return;
	}
	CHECK_RUN(r, STOP_WATCH, RIG_CODE);
	CHECK(!(GET(r, rflags) & RFLAGS_RF)); /* KVM's emulator marks a rep under way with it */
	CHECK_EQ(GET(r, rcx), 1);
	CHECK_EQ(byte_at(r, RIG_DATA + 1), 7);
	CHECK_EQ(byte_at(r, RIG_DATA + 2), 0);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 4);
	CHECK_EQ(byte_at(r, RIG_DATA + 2), 7);
}

EVERYWHERE(rep_is_left_where_its_last_iteration_hits)
{
	PUT(r, REP_STOSB, NOP, HLT);
	CHECK_WATCH(r, RIG_DATA + 2, 1, WATCH_WRITE);
	SET(r, rax, 7);
	CHECK_RUN(r, STOP_WATCH, RIG_CODE + 2);
	CHECK_EQ(GET(r, rcx), 0);
	CHECK_STEP(r, RIG_CODE + 3);
}

EVERYWHERE(rep_on_a_watched_page_does_all_that_it_does)
{
	PUT(r, REP_MOVSB, NOP, HLT);
	PUT_AT(r, RIG_DATA + 256, 1, 2, 3);
	CHECK_WATCH(r, RIG_DATA + 512, 1, WATCH_ACCESS);
	CHECK_WATCH(r, RIG_DATA + 516, 1, WATCH_READ);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 4);
	CHECK_EQ(rig_read(r, RIG_DATA, 4), 0x030201);
	CHECK_EQ(GET(r, rcx), 0);
}

/* An interrupt's frame is pushed in one instruction, of which KVM's emulator would lose a part. */
static void check_stack(struct rig *r, enum watch_kind kind)
{
	PUT(r, STI, INT(0x40), NOP, PUSH_AX, POP_AX, HLT);
	PUT_AT(r, rig_handler(0x40), NOP, NOP, IRET); /* which is not stepped */
	for (unsigned i = 0; i < 5; i++)
		CHECK_WATCH(r, RIG_STACK + 64 + 8 * i, 8, kind);
	CHECK_BREAK(r, rig_handler(0x40) + 1);
	CHECK_RUN(r, STOP_BREAKPOINT, rig_handler(0x40) + 1);
	CHECK_EQ(rig_stacked(r, 0), RIG_CODE + 3);
	CHECK_EQ(rig_stacked(r, 1), vcpu_sregs(&r->vcpu)->cs.selector);
	CHECK_EQ(RIG_FLAGS(rig_stacked(r, 2)), 0x202);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 7);
	CHECK_EQ(GET(r, rsp), RIG_STACK);
}

EVERYWHERE(a_stack_on_a_page_watched_for_writes_works)
{
	if (rig_has_int(r))
		check_stack(r, WATCH_WRITE);
}

EVERYWHERE(a_stack_on_a_page_watched_for_reads_works)
{
	if (rig_has_int(r))
		check_stack(r, WATCH_READ);
}

/* It comes there during the run, by an instruction that pushes once. */
EVERYWHERE(a_stack_that_moves_onto_a_watched_page_works)
{
	if (!rig_has_int(r))
		return;
	PUT(r, MOV_SP_BX, PUSH_AX, POP_AX, STI, INT(0x40), NOP, HLT);
	PUT_AT(r, rig_handler(0x40), NOP, IRET);
	SET(r, rbx, RIG_FREE + 0x800);
	for (unsigned i = 0; i < 5; i++)
		CHECK_WATCH(r, RIG_FREE + 8 * i, 8, WATCH_WRITE);
	CHECK_BREAK(r, rig_handler(0x40) + 1);
	CHECK_RUN(r, STOP_BREAKPOINT, rig_handler(0x40) + 1);
	CHECK_EQ(rig_stacked(r, 0), RIG_CODE + 7);
	CHECK_EQ(RIG_FLAGS(rig_stacked(r, 2)), 0x202);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 9);
	CHECK_EQ(GET(r, rsp), RIG_FREE + 0x800);
}

EVERYWHERE(a_push_onto_a_watched_place_is_stopped_after)
{
	PUT(r, PUSH_AX, NOP, HLT);
	CHECK_WATCH(r, RIG_STACK - rig_word(r), 1, WATCH_WRITE);
	SET(r, rax, 7);
	CHECK_RUN(r, STOP_WATCH, RIG_CODE + 1);
	CHECK_EQ(rig_stacked(r, 0), 7);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 3);
}

EVERYWHERE(what_an_interrupts_frame_hits_is_stopped_for)
{
	PUT(r, NOP, NOP, NOP, HLT);
	PUT_AT(r, rig_handler(0x40), NOP, HLT);
	CHECK_WATCH(r, RIG_STACK - rig_word(r), 1, WATCH_WRITE);
	SET(r, rflags, 0x202);
	r->vector = 0x40;
	r->has_interrupt = true;
	CHECK_RUN(r, STOP_WATCH, rig_handler(0x40));
	CHECK_EQ(RIG_FLAGS(rig_stacked(r, 2)), 0x202);
	CHECK_RUN(r, STOP_HALTED, rig_handler(0x40) + 2);
}

/* A frame with the values that are there already changes nothing, and is written all the same. */
static void put_frame(struct rig *r, uint64_t ip, uint64_t flags)
{
	const uint64_t words[3] = { ip, vcpu_sregs(&r->vcpu)->cs.selector, flags };
	const unsigned n = rig_word(r);
	for (unsigned i = 0; i < 3; i++)
		rig_write(r, RIG_STACK - (3 - i) * (uint64_t)n, &words[i], n);
}

EVERYWHERE(a_step_of_int_stops_for_what_it_pushes_again)
{
	if (!rig_has_int(r))
		return;
	PUT(r, INT(0x40), NOP, HLT);
	put_frame(r, RIG_CODE + 2, 2);
	CHECK_WATCH(r, RIG_STACK - 2 * rig_word(r) + 1, 1, WATCH_ACCESS);
	RIG_STOPPED(r, control_step(&r->control, &r->stop), STOP_WATCH, rig_handler(0x40));
	CHECK_EQ(r->stop.watch.gva, RIG_STACK - 2 * rig_word(r) + 1);
}

EVERYWHERE(a_run_stops_for_what_an_int_pushes_again)
{
	if (!rig_has_int(r))
		return;
	/* By a debug register a CPU stops for what it pushes; QEMU's TCG does not, and may die of it. */
	if (!r->kind && !r->is_engine && rig_fact(r, PROBE_DATA_BREAKPOINTS) == PROBE_YES)
		return;
	PUT(r, INT(0x40), NOP, HLT);
	put_frame(r, RIG_CODE + 2, 2);
	CHECK_WATCH(r, RIG_STACK - 2 * rig_word(r), 1, WATCH_WRITE);
	CHECK_RUN(r, STOP_WATCH, rig_handler(0x40));
}

EVERYWHERE(a_step_of_a_fault_stops_for_what_is_pushed_again)
{
	PUT(r, UD2, NOP, HLT);
	put_frame(r, RIG_CODE, 2);
	CHECK_WATCH(r, RIG_STACK - 3 * rig_word(r), 1, WATCH_WRITE);
	RIG_STOPPED(r, control_step(&r->control, &r->stop), STOP_WATCH, rig_handler(6));
}

EVERYWHERE(what_an_int_does_not_push_does_not_stop)
{
	if (!rig_has_int(r))
		return;
	PUT(r, INT(0x40), NOP, HLT);
	CHECK_WATCH(r, RIG_STACK, 1, WATCH_ACCESS);
	CHECK_WATCH(r, RIG_STACK - 3 * rig_word(r) - 1, 1, WATCH_ACCESS);
	CHECK_STEP(r, rig_handler(0x40));
}

EVERYWHERE(what_an_interrupt_pushes_again_is_stopped_for)
{
	PUT(r, NOP, NOP, NOP, HLT);
	PUT_AT(r, rig_handler(0x40), NOP, HLT);
	put_frame(r, RIG_CODE, 0x202);
	CHECK_WATCH(r, RIG_STACK - 2 * rig_word(r), 1, WATCH_WRITE);
	SET(r, rflags, 0x202);
	r->vector = 0x40;
	r->has_interrupt = true;
	CHECK_RUN(r, STOP_WATCH, rig_handler(0x40));
}

/* The guest steps itself: what the instruction has accessed, and what its #DB pushes. */
EVERYWHERE(a_step_under_the_guests_own_tf_stops_for_both)
{
	PUT(r, MOV_M_AL, NOP, HLT);
	SET(r, rflags, 0x102);
	CHECK_WATCH(r, RIG_DATA, 1, WATCH_WRITE);
	RIG_STOPPED(r, control_step(&r->control, &r->stop), STOP_WATCH, rig_handler(1));
	CHECK_EQ(r->stop.watch.gva, RIG_DATA);
	watches_remove(&r->control.watches, RIG_DATA, 1, WATCH_WRITE);

	PUT(r, POP_AX, NOP, HLT);
	SET(r, rflags, 0x102);
	SET(r, rsp, RIG_STACK - rig_word(r));
	put_frame(r, RIG_CODE + 1, 0x102);
	CHECK_WATCH(r, RIG_STACK - 3 * rig_word(r), 1, WATCH_WRITE);
	RIG_STOPPED(r, control_step(&r->control, &r->stop), STOP_WATCH, rig_handler(1));
}

/* --- pages that the CPU itself needs ------------------------------------------------------------ */

EVERYWHERE(vectors_on_a_page_watched_for_reads_are_found)
{
	PUT(r, NOP, UD2, HLT);
	PUT_AT(r, rig_handler(6), NOP, HLT);
	CHECK_WATCH(r, (r->is_32 ? RIG_IDT : RIG_VECTORS) + 0x900, 1, WATCH_READ);
	CHECK_RUN(r, STOP_HALTED, rig_handler(6) + 2);
}

EVERYWHERE(code_on_a_watched_page_runs)
{
	PUT(r, MOV_AL(7), MOV_M_AL, NOP, MOV_DL_M, HLT);
	SET(r, rdi, RIG_CODE + 0x800);
	SET(r, rbx, RIG_CODE + 0x800);
	CHECK_WATCH(r, RIG_CODE + 0x800, 1, WATCH_READ);
	CHECK_RUN(r, STOP_WATCH, RIG_CODE + 7);
	CHECK_EQ(GET(r, rdx) & 0xff, 7);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 8);
}

/* A guest that goes on in a handler there: KVM can't execute a page that it has no slot for. */
EVERYWHERE(a_jump_onto_a_page_watched_for_reads_is_made)
{
	PUT(r, NOP, UD2, HLT);
	PUT_AT(r, rig_handler(6), NOP, NOP, HLT);
	CHECK_WATCH(r, RIG_HANDLERS + 0xff0, 1, WATCH_READ);
	CHECK_RUN(r, STOP_HALTED, rig_handler(6) + 3);
}

/* The run comes back by kicks alone, and the second finds the guest where the first did. */
EVERYWHERE(a_table_loaded_from_a_watched_page_is_loaded_after_two_kicks)
{
	if (!r->kind || r->is_engine)
		return; /* nobody kicks it here; the engine guards nothing */
	PUT(r, LIDT_M, NOP, HLT);
	const uint32_t base = r->is_32 ? RIG_IDT : RIG_VECTORS;
	PUT_AT(r, RIG_DATA, 0xff, 0x07, base & 0xff, base >> 8 & 0xff, 0, 0);
	CHECK_WATCH(r, RIG_DATA + 64, 1, WATCH_READ);
	CHECK(control_wants_timer(&r->control));
	CHECK_RUN(r, STOP_KICKED, RIG_CODE);
	for (unsigned kicks = 1; kicks < 3 && r->stop.kind == STOP_KICKED; kicks++)
		CHECK_EQ(control_run(&r->control, &r->stop), 0);
	RIG_STOPPED(r, 0, STOP_HALTED, RIG_CODE + 5);
	CHECK_EQ(vcpu_sregs(&r->vcpu)->idt.limit, 0x7ff);
}

EVERYWHERE(an_x87_store_beside_a_watched_place_is_made)
{
	PUT(r, 0xd9, 0x17, NOP, HLT); /* fst dword [m] */
	if (!is_without(r, FAKE(NO_FLOAT)))
		return;
	PUT_AT(r, RIG_DATA, 1, 2, 3, 4);
	for (unsigned i = 0; i < 5; i++)
		CHECK_WATCH(r, RIG_DATA + 64 + 8 * i, 8, WATCH_WRITE);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 4);
	CHECK_EQ(rig_read(r, RIG_DATA, 4), 0);
}

int main(void)
{
	RUN(a_write_is_stopped_after);
	RUN(a_read_is_stopped_after);
	RUN(both_are_stopped_after);
	RUN(a_write_of_the_same_value_is_a_write);
	RUN(a_step_stops_for_what_it_hits);
	RUN(what_is_beside_it_does_not_stop);
	RUN(more_than_there_are_registers_are_hit);
	RUN(breakpoints_beside_watchpoints_are_met);
	RUN(a_breakpoint_where_an_access_hits_is_met_after_it);
	RUN(rep_is_stopped_after_the_iteration_that_hits);
	RUN(rep_is_left_where_its_last_iteration_hits);
	RUN(rep_on_a_watched_page_does_all_that_it_does);
	RUN(a_stack_on_a_page_watched_for_writes_works);
	RUN(a_stack_on_a_page_watched_for_reads_works);
	RUN(a_stack_that_moves_onto_a_watched_page_works);
	RUN(a_push_onto_a_watched_place_is_stopped_after);
	RUN(what_an_interrupts_frame_hits_is_stopped_for);
	RUN(a_step_of_int_stops_for_what_it_pushes_again);
	RUN(a_run_stops_for_what_an_int_pushes_again);
	RUN(a_step_of_a_fault_stops_for_what_is_pushed_again);
	RUN(what_an_int_does_not_push_does_not_stop);
	RUN(what_an_interrupt_pushes_again_is_stopped_for);
	RUN(a_step_under_the_guests_own_tf_stops_for_both);
	RUN(vectors_on_a_page_watched_for_reads_are_found);
	RUN(code_on_a_watched_page_runs);
	RUN(a_jump_onto_a_page_watched_for_reads_is_made);
	RUN(a_table_loaded_from_a_watched_page_is_loaded_after_two_kicks);
	RUN(an_x87_store_beside_a_watched_place_is_made);
	return check_done();
}

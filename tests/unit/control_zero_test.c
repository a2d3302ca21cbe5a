/* Run control on every kind of KVM: a jump through a vector of real mode that is 0 stops the guest at
 * 0000:0000 and is named, in a free run and in a step, and a guest that has code there is left alone. */
#include "debug/zero_vector.h"

#include "control_rig.h"

/* hlt at 0000:0000, so that a guest that is not stopped there is seen, and these vectors made 0. */
static void put_zeroes(struct rig *r, uint8_t vector)
{
	static const uint8_t hlt[4] = { HLT, 0, 0, 0 }, zero[4];
	rig_write(r, RIG_VECTORS, hlt, sizeof hlt);
	rig_write(r, RIG_VECTORS + 4u * vector, zero, sizeof zero);
	control_set_watch_zero(&r->control, true);
	r->control.zero_beside = PROBE_YES; /* nor is a trap left behind by a fake */
}

static void check_told(const struct rig *r, const char *wanted)
{
	char text[100];
	zero_jump_describe(&r->stop.zero, text, sizeof text);
	CHECK_STR(text, wanted);
}

EVERYWHERE(an_int_is_named_in_a_free_run)
{
	if (r->is_32)
		return;
	PUT(r, NOP, OUT_AL(0x80), INT(0x21), NOP, HLT);
	put_zeroes(r, 0x21);
	CHECK_RUN(r, STOP_ZERO_VECTOR, 0);
	check_told(r, "int 0x21 at 0000:1003: its vector is 0");
	CHECK_EQ(r->outs, 1);
	CHECK_RUN(r, STOP_HALTED, 1);
}

EVERYWHERE(an_int_is_named_when_it_is_stepped)
{
	if (r->is_32)
		return;
	PUT(r, NOP, INT(0x21), NOP, HLT);
	put_zeroes(r, 0x21);
	CHECK_STEP(r, RIG_CODE + 1);
	RIG_STOPPED(r, control_step(&r->control, &r->stop), STOP_ZERO_VECTOR, 0);
	check_told(r, "int 0x21 at 0000:1001: its vector is 0");
	RIG_STOPPED(r, control_step(&r->control, &r->stop), STOP_HALTED, 1);
}

EVERYWHERE(an_exception_is_named)
{
	if (r->is_32)
		return;
	PUT(r, NOP, UD2, HLT);
	put_zeroes(r, 6);
	CHECK_RUN(r, STOP_ZERO_VECTOR, 0);
	check_told(r, "vector 0x06 (#UD) at 0000:1001: its vector is 0");
	PUT(r, NOP, INT3, HLT);
	put_zeroes(r, 3);
	CHECK_RUN(r, STOP_ZERO_VECTOR, 0);
	check_told(r, "vector 0x03 (#BP) at 0000:1001: its vector is 0");
}

EVERYWHERE(an_interrupt_of_a_device_is_named_however_late)
{
	if (r->is_32)
		return;
	uint8_t code[2 * (ZERO_EXITS_MAX + 2) + 3];
	for (size_t i = 0; i < sizeof code; i += 2)
		memcpy(&code[i], (const uint8_t[]) { OUT_AL(0x80) }, i + 1 < sizeof code ? 2 : 1);
	memcpy(&code[sizeof code - 3], (const uint8_t[]) { STI, JMP(-2) }, 3);
	rig_put(r, code, sizeof code);
	put_zeroes(r, 8);
	r->vector = 8;
	r->has_interrupt = true;
	CHECK_RUN(r, STOP_ZERO_VECTOR, 0);
	CHECK_EQ(r->stop.zero.cause, CATCH_BY_DEVICE);
	CHECK_EQ(r->stop.zero.vector, 8);
	CHECK_EQ(r->stop.zero.ip, rig_stacked(r, 0));
}

/* The debug register costs at each exit, so it goes after many of them, and the run is none the worse. */
EVERYWHERE(a_run_is_watched_for_its_first_exits)
{
	if (r->is_32 || r->is_engine)
		return; /* the engine watches all of it */
	for (unsigned outs = ZERO_EXITS_MAX - 1; outs <= ZERO_EXITS_MAX; outs++) {
		/* mov cx, outs; out; loop; int 0x21 */
		PUT(r, 0xb9, (uint8_t)outs, (uint8_t)(outs >> 8), OUT_AL(0x80), LOOP(-4), INT(0x21),
		        HLT);
		put_zeroes(r, 0x21);
		r->outs = 0;
		if (outs < ZERO_EXITS_MAX)
			CHECK_RUN(r, STOP_ZERO_VECTOR, 0);
		else
			CHECK_RUN(r, STOP_HALTED, 1);
		CHECK_EQ(r->outs, outs);
	}
}

EVERYWHERE(code_at_0_is_left_alone)
{
	if (r->is_32)
		return;
	PUT(r, RET); /* to 0, as the stack has it */
	put_zeroes(r, 0x21);
	PUT_AT(r, 0, LOOP(-2), HLT);
	CHECK_RUN(r, STOP_HALTED, 3);
	CHECK_EQ(GET(r, rcx), 0);
}

EVERYWHERE(a_breakpoint_there_is_a_breakpoint)
{
	if (r->is_32)
		return;
	PUT(r, NOP, INT(0x21), HLT);
	put_zeroes(r, 0x21);
	CHECK_BREAK(r, 0);
	CHECK_RUN(r, STOP_BREAKPOINT, 0);
	CHECK_RUN(r, STOP_HALTED, 1);
}

EVERYWHERE(nobody_who_has_not_asked_is_stopped)
{
	if (r->is_32)
		return;
	PUT(r, NOP, INT(0x21), HLT);
	put_zeroes(r, 0x21);
	control_set_watch_zero(&r->control, false);
	CHECK_RUN(r, STOP_HALTED, 1);
	CHECK(zero_vector_find(&r->vcpu, &r->stop.zero)); /* but its stack shows it */
	check_told(r, "int 0x21 at 0000:1001: its vector is 0");
}

int main(void)
{
	RUN(an_int_is_named_in_a_free_run);
	RUN(an_int_is_named_when_it_is_stepped);
	RUN(an_exception_is_named);
	RUN(an_interrupt_of_a_device_is_named_however_late);
	RUN(a_run_is_watched_for_its_first_exits);
	RUN(code_at_0_is_left_alone);
	RUN(a_breakpoint_there_is_a_breakpoint);
	RUN(nobody_who_has_not_asked_is_stopped);
	return check_done();
}

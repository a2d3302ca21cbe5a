/* Many steps at once, in a range or for a catchpoint: what stops them, and that they are those that would have been done
 * one by one. On every kind of KVM. */
#include "control_rig.h"

#define NOPS    NOP, NOP, NOP, NOP
#define DEC_DL  0xfe, 0xca
#define JNZ(by) 0x75, (uint8_t)(by)

/* How a range came to its end. */
struct ranged {
	uint64_t done;        /* instructions, */
	unsigned calls, many; /* by so many calls, of which so many did more than one */
	int result;
};

static struct ranged step_range(struct rig *r, uint64_t begin, uint64_t end, uint64_t max)
{
	const struct control_range range = {
		.begin = begin, .end = end, .max = max, .many_end = UINT64_MAX
	};
	struct ranged to = { .result = 1 };
	uint64_t done;
	while (to.result == 1 && to.calls < 5000) {
		to.result = control_step_range(&r->control, &range, &done, &r->stop);
		to.done += done;
		to.calls++;
		to.many += done > 1;
	}
	return to;
}

static void begin(struct rig *r)
{
	control_set_engine(&r->control, ENGINE_INTERP);
	SET(r, rdx, 0);
}

/* nop; dec dl; jnz to the nop; nop: 256 times round */
#define ROUND      NOP, DEC_DL, JNZ(-5), NOP, HLT
#define ROUND_END  (RIG_CODE + 5)
#define ROUND_DONE (3 * 256u)

EVERYWHERE(a_range_is_one_call)
{
	begin(r);
	PUT(r, ROUND);
	struct ranged to = step_range(r, RIG_CODE, ROUND_END, UINT64_MAX);
	RIG_STOPPED(r, to.result, STOP_STEPPED, ROUND_END);
	CHECK_EQ(to.done, ROUND_DONE);
	CHECK_EQ(to.calls, 1);
	CHECK_EQ(r->control.engine_done, ROUND_DONE);
}

/* The caller's time may be up in the midst. */
EVERYWHERE(no_more_are_done_than_the_caller_allows)
{
	begin(r);
	PUT(r, ROUND);
	struct ranged to = step_range(r, RIG_CODE, ROUND_END, 100);
	RIG_STOPPED(r, to.result, STOP_STEPPED, ROUND_END);
	CHECK_EQ(to.done, ROUND_DONE);
	CHECK_EQ(to.calls, ROUND_DONE / 100 + 1);
	begin(r);
	PUT(r, ROUND);
	to = step_range(r, RIG_CODE, ROUND_END, 1);
	CHECK_EQ(to.calls, ROUND_DONE);
}

/* Where many are allowed nowhere in the range, or to a part of it. */
EVERYWHERE(many_are_done_where_they_are_allowed)
{
	struct control_range range = { RIG_CODE, ROUND_END, UINT64_MAX, RIG_CODE, RIG_CODE + 3 };
	uint64_t done;
	begin(r);
	PUT(r, ROUND);
	CHECK_EQ(control_step_range(&r->control, &range, &done, &r->stop), 1);
	CHECK_EQ(registers_pc(&r->vcpu), RIG_CODE + 3);
	CHECK_EQ(done, 2);
	range.many_begin = ROUND_END + 1;
	range.many_end = UINT64_MAX;
	CHECK_EQ(control_step_range(&r->control, &range, &done, &r->stop), 1);
	CHECK_EQ(done, 1);
	range.many_begin = 0;
	range.many_end = RIG_CODE - 1;
	CHECK_EQ(control_step_range(&r->control, &range, &done, &r->stop), 1);
	CHECK_EQ(done, 1);
}

/* KVM steps one by one. */
EVERYWHERE(both_ways_do_the_same)
{
	struct kvm_regs by[2];
	struct ranged to[2];
	for (unsigned k = 0; k < 2; k++) {
		begin(r);
		control_set_engine(&r->control, k ? ENGINE_INTERP : ENGINE_KVM);
		r->outs = 0;
		SET(r, rcx, 5);
		/* inc [m]; out 80h; dec dl; jnz; rep stosb */
		PUT(r, MOV_AL(3), INC_M, OUT_AL(0x80), DEC_DL, JNZ(-8), REP_STOSB, NOP, HLT);
		SET(r, rdx, 0x20);
		SET(r, rcx, 5);
		SET(r, rdi, RIG_DATA + 0x10);
		to[k] = step_range(r, RIG_CODE, RIG_CODE + 12, UINT64_MAX);
		RIG_STOPPED(r, to[k].result, STOP_STEPPED, RIG_CODE + 12);
		by[k] = *vcpu_regs(&r->vcpu);
		CHECK_EQ(r->outs, 0x20);
	}
	CHECK_EQ(to[0].many, 0);
	CHECK(to[1].calls < to[0].calls);
	if (rig_fact(r, PROBE_STEP_RUNS_WHOLE_REP) != PROBE_YES || !r->kind)
		CHECK_EQ(to[1].done, to[0].done);
	by[0].rflags = by[1].rflags = 0; /* our KVM has few of the arithmetic ones */
	CHECK(!memcmp(&by[0], &by[1], sizeof by[0]));
}

EVERYWHERE(breakpoints_and_watchpoints_in_it_stop)
{
	begin(r);
	PUT(r, NOPS, NOPS, INC_M, NOPS, NOPS, HLT);
	CHECK_BREAK(r, RIG_CODE + 6);
	CHECK_WATCH(r, RIG_DATA, 1, WATCH_WRITE);
	struct ranged to = step_range(r, RIG_CODE, RIG_CODE + 18, UINT64_MAX);
	RIG_STOPPED(r, to.result, STOP_BREAKPOINT, RIG_CODE + 6);
	CHECK_EQ(to.done, 6);
	to = step_range(r, RIG_CODE, RIG_CODE + 18, UINT64_MAX);
	RIG_STOPPED(r, to.result, STOP_WATCH, RIG_CODE + 10);
	CHECK_EQ(r->stop.watch.gva, RIG_DATA);
	CHECK_EQ(to.done, 3);
	to = step_range(r, RIG_CODE, RIG_CODE + 18, UINT64_MAX);
	RIG_STOPPED(r, to.result, STOP_STEPPED, RIG_CODE + 18);
	CHECK_EQ(to.done, 8);
}

static bool never(void *ctx, uint64_t gva)
{
	(void)gva;
	++*(unsigned *)ctx;
	return false;
}

EVERYWHERE(conditions_are_asked_each_time)
{
	unsigned asked = 0;
	begin(r);
	PUT(r, ROUND);
	CHECK_BREAK(r, RIG_CODE + 1);
	control_ask(&r->control, never, NULL, &asked);
	struct ranged to = step_range(r, RIG_CODE, ROUND_END, UINT64_MAX);
	RIG_STOPPED(r, to.result, STOP_STEPPED, ROUND_END);
	CHECK_EQ(asked, 256);
	CHECK_EQ(to.done, ROUND_DONE);
	control_ask(&r->control, NULL, NULL, NULL);
}

/* One instruction is done whatever happens, so that a guest gets on under kicks. */
EVERYWHERE(a_kick_ends_it_after_an_instruction)
{
	begin(r);
	PUT(r, ROUND);
	for (unsigned i = 1; i < 4; i++) {
		vcpu_kick(&r->vcpu);
		struct ranged to = step_range(r, RIG_CODE, ROUND_END, UINT64_MAX);
		RIG_STOPPED(r, to.result, STOP_KICKED, RIG_CODE + (i == 3 ? 0 : i == 2 ? 3 : 1));
		CHECK_EQ(to.done, 1);
	}
}

/* A device's own kick, and its wish to stop, come after the access. */
EVERYWHERE(devices_end_it)
{
	begin(r);
	PUT(r, NOPS, OUT_AL(0x80), NOPS, IN_AL(0x80), NOPS, HLT);
	r->kicks_at_io = true;
	struct ranged to = step_range(r, RIG_CODE, RIG_CODE + 16, UINT64_MAX);
	RIG_STOPPED(r, to.result, STOP_KICKED, RIG_CODE + 6);
	CHECK_EQ(to.done, 5);
	r->kicks_at_io = false;
	r->stops_at_io = true;
	to = step_range(r, RIG_CODE, RIG_CODE + 16, UINT64_MAX);
	RIG_STOPPED(r, to.result, STOP_DEVICE, RIG_CODE + 12);
	CHECK_EQ(to.done, 5);
	CHECK_EQ(r->outs, 1);
	CHECK_EQ(r->ins, 1);
}

EVERYWHERE(steps_that_take_interrupts_take_them_in_time)
{
	if (!rig_has_int(r))
		return;
	begin(r);
	control_set_step_interrupts(&r->control, true);
	PUT(r, NOPS, STI, NOP, NOPS, HLT);
	r->has_interrupt = true;
	r->vector = 0x30;
	struct ranged to = step_range(r, RIG_CODE, RIG_CODE + 10, UINT64_MAX);
	RIG_STOPPED(r, to.result, STOP_STEPPED, rig_handler(0x30));
	CHECK_EQ(to.done, 7); /* nops, sti, the one in its shadow, the way to the handler */
	CHECK_EQ(r->acknowledged, 1);
	control_set_step_interrupts(&r->control, false);
}

/* ... and others leave them alone. */
EVERYWHERE(others_leave_interrupts_alone)
{
	begin(r);
	PUT(r, NOPS, STI, NOP, NOPS, HLT);
	r->has_interrupt = true;
	struct ranged to = step_range(r, RIG_CODE, RIG_CODE + 10, UINT64_MAX);
	RIG_STOPPED(r, to.result, STOP_STEPPED, RIG_CODE + 10);
	CHECK_EQ(to.done, 10);
	CHECK_EQ(r->acknowledged, 0);
	r->has_interrupt = false;
}

static bool follow(void *ctx)
{
	return ++*(unsigned *)ctx < 100;
}

EVERYWHERE(who_follows_sees_each_instruction)
{
	unsigned seen = 0;
	begin(r);
	PUT(r, ROUND);
	control_ask(&r->control, NULL, follow, &seen);
	control_set_followed(&r->control, true);
	struct ranged to = step_range(r, RIG_CODE, ROUND_END, UINT64_MAX);
	RIG_STOPPED(r, to.result, STOP_STEPPED, ROUND_END);
	CHECK_EQ(seen, 100);
	CHECK_EQ(to.done, ROUND_DONE);
	control_ask(&r->control, NULL, NULL, NULL);
}

static void set_catch(struct rig *r, const char *what)
{
	struct catchpoint p;
	CHECK_EQ(catch_parse(&p, what, NULL), 0);
	CHECK_EQ(catches_add(&r->control.catches, &p), 0);
}

static unsigned steps, many;

static void note(void *ctx, const struct decision *d)
{
	(void)ctx;
	steps += d->kind == DECISION_STEP;
	many += d->kind == DECISION_STEPS;
}

/* What comes before the event is done at once, the event itself by a step, which tells where it was. */
EVERYWHERE(a_catchpoint_steps_what_it_may_catch)
{
	char wanted[120];
	if (!rig_has_int(r))
		return;
	begin(r);
	steps = many = 0;
	control_note(&r->control, note);
	PUT(r, NOP, DEC_DL, JNZ(-5), INT(0x30), NOP, HLT);
	set_catch(r, "int 0x30");
	CHECK_RUN(r, STOP_CATCH, rig_handler(0x30));
	snprintf(wanted, sizeof wanted,
	        "Caught vector 0x30 (int 0x30) at %04x:%04x (catch int 0x30); here its handler "
	        "begins.\n",
	        r->is_32 ? 8 : 0, RIG_CODE + 5);
	CHECK_STR(control_caught(&r->control), wanted);
	CHECK_EQ(steps, 1);
	CHECK_EQ(many, 1);
	CHECK_EQ(r->control.engine_done, ROUND_DONE + 1);
	control_note(&r->control, NULL);
}

EVERYWHERE(a_catchpoint_lets_no_breakpoint_or_port_by)
{
	begin(r);
	PUT(r, NOPS, OUT_AL(0x80), NOPS, NOPS, HLT);
	set_catch(r, "cs");
	set_catch(r, "port 0x80");
	CHECK_BREAK(r, RIG_CODE + 9);
	CHECK_RUN(r, STOP_CATCH, RIG_CODE + 6);
	CHECK_EQ(r->outs, 1);
	CHECK_RUN(r, STOP_BREAKPOINT, RIG_CODE + 9);
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 15);
}

EVERYWHERE(a_catchpoint_lets_interrupts_in)
{
	if (!rig_has_int(r))
		return;
	begin(r);
	PUT(r, NOPS, STI, NOP, NOPS, HLT);
	set_catch(r, "int 0x30");
	r->has_interrupt = true;
	r->vector = 0x30;
	CHECK_RUN(r, STOP_CATCH, rig_handler(0x30));
	CHECK_EQ(rig_stacked(r, 0), RIG_CODE + 6);
}

int main(void)
{
	RUN(a_range_is_one_call);
	RUN(no_more_are_done_than_the_caller_allows);
	RUN(many_are_done_where_they_are_allowed);
	RUN(both_ways_do_the_same);
	RUN(breakpoints_and_watchpoints_in_it_stop);
	RUN(conditions_are_asked_each_time);
	RUN(a_kick_ends_it_after_an_instruction);
	RUN(devices_end_it);
	RUN(steps_that_take_interrupts_take_them_in_time);
	RUN(others_leave_interrupts_alone);
	RUN(who_follows_sees_each_instruction);
	RUN(a_catchpoint_steps_what_it_may_catch);
	RUN(a_catchpoint_lets_no_breakpoint_or_port_by);
	RUN(a_catchpoint_lets_interrupts_in);
	return check_done();
}

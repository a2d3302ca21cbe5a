/* A recording that nobody has asked for, on the wire: it is on where the engine runs the guest, it gives way to what it
 * does not go with, and the guest's end and the time of a step are what they are without it. */
#include "rsp_check.h"

#define BY_ENGINE "--load", "0x7c00", "--engine", "interp", "--record=auto"

static void step(struct rsp *r, int count)
{
	while (count--)
		rsp_ask(r, "s");
}

static void a_guest_of_the_engine_goes_back(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "stages", BY_ENGINE, NULL);
	const uint64_t pc = rsp_value(rsp_ask(&r, "p8"));
	step(&r, 5);
	CHECK(strstr(rsp_monitor(&r, "when"), "position 5 of 5"));
	for (int i = 0; i < 5; i++)
		RSP_BEGINS(&r, "T05", "bs");
	CHECK_EQ(rsp_value(rsp_ask(&r, "p8")), pc);
	RSP_BEGINS(&r, "T05thread:1;replaylog:begin;", "bs");
	rsp_close(&r);
}

static void it_is_there_before_the_first_step(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "stages", BY_ENGINE, NULL);
	RSP_BEGINS(&r, "T05thread:1;replaylog:begin;", "bs");
	CHECK(strstr(rsp_monitor(&r, "record"), "on: positions 0 to 0"));
	CHECK(strstr(rsp_monitor(&r, "record"), "of 131072"));
	rsp_close(&r);
}

static void is_off(struct rsp *r)
{
	step(r, 1);
	CHECK(strstr(rsp_monitor(r, "record"), "off"));
	CHECK(strstr(rsp_ask_for_text(r, "bs"), "monitor record on"));
}

static void it_is_off_where_it_is_not_wanted(void)
{
	static const char *const options[][2] = { { NULL }, { "--record=off", NULL },
		{ "--record=auto", "--engine=kvm" }, { "--record=auto", "--check-engine" } };
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		struct rsp r;
		RSP_OPEN(&r, RSP_UNIX, "stages", "--load", "0x7c00", options[i][0], options[i][1],
		        NULL);
		is_off(&r);
		rsp_close(&r);
	}
}

static void it_gives_way(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "stages", BY_ENGINE, NULL);
	step(&r, 5);
	CHECK(strstr(rsp_monitor(&r, "engine kvm"), "no longer recorded"));
	is_off(&r);
	rsp_monitor(&r, "engine interp");
	step(&r, 3);
	CHECK(strstr(rsp_monitor(&r, "when"), "position 3 of 3"));
	CHECK(strstr(rsp_monitor(&r, "step-rep whole"), "no longer recorded"));
	CHECK(strstr(rsp_monitor(&r, "step-rep"), "whole"));
	is_off(&r);
	rsp_monitor(&r, "step-rep one");
	step(&r, 2);
	/* It does not give way where the guest stands in its past. */
	RSP_BEGINS(&r, "T05", "bs");
	CHECK(strstr(rsp_monitor(&r, "engine kvm"), "record off first"));
	CHECK(strstr(rsp_monitor(&r, "record on"), "goto end"));
	rsp_monitor(&r, "goto end");
	rsp_monitor(&r, "record off");
	is_off(&r);
	rsp_close(&r);
}

/* A recording that is asked for begins anew, and has the memory of --record-memory. */
static void record_on_begins_here(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "stages", BY_ENGINE, "--record-memory", "16M", NULL);
	step(&r, 5);
	CHECK(strstr(rsp_monitor(&r, "record"), "of 16384"));
	CHECK(strstr(rsp_monitor(&r, "record on"), "on: positions 0 to 0"));
	CHECK(strstr(rsp_monitor(&r, "record"), "of 16384"));
	CHECK(strstr(rsp_monitor(&r, "record on"), "already"));
	CHECK(strstr(rsp_monitor(&r, "engine kvm"), "record off first"));
	rsp_close(&r);
	RSP_OPEN(&r, RSP_UNIX, "stages", "--record-memory", "16M", NULL);
	CHECK(strstr(rsp_monitor(&r, "record on"), "of 16384"));
	rsp_close(&r);
}

/* A script that continues to the guest's end expects that, and no stop before it. */
static void the_end_is_no_stop(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "counter", BY_ENGINE, "--port", "0x10=exit", NULL);
	RSP_BEGINS(&r, "W", "c");
	rsp_close(&r);
}

static void a_guest_that_is_let_go_is_not_recorded(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", BY_ENGINE, NULL);
	step(&r, 40);
	rsp_monitor(&r, "goto 5");
	RSP_IS(&r, "OK", "D");
	CHECK(rsp_connect(&r));
	RSP_BEGINS(&r, "T0", "?");
	CHECK(strstr(rsp_monitor(&r, "when"), "position 0 of 0"));
	rsp_close(&r);
}

/* A debugger's steps take as much of the guest's time as without a recording. */
static void a_step_takes_a_microsecond(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", BY_ENGINE, NULL);
	step(&r, 3);
	CHECK(strstr(rsp_monitor(&r, "when"), " 0.000003000 s"));
	rsp_monitor(&r, "goto 1");
	CHECK(strstr(rsp_monitor(&r, "when"), " 0.000001000 s"));
	step(&r, 1);
	CHECK(strstr(rsp_monitor(&r, "when"), " 0.000002000 s"));
	rsp_close(&r);
}

int main(void)
{
	RUN(a_guest_of_the_engine_goes_back);
	RUN(it_is_there_before_the_first_step);
	RUN(it_is_off_where_it_is_not_wanted);
	RUN(it_gives_way);
	RUN(record_on_begins_here);
	RUN(the_end_is_no_stop);
	RUN(a_guest_that_is_let_go_is_not_recorded);
	RUN(a_step_takes_a_microsecond);
	return check_done();
}

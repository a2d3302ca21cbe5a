/* Interrupts of devices while the guest goes on: past whatever holds it, and to a guest that is
 * halted. */
#include "rsp_check.h"

static uint64_t at(const char *name)
{
	return rsp_symbol("timer", name);
}

static void stop_at(struct rsp *r, const char *name)
{
	RSP_GO_TO(r, at(name));
}

static unsigned dots(const struct rsp *r)
{
	return (unsigned)strspn(rsp_output(r), ".");
}

/* More breakpoints than registers: in real mode the guest is stepped on their pages, and here on
 * its stack's. A tick that came while it stood at one is not lost. */
static void ticks_come_to_a_guest_that_is_stepped_behind_the_scenes(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "timer", NULL);
	stop_at(&r, "work");
	for (unsigned i = 0; i < 6; i++)
		RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", at("start") + 0x100 + i);
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", at("done"));
	RSP_STOPS(&r, "c", at("done"), "T05");
	CHECK_EQ(dots(&r), 50);
	RSP_IS(&r, "W01", "c");
	rsp_close(&r);
}

/* A breakpoint in the handler: each tick stops once, and going on from it loses none. */
static void each_tick_stops_in_the_handler(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "timer", NULL);
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", at("on_tick"));
	for (unsigned i = 0; i < 50 && check_case_ok; i++) {
		RSP_STOPS(&r, "c", at("on_tick"), "T05");
		CHECK_EQ(dots(&r), i);
	}
	RSP_IS(&r, "W01", "c");
	rsp_close(&r);
}

/* hlt under a step leaves the CPU halted; a continue waits there, also with a breakpoint behind it,
 * which is come to when the handler returns. */
static void going_on_from_hlt_waits_for_the_tick(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "timer", NULL);
	stop_at(&r, "wait");
	for (unsigned i = 0; i < 5; i++)
		RSP_BEGINS(&r, "T05", "s");
	CHECK_EQ(rsp_pc(r.packet), at("halted"));
	unsigned before = dots(&r);
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", at("halted"));
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", at("on_tick"));
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", at("wait")); /* not before the tick */
	RSP_STOPS(&r, "c", at("on_tick"), "T05");
	CHECK_EQ(dots(&r), before);
	/* On a machine that comes late the next tick waits already when the handler returns. */
	for (unsigned ticks = 1; ticks < 20; ticks++) {
		rsp_ask(&r, "c");
		CHECK_EQ(dots(&r), before + ticks);
		if (rsp_pc(r.packet) != at("on_tick"))
			break;
	}
	RSP_STOPS(&r, "?", at("halted"), "T05");
	rsp_close(&r);
}

/* The debugger moves a halted CPU elsewhere: it runs there, and waits for nothing. */
static void a_halted_cpu_that_is_moved_runs(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "timer", NULL);
	stop_at(&r, "start_count");
	RSP_IS(&r, "OK", "P0=00000000"); /* the longest count: 55 ms */
	stop_at(&r, "wait");
	for (unsigned i = 0; i < 5; i++)
		RSP_BEGINS(&r, "T05", "s");
	unsigned before = dots(&r);
	uint32_t done = __builtin_bswap32((uint32_t)at("done"));
	RSP_IS(&r, "OK", "P8=%08x", done);
	RSP_IS(&r, "W01", "c");
	CHECK_EQ(dots(&r), before);
	rsp_close(&r);
}

static void halted_it_hears_the_debugger(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "timer", NULL);
	stop_at(&r, "start_count");
	RSP_IS(&r, "OK", "P0=00000000"); /* the longest count: 55 ms */
	stop_at(&r, "wait");
	rsp_send(&r, "c", 1);
	rsp_send_raw(&r, "\x03", 1);
	CHECK(!strncmp(rsp_reply(&r), "T02", 3));
	RSP_STOPS(&r, "?", rsp_pc(r.packet), "T02");
	rsp_close(&r);
}

/* Between the last iteration and the instruction after it there is no place to be. */
static void a_rep_that_has_ended_is_left(void)
{
	/* mov $5, %cx; mov $0x5000, %di; rep stosb; jmp to the first one */
	static const char code[] = "b90500bf0050f3aaebf6";
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", "--engine", "kvm", NULL);
	uint64_t loop = rsp_symbol("spin", "loop");
	RSP_IS(&r, "OK", "M%" PRIx64 ",a:%s", loop, code);
	for (unsigned i = 0; i < 40 && check_case_ok; i++) {
		rsp_send(&r, "c", 1);
		for (int64_t begin = rsp_now_ms(); rsp_now_ms() == begin;)
			; /* the guest runs meanwhile */
		rsp_send_raw(&r, "\x03", 1);
		CHECK(rsp_receive(&r, RSP_WAIT_MS));
		if (rsp_pc(r.packet) == loop + 6)
			CHECK(rsp_register(&r, 1) & 0xffff);
	}
	rsp_close(&r);
}

int main(void)
{
	RUN(ticks_come_to_a_guest_that_is_stepped_behind_the_scenes);
	RUN(each_tick_stops_in_the_handler);
	RUN(going_on_from_hlt_waits_for_the_tick);
	RUN(a_halted_cpu_that_is_moved_runs);
	RUN(halted_it_hears_the_debugger);
	RUN(a_rep_that_has_ended_is_left);
	return check_done();
}

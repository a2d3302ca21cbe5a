/* One instruction that lasts: a rep movsb of 24 MiB is stopped in its midst by 0x03, by a debugger that goes away and
 * by signals, and goes on from there. How soon is the bench's (tests/bench). */
#include <sched.h>

#include "rsp_check.h"

static const char *const engines[] = { "kvm", "auto", "interp" };
#define ENGINES (sizeof engines / sizeof *engines)

static uint64_t at(const char *name)
{
	return rsp_symbol("longrep", name);
}

/* Stands at the rep, which has not begun. */
static bool open_at_copy(struct rsp *r, const char *engine)
{
	if (!rsp_start(r, RSP_UNIX, rsp_guest("longrep"), "--mode", "prot", "--load", "0x10000",
	            "--engine", engine, NULL) ||
	        !rsp_connect(r)) {
		CHECK_FAIL("did not start: %s", r->errors);
		rsp_close(r);
		return false;
	}
	RSP_GO_TO(r, at("copy"));
	return true;
}

/* Where it is stopped as much is copied as the count says. ecx is register 1, esi 6, edi 7, eip 8. *left: at the last
 * stop, and at this one. */
static void check_midst(struct rsp *r, const char *engine, uint64_t *left)
{
	const uint64_t count = rsp_register(r, 1), done = at("COUNT") - count;
	if (rsp_register(r, 8) != at("copy"))
		return; /* it has ended meanwhile, and the next one has not begun */
	CHECK_EQ(rsp_register(r, 6), at("FROM") + done);
	CHECK_EQ(rsp_register(r, 7), at("TO") + done);
	if (count > at("COUNT"))
		CHECK_FAIL("--engine %s: 0x%" PRIx64 " bytes left", engine, count);
	*left = count;
}

static void a_stop_finds_it_in_its_midst(void)
{
	struct rsp r;
	for (size_t e = 0; e < ENGINES; e++) {
		uint64_t left = at("COUNT"), before, moved = 0;
		if (!open_at_copy(&r, engines[e]))
			return;
		for (unsigned i = 0; i < 10; i++) {
			before = left;
			rsp_send(&r, "c", 1);
			/* The guest is to have begun: 0x03 that comes with the packet stops it before that. */
			for (int64_t until = rsp_now_ms() + 1 + i; rsp_now_ms() < until;)
				sched_yield();
			rsp_send_raw(&r, "\x03", 1);
			CHECK(!strncmp(rsp_reply(&r), "T02", 3));
			check_midst(&r, engines[e], &left);
			moved += before != left;
		}
		if (!moved)
			CHECK_FAIL("--engine %s: it has not gone on", engines[e]);
		rsp_close(&r);
	}
}

static void a_debugger_that_went_away_finds_it_in_its_midst(void)
{
	struct rsp r;
	for (size_t e = 0; e < ENGINES; e++) {
		uint64_t left = 0;
		if (!open_at_copy(&r, engines[e]))
			return;
		rsp_send(&r, "c", 1);
		rsp_disconnect(&r);
		CHECK(rsp_wait_errors(&r, "the debugger is gone; the guest is stopped"));
		CHECK(rsp_connect(&r));
		RSP_BEGINS(&r, "T", "?");
		check_midst(&r, engines[e], &left);
		RSP_BEGINS(&r, "T05", "s");
		rsp_close(&r);
	}
}

static void a_signal_ends_it_in_its_midst(void)
{
	static const int signals[] = { SIGTERM, SIGINT };
	struct rsp r;
	for (size_t i = 0; i < 2 * ENGINES; i++) {
		if (!open_at_copy(&r, engines[i / 2]))
			return;
		rsp_send(&r, "c", 1);
		kill(r.pid, signals[i % 2]);
		CHECK_EQ(rsp_wait_exit(&r), 256 + signals[i % 2]);
		rsp_close(&r);
	}
}

int main(void)
{
	RUN(a_stop_finds_it_in_its_midst);
	RUN(a_debugger_that_went_away_finds_it_in_its_midst);
	RUN(a_signal_ends_it_in_its_midst);
	return check_done();
}

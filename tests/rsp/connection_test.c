/* Debuggers that stop the guest, go away in every way there is, and come back. */
#include <fcntl.h>
#include <sched.h>

#include "rsp_check.h"

static void wait_until_gone(struct rsp *r)
{
	CHECK(rsp_wait_errors(r, "the debugger is gone; the guest is stopped"));
	r->errors_len = 0;
	r->errors[0] = 0;
}

/* The guest's counter stands still while it is stopped; eax is counter or one ahead. */
static void check_stands_still(struct rsp *r)
{
	uint64_t counter = rsp_symbol("spin", "counter");
	char first[40];
	snprintf(first, sizeof first, "%s", rsp_ask(r, "m%" PRIx64 ",4", counter));
	uint64_t eax = rsp_register(r, 0), n = rsp_value(first);
	CHECK(eax == n || eax == n + 1);
	RSP_IS(r, first, "m%" PRIx64 ",4", counter);
	CHECK_EQ(rsp_register(r, 0), eax);
}

static void an_interrupt_stops_a_guest_that_never_exits(void)
{
	for (size_t k = 0; k < RSP_TRANSPORTS; k++) {
		struct rsp r;
		uint64_t last = 0, loop = rsp_symbol("spin", "loop");
		RSP_OPEN(&r, rsp_transports[k], "spin", NULL);
		for (int i = 0; i < 20 && check_case_ok; i++) {
			rsp_send(&r, i % 2 ? "c" : "vCont;c:p1.-1", i % 2 ? 1 : 13);
			rsp_send_raw(&r, "\x03", 1);
			CHECK(!strncmp(rsp_reply(&r), "T02", 3));
			CHECK(rsp_pc(r.packet) < loop + 10);
			if (rsp_pc(r.packet) >= loop) {
				check_stands_still(&r);
				CHECK(rsp_register(&r, 0) >= last);
				last = rsp_register(&r, 0);
			}
		}
		rsp_send_raw(&r, "\x03\x03", 2); /* stopped already: no second reply */
		RSP_IS(&r, "QC1", "qC");
		rsp_close(&r);
	}
}

/* Uses up some time without sleeping through what is to be met. */
static void spin_ns(int64_t ns)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	int64_t until = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec + ns;
	do
		clock_gettime(CLOCK_MONOTONIC, &t);
	while ((int64_t)t.tv_sec * 1000000000 + t.tv_nsec < until);
}

/* Who starts stepvm may have signals blocked, and a child inherits that. */
static void it_hears_signals_that_were_blocked_at_its_start(void)
{
	sigset_t all, before;
	struct rsp r;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	rsp_send(&r, "c", 1);
	spin_ns(20000000); /* so that it runs */
	rsp_send_raw(&r, "\x03", 1);
	CHECK(!strncmp(rsp_reply(&r), "T02", 3));
	kill(r.pid, SIGTERM);
	CHECK_EQ(rsp_wait_exit(&r), 256 + SIGTERM);
	rsp_close(&r);
}

/* From a breakpoint the guest is stepped before it runs: a 0x03 may come in the middle of that. */
static void an_interrupt_is_not_lost_when_leaving_a_breakpoint(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	RSP_IS(&r, "OK", "QStartNoAckMode");
	r.is_no_ack = true;
	RSP_IS(&r, "OK", "Z0,0,1"); /* start: run once only */
	for (int i = 0; i < 400 && check_case_ok; i++) {
		RSP_IS(&r, "OK", "P8=00000000");
		rsp_send(&r, "c", 1);
		spin_ns(i * 250); /* up to 100 us: at every point of the way */
		rsp_send_raw(&r, "\x03", 1);
		if (strncmp(rsp_reply(&r), "T02", 3))
			CHECK_FAIL("round %d: %s", i, r.packet);
	}
	rsp_close(&r);
}

/* The same with a signal, which takes no way through another thread. */
static void a_signal_is_not_lost_when_leaving_a_breakpoint(void)
{
	for (int i = 0; i < 200 && check_case_ok; i++) {
		struct rsp r;
		RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
		RSP_IS(&r, "OK", "Z0,0,1");
		rsp_send(&r, "c", 1);
		spin_ns(i % 100 * 1000);
		kill(r.pid, SIGTERM);
		if (rsp_wait_exit(&r) != 256 + SIGTERM)
			CHECK_FAIL("round %d: it did not end", i);
		rsp_close(&r);
	}
}

/* A step ends at once, so a 0x03 that gdb sends while it waits for the end mostly comes after it. */
static void an_interrupt_between_steps_stops_the_next_one(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", "--record", NULL);
	RSP_BEGINS(&r, "T05", "s");
	static const char *const resumes[] = { "$s#73", "$vCont;r0,ffff:1#16", "$bs#d5", "$bc#c5" };
	for (size_t i = 0; i < sizeof resumes / sizeof *resumes; i++) {
		uint64_t pc = rsp_pc(rsp_ask(&r, "?"));
		rsp_send_raw(&r, "\x03", 1);
		rsp_send_raw(&r, resumes[i], strlen(resumes[i]));
		CHECK(!strncmp(rsp_reply(&r), "T02", 3));
		CHECK_EQ(rsp_pc(r.packet), pc);
		RSP_BEGINS(&r, "T05", "s"); /* the 0x03 is told once */
	}
	for (int i = 0; i < 20; i++) {
		rsp_send_raw(&r, "$s#73\x03", 6);
		if (strncmp(rsp_reply(&r), "T02", 3))
			RSP_BEGINS(&r, "T02", "s");
	}
	rsp_close(&r);
}

enum leave { CLOSED, RESET, MID_PACKET, MID_ESCAPE, LEAVES };

static void leave(struct rsp *r, enum leave how)
{
	const struct linger none = { .l_onoff = 1, .l_linger = 0 };
	if (how == MID_PACKET)
		rsp_send_raw(r, "$X0,4:ab", 8);
	if (how == MID_ESCAPE)
		rsp_send_raw(r, "$M0,4:1122}", 11);
	if (how == RESET) /* tcp(7): close then sends RST */
		setsockopt(r->in_fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	rsp_disconnect(r);
}

static void a_vanished_debugger_leaves_the_guest_stopped(void)
{
	static const enum rsp_transport both[] = { RSP_UNIX, RSP_TCP };
	for (size_t k = 0; k < 2; k++) {
		for (int how = 0; how < LEAVES; how++) {
			for (int is_running = 0; is_running < 2; is_running++) {
				struct rsp r;
				RSP_OPEN(&r, both[k], "spin", NULL);
				for (int i = 0; i < 6; i++)
					RSP_BEGINS(&r, "T05", "s");
				if (is_running)
					rsp_send(&r, "c", 1);
				leave(&r, how);
				wait_until_gone(&r);
				CHECK(rsp_connect(&r));
				/* T05 where it was gone before the guest ran at all. */
				RSP_BEGINS(&r, "T0", "?");
				CHECK(r.packet[2] == '5' || (is_running && r.packet[2] == '2'));
				check_stands_still(&r);
				RSP_BEGINS(&r, "T05", "s");
				rsp_send(&r, "c", 1);
				rsp_send_raw(&r, "\x03", 1);
				CHECK(!strncmp(rsp_reply(&r), "T02", 3));
				if (!check_case_ok)
					CHECK_FAIL("transport %zu, left %d, running %d", k, how,
					        is_running);
				rsp_close(&r);
			}
		}
	}
}

/* Six, so that some are planted bytes; and the next debugger sees none of them. */
static void a_vanished_debuggers_breakpoints_are_lifted(void)
{
	for (int how = 0; how < LEAVES; how++) {
		struct rsp r;
		char code[80];
		RSP_OPEN(&r, RSP_TCP, "spin", NULL);
		snprintf(code, sizeof code, "%s", rsp_ask(&r, "m0,14"));
		for (unsigned i = 0; i < 6; i++) /* after the loop, but for the last */
			RSP_IS(&r, "OK", "Z0,%x,1", i < 5 ? 0x13 + i : 0x0a);
		RSP_BEGINS(&r, "T05", "c");
		RSP_IS(&r, "OK", "z0,a,1");
		RSP_IS(&r, "OK", "Z0,0,1"); /* where it does not come again */
		rsp_send(&r, "c", 1);
		leave(&r, how);
		wait_until_gone(&r);
		CHECK(rsp_connect(&r));
		RSP_IS(&r, code, "m0,14");
		RSP_IS(&r, "OK", "P8=00000000");
		rsp_send(&r, "c", 1); /* over 0 and 0xa */
		rsp_send_raw(&r, "\x03", 1);
		CHECK(!strncmp(rsp_reply(&r), "T02", 3));
		rsp_close(&r);
	}
}

static void a_reply_that_nobody_reads_ends_nothing(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_TCP, "spin", NULL);
	for (int i = 0; i < 200; i++) /* some 50 MB of replies */
		rsp_send(&r, "m0,20000", 8);
	rsp_disconnect(&r);
	wait_until_gone(&r);
	CHECK(rsp_connect(&r));
	RSP_IS(&r, "fb6631c0", "m0,4");
	rsp_close(&r);
}

/* More replies than a socket holds, taken byte by byte while more are written: whenever there is
 * room again, the requests that were read already go on. */
static void a_slow_reader_gets_all_replies(void)
{
	static const char reply[] = "$fb6631c0#2b";
	enum { ROUNDS = 5, REQUESTS = 5000 };
	const struct timeval wait = { .tv_sec = RSP_WAIT_MS / 1000 };
	struct rsp r;
	uint8_t *wire = malloc(REQUESTS * 10);
	size_t len = 0;
	for (unsigned i = 0; i < REQUESTS; i++)
		len += rsp_wrap(wire + len, "m0,4", 4);
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	RSP_IS(&r, "OK", "QStartNoAckMode");
	setsockopt(r.in_fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	for (unsigned round = 0; round < ROUNDS && check_case_ok; round++) {
		CHECK(rsp_send_raw(&r, wire, len));
		for (unsigned i = 0; i < REQUESTS * (sizeof reply - 1) && check_case_ok; i++) {
			char c = 0;
			if (read(r.in_fd, &c, 1) != 1 || c != reply[i % (sizeof reply - 1)])
				CHECK_FAIL("round %u: byte %u is not there", round, i);
		}
	}
	rsp_close(&r);
	free(wire);
}

static void detaching_lets_it_run_to_its_end(void)
{
	static const char *const requests[] = { "D", "D;1" };
	for (size_t i = 0; i < 2; i++) {
		struct rsp r;
		RSP_OPEN(&r, RSP_UNIX, "hello", NULL);
		for (unsigned gva = 0; gva < 0x0c; gva += 2) /* six that must not stop it */
			RSP_IS(&r, "OK", "Z0,%x,1", gva);
		RSP_IS(&r, "OK", "%s", requests[i]);
		CHECK_EQ(rsp_byte(&r, RSP_WAIT_MS), -1); /* the connection ends */
		CHECK_EQ(rsp_wait_exit(&r), 0);
		CHECK_STR(rsp_output(&r), "HELLO\n");
		CHECK(!strstr(r.errors, "the debugger is gone"));
		rsp_close(&r);
	}
}

/* The guest is at its triple fault already, or comes to it alone. A KVM that has reset the CPU there goes on from the reset
 * vector. */
static void detached_it_ends_by_a_triple_fault(void)
{
	const bool is_lost = !rsp_can("shutdown_keeps_registers", "prot32");
	for (unsigned i = 0; i < 4 && check_case_ok; i++) {
		struct rsp r;
		RSP_OPEN(&r, RSP_UNIX, "triple", i & 1 ? "--record" : NULL, NULL);
		if (i & 2 && !is_lost)
			RSP_BEGINS(&r, "T0b", "c");
		RSP_IS(&r, "OK", "D");
		CHECK_EQ(rsp_wait_exit(&r), 6);
		rsp_wait_errors(&r, "Triple fault");
		CHECK(strstr(r.errors, "stepvm: Triple fault: the CPU shut down") != NULL);
		CHECK(!strstr(r.errors, "waits for a debugger"));
		rsp_close(&r);
	}
}

/* Where the debugger was lost, the guest waits for the next one. */
static void lost_it_waits_at_a_triple_fault(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "triple", NULL);
	rsp_send(&r, "c", 1);
	rsp_disconnect(&r);
	CHECK(rsp_connect(&r));
	RSP_BEGINS(&r, "T", "?");
	RSP_BEGINS(&r, "T0b", "c");
	rsp_disconnect(&r);
	CHECK(rsp_connect(&r));
	RSP_BEGINS(&r, "T0b", "?");
	rsp_close(&r);
}

static void after_a_detach_a_new_debugger_stops_it(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	RSP_IS(&r, "OK", "D");
	CHECK_EQ(rsp_byte(&r, RSP_WAIT_MS), -1);
	for (int i = 0; i < 5 && check_case_ok; i++) {
		uint64_t before = i ? rsp_register(&r, 0) : 0;
		if (i) {
			RSP_IS(&r, "OK", "D");
			CHECK_EQ(rsp_byte(&r, RSP_WAIT_MS), -1);
		}
		CHECK(rsp_connect(&r));
		RSP_BEGINS(&r, "T02", "?");
		check_stands_still(&r);
		CHECK(rsp_register(&r, 0) >= before);
	}
	rsp_close(&r);
}

static void without_waiting_the_guest_runs_until_a_debugger_comes(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", "--no-wait", NULL);
	RSP_BEGINS(&r, "T02", "?");
	check_stands_still(&r);
	RSP_BEGINS(&r, "T05", "s");
	rsp_close(&r);
}

static void killing_ends_stepvm_with_status_0(void)
{
	for (size_t k = 0; k < RSP_TRANSPORTS; k++) {
		for (int is_running = 0; is_running < 2; is_running++) {
			struct rsp r;
			RSP_OPEN(&r, rsp_transports[k], "spin", NULL);
			if (is_running)
				rsp_send(&r, "c", 1);
			rsp_send(&r, "k", 1);
			CHECK_EQ(rsp_wait_exit(&r), 0);
			rsp_close(&r);
			RSP_OPEN(&r, rsp_transports[k], "spin", NULL);
			if (is_running)
				rsp_send(&r, "c", 1);
			RSP_IS(&r, "OK", "vKill;1");
			CHECK_EQ(rsp_wait_exit(&r), 0);
			rsp_close(&r);
		}
	}
}

/* `target remote | stepvm ...`: when gdb is gone, so is the pipe. */
static void the_end_of_standard_input_ends_stepvm(void)
{
	for (int is_running = 0; is_running < 2; is_running++) {
		struct rsp r;
		RSP_OPEN(&r, RSP_STDIO, "spin", NULL);
		RSP_IS(&r, "QC1", "qC");
		if (is_running)
			rsp_send(&r, "c", 1);
		rsp_disconnect(&r);
		CHECK_EQ(rsp_wait_exit(&r), 4);
		rsp_close(&r);
	}
}

/* Without a debugger the guest goes on, until the pipe to it is closed, too. */
static void stdios_end_behind_a_detach_ends_it(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_STDIO, "spin", NULL);
	RSP_IS(&r, "OK", "D");
	rsp_disconnect(&r);
	CHECK_EQ(rsp_wait_exit(&r), 4);
	rsp_close(&r);
}

static void requests_to_a_running_guest_are_refused(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	rsp_send(&r, "c", 1);
	RSP_IS(&r, "E22", "g");
	RSP_IS(&r, "E22", "m0,4");
	RSP_IS(&r, "E22", "s");
	RSP_IS(&r, "", "vFoo:bar:0");
	rsp_send_raw(&r, "\x03", 1);
	CHECK(!strncmp(rsp_reply(&r), "T02", 3));
	RSP_IS(&r, "fb6631c0", "m0,4");
	rsp_close(&r);
}

static void a_signal_ends_it_stopped_or_running(void)
{
	static const int signals[] = { SIGTERM, SIGINT };
	for (int i = 0; i < 4; i++) {
		struct rsp r;
		RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
		RSP_IS(&r, "QC1", "qC"); /* it is in its loop */
		if (i % 2)
			rsp_send(&r, "c", 1);
		kill(r.pid, signals[i / 2]);
		CHECK_EQ(rsp_wait_exit(&r), 256 + signals[i / 2]);
		rsp_close(&r);
	}
}

int main(void)
{
	RUN(an_interrupt_stops_a_guest_that_never_exits);
	RUN(it_hears_signals_that_were_blocked_at_its_start);
	RUN(an_interrupt_is_not_lost_when_leaving_a_breakpoint);
	RUN(an_interrupt_between_steps_stops_the_next_one);
	RUN(a_signal_is_not_lost_when_leaving_a_breakpoint);
	RUN(a_vanished_debugger_leaves_the_guest_stopped);
	RUN(a_vanished_debuggers_breakpoints_are_lifted);
	RUN(a_reply_that_nobody_reads_ends_nothing);
	RUN(a_slow_reader_gets_all_replies);
	RUN(detaching_lets_it_run_to_its_end);
	RUN(detached_it_ends_by_a_triple_fault);
	RUN(lost_it_waits_at_a_triple_fault);
	RUN(after_a_detach_a_new_debugger_stops_it);
	RUN(without_waiting_the_guest_runs_until_a_debugger_comes);
	RUN(killing_ends_stepvm_with_status_0);
	RUN(the_end_of_standard_input_ends_stepvm);
	RUN(stdios_end_behind_a_detach_ends_it);
	RUN(requests_to_a_running_guest_are_refused);
	RUN(a_signal_ends_it_stopped_or_running);
	return check_done();
}

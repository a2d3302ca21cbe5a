/* A halt that nothing can wake is the end: whatever the debugger does but step or write the pc, the
 * CPU stays halted and says so. */
#include "rsp_check.h"

#define SENTENCE "hlt: the CPU is halted, and nothing can wake it (IF=0)."

static uint64_t halted_at(void)
{
	return rsp_symbol("dead", "after");
}

/* The text lines that come before the reply to request. */
static const char *text_before_stop(struct rsp *r, const char *request)
{
	static char text[1000];
	size_t len = 0;
	unsigned byte;
	if (!rsp_send(r, request, strlen(request)))
		return "(no connection)";
	while (rsp_receive(r, RSP_WAIT_MS) && r->packet[0] == 'O')
		for (const char *at = r->packet + 1;
		        sscanf(at, "%2x", &byte) == 1 && len < sizeof text - 1; at += 2)
			text[len++] = (char)byte;
	text[len] = 0;
	return text;
}

/* Goes on by request: the guest says that it is halted, and where it was. */
static void check_halted(struct rsp *r, const char *request, int line)
{
	const char *text = text_before_stop(r, request);
	if (strncmp(text, SENTENCE, strlen(SENTENCE)) || strncmp(r->packet, "T00", 3) ||
	        rsp_pc(r->packet) != halted_at())
		CHECK_FAIL("line %d: %s: %s%s", line, request, text, r->packet);
}
#define HALTED(r, request) check_halted(r, request, __LINE__)

#define OPEN(r, ...) RSP_OPEN(r, RSP_UNIX, "dead", "--load", "0x7c00", __VA_ARGS__)

static void going_on_says_so_again_and_stays(void)
{
	struct rsp r;
	char registers[4096], pit[1000], log[4096];
	OPEN(&r, NULL);
	HALTED(&r, "c");
	snprintf(registers, sizeof registers, "%s", rsp_ask(&r, "g"));
	snprintf(pit, sizeof pit, "%s", rsp_monitor(&r, "info pit"));
	snprintf(log, sizeof log, "%s", rsp_monitor(&r, "log"));
	CHECK(strstr(log, "KVM_EXIT_HLT\n") != NULL);
	HALTED(&r, "c");
	HALTED(&r, "vCont;c");
	HALTED(&r, "C05");
	RSP_IS(&r, registers, "g");
	CHECK_STR(rsp_monitor(&r, "info pit"), pit);
	CHECK_STR(rsp_monitor(&r, "log"), log); /* one hlt, however often it is said */
	CHECK(strstr(rsp_monitor(&r, "info cpus"), "(halted)") != NULL);
	CHECK_STR(rsp_output(&r), "A");
	rsp_close(&r);
}

static void a_step_goes_past_it(void)
{
	struct rsp r;
	OPEN(&r, NULL);
	HALTED(&r, "c");
	RSP_STOPS(&r, "s", halted_at() + 2, "T05");
	RSP_BEGINS(&r, "T00", "c"); /* the next hlt */
	CHECK_STR(rsp_output(&r), "AB");
	rsp_close(&r);
}

/* gdb steps so off a breakpoint, to continue or for stepi; others, and gdb where no breakpoint is, step
 * because they are to. */
static void a_step_off_a_breakpoint_stays(void)
{
	struct rsp r;
	OPEN(&r, NULL);
	HALTED(&r, "c");
	RSP_BEGINS(&r, "PacketSize", "qSupported:swbreak+;hwbreak+");
	HALTED(&r, "vCont;s:1");
	HALTED(&r, "vCont;s:1");
	HALTED(&r, "c");
	RSP_STOPS(&r, "vCont;s:1;c", halted_at() + 2, "T05");
	rsp_close(&r);
	OPEN(&r, NULL);
	HALTED(&r, "c");
	RSP_STOPS(&r, "vCont;s:1", halted_at() + 2, "T05");
	rsp_close(&r);
	/* With --hlt stop it is no end. */
	OPEN(&r, "--hlt", "stop", NULL);
	HALTED(&r, "c");
	RSP_BEGINS(&r, "PacketSize", "qSupported:swbreak+;hwbreak+");
	RSP_STOPS(&r, "vCont;s:1", halted_at() + 2, "T05");
	rsp_close(&r);
}

/* A step that ends at the hlt leaves the CPU halted, too. */
static void a_step_onto_it_and_going_on(void)
{
	struct rsp r;
	OPEN(&r, NULL);
	for (unsigned i = 0; i < 3; i++)
		RSP_BEGINS(&r, "T05", "s");
	RSP_STOPS(&r, "s", halted_at(), "T05");
	HALTED(&r, "c");
	CHECK_STR(rsp_output(&r), "A");
	rsp_close(&r);
}

static void a_written_pc_goes_past_it(void)
{
	static struct rsp_registers regs;
	const char *const requests[] = { "c", "C05;", NULL };
	for (size_t i = 0; i < 3; i++) {
		struct rsp r;
		char request[40] = "c";
		OPEN(&r, NULL);
		HALTED(&r, "c");
		if (requests[i]) {
			snprintf(request, sizeof request, "%s%" PRIx64, requests[i], halted_at());
		} else { /* by P, with the value that it has */
			rsp_read_registers(&r, &regs);
			RSP_IS(&r, "OK", "P%x=%02x%02x0000", rsp_number_of(&regs, "eip"),
			        (unsigned)halted_at() & 0xff, (unsigned)halted_at() >> 8);
		}
		RSP_BEGINS(&r, "T00", "%s", request);
		CHECK_STR(rsp_output(&r), "AB");
		rsp_close(&r);
	}
}

static void writing_anything_else_does_not_wake_it(void)
{
	struct rsp r;
	static struct rsp_registers regs;
	OPEN(&r, NULL);
	HALTED(&r, "c");
	rsp_read_registers(&r, &regs);
	RSP_IS(&r, "OK", "P%x=34120000", rsp_number_of(&regs, "eax"));
	RSP_IS(&r, "OK", "M%" PRIx64 ",1:90", halted_at());
	HALTED(&r, "c");
	rsp_close(&r);
}

static void detached_it_ends_and_says_why(void)
{
	struct rsp r;
	OPEN(&r, NULL);
	HALTED(&r, "c");
	RSP_IS(&r, "OK", "D");
	CHECK_EQ(rsp_wait_exit(&r), 0);
	rsp_wait_errors(&r, SENTENCE);
	CHECK(strstr(r.errors, "stepvm: " SENTENCE) != NULL);
	CHECK_STR(rsp_output(&r), "A");
	rsp_close(&r);
}

static void the_next_debugger_finds_it_halted(void)
{
	struct rsp r;
	OPEN(&r, NULL);
	HALTED(&r, "c");
	rsp_disconnect(&r);
	CHECK(rsp_connect(&r));
	HALTED(&r, "c");
	/* An extended session may detach, and attach again. */
	RSP_IS(&r, "OK", "!");
	RSP_IS(&r, "OK", "D;1");
	RSP_BEGINS(&r, "T", "vAttach;1");
	HALTED(&r, "c");
	RSP_IS(&r, "OK", "D;1");
	rsp_disconnect(&r);
	CHECK(rsp_connect(&r));
	HALTED(&r, "c");
	CHECK_STR(rsp_output(&r), "A");
	rsp_close(&r);
}

static void a_snapshot_of_it_is_halted(void)
{
	struct rsp r;
	OPEN(&r, NULL);
	HALTED(&r, "c");
	CHECK(!strncmp(rsp_monitor(&r, "savevm dead"), "Saved dead", 10));
	RSP_BEGINS(&r, "T05", "s");
	RSP_BEGINS(&r, "T00", "c");
	CHECK_STR(rsp_output(&r), "AB");
	CHECK(!strncmp(rsp_monitor(&r, "loadvm dead"), "Loaded dead", 11));
	HALTED(&r, "c");
	CHECK(!strncmp(rsp_monitor(&r, "reset"), "The guest is at its first", 25));
	HALTED(&r, "c");
	CHECK_STR(rsp_output(&r), "ABA");
	rsp_close(&r);
}

/* As gdb does for `next` on a line that loops around a hlt: the stops are there, the sentence is once. */
static void a_range_that_is_asked_for_again_says_it_once(void)
{
	struct rsp r;
	char range[80];
	snprintf(range, sizeof range, "vCont;r%" PRIx64 ",%" PRIx64 ":1",
	        rsp_symbol("dead", "start"), halted_at() + 0x40);
	OPEN(&r, NULL);
	CHECK(strstr(text_before_stop(&r, range), SENTENCE) != NULL);
	CHECK_EQ(rsp_pc(r.packet), halted_at());
	CHECK_STR(text_before_stop(&r, range), "");
	CHECK(!strncmp(r.packet, "T05", 3));
	CHECK_EQ(rsp_pc(r.packet), rsp_symbol("dead", "again") + 1);
	/* Anything else between, and it is news again. */
	CHECK(!strncmp(rsp_monitor(&r, "reset"), "The guest is at its first", 25));
	RSP_BEGINS(&r, "T05", "s");
	CHECK(strstr(text_before_stop(&r, range), SENTENCE) != NULL);
	rsp_close(&r);
}

/* --- what --hlt says ------------------------------------------------------------------------- */

static void resume_goes_on_after_its_time(void)
{
	struct rsp r;
	OPEN(&r, "--hlt", "resume:1", NULL);
	RSP_IS(&r, "W07", "c");
	CHECK_STR(rsp_output(&r), "ABC");
	rsp_close(&r);
	/* Also where a step has led to the hlt. */
	OPEN(&r, "--hlt", "resume:1", NULL);
	for (unsigned i = 0; i < 4; i++)
		RSP_BEGINS(&r, "T05", "s");
	RSP_IS(&r, "W07", "c");
	rsp_close(&r);
}

static void stop_stops_and_going_on_leaves_it(void)
{
	struct rsp r;
	OPEN(&r, "--hlt", "stop", NULL);
	HALTED(&r, "c");
	RSP_BEGINS(&r, "T00", "c");
	CHECK_STR(rsp_output(&r), "AB");
	RSP_IS(&r, "W07", "c");
	CHECK_STR(rsp_output(&r), "ABC");
	rsp_close(&r);
}

/* Who detaches has not said that the guest is to leave the hlt. */
static void stop_waits_for_the_next_debugger(void)
{
	struct rsp r;
	OPEN(&r, "--hlt", "stop", NULL);
	HALTED(&r, "c");
	RSP_IS(&r, "OK", "D");
	CHECK(rsp_wait_errors(&r, "the guest waits for a debugger"));
	rsp_disconnect(&r);
	CHECK(rsp_connect(&r));
	CHECK_STR(rsp_output(&r), "A");
	RSP_BEGINS(&r, "T00", "c");
	CHECK_STR(rsp_output(&r), "AB");
	rsp_close(&r);
}

static void exit_ends(void)
{
	struct rsp r;
	OPEN(&r, "--hlt", "exit", NULL);
	for (unsigned i = 0; i < 4; i++)
		RSP_BEGINS(&r, "T05", "s");
	RSP_IS(&r, "W00", "c");
	CHECK_STR(rsp_output(&r), "A");
	rsp_close(&r);
}

int main(void)
{
	RUN(going_on_says_so_again_and_stays);
	RUN(a_step_goes_past_it);
	RUN(a_step_off_a_breakpoint_stays);
	RUN(a_step_onto_it_and_going_on);
	RUN(a_written_pc_goes_past_it);
	RUN(writing_anything_else_does_not_wake_it);
	RUN(detached_it_ends_and_says_why);
	RUN(the_next_debugger_finds_it_halted);
	RUN(a_snapshot_of_it_is_halted);
	RUN(a_range_that_is_asked_for_again_says_it_once);
	RUN(resume_goes_on_after_its_time);
	RUN(stop_stops_and_going_on_leaves_it);
	RUN(stop_waits_for_the_next_debugger);
	RUN(exit_ends);
	return check_done();
}

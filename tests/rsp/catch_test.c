/* monitor catch: events that stop the guest, with a sentence (O) and T05. */
#include "rsp_check.h"

/* A monitor command's output. */
static const char *monitor(struct rsp *r, const char *command)
{
	char request[300] = "qRcmd,";
	size_t n = strlen(request);
	for (; *command && n + 3 < sizeof request; command++, n += 2)
		snprintf(request + n, 3, "%02x", (unsigned char)*command);
	const char *text = rsp_ask_for_text(r, request);
	CHECK_STR(r->packet, "OK");
	return text;
}

#define MONITOR(r, command, says) CHECK_STR(monitor(r, command), says)
#define SLOW                      " (the guest will be stepped: slow)\n"

/* Goes on to gva, with this text and T05. */
static void check_caught(
        struct rsp *r, int line, const char *request, uint64_t gva, const char *says)
{
	const char *text = rsp_ask_for_text(r, request);
	bool ok = !strncmp(r->packet, "T05", 3) && rsp_pc(r->packet) == gva && !strcmp(text, says);
	if (ok)
		return;
	CHECK_FAIL("line %d: %s at 0x%" PRIx64 ", wanted 0x%" PRIx64
	           ": %.60s\n#   \"%s\", wanted\n#   \"%s\"",
	        line, request, rsp_pc(r->packet), gva, r->packet, text, says);
}
#define CAUGHT(r, gva, says) check_caught(r, __LINE__, "c", gva, says)

static void check_end(struct rsp *r, const char *says)
{
	RSP_BEGINS(r, "T00", "c");
	CHECK_STR(rsp_output(r), says);
	rsp_close(r);
}

static uint64_t ivt(const char *name)
{
	return rsp_symbol("ivt", name);
}

static void a_software_interrupt_is_caught_at_its_handler(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "ivt", NULL);
	MONITOR(&r, "catch int 0x21", "1: int 0x21" SLOW);
	uint64_t first = ivt("divide_by_zero") - 11;
	for (unsigned i = 0; i < 3; i++) {
		char says[200];
		snprintf(says, sizeof says,
		        "Caught vector 0x21 (int 0x21) at 0000:%04x (catch int 0x21); here its "
		        "handler "
		        "begins.\n",
		        (unsigned)(first + 2 * i));
		CAUGHT(&r, ivt("on_call"), says);
		CHECK_EQ(rsp_value(rsp_ask(&r, "m7bfa,2")), first + 2 * i + 2);
	}
	check_end(&r, "ivt ok\n");
}

static void an_exception_is_caught_at_its_handler(void)
{
	static const char *const words[] = { "exception", "#DE", "int 0", "int 0-0x20" };
	for (size_t i = 0; i < 4; i++) {
		static const char *const places[] = { "divide_by_zero", "divide_overflow" };
		struct rsp r;
		char command[60], says[200];
		RSP_OPEN(&r, RSP_UNIX, "ivt", NULL);
		snprintf(command, sizeof command, "catch %s", words[i]);
		snprintf(says, sizeof says, "1: %s" SLOW, words[i]);
		MONITOR(&r, command, says);
		for (unsigned k = 0; k < 2; k++) {
			snprintf(says, sizeof says,
			        "Caught vector 0x00 (#DE) at 0000:%04x (catch %s); here its "
			        "handler "
			        "begins.\n",
			        (unsigned)ivt(places[k]), words[i]);
			CAUGHT(&r, ivt("on_divide"), says);
		}
		check_end(&r, "ivt ok\n");
	}
}

/* ax is 0 at the three int 0x21, and 1 and 0x1000 at the divides. */
static void a_condition_says_which(void)
{
	static const struct {
		const char *command;
		unsigned hits;
	} rows[] = { { "catch int 0x21 ax=0", 3 }, { "catch int 0x21 ah=1", 0 },
		{ "catch #DE al=1", 1 }, { "catch #DE ah=0x10", 1 }, { "catch #DE eax=0x1000", 1 },
		{ "catch #DE cl=0", 1 }, { "catch #DE sp=0x7bfa", 2 }, { "catch #DE ax=5", 0 } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct rsp r;
		unsigned n = 0;
		RSP_OPEN(&r, RSP_UNIX, "ivt", NULL);
		monitor(&r, rows[i].command);
		while (n < 10 && !strncmp(rsp_ask(&r, "c"), "T05", 3))
			n++;
		CHECK_EQ(n, rows[i].hits);
		CHECK(!strncmp(r.packet, "T00", 3));
		CHECK_STR(rsp_output(&r), "ivt ok\n");
		rsp_close(&r);
	}
}

/* counter's loop: 2 out, 4 inc, 5 jmp. */
static void a_port_is_caught_behind_its_access(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "counter", NULL);
	MONITOR(&r, "catch port 0x10 out value=3", "1: port 0x10 out value=3\n");
	CAUGHT(&r, 4,
	        "Caught out to port 0x10, size 2, value 0x3 (catch port 0x10 out value=3).\n");
	CHECK(strstr(rsp_output(&r), "data: 3\n"));
	MONITOR(&r, "catch port 0-0x1f", "2: port 0-0x1f\n");
	for (unsigned i = 4; i < 8; i++) {
		char says[100];
		snprintf(says, sizeof says,
		        "Caught out to port 0x10, size 2, value 0x%x (catch port 0-0x1f).\n", i);
		CAUGHT(&r, 4, says);
		CHECK_EQ(rsp_register(&r, 0), i);
	}
	/* By steps as well. */
	RSP_STOPS(&r, "s", 5, "T05");
	RSP_STOPS(&r, "s", 2, "T05");
	check_caught(&r, __LINE__, "s", 4,
	        "Caught out to port 0x10, size 2, value 0x8 (catch port 0-0x1f).\n");
	MONITOR(&r, "uncatch all", "");
	MONITOR(&r, "catch port 0x10 in", "1: port 0x10 in\n");
	MONITOR(&r, "catch port 0x12", "2: port 0x12\n");
	RSP_IS(&r, "OK", "Z0,5,1");
	for (unsigned i = 0; i < 3; i++)
		check_caught(&r, __LINE__, "c", 5, "");
	rsp_close(&r);
}

static void mmio_is_caught_behind_its_access(void)
{
	struct rsp r;
	char *text;
	RSP_OPEN(&r, RSP_UNIX, "mmio", "--memory", "640K", NULL);
	MONITOR(&r, "catch mmio 0-0xffffffffffffffff write",
	        "1: mmio 0-0xffffffffffffffff write\n");
	uint64_t before = rsp_pc(rsp_ask(&r, "?"));
	text = strdup(rsp_ask_for_text(&r, "c"));
	CHECK(!strncmp(r.packet, "T05", 3) && rsp_pc(r.packet) != before);
	CHECK(!strncmp(text, "Caught MMIO write to 0x", 23));
	free(text);
	unsigned n = 1;
	while (n < 1000 && !strncmp(rsp_ask(&r, "c"), "T05", 3))
		n++;
	CHECK(n > 1);
	CHECK_STR(rsp_output(&r), "mmio ok\n");
	rsp_close(&r);
}

static uint64_t stages(const char *name)
{
	return rsp_symbol("stages", name);
}

static void changes_of_mode_cs_and_cr0_are_caught(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "stages", "--load", "0x7c00", NULL);
	uint64_t far = stages("second_far") - stages("second") + 0x10000;
	MONITOR(&r, "catch cs", "1: cs" SLOW);
	CAUGHT(&r, 0x10000, "Caught a far transfer: CS was 0000 and is 1000.\n");
	MONITOR(&r, "catch cr0", "2: cr0" SLOW);
	const char *text = rsp_ask_for_text(&r, "c");
	CHECK_EQ(rsp_pc(r.packet), far);
	CHECK(!strncmp(text, "Caught a write to cr0: 0x", 25));
	CAUGHT(&r, 0x20000, "Caught a far transfer: CS was 1000 and is 0008.\n");
	check_end(&r, "stages ok\n");
}

/* mov eax, cr0; mov cr0, eax; clts; mov cr3, eax */
static void a_write_of_the_same_value_is_caught(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "hello", NULL);
	RSP_IS(&r, "OK", "M8000,c:0f20c00f22c00f060f22d8f4");
	RSP_IS(&r, "OK", "P8=00800000");
	MONITOR(&r, "catch cr0", "1: cr0" SLOW);
	CAUGHT(&r, 0x8006, "Caught a write to cr0: 0x60000010 was 0x60000010.\n");
	CAUGHT(&r, 0x8008, "Caught a write to cr0: 0x60000010 was 0x60000010.\n");
	RSP_BEGINS(&r, "T00", "c");
	rsp_close(&r);
}

static void two_causes_at_once_are_both_told(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "stages", "--load", "0x7c00", NULL);
	uint64_t far = stages("second_far") - stages("second") + 0x10000;
	MONITOR(&r, "catch mode", "1: mode" SLOW);
	MONITOR(&r, "catch cr0", "2: cr0" SLOW);
	MONITOR(&r, "catch cs", "3: cs" SLOW);
	CAUGHT(&r, 0x10000, "Caught a far transfer: CS was 0000 and is 1000.\n");
	const char *text = rsp_ask_for_text(&r, "c"), *mode;
	CHECK_EQ(rsp_pc(r.packet), far);
	CHECK(!strncmp(text, "Caught a write to cr0: 0x", 25));
	mode = strchr(text, '\n');
	CHECK(mode && !strncmp(mode + 1, "Caught a change of the CPU's mode from real16 to ", 49));
	text = rsp_ask_for_text(&r, "c");
	CHECK_EQ(rsp_pc(r.packet), 0x20000);
	CHECK(strstr(text, "Caught a change of the CPU's mode from ") &&
	        strstr(text, " to prot32.\n"));
	CHECK(strstr(text, "Caught a far transfer: CS was 1000 and is 0008.\n"));
	check_end(&r, "stages ok\n");
}

/* A watchpoint goes first, and what was caught is told all the same. */
static void a_watchpoint_and_a_catchpoint_at_once_are_both_told(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "ivt", NULL);
	MONITOR(&r, "catch int 0x21", "1: int 0x21" SLOW);
	RSP_IS(&r, "OK", "Z2,7bfa,2"); /* the ip of its frame */
	const char *text = rsp_ask_for_text(&r, "c");
	CHECK_EQ(rsp_pc(r.packet), ivt("on_call"));
	CHECK(strstr(r.packet, ";watch:7bfa;") != NULL);
	CHECK(!strncmp(text, "Caught vector 0x21 (int 0x21) at 0000:", 38));
	rsp_close(&r);
}

static void hlt_is_caught(void)
{
	for (int is_slow = 0; is_slow < 2; is_slow++) {
		struct rsp r;
		RSP_OPEN(&r, RSP_UNIX, "ivt", "--hlt", "stop", NULL);
		MONITOR(&r, "catch hlt", "1: hlt\n");
		if (is_slow)
			MONITOR(&r, "catch int 0x80", "2: int 0x80" SLOW);
		for (unsigned i = 0; i < 3; i++) /* it jumps back to it */
			CAUGHT(&r, ivt("halt") + 1, "Caught hlt.\n");
		RSP_STOPS(&r, "s", ivt("halt"), "T05");
		check_caught(&r, __LINE__, "s", ivt("halt") + 1, "Caught hlt.\n");
		MONITOR(&r, "uncatch 1", "");
		check_end(&r, "ivt ok\n");
	}
}

static void what_is_removed_is_caught_no_more(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "ivt", NULL);
	MONITOR(&r, "catch", "nothing is caught; see monitor help\n");
	MONITOR(&r, "catch int 0x21", "1: int 0x21" SLOW);
	MONITOR(&r, "catch #DE", "2: #DE" SLOW);
	MONITOR(&r, "catch port 0xe9 value=0x0a", "3: port 0xe9 value=0x0a" SLOW);
	MONITOR(&r, "catch", "1: int 0x21\n2: #DE\n3: port 0xe9 value=0x0a\n");
	RSP_STOPS(&r, "c", ivt("on_call"), "T05");
	MONITOR(&r, "uncatch 1", "");
	MONITOR(&r, "catch", "1: #DE\n2: port 0xe9 value=0x0a\n");
	RSP_STOPS(&r, "c", ivt("on_divide"), "T05");
	MONITOR(&r, "uncatch 1", "");
	CAUGHT(&r, ivt("print") + 7,
	        "Caught out to port 0xe9, size 1, value 0xa (catch port 0xe9 value=0x0a).\n");
	MONITOR(&r, "uncatch 5", "uncatch 5: expected a number that monitor catch lists, or all\n");
	MONITOR(&r, "uncatch 0", "uncatch 0: expected a number that monitor catch lists, or all\n");
	MONITOR(&r, "uncatch", "uncatch: expected a number that monitor catch lists, or all\n");
	MONITOR(&r, "uncatch all", "");
	MONITOR(&r, "catch", "nothing is caught; see monitor help\n");
	check_end(&r, "ivt ok\n");
}

static void wrong_words_and_a_33rd_are_refused(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "hello", NULL);
	MONITOR(&r, "catch int", "catch: int: expected a vector of 0 to 0xff\n");
	MONITOR(&r, "catch nonsense",
	        "catch: nonsense: expected int N, exception, a name such as #GP, port, mmio, mode, "
	        "cs, cr0, cr3, cr4, hlt, reset or magic\n");
	for (unsigned i = 0; i < 32; i++)
		CHECK(strstr(monitor(&r, "catch hlt"), ": hlt\n") != NULL);
	MONITOR(&r, "catch hlt",
	        "32 events are caught already; monitor uncatch NUMBER makes room\n");
	rsp_close(&r);
}

/* Who comes next finds nothing caught. */
static void a_lost_debugger_takes_them_along(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "ivt", NULL);
	MONITOR(&r, "catch int 0x21", "1: int 0x21" SLOW);
	rsp_disconnect(&r);
	CHECK(rsp_wait_errors(&r, "the debugger is gone"));
	CHECK(rsp_connect(&r));
	MONITOR(&r, "catch", "nothing is caught; see monitor help\n");
	check_end(&r, "ivt ok\n");
}

/* A breakpoint on the way stops, too; where both are, one stop is made of it. */
static void breakpoints_stop_beside_catchpoints(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "ivt", NULL);
	MONITOR(&r, "catch int 0x21", "1: int 0x21" SLOW);
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", ivt("divide_by_zero"));
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", ivt("on_call"));
	for (unsigned i = 0; i < 3; i++)
		RSP_STOPS(&r, "c", ivt("on_call"), "T05");
	RSP_STOPS(&r, "c", ivt("divide_by_zero"), "T05");
	check_end(&r, "ivt ok\n");
}

/* TF is the guest's own here: after the out it enters its #DB handler, at 0:1000. */
static void a_guest_that_steps_itself_still_does(void)
{
	for (int is_caught = 0; is_caught < 2; is_caught++) {
		struct rsp r;
		RSP_OPEN(&r, RSP_UNIX, "ivt", NULL);
		uint64_t out = ivt("print") + 5;
		RSP_IS(&r, "OK", "Z1,%" PRIx64 ",1", out);
		RSP_STOPS(&r, "c", out, "T05");
		RSP_IS(&r, "OK", "M4,4:00100000");
		RSP_IS(&r, "OK", "M1000,1:cf");
		RSP_IS(&r, "OK", "P9=02010000");
		if (is_caught)
			MONITOR(&r, "catch port 0xe9", "1: port 0xe9\n");
		RSP_STOPS(&r, "s", 0x1000, "T05");
		rsp_close(&r);
	}
}

/* xchg %bx, %bx; xchg %ebx, %ebx; nop; xchg %bx, %bx; hlt. What is caught is told before the stop. */
static void a_mark_of_bochs_stops_16_bit_code(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "hello", NULL);
	RSP_IS(&r, "OK", "M0,9:87db6687db9087dbf4");
	rsp_ask(&r, "qRcmd,6361746368206d61676963"); /* catch magic */
	RSP_STOPS(&r, "c", 2, "T05");
	RSP_STOPS(&r, "c", 8, "T05");
	rsp_close(&r);
}

int main(void)
{
	RUN(a_software_interrupt_is_caught_at_its_handler);
	RUN(an_exception_is_caught_at_its_handler);
	RUN(a_condition_says_which);
	RUN(a_port_is_caught_behind_its_access);
	RUN(mmio_is_caught_behind_its_access);
	RUN(changes_of_mode_cs_and_cr0_are_caught);
	RUN(a_write_of_the_same_value_is_caught);
	RUN(two_causes_at_once_are_both_told);
	RUN(a_watchpoint_and_a_catchpoint_at_once_are_both_told);
	RUN(hlt_is_caught);
	RUN(what_is_removed_is_caught_no_more);
	RUN(wrong_words_and_a_33rd_are_refused);
	RUN(a_lost_debugger_takes_them_along);
	RUN(breakpoints_stop_beside_catchpoints);
	RUN(a_guest_that_steps_itself_still_does);
	RUN(a_mark_of_bochs_stops_16_bit_code);
	return check_done();
}

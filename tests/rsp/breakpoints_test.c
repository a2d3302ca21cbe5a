/* Breakpoints: many, of both kinds, in code that changes, and never seen by who looks. */
#include "rsp_check.h"

static void load(const char *guest, char *hex, unsigned len)
{
	FILE *f = fopen(rsp_guest(guest), "r");
	for (unsigned i = 0; f && i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", (unsigned)fgetc(f));
	if (f)
		fclose(f);
}

/* hello's first instructions, each of 2 bytes. */
static const unsigned places[] = { 0x2, 0x4, 0x6, 0x8, 0xa, 0xc };
#define PLACES (sizeof places / sizeof *places)

static void six_at_once_stop_in_their_order_and_are_not_seen(void)
{
	struct rsp r;
	char code[60], now[60];
	load("hello", code, 0x19);
	RSP_OPEN(&r, RSP_UNIX, "hello", "--hlt", "stop", NULL);
	RSP_BEGINS(&r, "PacketSize", "qSupported:swbreak+;hwbreak+");
	for (size_t i = PLACES; i-- > 0;)
		RSP_IS(&r, "OK", "Z0,%x,1", places[i]);
	for (size_t i = 0; i < PLACES; i++) {
		RSP_STOPS(&r, "c", places[i], "T05thread:1;swbreak:;");
		snprintf(now, sizeof now, "%s", rsp_ask(&r, "m0,19"));
		CHECK_STR(now, code);
		const char byte[] = { code[2 * places[i]], code[2 * places[i] + 1], 0 };
		RSP_IS(&r, byte, "m%x,1", places[i]);
	}
	for (size_t i = 0; i < PLACES; i += 2)
		RSP_IS(&r, "OK", "z0,%x,1", places[i]);
	RSP_BEGINS(&r, "T00", "c");            /* hlt */
	for (size_t i = 1; i < PLACES; i += 2) /* and once more round, half of them */
		RSP_STOPS(&r, "c", places[i], "T05thread:1;swbreak:;");
	RSP_BEGINS(&r, "T00", "c");
	CHECK_STR(rsp_output(&r), "HELLO\nHELLO\n");
	rsp_close(&r);
}

static void four_hardware_ones_are_kept_and_the_fifth_is_refused(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "hello", NULL);
	RSP_BEGINS(&r, "PacketSize", "qSupported:swbreak+;hwbreak+");
	for (size_t i = 0; i < 4; i++)
		RSP_IS(&r, "OK", "Z1,%x,1", places[i]);
	RSP_BEGINS(&r, "E.", "Z1,%x,1", places[4]);
	RSP_IS(&r, "OK", "Z1,%x,1", places[3]); /* twice is no error */
	RSP_IS(&r, "OK", "Z0,%x,1", places[4]);
	RSP_IS(&r, "OK", "Z0,%x,1", places[5]);
	for (size_t i = 0; i < PLACES; i++)
		RSP_STOPS(&r, "c", places[i],
		        i < 4 ? "T05thread:1;hwbreak:;" : "T05thread:1;swbreak:;");
	RSP_IS(&r, "OK", "z1,%x,1", places[0]);
	RSP_IS(&r, "OK", "Z1,%x,1", places[4]); /* there is room again */
	RSP_IS(&r, "OK", "z1,1234,1");          /* what is not there */
	rsp_close(&r);
}

static void one_address_of_both_kinds_goes_when_both_are_removed(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "counter", NULL);
	RSP_IS(&r, "OK", "Z0,4,1");
	RSP_IS(&r, "OK", "Z1,4,1");
	RSP_STOPS(&r, "c", 4, "T05");
	RSP_IS(&r, "OK", "z0,4,1");
	RSP_STOPS(&r, "c", 4, "T05");
	RSP_IS(&r, "OK", "z1,4,1");
	RSP_IS(&r, "OK", "Z0,5,1");
	RSP_STOPS(&r, "c", 5, "T05");
	RSP_STOPS(&r, "c", 5, "T05");
	rsp_close(&r);
}

/* However it is kept: with other_breakpoints there are no debug registers left. */
static void check_progress(unsigned gva, unsigned other_breakpoints)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "counter", NULL);
	for (unsigned i = 0; i < other_breakpoints; i++)
		RSP_IS(&r, "OK", "Z%u,%x,1", i < 4 ? 1 : 0, 0x2000 + i);
	RSP_IS(&r, "OK", "Z0,%x,1", gva);
	RSP_STOPS(&r, "c", gva, "T05");
	uint64_t first = rsp_register(&r, 0);
	for (unsigned i = 1; i <= 30 && check_case_ok; i++) {
		RSP_STOPS(&r, i % 3 ? "c" : "vCont;c:p1.-1", gva, "T05");
		CHECK_EQ(rsp_register(&r, 0), first + i);
	}
	/* A step on it is a step; then it stops there again. */
	RSP_BEGINS(&r, "T05", "s");
	CHECK(rsp_pc(r.packet) != gva);
	RSP_STOPS(&r, "c", gva, "T05");
	CHECK_EQ(rsp_register(&r, 0), first + 31);
	rsp_close(&r);
}

static void going_on_from_a_breakpoint_makes_progress(void)
{
	static const unsigned gvas[] = { 2, 4, 5 }; /* out, inc, jmp */
	for (size_t i = 0; i < 3; i++)
		for (unsigned others = 0; others < 8; others += 4)
			check_progress(gvas[i], others);
}

static void two_in_a_row_both_stop(void)
{
	for (unsigned others = 0; others < 8; others += 4) {
		struct rsp r;
		RSP_OPEN(&r, RSP_UNIX, "counter", NULL);
		for (unsigned i = 0; i < others; i++)
			RSP_IS(&r, "OK", "Z1,%x,1", 0x2000 + i);
		for (unsigned i = 2; i <= 5; i++)
			RSP_IS(&r, "OK", "Z0,%x,1", i); /* 3 is within the out */
		for (int i = 0; i < 10; i++) {
			RSP_STOPS(&r, "c", 2, "T05");
			RSP_STOPS(&r, "c", 4, "T05");
			RSP_STOPS(&r, "c", 5, "T05");
		}
		rsp_close(&r);
	}
}

/* segments: its routine runs with CS 0780, as a copy at 3000:0000, and with 0780 again. */
static void check_segments(unsigned others, bool is_copied_first)
{
	struct rsp r;
	uint64_t routine = rsp_symbol("segments", "far_add");
	uint64_t back = rsp_symbol("segments", "back");
	uint64_t near_call = rsp_symbol("segments", "near_call");
	RSP_OPEN(&r, RSP_UNIX, "segments", NULL);
	if (is_copied_first) {
		RSP_IS(&r, "OK", "Z1,%" PRIx64 ",1", near_call);
		RSP_STOPS(&r, "c", near_call, "T05");
		RSP_IS(&r, "OK", "z1,%" PRIx64 ",1", near_call);
	}
	for (unsigned i = 0; i < others; i++)
		RSP_IS(&r, "OK", "Z1,%x,1", 0x60000 + i);
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", routine);
	RSP_IS(&r, "OK", "Z0,30000,1");
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", back);
	RSP_STOPS(&r, "c", routine, "T05");
	CHECK_EQ(rsp_register(&r, 10), 0x780);
	RSP_STOPS(&r, "c", 0x30000, "T05");
	CHECK_EQ(rsp_register(&r, 10), 0x3000);
	RSP_STOPS(&r, "c", routine, "T05");
	RSP_STOPS(&r, "c", back, "T05");
	CHECK_EQ(rsp_register(&r, 10), 0x7c0);
	RSP_BEGINS(&r, "T00", "c");
	CHECK_STR(rsp_output(&r), "segments ok\n");
	rsp_close(&r);
}

static void a_code_segment_with_a_base_is_hit_at_the_linear_address(void)
{
	check_segments(0, true);
	check_segments(4, true);
}

/* The guest reads the byte at one breakpoint and writes it to another's address. */
static void code_that_is_copied_keeps_its_bytes(void)
{
	check_segments(0, false);
	check_segments(4, false);
}

/* The guest's code in smc is written by the guest while the breakpoint is in place. */
static void check_overwritten(const char *name, unsigned hits, unsigned others)
{
	struct rsp r;
	uint64_t gva = rsp_symbol("smc", name);
	RSP_OPEN(&r, RSP_UNIX, "smc", NULL);
	for (unsigned i = 0; i < others; i++)
		RSP_IS(&r, "OK", "Z1,%x,1", 0x60000 + i);
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", gva);
	for (unsigned i = 0; i < hits && check_case_ok; i++)
		RSP_STOPS(&r, "c", gva, "T05");
	RSP_BEGINS(&r, "T00", "c");
	CHECK_STR(rsp_output(&r), "smc ok\n");
	if (!check_case_ok)
		CHECK_FAIL("that was %s with %u others", name, others);
	rsp_close(&r);
}

static void code_that_is_overwritten_still_stops(void)
{
	for (unsigned others = 0; others < 8; others += 4) {
		check_overwritten("patched_operand", 1, others);
		check_overwritten("patched_in_loop", 10, others);
		check_overwritten("patched_opcode", 1, others);
	}
}

/* A debugger that writes memory writes code, not what stands in for it. */
static void memory_written_at_a_breakpoint_is_the_guests(void)
{
	for (unsigned others = 0; others < 8; others += 4) {
		struct rsp r;
		RSP_OPEN(&r, RSP_UNIX, "counter", NULL);
		for (unsigned i = 0; i < others; i++)
			RSP_IS(&r, "OK", "Z1,%x,1", 0x2000 + i);
		RSP_IS(&r, "OK", "Z0,4,1");
		RSP_STOPS(&r, "c", 4, "T05");
		RSP_STOPS(&r, "c", 4, "T05");
		CHECK_EQ(rsp_register(&r, 0), 1);
		RSP_IS(&r, "OK", "M4,1:48"); /* inc becomes dec */
		RSP_IS(&r, "48", "m4,1");
		RSP_STOPS(&r, "c", 4, "T05");
		CHECK_EQ(rsp_register(&r, 0), 0);
		RSP_IS(&r, "48", "m4,1");
		RSP_STOPS(&r, "c", 4, "T05");
		CHECK_EQ(rsp_register(&r, 0) & 0xffff, 0xffff);
		rsp_close(&r);
	}
}

static void an_interrupt_leaves_no_byte_behind(void)
{
	struct rsp r;
	char code[60];
	load("spin", code, 0x18);
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	for (unsigned i = 0; i < 12; i++) /* none is reached, some are planted */
		RSP_IS(&r, "OK", "Z0,%x,1", i < 6 ? 0x1000 + i : i - 6u);
	RSP_IS(&r, "OK", "P8=0a000000");
	for (int i = 0; i < 20; i++) {
		rsp_send(&r, "c", 1);
		rsp_send_raw(&r, "\x03", 1);
		CHECK(!strncmp(rsp_reply(&r), "T02", 3));
		CHECK(!strncmp(rsp_ask(&r, "m0,13"), code, 0x26));
	}
	rsp_close(&r);
}

static void a_hundred_are_kept(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "hello", "--hlt", "stop", NULL);
	for (unsigned i = 0; i < 100; i++)
		RSP_IS(&r, "OK", "Z0,%x,1", 0x1000 + i);
	for (size_t i = 0; i < PLACES; i++)
		RSP_IS(&r, "OK", "Z0,%x,1", places[i]);
	for (size_t i = 0; i < PLACES; i++)
		RSP_STOPS(&r, "c", places[i], "T05");
	RSP_IS(&r, "00000000", "m1000,4");
	/* Where no byte can be planted: beyond RAM, as many as the debug registers hold and more.
	 */
	for (unsigned i = 0; i < 8; i++)
		RSP_IS(&r, "OK", "Z0,%x,1", 0xf0000000 + i);
	RSP_BEGINS(&r, "T00", "c");
	RSP_STOPS(&r, "c", places[0], "T05");
	CHECK_STR(rsp_output(&r), "HELLO\n");
	rsp_close(&r);
}

int main(void)
{
	RUN(six_at_once_stop_in_their_order_and_are_not_seen);
	RUN(four_hardware_ones_are_kept_and_the_fifth_is_refused);
	RUN(one_address_of_both_kinds_goes_when_both_are_removed);
	RUN(going_on_from_a_breakpoint_makes_progress);
	RUN(two_in_a_row_both_stop);
	RUN(a_code_segment_with_a_base_is_hit_at_the_linear_address);
	RUN(code_that_is_copied_keeps_its_bytes);
	RUN(code_that_is_overwritten_still_stops);
	RUN(memory_written_at_a_breakpoint_is_the_guests);
	RUN(an_interrupt_leaves_no_byte_behind);
	RUN(a_hundred_are_kept);
	return check_done();
}

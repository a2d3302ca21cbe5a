/* What the stub does in gdb's place: conditions, commands and ranges of steps. counter counts eax
 * up between 2 (out), 4 (inc) and 5 (jmp); a hit of 4 meets eax once for each value. */
#include "rsp_check.h"

/* eax == N, as gdb compiles it: reg 0, ext 32, const32 N, equal, end. */
#define EAX_IS "Xc,260000162024%08x1327"
/* printf("%u\n", eax) */
#define PRINT_EAX "X11,260000220022003401000525755c6e0027"

static void open_counter(struct rsp *r)
{
	RSP_BEGINS(r, "PacketSize", "qSupported:swbreak+;hwbreak+");
}

static void a_condition_stops_where_it_holds(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "counter", NULL);
	open_counter(&r);
	RSP_IS(&r, "OK", "Z0,4,1;" EAX_IS, 300);
	RSP_STOPS(&r, "c", 4, "T05thread:1;swbreak:;");
	CHECK_EQ(rsp_register(&r, 0), 300);
	/* Two for one address, and the other kind. */
	RSP_IS(&r, "OK", "Z0,4,1;" EAX_IS EAX_IS, 400, 350);
	RSP_IS(&r, "OK", "Z1,5,1;" EAX_IS, 360);
	RSP_STOPS(&r, "c", 4, "T05thread:1;swbreak:;");
	CHECK_EQ(rsp_register(&r, 0), 350);
	RSP_STOPS(&r, "c", 5, "T05thread:1;hwbreak:;");
	CHECK_EQ(rsp_register(&r, 0), 360);
	RSP_STOPS(&r, "c", 4, "T05thread:1;swbreak:;");
	CHECK_EQ(rsp_register(&r, 0), 400);
	/* Without a condition: each time. */
	RSP_IS(&r, "OK", "Z0,4,1");
	RSP_STOPS(&r, "c", 4, "T05thread:1;swbreak:;");
	CHECK_EQ(rsp_register(&r, 0), 401);
	rsp_close(&r);
}

/* However it is kept: behind it in the list there are more than there are debug registers. */
static void conditions_count_with_any_number_of_breakpoints(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "counter", NULL);
	open_counter(&r);
	for (unsigned i = 0; i < 6; i++)
		RSP_IS(&r, "OK", "Z0,%x,1", 0x100 + 0x1000 * i);
	for (unsigned gva = 2; gva <= 5; gva += gva == 2 ? 2 : 1)
		RSP_IS(&r, "OK", "Z0,%x,1;" EAX_IS, gva, 40 + gva);
	RSP_STOPS(&r, "c", 2, "T05thread:1;swbreak:;");
	CHECK_EQ(rsp_register(&r, 0), 42);
	RSP_STOPS(&r, "c", 4, "T05thread:1;swbreak:;");
	CHECK_EQ(rsp_register(&r, 0), 44);
	RSP_STOPS(&r, "c", 5, "T05thread:1;swbreak:;");
	CHECK_EQ(rsp_register(&r, 0), 45);
	CHECK_EQ(strtoul(strrchr(rsp_output(&r), ' '), NULL, 16), 44); /* nothing was left out */
	rsp_close(&r);
}

/* A loop of four instructions, which goes a longer way round every 64th time: such are stepped
 * through where that is cheaper. 1000: inc %ax; nop; test $63, %al; jne 1000; 1006: 14 nops; jmp
 * 1000 */
static void a_breakpoint_in_a_short_loop_misses_nothing(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	open_counter(&r);
	RSP_IS(&r, "OK", "M1000,16:4090a83f75fa9090909090909090909090909090ebea");
	RSP_IS(&r, "OK", "P0=00000000");
	RSP_IS(&r, "OK", "Pa=00000000");
	RSP_IS(&r, "OK", "P8=00100000");
	RSP_IS(&r, "OK", "Z1,1001,1;" EAX_IS, 100);
	RSP_IS(&r, "OK", "Z1,1006,1");
	RSP_STOPS(&r, "c", 0x1006, "T05thread:1;hwbreak:;");
	CHECK_EQ(rsp_register(&r, 0), 64);
	RSP_STOPS(&r, "c", 0x1001, "T05thread:1;hwbreak:;");
	CHECK_EQ(rsp_register(&r, 0), 100);
	RSP_STOPS(&r, "c", 0x1006, "T05thread:1;hwbreak:;");
	CHECK_EQ(rsp_register(&r, 0), 128);
	RSP_IS(&r, "OK", "z1,1006,1");
	for (unsigned eax = 1000; eax < 5000; eax += 999) {
		RSP_IS(&r, "OK", "Z1,1001,1;" EAX_IS, eax);
		RSP_STOPS(&r, "c", 0x1001, "T05thread:1;hwbreak:;");
		CHECK_EQ(rsp_register(&r, 0), eax);
	}
	rsp_close(&r);
}

/* 1 / (eax - 30); and memory that there is not. */
static void a_condition_that_fails_stops_and_says_why(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "counter", NULL);
	open_counter(&r);
	RSP_IS(&r, "OK", "Z0,4,1;Xf,2201260000221e0316200522021327");
	rsp_send(&r, "c", 1);
	CHECK(rsp_receive(&r, RSP_WAIT_MS) && r.packet[0] == 'O');
	/* "The condition of" */
	CHECK(!strncmp(r.packet, "O54686520636f6e646974696f6e206f66", 33));
	CHECK(!strncmp(rsp_reply(&r), "T05thread:1;swbreak:;", 21));
	CHECK_EQ(rsp_register(&r, 0), 30);
	RSP_IS(&r, "OK", "Z0,4,1;X7,24f00000001727");
	rsp_send(&r, "c", 1);
	CHECK(rsp_receive(&r, RSP_WAIT_MS) && r.packet[0] == 'O');
	CHECK(!strncmp(rsp_reply(&r), "T05thread:1;swbreak:;", 21));
	CHECK_EQ(rsp_register(&r, 0), 31);
	rsp_close(&r);
}

/* Uses up some time without sleeping through what is to be met. */
static void spin_us(int64_t us)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	int64_t until = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec + 1000 * us;
	do
		clock_gettime(CLOCK_MONOTONIC, &t);
	while ((int64_t)t.tv_sec * 1000000000 + t.tv_nsec < until);
}

/* Sends request and, at another moment each time, a 0x03. */
static void check_interrupts(struct rsp *r, const char *request)
{
	bool has_run = false;
	for (int i = 0; i < 300 && check_case_ok; i++) {
		rsp_send(r, request, strlen(request));
		spin_us(i);
		rsp_send_raw(r, "\x03", 1);
		if (strncmp(rsp_reply(r), "T02", 3))
			CHECK_FAIL("round %d: %s", i, r->packet);
		has_run |= rsp_register(r, 0) != 0;
	}
	CHECK(has_run);
}

/* At any moment of the way over a breakpoint whose condition never holds. */
static void an_interrupt_is_heard_between_hits(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	uint64_t loop = rsp_symbol("spin", "loop");
	/* Every instruction of the loop: inc of 2 bytes, inc of 5, jmp. */
	const uint64_t all[] = { loop, loop + 2, loop + 7 };
	for (unsigned i = 0; i < 3; i++)
		RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1;X3,220027", all[i]);
	check_interrupts(&r, "c");
	rsp_close(&r);
	/* Behind a port access, which is completed when the kick comes. */
	RSP_OPEN(&r, RSP_UNIX, "counter", NULL);
	RSP_IS(&r, "OK", "Z0,4,1;X3,220027");
	check_interrupts(&r, "c");
	rsp_close(&r);
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	for (unsigned i = 0; i < 3; i++)
		RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1;X3,220027", all[i]);
	for (unsigned i = 0; i < 3; i++) /* more than there are debug registers */
		RSP_IS(&r, "OK", "Z0,%x,1", 0x9000 + i);
	check_interrupts(&r, "c");
	rsp_close(&r);
}

/* The number of an O packet. */
static uint64_t printed(const struct rsp *r)
{
	uint64_t value = 0;
	for (const char *c = r->packet + 1; c[0] == '3' && c[1]; c += 2)
		value = 10 * value + (unsigned)(c[1] - '0');
	return value;
}

static void commands_print_while_the_guest_runs(void)
{
	for (size_t k = 0; k < RSP_TRANSPORTS; k++) {
		struct rsp r;
		RSP_OPEN(&r, rsp_transports[k], "counter", NULL);
		open_counter(&r);
		RSP_IS(&r, "OK", "Z0,4,1;cmds:1," PRINT_EAX);
		RSP_IS(&r, "OK", "Z0,5,1;" EAX_IS, 100);
		rsp_send(&r, "c", 1);
		for (unsigned i = 0; i < 100 && check_case_ok; i++) {
			CHECK(rsp_receive(&r, RSP_WAIT_MS) && r.packet[0] == 'O');
			CHECK_EQ(printed(&r), i);
		}
		CHECK(!strncmp(rsp_reply(&r), "T05thread:1;swbreak:;", 21));
		CHECK_EQ(rsp_register(&r, 0), 100);
		/* A command with a condition. */
		RSP_IS(&r, "OK", "Z0,4,1;" EAX_IS ";cmds:1," PRINT_EAX, 150);
		RSP_IS(&r, "OK", "Z0,5,1;" EAX_IS, 200);
		rsp_send(&r, "c", 1);
		CHECK(rsp_receive(&r, RSP_WAIT_MS) && r.packet[0] == 'O');
		CHECK_EQ(printed(&r), 150);
		CHECK(!strncmp(rsp_reply(&r), "T05thread:1;swbreak:;", 21));
		rsp_close(&r);
	}
}

/* It waits until there is room again, and no line is lost; then it is interrupted. */
static void a_debugger_that_does_not_read_holds_the_guest(void)
{
	struct rsp r;
	uint64_t wanted = 0, last_lines = 0;
	RSP_OPEN(&r, RSP_UNIX, "counter", NULL);
	RSP_IS(&r, "OK", "QStartNoAckMode");
	r.is_no_ack = true;
	RSP_IS(&r, "OK", "Z0,4,1;cmds:1," PRINT_EAX);
	rsp_send(&r, "c", 1);
	/* The guest's own output tells how far it is: it comes to a stand. */
	for (int same = 0; same < 10;
	        same = last_lines == (uint64_t)lseek(r.stdout_fd, 0, SEEK_END) ? same + 1 : 0) {
		last_lines = (uint64_t)lseek(r.stdout_fd, 0, SEEK_END);
		poll(NULL, 0, 20);
	}
	CHECK(last_lines > 0);
	for (; wanted < 5000 && check_case_ok; wanted++) {
		CHECK(rsp_receive(&r, RSP_WAIT_MS) && r.packet[0] == 'O');
		CHECK_EQ(printed(&r), wanted);
	}
	rsp_send_raw(&r, "\x03", 1);
	while (check_case_ok && rsp_receive(&r, RSP_WAIT_MS) && r.packet[0] == 'O')
		CHECK_EQ(printed(&r), wanted++);
	CHECK(!strncmp(r.packet, "T02", 3));
	rsp_close(&r);
}

static void a_debugger_that_goes_while_it_is_printed_leaves_the_guest_stopped(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "counter", NULL);
	RSP_IS(&r, "OK", "Z0,4,1;cmds:1," PRINT_EAX);
	rsp_send(&r, "c", 1);
	CHECK(rsp_receive(&r, RSP_WAIT_MS));
	rsp_disconnect(&r);
	CHECK(rsp_wait_errors(&r, "the debugger is gone"));
	CHECK(rsp_connect(&r));
	RSP_BEGINS(&r, "T05", "s"); /* and its breakpoint is gone with it */
	RSP_IS(&r, "OK", "Z0,5,1");
	RSP_STOPS(&r, "c", 5, "T05");
	rsp_close(&r);
}

/* --- ranges of steps -------------------------------------------------------------------------- */

static void a_range_is_stepped_through_at_once(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "hello", NULL);
	RSP_IS(&r, "vCont;c;C;s;S;r", "vCont?");
	RSP_STOPS(&r, "vCont;r0,4:1", 4, "T05thread:1;8:");
	RSP_STOPS(&r, "vCont;r4,4:1", 6, "T05thread:1;8:");     /* empty: one step */
	RSP_STOPS(&r, "vCont;r100,200:1", 8, "T05thread:1;8:"); /* not in it: one step */
	RSP_BEGINS(&r, "T05", "vCont;r0,100:1");                /* hlt */
	CHECK_STR(rsp_output(&r), "HELLO\n");
	rsp_close(&r);
}

static void a_loop_of_many_rounds_is_one_range(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "counter", NULL);
	/* mov $5000, %cx; 1: dec %cx; jnz 1b; nop */
	RSP_IS(&r, "OK", "M100,7:b988134975fd90");
	RSP_IS(&r, "OK", "P8=00010000");
	RSP_STOPS(&r, "vCont;r100,106:1", 0x106, "T05thread:1;8:");
	CHECK_EQ(rsp_register(&r, 1) & 0xffff, 0);
	rsp_close(&r);
}

static void breakpoints_and_watchpoints_stop_a_range(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	uint64_t loop = rsp_symbol("spin", "loop"), counter = rsp_symbol("spin", "counter");
	char range[60];
	snprintf(range, sizeof range, "vCont;r0,%" PRIx64 ":1", loop + 10);
	open_counter(&r);
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1;" EAX_IS, loop, 7);
	RSP_STOPS(&r, range, loop, "T05thread:1;swbreak:;");
	CHECK_EQ(rsp_register(&r, 0), 7);
	RSP_IS(&r, "OK", "Z1,%" PRIx64 ",1", loop + 2);
	RSP_STOPS(&r, range, loop + 2, "T05thread:1;hwbreak:;");
	CHECK_EQ(rsp_register(&r, 0), 8);
	RSP_IS(&r, "OK", "z1,%" PRIx64 ",1", loop + 2);
	RSP_IS(&r, "OK", "Z2,%" PRIx64 ",4", counter);
	RSP_BEGINS(&r, "T05thread:1;watch:", "%s", range);
	RSP_IS(&r, "OK", "z2,%" PRIx64 ",4", counter);
	/* Its commands are run on the way, and where the range ends. */
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1;cmds:1," PRINT_EAX, loop + 2);
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1;" EAX_IS, loop, 11);
	rsp_send(&r, range, strlen(range));
	for (unsigned eax = 9; eax <= 11 && check_case_ok; eax++) {
		CHECK(rsp_receive(&r, RSP_WAIT_MS) && r.packet[0] == 'O');
		CHECK_EQ(printed(&r), eax);
	}
	CHECK(!strncmp(rsp_reply(&r), "T05thread:1;swbreak:;", 21));
	snprintf(range, sizeof range, "vCont;r%" PRIx64 ",%" PRIx64 ":1", loop, loop + 2);
	rsp_send(&r, range, strlen(range));
	CHECK(rsp_receive(&r, RSP_WAIT_MS) && r.packet[0] == 'O');
	CHECK_EQ(printed(&r), 12);
	CHECK(!strncmp(rsp_reply(&r), "T05thread:1;8:", 14));
	CHECK_EQ(rsp_pc(r.packet), loop + 2);
	rsp_close(&r);
}

static void an_interrupt_stops_a_range(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	check_interrupts(&r, "vCont;r0,100:1");
	/* It can come in one piece with the request. */
	rsp_send_raw(&r, "$vCont;r0,100:1#0f\x03", 19);
	CHECK(!strncmp(rsp_reply(&r), "T02", 3));
	rsp_close(&r);
}

int main(void)
{
	RUN(a_condition_stops_where_it_holds);
	RUN(conditions_count_with_any_number_of_breakpoints);
	RUN(a_breakpoint_in_a_short_loop_misses_nothing);
	RUN(a_condition_that_fails_stops_and_says_why);
	RUN(an_interrupt_is_heard_between_hits);
	RUN(commands_print_while_the_guest_runs);
	RUN(a_debugger_that_does_not_read_holds_the_guest);
	RUN(a_debugger_that_goes_while_it_is_printed_leaves_the_guest_stopped);
	RUN(a_range_is_stepped_through_at_once);
	RUN(a_loop_of_many_rounds_is_one_range);
	RUN(breakpoints_and_watchpoints_stop_a_range);
	RUN(an_interrupt_stops_a_range);
	return check_done();
}

/* Tracepoints in a real guest, however they are kept: by debug registers and otherwise, beside the
 * debugger's own breakpoints, with the instructions after them. counter counts eax up between 2
 * (out), 4 (inc) and 5 (jmp). */
#include "rsp_check.h"

/* eax == N, as gdb compiles it: reg 0, ext 32, const32 N, equal, end. */
#define EAX_IS "Xc,260000162024%08x1327"

static void open_counter(struct rsp *r)
{
	RSP_BEGINS(r, "PacketSize", "qSupported:swbreak+;hwbreak+");
	RSP_IS(r, "OK", "QTinit");
}

/* Frame n, of tracepoint tp: pc and eax. */
static void check_frame(struct rsp *r, unsigned n, unsigned tp, uint64_t pc, uint64_t eax)
{
	char found[40];
	snprintf(found, sizeof found, "F%xT%x", n, tp);
	RSP_IS(r, found, "QTFrame:%x", n);
	CHECK_EQ(rsp_register(r, 8), pc);
	CHECK_EQ(rsp_register(r, 0), eax);
}

/* Breakpoints after those of the list are more than there are debug registers. */
static void hits_are_frames_and_no_stops(unsigned more_breakpoints)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "counter", NULL);
	open_counter(&r);
	for (unsigned i = 0; i < more_breakpoints; i++)
		RSP_IS(&r, "OK", "Z0,%x,1", 0x100 + 0x1000 * i);
	RSP_IS(&r, "OK", "QTDP:1:4:E:0:0-");
	RSP_IS(&r, "OK", "QTDP:-1:4:R1M-1,2,3");
	RSP_IS(&r, "OK", "QTDP:2:5:E:0:0:" EAX_IS "-", 7);
	RSP_IS(&r, "OK", "QTDP:-2:5:R1");
	RSP_IS(&r, "OK", "QTStart");
	RSP_IS(&r, "OK", "Z0,4,1;" EAX_IS, 40);
	RSP_STOPS(&r, "c", 4, "T05thread:1;swbreak:;");
	RSP_IS(&r, "OK", "z0,4,1");
	RSP_IS(&r, "OK", "Z1,5,1;" EAX_IS, 50);
	RSP_STOPS(&r, "c", 5, "T05thread:1;hwbreak:;");
	CHECK_EQ(rsp_register(&r, 0), 50);
	RSP_IS(&r, "OK", "QTStop");
	/* 0 to 49, and one of the jump. */
	RSP_BEGINS(&r, "T0;tstop::0;tframes:33;", "qTStatus");
	for (unsigned i = 0; i < 50; i += 7)
		check_frame(&r, i + (i > 6), 1, 4, i);
	RSP_IS(&r, "e71040", "m2,3");
	RSP_IS(&r, "E14", "m5,1");
	check_frame(&r, 7, 2, 5, 7);
	RSP_IS(&r, "OK", "QTFrame:-1");
	CHECK_EQ(rsp_register(&r, 0), 50);
	/* Nothing is left of them. */
	RSP_STOPS(&r, "s", 2, "T05");
	RSP_IS(&r, "OK", "z1,5,1");
	RSP_IS(&r, "OK", "Z0,2,1;" EAX_IS, 60);
	RSP_STOPS(&r, "c", 2, "T05thread:1;swbreak:;");
	RSP_BEGINS(&r, "T0;tstop::0;tframes:33;", "qTStatus");
	CHECK_EQ(strtoul(strrchr(rsp_output(&r), ' '), NULL, 16), 59); /* none was left out */
	rsp_close(&r);
}

static void in_debug_registers(void)
{
	hits_are_frames_and_no_stops(0);
}

static void by_other_means(void)
{
	hits_are_frames_and_no_stops(6);
}

/* Each instruction once, out as well. */
static void the_instructions_behind_are_seen_one_by_one(void)
{
	static const uint64_t pcs[] = { 4, 5, 2, 4, 5, 2 };
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "counter", NULL);
	open_counter(&r);
	RSP_IS(&r, "OK", "QTDP:1:4:E:5:1:" EAX_IS "-", 9);
	RSP_IS(&r, "OK", "QTDP:-1:4:R1-");
	RSP_IS(&r, "OK", "QTDP:-1:4:SR1");
	RSP_IS(&r, "OK", "QTStart");
	RSP_IS(&r, "OK", "Z0,4,1;" EAX_IS, 20);
	RSP_STOPS(&r, "c", 4, "T05thread:1;swbreak:;");
	RSP_BEGINS(&r, "T0;tpasscount:1;tframes:6;", "qTStatus");
	for (unsigned i = 0; i < 6; i++)
		check_frame(&r, i, 1, pcs[i], 9 + (i >= 1) + (i >= 4));
	RSP_IS(&r, "OK", "QTFrame:-1");
	CHECK_EQ(strtoul(strrchr(rsp_output(&r), ' '), NULL, 16), 20);
	rsp_close(&r);
}

/* It has no debugger then, and nothing of a debugger's. */
static void the_guest_is_alone_after_a_detach(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "hello", NULL);
	open_counter(&r);
	RSP_IS(&r, "OK", "QTDP:1:2:E:9:0-");
	RSP_IS(&r, "OK", "QTDP:-1:2:SR1");
	RSP_IS(&r, "OK", "QTStart");
	RSP_STOPS(&r, "s", 2, "T05");
	RSP_BEGINS(&r, "T1;tframes:1;", "qTStatus");
	RSP_IS(&r, "OK", "D;1");
	CHECK_EQ(rsp_wait_exit(&r), 0);
	rsp_close(&r);
}

/* What a tracepoint still waited for was the instructions of a guest that is gone. */
static void a_guest_made_another_is_not_followed(void)
{
	static const char *const ways[] = { "loadvm a", "reset" };
	for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++) {
		struct rsp r;
		RSP_OPEN(&r, RSP_UNIX, "counter", NULL);
		open_counter(&r);
		rsp_monitor(&r, "savevm a");
		RSP_IS(&r, "OK", "QTDP:1:4:E:5:0-");
		RSP_IS(&r, "OK", "QTDP:-1:4:R1-");
		RSP_IS(&r, "OK", "QTDP:-1:4:SR1");
		RSP_IS(&r, "OK", "QTDP:2:2:E:0:0-");
		RSP_IS(&r, "OK", "QTDP:-2:2:R1");
		RSP_IS(&r, "OK", "QTStart");
		RSP_IS(&r, "OK", "Z0,5,1");
		RSP_STOPS(&r, "c", 5, "T05");
		RSP_IS(&r, "OK", "z0,5,1");
		/* 2, 4, and of five instructions one. */
		RSP_BEGINS(&r, "T1;tframes:3;", "qTStatus");
		rsp_monitor(&r, ways[i]);
		CHECK_EQ(rsp_register(&r, 8), 0);
		RSP_IS(&r, "OK", "Z0,4,1");
		RSP_STOPS(&r, "c", 4, "T05");
		RSP_BEGINS(&r, "T1;tframes:5;", "qTStatus"); /* 2 and 4 */
		rsp_close(&r);
	}
}

int main(void)
{
	RUN(in_debug_registers);
	RUN(by_other_means);
	RUN(the_instructions_behind_are_seen_one_by_one);
	RUN(a_guest_made_another_is_not_followed);
	RUN(the_guest_is_alone_after_a_detach);
	return check_done();
}

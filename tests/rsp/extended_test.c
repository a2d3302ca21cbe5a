/* extended-remote on real guests: the machine begins anew, as it was at first. */
#include "rsp_check.h"

static void open_extended(struct rsp *r)
{
	RSP_IS(r, "OK", "!");
}

/* Memory, registers, devices and the CPU's hidden state are those of the beginning; what the guest
 * wrote before is gone, but for its output. */
static void a_restarted_guest_knows_nothing_of_before(void)
{
	struct rsp r;
	static struct rsp_registers regs;
	static char first[8192], rare[RSP_REGISTERS_MAX][80];
	RSP_OPEN(&r, RSP_UNIX, "ports", NULL);
	open_extended(&r);
	rsp_read_registers(&r, &regs);
	snprintf(first, sizeof first, "%s", rsp_ask(&r, "g"));
	for (unsigned i = 0; i < regs.count; i++)
		snprintf(rare[i], sizeof rare[i], "%s", rsp_ask(&r, "p%x", i));
	for (unsigned round = 0; round < 3; round++) {
		RSP_IS(&r, "OK", "M600,4:01020304");
		RSP_IS(&r, "OK", "M7c00,2:ebfe"); /* the image itself */
		RSP_IS(&r, "OK", "P%x=ff00000000000000000000000000ff00",
		        rsp_number_of(&regs, "xmm3"));
		RSP_IS(&r, "OK", "P%x=34120000", rsp_number_of(&regs, "dr0"));
		RSP_IS(&r, "OK", "P%x=34120000", rsp_number_of(&regs, "ds"));
		RSP_BEGINS(&r, "T05thread:", "vRun;");
		RSP_IS(&r, first, "g");
		for (unsigned i = 0; i < regs.count; i++)
			RSP_IS(&r, rare[i], "p%x", i);
		RSP_IS(&r, "00000000", "m600,4");
		RSP_IS(&r, "ea05", "m7c00,2");
		RSP_IS(&r, "0", "qAttached:1"); /* this one is the debugger's own */
	}
	RSP_BEGINS(&r, "T00", "c");
	CHECK_STR(rsp_output(&r), "ports ok\n");
	RSP_BEGINS(&r, "T05thread:", "vRun;");
	RSP_BEGINS(&r, "T00", "c");
	CHECK_STR(rsp_output(&r), "ports ok\nports ok\n");
	rsp_close(&r);
}

static void breakpoints_outlive_a_restart(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "ports", NULL);
	open_extended(&r);
	uint64_t round = rsp_symbol("ports", "round");
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", round);
	for (unsigned i = 0; i < 3; i++) {
		RSP_STOPS(&r, "c", round, "T05");
		rsp_send(&r, "R00", 3); /* without a reply */
		RSP_BEGINS(&r, "T05", "?");
		CHECK_EQ(rsp_register(&r, 8), 0x7c00);
	}
	RSP_STOPS(&r, "c", round, "T05");
	rsp_close(&r);
}

static void a_killed_guest_is_started_again_or_ends_with_its_debugger(void)
{
	for (unsigned again = 0; again < 2; again++) {
		struct rsp r;
		RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
		open_extended(&r);
		rsp_send(&r, "c", 1); /* it runs when it is killed */
		RSP_IS(&r, "OK", "vKill;1");
		RSP_IS(&r, "W00", "?");
		RSP_IS(&r, "E22", "g");
		if (again) {
			RSP_BEGINS(&r, "T05", "vRun;");
			RSP_STOPS(&r, "s", 0x1, "T05");
			RSP_IS(&r, "OK", "vKill;1");
		}
		rsp_disconnect(&r);
		CHECK_EQ(rsp_wait_exit(&r), 0);
		rsp_close(&r);
	}
}

/* The exit port's status is stepvm's, when nobody starts the guest again. */
static void an_exit_is_not_the_end_of_the_session(void)
{
	/* mov $2, %al; out %al, $0xf4 */
	static const char code[] = "b002e6f4";
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	open_extended(&r);
	RSP_IS(&r, "OK", "M0,4:%s", code);
	RSP_BEGINS(&r, "W05", "c");
	RSP_IS(&r, "W00", "?");
	RSP_BEGINS(&r, "T05", "vRun;");
	RSP_IS(&r, "fb6631c0", "m0,4");
	RSP_IS(&r, "OK", "M0,4:%s", code);
	RSP_BEGINS(&r, "W05", "c");
	rsp_disconnect(&r);
	CHECK_EQ(rsp_wait_exit(&r), 5);
	rsp_close(&r);
}

static void a_reset_brings_an_ended_guest_back(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	open_extended(&r);
	RSP_IS(&r, "OK", "M0,4:b002e6f4");
	RSP_BEGINS(&r, "W05", "c");
	RSP_BEGINS(&r, "E.", "vAttach;1");
	rsp_monitor(&r, "reset");
	RSP_BEGINS(&r, "T05", "vAttach;1");
	CHECK_EQ(rsp_register(&r, 8), 0);
	RSP_STOPS(&r, "s", 1, "T05");
	rsp_close(&r);
}

/* What was collected is there still: gdb asks for it without end where it gets no answer (tsave).
 */
static void trace_frames_outlive_the_guest(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	open_extended(&r);
	RSP_IS(&r, "OK", "M0,4:b002e6f4");
	RSP_IS(&r, "OK", "QTinit");
	RSP_IS(&r, "OK", "QTDP:1:2:E:0:0-");
	RSP_IS(&r, "OK", "QTDP:-1:2:M-1,0,4");
	rsp_ask(&r, "g");
	RSP_IS(&r, "OK", "QTStart");
	RSP_BEGINS(&r, "W05", "c");
	RSP_BEGINS(&r, "T1;tframes:1;", "qTStatus");
	RSP_IS(&r, "OK", "QTStop");
	RSP_BEGINS(&r, "T0;tstop::0;tframes:1;", "qTStatus");
	RSP_IS(&r, "V1:27", "qTP:1:2");
	RSP_BEGINS(&r, "T1:2:E:0:0", "qTfP");
	RSP_BEGINS(&r, "A1:2:M-1,0,4", "qTsP");
	RSP_IS(&r, "l", "qTsP");
	RSP_IS(&r, "l", "qTfV");
	RSP_IS(&r, "l", "qTsV");
	RSP_BEGINS(&r, "m<?xml", "qXfer:features:read:target.xml:0,100");
	RSP_BEGINS(&r, "01000f0000004d", "qTBuffer:0,100");
	RSP_IS(&r, "F0T1", "QTFrame:0");
	RSP_IS(&r, "OK", "QTFrame:-1");
	RSP_IS(&r, "E22", "QTStart");
	RSP_BEGINS(&r, "T05", "vRun;");
	RSP_BEGINS(&r, "T0;tstop::0;tframes:1;", "qTStatus");
	rsp_close(&r);
}

/* gdb has forgotten the description when it detached, and reads it after the answer: registers of
 * a layout that it does not know end the attach. */
static void an_attach_tells_no_registers(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "kernel64", "--mode", "long", "--load", "0x100000", NULL);
	open_extended(&r);
	RSP_BEGINS(&r, "PacketSize", "qSupported:exec-events+");
	RSP_BEGINS(&r, "T00thread:1;10:", "c");
	RSP_IS(&r, "OK", "D;1");
	const char *reply = rsp_ask(&r, "vAttach;1");
	CHECK(reply[0] == 'T' && !strcmp(reply + 3, "thread:1;"));
	rsp_close(&r);
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	open_extended(&r);
	RSP_IS(&r, "OK", "D;1");
	RSP_IS(&r, "T02thread:1;", "vAttach;1");
	RSP_BEGINS(&r, "T05thread:1;8:", "s");
	rsp_close(&r);
}

static void a_detached_guest_runs_until_it_is_attached_to(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "counter", NULL);
	open_extended(&r);
	RSP_IS(&r, "OK", "D;1");
	/* It runs, with the session there. A request each time round would leave a guest on a slow
	 * CPU no time. */
	int64_t until = rsp_now_ms() + RSP_WAIT_MS;
	while (strlen(rsp_output(&r)) < 1000 && rsp_now_ms() < until)
		;
	CHECK(strlen(rsp_output(&r)) >= 1000);
	RSP_IS(&r, "W00", "?");
	RSP_BEGINS(&r, "T02", "vAttach;1");
	RSP_BEGINS(&r, "T05", "s");
	RSP_BEGINS(&r, "E.", "vAttach;1");
	RSP_IS(&r, "OK", "D;1");
	rsp_disconnect(&r); /* it goes on without */
	CHECK(rsp_connect(&r));
	RSP_BEGINS(&r, "T0", "?");
	rsp_close(&r);
}

/* What it has set is gone with it, also what it set of a guest that it had let go. */
static void a_debugger_leaves_nothing_of_its_own(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "counter", NULL);
	open_extended(&r);
	RSP_IS(&r, "OK", "Z0,4,1");
	RSP_IS(&r, "OK", "D;1");
	RSP_BEGINS(&r, "T02", "vAttach;1");
	RSP_IS(&r, "OK", "QTinit");
	RSP_IS(&r, "OK", "QTDP:1:4:E:0:0");
	RSP_IS(&r, "OK", "QTStart");
	RSP_IS(&r, "OK", "Z0,5,1");
	RSP_STOPS(&r, "c", 5, "T05");
	RSP_STOPS(&r, "c", 5, "T05"); /* 4 was of before */
	RSP_IS(&r, "OK", "D;1");
	rsp_monitor(&r, "catch hlt");
	rsp_monitor(&r, "step-rep whole");
	rsp_monitor(&r, "step-interrupts on");
	rsp_disconnect(&r);
	CHECK(rsp_connect(&r));
	RSP_BEGINS(&r, "T0", "?");
	CHECK(strstr(rsp_monitor(&r, "catch"), "nothing is caught"));
	CHECK(strstr(rsp_monitor(&r, "step-rep"), "one iteration"));
	CHECK_STR(rsp_monitor(&r, "step-interrupts"), "off\n");
	rsp_close(&r);
}

/* The file is read again: a new build of the guest is what runs. What can't be read leaves all. */
static void the_image_is_read_again(void)
{
	char path[] = "/tmp/stepvm-image-XXXXXX";
	int fd = mkstemp(path);
	struct rsp r;
	CHECK(fd >= 0 && write(fd, "\x40\xf4", 2) == 2); /* inc ax; hlt */
	if (!rsp_start(&r, RSP_UNIX, path, NULL) || !rsp_connect(&r)) {
		CHECK_FAIL("no start: %s", r.errors);
	} else {
		open_extended(&r);
		RSP_IS(&r, "40f4", "m0,2");
		CHECK(pwrite(fd, "\x41\xf4", 2, 0) == 2);
		RSP_BEGINS(&r, "T05", "vRun;");
		RSP_IS(&r, "41f4", "m0,2");
		RSP_STOPS(&r, "s", 1, "T05");
		unlink(path);
		RSP_BEGINS(&r, "E.", "vRun;");
		CHECK(strstr(r.packet, "No such file"));
		CHECK_EQ(rsp_register(&r, 1), 1); /* ecx: the guest of before */
		RSP_IS(&r, "41f4", "m0,2");
		RSP_BEGINS(&r, "T05", "s");
	}
	rsp_close(&r);
	unlink(path);
	close(fd);
}

static void monitor_reset_and_exit(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	RSP_STOPS(&r, "s", 1, "T05");
	RSP_IS(&r, "OK", "qRcmd,7265736574"); /* reset */
	CHECK_EQ(rsp_register(&r, 8), 0);
	RSP_STOPS(&r, "s", 1, "T05");
	RSP_IS(&r, "OK", "qRcmd,65786974"); /* exit */
	CHECK_EQ(rsp_wait_exit(&r), 0);
	rsp_close(&r);
}

int main(void)
{
	RUN(a_restarted_guest_knows_nothing_of_before);
	RUN(breakpoints_outlive_a_restart);
	RUN(a_killed_guest_is_started_again_or_ends_with_its_debugger);
	RUN(an_exit_is_not_the_end_of_the_session);
	RUN(a_reset_brings_an_ended_guest_back);
	RUN(trace_frames_outlive_the_guest);
	RUN(an_attach_tells_no_registers);
	RUN(a_detached_guest_runs_until_it_is_attached_to);
	RUN(a_debugger_leaves_nothing_of_its_own);
	RUN(the_image_is_read_again);
	RUN(monitor_reset_and_exit);
	return check_done();
}

/* The wire on every transport: a real gdb's first packets, and what no gdb would send. */
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "rsp_check.h"

/* What gdb 13.1 sends for `target remote`, `x/i $pc`, `stepi`, a breakpoint and `continue`, and how
 * the replies begin. */
static const struct {
	const char *request, *reply;
} gdb_session[] = {
	{ "qSupported:multiprocess+;swbreak+;hwbreak+;qRelocInsn+;fork-events+;vfork-events+;"
	  "exec-events+;vContSupported+;QThreadEvents+;no-resumed+;memory-tagging+;xmlRegisters="
	  "i386",
	        "PacketSize=40000;QStartNoAckMode+;" },
	{ "vMustReplyEmpty", "" },
	{ "QStartNoAckMode", "OK" },
	{ "Hgp0.0", "OK" },
	{ "qXfer:features:read:target.xml:0,1000", "m<?xml version=\"1.0\"?>" },
	{ "qXfer:features:read:target.xml:1000,1000", "m" },
	{ "qXfer:features:read:target.xml:2000,20000", "l" },
	{ "qTStatus", "T0;tnotrun:0;" },
	{ "?", "T05thread:p1.1;8:007c0000;" },
	{ "qXfer:threads:read::0,1000",
	        "l<?xml version=\"1.0\"?>\n<threads>\n<thread id=\"p1.1\"" },
	{ "qAttached:1", "1" },
	{ "Hc-1", "OK" },
	{ "m7c00,1", "ea" },
	{ "m7c00,40", "ea057c0000fafc31c08ed88ec08ed0bc007cc706" },
	{ "vCont?", "vCont;c;C;s;S" },
	{ "vCont;s:p1.1;c:p1.-1", "T05thread:p1.1;8:057c0000;" },
	{ "Z0,7c18,1", "OK" },
	{ "vCont;c:p1.-1", "T05thread:p1.1;swbreak:;8:187c0000;" },
	{ "z0,7c18,1", "OK" },
	{ "m7c18,1", "66" },
	{ "D;1", "OK" },
};

static void gdbs_own_session_works_on_every_transport(void)
{
	for (size_t k = 0; k < RSP_TRANSPORTS; k++) {
		struct rsp r;
		RSP_OPEN(&r, rsp_transports[k], "ports", NULL);
		rsp_send_raw(&r, "+", 1); /* gdb begins so */
		for (size_t i = 0; i < sizeof gdb_session / sizeof *gdb_session; i++) {
			RSP_BEGINS(&r, gdb_session[i].reply, "%s", gdb_session[i].request);
			if (!gdb_session[i].reply[0])
				CHECK_EQ(r.packet_len, 0);
			if (!strcmp(gdb_session[i].request, "QStartNoAckMode"))
				r.is_no_ack = true;
		}
		CHECK_EQ(rsp_wait_exit(&r), 0); /* it ran on to its end */
		if (rsp_transports[k] == RSP_STDIO)
			CHECK(strstr(r.errors, "ports ok\n")); /* 1 was the debugger's */
		else
			CHECK_STR(rsp_output(&r), "ports ok\n");
		rsp_close(&r);
	}
}

static void the_socket_is_the_users_alone(void)
{
	struct rsp r;
	struct stat st;
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	CHECK_EQ(stat(r.where, &st), 0);
	CHECK(S_ISSOCK(st.st_mode));
	CHECK_EQ(st.st_mode & 07777, 0600);
	rsp_send(&r, "k", 1);
	CHECK_EQ(rsp_wait_exit(&r), 0);
	CHECK(stat(r.where, &st) < 0); /* gone with it */
	rsp_close(&r);
}

static void a_wrong_checksum_gets_a_nak_and_a_nak_the_last_packet(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	rsp_send_raw(&r, "$qC#b5", 6);
	CHECK_EQ(rsp_byte(&r, RSP_WAIT_MS), '-');
	RSP_IS(&r, "QC1", "qC");
	CHECK_EQ(r.naks, 0);
	rsp_send_raw(&r, "-", 1);
	CHECK_STR(rsp_reply(&r), "QC1");
	rsp_send_raw(&r, "$m0,1#zz$m0,1#fb", 16);
	CHECK_EQ(rsp_byte(&r, RSP_WAIT_MS), '-');
	CHECK_EQ(rsp_byte(&r, RSP_WAIT_MS), '-');
	RSP_IS(&r, "fb", "m0,1");
	rsp_close(&r);
}

/* Until the other side has read all: SIOCOUTQ of unix(7)'s streams counts what it has not. */
static void wait_until_read(const struct rsp *r)
{
	int64_t until = rsp_now_ms() + RSP_WAIT_MS;
	int left = 1;
	while (left && rsp_now_ms() < until)
		if (ioctl(r->out_fd, SIOCOUTQ, &left) < 0)
			return;
	CHECK_EQ(left, 0);
}

static void every_cut_of_a_request_gives_its_reply(void)
{
	static const struct {
		const char *body, *reply;
	} rows[] = {
		{ "qC", "QC1" },
		{ "m0,4", "fb6631c0" },
		{ "X1000,4:}\x03}\x04}]}\n", "OK" },
		{ "m1000,4", "23247d2a" },
		{ "vCont;s:p1.1;c:p1.-1", "T05thread:1;" },
	};
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t wire[80];
		size_t len = rsp_wrap(wire, rows[i].body, strlen(rows[i].body));
		for (size_t cut = 0; cut <= len && check_case_ok; cut++) {
			rsp_send_raw(&r, wire, cut);
			wait_until_read(&r);
			rsp_send_raw(&r, wire + cut, len - cut);
			const char *reply = rsp_reply(&r);
			if (strncmp(reply, rows[i].reply, strlen(rows[i].reply)))
				CHECK_FAIL("%s cut at %zu -> %.100s", rows[i].body, cut, reply);
		}
	}
	rsp_close(&r);
}

static void requests_need_not_wait_for_replies(void)
{
	for (size_t k = 0; k < RSP_TRANSPORTS; k++) {
		struct rsp r;
		uint8_t wire[16384];
		size_t len = 0;
		RSP_OPEN(&r, rsp_transports[k], "ports", NULL);
		RSP_IS(&r, "OK", "QStartNoAckMode");
		r.is_no_ack = true;
		for (unsigned i = 0; i < 500; i++) {
			char body[20];
			int n = snprintf(body, sizeof body, "M%x,1:%02x", 0x2000 + i, i & 0xff);
			len += rsp_wrap(wire + len, body, (size_t)n);
		}
		for (unsigned i = 0; i < 200; i++) {
			char body[20];
			int n = snprintf(body, sizeof body, "m%x,1", 0x2000 + i);
			len += rsp_wrap(wire + len, body, (size_t)n);
		}
		CHECK(rsp_send_raw(&r, wire, len));
		CHECK(rsp_send(&r, "s", 1));
		for (unsigned i = 0; i < 500 && check_case_ok; i++)
			CHECK_STR(rsp_reply(&r), "OK");
		for (unsigned i = 0; i < 200 && check_case_ok; i++) {
			char wanted[3];
			snprintf(wanted, sizeof wanted, "%02x", i & 0xff);
			CHECK_STR(rsp_reply(&r), wanted);
		}
		CHECK_EQ(rsp_pc(rsp_reply(&r)), 0x7c05);
		rsp_close(&r);
	}
}

static void a_packet_of_a_mebibyte_is_refused_and_forgotten(void)
{
	size_t size = 1u << 20;
	char *body = malloc(size);
	memset(body, 'a', size);
	memcpy(body, "X0,ffff4:", 9);
	for (size_t k = 0; k < RSP_TRANSPORTS; k++) {
		struct rsp r;
		char before[40];
		RSP_OPEN(&r, rsp_transports[k], "ports", NULL);
		snprintf(before, sizeof before, "%s", rsp_ask(&r, "m7c00,10"));
		CHECK_STR(rsp_ask_bytes(&r, body, size), "E22");
		RSP_IS(&r, before, "m7c00,10");
		RSP_IS(&r, "00000000", "m600,4");
		/* A reply as long as may be. */
		CHECK_EQ(strlen(rsp_ask(&r, "m0,20000")), 0x40000);
		rsp_close(&r);
	}
	free(body);
}

static void absurd_lengths_are_refused(void)
{
	static const struct {
		const char *request, *reply;
	} rows[] = {
		{ "m0,-1", "E22" }, { "m-1,4", "E22" }, { "m0,10000000000000000", "E22" },
		{ "M0,ffffffffffffffff:00", "E22" }, { "X0,ffffffffffffffff:a", "E22" },
		{ "M0,-1:00", "E22" },
		{ "qXfer:features:read:target.xml:ffffffffffffffff,ffffffffffffffff", "E22" },
		{ "pffffffffffffffff", "E22" }, { "Hgffffffffffffffff", "E22" },
		{ "vCont;s:ffffffffffffffff", "E22" }, { "mffffffffffffffff,1", "E14" },
		{ "mfffffffffffffff0,ffffffffffffffff", "E14" },
		{ "m3fffffe,4", "0000" }, /* up to the end of RAM */
	};
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		RSP_IS(&r, rows[i].reply, "%s", rows[i].request);
	CHECK_EQ(strlen(rsp_ask(&r, "m0,ffffffffffffffff")), 0x40000);
	rsp_close(&r);
}

static void a_second_debugger_is_sent_away(void)
{
	static const enum rsp_transport both[] = { RSP_UNIX, RSP_TCP };
	static const char told[] = "+$E.stepvm has a debugger already; end that one first#";
	for (size_t k = 0; k < 2; k++) {
		for (int is_running = 0; is_running < 2; is_running++) {
			struct rsp r;
			char got[200];
			size_t len = 0;
			ssize_t n;
			RSP_OPEN(&r, both[k], "spin", NULL);
			RSP_IS(&r, "QC1", "qC");
			if (is_running)
				rsp_send(&r, "c", 1);
			int fd = rsp_dial(&r);
			CHECK(fd >= 0);
			if (write(fd, "+$qSupported#37", 15) != 15)
				CHECK_FAIL("cannot write");
			while ((n = read(fd, got + len, sizeof got - len)) > 0)
				len += (size_t)n;
			CHECK(len > sizeof told && !memcmp(got, told, sizeof told - 1));
			close(fd);
			CHECK(rsp_wait_errors(&r, "a second debugger was sent away"));
			if (is_running) {
				rsp_send_raw(&r, "\x03", 1);
				CHECK(!strncmp(rsp_reply(&r), "T02", 3));
			}
			RSP_IS(&r, "QC1", "qC");
			rsp_close(&r);
		}
	}
}

int main(void)
{
	RUN(gdbs_own_session_works_on_every_transport);
	RUN(the_socket_is_the_users_alone);
	RUN(a_wrong_checksum_gets_a_nak_and_a_nak_the_last_packet);
	RUN(every_cut_of_a_request_gives_its_reply);
	RUN(requests_need_not_wait_for_replies);
	RUN(a_packet_of_a_mebibyte_is_refused_and_forgotten);
	RUN(absurd_lengths_are_refused);
	RUN(a_second_debugger_is_sent_away);
	return check_done();
}

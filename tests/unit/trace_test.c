/* Tracepoints: what is defined, what a hit collects, what a frame answers in the machine's place,
 * how a run ends, what is refused. The fake's real mode has eax as register 0, ecx as 1, eip as 8.
 */
#include "session_wire.h"

/* Several packets, parted by blanks; each is to be answered by OK. */
static void send_all(struct wire *w, const char *packets)
{
	char packet[300];
	int used;
	w->stops_at_once = true;
	while (sscanf(packets, " %299s%n", packet, &used) == 1) {
		const char *reply = wire_ask(w, packet);
		if (strcmp(reply, "OK"))
			CHECK_FAIL("%s -> %.200s, wanted OK", packet, reply);
		packets += used;
	}
}

static void ask(struct wire *w, const char *packet, const char *reply)
{
	const char *is = wire_ask(w, packet);
	if (strcmp(is, reply))
		CHECK_FAIL("%s -> %.300s, wanted %.300s", packet, is, reply);
}

/* The reply has this in it. */
static void ask_for(struct wire *w, const char *packet, const char *part)
{
	const char *is = wire_ask(w, packet);
	if (!strstr(is, part))
		CHECK_FAIL("%s -> %.300s, wanted %s in it", packet, is, part);
}

/* The machine runs and comes to gva; whether it stops there. */
static bool hit(struct wire *w, uint64_t gva)
{
	w->stops_at_once = false;
	if (session_state(w->session) == SESSION_STOPPED)
		wire_send(w, "c", 1);
	return hit_breakpoint(w->session, 0, gva);
}

static void stop(struct wire *w)
{
	if (session_state(w->session) == SESSION_RUNNING)
		session_stopped(w->session, &wire_trap, NULL);
	wire_collect(w, SIZE_MAX);
	wire_forget(w);
	w->stops_at_once = true;
}

static void set_register(struct wire *w, const char *name, uint64_t value)
{
	memcpy(w->fake.values[fake_find(&w->fake, name)], &value, 8);
}

static void frames_answer_in_the_machines_place(void)
{
	struct wire w;
	char g[1000];
	wire_open(&w);
	snprintf(g, sizeof g, "%s", wire_ask(&w, "g"));
	/* R: eax; M: 4 bytes at 0x100, 2 behind ecx + 0x10; X: trace_quick 3 at 0x110. */
	send_all(&w, "QTinit QTDP:1:10:E:0:0- QTDP:-1:10:R01M-1,100,4M1,10,2- "
	             "QTDP:-1:10:X6,2301100d0327 QTro:200,300 QTStart");
	set_register(&w, "rcx", 0x111);
	CHECK(!hit(&w, 0x10));
	stop(&w);
	set_register(&w, "rax", 0);
	memset(w.fake.ram, 0xee, 0x1000);
	send_all(&w, "QTStop");
	ask(&w, "QTFrame:0", "F0T1");
	ask(&w, "p0", "01112131");
	ask(&w, "p1", "11010000");
	CHECK(strncmp(wire_ask(&w, "g"), "0111213111010000", 16) == 0);
	CHECK_EQ(strlen(wire_ask(&w, "g")), strlen(g));
	ask(&w, "m100,4", "01080f16");
	ask(&w, "m102,2", "0f16");
	ask(&w, "m102,9", "0f16"); /* as far as the frame goes */
	ask(&w, "m110,3", "71787f");
	ask(&w, "m121,2", "e8ef");
	ask(&w, "m104,1", "E14");
	ask(&w, "mff,2", "E14");
	ask(&w, "m200,2", "eeee"); /* read-only memory, as it is now */
	ask(&w, "m2ff,2", "ee");
	/* Registers that are not in g were not asked for. */
	CHECK(!strncmp(wire_ask(&w, "p45"), "xx", 2));
	ask(&w, "p999", "E22");
	ask_for(&w, "qXfer:traceframe-info:read::0,1000",
	        "<memory start=\"0x100\" length=\"0x4\"/>\n<memory start=\"0x121\" "
	        "length=\"0x2\"/>\n<memory start=\"0x110\" length=\"0x3\"/>\n</traceframe-info>");
	/* Nothing changes, and nothing goes on. */
	ask_for(&w, "P0=00000000", "E.a trace frame is selected");
	ask_for(&w, "M100,1:00", "E.a trace frame is selected");
	ask_for(&w, "X100,1:a", "E.a trace frame is selected");
	ask_for(&w, "c", "E.a trace frame is selected");
	ask_for(&w, "vCont;s:1", "E.a trace frame is selected");
	ask_for(&w, "vCont;r1,2:1", "E.a trace frame is selected");
	send_all(&w, "Qqemu.PhyMemMode:1");
	ask(&w, "m100100,1", "E14");
	send_all(&w, "Qqemu.PhyMemMode:0 QTFrame:ffffffff");
	ask(&w, "p0", "00000000");
	ask(&w, "m104,1", "ee");
	ask_for(&w, "qXfer:traceframe-info:read::0,1000", "E.no trace frame");
	send_all(&w, "P0=00000000");
	wire_close(&w);
}

static void registers_that_were_not_collected_are_unavailable(void)
{
	struct wire w;
	wire_open(&w);
	/* 1: nothing; 2: st0, which is not in g. */
	send_all(&w, "QTinit QTDP:1:10:E:0:0 QTDP:2:10:E:0:0- QTDP:-2:10:R800000000000000000 "
	             "QTStart");
	CHECK(!hit(&w, 0x10));
	stop(&w);
	send_all(&w, "QTStop");
	ask(&w, "QTFrame:0", "F0T1");
	ask(&w, "p8", "10000000"); /* where the hit was is known */
	ask(&w, "p0", "xxxxxxxx");
	ask(&w, "QTFrame:1", "F1T2");
	ask(&w, "p0", "xxxxxxxx");
	unsigned collected = 0;
	for (unsigned n = 0; n < 100; n++) {
		char packet[8];
		snprintf(packet, sizeof packet, "p%x", n);
		const char *reply = wire_ask(&w, packet);
		collected += reply[0] != 'x' && reply[0] != 'E';
	}
	CHECK_EQ(collected, 2); /* and the pc */
	wire_close(&w);
}

/* Registers under another layout's names would be wrong ones. */
static void a_frame_of_another_mode_has_its_own_registers(void)
{
	struct wire w;
	wire_open(&w);
	wire_ask(&w, "qXfer:features:read:target.xml:0,1");
	send_all(&w, "QTinit QTDP:1:10:E:0:0- QTDP:-1:10:R01M-1,100,2 QTStart");
	w.fake.layout = TARGET_LONG64;
	CHECK(!hit(&w, 0x10));
	w.fake.layout = TARGET_REAL16;
	stop(&w);
	send_all(&w, "QTStop");
	ask(&w, "QTFrame:0", "F0T1");
	ask(&w, "p0", "xxxxxxxx");
	ask(&w, "p8", "xxxxxxxx");
	CHECK(strspn(wire_ask(&w, "g"), "x") == strlen(wire_ask(&w, "g")));
	ask(&w, "m100,2", "0108");
	/* tsave reads the description and goes on as before. */
	wire_ask(&w, "qTStatus");
	wire_ask(&w, "qXfer:features:read:target.xml:0,1");
	ask(&w, "p0", "xxxxxxxx");
	/* unset tdesc filename has gdb speak the frame's layout. */
	ask_for(&w, "qXfer:features:read:target.xml:0,100", "i386:x86-64");
	ask(&w, "p0", "0111213141516171");
	send_all(&w, "QTFrame:-1");
	ask_for(&w, "qXfer:features:read:target.xml:0,100", "i8086");
	wire_close(&w);
}

static void frames_are_found(void)
{
	static const uint64_t hits[] = { 0x10, 0x20, 0x20, 0x30, 0x10 };
	struct wire w;
	wire_open(&w);
	send_all(&w, "QTinit QTDP:1:10:E:0:0 QTDP:2:20:E:0:0 QTDP:3:30:E:0:0 QTStart");
	for (size_t i = 0; i < sizeof hits / sizeof *hits; i++)
		CHECK(!hit(&w, hits[i]));
	CHECK(hit(&w, 0x40)); /* none of the tracepoints' */
	stop(&w);
	send_all(&w, "QTStop");
	static const struct wire_row rows[] = { { "QTFrame:pc:20", "F1T2" },
		{ "QTFrame:pc:20", "F2T2" }, { "QTFrame:pc:20", "F-1" }, { "QTFrame:3", "F3T3" },
		{ "QTFrame:tdp:1", "F4T1" }, { "QTFrame:tdp:1", "F-1" }, { "QTFrame:0", "F0T1" },
		{ "QTFrame:tdp:1", "F4T1" }, { "QTFrame:5", "F-1" }, { "QTFrame:-1", "OK" },
		{ "QTFrame:range:20:2f", "F1T2" }, { "QTFrame:range:11:30", "F2T2" },
		{ "QTFrame:range:11:30", "F3T3" }, { "QTFrame:range:11:30", "F-1" },
		{ "QTFrame:-1", "OK" }, { "QTFrame:outside:10:20", "F3T3" },
		{ "QTFrame:outside:10:30", "F-1" }, { "QTFrame:ffffffffffffffff", "F-1" },
		{ "QTFrame:", "E22" }, { "QTFrame:range:1", "E22" }, { "QTFrame:pc:1:2", "E22" },
		{ "QTFrame:tdp:", "E22" } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ask(&w, rows[i].packet, rows[i].reply);
	wire_close(&w);
}

static void runs_end_by_themselves_and_say_why(void)
{
	static const struct {
		const char *packets;
		unsigned hits; /* and none of them stops the machine */
		const char *status;
	} rows[] = {
		{ "QTDP:1:10:E:0:0 QTStart", 3, "T1;tframes:3;tcreated:3;" },
		{ "QTDP:1:10:E:0:0 QTStart QTStop QTNotes:tstop:6869;user:41;notes:42;", 0,
		        "T0;tstop:6869:0;tframes:0;" },
		{ "QTDP:1:10:E:0:2 QTStart", 3, "T0;tpasscount:1;tframes:2;tcreated:2;" },
		/* A condition that holds never, one that fails; an action that fails. */
		{ "QTDP:1:10:E:0:1:X3,220027 QTStart", 3, "T1;tframes:0;" },
		{ "QTDP:1:10:E:0:1:X6,220122000527 QTStart", 3, "T0;terror:" },
		{ "QTDP:9:10:E:0:0- QTDP:-9:10:X5,2341001727 QTStart", 2, "T0;terror:" },
		/* 24 bytes of head and 11 + 4 of memory a frame. */
		{ "QTDP:1:10:E:0:0- QTDP:-1:10:M-1,100,4 QTBuffer:size:4e QTStart", 2,
		        "T1;tframes:2;tcreated:2;tfree:0;tsize:4e;circular:0;" },
		{ "QTDP:1:10:E:0:0- QTDP:-1:10:M-1,100,4 QTBuffer:size:74 QTStart", 3,
		        "T0;tfull:0;tframes:2;tcreated:2;tfree:26;" },
		{ "QTDP:1:10:E:0:0- QTDP:-1:10:M-1,100,4 QTBuffer:size:74 QTBuffer:circular:1 "
		  "QTStart",
		        9, "T1;tframes:2;tcreated:9;tfree:26;tsize:74;circular:1;" },
		{ "QTDP:1:10:E:0:0- QTDP:-1:10:M-1,100,200 QTBuffer:size:74 QTBuffer:circular:1 "
		  "QTStart",
		        1, "T0;tfull:0;tframes:0;" },
		/* What is not there is left out, without an end. */
		{ "QTDP:1:10:E:0:0- QTDP:-1:10:M-1,4000,4 QTStart", 2, "T1;tframes:2;" },
		{ "QTDP:1:10:D:0:0 QTStart", 0, "T1;tframes:0;" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wire w;
		wire_open(&w);
		ask_for(&w, "qTStatus",
		        "T0;tnotrun:0;tframes:0;tcreated:0;tfree:500000;tsize:500000;");
		send_all(&w, "QTinit");
		send_all(&w, rows[i].packets);
		for (unsigned k = 0; k < rows[i].hits; k++) {
			bool is_over = strstr(wire_ask(&w, "qTStatus"), "T0;") != NULL;
			CHECK_EQ(hit(&w, 0x10), is_over);
			stop(&w);
		}
		ask_for(&w, "qTStatus", rows[i].status);
		if (!check_case_ok)
			CHECK_FAIL("that was row %zu", i);
		wire_close(&w);
	}
}

static const char *error_of(struct wire *w)
{
	static char text[200];
	const char *at = strstr(wire_ask(w, "qTStatus"), "terror:");
	unsigned n = 0, byte;
	for (at = at ? at + 7 : ""; n < sizeof text - 1 && sscanf(at, "%2x", &byte) == 1; at += 2)
		text[n++] = (char)byte;
	snprintf(text + n, sizeof text - n, "%.3s", at);
	return text;
}

static void errors_name_the_tracepoint(void)
{
	static const struct {
		const char *packets, *text;
	} rows[] = {
		{ "QTDP:1:10:E:0:1:X6,220122000527",
		        "the condition at 0x10: division by zero:1;t" },
		{ "QTDP:9:10:E:0:0- QTDP:-9:10:X5,2341001727",
		        "an action at 0x10: no memory at 0x4100:9;t" },
		{ "QTDP:9:10:E:0:0- QTDP:-9:10:R2", "an action at 0x10: edx can't be read:9;t" },
		/* The same 28 KiB over and over. */
		{ "QTDP:9:10:E:0:0- "
		  "QTDP:-9:10:Xd,2350002370000c220120000027",
		        "a frame has at most 1048576 bytes:9;t" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wire w;
		wire_open(&w);
		send_all(&w, "QTinit");
		send_all(&w, rows[i].packets);
		send_all(&w, "QTStart");
		w.fake.unreadable = "rdx";
		CHECK(!hit(&w, 0x10));
		stop(&w);
		CHECK(!strncmp(error_of(&w), rows[i].text, strlen(rows[i].text) - 3));
		if (!check_case_ok)
			CHECK_FAIL("that was row %zu: %s", i, error_of(&w));
		ask_for(&w, "qTStatus", "tframes:0;");
		wire_close(&w);
	}
}

static void steps_are_collected_too(void)
{
	struct wire w;
	wire_open(&w);
	/* Tracepoint 1: a byte at the hit, two behind each of two steps, twice. */
	send_all(&w, "QTinit QTDP:1:10:E:2:2- QTDP:-1:10:M-1,100,1- QTDP:-1:10:SM-1,200,2- "
	             "QTDP:-1:10:M-1,300,1 QTStart");
	CHECK(!hit_wants_steps(w.session));
	for (unsigned i = 0; i < 2; i++) {
		CHECK(!hit(&w, 0x10));
		CHECK(hit_wants_steps(w.session));
		set_register(&w, "pc", 0x11);
		CHECK(hit_stepped(w.session, 0));
		stop(&w); /* a stop in between changes nothing */
		CHECK(!hit_wants_steps(w.session));
		hit(&w, 0x99);
		CHECK(hit_wants_steps(w.session));
		set_register(&w, "pc", 0x13);
		CHECK(!hit_stepped(w.session, 0));
		CHECK(!hit_wants_steps(w.session));
	}
	stop(&w);
	ask_for(&w, "qTStatus", "T0;tpasscount:1;tframes:6;");
	ask(&w, "QTFrame:pc:11", "F1T1");
	ask(&w, "m100,1", "E14");
	ask(&w, "m200,2", "0209");
	ask(&w, "m300,1", "03");
	ask(&w, "QTFrame:tdp:1", "F2T1");
	ask(&w, "p8", "13000000");
	ask(&w, "QTFrame:0", "F0T1");
	ask(&w, "m100,1", "01");
	ask(&w, "m200,1", "E14");
	ask(&w, "qTP:1:10", "V2:10c"); /* 2 * (24 + 12) + 4 * (24 + 13 + 12) bytes */
	wire_close(&w);
}

static void variables_are_kept_and_collected(void)
{
	struct wire w;
	wire_open(&w);
	ask(&w, "qTV:1", "U");
	/* 1: $n = $n + 1, and what it is then. A breakpoint's condition sees it, too. */
	send_all(&w,
	        "QTinit QTDP:1:10:E:0:0- QTDP:-1:10:Xe,2c00012201022d0001292e000127 "
	        "QTDV:1:fffffffffffffffe:0:6e QTDV:2:7:0:6d Z0,10,1;X7,2c000122001327 QTStart");
	ask(&w, "qTV:1", "Vfffffffffffffffe");
	CHECK(!hit(&w, 0x10));
	CHECK(hit(&w, 0x10)); /* it is 0 now */
	stop(&w);
	ask(&w, "qTV:1", "V0");
	ask(&w, "qTV:2", "V7");
	ask(&w, "qTV:3", "U");
	send_all(&w, "QTStop");
	ask(&w, "QTFrame:0", "F0T1");
	ask(&w, "qTV:1", "Vffffffffffffffff");
	ask(&w, "qTV:2", "U");
	ask_for(&w, "qXfer:traceframe-info:read::0,1000", "<tvar id=\"1\"/>");
	ask(&w, "qTfV", "1:fffffffffffffffe:0:6e");
	ask(&w, "qTsV", "2:7:0:6d");
	ask(&w, "qTsV", "l");
	send_all(&w, "QTinit");
	ask(&w, "qTfV", "l");
	wire_close(&w);
}

static void strings_end_at_their_zero(void)
{
	struct wire w;
	wire_open(&w);
	memcpy(w.fake.ram + 0x100, "boot", 5);
	memset(w.fake.ram + 0x3ff0, 'x', 16); /* to the hole */
	send_all(&w,
	        "QTinit QTDP:1:10:E:0:0- QTDP:-1:10:X7,23010022202f27X7,233ff022202f27 QTStart");
	CHECK(!hit(&w, 0x10));
	stop(&w);
	ask(&w, "QTFrame:0", "F0T1");
	ask(&w, "m100,10", "626f6f7400");
	ask(&w, "m3ff0,20", "78787878787878787878787878787878");
	wire_close(&w);
}

/* The debugger knows nothing of a tracepoint's breakpoint. */
static void tracepoints_stand_beside_breakpoints(void)
{
	static const struct target_stop software = { .kind = TARGET_STOP_BREAKPOINT };
	struct wire w;
	wire_open(&w);
	wire_ask(&w, "qSupported:swbreak+;hwbreak+");
	set_register(&w, "pc", 0x10);
	send_all(&w,
	        "QTinit QTDP:1:10:E:0:0 QTDP:2:10:E:0:0 QTDP:3:20:E:0:0 QTDP:4:30:D:0:0 QTStart");
	CHECK_STR(w.fake.log, "insert 0 10\ninsert 0 10\ninsert 0 20\n");
	w.fake.log[0] = 0;
	send_all(&w, "Z0,10,1 z0,10,1 Z0,20,1 QTEnable:4:30 QTDisable:1:10");
	CHECK_STR(w.fake.log, "insert 0 10\ninsert 0 20\ninsert 0 30\n");
	w.fake.log[0] = 0;
	send_all(&w, "QTDisable:2:10");
	CHECK_STR(w.fake.log, "remove 0 10\n");
	send_all(&w, "QTEnable:2:10 Z1,10,1");
	w.fake.log[0] = 0;
	/* Its own stops there are still what they are. */
	CHECK(hit(&w, 0x20));
	CHECK(hit(&w, 0x10));
	session_stopped(w.session, &software, NULL);
	wire_collect(&w, SIZE_MAX);
	CHECK(strstr((const char *)w.out, "hwbreak:;") != NULL);
	CHECK(strstr((const char *)w.out, "swbreak:;") == NULL);
	w.stops_at_once = true;
	/* ... where the tracepoint's own end has come with it, too. */
	send_all(&w, "QTStop QTinit QTDP:1:10:E:0:1 QTStart");
	CHECK(hit(&w, 0x10));
	session_stopped(w.session, &software, NULL);
	wire_collect(&w, SIZE_MAX);
	CHECK(strstr((const char *)w.out, "swbreak:;") == NULL);
	w.stops_at_once = true;
	ask_for(&w, "qTStatus", "T0;tpasscount:1;");
	send_all(&w, "QTinit QTDP:2:10:E:0:0 QTDP:4:30:E:0:0 QTStart");
	w.fake.log[0] = 0;
	send_all(&w, "z1,10,1 QTStop");
	CHECK_STR(w.fake.log, "remove 1 10\nremove 0 10\nremove 0 30\n");
	send_all(&w, "QTStop");
	ask(&w, "QTEnable:5:10", "E22");
	/* Where one is refused, none is left. */
	send_all(&w, "QTinit QTDP:1:10:E:0:0 QTDP:2:20:E:0:0");
	w.fake.refuses = true;
	w.fake.because = "for a reason";
	ask(&w, "QTStart", "E.for a reason");
	ask_for(&w, "qTStatus", "T0;tnotrun:0;");
	w.fake.refuses = false;
	send_all(&w, "QTStart");
	ask_for(&w, "QTStart", "E.tracepoints run already");
	ask_for(&w, "QTDP:5:50:E:0:0", "E.tracepoints can't be added while they run");
	ask_for(&w, "QTDPsrc:1:10:cond:0:1:41", "E.tracepoints can't be changed while they run");
	wire_close(&w);
}

static void a_detach_ends_the_run_and_a_restart_does_not(void)
{
	struct wire w;
	wire_open(&w);
	send_all(&w, "! QTinit QTDP:1:10:E:1:0 QTStart");
	CHECK(!hit(&w, 0x10));
	stop(&w);
	ask_for(&w, "vRun;", "T05");
	hit(&w, 0x99);
	CHECK(!hit_wants_steps(w.session));
	stop(&w);
	ask_for(&w, "qTStatus", "T1;tframes:1;");
	ask(&w, "QTFrame:0", "F0T1");
	ask_for(&w, "vRun;", "T05");
	ask(&w, "p8", "10000000");
	w.fake.log[0] = 0;
	send_all(&w, "QTFrame:-1 D");
	CHECK_STR(w.fake.log, "remove 0 10\ndetach\n");
	w.fake.is_stopped = true;
	ask_for(&w, "vAttach;1", "T05");
	ask_for(&w, "qTStatus", "T0;tdisconnected:0;tframes:1;");
	wire_close(&w);
}

static void definitions_come_back(void)
{
	static const char *const replies[] = { "T1:10:E:2:3:X3,220127", "A1:10:R0101",
		"A1:10:M-1,100,4", "S1:10:X1,27", "Z1:10:at:0:3:2a3136", "Z1:10:cmd:0:3:616263",
		"T2:20:D:0:0", "A2:20:M1,ffffffffffffffff,4", "l", "l" };
	struct wire w;
	wire_open(&w);
	ask(&w, "qTfP", "l");
	send_all(&w, "QTinit QTDP:1:10:E:2:3:X3,220127- QTDP:-1:10:R000101M-1,100,4- "
	             "QTDP:-1:10:SX1,27 QTDPsrc:1:10:at:0:3:2a3136 QTDPsrc:1:10:cmd:0:3:6162 "
	             "QTDPsrc:1:10:cmd:2:3:63 QTDP:2:20:D:0:0- QTDP:-2:20:M1,ffffffffffffffff,4");
	for (size_t i = 0; i < sizeof replies / sizeof *replies; i++)
		ask(&w, i ? "qTsP" : "qTfP", replies[i]);
	wire_close(&w);
}

/* gdb numbers registers as in the mode in which a condition was set; its text tells. */
static void a_condition_for_another_mode_is_refused(void)
{
	static const struct {
		const char *condition, *text;
		enum target_layout layout;
		bool is_taken;
	} rows[] = {
		{ "X4,26000127", "24656378", TARGET_REAL16, true },  /* $ecx, register 1 */
		{ "X4,26000127", "24656378", TARGET_LONG64, false }, /* ... which is rbx there */
		{ "X4,26000227", "24726378203d3d203124", TARGET_LONG64, true }, /* $rcx == 1$ */
		{ "X4,26000227", "24726278", TARGET_LONG64, false },            /* $rbx */
		{ "X4,26000a27", "2463733d3d2478", TARGET_REAL16, true },       /* $cs==$x */
		{ "X4,26000a27", "2463733d3d2478", TARGET_LONG64, false },
		{ "X4,26000127", "6e", TARGET_LONG64, true }, /* a variable */
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wire w;
		char packet[100];
		wire_open(&w);
		w.fake.layout = rows[i].layout;
		wire_ask(&w, "qXfer:features:read:target.xml:0,1");
		snprintf(packet, sizeof packet, "QTinit QTDP:1:10:E:0:0:%s", rows[i].condition);
		send_all(&w, packet);
		snprintf(packet, sizeof packet, "QTDPsrc:1:10:cond:0:%zx:%s",
		        strlen(rows[i].text) / 2, rows[i].text);
		ask_for(&w, packet,
		        rows[i].is_taken ? "OK" : "E.the condition of tracepoint 1 was");
		ask_for(&w, "qTfP", rows[i].is_taken ? "T1:10" : "l");
		if (!check_case_ok)
			CHECK_FAIL("that was row %zu", i);
		wire_close(&w);
	}
}

/* A frame each of the machine's layout, of another one, and of none. */
static void the_buffer_is_given_as_a_file_has_it(void)
{
	struct wire w;
	char whole[4000], pieces[4000] = "";
	wire_open(&w);
	wire_ask(&w, "qXfer:features:read:target.xml:0,1");
	send_all(&w, "QTinit QTDP:1:10:E:0:0- QTDP:-1:10:R800000000000000001M-1,100,2 QTStart");
	CHECK(!hit(&w, 0x10));
	w.fake.layout = TARGET_LONG64;
	CHECK(!hit(&w, 0x10));
	w.fake.layout = TARGET_REAL16;
	stop(&w);
	ask_for(&w, "qTBuffer:0,100", "E.gdb does not know the size of the registers yet");
	size_t g = strlen(wire_ask(&w, "g")) / 2;
	snprintf(whole, sizeof whole, "%s", wire_ask(&w, "qTBuffer:0,1000"));
	CHECK_EQ(strlen(whole) / 2, 6 + 1 + g + 13 + 6 + 13);
	CHECK(!strncmp(whole, "0100", 4));
	char length[10]; /* below 256 */
	snprintf(length, sizeof length, "%02x000000", (unsigned)(1 + g + 13));
	CHECK(!strncmp(whole + 4, length, 8));
	CHECK_STR(whole + strlen(whole) - 38, "01000d0000004d000100000000000002000108");
	for (unsigned size = 1; size < 50; size += 11) {
		char packet[40], *to = pieces;
		for (size_t at = 0; at < strlen(whole) / 2; at += size) {
			snprintf(packet, sizeof packet, "qTBuffer:%zx,%x", at, size);
			to += snprintf(to, sizeof pieces - (size_t)(to - pieces), "%s",
			        wire_ask(&w, packet));
		}
		CHECK_STR(pieces, whole);
		snprintf(packet, sizeof packet, "qTBuffer:%zx,10", strlen(whole) / 2);
		ask(&w, packet, "l");
	}
	ask(&w, "qTBuffer:999,1", "E22");
	send_all(&w, "QTinit");
	ask(&w, "qTBuffer:0,100", "l");
	wire_close(&w);
}

static void malformed_ones_are_refused(void)
{
	static const struct wire_row rows[] = { { "QTDP:", "E22" }, { "QTDP:1", "E22" },
		{ "QTDP:1:10", "E22" }, { "QTDP:1:10:", "E22" }, { "QTDP:1:10:E", "E22" },
		{ "QTDP:1:10:E:0", "E22" }, { "QTDP:1:10:E:0:", "E22" },
		{ "QTDP:1:10:F:0:0", "E22" }, { "QTDP:1:10:E:0:0:", "E22" },
		{ "QTDP:1:10:E:0:0x", "E22" }, { "QTDP:1:10:E:0:0:X", "E22" },
		{ "QTDP:1:10:E:0:0:X3,2201", "E22" }, { "QTDP:1:10:E:0:0:X3,22012g", "E22" },
		{ "QTDP:1:10:E:0:0:X3,220127:X3,220127", "E22" },
		{ "QTDP:1:10:E:0:0:Xffffffffffffffff,220127", "E22" },
		{ "QTDP:1:10:E:0:0:F5", "E.there are no fast tracepoints, only those of `trace`" },
		{ "QTDP:1:10:E:0:0:S", "E.there are no static tracepoints" },
		{ "QTDP:0:10:E:0:0", "E.tracepoints have numbers from 1 to 65535" },
		{ "QTDP:10000:10:E:0:0", "E.tracepoints have numbers from 1 to 65535" },
		{ "QTDP:ffff:10:E:0:0", "OK" },
		{ "QTDP:1:10:E:0:0:X1,27",
		        "E.the condition of tracepoint 1: end at byte 0 leaves no value" },
		{ "QTDP:1:10:E:0:0:X5,22010d0127",
		        "E.the condition of tracepoint 1: trace_quick at byte 2 is for the actions "
		        "of a tracepoint" },
		{ "QTDP:-1:10:R1", "E22" }, { "QTDPsrc:1:10:at:0:1:41", "E22" },
		{ "QTDPsrc:", "E22" }, { "QTDV:", "E22" }, { "QTDV:1:2:0", "E22" },
		{ "QTDV:10000:2:0:41", "E22" }, { "QTDV:1:2:2:41", "E22" },
		{ "QTDV:1:2:0:4", "E22" }, { "QTDV:1:2:0:4g", "E22" }, { "QTDV:1:2:0:", "OK" },
		{ "QTro", "OK" }, { "QTro:1,2", "OK" }, { "QTro:1", "E22" }, { "QTro:1,2x", "E22" },
		{ "QTBuffer:circular:2", "E22" },
		{ "QTBuffer:size:0", "E.a trace buffer has 1 to 67108864 bytes" },
		{ "QTBuffer:size:-1", "OK" }, { "QTBuffer:size:-2", "E22" },
		{ "QTBuffer:size:4000000", "OK" },
		{ "QTBuffer:size:4000001", "E.a trace buffer has 1 to 67108864 bytes" },
		{ "QTNotes:", "OK" }, { "QTNotes:x:41", "E22" }, { "QTNotes:user:4", "E22" },
		{ "QTNotes:user:4g;", "E22" }, { "QTEnable:1:10", "E22" }, { "QTDisable:", "E22" },
		{ "qTP:1:10", "E22" }, { "qTP:", "E22" }, { "qTV:", "E22" },
		{ "qTBuffer:0", "E22" }, { "qTBuffer:1,1", "l" }, { "QTSave:41", "" },
		{ "QTDisconnected:1", "" }, { "qTMinFTPILen", "" }, { "qTfSTM", "" } };
	WIRE_CHECK_ROWS(rows);
}

/* An action that is refused takes its tracepoint along. */
static void refused_actions_leave_nothing(void)
{
	static const struct wire_row rows[] = { { "Y", "E22" }, { "-", "OK" }, { "M", "E22" },
		{ "M1", "E22" }, { "M1,2", "E22" }, { "M1,2,", "E22" }, { "M-2,1,1", "E22" },
		{ "Mfff,1,1",
		        "E.an action of tracepoint 1 names a register that can't be an address" },
		{ "L", "E.there are no static tracepoints" }, { "SS", "E22" }, { "X", "E22" },
		{ "X1,28", "E.an action of tracepoint 1: dup at byte 0 finds too little on the "
		           "stack" },
		{ "R", "OK" }, { "R1R2M-1,2,3X1,27", "OK" }, { "RZ", "E22" },
		{ "R0000000000000000000000000000000000000000000000000000000000000000000000000000000"
		  "1",
		        "OK" } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wire w;
		char packet[300];
		wire_open(&w);
		send_all(&w, "QTinit QTDP:1:10:E:0:0-");
		snprintf(packet, sizeof packet, "QTDP:-1:10:%s", rows[i].packet);
		ask(&w, packet, rows[i].reply);
		ask(&w, "qTfP", strcmp(rows[i].reply, "OK") ? "l" : "T1:10:E:0:0");
		wire_close(&w);
	}
}

static void all_has_limits(void)
{
	struct wire w;
	char packet[600];
	wire_open(&w);
	send_all(&w, "QTinit");
	for (unsigned i = 0; i < 1024; i++) {
		snprintf(packet, sizeof packet, "QTDP:1:%x:E:0:0-", i);
		send_all(&w, packet);
	}
	ask(&w, "QTDP:1:400:E:0:0", "E.there are 1024 tracepoints already");
	for (unsigned i = 0; i < 64; i++)
		send_all(&w, "QTDP:-1:0:R1-");
	ask(&w, "QTDP:-1:0:R1-", "E.a tracepoint can have 64 actions");
	for (unsigned i = 0; i < 256; i++) {
		snprintf(packet, sizeof packet, "QTDV:%x:0:0:41", i);
		send_all(&w, packet);
	}
	ask(&w, "QTDV:100:0:0:41", "E.there are 256 trace state variables already");
	ask(&w, "QTDP:-1:1:X5,2c01002927",
	        "E.an action of tracepoint 1: getv at byte 0 names a variable, and there is no "
	        "room for more");
	char *ranges = calloc(257, 5);
	strcpy(ranges, "QTro");
	for (unsigned i = 0; i < 256; i++)
		strcat(ranges, ":1,2");
	send_all(&w, "QTinit");
	ask(&w, ranges, "OK");
	strcat(ranges, ":1,2");
	ask(&w, ranges, "E.there are 256 read-only ranges already");
	free(ranges);
	/* Source lines: 64 KiB each, 1 MiB in all. */
	char *line = malloc(0x20040);
	send_all(&w, "QTDP:1:10:E:0:0");
	unsigned taken = 0;
	int n = sprintf(line, "QTDPsrc:1:10:cmd:0:10000:");
	memset(line + n, '4', 0x20000);
	line[n + 0x20000] = 0;
	while (taken < 100 && !strcmp(wire_ask(&w, line), "OK"))
		taken++;
	CHECK_EQ(taken, 15);
	ask_for(&w, line, "E.tracepoints and their source lines have at most 1048576 bytes");
	for (unsigned i = 0; i <= taken; i++)
		wire_ask(&w, i ? "qTsP" : "qTfP");
	/* To the last byte: shorter and shorter ones. */
	for (unsigned len = 2000; len; len -= strcmp(w.reply, "OK") != 0) {
		n = sprintf(line, "QTDPsrc:1:10:cmd:0:%x:", len);
		memset(line + n, '4', 2 * len);
		line[n + 2 * len] = 0;
		wire_ask(&w, line);
	}
	ask_for(&w,
	        "QTDV:1:0:0:"
	        "44444444444444444444444444444444444444444444444444444444444444444444444444444444",
	        "E.tracepoints and their source lines");
	ask_for(&w, "qTfP", "T1");
	ask_for(&w, "qTsP", "Z1:10:cmd:0:10000:4444");
	ask_for(&w, "QTDPsrc:1:10:cmd:0:10001:41", "E.tracepoints and their source lines");
	n = sprintf(line, "QTNotes:user:");
	memset(line + n, '4', 2 * 4096);
	line[n + 2 * 4096] = 0;
	ask(&w, line, "OK");
	strcat(line, "44");
	ask(&w, line, "E.a note has at most 4096 bytes");
	free(line);
	wire_close(&w);
}

int main(void)
{
	RUN(frames_answer_in_the_machines_place);
	RUN(registers_that_were_not_collected_are_unavailable);
	RUN(a_frame_of_another_mode_has_its_own_registers);
	RUN(frames_are_found);
	RUN(runs_end_by_themselves_and_say_why);
	RUN(errors_name_the_tracepoint);
	RUN(steps_are_collected_too);
	RUN(variables_are_kept_and_collected);
	RUN(strings_end_at_their_zero);
	RUN(tracepoints_stand_beside_breakpoints);
	RUN(a_detach_ends_the_run_and_a_restart_does_not);
	RUN(definitions_come_back);
	RUN(a_condition_for_another_mode_is_refused);
	RUN(the_buffer_is_given_as_a_file_has_it);
	RUN(malformed_ones_are_refused);
	RUN(refused_actions_leave_nothing);
	RUN(all_has_limits);
	return check_done();
}

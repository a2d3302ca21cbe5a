/* The q and Q packets: features, documents in pieces, threads, monitor commands. */
#include "random.h"
#include "session_wire.h"

static void says_what_it_can(void)
{
	struct wire w;
	wire_open(&w);
	const char *reply = wire_ask(&w, "qSupported");
	CHECK(strstr(reply, "PacketSize=40000;"));
	CHECK(strstr(reply, "QStartNoAckMode+"));
	CHECK(strstr(reply, "vContSupported+"));
	CHECK(strstr(reply, "qXfer:features:read+"));
	CHECK(strstr(reply, "qXfer:threads:read+"));
	CHECK(strstr(reply, "binary-upload+"));
	CHECK(!strstr(reply, "multiprocess"));
	CHECK(!strstr(reply, "swbreak"));
	CHECK(!strstr(reply, "hwbreak"));
	reply = wire_ask(&w, "qSupported:multiprocess+;xmlRegisters=i386;swbreak+;hwbreak+;;x");
	CHECK(strstr(reply, ";multiprocess+"));
	CHECK(strstr(reply, ";swbreak+"));
	CHECK(strstr(reply, ";hwbreak+"));
	reply = wire_ask(&w, "qSupported:multiprocess-;swbreak?"); /* a new gdb, a new list */
	CHECK(!strstr(reply, "multiprocess+"));
	CHECK(!strstr(reply, "swbreak"));
	wire_close(&w);
}

static void plain_queries(void)
{
	static const struct wire_row rows[] = {
		{ "qC", "QC1" },
		{ "qCx", "" },
		{ "qAttached", "0" },
		{ "qAttached:1", "0" },
		{ "qfThreadInfo", "m1" },
		{ "qsThreadInfo", "l" },
		{ "qThreadExtraInfo,1", "637075203020617420"
		                        "30" }, /* "cpu 0 at 0" */
		{ "qThreadExtraInfo,p1.1", "63707520302061742030" },
		{ "qThreadExtraInfo,2", "E22" },
		{ "qThreadExtraInfo,", "E22" },
		{ "qThreadExtraInfo,1x", "E22" },
		{ "QStartNoAckMode", "OK" },
		{ "QStartNoAckModex", "" },
		{ "vMustReplyEmpty", "" },
		{ "qRcmd,68", "OK" },
		{ "qRcmd,", "OK" },
		{ "qRcmd,6", "E22" },
		{ "qRcmd,6x", "E22" },
		{ "qRcmd,00", "E22" }, /* a line has no 0 in it */
		{ "qRcmd,680068", "E22" },
		{ "qRcmd", "" },
	};
	WIRE_CHECK_ROWS(rows);
}

static void what_is_not_known_gets_an_empty_reply(void)
{
	static const struct wire_row rows[] = {
		{ "", "" },
		{ "A", "" },
		{ "b", "" },
		{ "bx", "" },
		{ "B0,S", "" },
		{ "d", "" },
		{ "F0", "" },
		{ "i", "" },
		{ "I", "" },
		{ "kk", "" },
		{ "r", "" },
		{ "R0", "" },
		{ "t0:0,0", "" },
		{ "vFile:readlink:2f", "" },
		{ "vFile:pwrite:1,0,41", "" },
		{ "vFile:unlink:2f", "" },
		{ "vRun;", "" },
		{ "vAttach;1", "" },
		{ "v", "" },
		{ "vKill", "" },
		{ "q", "" },
		{ "Q", "" },
		{ "qL1000000000", "" },
		{ "qOffsets", "" },
		{ "qSymbol::", "" },
		{ "qTfSTM", "" },
		{ "qXfer:features:write:x:0:", "" },
		{ "qXfer:memory-map:read::0,10", "" },
		{ "QNonStop:1", "" },
		{ "QThreadEvents:1", "" },
		{ "jThreads", "" },
		{ "_M1,1", "" },
		{ "\x01", "" },
		{ "+", "" },
		{ " g", "" },
		{ "gx", "" },
	};
	WIRE_CHECK_ROWS(rows);
}

static void process_ids_come_when_gdb_knows_them(void)
{
	struct wire w;
	wire_open(&w);
	w.fake.cpus = 3;
	w.fake.is_attached = true;
	wire_ask(&w, "qSupported:multiprocess+");
	CHECK_STR(wire_ask(&w, "qC"), "QCp1.1");
	CHECK_STR(wire_ask(&w, "qfThreadInfo"), "mp1.1,p1.2,p1.3");
	CHECK_STR(wire_ask(&w, "qAttached:1"), "1");
	CHECK(!strncmp(wire_ask(&w, "?"), "T05thread:p1.1;", 15));
	CHECK(strstr(wire_ask(&w, "qXfer:threads:read::0,1000"), "<thread id=\"p1.3\""));
	wire_close(&w);
}

/* Reads a document in pieces; returns its length. */
static size_t read_document(struct wire *w, const char *prefix, size_t piece, char *to, size_t size)
{
	size_t n = 0;
	for (;;) {
		char packet[100];
		snprintf(packet, sizeof packet, "%s%zx,%zx", prefix, n, piece);
		const char *reply = wire_ask(w, packet);
		if (reply[0] != 'm' && reply[0] != 'l') {
			CHECK_FAIL("%s -> %.40s", packet, reply);
			return 0;
		}
		for (const char *c = reply + 1; *c && n < size - 1; c++) {
			if (*c == '}')
				to[n++] = *++c ^ 0x20;
			else
				to[n++] = *c;
		}
		to[n] = 0;
		if (reply[0] == 'l')
			return n;
		if (!reply[1]) {
			CHECK_FAIL("%s: an empty piece that is not the last", packet);
			return n;
		}
	}
}

static void documents_are_the_same_in_any_pieces(void)
{
	static const char *const prefixes[] = { "qXfer:features:read:target.xml:",
		"qXfer:threads:read::" };
	static char whole[0x8000], pieces[0x8000];
	struct wire w;
	wire_open(&w);
	w.fake.cpus = 3;
	for (size_t k = 0; k < 2; k++) {
		size_t len =
		        read_document(&w, prefixes[k], SESSION_PACKET_SIZE, whole, sizeof whole);
		CHECK(len > 100 && strstr(whole, k == 0 ? "</target>" : "</threads>"));
		for (size_t piece = 1; piece <= len + 1; piece = piece * 3 / 2 + 1) {
			CHECK_EQ(read_document(&w, prefixes[k], piece, pieces, sizeof pieces), len);
			CHECK(!memcmp(pieces, whole, len + 1));
		}
	}
	wire_close(&w);
}

/* Every offset, some lengths: the bytes there, and `l` exactly where the end is reached. */
static void every_offset_gives_the_bytes_that_stand_there(void)
{
	static const size_t lengths[] = { 0, 1, 7, 4096, 0x40000 };
	static char whole[0x8000];
	static const char prefix[] = "qXfer:features:read:target.xml:";
	struct wire w;
	wire_open(&w);
	size_t len = read_document(&w, prefix, 0x1000, whole, sizeof whole);
	for (size_t offset = 0; offset <= len && check_case_ok; offset += offset > 20 ? 13 : 1) {
		for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
			char packet[100];
			size_t n = len - offset < lengths[k] ? len - offset : lengths[k];
			snprintf(packet, sizeof packet, "%s%zx,%zx", prefix, offset, lengths[k]);
			const char *reply = wire_ask(&w, packet);
			CHECK_EQ(reply[0], offset + n == len ? 'l' : 'm');
			CHECK_EQ(strlen(reply + 1), n);
			CHECK(!memcmp(reply + 1, whole + offset, n));
		}
	}
	char beyond[100];
	snprintf(beyond, sizeof beyond, "%s%zx,10", prefix, len + 1);
	CHECK_STR(wire_ask(&w, beyond), "E22");
	wire_close(&w);
}

static void bad_document_requests_are_refused(void)
{
	static const struct wire_row rows[] = {
		{ "qXfer:features:read:target.xml:0", "E22" },
		{ "qXfer:features:read:target.xml:0,", "E22" },
		{ "qXfer:features:read:target.xml:,1", "E22" },
		{ "qXfer:features:read:target.xml:0,1x", "E22" },
		{ "qXfer:features:read:target.xml:-1,1", "E22" },
		{ "qXfer:features:read:target.xml:ffffffffffffffff,1", "E22" },
		{ "qXfer:features:read:target.xml:ffffffffffffffff,ffffffffffffffff", "E22" },
		{ "qXfer:features:read:target.xml:10000000000000000,1", "E22" },
		{ "qXfer:features:read:other.xml:0,1", "E22" },
		{ "qXfer:features:read::0,1", "E22" },
		{ "qXfer:threads:read::0", "E22" },
		{ "qXfer:threads:read:x:0,1", "" },
	};
	WIRE_CHECK_ROWS(rows);
}

/* How many digits g has tells the layout. */
static size_t layout_now(struct wire *w)
{
	return strlen(wire_ask(w, "g"));
}

/* gdb speaks the layout that it read last, whatever the machine's mode is by now. */
static void only_a_read_at_offset_0_changes_the_layout(void)
{
	struct wire w;
	size_t size[TARGET_LAYOUTS];
	wire_open(&w);
	for (int layout = 0; layout < TARGET_LAYOUTS; layout++) {
		w.fake.layout = layout;
		wire_ask(&w, "qXfer:features:read:target.xml:0,10");
		size[layout] = layout_now(&w);
		for (int k = 0; k < layout; k++)
			CHECK(size[k] != size[layout]);
	}
	char rest[200];
	snprintf(rest, sizeof rest, "%s", wire_ask(&w, "qXfer:features:read:target.xml:40,80"));
	w.fake.layout = TARGET_REAL16;
	CHECK_EQ(layout_now(&w), size[TARGET_LONG64]);
	static const char *const others[] = { "qXfer:features:read:target.xml:1,10",
		"qXfer:features:read:target.xml:10,10", "qXfer:features:read:target.xml:0",
		"qXfer:features:read:target.xml:0,", "qXfer:features:read:target.xml:0,x",
		"qXfer:features:read:other.xml:0,10", "qXfer:threads:read::0,10", "?",
		"qSupported" };
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		wire_ask(&w, others[i]);
		if (layout_now(&w) != size[TARGET_LONG64])
			CHECK_FAIL("%s changed the layout", others[i]);
		w.fake.layout = TARGET_LONG64;
		wire_ask(&w, "qXfer:features:read:target.xml:0,10");
		w.fake.layout = TARGET_REAL16;
	}
	/* The rest of the old description can still be read, and is of the old one. */
	CHECK_STR(wire_ask(&w, "qXfer:features:read:target.xml:40,80"), rest);
	wire_ask(&w, "qXfer:features:read:target.xml:00,1"); /* 0 by another name */
	CHECK_EQ(layout_now(&w), size[TARGET_REAL16]);
	wire_close(&w);
}

static void a_stop_reply_speaks_the_latched_layout(void)
{
	struct wire w;
	wire_open(&w);
	w.fake.layout = TARGET_LONG64;
	wire_ask(&w, "qXfer:features:read:target.xml:0,10");
	char before[600];
	snprintf(before, sizeof before, "%s", wire_ask(&w, "?"));
	w.fake.layout = TARGET_REAL16;
	CHECK_STR(wire_ask(&w, "?"), before);
	wire_close(&w);
}

/* QEMU's mask: ENABLE can't go, NOIRQ can, NOTIMER can't come. */
static void the_step_mask_is_what_steps_do(void)
{
	static const struct wire_row rows[] = {
		{ "qqemu.sstepbits", "ENABLE=1,NOIRQ=2" },
		{ "Qqemu.sstepbits", "ENABLE=1,NOIRQ=2" }, /* GEF and pwndbg: is it a kernel? */
		{ "qOffsets", "" },                        /* ... or a process */
		{ "qqemu.sstep", "0x3" },
		{ "Qqemu.sstep=0x1", "OK" },
		{ "qqemu.sstep", "0x1" },
		{ "Qqemu.sstep=0x7", "E.no NOTIMER: the guest's time goes on by steps" },
		{ "Qqemu.sstep=5", "E.no NOTIMER: the guest's time goes on by steps" },
		{ "Qqemu.sstep=0", "E.steps can't be switched off" },
		{ "Qqemu.sstep=2", "E.steps can't be switched off" },
		{ "Qqemu.sstep=b", "E22" },
		{ "Qqemu.sstep=10000000000000001", "E22" },
		{ "Qqemu.sstep=", "E22" },
		{ "Qqemu.sstep=0x", "E22" },
		{ "Qqemu.sstep=3x", "E22" },
		{ "Qqemu.sstep:3", "" },
		{ "qqemu.sstep", "0x1" },
		{ "Qqemu.sstep=3", "OK" },
		{ "qqemu.sstep", "0x3" },
	};
	struct wire w;
	wire_open(&w);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *reply = wire_ask(&w, rows[i].packet);
		if (strcmp(reply, rows[i].reply))
			CHECK_FAIL("%s -> %s, wanted %s", rows[i].packet, reply, rows[i].reply);
	}
	CHECK_STR(w.fake.log, "interrupts 1\ninterrupts 0\n");
	wire_close(&w);
}

static void monitor_lines_come_before_the_reply(void)
{
	struct wire w;
	wire_open(&w);
	snprintf(w.fake.said, sizeof w.fake.said, "one\n$#}*\n");
	wire_forget(&w);
	wire_send(&w, "qRcmd,696e666f20", 16);
	struct wire_seen seen = wire_seen(&w);
	CHECK_STR(w.fake.log, "monitor info \n");
	CHECK_EQ(seen.packets, 2);
	CHECK_EQ(seen.text_packets, 1);
	CHECK_EQ(seen.broken, 0);
	static const char wanted[] = "+$O6f6e650a24237d2a0a#";
	CHECK(w.out_len > sizeof wanted && !memcmp(w.out, wanted, sizeof wanted - 1));
	CHECK(seen.last_len == 2 && !memcmp(seen.last, "OK", 2));
	wire_close(&w);
}

/* A line as long as may be, and one byte longer: gdb shows text, and of an error only "Protocol error". */
static void a_long_monitor_line_is_refused_with_a_sentence(void)
{
	struct wire w;
	const size_t max = TARGET_LINE_MAX;
	char *packet = malloc(6 + 2 * (max + 1) + 1);
	wire_open(&w);
	strcpy(packet, "qRcmd,");
	memset(packet + 6, '6', 2 * (max + 1));
	packet[6 + 2 * max] = 0;
	CHECK_STR(wire_ask(&w, packet), "OK");
	CHECK(!memcmp(w.fake.log, "monitor ffff", strlen("monitor ffff")));
	w.fake.log[0] = 0;
	packet[6 + 2 * max] = '6';
	packet[6 + 2 * (max + 1)] = 0;
	wire_forget(&w);
	wire_send(&w, packet, strlen(packet));
	struct wire_seen seen = wire_seen(&w);
	CHECK_EQ(seen.text_packets, 1);
	CHECK(seen.last_len == 2 && !memcmp(seen.last, "OK", 2));
	CHECK_STR(w.fake.log, "");
	free(packet);
	wire_close(&w);
}

int main(void)
{
	RUN(says_what_it_can);
	RUN(plain_queries);
	RUN(what_is_not_known_gets_an_empty_reply);
	RUN(process_ids_come_when_gdb_knows_them);
	RUN(documents_are_the_same_in_any_pieces);
	RUN(every_offset_gives_the_bytes_that_stand_there);
	RUN(bad_document_requests_are_refused);
	RUN(only_a_read_at_offset_0_changes_the_layout);
	RUN(a_stop_reply_speaks_the_latched_layout);
	RUN(the_step_mask_is_what_steps_do);
	RUN(monitor_lines_come_before_the_reply);
	RUN(a_long_monitor_line_is_refused_with_a_sentence);
	return check_done();
}

/* The wire itself: acknowledgements, splits, order, one reply a request, running and ending. */
#include "gdbstub/commands.h"
#include "gdbstub/queries.h"
#include "gdbstub/state.h"
#include "random.h"
#include "session_wire.h"

static void check_out(const struct wire *w, const char *wanted)
{
	if (w->out_len != strlen(wanted) || memcmp(w->out, wanted, w->out_len))
		CHECK_FAIL("out: %.*s, wanted %s", (int)w->out_len, (const char *)w->out, wanted);
}

static void packets_are_acknowledged_until_told_otherwise(void)
{
	struct wire w;
	wire_open(&w);
	wire_feed(&w, "$qC#b4", 6);
	check_out(&w, "+$QC1#c5");
	wire_forget(&w);
	wire_feed(&w, "+$qC#b5", 7); /* a wrong checksum */
	check_out(&w, "-");
	wire_forget(&w);
	wire_feed(&w, "$QStartNoAckMode#b0", 19);
	check_out(&w, "+$OK#9a"); /* this one still is */
	wire_forget(&w);
	wire_feed(&w, "+$qC#b4", 7);
	check_out(&w, "$QC1#c5");
	wire_forget(&w);
	wire_feed(&w, "$qC#b5", 6);
	check_out(&w, "");
	wire_feed(&w, "-", 1);
	check_out(&w, "");
	wire_close(&w);
}

static void a_nak_repeats_the_last_packet(void)
{
	struct wire w;
	wire_open(&w);
	wire_feed(&w, "-", 1); /* nothing was sent yet */
	check_out(&w, "");
	wire_feed(&w, "$qC#b4-", 7);
	check_out(&w, "+$QC1#c5$QC1#c5");
	wire_feed(&w, "-+", 2);
	check_out(&w, "+$QC1#c5$QC1#c5$QC1#c5");
	wire_forget(&w);
	wire_feed(&w, "$vMustReplyEmpty#3a-", 20);
	check_out(&w, "+$#00$#00");
	wire_forget(&w);
	w.stops_at_once = false;
	wire_feed(&w, "$s#73", 5);
	check_out(&w, "+");
	wire_feed(&w, "-", 1); /* the reply is still to come */
	check_out(&w, "+");
	session_stopped(w.session, &wire_trap, NULL);
	wire_collect(&w, SIZE_MAX);
	size_t len = w.out_len;
	wire_feed(&w, "-", 1);
	CHECK_EQ(w.out_len, 2 * len - 1);
	CHECK(!memcmp(w.out + len, w.out + 1, len - 1));
	wire_close(&w);
}

/* A reply that goes out byte by byte is the same, and nothing is taken before it is out. */
static void a_slow_reader_gets_the_same_bytes(void)
{
	struct wire w;
	size_t len;
	wire_open(&w);
	wire_feed(&w, "$g#67", 5);
	size_t whole = w.out_len;
	uint8_t *copy = malloc(whole);
	memcpy(copy, w.out, whole);
	wire_forget(&w);
	CHECK_EQ(session_feed(w.session, (const uint8_t *)"$g#67$qC#b4", 11), 5);
	for (size_t i = 0; i < whole; i++) {
		CHECK(session_output(w.session, &len) && len == whole - i);
		CHECK_EQ(session_feed(w.session, (const uint8_t *)"$qC#b4", 6), 0);
		wire_collect(&w, 1);
		if (w.out_len == whole)
			break;
	}
	CHECK(w.out_len == whole && !memcmp(w.out, copy, whole));
	CHECK(!session_output(w.session, &len));
	free(copy);
	wire_close(&w);
}

/* One conversation with about everything in it. What begins with $ is a packet's body. */
static const char *const conversation[] = { "+", "$qSupported:multiprocess+;swbreak+", "+", "$g",
	"+", "$p3", "$m0,4", "$m0,-1", "-", "+", "$X0,2:}]}\x03", "+", "$vCont;s:p1.1", "+", "\x03",
	"$?", "+", "$Z0,7c00,1", "$bogus", "$c", "+", "$qRcmd,68", "$M0,1:5", "$qC#00",
	"$qXfer:features:read:target.xml:0,40", "-", "$M0,1:55", "$m0,2", "$QStartNoAckMode", "+",
	"$qC", "$vCont;c", "\x03", "$D", "$g" };

static size_t make_conversation(uint8_t *to)
{
	size_t len = 0;
	for (size_t i = 0; i < sizeof conversation / sizeof *conversation; i++) {
		const char *c = conversation[i];
		size_t n = strlen(c);
		if (c[0] == '$') {
			len += packet_wrap(to + len, (const uint8_t *)c + 1, n - 1);
		} else {
			memcpy(to + len, c, n);
			len += n;
		}
	}
	return len;
}

static void converse(struct wire *w, const uint8_t *bytes, size_t len, size_t cut, size_t cut2)
{
	wire_open(w);
	snprintf(w->fake.said, sizeof w->fake.said, "hello\n");
	wire_feed(w, bytes, cut);
	wire_feed(w, bytes + cut, cut2 - cut);
	wire_feed(w, bytes + cut2, len - cut2);
}

static void every_split_gives_the_same_replies(void)
{
	uint8_t bytes[1000];
	size_t len = make_conversation(bytes);
	struct wire whole;
	uint64_t seed = 8;
	converse(&whole, bytes, len, len, len);
	struct wire_seen seen = wire_seen(&whole);
	CHECK_EQ(seen.packets, 23); /* one a packet, one a NAK, one line of text, none after D */
	CHECK_EQ(seen.acks, 17);
	CHECK_EQ(seen.naks, 1); /* "qC#00" has a wrong checksum, then noise */
	CHECK_STR(whole.fake.log,
	        "step 0\ninsert 0 7c00\ncontinue 0\nmonitor h\ncontinue 0\ndetach\n");
	for (size_t cut = 0; cut <= len && check_case_ok; cut++) {
		struct wire w;
		size_t cut2 = cut + random_below(&seed, (uint32_t)(len - cut + 1));
		converse(&w, bytes, len, cut, cut2);
		if (w.out_len != whole.out_len || memcmp(w.out, whole.out, w.out_len))
			CHECK_FAIL("cut at %zu: %zu bytes, not %zu", cut, w.out_len, whole.out_len);
		CHECK_STR(w.fake.log, whole.fake.log);
		wire_close(&w);
	}
	wire_close(&whole);
}

static void a_running_machine_can_only_be_ended(void)
{
	struct wire w;
	wire_open(&w);
	w.stops_at_once = false;
	wire_ask(&w, "c");
	w.fake.log[0] = 0;
	for (const struct command *c = session_commands; c->name; c++) {
		char packet[40];
		snprintf(packet, sizeof packet, "%s", c->name);
		if (c->legal == ALWAYS)
			continue;
		if (strcmp(wire_ask(&w, packet), "E22"))
			CHECK_FAIL("%s while running -> %s", packet, w.reply);
	}
	CHECK_STR(wire_ask(&w, "vFoo:bar:0"), "");
	CHECK_STR(w.fake.log, "");
	CHECK_EQ(session_state(w.session), SESSION_RUNNING);
	wire_forget(&w);
	wire_feed(&w, "\x03", 1);
	CHECK_STR(w.fake.log, "interrupt\n");
	check_out(&w, "");
	wire_feed(&w, "$k#6b", 5);
	CHECK_STR(w.fake.log, "interrupt\nkill\n");
	CHECK_EQ(session_state(w.session), SESSION_GONE);
	check_out(&w, "+");
	wire_close(&w);
}

/* The `+` of a resume may still wait to be sent when the machine stops. */
static void a_stop_loses_nothing_that_waits_to_be_sent(void)
{
	struct wire w;
	wire_open(&w);
	CHECK_EQ(session_feed(w.session, (const uint8_t *)"$s#73", 5), 5);
	session_stopped(w.session, &wire_trap, NULL);
	wire_collect(&w, SIZE_MAX);
	CHECK_EQ(wire_seen(&w).acks, 1);
	CHECK_EQ(wire_seen(&w).packets, 1);
	wire_close(&w);
}

static void stops_say_why(void)
{
	static const struct {
		struct target_stop stop;
		const char *supported, *begins;
	} rows[] = {
		{ { TARGET_STOP_SIGNAL, 0, 5, 0 }, "swbreak+;hwbreak+", "T05thread:1;8:" },
		{ { TARGET_STOP_SIGNAL, 1, 11, 0 }, "multiprocess+", "T0bthread:p1.2;8:" },
		{ { TARGET_STOP_SIGNAL, 0, 0, 0 }, "", "T00thread:1;" },
		{ { TARGET_STOP_BREAKPOINT, 0, 0, 0 }, "swbreak+", "T05thread:1;swbreak:;8:" },
		{ { TARGET_STOP_BREAKPOINT, 0, 0, 0 }, "hwbreak+", "T05thread:1;8:" },
		{ { TARGET_STOP_HARDWARE, 0, 0, 0 }, "hwbreak+", "T05thread:1;hwbreak:;8:" },
		{ { TARGET_STOP_HARDWARE, 0, 0, 0 }, "", "T05thread:1;8:" },
		{ { TARGET_STOP_WATCH, 0, 0, 0, TARGET_WATCH_WRITE, 0x2000 }, "",
		        "T05thread:1;watch:2000;8:" },
		{ { TARGET_STOP_WATCH, 0, 0, 0, TARGET_WATCH_READ, UINT64_MAX }, "",
		        "T05thread:1;rwatch:ffffffffffffffff;8:" },
		{ { TARGET_STOP_WATCH, 0, 0, 0, TARGET_WATCH_ACCESS, 0 }, "",
		        "T05thread:1;awatch:0;8:" },
		{ { TARGET_STOP_EXITED, 0, 0, 0x2a }, "", "W2a" },
		{ { TARGET_STOP_EXITED, 0, 0, 0 }, "multiprocess+", "W00;process:1" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wire w;
		char packet[80];
		wire_open(&w);
		w.fake.cpus = 2;
		w.stops_at_once = false;
		snprintf(packet, sizeof packet, "qSupported:%s", rows[i].supported);
		wire_ask(&w, packet);
		wire_ask(&w, "c");
		wire_forget(&w);
		session_stopped(w.session, &rows[i].stop, "said\n");
		wire_collect(&w, SIZE_MAX);
		struct wire_seen seen = wire_seen(&w);
		CHECK_EQ(seen.packets, 2);
		CHECK_EQ(seen.text_packets, 1);
		CHECK(!memcmp(w.out, "$O736169640a#", 13));
		size_t n = strlen(rows[i].begins);
		bool is_exit = rows[i].stop.kind == TARGET_STOP_EXITED;
		if (seen.last_len < n || memcmp(seen.last, rows[i].begins, n) ||
		        (is_exit && seen.last_len != n))
			CHECK_FAIL("row %zu: %.*s", i, (int)seen.last_len, (const char *)seen.last);
		CHECK_EQ(session_state(w.session), is_exit ? SESSION_GONE : SESSION_STOPPED);
		wire_close(&w);
	}
}

/* lldb goes on from a stop by signal 0 unless it is given a reason; gdb is sent none. */
static void a_halt_has_a_reason_for_lldb(void)
{
	static const struct target_stop halted = { .kind = TARGET_STOP_SIGNAL,
		.signal = TARGET_SIGNAL_0 };
	static const char *const begins[] = { "T00thread:1;8:",
		"T00thread:1;reason:exception;description:68616c746564;8:" };
	for (int is_lldb = 0; is_lldb < 2; is_lldb++) {
		struct wire w;
		wire_open(&w);
		w.stops_at_once = false;
		if (is_lldb)
			wire_ask(&w, "qHostInfo");
		wire_ask(&w, "c");
		wire_forget(&w);
		session_stopped(w.session, &halted, NULL);
		wire_collect(&w, SIZE_MAX);
		struct wire_seen seen = wire_seen(&w);
		size_t n = strlen(begins[is_lldb]);
		CHECK(seen.last_len > n && !memcmp(seen.last, begins[is_lldb], n));
		wire_close(&w);
	}
}

/* Register numbers and values of a T packet are those that p gives. */
static void expedited_values_are_those_of_p(void)
{
	for (int layout = 0; layout < TARGET_LAYOUTS; layout++) {
		struct wire w;
		char stop[800], packet[20];
		unsigned n, count = 0;
		wire_open(&w);
		w.fake.layout = layout;
		wire_ask(&w, "qXfer:features:read:target.xml:0,1");
		snprintf(stop, sizeof stop, "%s", wire_ask(&w, "s"));
		for (char *at = stop; (at = strchr(at, ';')) != NULL; count++) {
			char value[40];
			if (sscanf(++at, "%x:%39[0-9a-f];", &n, value) != 2)
				break;
			snprintf(packet, sizeof packet, "p%x", n);
			CHECK_STR(wire_ask(&w, packet), value);
		}
		CHECK(count >= 7);
		wire_close(&w);
	}
}

static void ends_are_answered_and_final(void)
{
	static const struct {
		const char *packet, *reply, *log;
	} rows[] = {
		{ "D", "OK", "detach\n" },
		{ "D;1", "OK", "detach\n" },
		{ "vKill;1", "OK", "kill\n" },
		{ "k", "(0 packets, 0 broken)", "kill\n" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wire w;
		wire_open(&w);
		CHECK_STR(wire_ask(&w, rows[i].packet), rows[i].reply);
		CHECK_STR(w.fake.log, rows[i].log);
		CHECK_EQ(session_state(w.session), SESSION_GONE);
		CHECK_EQ(session_feed(w.session, (const uint8_t *)"$g#67", 5), 0);
		wire_close(&w);
	}
	static const struct wire_row refused[] = { { "Dx", "E22" }, { "D;", "E22" },
		{ "D;9", "E22" }, { "D;1x", "E22" }, { "kx", "" } };
	WIRE_CHECK_ROWS(refused);
}

static void a_packet_longer_than_announced_is_refused(void)
{
	static const size_t sizes[] = { SESSION_PACKET_SIZE + 1, 1u << 20 };
	uint8_t *body = malloc(1u << 20);
	memset(body, 'm', 1u << 20);
	for (size_t i = 0; i < 2; i++) {
		struct wire w;
		wire_open(&w);
		CHECK_STR(wire_ask_bytes(&w, body, sizes[i]), "E22");
		CHECK_STR(wire_ask(&w, "qC"), "QC1");
		wire_close(&w);
	}
	/* As long as announced, escapes included: taken. */
	struct wire w;
	char head[32];
	wire_open(&w);
	int n = snprintf(head, sizeof head, "X5000,%x:", 0xb000);
	memcpy(body, head, (size_t)n);
	memset(body + n, 'a', 0xb000);
	CHECK_STR(wire_ask_bytes(&w, body, (size_t)n + 0xb000), "OK");
	CHECK_EQ(w.fake.ram[0xffff], 'a');
	memset(body, 'm', SESSION_PACKET_SIZE);
	CHECK_STR(wire_ask_bytes(&w, body, SESSION_PACKET_SIZE), "E22");
	free(body);
	wire_close(&w);
}

/* Half an answer would be taken for a whole one. */
static void a_reply_that_does_not_fit_is_an_error(void)
{
	struct wire w;
	wire_open(&w);
	w.fake.cpus = 100000; /* a list of some 600 KB */
	CHECK_STR(wire_ask(&w, "qfThreadInfo"), "E22");
	w.fake.cpus = 1;
	CHECK_STR(wire_ask(&w, "qfThreadInfo"), "m1");
	wire_close(&w);
}

static const struct command *find_in(const struct command *table, const char *packet)
{
	struct text_in in = text_in(packet, strlen(packet));
	return session_find(table, &in);
}

/* Tables in reverse find the same; each entry finds itself, alone and with arguments. */
static void check_table(const struct command *table)
{
	struct command reversed[64];
	size_t count = 0;
	while (table[count].name)
		count++;
	for (size_t i = 0; i < count; i++)
		reversed[i] = table[count - 1 - i];
	reversed[count] = (struct command) { 0 };
	for (size_t i = 0; i < count; i++) {
		static const char *const tails[] = { "", "0", ":", ";", ",", "x", "?", "Info" };
		CHECK(find_in(table, table[i].name) == &table[i]);
		for (size_t k = 0; k < sizeof tails / sizeof *tails; k++) {
			char packet[60];
			snprintf(packet, sizeof packet, "%s%s", table[i].name, tails[k]);
			const struct command *a = find_in(table, packet),
			                     *b = find_in(reversed, packet);
			CHECK_EQ(a != NULL, b != NULL);
			if (a && b)
				CHECK_STR(a->name, b->name);
		}
	}
}

static void the_longest_name_wins_in_any_order(void)
{
	static const struct command sorted[] = { { "a", PREFIX, STOPPED, NULL },
		{ "ab", PREFIX, STOPPED, NULL }, { "abc", EXACT, STOPPED, NULL } };
	static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 },
		{ 2, 0, 1 }, { 2, 1, 0 } };
	static const struct wire_row rows[] = { { "a", "a" }, { "ax", "a" }, { "ab", "ab" },
		{ "abx", "ab" }, { "abc", "abc" }, { "abcx", "ab" } };
	for (size_t k = 0; k < 6; k++) {
		const struct command table[4] = { sorted[orders[k][0]], sorted[orders[k][1]],
			sorted[orders[k][2]], { 0 } };
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
			CHECK_STR(find_in(table, rows[i].packet)->name, rows[i].reply);
		CHECK(!find_in(table, "b"));
		CHECK(!find_in(table, ""));
	}
}

static void no_entry_shadows_another(void)
{
	check_table(session_commands);
	check_table(session_queries);
}

/* Whatever is said before a stop, the stop itself is told, and no more is kept than a packet and
 * 512 KiB. */
static void text_without_room_is_left_out_and_the_stop_is_told(void)
{
	static const size_t sizes[] = { 1, 30000, 131071, 131072, 400000 };
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct wire w;
		size_t waiting = 0;
		char *text = calloc(1, sizes[i] + 1);
		memset(text, 'a', sizes[i]);
		wire_open(&w);
		w.stops_at_once = false;
		wire_send(&w, "c", 1);
		wire_forget(&w);
		session_stopped(w.session, &wire_trap, text);
		session_output(w.session, &waiting);
		CHECK(waiting <= SESSION_PACKET_SIZE + 0x80000 + 6);
		wire_collect(&w, SIZE_MAX);
		struct wire_seen seen = wire_seen(&w);
		CHECK_EQ(seen.text_packets, sizes[i] <= 131071); /* two digits each, and the O */
		CHECK_EQ(seen.packets, seen.text_packets + 1);
		CHECK(seen.last_len > 3 && !memcmp(seen.last, "T05", 3));
		wire_close(&w);
		free(text);
	}
}

/* An escape that the packet's end has cut off: answered, with acknowledgements and without. */
static void a_cut_escape_is_refused(void)
{
	struct wire w;
	wire_open(&w);
	CHECK_STR(wire_ask(&w, "m0,1}"), "E22");
	CHECK_STR(wire_ask(&w, "}"), "E22");
	CHECK_STR(wire_ask(&w, "QStartNoAckMode"), "OK");
	CHECK_STR(wire_ask(&w, "X0,1:}"), "E22");
	CHECK_STR(wire_ask(&w, "qC"), "QC1");
	wire_close(&w);
}

int main(void)
{
	RUN(packets_are_acknowledged_until_told_otherwise);
	RUN(a_nak_repeats_the_last_packet);
	RUN(a_slow_reader_gets_the_same_bytes);
	RUN(every_split_gives_the_same_replies);
	RUN(a_running_machine_can_only_be_ended);
	RUN(a_stop_loses_nothing_that_waits_to_be_sent);
	RUN(stops_say_why);
	RUN(a_halt_has_a_reason_for_lldb);
	RUN(expedited_values_are_those_of_p);
	RUN(ends_are_answered_and_final);
	RUN(a_packet_longer_than_announced_is_refused);
	RUN(a_reply_that_does_not_fit_is_an_error);
	RUN(the_longest_name_wins_in_any_order);
	RUN(no_entry_shadows_another);
	RUN(text_without_room_is_left_out_and_the_stop_is_told);
	RUN(a_cut_escape_is_refused);
	return check_done();
}

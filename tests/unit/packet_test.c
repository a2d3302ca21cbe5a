#include "gdbstub/packet.h"

#include <stdlib.h>

#include "check.h"
#include "random.h"

#define DATA_SIZE  24
#define EVENTS_MAX 64

struct event {
	enum packet_event kind;
	size_t len;
	uint8_t data[DATA_SIZE];
};
struct events {
	unsigned count;
	struct event all[EVENTS_MAX];
};

static void note(struct events *to, enum packet_event kind, const uint8_t *data, size_t len)
{
	if (kind == PACKET_NONE || to->count == EVENTS_MAX)
		return;
	struct event *e = &to->all[to->count++];
	memset(e, 0, sizeof *e);
	e->kind = kind;
	if (kind == PACKET_WHOLE) {
		e->len = len;
		memcpy(e->data, data, len);
	}
}

/* at_once: plain data goes by packet_feed_data. */
static struct events run_by(const uint8_t *stream, size_t len, bool at_once)
{
	struct events got = { 0 };
	/* Exactly as large as it is said to be, so that a sanitizer sees a byte too many. */
	uint8_t *data = malloc(DATA_SIZE);
	struct packet f;
	packet_init(&f, data, DATA_SIZE);
	for (size_t i = 0; i < len; i++) {
		if (at_once)
			i += packet_feed_data(&f, stream + i, len - i);
		if (i < len)
			note(&got, packet_feed(&f, stream[i]), f.data, f.len);
	}
	free(data);
	return got;
}

static struct events run(const void *stream, size_t len)
{
	struct events one_by_one = run_by(stream, len, false);
	struct events at_once = run_by(stream, len, true);
	if (memcmp(&one_by_one, &at_once, sizeof at_once))
		CHECK_FAIL("%u events byte by byte, %u at once", one_by_one.count, at_once.count);
	return one_by_one;
}

/* The twin: looks at the whole stream at once. Takes one packet at s[0] == '$'; returns how many
 * bytes it is long, 0 when the stream ends within it. */
static size_t twin_packet(const uint8_t *s, size_t len, struct events *to)
{
	uint8_t data[512], sum = 0;
	size_t n = 0, i = 1;
	bool is_malformed = false;
	for (; i < len && s[i] != '#'; i++) {
		if (s[i] == '$') {
			n = sum = is_malformed = 0;
			continue;
		}
		sum = (uint8_t)(sum + s[i]);
		if (s[i] != '}') {
			data[n++] = s[i];
			continue;
		}
		if (++i == len)
			return 0;
		if (s[i] == '#' || s[i] == '$') {
			is_malformed = s[i--] == '#';
			continue;
		}
		sum = (uint8_t)(sum + s[i]);
		data[n++] = s[i] ^ 0x20;
	}
	if (len - i < 3)
		return 0;
	char digits[3] = { (char)s[i + 1], (char)s[i + 2], 0 };
	bool is_number = strspn(digits, "0123456789abcdefABCDEF") == 2;
	if (!is_number || strtoul(digits, NULL, 16) != sum)
		note(to, PACKET_BROKEN, NULL, 0);
	else if (is_malformed)
		note(to, PACKET_MALFORMED, NULL, 0);
	else if (n > DATA_SIZE)
		note(to, PACKET_TOO_LONG, NULL, 0);
	else
		note(to, PACKET_WHOLE, data, n);
	return i + 3;
}

static struct events twin(const uint8_t *s, size_t len)
{
	struct events to = { 0 };
	size_t used;
	for (size_t i = 0; i < len; i += used) {
		used = 1;
		switch (s[i]) {
		case '+': note(&to, PACKET_ACK, NULL, 0); break;
		case '-': note(&to, PACKET_NAK, NULL, 0); break;
		case 3: note(&to, PACKET_INTERRUPT, NULL, 0); break;
		case '$':
			used = twin_packet(s + i, len - i, &to);
			if (!used)
				return to;
		}
	}
	return to;
}

static void splits_streams_into_events(void)
{
	static const struct {
		const char *stream;
		enum packet_event kind;
		const char *data;
	} rows[] = {
		{ "$#00", PACKET_WHOLE, "" },
		{ "$g#67", PACKET_WHOLE, "g" },
		{ "noise$g#67", PACKET_WHOLE, "g" },
		{ "$m0,1#fa", PACKET_WHOLE, "m0,1" },
		{ "$m0,1#FA", PACKET_WHOLE, "m0,1" },
		{ "$m0,1#fb", PACKET_BROKEN, "" },
		{ "$m0,1#g0", PACKET_BROKEN, "" },
		{ "$m0,1#0g", PACKET_BROKEN, "" },
		{ "$g# 7", PACKET_BROKEN, "" },
		{ "$abc$g#67", PACKET_WHOLE, "g" }, /* a packet that lost its end */
		{ "$$$g#67", PACKET_WHOLE, "g" },
		{ "$}\x03#80", PACKET_WHOLE, "#" }, /* 7d + 03: as sent, not as meant */
		{ "$}\x04#81", PACKET_WHOLE, "$" },
		{ "$}]#da", PACKET_WHOLE, "}" },
		{ "$}\n#87", PACKET_WHOLE, "*" },
		{ "$}A#be", PACKET_WHOLE, "a" },  /* needless, but legal */
		{ "$m0}#fa", PACKET_BROKEN, "" }, /* an escape of nothing */
		{ "$m0}#1a", PACKET_MALFORMED, "" },
		{ "$}#7d", PACKET_MALFORMED, "" },
		{ "$abcdefghijklmnopqrstuvwxy}#22", PACKET_MALFORMED, "" },
		{ "$m0}$g#67", PACKET_WHOLE, "g" },
		{ "$a\x03"
		  "b#c6",
		        PACKET_WHOLE,
		        "a\x03"
		        "b" },
		{ "$a+-b#1b", PACKET_WHOLE, "a+-b" },
		{ "$abcdefghijklmnopqrstuvwx#2c", PACKET_WHOLE, "abcdefghijklmnopqrstuvwx" },
		{ "$abcdefghijklmnopqrstuvwxy#a5", PACKET_TOO_LONG, "" },
		{ "$abcdefghijklmnopqrstuvwxy#a6", PACKET_BROKEN, "" },
		{ "$abcdefghijklmnopqrstuvw}X#89", PACKET_WHOLE, "abcdefghijklmnopqrstuvwx" },
		{ "+", PACKET_ACK, "" },
		{ "-", PACKET_NAK, "" },
		{ "\x03", PACKET_INTERRUPT, "" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct events got = run(rows[i].stream, strlen(rows[i].stream));
		bool ok = got.count == 1 && got.all[0].kind == rows[i].kind &&
		          got.all[0].len == strlen(rows[i].data) &&
		          !memcmp(got.all[0].data, rows[i].data, got.all[0].len);
		if (!ok)
			CHECK_FAIL("%s: %u events, first %d", rows[i].stream, got.count,
			        (int)got.all[0].kind);
	}
}

static void an_interrupt_in_a_packet_is_data(void)
{
	static const char packet[] = "$X\x03#5b";
	for (size_t cut = 0; cut < sizeof packet; cut++) {
		char stream[sizeof packet + 1];
		memcpy(stream, packet, cut);
		stream[cut] = 3;
		memcpy(stream + cut + 1, packet + cut, sizeof packet - 1 - cut);
		struct events got = run(stream, sizeof packet);
		bool is_between = cut == 0 || cut == sizeof packet - 1;
		bool has_interrupt = false;
		for (unsigned i = 0; i < got.count; i++)
			has_interrupt |= got.all[i].kind == PACKET_INTERRUPT;
		if (cut == sizeof packet - 3 || cut == sizeof packet - 2)
			continue; /* a digit replaced: the packet ends early, the rest is noise */
		if (has_interrupt != is_between)
			CHECK_FAIL("0x03 before byte %zu: interrupt %d", cut, has_interrupt);
	}
}

static void recovers_after_a_packet_that_is_too_long(void)
{
	struct packet f;
	uint8_t data[4];
	enum packet_event last = PACKET_NONE;
	packet_init(&f, data, sizeof data);
	packet_feed(&f, '$');
	for (int i = 0; i < 1 << 20; i++)
		packet_feed(&f, 0);
	for (const char *c = "#00"; *c; c++)
		last = packet_feed(&f, (uint8_t)*c);
	CHECK_EQ(last, PACKET_TOO_LONG);
	CHECK_EQ(f.state, PACKET_IDLE);
	for (const char *c = "$m0,1#fa"; *c; c++)
		last = packet_feed(&f, (uint8_t)*c);
	CHECK_EQ(last, PACKET_WHOLE);
	CHECK_EQ(f.len, 4);
}

static void is_idle_between_packets_only(void)
{
	struct packet f;
	uint8_t data[8];
	const char *packet = "$}]a#3b";
	packet_init(&f, data, sizeof data);
	CHECK_EQ(f.state, PACKET_IDLE);
	for (size_t i = 0; i < 7; i++) {
		packet_feed(&f, (uint8_t)packet[i]);
		CHECK_EQ(f.state == PACKET_IDLE, i == 6);
	}
}

/* What a packet's receiver gets is what its sender meant, for every body. */
static void wrapped_packets_come_back(void)
{
	uint64_t seed = 1;
	for (int round = 0; round < 2000; round++) {
		uint8_t body[DATA_SIZE], raw[2 * DATA_SIZE], wire[2 * DATA_SIZE + PACKET_OVERHEAD];
		size_t len = random_below(&seed, DATA_SIZE + 1), n = 0;
		for (size_t i = 0; i < len; i++) {
			body[i] = (uint8_t)random_next(&seed);
			bool is_special = strchr("#$}*", body[i]) && body[i];
			if (is_special || random_below(&seed, 8) == 0) {
				raw[n++] = '}';
				raw[n++] = body[i] ^ 0x20;
			} else {
				raw[n++] = body[i];
			}
		}
		/* An escaped 0x03 or 0x04 would be # or $ on the wire; no sender does that. */
		if (memchr(raw, '#', n) || memchr(raw, '$', n))
			continue;
		size_t wire_len = packet_wrap(wire, raw, n);
		CHECK_EQ(wire_len, n + PACKET_OVERHEAD);
		struct events got = run(wire, wire_len);
		CHECK_EQ(got.count, 1);
		CHECK_EQ(got.all[0].kind, PACKET_WHOLE);
		CHECK_EQ(got.all[0].len, len);
		CHECK(!memcmp(got.all[0].data, body, len));
		if (!check_case_ok)
			return;
	}
}

/* As a gdb does it: a run is so many more of the character before. -1: it could not be sent. */
static long expand(uint8_t *to, size_t room, const uint8_t *from, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		size_t more = 1;
		if (from[i] == '#' || from[i] == '$')
			return -1;
		if (from[i] == '*') {
			if (!n || ++i == len || from[i] < ' ' || from[i] > '~' || from[i] == '#' ||
			        from[i] == '$')
				return -1;
			more = from[i] - 29u;
		}
		if (more > room - n)
			return -1;
		memset(to + n, from[i] == '*' || more > 1 ? to[n - 1] : from[i], more);
		n += more;
	}
	return (long)n;
}

static void shortened_data_expands_to_itself(void)
{
	uint64_t seed = 3;
	for (size_t run = 1; run < 400; run++) {
		uint8_t data[402], shorter[402], back[402];
		memset(data, '0', run);
		data[run] = 'e';
		memcpy(shorter, data, run + 1);
		size_t n = packet_shorten(shorter, run + 1);
		CHECK_EQ(expand(back, sizeof back, shorter, n), run + 1);
		CHECK(!memcmp(back, data, run + 1));
		CHECK(n <= run + 1 && n <= 3 * (run / 97 + 1) + 7);
	}
	for (size_t at = 0; at + 4 <= 200; at++) { /* one run of four, anywhere */
		uint8_t data[200];
		for (size_t i = 0; i < sizeof data; i++)
			data[i] = i - at < 4 ? 'e' : "01"[i % 2];
		CHECK_EQ(packet_shorten(data, sizeof data), sizeof data - 1);
	}
	for (int round = 0; round < 2000; round++) {
		uint8_t data[300], shorter[300], back[300];
		size_t len = random_below(&seed, sizeof data);
		for (size_t i = 0; i < len; i++)
			data[i] = random_below(&seed, 8) && i ? data[i - 1] : "0123"[i % 4];
		memcpy(shorter, data, len);
		size_t n = packet_shorten(shorter, len);
		CHECK(n <= len);
		CHECK_EQ(expand(back, sizeof back, shorter, n), len);
		CHECK(!memcmp(back, data, len));
	}
}

static uint8_t random_byte(uint64_t *seed)
{
	static const char likely[] = "$$$##}+-\x03"
	                             "0123456789abcdef";
	uint32_t pick = random_below(seed, 40);
	return pick < sizeof likely - 1 ? (uint8_t)likely[pick] : (uint8_t)random_next(seed);
}

static void agrees_with_a_naive_twin_on_noise(void)
{
	uint64_t seed = 2;
	for (int round = 0; round < 30000 && check_case_ok; round++) {
		uint8_t stream[160];
		size_t len = random_below(&seed, sizeof stream), end = 0;
		while (end < len) {
			stream[end++] = random_byte(&seed);
			/* Right checksums are rare in noise. */
			if (random_below(&seed, 12) == 0 && len - end > 30) {
				uint8_t body[24];
				size_t n = random_below(&seed, sizeof body);
				for (size_t i = 0; i < n; i++)
					body[i] = random_byte(&seed);
				end += packet_wrap(stream + end, body, n);
			}
		}
		struct events got = run(stream, end), wanted = twin(stream, end);
		if (got.count != wanted.count || memcmp(got.all, wanted.all, sizeof got.all))
			CHECK_FAIL("round %d of seed 2: %u events, the twin has %u", round,
			        got.count, wanted.count);
	}
}

int main(void)
{
	RUN(splits_streams_into_events);
	RUN(an_interrupt_in_a_packet_is_data);
	RUN(recovers_after_a_packet_that_is_too_long);
	RUN(is_idle_between_packets_only);
	RUN(wrapped_packets_come_back);
	RUN(shortened_data_expands_to_itself);
	RUN(agrees_with_a_naive_twin_on_noise);
	return check_done();
}

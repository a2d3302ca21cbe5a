/* Packets that nobody would send: whatever comes in, each gets exactly one reply. */
#include "random.h"
#include "session_wire.h"

static const char *const templates[] = { "g", "G00", "p0", "P0=00000000", "m0,4", "x0,4",
	"M0,2:abcd", "X0,2:ab", "c", "c0", "s", "C05", "S05;0", "vCont?", "vCont;c",
	"vCont;s:p1.1;c", "vCont;r7c00,7c10:1", "Z0,7c00,1", "Z0,7c00,1;X3,220127",
	"Z1,4,1;X3,2201272;cmds:1,X4,22012927", "Z2,2000,4", "z1,0,4", "?", "Hg1", "Hcp1.-1", "T1",
	"vMustReplyEmpty", "qSupported:swbreak+", "qXfer:features:read:target.xml:0,100",
	"qXfer:threads:read::0,100", "qfThreadInfo", "qsThreadInfo", "qThreadExtraInfo,1", "qC",
	"qCRC:0,100", "qSearch:memory:0;100;ab", "qAttached:1", "qRcmd,6869", "qqemu.sstep",
	"Qqemu.sstep=0x1", "" };

static const char *const pieces[] = { ",", ":", ";", "=", "0", "-1", "ffffffffffffffff",
	"8000000000000000", "10000000000000000", "7fffffff", "4000", "p1.1", "p-1.-1", "x", "}",
	"vCont", "qXfer:" };

static size_t put(uint8_t *to, size_t len, size_t size, const char *text)
{
	size_t n = strlen(text);
	if (n > size - len)
		return len;
	memcpy(to + len, text, n);
	return len + n;
}

/* A packet that begins well and goes wrong; none that ends the session. */
static size_t random_body(uint64_t *seed, uint8_t *to, size_t size)
{
	size_t len = put(
	        to, 0, size, templates[random_below(seed, sizeof templates / sizeof *templates)]);
	uint32_t changes = random_below(seed, 4);
	for (uint32_t i = 0; i < changes; i++) {
		switch (random_below(seed, 4)) {
		case 0: /* another byte */
			if (len)
				to[random_below(seed, (uint32_t)len)] = (uint8_t)random_next(seed);
			break;
		case 1: /* shorter */ len = random_below(seed, (uint32_t)len + 1); break;
		case 2: /* longer by a piece */
			len = put(to, len, size,
			        pieces[random_below(seed, sizeof pieces / sizeof *pieces)]);
			break;
		case 3: /* noise behind it */
			for (uint32_t n = random_below(seed, 20); n && len < size; n--)
				to[len++] = (uint8_t)random_next(seed);
			break;
		}
	}
	bool ends = len && (to[0] == 'D' || to[0] == 'k' || (len >= 6 && !memcmp(to, "vKill;", 6)));
	return ends ? 0 : len;
}

/* On the wire: what would end the packet is escaped. */
static size_t wrap(uint8_t *to, const uint8_t *body, size_t len)
{
	uint8_t escaped[512];
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		bool is_special = body[i] == '#' || body[i] == '$' || body[i] == '}';
		if (is_special)
			escaped[n++] = '}';
		escaped[n++] = is_special ? body[i] ^ 0x20 : body[i];
	}
	return packet_wrap(to, escaped, n);
}

static bool switches_acks_off(const uint8_t *body, size_t len)
{
	return len == 15 && !memcmp(body, "QStartNoAckMode", 15);
}

static void fuzz(uint64_t seed, int rounds)
{
	struct wire w;
	wire_open(&w);
	w.fake.cpus = 2;
	for (int round = 0; round < rounds && check_case_ok; round++) {
		uint8_t body[200], packet[600];
		size_t len = random_body(&seed, body, sizeof body);
		size_t n = wrap(packet, body, len), cut = random_below(&seed, (uint32_t)n + 1);
		if (switches_acks_off(body, len))
			continue;
		w.fake.layout = random_below(&seed, TARGET_LAYOUTS);
		w.fake.refuses = random_below(&seed, 4) == 0;
		w.fake.log[0] = 0;
		wire_forget(&w);
		wire_feed(&w, packet, cut);
		CHECK(wire_seen(&w).packets == 0 || cut == n);
		wire_feed(&w, packet + cut, n - cut);
		struct wire_seen seen = wire_seen(&w);
		/* R has no reply in an extended session, which a `!` may have made it. */
		unsigned silent = len && body[0] == 'R' && !seen.packets;
		if (seen.acks < 1 || seen.packets + silent - seen.text_packets != 1 ||
		        seen.broken || session_state(w.session) != SESSION_STOPPED)
			CHECK_FAIL("round %d: %.*s -> %.*s", round, (int)n, (char *)packet,
			        (int)w.out_len, (char *)w.out);
	}
	CHECK(strncmp(wire_ask(&w, "?"), "T05", 3) == 0);
	wire_close(&w);
}

static void each_random_packet_gets_one_reply(void)
{
	fuzz(9, 60000);
}

/* While it runs: a refusal or nothing known, and the machine is left alone. */
static void each_random_packet_to_a_running_machine_gets_one_refusal(void)
{
	uint64_t seed = 10;
	struct wire w;
	wire_open(&w);
	w.stops_at_once = false;
	wire_ask(&w, "c");
	w.fake.log[0] = 0;
	for (int round = 0; round < 20000 && check_case_ok; round++) {
		uint8_t body[200], packet[600];
		size_t n = wrap(packet, body, random_body(&seed, body, sizeof body));
		wire_forget(&w);
		wire_feed(&w, packet, n);
		struct wire_seen seen = wire_seen(&w);
		CHECK_EQ(seen.packets, 1);
		CHECK(seen.last_len == 0 || (seen.last_len == 3 && !memcmp(seen.last, "E22", 3)));
		CHECK_STR(w.fake.log, "");
	}
	wire_close(&w);
}

/* Bytes without any order: as many replies as there were whole packets, and it still answers. */
static void noise_between_packets_is_survived(void)
{
	uint64_t seed = 11;
	struct wire w;
	wire_open(&w);
	for (int round = 0; round < 3000 && check_case_ok; round++) {
		uint8_t noise[300];
		size_t n = random_below(&seed, sizeof noise);
		for (size_t i = 0; i < n; i++) {
			static const char likely[] = "$$#}+-\x03gm0,";
			noise[i] = random_below(&seed, 2)
			                   ? (uint8_t)random_next(&seed)
			                   : (uint8_t)likely[random_below(&seed, 11)];
		}
		wire_forget(&w);
		wire_feed(&w, noise, n);
		if (session_state(w.session) == SESSION_GONE) { /* it spelled $D#44 */
			wire_close(&w);
			wire_open(&w);
			continue;
		}
		CHECK_EQ(wire_seen(&w).broken, 0);
		/* Out of whatever packet the noise has begun. */
		wire_feed(&w, "#00$#00", 7);
		CHECK_STR(wire_ask(&w, "qC"), "QC1");
		if (!check_case_ok)
			CHECK_FAIL("round %d", round);
	}
	wire_close(&w);
}

int main(void)
{
	RUN(each_random_packet_gets_one_reply);
	RUN(each_random_packet_to_a_running_machine_gets_one_refusal);
	RUN(noise_between_packets_is_survived);
	return check_done();
}

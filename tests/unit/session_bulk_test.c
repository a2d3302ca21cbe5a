/* x, qSearch:memory and qCRC: what they say of the fake target's RAM, its hole and its ends. */
#include "session_wire.h"

/* The reply's bytes: run-length encoding undone, then escapes. */
static size_t decode(const struct wire *w, uint8_t *to)
{
	struct wire_seen seen = wire_seen(w);
	size_t n = 0;
	bool is_escaped = false;
	for (size_t i = 0; i < seen.last_len; i++) {
		if (seen.last[i] == '*') {
			size_t more = seen.last[++i] - 29u;
			memset(to + n, to[n - 1], more);
			n += more;
		} else if (seen.last[i] == '}' && !is_escaped) {
			is_escaped = true;
		} else {
			to[n++] = is_escaped ? seen.last[i] ^ 0x20 : seen.last[i];
			is_escaped = false;
		}
	}
	return n;
}

/* Memory, by m as by x: what is there, up to where it ends. */
static void binary_reads_give_the_bytes_that_there_are(void)
{
	static const struct {
		unsigned at, len, wanted;
	} rows[] = {
		{ 0, 1, 1 },
		{ 0x23, 0x100, 0x100 },
		{ 0x0fff, 0x1002, 0x1002 },
		{ 0x3ff0, 0x10, 0x10 },
		{ 0x3ff0, 0x11, 0x10 },
		{ 0, 0x20000, FAKE_HOLE },
		{ 0x5000, 0xb000, 0xb000 },
		{ 0x5000, 0x20000, 0xb000 },
	};
	static uint8_t bytes[0x40000];
	struct wire w;
	wire_open(&w);
	for (size_t k = 0; k < 2; k++) {
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
			char packet[40];
			snprintf(packet, sizeof packet, "x%x,%x", rows[i].at, rows[i].len);
			wire_ask(&w, packet);
			CHECK_EQ(decode(&w, bytes), rows[i].wanted + 1);
			CHECK_EQ(bytes[0], 'b');
			CHECK(!memcmp(bytes + 1, w.fake.ram + rows[i].at, rows[i].wanted));
		}
		/* Again with runs, over a page's border. */
		memset(w.fake.ram + 0x1f00, 0, 0x300);
		memset(w.fake.ram + 0x5ff0, '#', 0x20);
	}
	wire_close(&w);
}

/* Every byte an escape: what fits into a packet, not half of an escape. */
static size_t always_specials(void *ctx, unsigned cpu, uint64_t gva, uint8_t *to, size_t len)
{
	(void)ctx, (void)cpu, (void)gva;
	memset(to, '}', len);
	return len;
}

static size_t always_zeros(void *ctx, unsigned cpu, uint64_t gva, uint8_t *to, size_t len)
{
	(void)ctx, (void)cpu, (void)gva;
	memset(to, 0, len);
	return len;
}

static void a_binary_read_stays_within_a_packet(void)
{
	static uint8_t bytes[0x80000];
	struct wire w;
	wire_open(&w);
	struct target_memory memory = *w.fake.target.memory;
	w.fake.target.memory = &memory;
	memory.read = always_specials;
	wire_ask(&w, "x0,ffffffffffffffff");
	CHECK_EQ(wire_seen(&w).last_len, SESSION_PACKET_SIZE - 1);
	CHECK_EQ(decode(&w, bytes), SESSION_PACKET_SIZE / 2);
	memory.read = always_zeros;
	wire_ask(&w, "x0,20000"); /* as much as gdb asks for at once */
	CHECK_EQ(decode(&w, bytes), 0x20001);
	wire_ask(&w, "x0,ffffffffffffffff"); /* no reader needs more room than for a packet */
	CHECK_EQ(decode(&w, bytes), SESSION_PACKET_SIZE / 2 + 1);
	wire_close(&w);
}

static void binary_read_requests(void)
{
	static const struct wire_row rows[] = {
		{ "x0,0", "b" },
		{ "x4000,0", "b" }, /* gdb's probe, wherever */
		{ "x4000,1", "E14" },
		{ "x10000,1", "E14" },
		{ "xffffffffffff0000,1", "E14" },
		{ "x", "E22" },
		{ "x0", "E22" },
		{ "x0,", "E22" },
		{ "x,1", "E22" },
		{ "x0,1,", "E22" },
		{ "x0;1", "E22" },
		{ "x-1,1", "E22" },
		{ "x10000000000000000,1", "E22" },
		{ "x0,10000000000000000", "E22" },
		{ "x2,1", "b\x0e" },
	};
	WIRE_CHECK_ROWS(rows);
}

static void searches_find_the_first_match_or_say_that_there_is_none(void)
{
	static const struct {
		const char *packet, *pattern, *reply;
	} rows[] = {
		{ "100;2000", "needle", "1,ffd" }, /* over a chunk's and a page's border */
		{ "ffd;6", "needle", "1,ffd" },    /* just so */
		{ "ffd;5", "needle", "0" },
		{ "ffe;2000", "needle", "0" },
		{ "0;ffd", "needle", "0" },
		{ "0;0", "needle", "0" },
		{ "100;3f00", "needle", "1,ffd" },             /* up to the hole */
		{ "100;ffffffffffffffff", "needle", "1,ffd" }, /* before it */
		{ "ffe;ffffffffffffffff", "needle", "E14" },   /* the hole ends it */
		{ "ffe;3003", "needle", "E14" },
		{ "4000;1", "n", "E14" },
		{ "4000;0", "n", "0" },
		{ "10000;1", "n", "E14" },
		{ "5000;b000", "last", "1,fffc" },
		{ "5000;afff", "last", "0" },
		{ "fffffffffffff000;1000", "end", "1,fffffffffffffffd" },
		{ "5000;b000", "}#$*", "1,8000" },
		{ "0;4000", "", "E22" },
	};
	struct wire w;
	wire_open(&w);
	memcpy(w.fake.ram + 0xffd, "needle", 6);
	memcpy(w.fake.ram + 0x8000, "}#$*", 4);
	memcpy(w.fake.ram + 0xfffc, "last", 4);
	memcpy(w.fake.top + 0xffd, "end", 3);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t packet[100];
		size_t n = (size_t)snprintf(
		        (char *)packet, sizeof packet, "qSearch:memory:%s;", rows[i].packet);
		for (const char *c = rows[i].pattern; *c; c++) { /* as gdb escapes */
			bool is_special = strchr("#$}*", *c);
			if (is_special)
				packet[n++] = '}';
			packet[n++] = (uint8_t)(is_special ? *c ^ 0x20 : *c);
		}
		const char *reply = wire_ask_bytes(&w, packet, n);
		if (strcmp(reply, rows[i].reply))
			CHECK_FAIL("%s %s -> %s, wanted %s", rows[i].packet, rows[i].pattern, reply,
			        rows[i].reply);
	}
	wire_close(&w);
}

/* Pages of RAM without an end, one match in them, wherever the window's borders are. */
static uint64_t match_at;

static size_t ram_with_a_match(void *ctx, unsigned cpu, uint64_t gva, uint8_t *to, size_t len)
{
	(void)ctx, (void)cpu;
	memset(to, 'a', len); /* the match's own first bytes are everywhere */
	for (size_t i = 0; i < len; i++)
		if (gva + i == match_at)
			to[i] = 'b';
	return len;
}

static void a_match_is_found_over_every_border_of_the_search(void)
{
	static const int64_t around[] = { -2, -1, 0, 1, 2 };
	static char packet[0x21000];
	struct wire w;
	wire_open(&w);
	struct target_memory memory = *w.fake.target.memory;
	w.fake.target.memory = &memory;
	memory.read = ram_with_a_match;
	static const size_t lengths[] = { 1, 2, 3, 100, 0x8000, SESSION_PACKET_SIZE / 2 };
	for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
		int n = snprintf(packet, sizeof packet, "qSearch:memory:1000;100000;");
		memset(packet + n, 'a', lengths[k]);
		packet[n + lengths[k] - 1] = 'b';
		/* The first window's end, the second's, a page's. */
		const uint64_t borders[] = { SESSION_PACKET_SIZE,
			2 * SESSION_PACKET_SIZE - (lengths[k] - 1), 0x30000 };
		for (size_t i = 0; i < 3 * 5; i++) {
			char wanted[40];
			match_at = 0x1000 + borders[i / 5] + (uint64_t)around[i % 5];
			snprintf(wanted, sizeof wanted, "1,%llx",
			        (unsigned long long)(match_at - (lengths[k] - 1)));
			CHECK_STR(wire_ask_bytes(&w, packet, (size_t)n + lengths[k]), wanted);
		}
	}
	/* A pattern that leaves no room to look is refused. */
	int n = snprintf(packet, sizeof packet, "qSearch:memory:1000;100000;");
	memset(packet + n, 'a', SESSION_PACKET_SIZE / 2 + 1);
	CHECK_STR(wire_ask_bytes(&w, packet, (size_t)n + SESSION_PACKET_SIZE / 2 + 1), "E22");
	wire_close(&w);
}

/* Memory that never ends, as page tables can make it: read so fast that the bound is what ends it.
 */
static uint64_t bytes_read;

static size_t ram_without_end(void *ctx, unsigned cpu, uint64_t gva, uint8_t *to, size_t len)
{
	(void)ctx, (void)cpu, (void)gva, (void)to;
	bytes_read += len;
	return len;
}

static void a_search_without_an_end_is_given_up(void)
{
	struct wire w;
	wire_open(&w);
	struct target_memory memory = *w.fake.target.memory;
	w.fake.target.memory = &memory;
	memory.read = ram_without_end;
	CHECK(!strncmp(wire_ask(&w, "qSearch:memory:0;ffffffffffffffff;x"), "E.given up", 10));
	CHECK(bytes_read <= (1ull << 33) + SESSION_PACKET_SIZE);
	wire_close(&w);
}

/* The remainder bit by bit, as the GDB manual says it. */
static uint32_t naive_crc(const uint8_t *from, size_t len)
{
	uint32_t crc = 0xffffffff;
	for (size_t i = 0; i < 8 * len; i++) {
		uint32_t bit = from[i / 8] >> (7 - i % 8) & 1;
		crc = crc << 1 ^ ((crc >> 31 ^ bit) ? 0x04c11db7 : 0);
	}
	return crc;
}

static void checksums_are_those_of_the_memory(void)
{
	struct wire w;
	wire_open(&w);
	memcpy(w.fake.ram + 0x100, "123456789", 9);
	CHECK_STR(wire_ask(&w, "qCRC:100,9"), "C376e6e7"); /* CRC-32/MPEG-2's check value */
	for (unsigned len = 0; len < 0x4000; len = len * 3 / 2 + 1) {
		char packet[40], wanted[40];
		unsigned at = len % 5;
		len = len > 0x4000 - at ? 0x4000 - at : len;
		snprintf(packet, sizeof packet, "qCRC:%x,%x", at, len);
		snprintf(wanted, sizeof wanted, "C%x", naive_crc(w.fake.ram + at, len));
		CHECK_STR(wire_ask(&w, packet), wanted);
	}
	wire_close(&w);
}

static void search_and_checksum_requests(void)
{
	static const struct wire_row rows[] = {
		{ "qCRC:0,4001", "E14" },
		{ "qCRC:4000,1", "E14" },
		{ "qCRC:10000,1", "E14" },
		{ "qCRC:0,ffffffffffffffff", "E14" },
		{ "qCRC:4000,0", "Cffffffff" },
		{ "qCRC:", "E22" },
		{ "qCRC:0", "E22" },
		{ "qCRC:0,", "E22" },
		{ "qCRC:0;1", "E22" },
		{ "qCRC:0,1,", "E22" },
		{ "qCRC", "" },
		{ "qSearch:memory:0;1", "E22" },
		{ "qSearch:memory:0;;a", "E22" },
		{ "qSearch:memory:;1;a", "E22" },
		{ "qSearch:memory:0,1,a", "E22" },
		{ "qSearch:memory:10000000000000000;1;a", "E22" },
		{ "qSearch:other:0;1;a", "" },
	};
	WIRE_CHECK_ROWS(rows);
}

/* In QEMU's PhyMemMode the same packets mean physical memory. */
static void physical_addresses_are_respected(void)
{
	struct wire w;
	uint8_t bytes[8];
	wire_open(&w);
	memcpy(w.fake.ram + 0x100, "123456789", 9);
	CHECK_STR(wire_ask(&w, "Qqemu.PhyMemMode:1"), "OK");
	CHECK_STR(wire_ask(&w, "x100,9"), "E14");
	CHECK_STR(wire_ask(&w, "qCRC:100,9"), "E14");
	CHECK_STR(wire_ask(&w, "qSearch:memory:100;9;5"), "E14");
	wire_ask(&w, "x100100,3");
	CHECK_EQ(decode(&w, bytes), 4);
	CHECK(!memcmp(bytes, "b123", 4));
	CHECK_STR(wire_ask(&w, "qCRC:100100,9"), "C376e6e7");
	CHECK_STR(wire_ask(&w, "qSearch:memory:100100;9;5"), "1,100104");
	wire_close(&w);
}

int main(void)
{
	RUN(binary_reads_give_the_bytes_that_there_are);
	RUN(a_binary_read_stays_within_a_packet);
	RUN(binary_read_requests);
	RUN(searches_find_the_first_match_or_say_that_there_is_none);
	RUN(a_match_is_found_over_every_border_of_the_search);
	RUN(a_search_without_an_end_is_given_up);
	RUN(checksums_are_those_of_the_memory);
	RUN(search_and_checksum_requests);
	RUN(physical_addresses_are_respected);
	return check_done();
}

/* The guest's ELF file, read through the stub. The fake's file is its RAM. */
#include "session_wire.h"

#define PATH     "/a b/kernel.elf"
#define PATH_HEX "2f6120622f6b65726e656c2e656c66"

static void the_path_is_told(void)
{
	struct wire w;
	wire_open(&w);
	CHECK(strstr(wire_ask(&w, "qSupported:x+"), ";qXfer:exec-file:read+"));
	CHECK_STR(wire_ask(&w, "qXfer:exec-file:read:1:0,1000"),
	        "lthis guest has no ELF file, which is fine (symbol-file FILE reads symbols)");
	w.fake.file_path = PATH;
	CHECK_STR(wire_ask(&w, "qXfer:exec-file:read:1:0,1000"), "l" PATH);
	CHECK_STR(wire_ask(&w, "qXfer:exec-file:read::0,1000"), "l" PATH);
	CHECK_STR(wire_ask(&w, "qXfer:exec-file:read:1:0,4"), "m/a b");
	CHECK_STR(wire_ask(&w, "qXfer:exec-file:read:1:4,100"), "l/kernel.elf");
	CHECK_STR(wire_ask(&w, "qXfer:exec-file:read:1"), "E22");
	CHECK_STR(wire_ask(&w, "qXfer:exec-file:read:1:0"), "E22");
	CHECK_STR(wire_ask(&w, "qXfer:exec-file:read:2:0,10"), "E22"); /* no such process */
	wire_close(&w);
}

static void nothing_but_it_can_be_opened(void)
{
	static const char *const refused[][2] = {
		{ "vFile:open:6a7573742070726f62696e67,0,1c0", "F-1,2" }, /* gdb's own probe */
		{ "vFile:open:2f6574632f706173737764,0,0", "F-1,2" },
		{ "vFile:open:,0,0", "F-1,2" },
		{ "vFile:open:2f6120622f6b65726e656c2e656c,0,0", "F-1,2" },     /* one less */
		{ "vFile:open:2f6120622f6b65726e656c2e656c6600,0,0", "F-1,2" }, /* one more */
		{ "vFile:open:" PATH_HEX ",1,0", "F-1,d" },                     /* to write */
		{ "vFile:open:" PATH_HEX ",0", "F-1,16" },
		{ "vFile:open:" PATH_HEX, "F-1,16" },
		{ "vFile:open:2,0,0", "F-1,16" },
		{ "vFile:open:zz,0,0", "F-1,16" },
		{ "vFile:fstat:1", "F-1,9" }, /* not open */
		{ "vFile:pread:1,10,0", "F-1,9" },
		{ "vFile:close:1", "F-1,9" },
	};
	struct wire w;
	wire_open(&w);
	CHECK_STR(wire_ask(&w, "vFile:open:" PATH_HEX ",0,0"), "F-1,2");
	w.fake.file_path = PATH;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		if (strcmp(wire_ask(&w, refused[i][0]), refused[i][1]))
			CHECK_FAIL("%s -> %s, wanted %s", refused[i][0], w.reply, refused[i][1]);
	CHECK_STR(wire_ask(&w, "vFile:setfs:1"), "F0");
	wire_close(&w);
}

/* gdb has it open twice at times. */
static void it_is_open_as_often_as_it_was_opened(void)
{
	struct wire w;
	wire_open(&w);
	w.fake.file_path = PATH;
	CHECK_STR(wire_ask(&w, "vFile:open:" PATH_HEX ",0,1c0"), "F1");
	CHECK_STR(wire_ask(&w, "vFile:open:" PATH_HEX ",0,0"), "F1");
	CHECK_STR(wire_ask(&w, "vFile:close:1"), "F0");
	CHECK_STR(wire_ask(&w, "vFile:pread:2,1,0"), "F-1,9");
	CHECK(!strncmp(wire_ask(&w, "vFile:pread:1,1,0"), "F1;", 3));
	CHECK_STR(wire_ask(&w, "vFile:close:1"), "F0");
	CHECK_STR(wire_ask(&w, "vFile:pread:1,1,0"), "F-1,9");
	wire_close(&w);
}

/* GDB manual, "struct stat": 64 bytes, big-endian. */
static void its_status_has_size_and_time(void)
{
	static const uint8_t size[] = { 0, 0, 0, 0, 0, 1, 0, 0 },
	                     time[] = { 0x12, 0x34, 0x56, 0x78 };
	struct wire w;
	wire_open(&w);
	w.fake.file_path = PATH;
	wire_ask(&w, "vFile:open:" PATH_HEX ",0,0");
	wire_forget(&w);
	wire_send(&w, "vFile:fstat:1", 13);
	struct wire_seen seen = wire_seen(&w);
	CHECK(!memcmp(seen.last, "F40;", 4));
	uint8_t stat[128];
	size_t n = 0;
	for (size_t i = 4; i < seen.last_len && n < sizeof stat; i++)
		stat[n++] = seen.last[i] == '}' ? seen.last[++i] ^ 0x20 : seen.last[i];
	CHECK_EQ(n, 64);
	CHECK(!memcmp(stat + 28, size, 8));
	CHECK(!memcmp(stat + 56, time, 4));
	CHECK_EQ(stat[10], 0x81); /* a regular file */
	w.fake.file_errno = 2;
	CHECK_STR(wire_ask(&w, "vFile:fstat:1"), "F-1,2");
	w.fake.file_errno = 116;
	CHECK_STR(wire_ask(&w, "vFile:fstat:1"), "F-1,270f"); /* unknown to gdb */
	wire_close(&w);
}

/* Every byte value, in pieces of any size. */
static void it_is_read_whole(void)
{
	struct wire w;
	wire_open(&w);
	w.fake.file_path = PATH;
	wire_ask(&w, "vFile:open:" PATH_HEX ",0,0");
	for (unsigned piece = 0x3fff; piece <= 0x40000; piece = piece * 4 + 5) {
		size_t off = 0;
		for (unsigned rounds = 0; off < FAKE_RAM && rounds < 100; rounds++) {
			char packet[60];
			unsigned count = 0;
			int n = snprintf(packet, sizeof packet, "vFile:pread:1,%x,%zx", piece, off);
			wire_forget(&w);
			wire_send(&w, packet, (size_t)n);
			struct wire_seen seen = wire_seen(&w);
			CHECK_EQ(seen.broken, 0);
			const uint8_t *at = memchr(seen.last, ';', seen.last_len);
			if (!at || sscanf((const char *)seen.last, "F%x;", &count) != 1 || !count)
				break;
			for (unsigned i = 0; i < count; i++) {
				uint8_t byte = *++at;
				if (byte == '}')
					byte = *++at ^ 0x20;
				if (byte != w.fake.ram[off + i])
					CHECK_FAIL("byte %zu", off + i);
			}
			CHECK(at + 1 == seen.last + seen.last_len);
			off += count;
		}
		CHECK_EQ(off, FAKE_RAM);
	}
	CHECK_STR(wire_ask(&w, "vFile:pread:1,10,10000"), "F0;");
	CHECK_STR(wire_ask(&w, "vFile:pread:1,ffffffffffffffff,ffffffffffffffff"), "F0;");
	CHECK_STR(wire_ask(&w, "vFile:pread:1,10"), "F-1,16");
	CHECK_STR(wire_ask(&w, "vFile:pread:1,10,x"), "F-1,16");
	w.fake.file_errno = 5;
	CHECK_STR(wire_ask(&w, "vFile:pread:1,10,0"), "F-1,5");
	wire_close(&w);
}

#define MADE_HEX "73637265656e2e706e67" /* screen.png */

/* How many bytes an answer of vFile:pread has, and the first of them in *first. */
static unsigned made_read(struct wire *w, const char *packet, uint8_t *first)
{
	unsigned count = 0;
	const char *reply = wire_ask(w, packet);
	const char *at = strchr(reply, ';');
	CHECK(at && sscanf(reply, "F%x;", &count) == 1);
	*first = at ? (uint8_t)at[1] : 0;
	return count;
}

static void another_is_made_when_it_is_opened(void)
{
	struct wire w;
	uint8_t first;
	wire_open(&w);
	CHECK_STR(wire_ask(&w, "vFile:pread:2,10,0"), "F-1,9");
	CHECK_STR(wire_ask(&w, "vFile:open:" MADE_HEX ",1,0"), "F-1,d");
	CHECK_EQ(w.fake.made_count, 0);
	CHECK_STR(wire_ask(&w, "vFile:open:" MADE_HEX ",0,1c0"), "F2");
	CHECK_EQ(made_read(&w, "vFile:pread:2,1000,0", &first), 0x1000);
	CHECK_EQ(first, 1);
	CHECK_EQ(made_read(&w, "vFile:pread:2,1000,1000", &first), 5000 - 0x1000);
	CHECK_STR(wire_ask(&w, "vFile:pread:2,1000,1388"), "F0;");
	CHECK_STR(wire_ask(&w, "vFile:pread:2,ffffffffffffffff,ffffffffffffffff"), "F0;");
	CHECK_STR(wire_ask(&w, "vFile:open:" MADE_HEX ",0,0"), "F2");
	made_read(&w, "vFile:pread:2,1,0", &first);
	CHECK_EQ(first, 2);
	CHECK_EQ(w.fake.made_count, 2);
	CHECK(!strncmp(wire_ask(&w, "vFile:fstat:2"), "F40;", 4));
	CHECK_STR(wire_ask(&w, "vFile:close:2"), "F0");
	CHECK_STR(wire_ask(&w, "vFile:close:2"), "F0");
	CHECK_STR(wire_ask(&w, "vFile:close:2"), "F-1,9");
	CHECK_STR(wire_ask(&w, "vFile:close:3"), "F-1,9");
	CHECK_STR(wire_ask(&w, "vFile:close:0"), "F-1,9");
	w.fake.file_errno = 2;
	CHECK_STR(wire_ask(&w, "vFile:open:" MADE_HEX ",0,0"), "F-1,2");
	CHECK_STR(wire_ask(&w, "vFile:pread:2,10,0"), "F-1,9");
	wire_close(&w);
}

/* It is read where it is asked for, and nowhere else. */
static void a_second_one_is_as_large_as_it_likes(void)
{
	struct wire w;
	uint8_t first;
	wire_open(&w);
	CHECK_STR(wire_ask(&w, "vFile:open:636f7265,0,0"), "F-1,1b"); /* core: too large */
	w.fake.made_is_large = true;
	CHECK_STR(wire_ask(&w, "vFile:open:636f7265,0,0"), "F3");
	CHECK_EQ(made_read(&w, "vFile:pread:3,40,fedcba9876543241", &first), 0x40);
	CHECK_EQ(first, 0x41);
	CHECK_STR(wire_ask(&w, "vFile:pread:2,40,0"), "F-1,9");
	CHECK_STR(wire_ask(&w, "vFile:open:" MADE_HEX ",0,0"), "F2");
	CHECK_STR(wire_ask(&w, "vFile:close:3"), "F0");
	CHECK_EQ(made_read(&w, "vFile:pread:2,10,0", &first), 0x10);
	CHECK_STR(wire_ask(&w, "vFile:pread:3,40,0"), "F-1,9");
	CHECK_STR(wire_ask(&w, "vFile:pread:4,40,0"), "F-1,9");
	CHECK_STR(wire_ask(&w, "vFile:pread:ffffffffffffffff,40,0"), "F-1,9");
	wire_close(&w);
}

/* A target may have the one, the other, or none. */
static void each_kind_is_there_without_the_other(void)
{
	struct wire w;
	wire_open(&w);
	const unsigned count = w.fake.target.made_count;
	w.fake.file_path = PATH;
	w.fake.target.made_count = 0;
	CHECK_STR(wire_ask(&w, "vFile:open:" MADE_HEX ",0,0"), "F-1,2");
	CHECK_STR(wire_ask(&w, "vFile:open:" PATH_HEX ",0,0"), "F1");
	w.fake.target.made_count = count;
	w.fake.target.file = NULL;
	CHECK_STR(wire_ask(&w, "vFile:open:" PATH_HEX ",0,0"), "F-1,2");
	CHECK_STR(wire_ask(&w, "vFile:open:" MADE_HEX ",0,0"), "F2");
	CHECK_STR(wire_ask(&w, "qXfer:exec-file:read:1:0,1000"), "");
	w.fake.target.made_count = 0;
	CHECK_STR(wire_ask(&w, "vFile:setfs:0"), "");
	wire_close(&w);
}

int main(void)
{
	RUN(the_path_is_told);
	RUN(nothing_but_it_can_be_opened);
	RUN(it_is_open_as_often_as_it_was_opened);
	RUN(its_status_has_size_and_time);
	RUN(it_is_read_whole);
	RUN(another_is_made_when_it_is_opened);
	RUN(a_second_one_is_as_large_as_it_likes);
	RUN(each_kind_is_there_without_the_other);
	return check_done();
}

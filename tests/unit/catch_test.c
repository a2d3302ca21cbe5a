#include "debug/catch.h"

#include <errno.h>

#include "check.h"
#include "random.h"

static void good_words_are_understood(void)
{
	static const struct {
		const char *words;
		enum catch_kind kind;
		uint64_t low, high;
		enum catch_direction direction;
		bool has_value;
		uint64_t value;
	} rows[] = {
		{ "int 0x10", CATCH_VECTOR, 0x10, 0x10 },
		{ "int 16", CATCH_VECTOR, 16, 16 },
		{ "int 0-255", CATCH_VECTOR, 0, 255 },
		{ "int 0x20-0x2f", CATCH_VECTOR, 0x20, 0x2f },
		{ "int 255", CATCH_VECTOR, 255, 255 },
		{ "int 13h", CATCH_VECTOR, 0x13, 0x13 },
		{ "INT 0F0h-ffH", CATCH_VECTOR, 0xf0, 0xff },
		{ "exception", CATCH_VECTOR, 0, 31 },
		{ "#GP", CATCH_VECTOR, 13, 13 },
		{ "#gp", CATCH_VECTOR, 13, 13 },
		{ "#DE", CATCH_VECTOR, 0, 0 },
		{ "#DB", CATCH_VECTOR, 1, 1 },
		{ "nmi", CATCH_VECTOR, 2, 2 },
		{ "#PF", CATCH_VECTOR, 14, 14 },
		{ "#CP", CATCH_VECTOR, 21, 21 },
		{ "port 0x60", CATCH_PORT, 0x60, 0x60 },
		{ "port 0x60-0x64 in", CATCH_PORT, 0x60, 0x64, CATCH_IN },
		{ "port 0-0xffff read", CATCH_PORT, 0, 0xffff, CATCH_IN },
		{ "port 233 out", CATCH_PORT, 233, 233, CATCH_OUT },
		{ "port 0x3f8 out value=0x41", CATCH_PORT, 0x3f8, 0x3f8, CATCH_OUT, true, 0x41 },
		{ "port 0x3f8 value=0 in", CATCH_PORT, 0x3f8, 0x3f8, CATCH_IN, true, 0 },
		{ "mmio 0xa0000-0xbffff write", CATCH_MMIO, 0xa0000, 0xbffff, CATCH_OUT },
		{ "mmio 0xfee00000", CATCH_MMIO, 0xfee00000, 0xfee00000 },
		{ "mmio 0-0xffffffffffffffff value=18446744073709551615", CATCH_MMIO, 0, UINT64_MAX,
		        CATCH_BOTH, true, UINT64_MAX },
		{ "port 3f8h-3FFh Out value=41h", CATCH_PORT, 0x3f8, 0x3ff, CATCH_OUT, true, 0x41 },
		{ "mode", CATCH_MODE, 0, 0 },
		{ "cs", CATCH_CS, 0, 0 },
		{ "cr0", CATCH_CR, 0, 0 },
		{ "cr3", CATCH_CR, 3, 3 },
		{ "cr4", CATCH_CR, 4, 4 },
		{ "hlt", CATCH_HLT, 0, 0 },
		{ "reset", CATCH_RESET, 0, 0 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct catchpoint p;
		struct error e = { 0 };
		if (catch_parse(&p, rows[i].words, &e)) {
			CHECK_FAIL("%s: %s", rows[i].words, e.text);
			continue;
		}
		CHECK_EQ(p.kind, rows[i].kind);
		CHECK_EQ(p.low, rows[i].low);
		CHECK_EQ(p.high, rows[i].high);
		CHECK_EQ(p.direction, rows[i].direction);
		CHECK_EQ(p.has_value, rows[i].has_value);
		CHECK_EQ(p.value, rows[i].value);
		CHECK_EQ(p.condition_count, 0);
		CHECK_STR(p.text, rows[i].words);
	}
}

static void wrong_words_are_refused_with_what_was_expected(void)
{
	static const char events[] = "expected int N, exception, a name such as #GP, port, mmio, "
	                             "mode, cs, cr0, cr3, cr4, hlt, reset or magic";
	static const char vector[] = "expected a vector of 0 to 0xff",
	                  address[] = "expected an address or LOW-HIGH",
	                  condition[] = "expected a condition such as ah=0x0e",
	                  access[] = "expected in, out, read, write or value=NUMBER",
	                  nothing[] = "expected nothing more";
	static const struct {
		const char *words, *word, *expected;
	} rows[] = {
		{ "nonsense", "nonsense", events },
		{ "INTO 3", "INTO", events },
		{ "cr1", "cr1", events },
		{ "cr", "cr", events },
		{ "#XX", "#XX", events },
		{ "GP", "GP", events },
		{ "int", "int", vector },
		{ "int 256", "256", vector },
		{ "int 0x10-", "0x10-", vector },
		{ "int 20-10", "20-10", vector },
		{ "int x", "x", vector },
		{ "int -1", "-1", vector },
		{ "int 1x", "1x", vector },
		{ "int 0-256", "0-256", vector },
		{ "port", "port", address },
		{ "port 0x10000", "0x10000", address },
		{ "port 1-2-3", "1-2-3", address },
		{ "mmio", "mmio", address },
		{ "mmio 18446744073709551616", "18446744073709551616", address },
		{ "int 3 out", "out", condition },
		{ "int 3 ah", "ah", condition },
		{ "int 3 ah=", "ah=", condition },
		{ "int 3 =3", "=3", condition },
		{ "int 3 zz=3", "zz=3", condition },
		{ "int 3 ah=0x100", "ah=0x100", "ah is at most 0xff" },
		{ "int 3 AH=102h", "AH=102h", "ah is at most 0xff" },
		{ "int 3 ax=0x10000", "ax=0x10000", "ax is at most 0xffff" },
		{ "int 3 eax=0x100000000", "eax=0x100000000", "eax is at most 0xffffffff" },
		{ "int 3 ah=2 ah=3", "ah=3", "a value of ah was given already" },
		{ "int 3 ah=2 AH=2", "AH=2", "a value of ah was given already" },
		{ "int 3 ah=2hh", "ah=2hh", condition },
		{ "int 113h", "113h", vector },
		{ "int 3 sh=1", "sh=1", condition },
		{ "int 3 eah=1", "eah=1", condition },
		{ "int 3 ral=1", "ral=1", condition },
		{ "int 3 ah=1 al=2 zz=3", "zz=3", condition },
		{ "int 3 al=1 bl=1 cl=1 dl=1 ah=1", "ah=1", nothing },
		{ "int 3 registers=2", "registers=2", condition },
		{ "port 3 inn", "inn", access },
		{ "port 3 value=", "value=", access },
		{ "port 3 value=x", "value=x", access },
		{ "mmio 3 ah=3", "ah=3", access },
		{ "port 3 in out", "out",
		        "a direction was given already; without one, both are caught" },
		{ "port 3 value=1 value=2", "value=2", "a value was given already" },
		{ "mode x", "x", nothing },
		{ "cs 0x8", "0x8", nothing },
		{ "cr0 1", "1", nothing },
		{ "hlt hlt", "hlt", nothing },
		{ "reset now", "now", nothing },
		{ "port 1 in value=1 x y z", "z", nothing },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct catchpoint p;
		struct error e = { 0 };
		char wanted[300];
		snprintf(wanted, sizeof wanted, "catch: %s: %s", rows[i].word, rows[i].expected);
		CHECK_EQ(catch_parse(&p, rows[i].words, &e), -EINVAL);
		CHECK_STR(e.text, wanted);
	}
	struct catchpoint p;
	struct error e = { 0 };
	CHECK_EQ(catch_parse(&p, "", &e), -EINVAL);
	CHECK_STR(e.text, "catch: expected an event, such as int 0x10");
	CHECK_EQ(catch_parse(&p, "   ", &e), -EINVAL);
	CHECK_STR(e.text, "catch: expected an event, such as int 0x10");
}

static void a_text_must_fit(void)
{
	struct catchpoint p;
	struct error e = { 0 };
	char words[80];
	snprintf(words, sizeof words, "%-63s", "hlt");
	CHECK_EQ(catch_parse(&p, words, &e), 0);
	CHECK_EQ(strlen(p.text), 63);
	snprintf(words, sizeof words, "%-64s", "hlt");
	CHECK_EQ(catch_parse(&p, words, &e), -EINVAL);
	CHECK_STR(e.text, "catch: at most 63 characters");
}

static void any_words_are_parsed_within_bounds(void)
{
	static const char *const pieces[] = { "int", "port", "mmio", "#GP", "mode", "cr0", " ",
		"  ", "=", "-", "0x", "ah", "value=", "in", "out", "7", "ff", "#", "eax", "\xff",
		"," };
	uint64_t seed = 1;
	for (unsigned i = 0; i < 100000; i++) {
		struct catchpoint p;
		struct error e = { 0 };
		char words[200] = "";
		for (unsigned n = random_below(&seed, 12); n; n--)
			strcat(words, pieces[random_below(&seed, sizeof pieces / sizeof *pieces)]);
		int err = catch_parse(&p, words, &e);
		CHECK(err == 0 || err == -EINVAL);
		CHECK(!err || e.text[0]);
		CHECK(err || (p.low <= p.high && !strcmp(p.text, words)));
	}
}

static struct catches of(const char *words)
{
	struct catches c = { 0 };
	struct catchpoint p;
	struct error e = { 0 };
	if (catch_parse(&p, words, &e))
		CHECK_FAIL("%s: %s", words, e.text);
	CHECK_EQ(catches_add(&c, &p), 0);
	return c;
}

static const struct kvm_regs regs = { .rax = 0x1122334455660e41,
	.rbx = 0xb0b1b2b3b4b5b6b7,
	.rcx = 0xffffffff0000c0c1,
	.rdx = 0xd0d1d2d3d4d5d6d7,
	.rsi = 0x51,
	.rdi = 0xd1,
	.rbp = 0xbbbb,
	.rsp = 0x7c00 };

static void conditions_look_at_the_part_of_the_register(void)
{
	static const struct {
		const char *words;
		bool holds;
	} rows[] = { { "int 3 al=0x41", true }, { "int 3 AH=0Eh", true },
		{ "int 3h ah=eh AL=41h", true }, { "int 3 ah=0x0e", true }, { "int 3 ah=14", true },
		{ "int 3 ax=0xe41", true }, { "int 3 eax=0x55660e41", true },
		{ "int 3 rax=0x1122334455660e41", true }, { "int 3 al=0x0e", false },
		{ "int 3 ah=0x41", false }, { "int 3 ax=0x41", false },
		{ "int 3 eax=0xe41", false }, { "int 3 rax=0x55660e41", false },
		{ "int 3 bl=0xb7", true }, { "int 3 bh=0xb6", true }, { "int 3 bx=0xb6b7", true },
		{ "int 3 cl=0xc1", true }, { "int 3 ch=0xc0", true }, { "int 3 ecx=0xc0c1", true },
		{ "int 3 rcx=0xc0c1", false }, { "int 3 dl=0xd7", true },
		{ "int 3 edx=0xd4d5d6d7", true }, { "int 3 si=0x51", true },
		{ "int 3 esi=0x51", true }, { "int 3 rsi=0x51", true }, { "int 3 di=0xd1", true },
		{ "int 3 bp=0xbbbb", true }, { "int 3 sp=0x7c00", true },
		{ "int 3 rsp=0x7c00", true }, { "int 3 ah=0x0e al=0x41 bx=0xb6b7 dl=0xd7", true },
		{ "int 3 ah=0x0e al=0x42", false }, { "int 3 ah=0x0f al=0x41", false },
		{ "int 3 ah=0x0e al=0x41 bx=0xb6b7 dl=0xd8", false }, { "int 3 sp=0", false } };
	char text[CATCH_TEXT_MAX];
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct catches c = of(rows[i].words);
		if (catches_vector(&c, 3, CATCH_BY_EXCEPTION, &regs, "0000:7c00", text) !=
		        rows[i].holds)
			CHECK_FAIL(
			        "%s %s", rows[i].words, rows[i].holds ? "does not hold" : "holds");
	}
}

static void vectors_are_told_with_their_names(void)
{
	char text[CATCH_TEXT_MAX];
	struct catches c = of("exception");
	CHECK(catches_vector(&c, 13, CATCH_BY_EXCEPTION, &regs, "07c0:0005", text));
	CHECK_STR(text, "Caught vector 0x0d (#GP) at 07c0:0005 (catch exception); here its handler "
	                "begins.\n");
	CHECK(catches_vector(&c, 0, CATCH_BY_EXCEPTION, &regs, "a", text));
	CHECK(catches_vector(&c, 31, CATCH_BY_EXCEPTION, &regs, "0000:0000", text));
	CHECK_STR(text, "Caught vector 0x1f at 0000:0000 (catch exception); here its handler "
	                "begins.\n");
	CHECK(!catches_vector(&c, 32, CATCH_BY_EXCEPTION, &regs, "a", text));
	c = of("int 0x10 ah=0x0e");
	CHECK(catches_vector(&c, 0x10, CATCH_BY_EXCEPTION, &regs, "0000:7c20", text));
	CHECK_STR(text, "Caught vector 0x10 (#MF) at 0000:7c20 (catch int 0x10 ah=0x0e); here its "
	                "handler begins.\n");
	CHECK(!catches_vector(&c, 0x11, CATCH_BY_EXCEPTION, &regs, "a", text));
	CHECK(!catches_port(&c, 0x10, 1, true, 0, text));
	CHECK(!catches_mmio(&c, 0x10, 1, true, 0, text));
	CHECK(!catches_hlt(&c, text));
}

static void what_is_no_exception_has_no_exceptions_name(void)
{
	char text[CATCH_TEXT_MAX];
	struct catches c = of("int 0x13");
	CHECK(catches_vector(&c, 0x13, CATCH_BY_INT, &regs, "0000:7c20", text));
	CHECK_STR(text, "Caught vector 0x13 (int 0x13) at 0000:7c20 (catch int 0x13); here its "
	                "handler begins.\n");
	CHECK(catches_vector(&c, 0x13, CATCH_BY_DEVICE, &regs, "0000:7c20", text));
	CHECK_STR(text, "Caught vector 0x13 (interrupt) at 0000:7c20 (catch int 0x13); here its "
	                "handler begins.\n");
	static const char *const exceptions[] = { "exception", "#XM" };
	for (unsigned i = 0; i < 2; i++) {
		c = of(exceptions[i]);
		CHECK(catches_vector(&c, 0x13, CATCH_BY_EXCEPTION, &regs, "a", text));
		CHECK(!catches_vector(&c, 0x13, CATCH_BY_INT, &regs, "a", text));
		CHECK(!catches_vector(&c, 0x13, CATCH_BY_DEVICE, &regs, "a", text));
	}
}

/* The first whose condition holds, not the first that takes the vector. */
static void a_condition_that_does_not_hold_leaves_it_to_the_next(void)
{
	char text[CATCH_TEXT_MAX];
	struct catches c = of("int 3 al=1"), more = of("int 3 al=0x41");
	CHECK_EQ(catches_add(&c, &more.all[0]), 0);
	CHECK(catches_vector(&c, 3, CATCH_BY_EXCEPTION, &regs, "0000:0000", text));
	CHECK_STR(text, "Caught vector 0x03 (#BP) at 0000:0000 (catch int 3 al=0x41); here its "
	                "handler begins.\n");
	c = of("port 3 in");
	more = of("port 3 out");
	CHECK_EQ(catches_add(&c, &more.all[0]), 0);
	CHECK(catches_port(&c, 3, 1, true, 7, text));
	CHECK_STR(text, "Caught out to port 0x3, size 1, value 0x7 (catch port 3 out).\n");
}

static void ports_are_caught_by_range_direction_and_value(void)
{
	static const struct {
		const char *words;
		uint16_t port;
		unsigned size;
		bool is_out;
		uint64_t value;
		bool is_caught;
	} rows[] = { { "port 0x60", 0x60, 1, true, 1, true },
		{ "port 0x60", 0x60, 1, false, 1, true }, { "port 0x60", 0x61, 1, true, 1, false },
		{ "port 0x60", 0x5f, 1, true, 1, false }, { "port 0x60", 0x5f, 2, true, 1, true },
		{ "port 0x60", 0x5d, 4, true, 1, true }, { "port 0x60", 0x5c, 4, true, 1, false },
		{ "port 0x60-0x64", 0x64, 1, true, 1, true },
		{ "port 0x60-0x64", 0x65, 1, true, 1, false },
		{ "port 1 in", 1, 1, false, 1, true }, { "port 1 in", 1, 1, true, 1, false },
		{ "port 1 write", 1, 1, true, 1, true }, { "port 1 value=2", 1, 1, true, 2, true },
		{ "port 1 value=2", 1, 1, true, 3, false },
		{ "port 1 value=0", 1, 4, false, 0, true },
		{ "port 0xffff", 0xffff, 4, true, 0, true },
		{ "port 0", 0xffff, 1, true, 0, false } };
	char text[CATCH_TEXT_MAX];
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct catches c = of(rows[i].words);
		if (catches_port(&c, rows[i].port, rows[i].size, rows[i].is_out, rows[i].value,
		            text) != rows[i].is_caught)
			CHECK_FAIL("row %zu, %s: %scaught", i, rows[i].words,
			        rows[i].is_caught ? "not " : "");
	}
	struct catches c = of("port 0x60-0x64");
	CHECK(catches_port(&c, 0x64, 2, false, 0xfe1c, text));
	CHECK_STR(text, "Caught in from port 0x64, size 2, value 0xfe1c (catch port 0x60-0x64).\n");
}

static void mmio_is_caught_by_range_direction_and_value(void)
{
	char text[CATCH_TEXT_MAX];
	struct catches c = of("mmio 0xa0000-0xbffff write");
	CHECK(catches_mmio(&c, 0xb8000, 2, true, 0x741, text));
	CHECK_STR(text, "Caught MMIO write to 0xb8000, size 2, value 0x741 (catch mmio "
	                "0xa0000-0xbffff write).\n");
	CHECK(!catches_mmio(&c, 0xb8000, 2, false, 0x741, text));
	CHECK(catches_mmio(&c, 0x9fffd, 4, true, 0, text));
	CHECK(!catches_mmio(&c, 0x9fffc, 4, true, 0, text));
	CHECK(catches_mmio(&c, 0xbffff, 8, true, 0, text));
	CHECK(!catches_mmio(&c, 0xc0000, 8, true, 0, text));
	c = of("mmio 0xffffffffffffffff read value=3");
	CHECK(catches_mmio(&c, UINT64_MAX, 1, false, 3, text));
	CHECK_STR(text, "Caught MMIO read from 0xffffffffffffffff, size 1, value 0x3 (catch mmio "
	                "0xffffffffffffffff read value=3).\n");
	CHECK(!catches_mmio(&c, UINT64_MAX, 1, false, 4, text));
	CHECK(!catches_mmio(&c, UINT64_MAX, 1, true, 3, text));
}

static void changes_are_told_with_what_was(void)
{
	char text[CATCH_TEXT_MAX];
	struct catches c = of("mode");
	CHECK(catches_mode(&c, "real16", "prot32", text));
	CHECK_STR(text, "Caught a change of the CPU's mode from real16 to prot32.\n");
	CHECK(!catches_mode(&c, "real16", "real16", text));
	CHECK(!catches_cs(&c, 0, 8, text));
	CHECK(!catches_cr(&c, 0, false, 0, 1, text));
	c = of("cs");
	CHECK(catches_cs(&c, 0x7c0, 8, text));
	CHECK_STR(text, "Caught a far transfer: CS was 07c0 and is 0008.\n");
	CHECK(!catches_cs(&c, 8, 8, text));
	CHECK(!catches_mode(&c, "real16", "prot32", text));
	c = of("cr0");
	CHECK(catches_cr(&c, 0, false, 0x60000010, 0x60000011, text));
	CHECK_STR(text, "Caught a write to cr0: 0x60000011 was 0x60000010.\n");
	CHECK(!catches_cr(&c, 0, false, 1, 1, text));
	CHECK(!catches_cr(&c, 3, false, 0, 1, text));
	CHECK(catches_cr(&c, 0, true, 1, 1, text));
	CHECK_STR(text, "Caught a write to cr0: 0x1 was 0x1.\n");
	CHECK(!catches_cr(&c, 3, true, 1, 1, text));
	c = of("cr3");
	CHECK(catches_cr(&c, 3, false, 0, 0x1000, text));
	CHECK_STR(text, "Caught a write to cr3: 0x1000 was 0x0.\n");
	c = of("hlt");
	CHECK(catches_hlt(&c, text));
	CHECK_STR(text, "Caught hlt.\n");
	CHECK(!catches_reset(&c, "port 0x64", text));
	c = of("reset");
	CHECK(catches_reset(&c, "port 0x64", text));
	CHECK_STR(text, "Caught a reset (port 0x64): the machine starts anew when it goes on.\n");
	CHECK(!catches_hlt(&c, text));
}

/* The longest there can be, in CATCH_TEXT_MAX bytes and with its line's end. */
static void a_mark_of_bochs_is_told(void)
{
	struct catches c = { 0 };
	struct catchpoint p;
	struct error e = { 0 };
	char text[CATCH_TEXT_MAX];
	CHECK(!catches_magic(&c, text));
	CHECK_EQ(catch_parse(&p, "Magic", &e), 0);
	CHECK(catch_needs_steps(&p));
	CHECK_EQ(catches_add(&c, &p), 0);
	CHECK(catches_magic(&c, text));
	CHECK_STR(text, "Caught xchg %bx, %bx (catch magic).\n");
	CHECK(catch_parse(&p, "magic 1", &e));
}

static void the_longest_line_is_whole(void)
{
	char words[80], text[CATCH_TEXT_MAX];
	snprintf(words, sizeof words, "%-63s", "mmio 0-0xffffffffffffffff");
	struct catches c = of(words);
	CHECK(catches_mmio(&c, UINT64_MAX - 8, 8, false, UINT64_MAX, text));
	CHECK_EQ(text[strlen(text) - 1], '\n');
	snprintf(words, sizeof words, "%-63s", "int 0-31");
	c = of(words);
	CHECK(catches_vector(&c, 13, CATCH_BY_EXCEPTION, &regs, "ffff:ffffffffffffffff", text));
	CHECK_EQ(text[strlen(text) - 1], '\n');
}

static void a_list_has_numbers_from_1_and_a_limit(void)
{
	struct catches c = { 0 };
	char text[CATCH_TEXT_MAX];
	for (unsigned i = 0; i < CATCH_MAX; i++) {
		struct catchpoint p = { .kind = CATCH_PORT, .low = i, .high = i };
		CHECK_EQ(catches_add(&c, &p), 0);
	}
	struct catchpoint more = { .kind = CATCH_HLT };
	CHECK_EQ(catches_add(&c, &more), -ENOSPC);
	CHECK(!catches_remove(&c, 0));
	CHECK(!catches_remove(&c, CATCH_MAX + 1));
	CHECK(catches_remove(&c, 1));
	CHECK_EQ(c.count, CATCH_MAX - 1);
	CHECK(!catches_port(&c, 0, 1, true, 0, text));
	CHECK(catches_port(&c, 1, 1, true, 0, text));
	CHECK_EQ(c.all[0].low, 1);
	CHECK(catches_remove(&c, CATCH_MAX - 1));
	CHECK(!catches_remove(&c, CATCH_MAX - 1));
	CHECK(!catches_port(&c, CATCH_MAX - 1, 1, true, 0, text));
	CHECK_EQ(catches_add(&c, &more), 0);
	CHECK(catches_hlt(&c, text));
}

static void only_what_does_not_exit_needs_steps(void)
{
	static const struct {
		const char *words;
		bool needs;
	} rows[] = { { "int 3", true }, { "exception", true }, { "#GP", true }, { "mode", true },
		{ "cs", true }, { "cr0", true }, { "port 1", false }, { "mmio 1", false },
		{ "hlt", false } };
	struct catches all = { 0 };
	CHECK(!catches_need_steps(&all));
	for (size_t i = sizeof rows / sizeof *rows; i-- > 0;) {
		struct catches c = of(rows[i].words);
		CHECK_EQ(catches_need_steps(&c), rows[i].needs);
		CHECK_EQ(catches_add(&all, &c.all[0]), 0);
		CHECK_EQ(catches_need_steps(&all), i < 6);
	}
}

static void vectors_have_the_manuals_names(void)
{
	static const struct {
		unsigned vector;
		const char *text;
	} rows[] = { { 2, "vector 0x02 (NMI)" }, { 9, "vector 0x09" }, { 14, "vector 0x0e (#PF)" },
		{ 15, "vector 0x0f" }, { 31, "vector 0x1f" }, { 32, "vector 0x20" } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		CHECK_STR(catch_vector_describe(rows[i].vector, CATCH_BY_EXCEPTION).text,
		        rows[i].text);
	CHECK_STR(catch_vector_describe(0x80, CATCH_BY_INT).text, "vector 0x80 (int 0x80)");
}

int main(void)
{
	RUN(good_words_are_understood);
	RUN(wrong_words_are_refused_with_what_was_expected);
	RUN(a_text_must_fit);
	RUN(any_words_are_parsed_within_bounds);
	RUN(conditions_look_at_the_part_of_the_register);
	RUN(vectors_are_told_with_their_names);
	RUN(what_is_no_exception_has_no_exceptions_name);
	RUN(a_condition_that_does_not_hold_leaves_it_to_the_next);
	RUN(ports_are_caught_by_range_direction_and_value);
	RUN(mmio_is_caught_by_range_direction_and_value);
	RUN(changes_are_told_with_what_was);
	RUN(a_mark_of_bochs_is_told);
	RUN(the_longest_line_is_whole);
	RUN(a_list_has_numbers_from_1_and_a_limit);
	RUN(only_what_does_not_exit_needs_steps);
	RUN(vectors_have_the_manuals_names);
	return check_done();
}

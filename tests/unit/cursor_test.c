/* cursor.h: values are read whole or not at all, and within their bounds. */
#include "base/cursor.h"

#include <errno.h>
#include <stdlib.h>

#include "check.h"

typedef bool take(struct cursor *c, uint64_t *value);

/* What take makes of text: the value, and how many characters it took; nothing changes on false. */
struct value_case {
	const char *text;
	bool is_taken;
	uint64_t value;
	size_t len;
};

static void check_values(take *take_one, const struct value_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct value_case *k = &cases[i];
		struct cursor c = cursor_of(k->text);
		uint64_t value = 0x5a5a;
		bool is_taken = take_one(&c, &value);
		size_t len = (size_t)(c.at - k->text);
		if (is_taken != k->is_taken || value != (k->is_taken ? k->value : 0x5a5a) ||
		        len != k->len)
			CHECK_FAIL("\"%s\": taken %d, value 0x%" PRIx64 ", %zu characters", k->text,
			        is_taken, value, len);
	}
}

#define CHECK_VALUES(take_one, cases) check_values(take_one, cases, sizeof cases / sizeof cases[0])

static void numbers_are_decimal_or_hex(void)
{
	static const struct value_case cases[] = {
		{ "0", true, 0, 1 },
		{ "65536", true, 65536, 5 },
		{ "0x10", true, 16, 4 },
		{ "0xfFa", true, 0xffa, 5 },
		{ "010", true, 10, 3 },
		{ "12@", true, 12, 2 },
		{ "12a", true, 12, 2 },
		{ "18446744073709551615", true, UINT64_MAX, 20 },
		{ "0xffffffffffffffff", true, UINT64_MAX, 18 },
		{ "00000000000000000000000012", true, 12, 26 },
		{ "18446744073709551616", false, 0, 0 },
		{ "0x10000000000000000", false, 0, 0 },
		{ "", false, 0, 0 },
		{ "0x", false, 0, 0 },
		{ "0xg", false, 0, 0 },
		{ "x1", false, 0, 0 },
		{ "-1", false, 0, 0 },
		{ "+1", false, 0, 0 },
		{ " 1", false, 0, 0 },
		{ "ff", false, 0, 0 },
	};
	CHECK_VALUES(cursor_number, cases);
}

static void hex_has_no_prefix(void)
{
	static const struct value_case cases[] = {
		{ "07c0:", true, 0x7c0, 4 },
		{ "1000", true, 0x1000, 4 },
		{ "0x10", true, 0, 1 },
		{ "g", false, 0, 0 },
		{ "", false, 0, 0 },
		{ "10000000000000000", false, 0, 0 },
	};
	CHECK_VALUES(cursor_hex, cases);
}

static void codes_of_a_pc_may_have_an_h(void)
{
	static const struct value_case cases[] = {
		{ "13h", true, 0x13, 3 },
		{ "0Eh", true, 0xe, 3 },
		{ "e8H", true, 0xe8, 3 },
		{ "3f8h-3ffh", true, 0x3f8, 4 },
		{ "13", true, 13, 2 },
		{ "0x13", true, 0x13, 4 },
		{ "0x13h", true, 0x13, 4 },
		{ "13hh", true, 0x13, 3 },
		{ "1fe", true, 1, 1 },
		{ "ffffffffffffffffh", true, UINT64_MAX, 17 },
		{ "10000000000000000h", true, 10000000000000000, 17 },
		{ "18446744073709551616h", false, 0, 0 },
		{ "h", false, 0, 0 },
		{ "gh", false, 0, 0 },
		{ "ff", false, 0, 0 },
		{ "", false, 0, 0 },
	};
	CHECK_VALUES(cursor_code, cases);
}

static void sizes_have_suffixes(void)
{
	static const struct value_case cases[] = {
		{ "64M", true, 64ull << 20, 3 },
		{ "640K", true, 640ull << 10, 4 },
		{ "1G", true, 1ull << 30, 2 },
		{ "1g", true, 1ull << 30, 2 },
		{ "0x10k", true, 16ull << 10, 5 },
		{ "65536", true, 65536, 5 },
		{ "64Q", true, 64, 2 },
		{ "1KB", true, 1024, 2 },
		{ "17179869183G", true, 17179869183ull << 30, 12 },
		{ "17179869184G", false, 0, 0 },
		{ "18446744073709551615K", false, 0, 0 },
		{ "K", false, 0, 0 },
		{ "", false, 0, 0 },
	};
	CHECK_VALUES(cursor_size, cases);
}

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223; /* Numerical Recipes' generator */
	return *state >> 8;
}

/* strtoull is laxer, so the text is held to digits first. */
static void numbers_agree_with_strtoull(void)
{
	uint32_t state = 1;
	for (int round = 0; round < 200000; round++) {
		static const char digits[] = "0123456789abcdefABCDEF";
		bool is_hex = next_random(&state) & 1;
		char text[32] = "0x";
		size_t len = is_hex ? 2 : 0, count = 1 + next_random(&state) % 22;
		for (size_t i = 0; i < count; i++)
			text[len++] = digits[next_random(&state) % (is_hex ? 22 : 10)];
		text[len] = '\0';
		errno = 0;
		uint64_t wanted = strtoull(text, NULL, is_hex ? 16 : 10), value = 0;
		struct cursor c = cursor_of(text);
		bool is_taken = cursor_number(&c, &value);
		if (is_taken != (errno == 0) || (is_taken && value != wanted))
			CHECK_FAIL("%s", text);
	}
}

static void nothing_is_read_past_the_end(void)
{
	static const char text[] = "0x12G";
	for (size_t len = 0; len < sizeof text; len++) {
		char *copy = malloc(len ? len : 1); /* a sanitizer sees a read past len */
		struct cursor c = { copy, copy + len };
		uint64_t value;
		char name[8];
		memcpy(copy, text, len);
		CHECK_EQ(cursor_size(&c, &value), len == 1 || len >= 3);
		CHECK_EQ(cursor_at_end(&c), len == 0 || len == 1 || len >= 3);
		c = (struct cursor) { copy, copy + len };
		CHECK_EQ(cursor_hex(&c, &value), len > 0);
		c = (struct cursor) { copy, copy + len };
		CHECK_EQ(cursor_name(&c, name, sizeof name), len > 0);
		CHECK(cursor_at_end(&c));
		CHECK(!cursor_char(&c, '\0'));
		CHECK(!cursor_text(&c, "x"));
		free(copy);
	}
}

static void names_are_bounded_and_lowered(void)
{
	char name[4] = "?";
	struct cursor c = cursor_of("aX_=1");
	CHECK(cursor_name(&c, name, sizeof name));
	CHECK_STR(name, "ax_");
	CHECK(cursor_char(&c, '='));
	c = cursor_of("abcd");
	CHECK(!cursor_name(&c, name, sizeof name));
	CHECK_STR(name, "ax_");
	CHECK(cursor_text(&c, "abcd"));
	CHECK(cursor_at_end(&c));
	c = cursor_of("=");
	CHECK(!cursor_name(&c, name, sizeof name));
	c = cursor_of("\xc3\xa9");
	CHECK(!cursor_name(&c, name, sizeof name));
}

static void a_text_is_taken_whole_or_not(void)
{
	struct cursor c = cursor_of("resume:5");
	CHECK(!cursor_text(&c, "resumed"));
	CHECK(!cursor_text(&c, "resume:55"));
	CHECK(cursor_text(&c, "resume:"));
	CHECK(!cursor_char(&c, '6'));
	CHECK(cursor_char(&c, '5'));
	CHECK(cursor_at_end(&c));
	CHECK(cursor_text(&c, ""));
}

int main(void)
{
	RUN(numbers_are_decimal_or_hex);
	RUN(hex_has_no_prefix);
	RUN(codes_of_a_pc_may_have_an_h);
	RUN(sizes_have_suffixes);
	RUN(numbers_agree_with_strtoull);
	RUN(nothing_is_read_past_the_end);
	RUN(names_are_bounded_and_lowered);
	RUN(a_text_is_taken_whole_or_not);
	return check_done();
}

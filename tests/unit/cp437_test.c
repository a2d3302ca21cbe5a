/* cp437.h and utf8.h: every character has a code point, and the way back finds it. */
#include "display/cp437.h"
#include "display/utf8.h"

#include "check.h"

static void each_character_comes_back(void)
{
	for (unsigned code = 1; code < 256; code++)
		CHECK_EQ(cp437_from(cp437_unicode((uint8_t)code)), code);
	CHECK_EQ(cp437_unicode(0), ' ');
}

static void characters_are_where_the_pc_has_them(void)
{
	static const struct {
		uint8_t code;
		uint16_t code_point;
	} some[] = {
		{ 0x01, 0x263a },
		{ 0x10, 0x25ba },
		{ 0x1a, 0x2192 },
		{ 0x1f, 0x25bc },
		{ 'A', 'A' },
		{ 0x7f, 0x2302 },
		{ 0x80, 0xc7 },
		{ 0x9b, 0xa2 },
		{ 0xa5, 0xd1 },
		{ 0xb0, 0x2591 },
		{ 0xb3, 0x2502 },
		{ 0xc4, 0x2500 },
		{ 0xcd, 0x2550 },
		{ 0xda, 0x250c },
		{ 0xdb, 0x2588 },
		{ 0xdf, 0x2580 },
		{ 0xe1, 0xdf },
		{ 0xf8, 0xb0 },
		{ 0xfe, 0x25a0 },
		{ 0xff, 0xa0 },
	};
	for (size_t i = 0; i < sizeof some / sizeof *some; i++)
		CHECK_EQ(cp437_unicode(some[i].code), some[i].code_point);
}

static void what_looks_alike_is_found_and_others_are_not(void)
{
	CHECK_EQ(cp437_from(0x3b2), 0xe1);
	CHECK_EQ(cp437_from(0x2126), 0xea);
	CHECK(cp437_from(0) < 0);
	CHECK(cp437_from(0x7f) < 0);
	CHECK(cp437_from(0x20ac) < 0);
	CHECK(cp437_from(0x1f600) < 0);
	CHECK(cp437_from(0x10041) < 0);
	CHECK(cp437_from(UINT32_MAX) < 0);
}

static void code_points_survive_utf8(void)
{
	for (uint32_t code_point = 0; code_point <= 0x10ffff; code_point++) {
		char bytes[UTF8_MAX];
		uint32_t back = 1;
		unsigned len = utf8_put(bytes, code_point);
		unsigned taken = utf8_take((const uint8_t *)bytes, len, &back);
		bool is_surrogate = code_point >= 0xd800 && code_point < 0xe000;
		if (taken != len || back != (is_surrogate ? UTF8_REPLACE : code_point))
			CHECK_FAIL("%x is %x, %u bytes of %u", code_point, back, taken, len);
		for (unsigned part = 0; part < len; part++)
			if (utf8_take((const uint8_t *)bytes, part, &back))
				CHECK_FAIL(
				        "%x is taken from %u bytes of %u", code_point, part, len);
	}
	char bytes[UTF8_MAX];
	CHECK_EQ(utf8_put(bytes, 0x110000), 3);
	CHECK_EQ(utf8_put(bytes, 0x20ac), 3);
	CHECK(!memcmp(bytes, "\xe2\x82\xac", 3));
}

static void what_is_no_utf8_is_taken_byte_by_byte(void)
{
	static const char *const bad[] = { "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80",
		"\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80", "\xff", "\xe2x",
		"\xe2\x82x", "\xf0\x9f\x98\x20" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		uint32_t code_point = 0;
		CHECK_EQ(utf8_take((const uint8_t *)bad[i], strlen(bad[i]), &code_point), 1);
		CHECK_EQ(code_point, UTF8_REPLACE);
	}
}

int main(void)
{
	RUN(each_character_comes_back);
	RUN(characters_are_where_the_pc_has_them);
	RUN(what_looks_alike_is_found_and_others_are_not);
	RUN(code_points_survive_utf8);
	RUN(what_is_no_utf8_is_taken_byte_by_byte);
	return check_done();
}

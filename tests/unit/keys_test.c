/* keys.h: names and characters as scancodes of set 1, each pressed and released. */
#include "display/keys.h"

#include "check.h"
#include "display/cp437.h"
#include "display/utf8.h"

/* The bytes as hex. */
static const char *hex(const struct keys *keys)
{
	static char text[3 * KEYS_BYTES_MAX + 1];
	text[0] = 0;
	for (unsigned i = 0; i < keys->len; i++)
		sprintf(text + 3 * i, i + 1 < keys->len ? "%02x " : "%02x", keys->bytes[i]);
	return text;
}

static void check_name(const char *name, const char *wanted)
{
	struct cursor c = cursor_of(name);
	struct keys keys;
	if (!keys_named(&c, &keys))
		CHECK_FAIL("%s is no name, at \"%s\"", name, c.at);
	else
		CHECK_STR(hex(&keys), wanted);
}

static void names_are_pressed_in_order_and_released_backwards(void)
{
	check_name("a", "1e 9e");
	check_name("A", "1e 9e");
	check_name("0", "0b 8b");
	check_name("shift-a", "2a 1e 9e aa");
	check_name("ret", "1c 9c");
	check_name("spc", "39 b9");
	check_name("esc", "01 81");
	check_name("f1", "3b bb");
	check_name("f10", "44 c4");
	check_name("f11", "57 d7");
	check_name("f12", "58 d8");
	check_name("minus", "0c 8c");
	check_name("ctrl-minus", "1d 0c 8c 9d");
	check_name("left", "e0 4b e0 cb");
	check_name("shift_r-kp_7", "36 47 c7 b6");
	check_name("ctrl_r-alt_r-kp_enter", "e0 1d e0 38 e0 1c e0 9c e0 b8 e0 9d");
	check_name("ctrl-alt-delete", "1d 38 e0 53 e0 d3 b8 9d");
	check_name("Ctrl-Alt-Del", "1d 38 e0 53 e0 d3 b8 9d");
	check_name("<", "56 d6");
	check_name("0x1e", "1e 9e");
	check_name("0x9d", "e0 1d e0 9d");
}

static void keys_that_change_with_others_do(void)
{
	check_name("print", "e0 2a e0 37 e0 b7 e0 aa");
	check_name("ctrl-print", "1d e0 37 e0 b7 9d");
	check_name("shift_r-print", "36 e0 37 e0 b7 b6");
	check_name("alt-print", "38 54 d4 b8");
	check_name("pause", "e1 1d 45 e1 9d c5");
	check_name("shift-pause", "2a e1 1d 45 e1 9d c5 aa");
	check_name("ctrl-pause", "1d e0 46 e0 c6 9d");
	check_name("ctrl_r-pause", "e0 1d e0 46 e0 c6 e0 9d");
}

static void check_no_name(const char *name, const char *at)
{
	struct cursor c = cursor_of(name);
	struct keys keys = { .len = 77 };
	CHECK(!keys_named(&c, &keys));
	CHECK_STR(c.at, at);
	CHECK_EQ(keys.len, 77);
}

static void what_is_no_name_is_shown(void)
{
	check_no_name("", "");
	check_no_name("foo", "foo");
	check_no_name("ctrl-foo-a", "foo-a");
	check_no_name("ctrl-", "");
	check_no_name("-a", "-a");
	check_no_name("a--b", "-b");
	check_no_name("f13", "f13");
	check_no_name("!", "!");
	check_no_name("0x", "0x");
	check_no_name("0x0", "0x0");
	check_no_name("0x60", "0x60");
	check_no_name("0x100", "0x100");
	check_no_name("0x1e1e1e1e1e1e1e1e1e", "0x1e1e1e1e1e1e1e1e1e");
	check_no_name("a-b-c-d-e-f-g-h-i", "i");
	check_no_name("a\xc3\xa9", "a\xc3\xa9");
	check_name("a-b-c-d-e-f-g-h", "1e 30 2e 20 12 21 22 23 a3 a2 a1 92 a0 ae b0 9e");
}

static void a_name_ends_at_a_blank(void)
{
	struct cursor c = cursor_of("shift-a b");
	struct keys keys;
	CHECK(keys_named(&c, &keys));
	CHECK_STR(c.at, " b");
}

static void check_typed(const char *text, const char *wanted)
{
	struct cursor c = cursor_of(text);
	struct keys keys, all = { .len = 0 };
	while (keys_typed(&c, &keys)) {
		memcpy(all.bytes + all.len, keys.bytes, keys.len);
		all.len += keys.len;
	}
	CHECK_STR(c.at, "");
	CHECK_STR(hex(&all), wanted);
}

static void text_is_typed_on_a_us_keyboard(void)
{
	check_typed("dir\r", "20 a0 17 97 13 93 1c 9c");
	check_typed("A:", "2a 1e 9e aa 2a 27 a7 aa");
	check_typed("a b\n", "1e 9e 39 b9 30 b0 1c 9c");
	check_typed("@|?~\"", "2a 03 83 aa 2a 2b ab aa 2a 35 b5 aa 2a 29 a9 aa 2a 28 a8 aa");
	check_typed("\t\b\x7f\x1b", "0f 8f 0e 8e 0e 8e 01 81");
	check_typed("\x03\x1a", "1d 2e ae 9d 1d 2c ac 9d");
	check_typed("\x1c\x1d\x1e\x1f", "1d 2b ab 9d 1d 1b 9b 9d 1d 07 87 9d 1d 0c 8c 9d");
}

static void what_no_key_has_is_typed_by_its_number(void)
{
	/* e acute is 130. */
	check_typed("\xc3\xa9", "38 4f cf 51 d1 52 d2 b8");
	/* A white face is 1, an Omega 234. */
	check_typed("\xe2\x98\xba", "38 52 d2 52 d2 4f cf b8");
	check_typed("\xce\xa9", "38 50 d0 51 d1 4b cb b8");
}

/* Every code is whole, and all that is pressed is released. Returns whether it is so. */
static bool is_balanced(const struct keys *keys)
{
	bool is_down[2][128] = { 0 };
	unsigned down = 0;
	for (unsigned i = 0; i < keys->len;) {
		unsigned len = keys_code_len(keys->bytes[i]);
		if (len > keys->len - i)
			return false;
		bool *is = &is_down[len > 1][keys->bytes[i + len - 1] & 0x7f];
		bool is_make = !(keys->bytes[i + len - 1] & 0x80);
		if (*is == is_make)
			return false;
		*is = is_make;
		down += is_make ? 1u : -1u;
		i += len;
	}
	return down == 0;
}

static void every_typed_key_is_released(void)
{
	for (unsigned code = 0; code < 256; code++) {
		char text[UTF8_MAX + 1] = "";
		struct keys keys;
		utf8_put(text, code < 0x20 ? code : cp437_unicode((uint8_t)code));
		struct cursor c = { text, text + (code ? strlen(text) : 1) };
		if (!keys_typed(&c, &keys) || !is_balanced(&keys))
			CHECK_FAIL("character %02x: %s", code, hex(&keys));
	}
}

static void what_can_not_be_typed_is_refused(void)
{
	static const char *const bad[] = { "", "\xe2\x82\xac", "\xff", "\xe2\x98" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct cursor c = cursor_of(bad[i]);
		struct keys keys = { .len = 77 };
		CHECK(!keys_typed(&c, &keys));
		CHECK(c.at == bad[i]);
		CHECK_EQ(keys.len, 77);
	}
}

static void codes_without_room_are_left_out(void)
{
	struct keys keys = { .len = KEYS_BYTES_MAX - 3 };
	memset(keys.bytes, 0x5a, sizeof keys.bytes);
	keys_add_code(&keys, KEYS_HOME, 0);
	CHECK_EQ(keys.len, KEYS_BYTES_MAX - 1);
	keys_add_code(&keys, KEYS_HOME, 0);
	CHECK_EQ(keys.len, KEYS_BYTES_MAX - 1);
}

static void what_is_no_key_is_named(void)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "expected the name of a key" },
		{ "ctrl-", "expected the name of a key" },
		{ "-a", "expected the name of a key" },
		{ "ctrl-foo-a", "`foo` is no key" },
		{ "foo ret", "`foo` is no key" },
		{ "a-b-c-d-e-f-g-h-i", "at most 8 keys can be pressed together" },
		{ "a-b-c-d-e-f-g-h-foo", "`foo` is no key" },
		{ "aaaaaaaaaaaaaaaaaaaab", "`aaaaaaaaaaaaaaaaaaaa...` is no key" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct cursor c = cursor_of(rows[i].text);
		struct keys keys;
		char why[KEYS_WHY_MAX];
		CHECK(!keys_named(&c, &keys));
		keys_explain(&c, why);
		CHECK_STR(why, rows[i].why);
	}
}

static void each_name_that_is_listed_is_one(void)
{
	size_t i = 0;
	for (const char *name; (name = keys_name(i)); i++) {
		struct cursor c = cursor_of(name);
		struct keys keys;
		CHECK(keys_named(&c, &keys) && cursor_at_end(&c));
	}
	CHECK(i > 80);
	CHECK(!keys_name(i + 1));
}

int main(void)
{
	RUN(names_are_pressed_in_order_and_released_backwards);
	RUN(keys_that_change_with_others_do);
	RUN(what_is_no_name_is_shown);
	RUN(a_name_ends_at_a_blank);
	RUN(text_is_typed_on_a_us_keyboard);
	RUN(what_no_key_has_is_typed_by_its_number);
	RUN(every_typed_key_is_released);
	RUN(what_can_not_be_typed_is_refused);
	RUN(codes_without_room_are_left_out);
	RUN(what_is_no_key_is_named);
	RUN(each_name_that_is_listed_is_one);
	return check_done();
}

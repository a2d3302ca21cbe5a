#include "gdbstub/text.h"

#include <stdlib.h>

#include "check.h"
#include "random.h"

static void reads_hex_up_to_64_bits(void)
{
	static const struct {
		const char *text;
		bool is_taken;
		uint64_t value;
		size_t left;
	} rows[] = {
		{ "0", true, 0, 0 },
		{ "00000000000000000000000001", true, 1, 0 },
		{ "ffffffffffffffff", true, UINT64_MAX, 0 },
		{ "FfFfFfFfFfFfFfFf", true, UINT64_MAX, 0 },
		{ "0ffffffffffffffff", true, UINT64_MAX, 0 },
		{ "8000000000000000", true, 1ull << 63, 0 },
		{ "10000000000000000", false, 0, 17 },
		{ "fffffffffffffffff", false, 0, 17 },
		{ "7c00,4", true, 0x7c00, 2 },
		{ "", false, 0, 0 },
		{ ",4", false, 0, 2 },
		{ "-1", false, 0, 2 },
		{ "+1", false, 0, 2 },
		{ " 1", false, 0, 2 },
		{ "0x1", true, 0, 2 },
		{ "g", false, 0, 1 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct text_in in = text_in(rows[i].text, strlen(rows[i].text));
		uint64_t value = 0x5a;
		bool is_taken = text_take_hex(&in, &value);
		if (is_taken != rows[i].is_taken || text_left(&in) != rows[i].left ||
		        value != (is_taken ? rows[i].value : 0x5a))
			CHECK_FAIL("\"%s\": %d, 0x%" PRIx64 ", %zu left", rows[i].text, is_taken,
			        value, text_left(&in));
	}
}

static void hex_written_is_hex_read(void)
{
	uint64_t seed = 3;
	for (int i = 0; i < 2000; i++) {
		/* As many bits as i says, so that small numbers come up, too. */
		uint64_t value = i == 0 ? 0 : random_next(&seed) >> i % 64, back = ~value;
		uint8_t data[16];
		char printed[20];
		struct text_out out = { .data = data, .size = sizeof data };
		text_put_hex(&out, value);
		snprintf(printed, sizeof printed, "%" PRIx64, value);
		struct text_in in = text_in(data, out.len);
		CHECK(text_equals(&in, printed));
		CHECK(text_take_hex(&in, &back) && text_take_end(&in));
		CHECK_EQ(back, value);
	}
}

static void digits_are_those_of_hex(void)
{
	for (unsigned c = 0; c < 256; c++) {
		const char *at = c ? strchr("0123456789abcdef", (int)c) : NULL;
		const char *upper = c ? strchr("0123456789ABCDEF", (int)c) : NULL;
		static const char lower_digits[] = "0123456789abcdef";
		int wanted = -1;
		if (at)
			wanted = (int)strcspn(lower_digits, (char[]) { (char)c, 0 });
		else if (upper)
			wanted = (int)c - 'A' + 10;
		CHECK_EQ(text_digit((uint8_t)c), wanted);
	}
}

/* In groups and one by one, at every place in a group. */
static void bytes_written_are_bytes_read(void)
{
	uint8_t bytes[256 + 8], back[256 + 8], data[2 * sizeof bytes];
	char printed[2 * sizeof bytes + 1] = "";
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)i;
	for (size_t len = 0; len <= sizeof bytes; len++) {
		struct text_out out = { .data = data, .size = 2 * len };
		text_put_bytes(&out, bytes, len);
		CHECK_EQ(out.len, 2 * len);
		CHECK(!memcmp(data, printed, 2 * len));
		struct text_in in = text_in(data, out.len);
		CHECK(text_take_bytes(&in, back, len) && text_take_end(&in));
		CHECK(!memcmp(back, bytes, len));
		if (len < sizeof bytes)
			snprintf(printed + 2 * len, 3, "%02x", bytes[len]);
	}
}

static void words_are_taken_whole_or_not(void)
{
	struct text_in in = text_in("vCont;c", 7);
	CHECK(!text_take(&in, "vCont;cc"));
	CHECK(!text_take(&in, "vcont"));
	CHECK_EQ(text_left(&in), 7);
	CHECK(text_take(&in, "vCont"));
	CHECK(text_take(&in, ""));
	CHECK(!text_equals(&in, ";"));
	CHECK(text_equals(&in, ";c"));
	CHECK(text_take(&in, ";c"));
	CHECK(text_take_end(&in));
	CHECK(!text_take(&in, "c"));
}

static void pieces_end_at_the_separator(void)
{
	struct text_in in = text_in("a;;bc", 5);
	struct text_in piece = text_take_until(&in, ';');
	CHECK(text_equals(&piece, "a"));
	CHECK(text_take(&in, ";"));
	piece = text_take_until(&in, ';');
	CHECK(text_equals(&piece, ""));
	CHECK(text_take(&in, ";"));
	piece = text_take_until(&in, ';');
	CHECK(text_equals(&piece, "bc"));
	CHECK(text_take_end(&in));
	piece = text_take_until(&in, ';');
	CHECK(text_equals(&piece, ""));
}

static void bytes_are_taken_all_or_none(void)
{
	static const struct {
		const char *text;
		size_t len;
		bool is_taken;
	} rows[] = {
		{ "", 0, true },
		{ "00ff", 2, true },
		{ "00FfA", 2, true },
		{ "00f", 2, false },
		{ "00fg", 2, false },
		{ "xx", 1, false },
		{ "00", SIZE_MAX, false },
		{ "00", SIZE_MAX / 2 + 2, false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		/* Exactly as long as it is said to be, so that a sanitizer sees a byte too many. */
		size_t size = strlen(rows[i].text);
		char *text = malloc(size + !size);
		memcpy(text, rows[i].text, size);
		struct text_in in = text_in(text, size);
		uint8_t to[4] = { 1, 1, 1, 1 };
		bool is_taken = text_take_bytes(&in, to, rows[i].len);
		size_t left = size - (is_taken ? 2 * rows[i].len : 0);
		if (is_taken != rows[i].is_taken || text_left(&in) != left)
			CHECK_FAIL("\"%s\", %zu: %d, %zu left", rows[i].text, rows[i].len, is_taken,
			        text_left(&in));
		if (is_taken && rows[i].len == 2)
			CHECK(to[0] == 0 && to[1] == 0xff);
		free(text);
	}
}

/* Undoes the escapes of binary data as the GDB manual, "Remote Protocol: Overview", says. */
static size_t unescape(const uint8_t *from, size_t len, uint8_t *to)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++)
		to[n++] = from[i] == '}' ? from[++i] ^ 0x20 : from[i];
	return n;
}

static void every_byte_survives_escaping(void)
{
	uint8_t all[256], data[512], back[512];
	for (unsigned i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	struct text_out out = { .data = data, .size = sizeof data };
	CHECK_EQ(text_put_binary(&out, all, 256), 256);
	CHECK_EQ(out.len, 260); /* # $ } * */
	CHECK(!memchr(data, '#', out.len));
	CHECK(!memchr(data, '$', out.len));
	CHECK(!memchr(data, '*', out.len));
	CHECK_EQ(unescape(data, out.len, back), 256);
	CHECK(!memcmp(back, all, 256));
}

/* Whatever the room: never a byte too many, never half an escape, and the count tells how much. */
static void binary_fits_or_is_cut_between_bytes(void)
{
	static const uint8_t from[] = { 'a', '#', '$', 'b', '}', '*', 0, 'c' };
	uint8_t back[16];
	for (size_t size = 0; size <= 13; size++) {
		uint8_t *data = malloc(size + 1);
		data[size] = 0x5a;
		struct text_out out = { .data = data, .size = size };
		size_t n = text_put_binary(&out, from, sizeof from);
		CHECK_EQ(out.is_full, n < sizeof from);
		CHECK_EQ(n == sizeof from, size >= 12);
		CHECK_EQ(unescape(data, out.len, back), n);
		CHECK(!memcmp(back, from, n));
		CHECK_EQ(data[size], 0x5a);
		free(data);
	}
}

/* Undoes run-length encoding, as the GDB manual has it; 0 where no character is to be repeated, or
 * the count is one that may not be sent. */
static size_t expand(const uint8_t *from, size_t len, uint8_t *to)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		if (from[i] != '*') {
			to[n++] = from[i];
			continue;
		}
		uint8_t count = ++i < len ? from[i] : 0;
		if (!n || count < 32 || count > 126 || count == '#' || count == '$')
			return 0;
		memset(to + n, to[n - 1], count - 29u);
		n += count - 29u;
	}
	return n;
}

/* lldb takes runs and escapes away in one go, so that a run repeats the byte that was escaped. */
static size_t expand_and_unescape(const uint8_t *from, size_t len, uint8_t *to)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		if (from[i] == '}') {
			to[n++] = from[++i] ^ 0x20;
		} else if (from[i] == '*') {
			size_t more = from[++i] - 29u;
			memset(to + n, to[n - 1], more);
			n += more;
		} else {
			to[n++] = from[i];
		}
	}
	return n;
}

/* Runs of every length of every kind of byte, noise, and both; in room that suffices or does not.
 */
static void runs_are_shortened_and_come_back_either_way(void)
{
	static const uint8_t likely[] = { 0, '#', '$', '}', '*', ']', 0x0a, 0xff };
	static uint8_t from[3000], data[6000], wide[6000], back[6000];
	uint64_t seed = 5;
	for (int round = 0; round < 3000 && check_case_ok; round++) {
		size_t len = 0, wanted = 1 + random_below(&seed, sizeof from);
		while (len < wanted) {
			size_t run = random_below(&seed, 2) ? 1 : random_below(&seed, 260);
			uint8_t c = random_below(&seed, 2) ? likely[random_below(&seed, 8)]
			                                   : (uint8_t)random_next(&seed);
			for (; run && len < wanted; run--)
				from[len++] = c;
		}
		size_t size = round % 3 ? sizeof data : random_below(&seed, (uint32_t)len + 1);
		data[size < sizeof data ? size : 0] = 0x5a;
		struct text_out out = { .data = data, .size = size };
		size_t put = text_put_binary_runs(&out, from, len);
		CHECK_EQ(out.is_full, put < len);
		CHECK(put == len || size < sizeof data);
		CHECK(out.len <= size && (size == sizeof data || data[size] == 0x5a));
		CHECK(!memchr(data, '#', out.len) && !memchr(data, '$', out.len));
		CHECK_EQ(unescape(wide, expand(data, out.len, wide), back), put);
		CHECK(!memcmp(back, from, put));
		CHECK_EQ(expand_and_unescape(data, out.len, back), put);
		CHECK(!memcmp(back, from, put));
	}
	memset(from, 0, sizeof from);
	struct text_out out = { .data = data, .size = sizeof data };
	CHECK_EQ(text_put_binary_runs(&out, from, sizeof from), sizeof from);
	CHECK(out.len <= 3 * (sizeof from / 98 + 1));
	/* Where the fewest that are worth it stand, they are found. */
	for (size_t at = 0; at < 30; at++) {
		for (size_t i = 0; i < 40; i++)
			from[i] = (uint8_t)('0' + i);
		memset(from + at, 'z', 4);
		out.len = 0;
		CHECK_EQ(text_put_binary_runs(&out, from, 40), 40);
		CHECK_EQ(out.len, 39);
	}
}

static void what_does_not_fit_is_left_out(void)
{
	for (size_t size = 0; size < 12; size++) {
		uint8_t *data = malloc(size + 1);
		data[size] = 0x5a;
		struct text_out out = { .data = data, .size = size };
		text_put(&out, "abcd");
		CHECK_EQ(out.len, size < 4 ? 0 : 4);
		text_put_bytes(&out, "\x01\x23", 2);
		text_put_char(&out, 'x');
		text_put_char(&out, 'y');
		CHECK_EQ(out.is_full, size < 10);
		CHECK(out.len <= size);
		CHECK_EQ(data[size], 0x5a);
		if (size >= 10)
			CHECK(!memcmp(data, "abcd0123xy", 10));
		free(data);
	}
}

int main(void)
{
	RUN(reads_hex_up_to_64_bits);
	RUN(hex_written_is_hex_read);
	RUN(digits_are_those_of_hex);
	RUN(bytes_written_are_bytes_read);
	RUN(words_are_taken_whole_or_not);
	RUN(pieces_end_at_the_separator);
	RUN(bytes_are_taken_all_or_none);
	RUN(every_byte_survives_escaping);
	RUN(binary_fits_or_is_cut_between_bytes);
	RUN(runs_are_shortened_and_come_back_either_way);
	RUN(what_does_not_fit_is_left_out);
	return check_done();
}

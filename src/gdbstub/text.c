/* Hex, escapes and run lengths; several bytes at a time where the speed of a dump depends on it. */
#include "gdbstub/text.h"

#include <string.h>

static const char hex_digits[] = "0123456789abcdef";

/* The value of each hex digit and 1 more, so that 0 is none: half of a dump's time was spent in
 * comparing. */
static const uint8_t digit_values[256] = {
	['0'] = 1,
	['1'] = 2,
	['2'] = 3,
	['3'] = 4,
	['4'] = 5,
	['5'] = 6,
	['6'] = 7,
	['7'] = 8,
	['8'] = 9,
	['9'] = 10,
	['a'] = 11,
	['b'] = 12,
	['c'] = 13,
	['d'] = 14,
	['e'] = 15,
	['f'] = 16,
	['A'] = 11,
	['B'] = 12,
	['C'] = 13,
	['D'] = 14,
	['E'] = 15,
	['F'] = 16,
};

int text_digit(uint8_t c)
{
	return digit_values[c] - 1;
}

struct text_in text_in(const void *data, size_t len)
{
	return (struct text_in) { .at = data, .end = (const uint8_t *)data + len };
}

bool text_take(struct text_in *in, const char *word)
{
	size_t n = strlen(word);
	if (n > text_left(in) || memcmp(in->at, word, n))
		return false;
	in->at += n;
	return true;
}

bool text_take_end(const struct text_in *in)
{
	return in->at == in->end;
}

bool text_take_hex(struct text_in *in, uint64_t *value)
{
	const uint8_t *at = in->at;
	uint64_t v = 0;
	int digit;
	for (; at < in->end && (digit = text_digit(*at)) >= 0; at++) {
		if (v >> 60)
			return false; /* the next digit would push one out */
		v = v << 4 | (unsigned)digit;
	}
	if (at == in->at)
		return false;
	in->at = at;
	*value = v;
	return true;
}

bool text_take_bytes(struct text_in *in, uint8_t *to, size_t len)
{
	unsigned wrong = 0; /* 0x100 once a digit is none */
	if (len > text_left(in) / 2)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned high = digit_values[in->at[2 * i]] - 1u;
		unsigned low = digit_values[in->at[2 * i + 1]] - 1u;
		wrong |= high | low;
		to[i] = (uint8_t)(high << 4 | low);
	}
	if (wrong & 0x100)
		return false;
	in->at += 2 * len;
	return true;
}

struct text_in text_take_until(struct text_in *in, char separator)
{
	struct text_in piece = *in;
	const uint8_t *at = memchr(in->at, separator, text_left(in));
	if (at)
		piece.end = at;
	in->at = piece.end;
	return piece;
}

bool text_equals(const struct text_in *in, const char *word)
{
	size_t n = strlen(word);
	return n == text_left(in) && !memcmp(in->at, word, n);
}

static uint8_t *room(struct text_out *out, size_t len)
{
	if (len > out->size - out->len) {
		out->is_full = true;
		return NULL;
	}
	uint8_t *to = out->data + out->len;
	out->len += len;
	return to;
}

void text_put(struct text_out *out, const char *string)
{
	size_t n = strlen(string);
	uint8_t *to = room(out, n);
	if (to)
		memcpy(to, string, n);
}

void text_put_char(struct text_out *out, char c)
{
	uint8_t *to = room(out, 1);
	if (to)
		*to = (uint8_t)c;
}

void text_put_hex(struct text_out *out, uint64_t value)
{
	int shift = value ? (63 - __builtin_clzll(value)) & ~3 : 0;
	for (; shift >= 0; shift -= 4)
		text_put_char(out, hex_digits[value >> shift & 15]);
}

/* Four bytes as eight digits, the first in the lowest: each nibble to a byte of its own, and 'a' -
 * '0' - 10 more for those above 9. */
static uint64_t eight_digits(uint32_t bytes)
{
	uint64_t x = bytes, over;
	x = (x | x << 16) & 0x0000ffff0000ffff;
	x = (x | x << 8) & 0x00ff00ff00ff00ff;
	x = (x >> 4 | x << 8) & 0x0f0f0f0f0f0f0f0f;
	over = (x + 0x0606060606060606) >> 4 & 0x0101010101010101;
	return x + 0x3030303030303030 + over * ('a' - '0' - 10);
}

void text_put_bytes(struct text_out *out, const void *data, size_t len)
{
	const uint8_t *from = data;
	if (len > (out->size - out->len) / 2) {
		out->is_full = true;
		return;
	}
	uint8_t *to = out->data + out->len;
	size_t i = 0;
	for (; i + 4 <= len; i += 4, to += 8) {
		uint32_t four;
		memcpy(&four, from + i, sizeof four);
		uint64_t digits = eight_digits(four);
		memcpy(to, &digits, sizeof digits);
	}
	for (; i < len; i++) {
		*to++ = (uint8_t)hex_digits[from[i] >> 4];
		*to++ = (uint8_t)hex_digits[from[i] & 15];
	}
	out->len += 2 * len;
}

static bool is_special(uint8_t c)
{
	return c == '#' || c == '$' || c == '}' || c == '*';
}

/* --- eight bytes at a time: Warren, Hacker's Delight, "Find First 0-Byte" --- */

#define EACH 0x0101010101010101ull

/* The lowest bit that is set tells the first byte that is 0. */
static uint64_t zeros(uint64_t bytes)
{
	return (bytes - EACH) & ~bytes & 0x80 * EACH;
}

/* The fewest that three characters are less than. gdb takes 0.25 us for each of a reply. */
#define RUN_WORTH 4

/* The bits 7 of the bytes that begin RUN_WORTH equal ones, as far as these eight tell. */
static uint64_t runs(uint64_t bytes)
{
	const uint64_t low = 0x7f * EACH;
	uint64_t differ = bytes ^ bytes >> 8; /* each byte and the next; the last has none */
	uint64_t equal = ~(((differ & low) + low) | differ | low) << 8 >> 8;
	return equal & equal >> 8 & equal >> 16;
}

/* How many bytes stand before the first special one, or, when asked for, the first RUN_WORTH equal
 * ones. */
static size_t count_plain(const uint8_t *from, size_t len, bool until_run)
{
	/* A run that goes over the eighth byte is seen in the next eight. */
	const size_t step = until_run ? 8 - (RUN_WORTH - 1) : 8;
	size_t n = 0;
	for (; n + 8 <= len; n += step) {
		uint64_t bytes;
		memcpy(&bytes, from + n, sizeof bytes);
		uint64_t found = zeros(bytes ^ '#' * EACH) | zeros(bytes ^ '$' * EACH) |
		                 zeros(bytes ^ '}' * EACH) | zeros(bytes ^ '*' * EACH);
		if (until_run)
			found |= runs(bytes);
		if (found)
			return n + (size_t)__builtin_ctzll(found) / 8;
	}
	while (n < len && !is_special(from[n]))
		n++;
	return n;
}

/* How many bytes, at most so many, are what the first one is. */
static size_t count_run(const uint8_t *from, size_t most)
{
	size_t n = 0;
	for (; n + 8 <= most; n += 8) {
		uint64_t bytes;
		memcpy(&bytes, from + n, sizeof bytes);
		if (bytes != from[0] * EACH)
			break;
	}
	while (n < most && from[n] == from[0])
		n++;
	return n;
}

size_t text_make_run(uint8_t to[3], uint8_t c, size_t more)
{
	while (more + TEXT_RUN_BASE == '#' || more + TEXT_RUN_BASE == '$')
		more--;
	to[0] = c;
	to[1] = '*';
	to[2] = (uint8_t)(more + TEXT_RUN_BASE);
	return more;
}

/* Takes the run at from, of RUN_WORTH bytes or more, as far as one count goes. Returns how much of
 * it, 0 when there is no room. */
static size_t put_run(struct text_out *out, const uint8_t *from, size_t len)
{
	size_t more = count_run(from, len < TEXT_RUN_MAX + 1 ? len : TEXT_RUN_MAX + 1) - 1;
	uint8_t *to = room(out, 3);
	return to ? text_make_run(to, from[0], more) + 1 : 0;
}

static size_t put_binary(struct text_out *out, const uint8_t *from, size_t len, bool has_runs)
{
	size_t done = 0;
	while (done < len) {
		size_t plain = count_plain(from + done, len - done, has_runs);
		size_t left = out->size - out->len, fits = plain < left ? plain : left, run = 1;
		memcpy(room(out, fits), from + done, fits);
		done += fits;
		out->is_full |= fits < plain;
		if (fits < plain || done == len)
			break;
		if (is_special(from[done])) {
			uint8_t *to = room(out, 2);
			if (!to)
				break;
			to[0] = '}';
			to[1] = from[done] ^ 0x20;
		} else if (!(run = put_run(out, from + done, len - done))) {
			break;
		}
		done += run;
	}
	return done;
}

size_t text_put_binary(struct text_out *out, const void *data, size_t len)
{
	return put_binary(out, data, len, false);
}

size_t text_put_binary_runs(struct text_out *out, const void *data, size_t len)
{
	return put_binary(out, data, len, true);
}

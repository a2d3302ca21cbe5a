#include "gdbstub/text.h"

#include <string.h>

static const char hex_digits[] = "0123456789abcdef";

int text_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
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
	if (len > text_left(in) / 2)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = text_digit(in->at[2 * i]), low = text_digit(in->at[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		to[i] = (uint8_t)(high << 4 | low);
	}
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

void text_put_bytes(struct text_out *out, const void *data, size_t len)
{
	const uint8_t *from = data;
	if (len > (out->size - out->len) / 2) {
		out->is_full = true;
		return;
	}
	uint8_t *to = out->data + out->len;
	for (size_t i = 0; i < len; i++) {
		*to++ = (uint8_t)hex_digits[from[i] >> 4];
		*to++ = (uint8_t)hex_digits[from[i] & 15];
	}
	out->len += 2 * len;
}

size_t text_put_binary(struct text_out *out, const void *data, size_t len)
{
	const uint8_t *from = data;
	for (size_t i = 0; i < len; i++) {
		uint8_t c = from[i];
		bool is_special = c == '#' || c == '$' || c == '}' || c == '*';
		uint8_t *to = room(out, is_special ? 2 : 1);
		if (!to)
			return i;
		if (is_special)
			*to++ = '}';
		*to = is_special ? c ^ 0x20 : c;
	}
	return len;
}

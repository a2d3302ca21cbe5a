/* A reader that takes what it is asked for or nothing. */
#include "base/cursor.h"

#include <string.h>

struct cursor cursor_of(const char *text)
{
	return (struct cursor) { text, text + strlen(text) };
}

bool cursor_at_end(const struct cursor *c)
{
	return c->at == c->end;
}

bool cursor_char(struct cursor *c, char wanted)
{
	if (c->at == c->end || *c->at != wanted)
		return false;
	c->at++;
	return true;
}

bool cursor_text(struct cursor *c, const char *wanted)
{
	size_t len = strlen(wanted);
	if (len > (size_t)(c->end - c->at) || memcmp(c->at, wanted, len) != 0)
		return false;
	c->at += len;
	return true;
}

/* The value of a digit, or 16 for what is none in any base. */
static unsigned digit_of(char ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	if (ch >= 'a' && ch <= 'f')
		return ch - 'a' + 10;
	if (ch >= 'A' && ch <= 'F')
		return ch - 'A' + 10;
	return 16;
}

static bool take_digits(struct cursor *c, unsigned base, uint64_t *value)
{
	const char *at = c->at;
	uint64_t sum = 0;
	for (unsigned digit; at < c->end && (digit = digit_of(*at)) < base; at++) {
		if (sum > (UINT64_MAX - digit) / base)
			return false;
		sum = sum * base + digit;
	}
	if (at == c->at)
		return false;
	c->at = at;
	*value = sum;
	return true;
}

bool cursor_hex(struct cursor *c, uint64_t *value)
{
	return take_digits(c, 16, value);
}

bool cursor_number(struct cursor *c, uint64_t *value)
{
	struct cursor try = *c;
	if (!take_digits(&try, cursor_text(&try, "0x") ? 16 : 10, value))
		return false;
	*c = try;
	return true;
}

bool cursor_code(struct cursor *c, uint64_t *value)
{
	struct cursor try = *c;
	uint64_t hex;
	if (!cursor_hex(&try, &hex) || !(cursor_char(&try, 'h') || cursor_char(&try, 'H')))
		return cursor_number(c, value);
	*c = try;
	*value = hex;
	return true;
}

static unsigned suffix_shift(struct cursor *c)
{
	if (cursor_char(c, 'K') || cursor_char(c, 'k'))
		return 10;
	if (cursor_char(c, 'M') || cursor_char(c, 'm'))
		return 20;
	if (cursor_char(c, 'G') || cursor_char(c, 'g'))
		return 30;
	return 0;
}

bool cursor_size(struct cursor *c, uint64_t *bytes)
{
	struct cursor try = *c;
	uint64_t count;
	if (!cursor_number(&try, &count))
		return false;
	unsigned shift = suffix_shift(&try);
	if (count > UINT64_MAX >> shift)
		return false;
	*c = try;
	*bytes = count << shift;
	return true;
}

bool cursor_name(struct cursor *c, char *to, size_t room)
{
	size_t len = 0, left = c->end - c->at;
	for (; len < left; len++) {
		char ch = c->at[len];
		bool is_upper = ch >= 'A' && ch <= 'Z';
		if (!is_upper && !(ch >= 'a' && ch <= 'z') && !(ch >= '0' && ch <= '9') &&
		        ch != '_')
			break;
	}
	if (len == 0 || len >= room)
		return false;
	for (size_t i = 0; i < len; i++) {
		char ch = c->at[i];
		to[i] = ch >= 'A' && ch <= 'Z' ? (char)(ch - 'A' + 'a') : ch;
	}
	to[len] = '\0';
	c->at += len;
	return true;
}

/* Where keys are released in a sequence of bytes, and C's escapes. */
#include "machine/key_events.h"

#include "base/array.h"
#include "display/cp437.h"

#define RELEASED 0x80 /* of a code's last byte, in set 1 */
#define CTRL     0x1d /* with or without e0 before it: left or right */
#define ALT      0x38
#define BREAK    0x46 /* after e0: Ctrl with Pause */

/* Ctrl-Alt-Delete and Ctrl-Break do not go through the BIOS's buffer: they shall not wait for room
 * in it. IBM PC AT Technical Reference, BIOS, "Keyboard": interrupt 9. */
static bool is_urgent(const struct keys *k)
{
	bool has_ctrl = false, has_alt = false, has_break = false;
	for (unsigned i = 0; i < k->len; i++) {
		has_ctrl |= k->bytes[i] == CTRL;
		has_alt |= k->bytes[i] == ALT;
		has_break |= k->bytes[i] == BREAK && i && k->bytes[i - 1] == 0xe0;
	}
	return has_ctrl && (has_alt || has_break);
}

/* The index of the first code that releases a key. */
static unsigned first_release(const struct keys *k)
{
	unsigned at = 0;
	while (at < k->len) {
		unsigned next = at + keys_code_len(k->bytes[at]);
		if (next > k->len || k->bytes[next - 1] & RELEASED)
			break;
		at = next;
	}
	return at;
}

bool key_events_add(struct key_events *to, const struct keys *keys, uint32_t hold_ms)
{
	unsigned release = first_release(keys);
	bool urgent = is_urgent(keys);
	if (to->max - to->count < keys->len)
		return false;
	for (unsigned i = 0; i < keys->len; i++)
		to->all[to->count++] = (struct key_event) {
			.code = keys->bytes[i],
			.is_urgent = urgent,
			.ms = i != release                 ? 0
			      : hold_ms < KEY_EVENT_MS_MAX ? hold_ms
			                                   : KEY_EVENT_MS_MAX,
		};
	return true;
}

/* Up to count digits of a base; false when there is none. */
static bool take_digits(struct cursor *c, unsigned base, unsigned count, unsigned *value)
{
	unsigned taken = 0;
	*value = 0;
	for (; taken < count && c->at < c->end; taken++, c->at++) {
		char ch = *c->at;
		unsigned digit = ch >= '0' && ch <= '9'   ? (unsigned)(ch - '0')
		                 : ch >= 'a' && ch <= 'f' ? (unsigned)(ch - 'a' + 10)
		                 : ch >= 'A' && ch <= 'F' ? (unsigned)(ch - 'A' + 10)
		                                          : base;
		if (digit >= base)
			break;
		*value = *value * base + digit;
	}
	return taken;
}

/* What stands after the backslash, as a code. */
static bool take_escape(struct cursor *c, unsigned *code)
{
	static const struct {
		char letter, code;
	} rows[] = { { 'n', '\n' }, { 'r', '\r' }, { 't', '\t' }, { 'b', '\b' }, { 'a', 7 },
		{ 'f', 12 }, { 'v', 11 }, { 'e', 27 }, { '\\', '\\' }, { '"', '"' }, { '\'', '\'' },
		{ '?', '?' } };
	if (cursor_char(c, 'x'))
		return take_digits(c, 16, 2, code);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (cursor_char(c, rows[i].letter)) {
			*code = (unsigned char)rows[i].code;
			return true;
		}
	return take_digits(c, 8, 3, code) && *code <= 0xff;
}

bool key_events_character(struct cursor *c, struct keys *to)
{
	struct cursor try = *c;
	struct keys keys = { .len = 0 };
	unsigned code;
	if (!cursor_char(&try, '\\'))
		return keys_typed(c, to);
	if (!take_escape(&try, &code))
		return false;
	if (!keys_add_character(&keys, code < 0x80 ? code : cp437_unicode((uint8_t)code), 0))
		return false;
	*to = keys;
	*c = try;
	return true;
}

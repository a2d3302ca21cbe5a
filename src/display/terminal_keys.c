/* Bytes from a terminal: a short buffer is read again with each byte until it is a key. */
#include "display/terminal_keys.h"

#include <string.h>

#include "base/array.h"
#include "display/utf8.h"

#define ESC 0x1b

/* CSI and SS3 sequences that end with a letter. */
static const struct {
	char last;
	uint16_t code;
	uint8_t modifiers;
} letters[] = {
	{ 'A', KEYS_UP, 0 },
	{ 'B', KEYS_DOWN, 0 },
	{ 'C', KEYS_RIGHT, 0 },
	{ 'D', KEYS_LEFT, 0 },
	{ 'E', KEYS_KP_5, 0 },
	{ 'F', KEYS_END, 0 },
	{ 'H', KEYS_HOME, 0 },
	{ 'P', KEYS_F1, 0 },
	{ 'Q', KEYS_F1 + 1, 0 },
	{ 'R', KEYS_F1 + 2, 0 },
	{ 'S', KEYS_F1 + 3, 0 },
	{ 'Z', KEYS_TAB, KEYS_SHIFT },
	{ 'a', KEYS_UP, KEYS_SHIFT }, /* rxvt: `CSI a`, and with Ctrl `SS3 a` */
	{ 'b', KEYS_DOWN, KEYS_SHIFT },
	{ 'c', KEYS_RIGHT, KEYS_SHIFT },
	{ 'd', KEYS_LEFT, KEYS_SHIFT },
};

/* CSI sequences that end with ~: their first number. */
static const struct {
	uint8_t number;
	uint16_t code;
} numbers[] = {
	{ 1, KEYS_HOME },
	{ 2, KEYS_INSERT },
	{ 3, KEYS_DELETE },
	{ 4, KEYS_END },
	{ 5, KEYS_PGUP },
	{ 6, KEYS_PGDN },
	{ 7, KEYS_HOME },
	{ 8, KEYS_END },
	{ 11, KEYS_F1 },
	{ 12, KEYS_F1 + 1 },
	{ 13, KEYS_F1 + 2 },
	{ 14, KEYS_F1 + 3 },
	{ 15, KEYS_F1 + 4 },
	{ 17, KEYS_F1 + 5 },
	{ 18, KEYS_F1 + 6 },
	{ 19, KEYS_F1 + 7 },
	{ 20, KEYS_F1 + 8 },
	{ 21, KEYS_F1 + 9 },
	{ 23, KEYS_F11 },
	{ 24, KEYS_F12 },
};

/* A control sequence, taken apart. */
struct sequence {
	unsigned numbers[3], count;
	bool is_private; /* `<`, `=`, `>` or `?` comes first: a report, no key */
	uint8_t last;
};

/* xterm's number of modifiers: 1 more than the sum of Shift 1, Alt 2, Ctrl 4 (and Meta 8). */
static unsigned modifiers_of(unsigned number)
{
	unsigned bits = number ? number - 1 : 0;
	return (bits & 1 ? KEYS_SHIFT : 0) | (bits & (2 | 8) ? KEYS_ALT : 0) |
	       (bits & 4 ? KEYS_CTRL : 0);
}

/* Reads the sequence that begins with ESC and `[` or `O`. Returns how many of len bytes it has; 0:
 * more must come. A byte that no sequence can hold cuts it off and is not taken: s->last is 0. */
static unsigned read_sequence(const uint8_t *at, unsigned len, struct sequence *s)
{
	*s = (struct sequence) { .count = 1 };
	for (unsigned i = 2; i < len; i++) {
		unsigned *number = &s->numbers[s->count - 1];
		if (at[i] < 0x20 || at[i] > 0x7e)
			return i;
		if (at[i] >= 0x40 || at[i] == '$') {
			s->last = at[i];
			return i + 1;
		}
		if (at[i] >= '0' && at[i] <= '9')
			*number = *number > 100000 ? *number : *number * 10 + at[i] - '0';
		else if (at[i] == ';' && s->count < ARRAY_SIZE(s->numbers))
			s->count++;
		else if (at[i] >= '<' && at[i] <= '?')
			s->is_private = true;
	}
	return 0;
}

static void add_letter(struct keys *to, char last, unsigned modifiers)
{
	for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
		if (letters[i].last == last)
			keys_add_code(to, letters[i].code, modifiers | letters[i].modifiers);
}

static void add_number(struct keys *to, unsigned number, unsigned modifiers)
{
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (numbers[i].number == number)
			keys_add_code(to, numbers[i].code, modifiers);
}

/* A character with modifiers that no byte can tell: xterm's `CSI 27;M;C~`, others' `CSI C;Mu`. */
static void add_other(struct keys *to, unsigned character, unsigned modifiers)
{
	keys_add_character(to, character, modifiers);
}

static void add_sequence(struct keys *to, const struct sequence *s, unsigned alt)
{
	unsigned modifiers = modifiers_of(s->numbers[1]) | alt;
	if (s->is_private)
		return;
	switch (s->last) {
	case '~':
		if (s->numbers[0] == 27 && s->count == 3)
			add_other(to, s->numbers[2], modifiers);
		else
			add_number(to, s->numbers[0], modifiers);
		break;
	case 'u': add_other(to, s->numbers[0], modifiers); break;
	case '^': add_number(to, s->numbers[0], alt | KEYS_CTRL); break; /* rxvt's */
	case '$': add_number(to, s->numbers[0], alt | KEYS_SHIFT); break;
	case '@': add_number(to, s->numbers[0], alt | KEYS_CTRL | KEYS_SHIFT); break;
	default: add_letter(to, (char)s->last, modifiers);
	}
}

/* SS3: function keys, modifiers as their only number in some terminals; and the keypad in
 * application mode. */
static void add_ss3(struct keys *to, const struct sequence *s, unsigned alt)
{
	static const char keypad[] = "*+,-./0123456789";
	unsigned modifiers = modifiers_of(s->numbers[s->count > 1]) | alt;
	if (s->last >= 'j' && s->last <= 'y')
		keys_add_character(to, (uint8_t)keypad[s->last - 'j'], modifiers);
	else if (s->last >= 'a' && s->last <= 'd')
		add_letter(to, (char)(s->last - 'a' + 'A'), alt | KEYS_CTRL);
	else if (s->last == 'M')
		keys_add_code(to, KEYS_KP_ENTER, modifiers);
	else
		add_letter(to, (char)s->last, modifiers);
}

/* `ESC [` or `ESC O`, and what follows. */
static unsigned take_sequence(const uint8_t *at, unsigned len, unsigned alt, struct keys *to)
{
	struct sequence s;
	if (len > 2 && at[1] == '[' && at[2] == '[') { /* the Linux console's F1 to F5: ESC [ [ A */
		if (len > 3 && at[3] >= 'A' && at[3] <= 'E')
			keys_add_code(to, (uint16_t)(KEYS_F1 + at[3] - 'A'), alt);
		return len > 3 ? 4 : 0;
	}
	unsigned taken = read_sequence(at, len, &s);
	if (taken == 2)
		keys_add_character(to, at[1], KEYS_ALT);
	else if (taken && at[1] == '[')
		add_sequence(to, &s, alt);
	else if (taken)
		add_ss3(to, &s, alt);
	return taken;
}

/* Reads the first key of len bytes, which is 1 at least. Returns how many of them it took; 0: more
 * must come. */
static unsigned read_key(const uint8_t *at, unsigned len, unsigned alt, struct keys *to)
{
	uint32_t code_point;
	unsigned taken;
	if (at[0] != ESC) {
		taken = utf8_take(at, len, &code_point);
		if (taken)
			keys_add_character(to, code_point, alt);
		return taken;
	}
	if (len == 1)
		return 0;
	if (at[1] == '[' || at[1] == 'O')
		return take_sequence(at, len, alt, to);
	if (at[1] == ESC) {
		if (len == 2)
			return 0;
		if (at[2] != '[' && at[2] != 'O') { /* the first one is a key of its own */
			keys_add_code(to, KEYS_ESC, 0);
			return 1;
		}
	}
	taken = read_key(at + 1, len - 1, KEYS_ALT, to);
	return taken ? taken + 1 : 0;
}

static void take_all(struct terminal_keys *t, struct keys *to)
{
	for (unsigned taken; t->count; t->count -= (uint8_t)taken) {
		taken = read_key(t->waiting, t->count, 0, to);
		if (!taken)
			return;
		memmove(t->waiting, t->waiting + taken, t->count - taken);
	}
}

void terminal_keys_byte(struct terminal_keys *t, uint8_t byte, struct keys *to)
{
	to->len = 0;
	if (t->is_skipping) {
		t->is_skipping = byte >= 0x20 && byte < 0x40;
		return;
	}
	t->waiting[t->count++] = byte;
	take_all(t, to);
	if (t->count == TERMINAL_KEYS_MAX) {
		t->count = 0;
		t->is_skipping = true;
	}
}

bool terminal_keys_wait(const struct terminal_keys *t)
{
	return t->count > 0;
}

void terminal_keys_end(struct terminal_keys *t, struct keys *to)
{
	const uint8_t *at = t->waiting, *end = t->waiting + t->count;
	to->len = 0;
	for (; at < end && at[0] == ESC && (end - at == 1 || at[1] == ESC); at++)
		keys_add_code(to, KEYS_ESC, 0);
	/* `ESC [` or `ESC O` alone; a longer beginning of a sequence is no key. */
	if (end - at == 2 && at[0] == ESC)
		keys_add_character(to, at[1], KEYS_ALT);
	*t = (struct terminal_keys) { .count = 0 };
}

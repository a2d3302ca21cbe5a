/* Names and characters to scancodes: two tables, and the keys whose code depends on others. */
#include "display/keys.h"

#include <string.h>
#include <strings.h>

#include "base/array.h"
#include "base/line.h"
#include "display/cp437.h"
#include "display/utf8.h"

#define SHIFT_L 0x2a
#define SHIFT_R 0x36
#define CTRL_L  0x1d
#define ALT_L   0x38
#define PRINT   0xe037
#define PAUSE   0xe11d

/* The keys by name that no character has. Those of characters are in the rows below. */
static const struct {
	const char *name;
	uint16_t code;
} names[] = {
	{ "shift", SHIFT_L },
	{ "shift_r", SHIFT_R },
	{ "ctrl", CTRL_L },
	{ "ctrl_r", 0xe01d },
	{ "alt", ALT_L },
	{ "alt_r", 0xe038 },
	{ "altgr", 0xe038 },
	{ "meta_l", 0xe05b },
	{ "meta_r", 0xe05c },
	{ "menu", 0xe05d },
	{ "compose", 0xe05d },
	{ "esc", KEYS_ESC },
	{ "escape", KEYS_ESC },
	{ "backspace", KEYS_BACKSPACE },
	{ "tab", KEYS_TAB },
	{ "ret", KEYS_RET },
	{ "enter", KEYS_RET },
	{ "return", KEYS_RET },
	{ "spc", 0x39 },
	{ "space", 0x39 },
	{ "minus", 0x0c },
	{ "equal", 0x0d },
	{ "bracket_left", 0x1a },
	{ "bracket_right", 0x1b },
	{ "semicolon", 0x27 },
	{ "apostrophe", 0x28 },
	{ "grave_accent", 0x29 },
	{ "backslash", 0x2b },
	{ "comma", 0x33 },
	{ "dot", 0x34 },
	{ "slash", 0x35 },
	{ "less", 0x56 },
	{ "<", 0x56 },
	{ "caps_lock", 0x3a },
	{ "num_lock", 0x45 },
	{ "scroll_lock", 0x46 },
	{ "f1", 0x3b },
	{ "f2", 0x3c },
	{ "f3", 0x3d },
	{ "f4", 0x3e },
	{ "f5", 0x3f },
	{ "f6", 0x40 },
	{ "f7", 0x41 },
	{ "f8", 0x42 },
	{ "f9", 0x43 },
	{ "f10", 0x44 },
	{ "f11", KEYS_F11 },
	{ "f12", KEYS_F12 },
	{ "asterisk", 0x37 },
	{ "kp_multiply", 0x37 },
	{ "kp_7", 0x47 },
	{ "kp_8", 0x48 },
	{ "kp_9", 0x49 },
	{ "kp_subtract", 0x4a },
	{ "kp_4", 0x4b },
	{ "kp_5", KEYS_KP_5 },
	{ "kp_6", 0x4d },
	{ "kp_add", 0x4e },
	{ "kp_1", 0x4f },
	{ "kp_2", 0x50 },
	{ "kp_3", 0x51 },
	{ "kp_0", 0x52 },
	{ "kp_decimal", 0x53 },
	{ "kp_enter", KEYS_KP_ENTER },
	{ "kp_divide", 0xe035 },
	{ "home", KEYS_HOME },
	{ "up", KEYS_UP },
	{ "pgup", KEYS_PGUP },
	{ "left", KEYS_LEFT },
	{ "right", KEYS_RIGHT },
	{ "end", KEYS_END },
	{ "down", KEYS_DOWN },
	{ "pgdn", KEYS_PGDN },
	{ "insert", KEYS_INSERT },
	{ "ins", KEYS_INSERT },
	{ "delete", KEYS_DELETE },
	{ "del", KEYS_DELETE },
	{ "sysrq", 0x54 },
	{ "print", PRINT },
	{ "pause", PAUSE },
	{ "power", 0xe05e },
	{ "sleep", 0xe05f },
	{ "wake", 0xe063 },
};

/* The keys of characters, in rows as they lie: the first one's code, and what they type. */
static const struct {
	uint8_t first;
	const char *plain, *shifted;
} rows[] = {
	{ 0x02, "1234567890-=", "!@#$%^&*()_+" },
	{ 0x10, "qwertyuiop[]", "QWERTYUIOP{}" },
	{ 0x1e, "asdfghjkl;'`", "ASDFGHJKL:\"~" },
	{ 0x2b, "\\zxcvbnm,./", "|ZXCVBNM<>?" },
	{ 0x39, " ", " " },
};

/* Control characters that have a key of their own, and those that Ctrl makes of no letter. */
static const struct {
	uint8_t character, code, modifiers;
} controls[] = {
	{ '\b', KEYS_BACKSPACE, 0 }, { 0x7f, KEYS_BACKSPACE, 0 }, { '\t', KEYS_TAB, 0 },
	{ '\n', KEYS_RET, 0 }, { '\r', KEYS_RET, 0 }, { 0x1b, KEYS_ESC, 0 },
	{ 0x00, 0x03, KEYS_CTRL }, /* Ctrl-2 is NUL, */
	{ 0x1c, 0x2b, KEYS_CTRL }, { 0x1d, 0x1b, KEYS_CTRL },
	{ 0x1e, 0x07, KEYS_CTRL }, /* Ctrl-6 is ^^ */
	{ 0x1f, 0x0c, KEYS_CTRL }, /* and Ctrl-minus is ^_ on a PC */
};

unsigned keys_code_len(uint8_t first)
{
	return first == 0xe0 ? 2 : first == 0xe1 ? 3 : 1;
}

static void add(struct keys *to, const uint8_t *bytes, size_t len)
{
	if (len <= sizeof to->bytes - to->len) {
		memcpy(to->bytes + to->len, bytes, len);
		to->len += (unsigned)len;
	}
}

#define ADD(to, ...) add((to), (const uint8_t[]) { __VA_ARGS__ }, sizeof(uint8_t[]) { __VA_ARGS__ })

/* Print Screen is SysRq with Alt, and has a Shift of its own unless one is held, or Ctrl. */
static void add_print(struct keys *to, unsigned held, bool is_break)
{
	uint8_t bit = is_break ? 0x80 : 0;
	if (held & KEYS_ALT)
		ADD(to, 0x54 | bit);
	else if (held)
		ADD(to, 0xe0, 0x37 | bit);
	else if (is_break)
		ADD(to, 0xe0, 0xb7, 0xe0, 0xaa);
	else
		ADD(to, 0xe0, 0x2a, 0xe0, 0x37);
}

/* Pause sends all that it sends when it is pressed; with Ctrl it is Break. */
static void add_pause(struct keys *to, unsigned held)
{
	if (held & KEYS_CTRL)
		ADD(to, 0xe0, 0x46, 0xe0, 0xc6);
	else
		ADD(to, 0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5);
}

static void add_one(struct keys *to, uint16_t code, unsigned held, bool is_break)
{
	uint8_t last = (uint8_t)code | (is_break ? 0x80 : 0);
	if (code == PRINT)
		add_print(to, held, is_break);
	else if (code == PAUSE && !is_break)
		add_pause(to, held);
	else if (code == PAUSE)
		return;
	else if (code >> 8)
		ADD(to, 0xe0, last);
	else
		ADD(to, last);
}

static unsigned modifier_of(uint16_t code)
{
	return code == SHIFT_L || code == SHIFT_R         ? KEYS_SHIFT
	       : (code & 0xff) == CTRL_L && code != PAUSE ? KEYS_CTRL
	       : (code & 0xff) == ALT_L                   ? KEYS_ALT
	                                                  : 0;
}

/* Pressed in order, released in the opposite one. A modifier counts for the keys after it. */
static void add_together(struct keys *to, const uint16_t *codes, unsigned count)
{
	unsigned held[KEYS_AT_ONCE], modifiers = 0;
	for (unsigned i = 0; i < count; i++) {
		held[i] = modifiers;
		add_one(to, codes[i], held[i], false);
		modifiers |= modifier_of(codes[i]);
	}
	for (unsigned i = count; i-- > 0;)
		add_one(to, codes[i], held[i], true);
}

void keys_add_code(struct keys *to, uint16_t code, unsigned modifiers)
{
	uint16_t codes[4];
	unsigned count = 0;
	if (modifiers & KEYS_CTRL)
		codes[count++] = CTRL_L;
	if (modifiers & KEYS_ALT)
		codes[count++] = ALT_L;
	if (modifiers & KEYS_SHIFT)
		codes[count++] = SHIFT_L;
	codes[count++] = code;
	add_together(to, codes, count);
}

/* The key of a printable ASCII character, and whether Shift is needed. */
static bool find_character(char wanted, uint16_t *code, unsigned *modifiers)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *plain = strchr(rows[i].plain, wanted);
		const char *shifted = strchr(rows[i].shifted, wanted);
		if (plain || shifted) {
			*code = (uint16_t)(rows[i].first + (plain ? plain - rows[i].plain
			                                          : shifted - rows[i].shifted));
			*modifiers = plain ? 0 : KEYS_SHIFT;
			return true;
		}
	}
	return false;
}

static bool find_control(uint8_t wanted, uint16_t *code, unsigned *modifiers)
{
	for (size_t i = 0; i < ARRAY_SIZE(controls); i++)
		if (controls[i].character == wanted) {
			*code = controls[i].code;
			*modifiers = controls[i].modifiers;
			return true;
		}
	bool is_letter = find_character((char)(wanted + 'a' - 1), code, modifiers);
	*modifiers = KEYS_CTRL;
	return is_letter;
}

/* A character that no key has: its number, typed on the keypad while Alt is held. */
static void add_by_number(struct keys *to, uint8_t character)
{
	static const uint8_t digits[] = { 0x52, 0x4f, 0x50, 0x51, 0x4b, 0x4c, 0x4d, 0x47, 0x48,
		0x49 };
	const unsigned parts[] = { character / 100u, character / 10u % 10, character % 10u };
	ADD(to, ALT_L);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		ADD(to, digits[parts[i]], digits[parts[i]] | 0x80);
	ADD(to, ALT_L | 0x80);
}

bool keys_add_character(struct keys *to, uint32_t code_point, unsigned modifiers)
{
	uint16_t code;
	unsigned own;
	if (code_point < 0x20 || code_point == 0x7f) {
		if (!find_control((uint8_t)code_point, &code, &own))
			return false;
	} else if (code_point > 0x7f) {
		int character = cp437_from(code_point);
		if (character < 0 || modifiers)
			return false;
		add_by_number(to, (uint8_t)character);
		return true;
	} else if (!find_character((char)code_point, &code, &own)) {
		return false;
	}
	keys_add_code(to, code, modifiers | own);
	return true;
}

/* QEMU's number of a key: bit 7 is the prefix e0. Not those whose break code is a prefix. */
static bool key_number(const char *at, size_t len, uint16_t *code)
{
	struct cursor c = { at, at + len };
	uint64_t number;
	if (len < 3 || at[0] != '0' || !cursor_number(&c, &number) || !cursor_at_end(&c))
		return false;
	unsigned key = number & 0x7f;
	if (number > 0xff || key == 0 || key == 0x60 || key == 0x61)
		return false;
	*code = (uint16_t)(key | (number > 0x7f ? 0xe000 : 0));
	return true;
}

static bool find_name(const char *at, size_t len, uint16_t *code)
{
	unsigned shift;
	char lower = len == 1 && *at >= 'A' && *at <= 'Z' ? (char)(*at | 0x20) : *at;
	if (len == 1 && ((lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9')))
		return find_character(lower, code, &shift);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i].name) == len && !strncasecmp(names[i].name, at, len)) {
			*code = names[i].code;
			return true;
		}
	return key_number(at, len, code);
}

static size_t name_len(const struct cursor *c)
{
	size_t len = 0;
	while (c->at + len < c->end && !strchr("- \t\r\n", c->at[len]))
		len++;
	return len;
}

bool keys_named(struct cursor *c, struct keys *to)
{
	uint16_t codes[KEYS_AT_ONCE];
	for (unsigned count = 0; count < KEYS_AT_ONCE;) {
		size_t len = name_len(c);
		if (!len || !find_name(c->at, len, &codes[count]))
			return false;
		count++;
		c->at += len;
		if (!cursor_char(c, '-')) {
			to->len = 0;
			add_together(to, codes, count);
			return true;
		}
	}
	return false;
}

const char *keys_name(size_t index)
{
	return index < ARRAY_SIZE(names) ? names[index].name : NULL;
}

#define NAME_SHOWN 20 /* bytes of what is no name */

void keys_explain(const struct cursor *c, char to[KEYS_WHY_MAX])
{
	uint16_t code;
	struct line line = { .to = to, .size = KEYS_WHY_MAX };
	size_t len = name_len(c);
	if (!len)
		line_add(&line, "expected the name of a key");
	else if (find_name(c->at, len, &code))
		line_add(&line, "at most %d keys can be pressed together", KEYS_AT_ONCE);
	else
		line_add(&line, "`%.*s%s` is no key", len > NAME_SHOWN ? NAME_SHOWN : (int)len,
		        c->at, len > NAME_SHOWN ? "..." : "");
}

bool keys_typed(struct cursor *c, struct keys *to)
{
	uint32_t code_point;
	struct keys made = { .len = 0 };
	unsigned len = utf8_take((const uint8_t *)c->at, (size_t)(c->end - c->at), &code_point);
	if (!len || !keys_add_character(&made, code_point, 0))
		return false;
	c->at += len;
	*to = made;
	return true;
}

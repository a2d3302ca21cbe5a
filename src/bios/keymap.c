/* The tables of the US keyboard's keys. */
#include "bios/keymap.h"

#include <stddef.h>
#include <string.h>

#include "base/array.h"

#define EXTENDED_ONLY 0xf0 /* the character of words that the 84-key keyboard does not have */
#define ON_KEYPAD     0xe0 /* the character of the keys between the letters and the keypad */

/* Keys that are characters, in rows of successive codes. */
static const struct {
	uint8_t code; /* of the first */
	const char *plain, *shifted;
} rows[] = {
	{ 0x02, "1234567890-=", "!@#$%^&*()_+" }, { 0x10, "qwertyuiop[]", "QWERTYUIOP{}" },
	{ 0x1e, "asdfghjkl;'`", "ASDFGHJKL:\"~" }, { 0x2b, "\\zxcvbnm,./", "|ZXCVBNM<>?" },
	{ 0x39, " ", " " }, { 0x56, "\\", "|" }, /* the 102nd key, beside the left Shift */
};

/* Keys whose words follow no rule, and those of the keypad. */
static const struct {
	uint8_t code;
	uint16_t words[4];
} others[] = {
	{ 0x01, { 0x011b, 0x011b, 0x011b, 0x01f0 } }, /* Esc */
	{ 0x0e, { 0x0e08, 0x0e08, 0x0e7f, 0x0ef0 } }, /* Backspace */
	{ 0x0f, { 0x0f09, 0x0f00, 0x9400, 0xa500 } }, /* Tab */
	{ 0x1c, { 0x1c0d, 0x1c0d, 0x1c0a, 0x1cf0 } }, /* Enter */
	{ 0x37, { 0x372a, 0x372a, 0x9600, 0x37f0 } }, /* * */
	{ 0x47, { 0x4700, 0x4737, 0x7700, 0 } },      /* Home, 7 */
	{ 0x48, { 0x4800, 0x4838, 0x8d00, 0 } },      /* up, 8 */
	{ 0x49, { 0x4900, 0x4939, 0x8400, 0 } },      /* Page Up, 9 */
	{ 0x4a, { 0x4a2d, 0x4a2d, 0x8e00, 0x4af0 } }, /* - */
	{ 0x4b, { 0x4b00, 0x4b34, 0x7300, 0 } },      /* left, 4 */
	{ 0x4c, { 0x4cf0, 0x4c35, 0x8f00, 0 } },      /* 5 */
	{ 0x4d, { 0x4d00, 0x4d36, 0x7400, 0 } },      /* right, 6 */
	{ 0x4e, { 0x4e2b, 0x4e2b, 0x9000, 0x4ef0 } }, /* + */
	{ 0x4f, { 0x4f00, 0x4f31, 0x7500, 0 } },      /* End, 1 */
	{ 0x50, { 0x5000, 0x5032, 0x9100, 0 } },      /* down, 2 */
	{ 0x51, { 0x5100, 0x5133, 0x7600, 0 } },      /* Page Down, 3 */
	{ 0x52, { 0x5200, 0x5230, 0x9200, 0 } },      /* Ins, 0 */
	{ 0x53, { 0x5300, 0x532e, 0x9300, 0 } },      /* Del, . */
	{ 0x57, { 0x8500, 0x8700, 0x8900, 0x8b00 } }, /* F11 */
	{ 0x58, { 0x8600, 0x8800, 0x8a00, 0x8c00 } }, /* F12 */
};

/* After E0, but for those of the keypad's codes, which are worked out. */
static const struct {
	uint8_t code;
	uint16_t words[4];
} extended[] = {
	{ 0x1c, { 0xe00d, 0xe00d, 0xe00a, 0xa600 } },      /* the keypad's Enter */
	{ KEY_SLASH, { 0xe02f, 0xe02f, 0x9500, 0xa400 } }, /* the keypad's / */
	{ KEY_STAR, { 0, 0, 0x7200, 0 } },                 /* Print Screen */
};

/* The character that Ctrl and a key give, or -1. */
static int control_character(char plain)
{
	if ((plain >= 'a' && plain <= 'z') || plain == '[' || plain == '\\' || plain == ']')
		return plain & 0x1f;
	if (plain == '6')
		return 0x1e;
	if (plain == '-')
		return 0x1f;
	return plain == '2' ? 0 : plain == ' ' ? ' ' : -1;
}

static uint16_t alt_word(uint8_t code, char plain)
{
	if (code <= 0x0d) /* the row of digits: 78h and on */
		return (uint16_t)((0x78 + code - 0x02) << 8);
	if (plain == ' ')
		return (uint16_t)(code << 8 | ' ');
	return (uint16_t)(code << 8 | (keymap_is_letter(code) ? 0 : EXTENDED_ONLY));
}

static uint16_t character_word(uint8_t code, char plain, char shifted, enum keymap_shift shift)
{
	int control = control_character(plain);
	bool is_102nd = code == 0x56;

	switch (shift) {
	case KEYMAP_PLAIN: return (uint16_t)(code << 8 | plain);
	case KEYMAP_SHIFT: return (uint16_t)(code << 8 | shifted);
	case KEYMAP_CTRL: return (uint16_t)(control < 0 || is_102nd ? 0 : code << 8 | control);
	case KEYMAP_ALT: return is_102nd ? 0 : alt_word(code, plain);
	}
	return 0;
}

/* F1 to F10: four runs of ten, of 3Bh, 54h, 5Eh, 68h. */
static uint16_t function_word(unsigned number, enum keymap_shift shift)
{
	static const uint8_t first[] = { 0x3b, 0x54, 0x5e, 0x68 };
	return (uint16_t)((first[shift] + number) << 8);
}

/* The keys between the letters and the keypad have the keypad's codes after E0. */
static uint16_t cursor_word(uint8_t code, enum keymap_shift shift)
{
	if (shift == KEYMAP_ALT)
		return (uint16_t)((code + 0x50) << 8);
	uint16_t word = keymap_word(code, false, shift == KEYMAP_CTRL ? KEYMAP_CTRL : KEYMAP_PLAIN);
	return (uint16_t)((word & 0xff00) | ON_KEYPAD);
}

static uint16_t extended_word(uint8_t code, enum keymap_shift shift)
{
	for (size_t i = 0; i < ARRAY_SIZE(extended); i++)
		if (extended[i].code == code)
			return extended[i].words[shift];
	bool is_cursor = keymap_digit(code) >= 0 || code == KEY_DELETE;
	return is_cursor && code != 0x4c ? cursor_word(code, shift) : 0;
}

uint16_t keymap_word(uint8_t code, bool is_extended, enum keymap_shift shift)
{
	if (is_extended)
		return extended_word(code, shift);
	if (code >= 0x3b && code <= 0x44)
		return function_word(code - 0x3bu, shift);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t at = (size_t)code - rows[i].code;
		if (code >= rows[i].code && at < strlen(rows[i].plain))
			return character_word(code, rows[i].plain[at], rows[i].shifted[at], shift);
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (others[i].code == code)
			return others[i].words[shift];
	return 0;
}

bool keymap_is_letter(uint8_t code)
{
	uint8_t plain = (uint8_t)keymap_word(code, false, KEYMAP_PLAIN);
	return plain >= 'a' && plain <= 'z';
}

int keymap_digit(uint8_t code)
{
	static const int8_t digits[] = { 7, 8, 9, -1, 4, 5, 6, -1, 1, 2, 3, 0 }; /* of 47h to 52h */
	return code >= KEY_HOME && code <= KEY_INSERT ? digits[code - KEY_HOME] : -1;
}

/* Keys as a PC's keyboard sends them: bytes of scancode set 1, make and break, for what somebody
 * names (`ctrl-alt-delete`) or types. Pure; a US keyboard.
 *
 * What is held down in the guest already (Caps Lock's state, a key of another source) is not known
 * here: typed text expects that it is off.
 * Sources: IBM Personal System/2 Hardware Interface Technical Reference, keyboard (scan code set 1,
 * Pause, Print Screen and their changes with Ctrl, Alt and Shift); names: QEMU's `sendkey`. */
#ifndef STEPVM_DISPLAY_KEYS_H
#define STEPVM_DISPLAY_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"

#define KEYS_AT_ONCE   8  /* keys of a combination */
#define KEYS_BYTES_MAX 64 /* what they need at most: four bytes each way */
#define KEYS_WHY_MAX   64

/* Bytes for board_scancode, in order: every key that is pressed in them is released, too. */
struct keys {
	uint8_t bytes[KEYS_BYTES_MAX];
	unsigned len;
};

/* Which keys are held while another one is struck. */
enum keys_modifier {
	KEYS_SHIFT = 1,
	KEYS_ALT = 2,
	KEYS_CTRL = 4,
};

/* How many bytes the make or break code has that begins with this one: 1, after e0 2, after e1 3.
 * The controller takes them one by one; a code with another key's between its bytes is another
 * code. */
unsigned keys_code_len(uint8_t first);

/* Takes a name, or several joined by `-`, up to a blank or the end, and makes the keys pressed in
 * this order and released in the opposite one. QEMU's names of the keys that a PC's keyboard has,
 * in upper or lower case: letters, digits, ret, spc, esc, f1 to f12, kp_0, shift_r, ...; its numbers
 * of keys (0x1e; 0x80 and more: after e0); and del, enter and the like. False: c stands at the name
 * that is none, at its end when there are more than KEYS_AT_ONCE, and *to is left alone. */
bool keys_named(struct cursor *c, struct keys *to);
/* The names that are more than a letter or a digit, one by one; NULL after the last. */
const char *keys_name(size_t index);
/* After keys_named has failed: what is wrong where c stands, as a sentence's end. */
void keys_explain(const struct cursor *c, char to[KEYS_WHY_MAX]);
/* Takes one character of UTF-8 text and makes the keys that type it: with Shift where a US keyboard
 * needs it, with Ctrl for control characters (\r and \n: ret; \t, \b and 7f, ESC: their keys), and
 * by Alt and the keypad's digits for the others of code page 437. False: nothing is left, or c
 * stands at a character that can't be typed, and *to is left alone. */
bool keys_typed(struct cursor *c, struct keys *to);

/* For readers of other notations. Each adds one key that is struck while the modifiers are held;
 * to->len is 0 at first. A code is that of set 1, 0xe0xx after e0. Nothing is added that has no
 * room. */
void keys_add_code(struct keys *to, uint16_t code, unsigned modifiers);
/* A character as of keys_typed; false when there is no way to type it. */
bool keys_add_character(struct keys *to, uint32_t code_point, unsigned modifiers);

/* Codes that such readers need. */
enum keys_code {
	KEYS_ESC = 0x01,
	KEYS_BACKSPACE = 0x0e,
	KEYS_TAB = 0x0f,
	KEYS_RET = 0x1c,
	KEYS_F1 = 0x3b, /* up to F10 in a row */
	KEYS_F11 = 0x57,
	KEYS_F12 = 0x58,
	KEYS_KP_5 = 0x4c,
	KEYS_KP_ENTER = 0xe01c,
	KEYS_HOME = 0xe047,
	KEYS_UP = 0xe048,
	KEYS_PGUP = 0xe049,
	KEYS_LEFT = 0xe04b,
	KEYS_RIGHT = 0xe04d,
	KEYS_END = 0xe04f,
	KEYS_DOWN = 0xe050,
	KEYS_PGDN = 0xe051,
	KEYS_INSERT = 0xe052,
	KEYS_DELETE = 0xe053,
};

#endif

/* The US keyboard: what a key puts into the BIOS's buffer, by its scan code of set 1 and by the
 * shift keys that are down. Pure.
 *
 * Source: IBM Personal Computer AT Technical Reference, "Keyboard", encoding tables; Ralf Brown's
 * Interrupt List, INT 16/AH=00h and AH=10h, "Values for keyboard scan code", with the 101-key
 * keyboard's words. */
#ifndef STEPVM_BIOS_KEYMAP_H
#define STEPVM_BIOS_KEYMAP_H

#include <stdbool.h>
#include <stdint.h>

/* Scan codes of keys that do something else, or something besides. */
enum {
	KEY_CTRL = 0x1d,
	KEY_LEFT_SHIFT = 0x2a,
	KEY_SLASH = 0x35,
	KEY_RIGHT_SHIFT = 0x36,
	KEY_STAR = 0x37, /* of the keypad; after E0: Print Screen */
	KEY_ALT = 0x38,
	KEY_CAPS = 0x3a,
	KEY_NUM = 0x45,    /* after E1 1D: Pause */
	KEY_SCROLL = 0x46, /* after E0: Break, which is Ctrl and Pause */
	KEY_HOME = 0x47,   /* the first of the keypad's, */
	KEY_INSERT = 0x52,
	KEY_DELETE = 0x53, /* and the last */
	KEY_SYSREQ = 0x54, /* Alt and Print Screen */
};

/* Which of a key's four words it is. */
enum keymap_shift { KEYMAP_PLAIN, KEYMAP_SHIFT, KEYMAP_CTRL, KEYMAP_ALT };

/* The word for the buffer, scan code above character; 0: the key gives none. code: the make code;
 * is_extended: it came after E0. A character of E0h marks a key that the 84-key keyboard has on its
 * keypad, F0h a word that only the 101-key functions of int 16h give. */
uint16_t keymap_word(uint8_t code, bool is_extended, enum keymap_shift shift);
/* Whether Caps Lock turns the key's Shift around. */
bool keymap_is_letter(uint8_t code);
/* 0 to 9 for the keypad's digit keys, whatever Num Lock says; -1: another key. */
int keymap_digit(uint8_t code);

#endif

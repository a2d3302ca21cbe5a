/* The keyboard's flags in the BIOS data area, and the buffer of keys there: what int 9, which fills
 * it, and int 16h, which empties it, share.
 *
 * Source: IBM Personal Computer AT Technical Reference, "Keyboard", and the listing's "KB_FLAG";
 * Ralf Brown's Interrupt List, MEMORY.LST, 0040:0017, 18, 1A, 96 and 97. */
#ifndef STEPVM_BIOS_KEYBOARD_H
#define STEPVM_BIOS_KEYBOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "bios/bios.h"

/* BDA_SHIFT: which are down, and which are on. */
#define SHIFT_RIGHT     0x01
#define SHIFT_LEFT      0x02
#define SHIFT_CTRL      0x04
#define SHIFT_ALT       0x08
#define SHIFT_SCROLL_ON 0x10
#define SHIFT_NUM_ON    0x20
#define SHIFT_CAPS_ON   0x40
#define SHIFT_INSERT_ON 0x80

/* BDA_SHIFT2: which are down. */
#define SHIFT2_LEFT_CTRL 0x01
#define SHIFT2_LEFT_ALT  0x02
#define SHIFT2_SYSREQ    0x04
#define SHIFT2_PAUSED    0x08 /* the guest waits in int 9 for another key */
#define SHIFT2_SCROLL    0x10
#define SHIFT2_NUM       0x20
#define SHIFT2_CAPS      0x40
#define SHIFT2_INSERT    0x80

/* BDA_KEYBOARD. */
#define KEYBOARD_AFTER_E1   0x01
#define KEYBOARD_AFTER_E0   0x02
#define KEYBOARD_RIGHT_CTRL 0x04
#define KEYBOARD_RIGHT_ALT  0x08
#define KEYBOARD_101        0x10 /* an enhanced keyboard is there */

/* BDA_LEDS. */
#define LEDS_ON     0x07 /* Scroll Lock, Num Lock, Caps Lock */
#define LEDS_ACK    0x10 /* the keyboard has acknowledged a command, */
#define LEDS_RESEND 0x20 /* or asked for it again */

#define KEY_RATE_DEFAULT 0x010b /* int 16h AH=03h: 500 ms, then 10.9 a second */

/* At the end of the buffer; false: it is full. */
bool keys_put(const struct bios *b, uint16_t word);
/* The next one, which stays there unless takes; false: there is none. */
bool keys_get(const struct bios *b, bool takes, uint16_t *word);
/* Nothing is in it; it begins at its first place. */
void keys_clear(const struct bios *b);

#endif

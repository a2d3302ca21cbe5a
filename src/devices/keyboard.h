/* A PC's keyboard, at the far end of the controller's wire: a queue of keys, scan code sets 1 and 2, and the
 * commands that software sends it (IBM PC AT Technical Reference, "Keyboard": "Commands from the
 * System", "Commands to the System"; set 3 is left out).
 *
 * Keys come in as bytes of set 1, make and break codes with their e0 and e1: what a PC's software
 * sees in the end. They are queued so, and leave in the set that the guest has chosen. While the
 * guest has scanning off there is no room, so that what is typed waits outside.
 *
 * It knows no board: devices/i8042.h has it. All state is in the struct and can be copied. */
#ifndef STEPVM_DEVICES_KEYBOARD_H
#define STEPVM_DEVICES_KEYBOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEYBOARD_QUEUE    16   /* bytes of set 1, as many as IBM's has room for */
#define KEYBOARD_REPLIES  4    /* the longest answer is three bytes */
#define KEYBOARD_BREAK    0xf0 /* set 2: the next byte is a key that was released */
#define KEYBOARD_RELEASED 0x80 /* set 1: the bit that says so */

struct keyboard {
	uint8_t queue[KEYBOARD_QUEUE], head, count;     /* in set 1 */
	uint8_t replies[KEYBOARD_REPLIES], reply_count; /* the first one first */
	uint8_t expects;  /* the command whose byte comes next, or 0 */
	uint8_t set;      /* 1 or 2 */
	uint8_t leds;     /* bit 0 scroll lock, 1 num lock, 2 caps lock */
	uint8_t rate;     /* typematic, as the guest has set it: it has no effect */
	uint8_t last;     /* byte that was sent, for "resend" */
	bool is_scanning; /* keys are sent */
	bool is_breaking; /* set 2: KEYBOARD_BREAK has left, and the key it belongs to is next */
};

/* As after power-on: set 2, scanning. */
void keyboard_reset(struct keyboard *k);
/* How many bytes of keys it takes now, 0 to KEYBOARD_QUEUE. */
size_t keyboard_room(const struct keyboard *k);
/* A byte of set 1; without room it is lost. */
void keyboard_key(struct keyboard *k, uint8_t code);
/* The guest sends it a command, or the byte that one takes. */
void keyboard_write(struct keyboard *k, uint8_t value);

bool keyboard_has_reply(const struct keyboard *k);
bool keyboard_has_key(const struct keyboard *k);
/* The next byte on the wire: an answer goes before keys. One of the two must be there. */
uint8_t keyboard_take(struct keyboard *k);

/* What the controller's translation makes of a byte of set 2: one of set 1. */
uint8_t keyboard_translate(uint8_t code);

#endif

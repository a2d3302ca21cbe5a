/* Keys with times: bytes of scan code set 1 in the order in which a keyboard sends them, and how long
 * each waits after the one before it. Made of names of keys and of texts with C's escapes. Pure. */
#ifndef STEPVM_MACHINE_KEY_EVENTS_H
#define STEPVM_MACHINE_KEY_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "display/keys.h"

#define KEY_EVENT_MS_MAX ((1u << 22) - 1) /* 69 minutes */

/* A byte for board_scancode. */
struct key_event {
	uint32_t code : 8;
	uint32_t is_at : 1;     /* ms counts from the guest's power-on, not from the byte before */
	uint32_t is_urgent : 1; /* of a combination that a BIOS heeds with a full buffer, too */
	uint32_t ms : 22;
};

struct key_events {
	struct key_event *all; /* the caller's, of max elements */
	size_t count, max;
};

/* Adds keys that are held for hold_ms: so long do the releases wait, at once after all are pressed.
 * False when they do not fit: nothing was added. */
bool key_events_add(struct key_events *to, const struct keys *keys, uint32_t hold_ms);

/* Takes one character of a text or one of C's escapes: \n \r \t \b \a \f \v \e \\ \" \' \?, \x and one or
 * two hex digits, \ and one to three octal digits. A number above 7f is a character of code page 437. False:
 * nothing is left, or c stands at what is no escape or can't be typed, and *to is left alone. */
bool key_events_character(struct cursor *c, struct keys *to);

#endif

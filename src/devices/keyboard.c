/* The keyboard's queue, its answers and its scan codes. Names in quotes are sections of the IBM PC
 * AT Technical Reference's chapter on the keyboard. */
#include "devices/keyboard.h"

#include <assert.h>
#include <string.h>

#include "base/array.h"

/* "Commands to the System" */
#define ACK         0xfa
#define RESEND      0xfe /* the keyboard did not understand */
#define TEST_PASSED 0xaa
#define ECHO_REPLY  0xee

/* "Commands from the System" */
#define SET_LEDS     0xed
#define ECHO         0xee
#define CHOOSE_SET   0xf0
#define IDENTIFY     0xf2
#define SET_RATE     0xf3
#define ENABLE       0xf4
#define DISABLE      0xf5
#define SET_DEFAULTS 0xf6
#define SEND_AGAIN   0xfe
#define RESET        0xff

#define SET_MAX      2
#define LEDS_MASK    0x07
#define RATE_MASK    0x7f
#define RATE_DEFAULT 0x2b /* 10.9 characters a second after half a second */
#define PREFIX       0xe0 /* and e1: they stand for themselves in both sets */

/* What translation makes of bytes 0 to 0x7f. */
static const uint8_t set_1_of[128] = {
	0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, /* 00: F9, F5, F3, F1, F2, F12 */
	0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29, 0x59, /* 08: F10, F8, F6, F4, tab, ` */
	0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a, /* 10: alt, shift, ctrl, q, 1 */
	0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b, /* 18: z, s, a, w, 2 */
	0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c, /* 20: c, x, d, e, 4, 3 */
	0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d, /* 28: space, v, f, t, r, 5 */
	0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, /* 30: n, b, h, g, y, 6 */
	0x6a, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5f, /* 38: m, j, u, 7, 8 */
	0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, /* 40: comma, k, i, o, 0, 9 */
	0x6c, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0c, 0x61, /* 48: period, /, l, semicolon, p, - */
	0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, /* 50: ', [, = */
	0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76, /* 58: caps lock, shift, enter, ], \ */
	0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, /* 60: the 102nd key, backspace */
	0x7c, 0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f, /* 68: keypad 1, 4, 7 */
	0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45, /* 70: keypad 0 . 2 5 6 8, esc, num */
	0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54, /* 78: F11, keypad + 3 - * 9, scroll */
};
/* Two keys have codes above them in set 2, and others there would be taken for them. */
static const struct {
	uint8_t set_2, set_1;
} above[] = { { 0x83, 0x41 /* F7 */ }, { 0x84, 0x54 /* alt and print screen */ } };

uint8_t keyboard_translate(uint8_t code)
{
	for (size_t i = 0; i < ARRAY_SIZE(above); i++)
		if (above[i].set_2 == code)
			return above[i].set_1;
	return code < sizeof set_1_of ? set_1_of[code] : code;
}

/* The code in set 2 of a key whose make code in set 1 it is; 0 for none. */
static uint8_t set_2_of(uint8_t make)
{
	for (size_t i = 0; i < ARRAY_SIZE(above); i++)
		if (above[i].set_1 == make)
			return above[i].set_2;
	const uint8_t *at = memchr(set_1_of, make, sizeof set_1_of);
	return at ? (uint8_t)(at - set_1_of) : 0;
}

static void set_defaults(struct keyboard *k)
{
	k->count = 0;
	k->set = SET_MAX;
	k->rate = RATE_DEFAULT;
	k->is_breaking = false;
}

void keyboard_reset(struct keyboard *k)
{
	*k = (struct keyboard) { .is_scanning = true };
	set_defaults(k);
}

/* --- keys ------------------------------------------------------------------------------------- */

size_t keyboard_room(const struct keyboard *k)
{
	return k->is_scanning ? (size_t)(KEYBOARD_QUEUE - k->count) : 0;
}

void keyboard_key(struct keyboard *k, uint8_t code)
{
	if (keyboard_room(k))
		k->queue[(k->head + k->count++) % KEYBOARD_QUEUE] = code;
}

bool keyboard_has_reply(const struct keyboard *k)
{
	return k->reply_count;
}

bool keyboard_has_key(const struct keyboard *k)
{
	return k->count && k->is_scanning;
}

/* A break code of set 2 is two bytes of the wire and one of the queue. */
static uint8_t take_key(struct keyboard *k)
{
	uint8_t code = k->queue[k->head];
	bool is_break = code & KEYBOARD_RELEASED && (code & ~1) != PREFIX;

	assert(k->count);
	if (k->set == SET_MAX && is_break && !k->is_breaking) {
		k->is_breaking = true;
		return KEYBOARD_BREAK;
	}
	k->is_breaking = false;
	k->head = (uint8_t)((k->head + 1) % KEYBOARD_QUEUE);
	k->count--;
	if (k->set != SET_MAX || (code & ~1) == PREFIX)
		return code;
	return set_2_of(code & (uint8_t)~KEYBOARD_RELEASED);
}

uint8_t keyboard_take(struct keyboard *k)
{
	uint8_t byte;

	if (k->reply_count) {
		byte = k->replies[0];
		memmove(k->replies, k->replies + 1, --k->reply_count);
	} else {
		byte = take_key(k);
	}
	k->last = byte;
	return byte;
}

/* --- commands --------------------------------------------------------------------------------- */

static void reply(struct keyboard *k, uint8_t byte)
{
	if (k->reply_count < KEYBOARD_REPLIES)
		k->replies[k->reply_count++] = byte;
}

/* The byte that a command takes. */
static void take_operand(struct keyboard *k, uint8_t command, uint8_t value)
{
	if (command == CHOOSE_SET && value > SET_MAX) {
		reply(k, RESEND);
		return;
	}
	reply(k, ACK);
	if (command == SET_LEDS)
		k->leds = value & LEDS_MASK;
	else if (command == SET_RATE)
		k->rate = value & RATE_MASK;
	else if (!value)
		reply(k, k->set);
	else
		k->set = value;
}

static void reset(struct keyboard *k)
{
	keyboard_reset(k);
	reply(k, ACK);
	reply(k, TEST_PASSED);
}

static void identify(struct keyboard *k)
{
	reply(k, ACK);
	reply(k, 0xab); /* "Read ID": a keyboard of 101 keys */
	reply(k, 0x83);
}

static void set_scanning(struct keyboard *k, bool is_scanning)
{
	k->is_scanning = is_scanning;
	reply(k, ACK);
}

static void do_command(struct keyboard *k, uint8_t command)
{
	switch (command) {
	case SET_LEDS:
	case CHOOSE_SET:
	case SET_RATE:
		k->expects = command;
		reply(k, ACK);
		break;
	case ECHO: reply(k, ECHO_REPLY); break;
	case IDENTIFY: identify(k); break;
	case ENABLE:
		k->count = 0;
		set_scanning(k, true);
		break;
	case DISABLE:
		set_defaults(k);
		set_scanning(k, false);
		break;
	case SET_DEFAULTS:
		set_defaults(k);
		reply(k, ACK);
		break;
	case SEND_AGAIN: reply(k, k->last); break;
	case RESET: reset(k); break;
	default: reply(k, RESEND); break;
	}
}

void keyboard_write(struct keyboard *k, uint8_t value)
{
	uint8_t command = k->expects;

	k->expects = 0;
	k->reply_count = 0; /* it gives up what it was about to say, and answers */
	/* A command where the byte of another is due takes its place. */
	if (command && value < SET_LEDS)
		take_operand(k, command, value);
	else
		do_command(k, value);
}

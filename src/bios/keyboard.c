/* int 16h: keys for programs, out of the buffer that int 9 fills.
 *
 * Source: Ralf Brown's Interrupt List, INT 16/AH=00h to 12h, 92h and A2h; IBM Personal Computer AT
 * Technical Reference, "Keyboard". The 84-key functions (00h, 01h) give the 101-key keyboard's
 * second keys as the first ones, and leave out keys that the 84-key keyboard does not have. */
#include "bios/keyboard.h"

#include <stdio.h>

#include "base/array.h"
#include "bios/internal.h"

#define SEGMENT_GPA BDA_GPA /* of the offsets in the buffer's pointers */
#define LAST_OF_84  0x84    /* the 84-key keyboard's last scan code: of Ctrl and Page Up */

#define WORDS_MAX 0x8000u /* in the buffer, wherever a guest puts it: its offsets have 16 bits */

#define ID_MF2 0x41ab /* of a 101-key keyboard, through the translation to set 1 */

/* --- the buffer ------------------------------------------------------------------------------- */

/* The place after one; a guest may have moved the buffer, and may have left nonsense. */
static uint16_t next_place(const struct bios *b, uint16_t place)
{
	place = (uint16_t)(place + 2);
	return place >= bios_get16(b, BDA_KEYS_END) ? bios_get16(b, BDA_KEYS_START) : place;
}

bool keys_put(const struct bios *b, uint16_t word)
{
	uint16_t tail = bios_get16(b, BDA_KEY_TAIL);
	uint16_t next = next_place(b, tail);

	if (next == bios_get16(b, BDA_KEY_HEAD))
		return false;
	bios_put16(b, SEGMENT_GPA + tail, word);
	bios_put16(b, BDA_KEY_TAIL, next);
	return true;
}

bool keys_get(const struct bios *b, bool takes, uint16_t *word)
{
	uint16_t head = bios_get16(b, BDA_KEY_HEAD);

	if (head == bios_get16(b, BDA_KEY_TAIL))
		return false;
	*word = bios_get16(b, SEGMENT_GPA + head);
	if (takes)
		bios_put16(b, BDA_KEY_HEAD, next_place(b, head));
	return true;
}

void keys_clear(const struct bios *b)
{
	uint16_t start = bios_get16(b, BDA_KEYS_START);
	bios_put16(b, BDA_KEY_HEAD, start);
	bios_put16(b, BDA_KEY_TAIL, start);
}

/* A word as the 101-key functions give it. */
static uint16_t as_101(uint16_t word)
{
	return (word & 0xff) == 0xf0 && word >> 8 ? word & 0xff00 : word;
}

/* A word as the 84-key functions give it; false: they leave it out. */
static bool as_84(uint16_t *word)
{
	uint8_t code = (uint8_t)(*word >> 8), character = (uint8_t)*word;

	if (code == 0xe0) { /* the keypad's Enter and / */
		*word = (uint16_t)((character == '/' ? 0x35 : 0x1c) << 8 | character);
		return true;
	}
	if (code > LAST_OF_84 || (character == 0xf0 && code))
		return false;
	if (character == 0xe0 && code)
		*word &= 0xff00;
	return true;
}

/* The next key for a function; keys that it leaves out are taken away. Where a guest has set the buffer's
 * pointers so that its end never comes, there is none. */
static bool next_key(const struct bios *b, bool is_101, bool takes, uint16_t *word)
{
	for (unsigned i = 0; i < WORDS_MAX && keys_get(b, false, word); i++) {
		uint16_t raw;
		bool is_seen = is_101 || as_84(word);
		if (is_101)
			*word = as_101(*word);
		if (takes || !is_seen)
			keys_get(b, true, &raw);
		if (is_seen)
			return true;
	}
	return false;
}

/* --- the functions ---------------------------------------------------------------------------- */

/* 00h, 10h: the next key; waits for one. */
static enum bios_verdict read_key(struct bios *b, unsigned vector, struct bios_regs *r)
{
	uint16_t word;

	(void)vector;
	if (!next_key(b, bios_ah(r) == 0x10, true, &word))
		return BIOS_WAITS;
	bios_set_ax(r, word);
	return BIOS_DONE;
}

/* 01h, 11h: whether there is one; ZF: none. */
static enum bios_verdict look_at_key(struct bios *b, unsigned vector, struct bios_regs *r)
{
	uint16_t word;
	bool is_there = next_key(b, bios_ah(r) == 0x11, false, &word);

	(void)vector;
	if (is_there)
		bios_set_ax(r, word);
	bios_set_flag(r, BIOS_ZF, !is_there);
	return BIOS_DONE;
}

static enum bios_verdict shift_flags(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	bios_set_al(r, bios_get8(b, BDA_SHIFT));
	return BIOS_DONE;
}

/* 12h: AH has the keys of each side; those on the right are in BDA_KEYBOARD at the same bits. */
static enum bios_verdict all_shift_flags(struct bios *b, unsigned vector, struct bios_regs *r)
{
	uint8_t right = KEYBOARD_RIGHT_CTRL | KEYBOARD_RIGHT_ALT;
	uint8_t flags = bios_get8(b, BDA_SHIFT2);
	uint8_t high = flags & (SHIFT2_LEFT_CTRL | SHIFT2_LEFT_ALT | SHIFT2_SCROLL | SHIFT2_NUM |
	                               SHIFT2_CAPS);

	(void)vector;
	high |= bios_get8(b, BDA_KEYBOARD) & right;
	high |= flags & SHIFT2_SYSREQ ? 0x80 : 0;
	bios_set_ax(r, (uint16_t)(high << 8 | bios_get8(b, BDA_SHIFT)));
	return BIOS_DONE;
}

/* 03h, AL=05h and 00h: how fast a held key repeats. The keys come from outside at the rate of their
 * keyboard, so it is kept for AL=06h alone. */
static enum bios_verdict set_rate(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	if (bios_al(r) == 0x00) {
		b->state.key_rate = KEY_RATE_DEFAULT;
	} else if (bios_high(r->ebx) <= 0x03 && bios_low(r->ebx) <= 0x1f) {
		b->state.key_rate = bios_word(r->ebx);
	}
	return BIOS_DONE;
}

static enum bios_verdict get_rate(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	bios_set_word(&r->ebx, b->state.key_rate);
	return BIOS_DONE;
}

/* 05h: CX goes into the buffer as if it was typed; AL = 1: it is full. */
static enum bios_verdict store_key(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	bios_set_al(r, keys_put(b, bios_word(r->ecx)) ? 0 : 1);
	return BIOS_DONE;
}

/* 09h: which of the later functions there are, a bit each. */
static enum bios_verdict functionality(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)b, (void)vector;
	bios_set_al(r, 0x01 /* AX=0300h */ | 0x04 /* 0305h */ | 0x08 /* 0306h */ |
	                       0x10 /* AH=0Ah */ | 0x20 /* 10h to 12h */);
	return BIOS_DONE;
}

static enum bios_verdict keyboard_id(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)b, (void)vector;
	bios_set_word(&r->ebx, ID_MF2);
	return BIOS_DONE;
}

/* 92h: DOS's KEYB asks whether 10h to 12h are there: AH is to be at most 80h. */
static enum bios_verdict capability(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)b, (void)vector;
	bios_set_ah(r, 0x80);
	return BIOS_DONE;
}

static void tell_key(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	(void)before;
	if (!after)
		return;
	uint8_t character = bios_al(after);
	if (character > 0x20 && character < 0x7f)
		snprintf(to, size, ": '%c' (%04xh)", character, bios_word(after->eax));
	else
		snprintf(to, size, ": %04xh", bios_word(after->eax));
}

static void tell_status(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	if (after && after->flags & BIOS_ZF)
		snprintf(to, size, ": none");
	else
		tell_key(before, after, to, size);
}

static void tell_flags(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	(void)before;
	if (after)
		snprintf(to, size, ": AL=%02xh", bios_al(after));
}

const struct bios_function keyboard_functions[] = {
	{ 0x00, BIOS_ANY_AL, "read a key", read_key, tell_key, "a key" },
	{ 0x01, BIOS_ANY_AL, "look for a key", look_at_key, tell_status, NULL },
	{ 0x02, BIOS_ANY_AL, "shift flags", shift_flags, tell_flags, NULL },
	{ 0x03, 0x00, "default typematic rate", set_rate, NULL, NULL },
	{ 0x03, 0x05, "set the typematic rate", set_rate, NULL, NULL },
	{ 0x03, 0x06, "get the typematic rate", get_rate, NULL, NULL },
	{ 0x05, BIOS_ANY_AL, "store a key", store_key, NULL, NULL },
	{ 0x09, BIOS_ANY_AL, "keyboard functionality", functionality, NULL, NULL },
	{ 0x0a, BIOS_ANY_AL, "keyboard ID", keyboard_id, NULL, NULL },
	{ 0x10, BIOS_ANY_AL, "read a key of 101", read_key, tell_key, "a key" },
	{ 0x11, BIOS_ANY_AL, "look for a key of 101", look_at_key, tell_status, NULL },
	{ 0x12, BIOS_ANY_AL, "all shift flags", all_shift_flags, tell_flags, NULL },
	{ 0x92, BIOS_ANY_AL, "capability of 101 keys", capability, NULL, NULL },
	{ 0 },
};

/* --- power-on --------------------------------------------------------------------------------- */

void keyboard_power_on(struct bios *b)
{
	bios_put16(b, BDA_KEYS_START, BDA_KEYS - SEGMENT_GPA);
	bios_put16(b, BDA_KEYS_END, BDA_KEYS - SEGMENT_GPA + 16 * 2);
	keys_clear(b);
	bios_put8(b, BDA_KEYBOARD, KEYBOARD_101);
	b->state.key_rate = KEY_RATE_DEFAULT;
}

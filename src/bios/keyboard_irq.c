/* int 9, IRQ 1: a byte from the keyboard becomes a word in the buffer, a flag, or an interrupt for
 * the guest to hook.
 *
 *	port 60h -> int 15h AH=4Fh, where the guest has hooked it -> here -> the buffer, EOI
 *
 * Ctrl-Alt-Del resets the machine, Ctrl-Break goes to int 1Bh, Print Screen to int 5, SysReq to
 * int 15h AH=85h, and Pause waits in the ROM until another key comes.
 *
 * Source: IBM Personal Computer AT Technical Reference, "Keyboard" and the listing of
 * KEYBOARD_INTERRUPT; Ralf Brown's Interrupt List, INT 09, INT 15/AH=4Fh, INT 15/AH=85h. */
#include "base/array.h"
#include "bios/internal.h"
#include "bios/keyboard.h"
#include "bios/keymap.h"
#include "bios/rom.h"

#define PORT_DATA   0x60
#define RELEASE     0x80 /* of a scan code */
#define CODE_ACK    0xfa
#define CODE_RESEND 0xfe
#define WARM_BOOT   0x1234

/* A key's event, and the flags of BDA as it finds them; those that it changes are written back. */
struct event {
	uint8_t code;
	bool is_release, is_e0, is_e1;
	uint8_t shift, shift2, keyboard;
};

/* Keys that are only held, or turned on and off. */
static const struct modifier {
	uint8_t code;
	bool is_e0;
	uint8_t shift;    /* bit of BDA_SHIFT while it is down, */
	uint8_t shift2;   /* of BDA_SHIFT2, */
	uint8_t keyboard; /* and of BDA_KEYBOARD */
	uint8_t toggles;  /* bit of BDA_SHIFT */
} modifiers[] = {
	{ KEY_LEFT_SHIFT, false, SHIFT_LEFT, 0, 0, 0 },
	{ KEY_RIGHT_SHIFT, false, SHIFT_RIGHT, 0, 0, 0 },
	{ KEY_CTRL, false, 0, SHIFT2_LEFT_CTRL, 0, 0 },
	{ KEY_CTRL, true, 0, 0, KEYBOARD_RIGHT_CTRL, 0 },
	{ KEY_ALT, false, 0, SHIFT2_LEFT_ALT, 0, 0 },
	{ KEY_ALT, true, 0, 0, KEYBOARD_RIGHT_ALT, 0 },
	{ KEY_CAPS, false, 0, SHIFT2_CAPS, 0, SHIFT_CAPS_ON },
	{ KEY_NUM, false, 0, SHIFT2_NUM, 0, SHIFT_NUM_ON },
	{ KEY_SCROLL, false, 0, SHIFT2_SCROLL, 0, SHIFT_SCROLL_ON },
};

static const struct modifier *find_modifier(const struct event *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(modifiers); i++)
		if (modifiers[i].code == e->code && modifiers[i].is_e0 == e->is_e0)
			return &modifiers[i];
	return NULL;
}

/* A watchpoint is to see what changes. */
static void put_flag(struct bios *b, uint32_t gpa, uint8_t value)
{
	if (bios_get8(b, gpa) != value)
		bios_put8(b, gpa, value);
}

/* Ctrl and Alt are down while one of the two is. */
static void sum_up(struct event *e)
{
	e->shift &= (uint8_t) ~(SHIFT_CTRL | SHIFT_ALT);
	if (e->shift2 & SHIFT2_LEFT_CTRL || e->keyboard & KEYBOARD_RIGHT_CTRL)
		e->shift |= SHIFT_CTRL;
	if (e->shift2 & SHIFT2_LEFT_ALT || e->keyboard & KEYBOARD_RIGHT_ALT)
		e->shift |= SHIFT_ALT;
}

/* A held key repeats its make code: it toggles only once. */
static void modify(struct event *e, const struct modifier *m)
{
	if (e->is_release) {
		e->shift &= (uint8_t)~m->shift;
		e->shift2 &= (uint8_t)~m->shift2;
		e->keyboard &= (uint8_t)~m->keyboard;
	} else {
		if (!(e->shift2 & m->shift2))
			e->shift ^= m->toggles;
		e->shift |= m->shift;
		e->shift2 |= m->shift2;
		e->keyboard |= m->keyboard;
	}
	sum_up(e);
}

/* The number typed with Alt and the keypad goes in when no Alt is down any more. */
static void finish_alt_digits(struct bios *b, const struct event *e, bool was_alt)
{
	uint8_t character = bios_get8(b, BDA_ALT_DIGITS);
	if (!was_alt || e->shift & SHIFT_ALT || !character)
		return;
	keys_put(b, character);
	bios_put8(b, BDA_ALT_DIGITS, 0);
}

static enum keymap_shift shift_of(const struct event *e)
{
	bool is_keypad = keymap_digit(e->code) >= 0 || e->code == KEY_DELETE;
	bool is_shifted = e->shift & (SHIFT_LEFT | SHIFT_RIGHT);

	if (e->shift & SHIFT_ALT)
		return KEYMAP_ALT;
	if (e->shift & SHIFT_CTRL)
		return KEYMAP_CTRL;
	if (is_keypad && e->shift & SHIFT_NUM_ON)
		is_shifted = !is_shifted;
	if (keymap_is_letter(e->code) && e->shift & SHIFT_CAPS_ON)
		is_shifted = !is_shifted;
	return is_shifted ? KEYMAP_SHIFT : KEYMAP_PLAIN;
}

/* Insert is a key and a toggle. */
static void turn_insert(struct event *e, uint16_t word)
{
	if (e->is_release) {
		e->shift2 &= (uint8_t)~SHIFT2_INSERT;
		return;
	}
	if (word >> 8 != KEY_INSERT || (uint8_t)word == '0' || e->shift2 & SHIFT2_INSERT)
		return;
	e->shift ^= SHIFT_INSERT_ON;
	e->shift2 |= SHIFT2_INSERT;
}

/* A key that puts a word into the buffer. When it is full, a PC beeps and drops the key. */
static void type(struct bios *b, struct event *e)
{
	enum keymap_shift shift = shift_of(e);
	uint16_t word = keymap_word(e->code, e->is_e0, shift);
	int digit = e->is_e0 ? -1 : keymap_digit(e->code);

	if (e->code == KEY_INSERT)
		turn_insert(e, word);
	if (e->is_release)
		return;
	if (shift == KEYMAP_ALT && digit >= 0) {
		bios_put8(b, BDA_ALT_DIGITS, (uint8_t)(bios_get8(b, BDA_ALT_DIGITS) * 10 + digit));
		return;
	}
	put_flag(b, BDA_ALT_DIGITS, 0);
	if (word)
		keys_put(b, word);
}

static enum bios_verdict jump(struct bios *b, uint16_t where)
{
	b->state.jump = where;
	return BIOS_JUMPS;
}

/* Ctrl-Break empties the buffer, and puts a word of zeros there for those who wait. */
static enum bios_verdict do_break(struct bios *b)
{
	bios_put8(b, BDA_BREAK, 0x80);
	keys_clear(b);
	keys_put(b, 0);
	return jump(b, 0x1b);
}

static enum bios_verdict do_sysreq(struct bios *b, struct event *e)
{
	bool was_down = e->shift2 & SHIFT2_SYSREQ;

	if (e->is_release) {
		e->shift2 &= (uint8_t)~SHIFT2_SYSREQ;
		return jump(b, ROM_SYSREQ_RELEASED);
	}
	e->shift2 |= SHIFT2_SYSREQ;
	return was_down ? BIOS_DONE : jump(b, ROM_SYSREQ_PRESSED);
}

/* One that is paused already stays where it is. */
static enum bios_verdict do_pause(struct bios *b, struct event *e)
{
	bool is_paused = e->shift2 & SHIFT2_PAUSED;

	e->shift2 |= SHIFT2_PAUSED;
	return is_paused ? BIOS_DONE : jump(b, ROM_PAUSE);
}

static enum bios_verdict do_reset(struct bios *b)
{
	bios_put16(b, BDA_WARM_BOOT, WARM_BOOT);
	return BIOS_RESETS;
}

/* A key that does something at once when it is pressed: true, and what is to become of the CPU. */
static bool is_special(struct bios *b, struct event *e, enum bios_verdict *verdict)
{
	bool is_ctrl = e->shift & SHIFT_CTRL, is_alt = e->shift & SHIFT_ALT;

	if (e->code == KEY_SYSREQ && !e->is_e0)
		*verdict = do_sysreq(b, e);
	else if (e->is_release)
		return false;
	else if (e->code == KEY_SCROLL && (e->is_e0 || is_ctrl))
		*verdict = do_break(b);
	else if (e->code == KEY_NUM && (e->is_e1 || is_ctrl))
		*verdict = do_pause(b, e);
	else if (e->code == KEY_STAR && e->is_e0 && !is_ctrl && !is_alt)
		*verdict = jump(b, 0x05);
	else if (e->code == KEY_DELETE && is_ctrl && is_alt)
		*verdict = do_reset(b);
	else
		return false;
	return true;
}

static enum bios_verdict handle(struct bios *b, struct event *e)
{
	bool was_alt = e->shift & SHIFT_ALT;
	enum bios_verdict verdict;

	if (is_special(b, e, &verdict))
		return verdict;
	const struct modifier *m = find_modifier(e);
	if (m) {
		modify(e, m);
		finish_alt_digits(b, e, was_alt);
		return BIOS_DONE;
	}
	/* After E0 there are Shifts that nobody has pressed: the keyboard makes them up. */
	if (e->is_e0 && (e->code == KEY_LEFT_SHIFT || e->code == KEY_RIGHT_SHIFT))
		return BIOS_DONE;
	if (e->shift2 & SHIFT2_PAUSED && !e->is_release) {
		e->shift2 &= (uint8_t)~SHIFT2_PAUSED;
		return BIOS_DONE;
	}
	type(b, e);
	return BIOS_DONE;
}

/* The byte is a prefix, or the keyboard's answer to a command. */
static bool is_no_key(struct bios *b, uint8_t byte, uint8_t keyboard)
{
	if (byte == 0xe0 || byte == 0xe1) {
		uint8_t bit = byte == 0xe0 ? KEYBOARD_AFTER_E0 : KEYBOARD_AFTER_E1;
		bios_put8(b, BDA_KEYBOARD, keyboard | bit);
		return true;
	}
	if (byte == CODE_ACK || byte == CODE_RESEND) {
		uint8_t bit = byte == CODE_ACK ? LEDS_ACK : LEDS_RESEND;
		bios_put8(b, BDA_LEDS, bios_get8(b, BDA_LEDS) | bit);
		return true;
	}
	/* An overrun of the keyboard, or the result of its test. */
	return byte == 0x00 || byte == 0xff;
}

static void put_flags(struct bios *b, const struct event *e)
{
	uint8_t leds = bios_get8(b, BDA_LEDS) & (uint8_t)~LEDS_ON;
	put_flag(b, BDA_SHIFT, e->shift);
	put_flag(b, BDA_SHIFT2, e->shift2);
	put_flag(b, BDA_KEYBOARD, e->keyboard);
	put_flag(b, BDA_LEDS, leds | (e->shift >> 4 & LEDS_ON));
}

static enum bios_verdict take(struct bios *b, uint8_t byte)
{
	uint8_t keyboard = bios_get8(b, BDA_KEYBOARD);
	struct event e = {
		.code = byte & (uint8_t)~RELEASE,
		.is_release = byte & RELEASE,
		.is_e0 = keyboard & KEYBOARD_AFTER_E0,
		.is_e1 = keyboard & KEYBOARD_AFTER_E1,
		.shift = bios_get8(b, BDA_SHIFT),
		.shift2 = bios_get8(b, BDA_SHIFT2),
		.keyboard = keyboard & (uint8_t) ~(KEYBOARD_AFTER_E0 | KEYBOARD_AFTER_E1),
	};

	if (is_no_key(b, byte, keyboard))
		return BIOS_DONE;
	if (e.is_e1 && e.code == KEY_CTRL) /* Pause: E1 1D 45, E1 9D C5 */
		return BIOS_DONE;
	enum bios_verdict verdict = handle(b, &e);
	put_flags(b, &e);
	return verdict;
}

/* Whether the guest has hooked int 15h, which every byte goes through. */
static bool is_intercepted(const struct bios *b)
{
	return bios_get32(b, 0x15 * 4) != (ROM_SEGMENT << 16 | rom_entry(0x15));
}

/* int 9. */
enum bios_verdict keyboard_irq_service(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector, (void)r;
	if (is_intercepted(b))
		return jump(b, ROM_INTERCEPT);
	enum bios_verdict verdict = take(b, bios_in(b, PORT_DATA));
	bios_end_of_interrupt(b, 1);
	return verdict;
}

/* ROM_KEY_SEEN: int 15h AH=4Fh has let the byte in AL pass, or has changed it. */
enum bios_verdict keyboard_seen_service(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	b->state.key_seen = bios_al(r);
	return BIOS_DONE;
}

/* ROM_KEY: goes on with it. */
enum bios_verdict keyboard_key_service(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector, (void)r;
	enum bios_verdict verdict = take(b, b->state.key_seen);
	bios_end_of_interrupt(b, 1);
	return verdict;
}

/* ROM_PAUSE: the CPU stays there until a key is pressed. */
enum bios_verdict keyboard_pause_service(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector, (void)r;
	return bios_get8(b, BDA_SHIFT2) & SHIFT2_PAUSED ? BIOS_WAITS : BIOS_DONE;
}

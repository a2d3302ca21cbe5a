/* The keyboard: scan codes come in by int 9, and keys go out by int 16h. The words that are wanted
 * are written down here key by key, from the documented scan codes and characters, and not worked
 * out. */
#include <stdio.h>

#include "bios_pc.h"
#include "bios/keyboard.h"
#include "bios/keymap.h"
#include "base/array.h"
#include "check.h"

static struct pc pc;
static enum bios_verdict last;

static void start(void)
{
	pc_open(&pc, 1u << 20);
}

/* A byte on its way into the buffer: the keyboard sends it, IRQ 1 comes, the stub calls. */
static void send(uint8_t byte)
{
	CHECK(board_scancode(&pc.board, byte));
	board_advance(&pc.board, 2000000);
	int vector = pc_interrupt(&pc);
	if (vector == 0x08) { /* a tick came before it */
		pc_out(&pc, 0x20, 0x20);
		vector = pc_interrupt(&pc);
	}
	CHECK_EQ(vector, 0x09);
	last = pc_call(&pc, 0x09);
}

static void press(unsigned code)
{
	if (code >> 8)
		send((uint8_t)(code >> 8));
	send((uint8_t)code);
}

static void release(unsigned code)
{
	press(code | 0x80);
}

static void type(unsigned code)
{
	press(code);
	release(code);
}

/* What int 16h gives; 0xffff: it would wait. */
static unsigned key(uint8_t ah)
{
	pc.r.eax = (uint32_t)ah << 8;
	return pc_call(&pc, 0x16) == BIOS_DONE ? pc_ax(&pc) : 0xffff;
}

#define NONE   0xffff
#define LSHIFT 0x2a
#define CTRL   0x1d
#define ALT    0x38

/* Scan code (E0 above it), and what AH=10h gives with no shift, Shift, Ctrl, Alt. */
static const struct {
	unsigned code, plain, shift, ctrl, alt;
} keys[] = {
	{ 0x01, 0x011b, 0x011b, 0x011b, 0x0100 },   /* Esc */
	{ 0x02, 0x0231, 0x0221, NONE, 0x7800 },     /* 1 ! */
	{ 0x03, 0x0332, 0x0340, 0x0300, 0x7900 },   /* 2 @ */
	{ 0x04, 0x0433, 0x0423, NONE, 0x7a00 },     /* 3 # */
	{ 0x05, 0x0534, 0x0524, NONE, 0x7b00 },     /* 4 $ */
	{ 0x06, 0x0635, 0x0625, NONE, 0x7c00 },     /* 5 % */
	{ 0x07, 0x0736, 0x075e, 0x071e, 0x7d00 },   /* 6 ^ */
	{ 0x08, 0x0837, 0x0826, NONE, 0x7e00 },     /* 7 & */
	{ 0x09, 0x0938, 0x092a, NONE, 0x7f00 },     /* 8 * */
	{ 0x0a, 0x0a39, 0x0a28, NONE, 0x8000 },     /* 9 ( */
	{ 0x0b, 0x0b30, 0x0b29, NONE, 0x8100 },     /* 0 ) */
	{ 0x0c, 0x0c2d, 0x0c5f, 0x0c1f, 0x8200 },   /* - _ */
	{ 0x0d, 0x0d3d, 0x0d2b, NONE, 0x8300 },     /* = + */
	{ 0x0e, 0x0e08, 0x0e08, 0x0e7f, 0x0e00 },   /* Backspace */
	{ 0x0f, 0x0f09, 0x0f00, 0x9400, 0xa500 },   /* Tab */
	{ 0x10, 0x1071, 0x1051, 0x1011, 0x1000 },   /* Q */
	{ 0x11, 0x1177, 0x1157, 0x1117, 0x1100 },   /* W */
	{ 0x12, 0x1265, 0x1245, 0x1205, 0x1200 },   /* E */
	{ 0x13, 0x1372, 0x1352, 0x1312, 0x1300 },   /* R */
	{ 0x14, 0x1474, 0x1454, 0x1414, 0x1400 },   /* T */
	{ 0x15, 0x1579, 0x1559, 0x1519, 0x1500 },   /* Y */
	{ 0x16, 0x1675, 0x1655, 0x1615, 0x1600 },   /* U */
	{ 0x17, 0x1769, 0x1749, 0x1709, 0x1700 },   /* I */
	{ 0x18, 0x186f, 0x184f, 0x180f, 0x1800 },   /* O */
	{ 0x19, 0x1970, 0x1950, 0x1910, 0x1900 },   /* P */
	{ 0x1a, 0x1a5b, 0x1a7b, 0x1a1b, 0x1a00 },   /* [ { */
	{ 0x1b, 0x1b5d, 0x1b7d, 0x1b1d, 0x1b00 },   /* ] } */
	{ 0x1c, 0x1c0d, 0x1c0d, 0x1c0a, 0x1c00 },   /* Enter */
	{ 0x1e, 0x1e61, 0x1e41, 0x1e01, 0x1e00 },   /* A */
	{ 0x1f, 0x1f73, 0x1f53, 0x1f13, 0x1f00 },   /* S */
	{ 0x20, 0x2064, 0x2044, 0x2004, 0x2000 },   /* D */
	{ 0x21, 0x2166, 0x2146, 0x2106, 0x2100 },   /* F */
	{ 0x22, 0x2267, 0x2247, 0x2207, 0x2200 },   /* G */
	{ 0x23, 0x2368, 0x2348, 0x2308, 0x2300 },   /* H */
	{ 0x24, 0x246a, 0x244a, 0x240a, 0x2400 },   /* J */
	{ 0x25, 0x256b, 0x254b, 0x250b, 0x2500 },   /* K */
	{ 0x26, 0x266c, 0x264c, 0x260c, 0x2600 },   /* L */
	{ 0x27, 0x273b, 0x273a, NONE, 0x2700 },     /* ; : */
	{ 0x28, 0x2827, 0x2822, NONE, 0x2800 },     /* ' " */
	{ 0x29, 0x2960, 0x297e, NONE, 0x2900 },     /* ` ~ */
	{ 0x2b, 0x2b5c, 0x2b7c, 0x2b1c, 0x2b00 },   /* \ | */
	{ 0x2c, 0x2c7a, 0x2c5a, 0x2c1a, 0x2c00 },   /* Z */
	{ 0x2d, 0x2d78, 0x2d58, 0x2d18, 0x2d00 },   /* X */
	{ 0x2e, 0x2e63, 0x2e43, 0x2e03, 0x2e00 },   /* C */
	{ 0x2f, 0x2f76, 0x2f56, 0x2f16, 0x2f00 },   /* V */
	{ 0x30, 0x3062, 0x3042, 0x3002, 0x3000 },   /* B */
	{ 0x31, 0x316e, 0x314e, 0x310e, 0x3100 },   /* N */
	{ 0x32, 0x326d, 0x324d, 0x320d, 0x3200 },   /* M */
	{ 0x33, 0x332c, 0x333c, NONE, 0x3300 },     /* , < */
	{ 0x34, 0x342e, 0x343e, NONE, 0x3400 },     /* . > */
	{ 0x35, 0x352f, 0x353f, NONE, 0x3500 },     /* / ? */
	{ 0x37, 0x372a, 0x372a, 0x9600, 0x3700 },   /* keypad * */
	{ 0x39, 0x3920, 0x3920, 0x3920, 0x3920 },   /* space */
	{ 0x3b, 0x3b00, 0x5400, 0x5e00, 0x6800 },   /* F1 */
	{ 0x3c, 0x3c00, 0x5500, 0x5f00, 0x6900 },   /* F2 */
	{ 0x3d, 0x3d00, 0x5600, 0x6000, 0x6a00 },   /* F3 */
	{ 0x3e, 0x3e00, 0x5700, 0x6100, 0x6b00 },   /* F4 */
	{ 0x3f, 0x3f00, 0x5800, 0x6200, 0x6c00 },   /* F5 */
	{ 0x40, 0x4000, 0x5900, 0x6300, 0x6d00 },   /* F6 */
	{ 0x41, 0x4100, 0x5a00, 0x6400, 0x6e00 },   /* F7 */
	{ 0x42, 0x4200, 0x5b00, 0x6500, 0x6f00 },   /* F8 */
	{ 0x43, 0x4300, 0x5c00, 0x6600, 0x7000 },   /* F9 */
	{ 0x44, 0x4400, 0x5d00, 0x6700, 0x7100 },   /* F10 */
	{ 0x47, 0x4700, 0x4737, 0x7700, NONE },     /* keypad Home 7 */
	{ 0x48, 0x4800, 0x4838, 0x8d00, NONE },     /* keypad up 8 */
	{ 0x49, 0x4900, 0x4939, 0x8400, NONE },     /* keypad Page Up 9 */
	{ 0x4a, 0x4a2d, 0x4a2d, 0x8e00, 0x4a00 },   /* keypad - */
	{ 0x4b, 0x4b00, 0x4b34, 0x7300, NONE },     /* keypad left 4 */
	{ 0x4c, 0x4c00, 0x4c35, 0x8f00, NONE },     /* keypad 5 */
	{ 0x4d, 0x4d00, 0x4d36, 0x7400, NONE },     /* keypad right 6 */
	{ 0x4e, 0x4e2b, 0x4e2b, 0x9000, 0x4e00 },   /* keypad + */
	{ 0x4f, 0x4f00, 0x4f31, 0x7500, NONE },     /* keypad End 1 */
	{ 0x50, 0x5000, 0x5032, 0x9100, NONE },     /* keypad down 2 */
	{ 0x51, 0x5100, 0x5133, 0x7600, NONE },     /* keypad Page Down 3 */
	{ 0x52, 0x5200, 0x5230, 0x9200, NONE },     /* keypad Ins 0 */
	{ 0x53, 0x5300, 0x532e, 0x9300, NONE },     /* keypad Del . */
	{ 0x56, 0x565c, 0x567c, NONE, NONE },       /* 102nd key */
	{ 0x57, 0x8500, 0x8700, 0x8900, 0x8b00 },   /* F11 */
	{ 0x58, 0x8600, 0x8800, 0x8a00, 0x8c00 },   /* F12 */
	{ 0xe01c, 0xe00d, 0xe00d, 0xe00a, 0xa600 }, /* keypad Enter */
	{ 0xe035, 0xe02f, 0xe02f, 0x9500, 0xa400 }, /* keypad / */
	{ 0xe047, 0x47e0, 0x47e0, 0x77e0, 0x9700 }, /* Home */
	{ 0xe048, 0x48e0, 0x48e0, 0x8de0, 0x9800 }, /* up */
	{ 0xe049, 0x49e0, 0x49e0, 0x84e0, 0x9900 }, /* Page Up */
	{ 0xe04b, 0x4be0, 0x4be0, 0x73e0, 0x9b00 }, /* left */
	{ 0xe04d, 0x4de0, 0x4de0, 0x74e0, 0x9d00 }, /* right */
	{ 0xe04f, 0x4fe0, 0x4fe0, 0x75e0, 0x9f00 }, /* End */
	{ 0xe050, 0x50e0, 0x50e0, 0x91e0, 0xa000 }, /* down */
	{ 0xe051, 0x51e0, 0x51e0, 0x76e0, 0xa100 }, /* Page Down */
	{ 0xe052, 0x52e0, 0x52e0, 0x92e0, 0xa200 }, /* Insert */
	{ 0xe053, 0x53e0, 0x53e0, 0x93e0, 0xa300 }, /* Delete */
	{ 0xe05b, NONE, NONE, NONE, NONE },         /* the left Windows key */
	{ 0x59, NONE, NONE, NONE, NONE },           /* no key */
	{ 0x7f, NONE, NONE, NONE, NONE },
};

static void check_key(size_t i, const char *with, unsigned wanted)
{
	unsigned is;
	type(keys[i].code);
	is = key(0x10);
	if (is != wanted)
		CHECK_FAIL("key %04x %s is %04x, wanted %04x", keys[i].code, with, is, wanted);
	CHECK_EQ(key(0x10), NONE); /* one word each */
}

static void each_key_gives_its_word(void)
{
	start();
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		check_key(i, "alone", keys[i].plain);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		press(LSHIFT);
		check_key(i, "with Shift", keys[i].shift);
		release(LSHIFT);
	}
}

static void each_key_gives_its_word_with_ctrl_and_alt(void)
{
	start();
	press(CTRL);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		check_key(i, "with Ctrl", keys[i].ctrl);
	release(CTRL);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		press(ALT);
		check_key(i, "with Alt", keys[i].alt);
		pc.ram[BDA_ALT_DIGITS] =
		        0; /* the keypad's digits, which have a case of their own */
		release(ALT);
	}
}

/* AH=00h: the 101-key keyboard's second keys as the first ones, and no others that are new. */
static void the_84_key_functions_know_84_keys(void)
{
	static const unsigned cases[][2] = {
		{ 0xe048, 0x4800 }, /* the arrow as the keypad's */
		{ 0xe01c, 0x1c0d }, /* the keypad's Enter as Enter */
		{ 0xe035, 0x352f }, /* and its / as / */
		{ 0x57, NONE },     /* F11 */
		{ 0x4c, NONE },     /* the keypad's 5 */
		{ 0x1e, 0x1e61 },
	};
	start();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		type(cases[i][0]);
		CHECK_EQ(key(0x00), cases[i][1]);
	}
	press(CTRL);
	type(0xe048);
	CHECK_EQ(key(0x00), NONE); /* 8De0h */
	type(0x49);
	CHECK_EQ(key(0x00), 0x8400);
}

static void looking_takes_nothing(void)
{
	start();
	pc.r.flags = 0;
	CHECK_EQ(key(0x01), 0x0100); /* AX as it was */
	CHECK(pc.r.flags & BIOS_ZF);
	type(0x57); /* F11, which AH=01h throws away */
	type(0x1e);
	CHECK_EQ(key(0x11), 0x8500);
	CHECK(!(pc.r.flags & BIOS_ZF));
	CHECK_EQ(key(0x11), 0x8500);
	CHECK_EQ(key(0x01), 0x1e61);
	CHECK_EQ(key(0x11), 0x1e61);
	CHECK_EQ(key(0x10), 0x1e61);
	key(0x11);
	CHECK(pc.r.flags & BIOS_ZF);
}

static void a_call_without_a_key_waits_and_changes_nothing(void)
{
	start();
	struct bios_state before = pc.bios.state;
	pc.r.eax = 0x12340000;
	unsigned writes = pc.writes;
	struct bios_regs r = pc.r;
	CHECK_EQ(pc_call(&pc, 0x16), BIOS_WAITS);
	CHECK(!memcmp(&r, &pc.r, sizeof r));
	CHECK(!memcmp(&before, &pc.bios.state, sizeof before));
	CHECK_EQ(pc.writes, writes);
	CHECK_STR(bios_waits_for(0x16, &pc.r), "a key");
	type(0x1e);
	CHECK_EQ(pc_call(&pc, 0x16), BIOS_DONE);
	CHECK_EQ(pc.r.eax, 0x12341e61);
}

static void caps_lock_is_about_letters(void)
{
	start();
	type(KEY_CAPS);
	CHECK_EQ(pc.ram[BDA_SHIFT], SHIFT_CAPS_ON);
	CHECK_EQ(pc.ram[BDA_LEDS] & 7, 4);
	type(0x1e);
	CHECK_EQ(key(0x00), 0x1e41);
	type(0x02);
	CHECK_EQ(key(0x00), 0x0231);
	press(0x36);
	type(0x1e);
	release(0x36);
	CHECK_EQ(key(0x00), 0x1e61);
	press(KEY_CAPS);
	press(KEY_CAPS); /* it repeats: once is enough */
	CHECK_EQ(pc.ram[BDA_SHIFT], 0);
	CHECK_EQ(pc.ram[BDA_SHIFT2], SHIFT2_CAPS);
	release(KEY_CAPS);
	CHECK_EQ(pc.ram[BDA_SHIFT2], 0);
}

static void num_lock_turns_the_keypad_around(void)
{
	start();
	type(KEY_NUM);
	CHECK_EQ(pc.ram[BDA_SHIFT], SHIFT_NUM_ON);
	type(0x47);
	CHECK_EQ(key(0x00), 0x4737);
	press(LSHIFT);
	type(0x47);
	CHECK_EQ(key(0x00), 0x4700);
	release(LSHIFT);
	type(0x4a);
	CHECK_EQ(key(0x00), 0x4a2d);
	type(0xe047); /* not the keypad's */
	CHECK_EQ(key(0x10), 0x47e0);
	/* As a keyboard sends the arrow while Num Lock is on: with Shifts that it makes up. */
	send(0xe0), send(0x2a), send(0xe0), send(0x48);
	CHECK_EQ(pc.ram[BDA_SHIFT], SHIFT_NUM_ON);
	send(0xe0), send(0xc8), send(0xe0), send(0xaa);
	CHECK_EQ(key(0x10), 0x48e0);
	CHECK_EQ(key(0x10), NONE);
}

static void flags_follow_the_keys(void)
{
	static const struct {
		unsigned code;
		uint8_t shift, shift2, keyboard, high; /* AH of AH=12h */
	} held[] = {
		{ 0x36, 0x01, 0, 0, 0 },
		{ 0x2a, 0x02, 0, 0, 0 },
		{ 0x1d, 0x04, 0x01, 0, 0x01 },
		{ 0xe01d, 0x04, 0, 0x04, 0x04 },
		{ 0x38, 0x08, 0x02, 0, 0x02 },
		{ 0xe038, 0x08, 0, 0x08, 0x08 },
		{ 0x3a, 0x40, 0x40, 0, 0x40 },
		{ 0x45, 0x20, 0x20, 0, 0x20 },
		{ 0x46, 0x10, 0x10, 0, 0x10 },
		{ 0x52, 0x80, 0x80, 0, 0 },
		{ 0x54, 0, 0x04, 0, 0x80 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(held); i++) {
		start();
		press(held[i].code);
		CHECK_EQ(pc.ram[BDA_SHIFT], held[i].shift);
		CHECK_EQ(pc.ram[BDA_SHIFT2], held[i].shift2);
		CHECK_EQ(pc.ram[BDA_KEYBOARD], 0x10 | held[i].keyboard);
		CHECK_EQ(key(0x02) & 0xff, held[i].shift);
		CHECK_EQ(key(0x12), held[i].high << 8 | held[i].shift);
		release(held[i].code);
		CHECK_EQ(pc.ram[BDA_SHIFT], held[i].shift & 0xf0); /* what is on stays on */
		CHECK_EQ(pc.ram[BDA_SHIFT2], 0);
		CHECK_EQ(pc.ram[BDA_KEYBOARD], 0x10);
	}
}

static void two_ctrls_are_one_until_both_are_up(void)
{
	start();
	press(CTRL);
	press(0xe01d);
	release(CTRL);
	CHECK_EQ(pc.ram[BDA_SHIFT], SHIFT_CTRL);
	release(0xe01d);
	CHECK_EQ(pc.ram[BDA_SHIFT], 0);
}

static void insert_is_a_key_and_a_toggle(void)
{
	start();
	press(0xe052);
	press(0xe052); /* it repeats: a key again, and no toggle */
	CHECK_EQ(pc.ram[BDA_SHIFT], SHIFT_INSERT_ON);
	release(0xe052);
	type(0x52);
	CHECK_EQ(pc.ram[BDA_SHIFT], 0);
	type(KEY_NUM);
	type(0x52); /* a digit is none */
	CHECK_EQ(pc.ram[BDA_SHIFT], SHIFT_NUM_ON);
	CHECK_EQ(key(0x10), 0x52e0);
	CHECK_EQ(key(0x10), 0x52e0);
	CHECK_EQ(key(0x10), 0x5200);
	CHECK_EQ(key(0x10), 0x5230);
}

/* The lock is released while Ctrl is down, which makes another key of it. */
static void a_lock_does_not_stay_down(void)
{
	static const unsigned locks[] = { KEY_NUM, KEY_SCROLL };
	for (unsigned i = 0; i < 2; i++) {
		start();
		press(locks[i]);
		press(CTRL);
		release(locks[i]);
		CHECK_EQ(last, BIOS_DONE);
		CHECK_EQ(pc.ram[BDA_SHIFT2], SHIFT2_LEFT_CTRL);
		press(locks[i]);
		CHECK_EQ(last, BIOS_JUMPS);
	}
}

static void alt_and_digits_give_a_character(void)
{
	start();
	press(ALT);
	type(0x4f), type(0x50), type(0x51); /* 1 2 3 */
	CHECK_EQ(key(0x10), NONE);
	release(ALT);
	CHECK_EQ(key(0x00), 123);
	press(0xe038);
	type(0x51), type(0x52), type(0x52); /* 300, of which a byte is kept */
	release(0xe038);
	CHECK_EQ(key(0x00), 300 - 256);
	press(ALT);
	type(0x4f);
	type(0x1e); /* another key in between ends it */
	release(ALT);
	CHECK_EQ(key(0x00), 0x1e00);
	CHECK_EQ(key(0x00), NONE);
	type(ALT);
	CHECK_EQ(key(0x00), NONE);
}

static void a_full_buffer_drops_keys(void)
{
	start();
	for (unsigned i = 0; i < 20; i++)
		type(0x1e + i % 9);
	for (unsigned i = 0; i < 15; i++)
		CHECK_EQ(key(0x00) >> 8, 0x1e + i % 9);
	CHECK_EQ(key(0x00), NONE);
	type(0x1e); /* its pointers have come around */
	CHECK_EQ(key(0x00), 0x1e61);
	CHECK_EQ(get16(pc.ram + BDA_KEY_HEAD), 0x1e);
}

static void stored_keys_come_as_typed_ones(void)
{
	start();
	for (unsigned i = 0; i < 15; i++) {
		pc_int(&pc, 0x16, 0x0500, 0, (uint16_t)(0x1200 + i), 0);
		CHECK_EQ(pc.r.eax & 0xff, 0);
	}
	pc_int(&pc, 0x16, 0x0500, 0, 0x1234, 0);
	CHECK_EQ(pc.r.eax & 0xff, 1);
	CHECK_EQ(key(0x00), 0x1200);
}

static void ctrl_alt_del_resets(void)
{
	static const unsigned dels[] = { 0x53, 0xe053 }, ctrls[] = { 0x1d, 0xe01d };
	for (unsigned i = 0; i < 2; i++) {
		start();
		press(ctrls[i]);
		press(ALT);
		press(dels[i]);
		CHECK_EQ(last, BIOS_RESETS);
		CHECK_EQ(get16(pc.ram + BDA_WARM_BOOT), 0x1234);
	}
	start();
	press(ALT);
	press(0x53);
	CHECK_EQ(last, BIOS_DONE);
}

static void ctrl_break_goes_to_int_1b(void)
{
	start();
	type(0x1e);
	press(CTRL);
	press(0xe046);
	CHECK_EQ(last, BIOS_JUMPS);
	CHECK_EQ(pc.bios.state.jump, 0x1b);
	CHECK_EQ(pc.ram[BDA_BREAK], 0x80);
	CHECK(!board_interrupt(&pc.board));
	release(0xe046);
	CHECK_EQ(last, BIOS_DONE);
	release(CTRL);
	CHECK_EQ(key(0x10), 0); /* the buffer has a word of zeros, and the A is gone */
	CHECK_EQ(key(0x10), NONE);
}

static void print_screen_and_sysreq_are_interrupts(void)
{
	start();
	send(0xe0), send(0x2a);
	press(0xe037);
	CHECK_EQ(last, BIOS_JUMPS);
	CHECK_EQ(pc.bios.state.jump, 0x05);
	release(0xe037);
	CHECK_EQ(last, BIOS_DONE);
	press(CTRL);
	press(0xe037);
	CHECK_EQ(last, BIOS_DONE);
	release(CTRL);
	CHECK_EQ(key(0x00), 0x7200);
	press(0x54);
	CHECK_EQ(last, BIOS_JUMPS);
	CHECK_EQ(pc.bios.state.jump, ROM_SYSREQ_PRESSED);
	press(0x54);
	CHECK_EQ(last, BIOS_DONE); /* it repeats */
	release(0x54);
	CHECK_EQ(pc.bios.state.jump, ROM_SYSREQ_RELEASED);
	CHECK_EQ(key(0x10), NONE);
}

static void pause_waits_for_another_key(void)
{
	start();
	send(0xe1), send(0x1d), send(0x45);
	CHECK_EQ(last, BIOS_JUMPS);
	CHECK_EQ(pc.bios.state.jump, ROM_PAUSE);
	CHECK_EQ(pc.ram[BDA_SHIFT], 0); /* neither Ctrl nor Num Lock */
	CHECK_EQ(pc_call(&pc, ROM_PAUSE), BIOS_WAITS);
	CHECK_STR(bios_waits_for(ROM_PAUSE, &pc.r), "a key");
	send(0xe1), send(0x9d), send(0xc5);
	CHECK_EQ(pc_call(&pc, ROM_PAUSE), BIOS_WAITS);
	type(LSHIFT);
	CHECK_EQ(pc_call(&pc, ROM_PAUSE), BIOS_WAITS);
	send(0xe1), send(0x1d), send(0x45); /* once more: the guest is paused already */
	CHECK_EQ(last, BIOS_DONE);
	send(0xe1), send(0x9d), send(0xc5);
	CHECK_EQ(pc_call(&pc, ROM_PAUSE), BIOS_WAITS);
	press(0x1e);
	CHECK_EQ(pc_call(&pc, ROM_PAUSE), BIOS_DONE);
	release(0x1e);
	CHECK_EQ(key(0x10), NONE); /* that key is gone */
	CHECK_EQ(pc.ram[BDA_SHIFT2], 0);
}

static void a_hooked_int_15_sees_each_byte_first(void)
{
	start();
	put32(pc.ram + 0x15 * 4, 0x12345678);
	CHECK(board_scancode(&pc.board, 0x1e));
	board_advance(&pc.board, 2000000);
	CHECK_EQ(pc_interrupt(&pc), 0x09);
	CHECK_EQ(pc_call(&pc, 0x09), BIOS_JUMPS);
	CHECK_EQ(pc.bios.state.jump, ROM_INTERCEPT);
	/* The ROM's code has read port 60h and asked; the hook has made an S of it. */
	CHECK_EQ(pc_in(&pc, 0x60), 0x1e);
	bios_set_ax(&pc.r, 0x4f1f);
	CHECK_EQ(pc_call(&pc, ROM_KEY_SEEN), BIOS_DONE);
	CHECK_EQ(pc_call(&pc, ROM_KEY), BIOS_DONE);
	CHECK_EQ(key(0x00), 0x1f73);
	CHECK(board_scancode(&pc.board, 0x9e)); /* the end of the interrupt was given */
	board_advance(&pc.board, 2000000);
	CHECK_EQ(pc_interrupt(&pc), 0x09);
}

static void answers_of_the_keyboard_are_no_keys(void)
{
	static const uint8_t bytes[] = { 0xfa, 0xfe, 0xff, 0x00 };
	start();
	for (size_t i = 0; i < sizeof bytes; i++)
		send(bytes[i]);
	CHECK_EQ(key(0x10), NONE);
	CHECK_EQ(pc.ram[BDA_LEDS], LEDS_ACK | LEDS_RESEND);
	CHECK_EQ(pc.ram[BDA_SHIFT2], 0);
}

static void a_buffer_of_nonsense_does_no_harm(void)
{
	start();
	for (unsigned i = 0; i < 500; i++) {
		for (uint32_t at = BDA_KEY_HEAD; at < BDA_KEYS; at++)
			pc.ram[at] = (uint8_t)(i * 37 + at * 101);
		put16(pc.ram + BDA_KEYS_START, (uint16_t)(i * 977));
		put16(pc.ram + BDA_KEYS_END, (uint16_t)(i * 4099));
		type(0x1e + i % 8);
		key(0x01);
		key(0x10);
	}
}

/* A head that stays where it is, and one that always misses the tail; with a word that AH=01h leaves out. */
static void a_buffer_without_an_end_has_no_key(void)
{
	static const uint16_t pointers[][4] = {
		/* head, tail, start, end */
		{ 0x1e, 0x20, 0x1e, 0x1e },
		{ 0x1f, 0x20, 0x1f, 0x2f },
	};
	for (size_t i = 0; i < ARRAY_SIZE(pointers); i++) {
		start();
		memset(pc.ram + BDA_KEYS, 0xf0, 32);
		put16(pc.ram + BDA_KEY_HEAD, pointers[i][0]);
		put16(pc.ram + BDA_KEY_TAIL, pointers[i][1]);
		put16(pc.ram + BDA_KEYS_START, pointers[i][2]);
		put16(pc.ram + BDA_KEYS_END, pointers[i][3]);
		CHECK_EQ(key(0x00), NONE);
	}
}

static void other_functions_answer(void)
{
	start();
	pc_int(&pc, 0x16, 0x0900, 0, 0, 0);
	CHECK_EQ(pc_ax(&pc), 0x093d);
	pc_int(&pc, 0x16, 0x0a00, 0, 0, 0);
	CHECK_EQ(bios_word(pc.r.ebx), 0x41ab);
	pc_int(&pc, 0x16, 0x9200, 0, 0, 0);
	CHECK_EQ(pc_ax(&pc), 0x8000);
	pc_int(&pc, 0x16, 0x0306, 0, 0, 0);
	CHECK_EQ(bios_word(pc.r.ebx), 0x010b);
	pc_int(&pc, 0x16, 0x0305, 0x021f, 0, 0);
	pc_int(&pc, 0x16, 0x0305, 0xff20, 0, 0); /* out of range: stays */
	pc_int(&pc, 0x16, 0x0306, 0, 0, 0);
	CHECK_EQ(bios_word(pc.r.ebx), 0x021f);
	pc_int(&pc, 0x16, 0x0300, 0, 0, 0);
	pc_int(&pc, 0x16, 0x0306, 0, 0, 0);
	CHECK_EQ(bios_word(pc.r.ebx), 0x010b);
	CHECK_EQ(pc.said_count, 0);
	struct bios_regs before = pc.r;
	bios_set_ax(&before, 0x5500);
	pc.r = before;
	CHECK_EQ(pc_call(&pc, 0x16), BIOS_DONE);
	CHECK(!memcmp(&before, &pc.r, sizeof before));
	CHECK_EQ(pc.said_count, 1);
}

static void calls_are_told_in_words(void)
{
	char text[100];
	struct bios_regs before = { 0 }, after = { .eax = 0x1e61 };
	bios_describe(0x16, &before, &after, text, sizeof text);
	CHECK_STR(text, "int 16h AH=00h read a key: 'a' (1e61h)");
	bios_describe(0x16, &before, NULL, text, sizeof text);
	CHECK_STR(text, "int 16h AH=00h read a key");
	before.eax = 0x1100;
	after.flags = BIOS_ZF;
	bios_describe(0x16, &before, &after, text, sizeof text);
	CHECK_STR(text, "int 16h AH=11h look for a key of 101: none");
}

int main(void)
{
	RUN(each_key_gives_its_word);
	RUN(each_key_gives_its_word_with_ctrl_and_alt);
	RUN(the_84_key_functions_know_84_keys);
	RUN(looking_takes_nothing);
	RUN(a_call_without_a_key_waits_and_changes_nothing);
	RUN(caps_lock_is_about_letters);
	RUN(num_lock_turns_the_keypad_around);
	RUN(flags_follow_the_keys);
	RUN(two_ctrls_are_one_until_both_are_up);
	RUN(insert_is_a_key_and_a_toggle);
	RUN(a_lock_does_not_stay_down);
	RUN(alt_and_digits_give_a_character);
	RUN(a_full_buffer_drops_keys);
	RUN(stored_keys_come_as_typed_ones);
	RUN(ctrl_alt_del_resets);
	RUN(ctrl_break_goes_to_int_1b);
	RUN(print_screen_and_sysreq_are_interrupts);
	RUN(pause_waits_for_another_key);
	RUN(a_hooked_int_15_sees_each_byte_first);
	RUN(answers_of_the_keyboard_are_no_keys);
	RUN(a_buffer_of_nonsense_does_no_harm);
	RUN(a_buffer_without_an_end_has_no_key);
	RUN(other_functions_answer);
	RUN(calls_are_told_in_words);
	return check_done();
}

/* What there is and how it is set: int 10h AH=12h, 1Ah, 1Bh.
 *
 * Source: Ralf Brown's Interrupt List, INT 10/AH=12h, INT 10/AX=1A00h, INT 10/AH=1Bh and its tables
 * of the functionality state; MEMORY.LST for 40:87h, 88h and 89h. */
#include <string.h>

#include "base/array.h"
#include "base/bytes.h"
#include "bios/video.h"

#define CLOCKING_MODE 1    /* of the sequencer */
#define SCREEN_OFF    0x20 /* of CLOCKING_MODE */
#define MISC_MEMORY   0x02 /* the CPU sees the display memory */

static void change(const struct bios *b, uint32_t gpa, uint8_t mask, uint8_t value)
{
	bios_put8(b, gpa, (uint8_t)((bios_get8(b, gpa) & ~mask) | value));
}

/* --- AH=12h: by BL, with AL as its operand ---------------------------------------------------- */

static void tell_adapter(struct bios *b, struct bios_regs *r)
{
	bool is_monochrome = bios_get16(b, BDA_CRTC) == 0x3b4;
	bios_set_word(&r->ebx, is_monochrome ? 0x0103 : 0x0003); /* BL=3: 256 KiB */
	bios_set_word(&r->ecx, bios_get8(b, BDA_VIDEO_SWITCH) & 0x0f);
}

/* Ours prints any number of rows. */
static void print_rows(struct bios *b, struct bios_regs *r)
{
	(void)b;
	(void)r;
}

/* Of the text modes set from now on: 200, 350 or 400. */
static void select_lines(struct bios *b, struct bios_regs *r)
{
	static const struct {
		uint8_t flags, switches;
	} lines[] = { { FLAG_200_LINES, 8 }, { 0, 9 }, { FLAG_400_LINES, 9 } };
	uint8_t al = bios_al(r);
	if (al == 0)
		change(b, BDA_VIDEO_FLAGS, FLAG_400_LINES, FLAG_200_LINES);
	else if (al < ARRAY_SIZE(lines))
		change(b, BDA_VIDEO_FLAGS, FLAG_400_LINES | FLAG_200_LINES, lines[al].flags);
	if (al < ARRAY_SIZE(lines))
		change(b, BDA_VIDEO_SWITCH, 0x0f, lines[al].switches);
	bios_set_al(r, 0x12);
}

static void select_palette(struct bios *b, struct bios_regs *r)
{
	change(b, BDA_VIDEO_FLAGS, FLAG_KEEP, bios_al(r) & 1 ? FLAG_KEEP : 0);
	bios_set_al(r, 0x12);
}

static void select_memory(struct bios *b, struct bios_regs *r)
{
	uint8_t misc = video_misc(b);
	video_set_misc(b, (uint8_t)(bios_al(r) & 1 ? misc & ~MISC_MEMORY : misc | MISC_MEMORY));
	bios_set_al(r, 0x12);
}

static void select_gray(struct bios *b, struct bios_regs *r)
{
	change(b, BDA_VIDEO_FLAGS, FLAG_GRAY, bios_al(r) & 1 ? 0 : FLAG_GRAY);
	bios_set_al(r, 0x12);
}

static void select_cursor_fitting(struct bios *b, struct bios_regs *r)
{
	change(b, BDA_VIDEO_CONTROL, 1, bios_al(r) & 1);
	bios_set_al(r, 0x12);
}

/* There is one display. */
static void switch_display(struct bios *b, struct bios_regs *r)
{
	(void)b;
	bios_set_al(r, 0x12);
}

static void select_refresh(struct bios *b, struct bios_regs *r)
{
	uint8_t mode = video_sequencer(b, CLOCKING_MODE);
	video_set_sequencer(b, CLOCKING_MODE,
	        (uint8_t)(bios_al(r) & 1 ? mode | SCREEN_OFF : mode & ~SCREEN_OFF));
	bios_set_al(r, 0x12);
}

enum bios_verdict video_select(struct bios *b, unsigned vector, struct bios_regs *r)
{
	static const struct {
		uint8_t bl;
		void (*run)(struct bios *b, struct bios_regs *r);
	} rows[] = {
		{ 0x10, tell_adapter },
		{ 0x20, print_rows },
		{ 0x30, select_lines },
		{ 0x31, select_palette },
		{ 0x32, select_memory },
		{ 0x33, select_gray },
		{ 0x34, select_cursor_fitting },
		{ 0x35, switch_display },
		{ 0x36, select_refresh },
	};
	(void)vector;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].bl != bios_low(r->ebx))
			continue;
		rows[i].run(b, r);
		break;
	}
	return BIOS_DONE;
}

/* --- AH=1Ah, 1Bh ------------------------------------------------------------------------------ */

enum bios_verdict video_display_code(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	bios_set_word(&r->ebx, bios_get8(b, BDA_VIDEO_DISPLAY));
	bios_set_al(r, 0x1a);
	return BIOS_DONE;
}

enum bios_verdict video_set_display_code(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	bios_put8(b, BDA_VIDEO_DISPLAY, bios_low(r->ebx));
	bios_set_al(r, 0x1a);
	return BIOS_DONE;
}

/* The state's table at ES:DI. */
#define STATE_SIZE     64
#define STATE_BDA      0x04 /* 40:49h to 40:66h, */
#define STATE_BDA_SIZE 30
#define STATE_ROWS     0x22 /* rows, not less one; then the character's height */
#define STATE_HEIGHT   0x23
#define STATE_DISPLAY  0x25 /* then the other display's: none */
#define STATE_COLORS   0x27 /* word */
#define STATE_PAGES    0x29
#define STATE_LINES    0x2a
#define STATE_FLAGS    0x2d
#define STATE_MEMORY   0x31 /* 3: 256 KiB */

static unsigned colors(const struct video_mode *mode)
{
	switch (mode->number) {
	case 0x04:
	case 0x05: return 4;
	case 0x06:
	case 0x0f:
	case 0x11: return 2;
	case 0x07: return 0;
	case 0x13: return 256;
	default: return 16;
	}
}

/* 0 to 3: 200, 350, 400, 480. */
static uint8_t line_kind(const struct bios *b)
{
	unsigned lines = (bios_get8(b, BDA_ROWS) + 1u) * bios_get16(b, BDA_CHAR_HEIGHT);
	return (uint8_t)((lines > 200) + (lines > 350) + (lines > 400));
}

/* Bit 0: every mode on every display, 1: gray, 3: the palette is kept, 4: the cursor is fitted, 5: bit 7
 * of attributes blinks. */
static uint8_t state_flags(const struct bios *b)
{
	uint8_t flags = 0x01 | (bios_get8(b, BDA_VIDEO_FLAGS) & (FLAG_GRAY | FLAG_KEEP));
	flags |= bios_get8(b, BDA_VIDEO_CONTROL) & 1 ? 0 : 0x10;
	return flags | (bios_get8(b, BDA_CRT_MODE) & 0x20);
}

enum bios_verdict video_state(struct bios *b, unsigned vector, struct bios_regs *r)
{
	const struct video_mode *mode = video_mode_find(bios_get8(b, BDA_VIDEO_MODE) & 0x7f);
	uint8_t state[STATE_SIZE] = { 0 };
	(void)vector;
	if (bios_word(r->ebx) != 0)
		return BIOS_DONE;
	put32(state, video_rom_pointer(VIDEO_ROM_STATIC));
	for (unsigned i = 0; i < STATE_BDA_SIZE; i++)
		state[STATE_BDA + i] = bios_get8(b, BDA_VIDEO_MODE + i);
	state[STATE_ROWS] = (uint8_t)(bios_get8(b, BDA_ROWS) + 1);
	put16(state + STATE_HEIGHT, bios_get16(b, BDA_CHAR_HEIGHT));
	state[STATE_DISPLAY] = bios_get8(b, BDA_VIDEO_DISPLAY);
	put16(state + STATE_COLORS, (uint16_t)(mode ? colors(mode) : 0));
	state[STATE_PAGES] = mode ? (uint8_t)(mode->size / mode->page_size) : 0;
	state[STATE_LINES] = line_kind(b);
	state[STATE_FLAGS] = state_flags(b);
	state[STATE_MEMORY] = 3;
	for (unsigned i = 0; i < sizeof state; i++)
		bios_put8(b, bios_linear(r->es, (uint16_t)(r->edi + i)), state[i]);
	bios_set_al(r, 0x1b);
	return BIOS_DONE;
}

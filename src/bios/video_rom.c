/* What int 10h has in the ROM: the fonts, and the tables that the BDA and AH=1Bh point to.
 *
 * Source: Ralf Brown's Interrupt List, INT 10/AH=1Bh (static functionality table) and MEMORY.LST,
 * 40:A8h (video save pointer table, video parameters); IBM VGA Technical Reference; of int 1Dh's table:
 * IBM PC Technical Reference, "6845 initialization". */
#include <string.h>

#include "base/array.h"
#include "base/bytes.h"
#include "bios/rom.h"
#include "bios/video.h"
#include "devices/font.h"
#include "devices/vga.h"

#define MODE_SIZE    64  /* of a mode's row in the video parameters */
#define GLYPHS_BELOW 128 /* of the font at ROM_FONT_8X8 */

uint32_t video_rom_pointer(uint16_t offset)
{
	return (uint32_t)ROM_SEGMENT << 16 | offset;
}

uint16_t video_rom_font(unsigned height)
{
	if (height == 8)
		return VIDEO_ROM_8X8;
	return height == 14 ? VIDEO_ROM_8X14 : VIDEO_ROM_8X16;
}

static void put(const struct bios *b, uint16_t offset, const void *bytes, size_t len)
{
	b->memory->write(b->memory->ctx, ROM_GPA + offset, bytes, len);
}

static void put_fonts(const struct bios *b)
{
	put(b, VIDEO_ROM_8X16, font_8x16, sizeof font_8x16);
	put(b, VIDEO_ROM_8X14, font_8x14, sizeof font_8x14);
	put(b, VIDEO_ROM_8X8, font_8x8, sizeof font_8x8);
	put(b, ROM_FONT_8X8, font_8x8, GLYPHS_BELOW * sizeof font_8x8[0]);
}

static void put_functionality(const struct bios *b)
{
	uint8_t table[16] = {
		[7] = 0x07,    /* text modes of 200, 350 and 400 lines */
		[8] = 2,       /* blocks of characters that can be in use, */
		[9] = 8,       /* and that there are */
		[0x0a] = 0xfb, /* all but fonts that a program loads */
		[0x0b] = 0x0c, /* blinking is a matter of choice; display codes */
	};
	uint32_t modes = 0; /* those that are shown */
	for (uint8_t number = 0; number < 32; number++) {
		const struct video_mode *mode = video_mode_find(number);
		modes |= mode && mode->layout != VIDEO_PLANAR ? 1u << number : 0;
	}
	put32(table, modes);
	put(b, VIDEO_ROM_STATIC, table, sizeof table);
}

/* Registers as setting the mode leaves them, in the order of a row of the video parameters. */
static void fill_mode(const struct video_mode *mode, uint8_t flags, uint8_t row[MODE_SIZE])
{
	struct vga v = { 0 };
	vga_set_mode(&v, mode->number);
	row[0] = mode->columns;
	row[1] = mode->rows - 1;
	row[2] = (uint8_t)video_set_lines(&v, mode, flags);
	put16(row + 3, mode->page_size);
	memcpy(row + 5, v.seq + 1, 4);
	row[9] = v.misc;
	memcpy(row + 10, v.crtc, 25);
	memcpy(row + 35, v.attr, 20);
	memcpy(row + 55, v.gc, 9);
}

/* Which mode each row is of, NONE: none; and of text modes, of how many lines. */
#define NONE 0xff
static const struct {
	uint8_t mode, flags;
} parameters[] = { { 0x00, FLAG_200_LINES }, { 0x01, FLAG_200_LINES }, { 0x02, FLAG_200_LINES },
	{ 0x03, FLAG_200_LINES }, { 0x04 }, { 0x05 }, { 0x06 }, { 0x07 }, { NONE }, { NONE },
	{ NONE }, { NONE }, { NONE }, { 0x0d }, { 0x0e }, { NONE }, { NONE }, { 0x0f }, { 0x10 },
	{ 0x00 }, { 0x01 }, { 0x02 }, { 0x03 }, { 0x01, FLAG_400_LINES }, { 0x03, FLAG_400_LINES },
	{ 0x07 }, { 0x11 }, { 0x12 }, { 0x13 } };

static void put_modes(const struct bios *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(parameters); i++) {
		uint8_t row[MODE_SIZE] = { 0 };
		if (parameters[i].mode != NONE)
			fill_mode(video_mode_find(parameters[i].mode), parameters[i].flags, row);
		put(b, (uint16_t)(VIDEO_ROM_MODES + i * MODE_SIZE), row, sizeof row);
	}
}

/* Int 1Dh's: what a CGA and an MDA's 6845 are given, by register: 40 and 80 columns, graphics,
 * monochrome; then page sizes, columns and mode registers of modes 0 to 7. */
static void put_crtc_parameters(const struct bios *b)
{
	static const uint8_t rows[4][16] = {
		{ 0x38, 0x28, 0x2d, 0x0a, 0x1f, 0x06, 0x19, 0x1c, 0x02, 0x07, 0x06, 0x07 },
		{ 0x71, 0x50, 0x5a, 0x0a, 0x1f, 0x06, 0x19, 0x1c, 0x02, 0x07, 0x06, 0x07 },
		{ 0x38, 0x28, 0x2d, 0x0a, 0x7f, 0x06, 0x64, 0x70, 0x02, 0x01, 0x06, 0x07 },
		{ 0x61, 0x50, 0x52, 0x0f, 0x19, 0x06, 0x19, 0x19, 0x02, 0x0d, 0x0b, 0x0c },
	};
	static const uint16_t pages[] = { 0x0800, 0x1000, 0x4000, 0x4000 };
	uint8_t table[sizeof rows + sizeof pages + 16], *at = table + sizeof rows;
	memcpy(table, rows, sizeof rows);
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++, at += 2)
		put16(at, pages[i]);
	for (uint8_t mode = 0; mode < 8; mode++) {
		at[mode] = video_mode_find(mode)->columns;
		at[8 + mode] = video_mode_find(mode)->crt_mode;
	}
	put(b, ROM_VIDEO, table, sizeof table);
}

/* Seven pointers, of which the first, to the modes, has to be there. */
static void put_save_pointers(const struct bios *b)
{
	uint8_t table[28] = { 0 };
	put32(table, video_rom_pointer(VIDEO_ROM_MODES));
	put(b, VIDEO_ROM_SAVE, table, sizeof table);
}

void video_lay_down_rom(struct bios *b)
{
	put_fonts(b);
	put_functionality(b);
	put_modes(b);
	put_crtc_parameters(b);
	put_save_pointers(b);
}

/* Fonts: int 10h AH=11h, the glyphs of graphics modes, and the cursor's shape, which goes with a
 * font's height.
 *
 * A text mode shows the ROM's font of the height that the CRTC has. A font that a guest loads for it
 * would lie in plane 2 of the display memory, which is not there: the height counts, the glyphs do
 * not, and the user is told. In graphics modes a guest's font counts: it is read where int 43h and
 * 1Fh say.
 *
 * Source: Ralf Brown's Interrupt List, INT 10/AX=1100h to 1130h, INT 1F, INT 43; IBM VGA Technical
 * Reference, "CRT controller registers". */
#include "base/array.h"
#include "bios/video.h"

#define MAXIMUM_SCAN_LINE 0x09 /* bits 4:0: lines of a character, less one */
#define IS_DOUBLED        0x80 /* each line is shown twice */
#define CURSOR_START      0x0a
#define CURSOR_END        0x0b
#define OVERFLOW          0x07 /* bits 1 and 6: bits 8 and 9 of DISPLAY_END */
#define DISPLAY_END       0x12
#define CHARACTER_MAPS    0x03 /* of the sequencer */
#define NO_FITTING        0x01 /* of BDA_VIDEO_CONTROL: the cursor's shape is taken as it is */

void video_glyph(const struct video_screen *s, uint8_t character, uint8_t lines[VIDEO_HEIGHT_MAX])
{
	bool is_upper = s->char_height == 8 && character >= 128;
	uint32_t font = bios_get32(s->b, is_upper ? VIDEO_UPPER_VECTOR : VIDEO_FONT_VECTOR);
	unsigned index = is_upper ? character - 128u : character;
	for (unsigned i = 0; i < s->char_height; i++)
		lines[i] = bios_get8(s->b, bios_linear((uint16_t)(font >> 16),
		                                   (uint16_t)(font + index * s->char_height + i)));
}

/* A shape for 8 lines, as programs give it that know the CGA alone, is fitted to the character: the
 * cursor stands as many lines above the character's lower end. */
void video_shape_cursor(const struct bios *b, uint8_t first, uint8_t last)
{
	unsigned height = bios_get16(b, BDA_CHAR_HEIGHT), end = last & 0x1fu, start = first & 0x3fu;
	bool is_fitted = !(bios_get8(b, BDA_VIDEO_CONTROL) & NO_FITTING);
	bios_put16(b, BDA_CURSOR_SHAPE, (uint16_t)(first << 8 | last));
	if (is_fitted && height > 8 && height <= VIDEO_HEIGHT_MAX && end < 8 && start < 0x20) {
		bool is_line = end == start + 1;
		start = is_line ? (end + 1) * height / 8 - 2 : (start + 1) * height / 8 - 1;
		end = (end + 1) * height / 8 - 1;
		first = (uint8_t)start;
		last = (uint8_t)end;
	}
	video_set_crtc(b, CURSOR_START, first);
	video_set_crtc(b, CURSOR_END, last);
}

/* --- text modes ------------------------------------------------------------------------------- */

static unsigned screen_lines(const struct bios *b)
{
	uint8_t overflow = video_crtc(b, OVERFLOW);
	unsigned lines = video_crtc(b, DISPLAY_END) + 1;
	lines += ((overflow & 0x02u) << 7) + ((overflow & 0x40u) << 3);
	return video_crtc(b, MAXIMUM_SCAN_LINE) & IS_DOUBLED ? lines / 2 : lines;
}

/* As many rows as fit. */
static void set_height(const struct bios *b, unsigned height)
{
	if (!height || height > VIDEO_HEIGHT_MAX)
		return;
	uint8_t scan_line = video_crtc(b, MAXIMUM_SCAN_LINE);
	video_set_crtc(b, MAXIMUM_SCAN_LINE, (uint8_t)((scan_line & ~0x1f) | (height - 1)));
	unsigned rows = screen_lines(b) / height;
	unsigned page = bios_get16(b, BDA_COLUMNS) * rows * 2;
	bios_put16(b, BDA_CHAR_HEIGHT, (uint16_t)height);
	bios_put8(b, BDA_ROWS, (uint8_t)(rows - 1));
	bios_put16(b, BDA_PAGE_SIZE, (uint16_t)((page + 0x7ff) & ~0x7ffu));
	if (height == 8 || height < 3)
		video_shape_cursor(b, 6, 7);
	else
		video_shape_cursor(b, (uint8_t)(height - 3), (uint8_t)(height - 2));
}

/* 00h: a font at ES:BP into a block, not used yet. */
enum bios_verdict video_load_font(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	(void)r;
	video_say_unseen(b, VIDEO_FONT);
	return BIOS_DONE;
}

/* 01h, 02h, 04h: a font of the ROM's into a block; each of them is there already. */
enum bios_verdict video_load_rom_font(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)b;
	(void)vector;
	(void)r;
	return BIOS_DONE;
}

/* 03h: which blocks attribute bit 3 chooses from. */
enum bios_verdict video_select_blocks(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	video_set_sequencer(b, CHARACTER_MAPS, bios_low(r->ebx));
	return BIOS_DONE;
}

/* 10h: as 00h, and its height, BH, is used. */
enum bios_verdict video_use_font(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	video_say_unseen(b, VIDEO_FONT);
	set_height(b, bios_high(r->ebx));
	return BIOS_DONE;
}

/* The ROM's font that AL names: 8x14 (11h, 22h), 8x8 (12h, 23h) or 8x16 (14h, 24h). */
static unsigned named_height(uint8_t al)
{
	switch (al) {
	case 0x11:
	case 0x22: return 14;
	case 0x12:
	case 0x23: return 8;
	default: return 16;
	}
}

enum bios_verdict video_use_rom_font(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	set_height(b, named_height(bios_al(r)));
	return BIOS_DONE;
}

/* --- graphics modes --------------------------------------------------------------------------- */

/* 20h: ES:BP are characters 128 to 255 of 8 lines. */
enum bios_verdict video_set_upper_font(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	bios_put32(b, VIDEO_UPPER_VECTOR, (uint32_t)r->es << 16 | bios_word(r->ebp));
	return BIOS_DONE;
}

/* BL: rows: 0: as DL says, 1: 14, 2: 25, 3: 43. */
static void set_graphics_font(
        const struct bios *b, const struct bios_regs *r, uint32_t font, uint16_t height)
{
	uint8_t which = bios_low(r->ebx), rows = 25;
	if (which == 0)
		rows = bios_low(r->edx);
	else if (which == 1 || which == 3)
		rows = which == 1 ? 14 : 43;
	bios_put32(b, VIDEO_FONT_VECTOR, font);
	bios_put8(b, BDA_ROWS, (uint8_t)(rows - 1));
	bios_put16(b, BDA_CHAR_HEIGHT, height);
}

/* 21h: ES:BP are characters of CX lines. */
enum bios_verdict video_set_graphics_font(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	set_graphics_font(b, r, (uint32_t)r->es << 16 | bios_word(r->ebp), bios_word(r->ecx));
	return BIOS_DONE;
}

enum bios_verdict video_set_rom_graphics_font(struct bios *b, unsigned vector, struct bios_regs *r)
{
	unsigned height = named_height(bios_al(r));
	(void)vector;
	set_graphics_font(b, r, video_rom_pointer(video_rom_font(height)), (uint16_t)height);
	return BIOS_DONE;
}

/* 30h: where the font BH is, ES:BP; CX: the height of the one in use, DL: rows, less one. */
enum bios_verdict video_font_information(struct bios *b, unsigned vector, struct bios_regs *r)
{
	static const uint16_t rom[] = {
		[2] = VIDEO_ROM_8X14,
		[3] = VIDEO_ROM_8X8,
		[4] = VIDEO_ROM_8X8 + 128 * 8,
		[5] = VIDEO_ROM_NO_ALT,
		[6] = VIDEO_ROM_8X16,
		[7] = VIDEO_ROM_NO_ALT,
	};
	uint8_t which = bios_high(r->ebx);
	uint32_t font;
	(void)vector;
	if (which >= ARRAY_SIZE(rom))
		return BIOS_DONE;
	if (which < 2)
		font = bios_get32(b, which ? VIDEO_FONT_VECTOR : VIDEO_UPPER_VECTOR);
	else
		font = video_rom_pointer(rom[which]);
	r->es = (uint16_t)(font >> 16);
	bios_set_word(&r->ebp, (uint16_t)font);
	bios_set_word(&r->ecx, bios_get16(b, BDA_CHAR_HEIGHT) & 0xff);
	bios_set_low(&r->edx, bios_get8(b, BDA_ROWS));
	return BIOS_DONE;
}

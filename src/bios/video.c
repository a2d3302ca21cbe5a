/* Int 10h: its table of functions, and the functions of characters, pixels and pages. */
#include "bios/video.h"

/* --- modes, cursor, pages --------------------------------------------------------------------- */

/* AH=00h. AL comes back as clones of IBM's have it. */
static enum bios_verdict set_mode(struct bios *b, unsigned vector, struct bios_regs *r)
{
	uint8_t number = bios_al(r) & 0x7f;
	bool keeps_memory = bios_al(r) & 0x80;
	const struct video_mode *mode = video_mode_find(number);
	(void)vector;
	if (number > 7)
		bios_set_al(r, 0x20);
	else
		bios_set_al(r, number == 6 ? 0x3f : 0x30);
	if (mode)
		video_mode_set(b, mode, keeps_memory);
	return BIOS_DONE;
}

static enum bios_verdict shape_cursor(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	video_shape_cursor(b, bios_high(r->ecx), bios_low(r->ecx));
	return BIOS_DONE;
}

static enum bios_verdict move_cursor(struct bios *b, unsigned vector, struct bios_regs *r)
{
	struct video_place at = { bios_high(r->ebx), bios_high(r->edx), bios_low(r->edx) };
	(void)vector;
	video_move_cursor(b, at);
	return BIOS_DONE;
}

static enum bios_verdict read_cursor(struct bios *b, unsigned vector, struct bios_regs *r)
{
	struct video_place at = video_cursor(b, bios_high(r->ebx));
	(void)vector;
	bios_set_word(&r->ecx, bios_get16(b, BDA_CURSOR_SHAPE));
	bios_set_word(&r->edx, (uint16_t)(at.row << 8 | at.column));
	return BIOS_DONE;
}

/* A VGA has none: it is not pressed, and its place is 0. */
static enum bios_verdict read_light_pen(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)b;
	(void)vector;
	bios_set_ax(r, 0);
	bios_set_word(&r->ebx, 0);
	bios_set_word(&r->ecx, 0);
	bios_set_word(&r->edx, 0);
	return BIOS_DONE;
}

/* How many bytes, as the CPU addresses them, the CRTC's start address counts by. */
static unsigned start_unit(const struct video_mode *mode)
{
	switch (mode->layout) {
	case VIDEO_TEXT: return 2;
	case VIDEO_CGA: return mode->bits;
	case VIDEO_PLANAR: return 1;
	case VIDEO_PACKED: return 4;
	}
	return 1;
}

static enum bios_verdict show_page(struct bios *b, unsigned vector, struct bios_regs *r)
{
	struct video_screen s = video_screen(b);
	struct video_place start = { .page = bios_al(r) };
	(void)vector;
	if (!s.mode || start.page > 7)
		return BIOS_DONE;
	uint32_t offset = video_offset(&s, start);
	uint32_t address = offset / start_unit(s.mode);
	video_set_crtc(b, 0x0c, (uint8_t)(address >> 8));
	video_set_crtc(b, 0x0d, (uint8_t)address);
	bios_put16(b, BDA_PAGE_START, (uint16_t)offset);
	bios_put8(b, BDA_PAGE, start.page);
	video_move_cursor(b, video_cursor(b, start.page));
	return BIOS_DONE;
}

static enum bios_verdict read_mode(struct bios *b, unsigned vector, struct bios_regs *r)
{
	uint8_t kept = bios_get8(b, BDA_VIDEO_CONTROL) & 0x80;
	(void)vector;
	bios_set_al(r, bios_get8(b, BDA_VIDEO_MODE) | kept);
	bios_set_ah(r, bios_get8(b, BDA_COLUMNS));
	bios_set_high(&r->ebx, bios_get8(b, BDA_PAGE));
	return BIOS_DONE;
}

/* --- characters ------------------------------------------------------------------------------- */

/* AH=06h: up, 07h: down. AL: lines, 0: the window is cleared; CX: its first row and column, DX: its
 * last; BH: what comes free has this attribute. */
static enum bios_verdict scroll(struct bios *b, unsigned vector, struct bios_regs *r)
{
	struct video_screen s = video_screen(b);
	unsigned top = bios_high(r->ecx), left = bios_low(r->ecx);
	unsigned bottom = bios_high(r->edx), right = bios_low(r->edx);
	(void)vector;
	if (bottom >= s.rows)
		bottom = s.rows - 1;
	if (s.columns && right >= s.columns)
		right = s.columns - 1;
	if (!s.columns || top > bottom || left > right)
		return BIOS_DONE;
	struct video_window w = { bios_get8(b, BDA_PAGE), (uint8_t)top, (uint8_t)left,
		bottom - top + 1, right - left + 1 };
	int lines = bios_al(r) < w.rows ? bios_al(r) : 0;
	video_scroll(&s, w, bios_ah(r) == 0x06 ? lines : -lines, bios_high(r->ebx));
	return BIOS_DONE;
}

static enum bios_verdict read_character(struct bios *b, unsigned vector, struct bios_regs *r)
{
	struct video_screen s = video_screen(b);
	struct video_cell cell = video_read(&s, video_cursor(b, bios_high(r->ebx)));
	(void)vector;
	bios_set_ax(r, (uint16_t)(cell.attribute << 8 | cell.character));
	return BIOS_DONE;
}

/* AH=09h: with the attribute BL, 0Ah: with the one that is there. The cursor stays. */
static enum bios_verdict write_character(struct bios *b, unsigned vector, struct bios_regs *r)
{
	struct video_screen s = video_screen(b);
	struct video_place at = video_cursor(b, bios_high(r->ebx));
	struct video_cell cell = { bios_al(r), bios_low(r->ebx), bios_ah(r) == 0x09 };
	(void)vector;
	video_write(&s, &at, cell, bios_word(r->ecx));
	return BIOS_DONE;
}

static void print(struct bios *b, uint8_t character)
{
	if (b->teletype)
		b->teletype(b->ctx, character);
}

/* AH=0Eh. It writes to the page that is shown: BH is not looked at, as in SeaBIOS, since much boot
 * code has anything in it. */
static enum bios_verdict teletype(struct bios *b, unsigned vector, struct bios_regs *r)
{
	struct video_screen s = video_screen(b);
	struct video_place at = video_cursor(b, bios_get8(b, BDA_PAGE));
	struct video_cell cell = { bios_al(r), bios_low(r->ebx), false };
	(void)vector;
	video_teletype(&s, &at, cell);
	video_move_cursor(b, at);
	print(b, cell.character);
	return BIOS_DONE;
}

/* AH=13h. AL bit 0: the cursor goes along; bit 1: each character of the string at ES:BP has its
 * attribute after it, in place of BL for all. */
static enum bios_verdict write_string(struct bios *b, unsigned vector, struct bios_regs *r)
{
	struct video_screen s = video_screen(b);
	struct video_place at = { bios_high(r->ebx), bios_high(r->edx), bios_low(r->edx) };
	uint8_t attribute = bios_low(r->ebx);
	uint16_t offset = bios_word(r->ebp);
	(void)vector;
	for (unsigned count = bios_word(r->ecx); count; count--) {
		uint8_t character = bios_get8(b, bios_linear(r->es, offset++));
		if (bios_al(r) & 2)
			attribute = bios_get8(b, bios_linear(r->es, offset++));
		video_teletype(&s, &at, (struct video_cell) { character, attribute, true });
		print(b, character);
	}
	if (bios_al(r) & 1)
		video_move_cursor(b, at);
	return BIOS_DONE;
}

/* --- pixels ----------------------------------------------------------------------------------- */

static enum bios_verdict write_pixel(struct bios *b, unsigned vector, struct bios_regs *r)
{
	struct video_screen s = video_screen(b);
	(void)vector;
	video_set_pixel(&s, bios_word(r->ecx), bios_word(r->edx), bios_al(r));
	return BIOS_DONE;
}

static enum bios_verdict read_pixel(struct bios *b, unsigned vector, struct bios_regs *r)
{
	struct video_screen s = video_screen(b);
	(void)vector;
	bios_set_al(r, video_pixel(&s, bios_word(r->ecx), bios_word(r->edx)));
	return BIOS_DONE;
}

/* --- the table -------------------------------------------------------------------------------- */

/* A function that is not here leaves the registers as they are: AL, which does not come back as AH
 * was, says so. */
enum bios_verdict video_service(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)b;
	(void)vector;
	(void)r;
	return BIOS_DONE;
}

#define ANY BIOS_ANY_AL

const struct bios_function video_functions[] = {
	{ 0x00, ANY, "set the video mode", set_mode, video_tell_mode, NULL },
	{ 0x01, ANY, "shape the cursor", shape_cursor, video_tell_shape, NULL },
	{ 0x02, ANY, "move the cursor", move_cursor, video_tell_place, NULL },
	{ 0x03, ANY, "read the cursor", read_cursor, video_tell_cursor, NULL },
	{ 0x04, ANY, "read the light pen", read_light_pen, NULL, NULL },
	{ 0x05, ANY, "show a page", show_page, video_tell_page, NULL },
	{ 0x06, ANY, "scroll up", scroll, video_tell_scroll, NULL },
	{ 0x07, ANY, "scroll down", scroll, video_tell_scroll, NULL },
	{ 0x08, ANY, "read a character", read_character, video_tell_read, NULL },
	{ 0x09, ANY, "write a character", write_character, video_tell_write, NULL },
	{ 0x0a, ANY, "write a character", write_character, video_tell_write, NULL },
	{ 0x0b, ANY, "set the palette", video_set_palette, NULL, NULL },
	{ 0x0c, ANY, "write a pixel", write_pixel, video_tell_pixel, NULL },
	{ 0x0d, ANY, "read a pixel", read_pixel, video_tell_pixel, NULL },
	{ 0x0e, ANY, "teletype output", teletype, video_tell_teletype, NULL },
	{ 0x0f, ANY, "read the video mode", read_mode, video_tell_read_mode, NULL },
	{ 0x10, 0x00, "set a palette register", video_palette_register, NULL, NULL },
	{ 0x10, 0x01, "set the border", video_border, NULL, NULL },
	{ 0x10, 0x02, "set the palette registers", video_palette_registers, NULL, NULL },
	{ 0x10, 0x03, "choose blinking or bright", video_blink, video_tell_blink, NULL },
	{ 0x10, 0x07, "read a palette register", video_read_register, NULL, NULL },
	{ 0x10, 0x08, "read the border", video_read_border, NULL, NULL },
	{ 0x10, 0x09, "read the palette registers", video_read_registers, NULL, NULL },
	{ 0x10, 0x10, "set a colour", video_set_color, NULL, NULL },
	{ 0x10, 0x12, "set colours", video_set_colors, NULL, NULL },
	{ 0x10, 0x13, "select colours", video_select_page, NULL, NULL },
	{ 0x10, 0x15, "read a colour", video_read_color, NULL, NULL },
	{ 0x10, 0x17, "read colours", video_read_colors, NULL, NULL },
	{ 0x10, 0x18, "set the colours' mask", video_set_mask, NULL, NULL },
	{ 0x10, 0x19, "read the colours' mask", video_read_mask, NULL, NULL },
	{ 0x10, 0x1a, "read which colours", video_read_page, NULL, NULL },
	{ 0x10, 0x1b, "make colours gray", video_make_gray, NULL, NULL },
	{ 0x11, 0x00, "load a font", video_load_font, NULL, NULL },
	{ 0x11, 0x01, "load font 8x14", video_load_rom_font, NULL, NULL },
	{ 0x11, 0x02, "load font 8x8", video_load_rom_font, NULL, NULL },
	{ 0x11, 0x03, "select character blocks", video_select_blocks, NULL, NULL },
	{ 0x11, 0x04, "load font 8x16", video_load_rom_font, NULL, NULL },
	{ 0x11, 0x10, "use a font", video_use_font, NULL, NULL },
	{ 0x11, 0x11, "use font 8x14", video_use_rom_font, NULL, NULL },
	{ 0x11, 0x12, "use font 8x8", video_use_rom_font, NULL, NULL },
	{ 0x11, 0x14, "use font 8x16", video_use_rom_font, NULL, NULL },
	{ 0x11, 0x20, "set the upper font", video_set_upper_font, NULL, NULL },
	{ 0x11, 0x21, "set the graphics font", video_set_graphics_font, NULL, NULL },
	{ 0x11, 0x22, "set the graphics font 8x14", video_set_rom_graphics_font, NULL, NULL },
	{ 0x11, 0x23, "set the graphics font 8x8", video_set_rom_graphics_font, NULL, NULL },
	{ 0x11, 0x24, "set the graphics font 8x16", video_set_rom_graphics_font, NULL, NULL },
	{ 0x11, 0x30, "font information", video_font_information, NULL, NULL },
	{ 0x12, ANY, "alternate select", video_select, video_tell_select, NULL },
	{ 0x13, ANY, "write a string", write_string, video_tell_string, NULL },
	{ 0x1a, 0x00, "read the display code", video_display_code, NULL, NULL },
	{ 0x1a, 0x01, "set the display code", video_set_display_code, NULL, NULL },
	{ 0x1b, ANY, "video state", video_state, NULL, NULL },
	{ 0 },
};

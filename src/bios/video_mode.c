/* The modes of int 10h: what they are, setting one, and the state that power-on leaves. */
#include <string.h>

#include "base/array.h"
#include "bios/video.h"
#include "bios/rom.h"
#include "devices/vga.h"

/* The numbers of the modes, their sizes and page lengths: IBM VGA Technical Reference, "Video modes",
 * and the BIOS's video parameters; crt_mode: IBM PC Technical Reference, the 6845's mode register. */
static const struct video_mode modes[] = {
	/* number, layout, columns, rows, character, bits, width, page, memory, crt_mode */
	{ 0x00, VIDEO_TEXT, 40, 25, 16, 0, 0, 0x0800, 0xb8000, 0x8000, 0x2c },
	{ 0x01, VIDEO_TEXT, 40, 25, 16, 0, 0, 0x0800, 0xb8000, 0x8000, 0x28 },
	{ 0x02, VIDEO_TEXT, 80, 25, 16, 0, 0, 0x1000, 0xb8000, 0x8000, 0x2d },
	{ 0x03, VIDEO_TEXT, 80, 25, 16, 0, 0, 0x1000, 0xb8000, 0x8000, 0x29 },
	{ 0x04, VIDEO_CGA, 40, 25, 8, 2, 320, 0x4000, 0xb8000, 0x8000, 0x2a },
	{ 0x05, VIDEO_CGA, 40, 25, 8, 2, 320, 0x4000, 0xb8000, 0x8000, 0x2e },
	{ 0x06, VIDEO_CGA, 80, 25, 8, 1, 640, 0x4000, 0xb8000, 0x8000, 0x1e },
	{ 0x07, VIDEO_TEXT, 80, 25, 16, 0, 0, 0x1000, 0xb0000, 0x8000, 0x29 },
	{ 0x0d, VIDEO_PLANAR, 40, 25, 8, 1, 320, 0x2000, 0xa0000, 0x10000, 0 },
	{ 0x0e, VIDEO_PLANAR, 80, 25, 8, 1, 640, 0x4000, 0xa0000, 0x10000, 0 },
	{ 0x0f, VIDEO_PLANAR, 80, 25, 14, 1, 640, 0x8000, 0xa0000, 0x10000, 0 },
	{ 0x10, VIDEO_PLANAR, 80, 25, 14, 1, 640, 0x8000, 0xa0000, 0x10000, 0 },
	{ 0x11, VIDEO_PLANAR, 80, 30, 16, 1, 640, 0xa000, 0xa0000, 0x10000, 0 },
	{ 0x12, VIDEO_PLANAR, 80, 30, 16, 1, 640, 0xa000, 0xa0000, 0x10000, 0 },
	{ 0x13, VIDEO_PACKED, 40, 25, 8, 8, 320, 0x2000, 0xa0000, 0x10000, 0 },
};

#define CURSOR_SHAPE      0x0607 /* of a character of 8 lines */
#define CONTROL           0x60   /* 256 KiB; the cursor's shape is fitted to the character */
#define CONTROL_KEPT      0x80   /* the mode was set without clearing the memory */
#define SWITCHES          0xf9
#define FLAGS             0x51 /* a VGA: on, 400 lines, the displays may be switched */
#define DISPLAY_VGA_COLOR 0x08

#define PARAMETERS_VECTOR (0x1d * 4)
#define OLD_VIDEO_VECTOR  (0x42 * 4) /* where a VGA's BIOS has put the board's own int 10h */

const struct video_mode *video_mode_find(uint8_t number)
{
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (modes[i].number == number)
			return &modes[i];
	return NULL;
}

void video_say_unseen(struct bios *b, enum video_unseen what)
{
	static const char *const lines[] = {
		[VIDEO_PLANES] =
		        "the guest sets a video mode with planes: what it draws is not shown",
		[VIDEO_FONT] =
		        "the guest loads a font of its own: characters are shown in the ROM's",
	};
	if (b->state.video_said & 1u << what)
		return;
	b->state.video_said |= (uint8_t)(1u << what);
	bios_say(b, "%s", lines[what]);
}

/* --- lines of text modes ---------------------------------------------------------------------- */

/* What a text mode of 200 or 350 lines, by bits 7 and 4 of BDA_VIDEO_FLAGS, has other than one of
 * 400: the CRTC's vertical timing, characters and cursor; 350 lines have characters 8 dots wide. */
static const struct lines {
	uint8_t flags, height;
	uint8_t misc, dots, panning; /* dots: 1: characters have 8, of the sequencer's register 1 */
	struct {
		uint8_t index, value;
	} crtc[10];
} other_lines[] = {
	{ FLAG_200_LINES, 8, 0x67, 0, 8, { { 0x09, 0xc7 }, { 0x0a, 0x06 }, { 0x0b, 0x07 } } },
	{ 0, 14, 0xa3, 1, 0,
	        { { 0x06, 0xbf }, { 0x07, 0x1f }, { 0x09, 0x4d }, { 0x0a, 0x0b }, { 0x0b, 0x0c },
	                { 0x10, 0x83 }, { 0x11, 0x85 }, { 0x12, 0x5d }, { 0x15, 0x63 },
	                { 0x16, 0xba } } },
};

unsigned video_set_lines(struct vga *v, const struct video_mode *mode, uint8_t flags)
{
	if (mode->layout != VIDEO_TEXT || mode->number == 7)
		return mode->char_height;
	for (size_t i = 0; i < ARRAY_SIZE(other_lines); i++) {
		const struct lines *l = &other_lines[i];
		if (l->flags != (flags & (FLAG_200_LINES | FLAG_400_LINES)))
			continue;
		v->misc = l->misc;
		v->seq[1] |= l->dots;
		v->attr[0x13] = l->panning;
		for (size_t k = 0; k < ARRAY_SIZE(l->crtc) && l->crtc[k].index; k++)
			v->crtc[l->crtc[k].index] = l->crtc[k].value;
		return l->height;
	}
	return mode->char_height;
}

/* --- setting one ------------------------------------------------------------------------------ */

static void clear(const struct bios *b, const struct video_mode *mode)
{
	uint8_t blank[0x1000];
	for (size_t i = 0; i < sizeof blank; i += 2) {
		blank[i] = mode->layout == VIDEO_TEXT ? ' ' : 0;
		blank[i + 1] = mode->layout == VIDEO_TEXT ? 0x07 : 0;
	}
	for (uint32_t off = 0; off < mode->size; off += sizeof blank)
		b->memory->write(b->memory->ctx, mode->gpa + off, blank, sizeof blank);
}

/* The registers; the palette, unless the BDA says that it is to stay. The characters' height. */
static unsigned set_registers(const struct bios *b, const struct video_mode *mode)
{
	struct vga *v = &b->board->state.vga;
	uint8_t flags = bios_get8(b, BDA_VIDEO_FLAGS);
	uint8_t dac[sizeof v->dac];
	memcpy(dac, v->dac, sizeof dac);
	vga_set_mode(v, mode->number);
	if (flags & FLAG_KEEP)
		memcpy(v->dac, dac, sizeof dac);
	else if (flags & FLAG_GRAY)
		video_gray(b, 0, 256);
	return video_set_lines(v, mode, flags);
}

void video_mode_set(struct bios *b, const struct video_mode *mode, bool keeps_memory)
{
	unsigned height = set_registers(b, mode);
	if (!keeps_memory)
		clear(b, mode);
	bios_put8(b, BDA_VIDEO_MODE, mode->number);
	bios_put16(b, BDA_COLUMNS, mode->columns);
	bios_put8(b, BDA_ROWS, mode->rows - 1);
	bios_put16(b, BDA_CHAR_HEIGHT, (uint16_t)height);
	bios_put16(b, BDA_PAGE_SIZE, mode->page_size);
	bios_put16(b, BDA_PAGE_START, 0);
	bios_put8(b, BDA_PAGE, 0);
	for (uint32_t page = 0; page < 8; page++)
		bios_put16(b, BDA_CURSORS + 2 * page, 0);
	bios_put16(b, BDA_CURSOR_SHAPE, mode->layout == VIDEO_TEXT ? CURSOR_SHAPE : 0);
	bios_put16(b, BDA_CRTC, video_misc(b) & 1 ? 0x3d4 : 0x3b4);
	if (mode->crt_mode)
		bios_put8(b, BDA_CRT_MODE, mode->crt_mode);
	bios_put8(b, BDA_CRT_PALETTE, mode->number == 6 ? 0x3f : 0x30);
	bios_put8(b, BDA_VIDEO_CONTROL, CONTROL | (keeps_memory ? CONTROL_KEPT : 0));
	bios_put8(b, BDA_VIDEO_SWITCH, SWITCHES);
	bios_put32(b, VIDEO_UPPER_VECTOR, video_rom_pointer(VIDEO_ROM_8X8 + 128 * 8));
	bios_put32(b, VIDEO_FONT_VECTOR, video_rom_pointer(video_rom_font(height)));
	if (mode->layout == VIDEO_PLANAR)
		video_say_unseen(b, VIDEO_PLANES);
}

void video_power_on(struct bios *b)
{
	video_lay_down_rom(b);
	bios_put8(b, BDA_VIDEO_FLAGS, FLAGS);
	bios_put8(b, BDA_VIDEO_DISPLAY, DISPLAY_VGA_COLOR);
	bios_put32(b, BDA_VIDEO_TABLES, video_rom_pointer(VIDEO_ROM_SAVE));
	bios_put32(b, PARAMETERS_VECTOR, video_rom_pointer(ROM_VIDEO));
	bios_put32(b, OLD_VIDEO_VECTOR, video_rom_pointer(rom_entry(0x10)));
	video_mode_set(b, video_mode_find(0x03), false);
}

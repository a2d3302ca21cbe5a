/* What a VGA BIOS programs for each of its modes. Register values are those of IBM's VGA BIOS (IBM
 * Personal System/2 and Personal Computer BIOS Interface Technical Reference, "Video Parameter
 * Table"), of which most modes share some: a width's horizontal timing, a height's vertical timing,
 * and a way to show memory. The DAC's colours are made by their rules. */
#include "devices/vga.h"

#include <string.h>

#include "base/array.h"

/* --- parts that modes share ------------------------------------------------------------------- */

/* CRT controller 0 to 3 and the offset (0x13). */
static const uint8_t widths[][5] = {
	{ 0x2d, 0x27, 0x28, 0x90, 0x14 },
	{ 0x5f, 0x4f, 0x50, 0x82, 0x28 },
};
enum { WIDTH_40, WIDTH_80 };

/* CRT controller 6, 7, 0x10, 0x11, 0x12, 0x15, 0x16. */
static const uint8_t heights[][7] = {
	{ 0xbf, 0x1f, 0x9c, 0x8e, 0x8f, 0x96, 0xb9 },
	{ 0xbf, 0x1f, 0x83, 0x85, 0x5d, 0x63, 0xba },
	{ 0x0b, 0x3e, 0xea, 0x8c, 0xdf, 0xe7, 0x04 },
};
enum { LINES_400, LINES_350, LINES_480 };

/* Attribute controller 0 to 15. */
enum palette {
	PALETTE_EGA,   /* of 64 colours: brown is 14h, the bright ones are 38h and up */
	PALETTE_RGB,   /* 0 to 7, then 10h to 17h */
	PALETTE_CGA4,  /* bright cyan, magenta, white, then dark ones; bright ones as RGB's */
	PALETTE_WHITE, /* black and white */
	PALETTE_MONO,  /* MDA's: normal 8, bright 18h */
	PALETTE_FOUR,  /* mode 0fh's two planes: black, normal, blinking, bright */
	PALETTE_TWO,   /* black and bright white by turns, of 64 colours */
	PALETTE_SAME,  /* 0 to 15 */
};

/* What the DAC holds. */
enum colors {
	COLORS_EGA, /* 64 of rgbRGB */
	COLORS_CGA, /* 16, with a brown */
	COLORS_MONO,
	COLORS_256,
};

static const struct mode {
	uint8_t mode;
	uint8_t width, height, misc;
	uint8_t clocking, planes, memory;              /* sequencer 1, 2, 4 */
	uint8_t retrace[2];                            /* CRT controller 4 and 5 */
	uint8_t scan, cursor[2], underline, crtc_mode; /* 9, 0xa and 0xb, 0x14, 0x17 */
	uint8_t gc_mode, gc_misc;                      /* graphics controller 5, 6 */
	uint8_t attr_mode, attr_planes, attr_pan;      /* attribute controller 0x10, 0x12, 0x13 */
	uint8_t palette, colors;
} modes[] = {
	{ 0x00, WIDTH_40, LINES_400, 0x67, 0x08, 0x03, 0x02, { 0x2b, 0xa0 }, 0x4f, { 0x0d, 0x0e },
	        0x1f, 0xa3, 0x10, 0x0e, 0x0c, 0x0f, 0x08, PALETTE_EGA, COLORS_EGA },
	{ 0x02, WIDTH_80, LINES_400, 0x67, 0x00, 0x03, 0x02, { 0x55, 0x81 }, 0x4f, { 0x0d, 0x0e },
	        0x1f, 0xa3, 0x10, 0x0e, 0x0c, 0x0f, 0x08, PALETTE_EGA, COLORS_EGA },
	{ 0x04, WIDTH_40, LINES_400, 0x63, 0x09, 0x03, 0x02, { 0x2b, 0x80 }, 0xc1, { 0, 0 }, 0x00,
	        0xa2, 0x30, 0x0f, 0x01, 0x03, 0x00, PALETTE_CGA4, COLORS_CGA },
	{ 0x06, WIDTH_80, LINES_400, 0x63, 0x01, 0x01, 0x06, { 0x54, 0x80 }, 0xc1, { 0, 0 }, 0x00,
	        0xc2, 0x00, 0x0d, 0x01, 0x01, 0x00, PALETTE_WHITE, COLORS_CGA },
	{ 0x07, WIDTH_80, LINES_400, 0x66, 0x00, 0x03, 0x02, { 0x55, 0x81 }, 0x4f, { 0x0d, 0x0e },
	        0x0f, 0xa3, 0x10, 0x0a, 0x0e, 0x0f, 0x08, PALETTE_MONO, COLORS_MONO },
	{ 0x0d, WIDTH_40, LINES_400, 0x63, 0x09, 0x0f, 0x06, { 0x2b, 0x80 }, 0xc0, { 0, 0 }, 0x00,
	        0xe3, 0x00, 0x05, 0x01, 0x0f, 0x00, PALETTE_RGB, COLORS_CGA },
	{ 0x0e, WIDTH_80, LINES_400, 0x63, 0x01, 0x0f, 0x06, { 0x54, 0x80 }, 0xc0, { 0, 0 }, 0x00,
	        0xe3, 0x00, 0x05, 0x01, 0x0f, 0x00, PALETTE_RGB, COLORS_CGA },
	{ 0x0f, WIDTH_80, LINES_350, 0xa2, 0x01, 0x0f, 0x06, { 0x54, 0x80 }, 0x40, { 0, 0 }, 0x0f,
	        0xe3, 0x00, 0x05, 0x0b, 0x05, 0x00, PALETTE_FOUR, COLORS_MONO },
	{ 0x10, WIDTH_80, LINES_350, 0xa3, 0x01, 0x0f, 0x06, { 0x54, 0x80 }, 0x40, { 0, 0 }, 0x0f,
	        0xe3, 0x00, 0x05, 0x01, 0x0f, 0x00, PALETTE_EGA, COLORS_EGA },
	{ 0x11, WIDTH_80, LINES_480, 0xe3, 0x01, 0x0f, 0x06, { 0x54, 0x80 }, 0x40, { 0, 0 }, 0x00,
	        0xe3, 0x00, 0x05, 0x01, 0x0f, 0x00, PALETTE_TWO, COLORS_EGA },
	{ 0x12, WIDTH_80, LINES_480, 0xe3, 0x01, 0x0f, 0x06, { 0x54, 0x80 }, 0x40, { 0, 0 }, 0x00,
	        0xe3, 0x00, 0x05, 0x01, 0x0f, 0x00, PALETTE_EGA, COLORS_EGA },
	{ 0x13, WIDTH_80, LINES_400, 0x63, 0x01, 0x0f, 0x0e, { 0x54, 0x80 }, 0x41, { 0, 0 }, 0x40,
	        0xa3, 0x40, 0x05, 0x41, 0x0f, 0x00, PALETTE_SAME, COLORS_256 },
};

/* Modes 1, 3 and 5 differ from 0, 2 and 4 where there was no colour. */
static const struct mode *mode_of(uint8_t mode)
{
	if (mode == 1 || mode == 3 || mode == 5)
		mode--;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (modes[i].mode == mode)
			return &modes[i];
	return NULL;
}

/* --- registers -------------------------------------------------------------------------------- */

static uint8_t palette_entry(enum palette palette, unsigned i)
{
	static const uint8_t four[] = { 0, 0x08, 0, 0, 0x18, 0x18, 0, 0, 0, 0x08, 0, 0, 0, 0x18, 0,
		0 };
	static const uint8_t cga4[] = { 0x00, 0x13, 0x15, 0x17, 0x02, 0x04, 0x06, 0x07 };

	switch (palette) {
	case PALETTE_EGA: return (uint8_t)(i == 6 ? 0x14 : i < 8 ? i : 0x30 + i);
	case PALETTE_CGA4: return i < ARRAY_SIZE(cga4) ? cga4[i] : (uint8_t)(0x08 + i);
	case PALETTE_RGB: return (uint8_t)(i < 8 ? i : 0x08 + i);
	case PALETTE_WHITE: return i ? 0x17 : 0;
	case PALETTE_MONO: return i % 8 == 0 ? (i ? 0x10 : 0) : i < 8 ? 0x08 : 0x18;
	case PALETTE_FOUR: return four[i];
	case PALETTE_TWO: return i & 1 ? 0x3f : 0;
	case PALETTE_SAME: return (uint8_t)i;
	}
	return 0;
}

static void set_crtc(struct vga *v, const struct mode *m)
{
	const uint8_t *w = widths[m->width], *h = heights[m->height];
	const uint8_t crtc[VGA_CRTC] = {
		w[0],
		w[1],
		w[2],
		w[3],
		m->retrace[0],
		m->retrace[1],
		h[0],
		h[1],
		[0x09] = m->scan,
		[0x0a] = m->cursor[0],
		[0x0b] = m->cursor[1],
		[0x10] = h[2],
		[0x11] = h[3],
		[0x12] = h[4],
		[0x13] = w[4],
		[0x14] = m->underline,
		[0x15] = h[5],
		[0x16] = h[6],
		[0x17] = m->crtc_mode,
		[0x18] = 0xff,
	};
	memcpy(v->crtc, crtc, sizeof crtc);
}

static void set_attr(struct vga *v, const struct mode *m)
{
	for (unsigned i = 0; i < 16; i++)
		v->attr[i] = palette_entry(m->palette, i);
	v->attr[0x10] = m->attr_mode;
	v->attr[0x11] = 0;
	v->attr[0x12] = m->attr_planes;
	v->attr[0x13] = m->attr_pan;
	v->attr[0x14] = 0;
	v->attr_index = 0x20;
	v->attr_flip = false;
}

bool vga_set_mode(struct vga *v, uint8_t mode)
{
	const struct mode *m = mode_of(mode);

	if (!m)
		return false;
	v->misc = m->misc;
	const uint8_t seq[VGA_SEQ] = { 3, m->clocking, m->planes, 0, m->memory };
	memcpy(v->seq, seq, sizeof seq);
	const uint8_t gc[VGA_GC] = { 0, 0, 0, 0, 0, m->gc_mode, m->gc_misc, 0x0f, 0xff };
	memcpy(v->gc, gc, sizeof gc);
	set_crtc(v, m);
	set_attr(v, m);
	v->dac_mask = 0xff;
	return vga_set_colors(v, mode);
}

/* --- the DAC's colours ------------------------------------------------------------------------ */

#define FULL  63 /* of a part of a colour; two thirds and a third of it: */
#define TWO_3 42
#define ONE_3 21

static void set_rgb(uint8_t *to, unsigned red, unsigned green, unsigned blue)
{
	to[0] = (uint8_t)red;
	to[1] = (uint8_t)green;
	to[2] = (uint8_t)blue;
}

/* rgbRGB: of each part, two thirds by the upper case bit, one third by the lower case one. */
static void set_ega(uint8_t *to, unsigned i)
{
	unsigned parts[3];

	for (unsigned k = 0; k < 3; k++) /* red is bit 2 of each three */
		parts[k] = (i >> (2 - k) & 1) * TWO_3 + (i >> (5 - k) & 1) * ONE_3;
	set_rgb(to, parts[0], parts[1], parts[2]);
}

/* IRGB: intensity adds a third to all. Dark yellow has half of its green: brown. */
static void set_cga(uint8_t *to, unsigned rgb, bool is_bright)
{
	unsigned more = is_bright ? ONE_3 : 0;

	set_rgb(to, (rgb >> 2 & 1) * TWO_3 + more, (rgb >> 1 & 1) * TWO_3 + more,
	        (rgb & 1) * TWO_3 + more);
	if (rgb == 6 && !is_bright)
		to[1] = ONE_3;
}

/* Bits 3 and 4, video and intensity: either is normal, both are bright. */
static void set_mono(uint8_t *to, unsigned i)
{
	static const uint8_t levels[] = { 0, TWO_3, TWO_3, FULL };
	unsigned level = levels[i >> 3 & 3];

	set_rgb(to, level, level, level);
}

/* Mode 13h from 32: 24 hues in each of three saturations, in each of three intensities. Around the
 * circle from blue by red and green, a part of a colour rises or falls in four steps while the two
 * others stand at the lowest or the highest of the five levels. */
#define HUES 24

static void set_hue(uint8_t *to, const uint8_t levels[5], unsigned hue)
{
	static const uint8_t low[] = { 1, 2, 0 }; /* the part at its lowest: green, blue, red */
	unsigned third = hue / 8, at = hue % 8;
	unsigned falls = (low[third] + 1) % 3, rises = (low[third] + 2) % 3;
	/* First the one rises to the other's height, then that one falls. */
	to[low[third]] = levels[0];
	to[rises] = levels[at < 4 ? at : 4];
	to[falls] = levels[at < 4 ? 4 : 8 - at];
}

static void set_256(uint8_t (*to)[3])
{
	static const uint8_t grays[16] = { 0, 5, 8, 11, 14, 17, 20, 24, 28, 32, 36, 40, 45, 50, 56,
		63 };
	/* Of intensity 63, 28 and 16, by saturation: it raises the lowest of five levels. */
	static const uint8_t levels[9][5] = {
		{ 0, 16, 31, 47, 63 },
		{ 31, 39, 47, 55, 63 },
		{ 45, 49, 54, 58, 63 },
		{ 0, 7, 14, 21, 28 },
		{ 14, 17, 21, 24, 28 },
		{ 20, 22, 24, 26, 28 },
		{ 0, 4, 8, 12, 16 },
		{ 8, 10, 12, 14, 16 },
		{ 11, 12, 13, 15, 16 },
	};

	for (unsigned i = 0; i < 16; i++) {
		set_cga(to[i], i & 7, i & 8);
		set_rgb(to[16 + i], grays[i], grays[i], grays[i]);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(levels) * HUES; i++)
		set_hue(to[32 + i], levels[i / HUES], i % HUES);
}

bool vga_set_colors(struct vga *v, uint8_t mode)
{
	const struct mode *m = mode_of(mode);

	if (!m)
		return false;
	memset(v->dac, 0, sizeof v->dac);
	if (m->colors == COLORS_256)
		set_256(v->dac);
	for (unsigned i = 0; i < 64; i++) {
		switch ((enum colors)m->colors) {
		case COLORS_EGA: set_ega(v->dac[i], i); break;
		case COLORS_CGA: set_cga(v->dac[i], i & 7, i & 16); break;
		case COLORS_MONO: set_mono(v->dac[i], i); break;
		case COLORS_256: break;
		}
	}
	return true;
}

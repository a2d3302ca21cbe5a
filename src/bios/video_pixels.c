/* Pixels of the graphics modes, as bytes: where they are in display memory, read and written. */
#include <string.h>

#include "bios/video.h"

#define CGA_BANK 0x2000u   /* where the odd lines are */
#define LINE_MAX (256 * 8) /* bytes: no row has more than 256 characters */

/* Bytes of display memory. */
struct place {
	uint32_t offset, size;
};

/* The byte with pixel x of a line, and what follows it up to the end of display memory. The offset
 * wraps at 64 KiB, as a BIOS's own does, and below the last line it is in what is not shown, or in
 * other lines. False: there is none, or the mode has no pixels that we draw. */
static bool find(const struct video_screen *s, unsigned x, unsigned y, struct place *place)
{
	const struct video_mode *m = s->mode;
	if (!m || (m->layout != VIDEO_PACKED && m->layout != VIDEO_CGA))
		return false;
	unsigned pitch = m->width * m->bits / 8u;
	unsigned at = x * m->bits / 8;
	if (m->layout == VIDEO_CGA)
		at += y / 2 * pitch + y % 2 * CGA_BANK;
	else
		at += y * pitch;
	place->offset = (uint16_t)at;
	if (place->offset >= m->size)
		return false;
	place->size = m->size - place->offset;
	return true;
}

static size_t shorter(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The bits of pixel x in its byte, lowest first, and how far they are shifted. */
static uint8_t mask(const struct video_screen *s)
{
	return (uint8_t)((1u << s->mode->bits) - 1);
}

static unsigned shift(const struct video_screen *s, unsigned x)
{
	unsigned per_byte = 8u / s->mode->bits;
	return (per_byte - 1 - x % per_byte) * s->mode->bits;
}

uint8_t video_pixel(const struct video_screen *s, unsigned x, unsigned y)
{
	struct place place;
	uint8_t byte;
	if (!find(s, x, y, &place))
		return 0;
	video_peek(s, place.offset, &byte, 1);
	return byte >> shift(s, x) & mask(s);
}

void video_set_pixel(const struct video_screen *s, unsigned x, unsigned y, uint8_t color)
{
	struct place place;
	uint8_t byte;
	if (!find(s, x, y, &place))
		return;
	video_peek(s, place.offset, &byte, 1);
	uint8_t bits = (uint8_t)((color & mask(s)) << shift(s, x));
	if (color & 0x80 && s->mode->bits < 8)
		byte ^= bits;
	else
		byte = (uint8_t)((byte & ~(mask(s) << shift(s, x))) | bits);
	video_poke(s, place.offset, &byte, 1);
}

void video_read_pixels(const struct video_screen *s, unsigned x, unsigned y, uint8_t pixels[8])
{
	uint8_t bytes[8];
	struct place place;
	memset(pixels, 0, 8);
	if (!find(s, x, y, &place))
		return;
	memset(bytes, 0, sizeof bytes);
	video_peek(s, place.offset, bytes, shorter(s->mode->bits, place.size));
	for (unsigned i = 0; i < 8; i++)
		pixels[i] = bytes[i * s->mode->bits / 8] >> shift(s, i) & mask(s);
}

void video_write_pixels(
        const struct video_screen *s, unsigned x, unsigned y, const uint8_t pixels[8])
{
	uint8_t bytes[8] = { 0 };
	struct place place;
	if (!find(s, x, y, &place))
		return;
	for (unsigned i = 0; i < 8; i++)
		bytes[i * s->mode->bits / 8] |= (uint8_t)((pixels[i] & mask(s)) << shift(s, i));
	video_poke(s, place.offset, bytes, shorter(s->mode->bits, place.size));
}

void video_copy_line(
        const struct video_screen *s, unsigned x, unsigned width, unsigned from_y, unsigned to_y)
{
	uint8_t bytes[LINE_MAX];
	struct place from, to;
	if (!find(s, x, from_y, &from) || !find(s, x, to_y, &to))
		return;
	size_t len = shorter(width * s->mode->bits / 8, shorter(from.size, to.size));
	len = shorter(len, sizeof bytes);
	video_peek(s, from.offset, bytes, len);
	video_poke(s, to.offset, bytes, len);
}

void video_fill_line(
        const struct video_screen *s, unsigned x, unsigned width, unsigned y, uint8_t color)
{
	uint8_t bytes[LINE_MAX], byte = 0;
	struct place place;
	if (!find(s, x, y, &place))
		return;
	size_t len = shorter(shorter(width * s->mode->bits / 8, place.size), sizeof bytes);
	for (unsigned i = 0; i < 8u / s->mode->bits; i++)
		byte |= (uint8_t)((color & mask(s)) << shift(s, i));
	memset(bytes, byte, len);
	video_poke(s, place.offset, bytes, len);
}

/* png.h and raster.h: a file that a reader of its own takes apart has the pixels of the screen. */
#include "display/png.h"

#include <stdlib.h>

#include "screen_rig.h"

#include "check.h"
#include "devices/font.h"
#include "display/raster.h"

/* --- a reader: chunks with their checks, zlib, fixed codes -------------------------------------- */

static uint32_t be32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint32_t crc32(const uint8_t *at, size_t len)
{
	uint32_t table[256], crc = ~0u;
	for (uint32_t n = 0; n < 256; n++) {
		table[n] = n;
		for (int k = 0; k < 8; k++)
			table[n] = table[n] & 1 ? 0xedb88320 ^ table[n] >> 1 : table[n] >> 1;
	}
	while (len--)
		crc = table[(crc ^ *at++) & 0xff] ^ crc >> 8;
	return ~crc;
}

/* The chunk at *at, which is to be of this type; *at goes on past it. NULL when it is bad. */
static const uint8_t *take_chunk(
        const uint8_t **at, const uint8_t *end, const char *type, uint32_t *len)
{
	if (end - *at < 12)
		return NULL;
	*len = be32(*at);
	if (*len > (size_t)(end - *at) - 12 || memcmp(*at + 4, type, 4))
		return NULL;
	const uint8_t *data = *at + 8;
	if (be32(data + *len) != crc32(data - 4, *len + 4))
		return NULL;
	*at = data + *len + 4;
	return data;
}

struct bits {
	const uint8_t *at, *end;
	unsigned bit;
};

static unsigned take_bits(struct bits *b, unsigned count)
{
	unsigned value = 0;
	for (unsigned i = 0; i < count && b->at < b->end; i++) {
		value |= (unsigned)(*b->at >> b->bit & 1) << i;
		b->at += ++b->bit == 8;
		b->bit &= 7;
	}
	return value;
}

static unsigned take_code(struct bits *b, unsigned count, unsigned code)
{
	while (count--)
		code = code << 1 | take_bits(b, 1);
	return code;
}

static unsigned take_symbol(struct bits *b)
{
	unsigned code = take_code(b, 7, 0);
	if (code < 0x18)
		return 256 + code;
	code = take_code(b, 1, code);
	if (code < 0xc0)
		return code - 0x30;
	if (code < 0xc8)
		return 280 + code - 0xc0;
	return 144 + take_code(b, 1, code) - 0x190;
}

/* Returns how many bytes it made of room, or 0. */
static size_t inflate_fixed(const uint8_t *data, size_t size, uint8_t *to, size_t room)
{
	static const uint16_t lens[] = { 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31,
		35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258 };
	static const uint8_t len_bits[] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3,
		3, 4, 4, 4, 4, 5, 5, 5, 5, 0 };
	static const uint16_t distances[] = { 1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129,
		193, 257, 385, 513, 769, 1025, 1537, 2049, 3073 };
	struct bits b = { data, data + size, 0 };
	size_t len = 0;
	if (take_bits(&b, 1) != 1 || take_bits(&b, 2) != 1)
		return 0;
	for (unsigned symbol; b.at < b.end && (symbol = take_symbol(&b)) != 256;) {
		if (symbol < 256) {
			if (len == room)
				return 0;
			to[len++] = (uint8_t)symbol;
			continue;
		}
		unsigned count = lens[symbol - 257] + take_bits(&b, len_bits[symbol - 257]);
		unsigned code = take_code(&b, 5, 0);
		if (code >= sizeof distances / sizeof *distances)
			return 0;
		unsigned distance = distances[code] + take_bits(&b, code < 4 ? 0 : code / 2 - 1);
		if (distance > len || count > room - len)
			return 0;
		for (; count; count--, len++)
			to[len] = to[len - distance];
	}
	return b.at + (b.bit != 0) == b.end ? len : 0;
}

static uint32_t adler(const uint8_t *at, size_t len)
{
	uint32_t a = 1, b = 0;
	for (; len; len--) {
		a = (a + *at++) % 65521;
		b = (b + a) % 65521;
	}
	return b << 16 | a;
}

/* The file's lines are raster_line's, its palette is the screen's; returns its size. */
static size_t check_file(const struct screen *s)
{
	unsigned width, height;
	size_t room = png_room(s);
	uint8_t *file = malloc(room);
	size_t size = png_make(s, file);
	const uint8_t *at = file + 8, *end = file + size, *data;
	uint32_t len;
	raster_size(s, &width, &height);
	CHECK(size <= room);
	CHECK(!memcmp(file, "\x89PNG\r\n\x1a\n", 8));
	CHECK((data = take_chunk(&at, end, "IHDR", &len)) && len == 13 && be32(data) == width &&
	        be32(data + 4) == height && !memcmp(data + 8, "\x08\x03\0\0\0", 5));
	CHECK((data = take_chunk(&at, end, "PLTE", &len)) && len == 768);
	for (unsigned color = 0; data && color < 256; color++) {
		uint8_t rgb[3];
		raster_color(s, color, rgb);
		CHECK(!memcmp(data + 3 * color, rgb, 3));
	}
	size_t wanted = (size_t)(width + 1) * height;
	uint8_t *lines = malloc(wanted), *line = malloc(width);
	data = take_chunk(&at, end, "IDAT", &len);
	CHECK(data && data[0] == 0x78 && (data[0] << 8 | data[1]) % 31 == 0);
	CHECK_EQ(data ? inflate_fixed(data + 2, len - 6, lines, wanted) : 0, wanted);
	CHECK(data && be32(data + len - 4) == adler(lines, wanted));
	for (unsigned y = 0; y < height; y++) {
		raster_line(s, y, line);
		if (lines[y * (width + 1)] || memcmp(lines + y * (width + 1) + 1, line, width)) {
			CHECK_FAIL("line %u differs", y);
			break;
		}
	}
	CHECK(take_chunk(&at, end, "IEND", &len) && len == 0 && at == end);
	free(line);
	free(lines);
	free(file);
	return size;
}

/* --- what is in it ------------------------------------------------------------------------------ */

static uint32_t noise(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

static void text_is_small_and_true(void)
{
	uint32_t seed = 1;
	rig_mode(3);
	size_t empty = check_file(rig_read());
	CHECK(empty < 4000);
	for (unsigned i = 0; i < 2000; i++)
		rig_cell(i, (uint8_t)noise(&seed), (uint8_t)noise(&seed));
	CHECK(check_file(rig_read()) < 720 * 400);
	rig_mode(1);
	check_file(rig_read());
	rig_mode(3);
	rig_crtc(0x09, 0x47);
	check_file(rig_read());
}

static void graphics_are_true_at_their_worst(void)
{
	uint32_t seed = 7;
	rig_mode(0x13);
	CHECK(check_file(rig_read()) < 3000);
	for (unsigned i = 0; i < 0x10000; i++)
		rig.vram[i] = (uint8_t)noise(&seed);
	check_file(rig_read());
	for (unsigned i = 0; i < 0x10000; i++)
		rig.vram[i] = (uint8_t)(144 + noise(&seed) % 112); /* nine bits each */
	check_file(rig_read());
	for (unsigned i = 0; i < 0x10000; i++) /* runs of all lengths, copies of lines */
		rig.vram[i] = (uint8_t)(i / (1 + i / 640));
	check_file(rig_read());
	rig_mode(4);
	memset(rig.vram + RIG_TEXT, 0x1b, 0x4000);
	check_file(rig_read());
	rig_mode(6);
	check_file(rig_read());
}

static void what_is_not_shown_is_black(void)
{
	unsigned width, height;
	uint8_t rgb[3] = { 1, 1, 1 };
	rig_mode(0x12);
	raster_size(rig_read(), &width, &height);
	CHECK_EQ(width, 640);
	CHECK_EQ(height, 480);
	raster_color(&rig.screen, 0, rgb);
	CHECK(!rgb[0] && !rgb[1] && !rgb[2]);
	check_file(&rig.screen);
	rig_mode(3);
	rig.vga.attr_index = 0;
	check_file(rig_read());
}

/* The dots of a cell's line as they are on the screen: a bit each, the leftmost highest. */
static unsigned dots(const struct screen *s, unsigned column, unsigned y)
{
	uint8_t line[RASTER_WIDTH_MAX];
	unsigned bits = 0;
	raster_line(s, y, line);
	for (unsigned x = 0; x < s->char_width; x++)
		bits = bits << 1 | (line[column * s->char_width + x] == 7);
	return bits;
}

static void cells_have_nine_dots_and_boxes_join(void)
{
	rig_mode(3);
	rig_crtc(0x0a, 0x20);
	rig_print(0, "A\xc4\xdb\xb3", 0x07);
	const struct screen *s = rig_read();
	for (unsigned y = 0; y < 16; y++) {
		CHECK_EQ(dots(s, 0, y), font_8x16['A'][y] << 1);
		CHECK_EQ(dots(s, 1, y), font_8x16[0xc4][y] ? 0x1ff : 0);
		CHECK_EQ(dots(s, 2, y), 0x1ff);
		CHECK_EQ(dots(s, 3, y), font_8x16[0xb3][y] << 1);
	}
	rig.vga.attr[0x10] &= (uint8_t)~4u;
	s = rig_read();
	CHECK_EQ(dots(s, 2, 0), 0x1fe);
	rig.vga.seq[1] |= 1;
	s = rig_read();
	CHECK_EQ(s->char_width, 8);
	CHECK_EQ(dots(s, 2, 0), 0xff);
}

static void each_height_has_its_font(void)
{
	rig_mode(3);
	rig_crtc(0x0a, 0x20);
	rig_print(0, "g", 0x07);
	rig_crtc(0x09, 0x47);
	for (unsigned y = 0; y < 8; y++)
		CHECK_EQ(dots(rig_read(), 0, y), font_8x8['g'][y] << 1);
	rig_crtc(0x09, 0x4d);
	for (unsigned y = 0; y < 14; y++)
		CHECK_EQ(dots(rig_read(), 0, y), font_8x14['g'][y] << 1);
	rig_crtc(0x09, 0x5f);
	for (unsigned y = 0; y < 32; y++)
		CHECK_EQ(dots(rig_read(), 0, y), y < 16 ? font_8x16['g'][y] << 1 : 0);
}

static void the_cursor_is_lines_of_its_cell(void)
{
	rig_mode(3);
	const struct screen *s = rig_read();
	CHECK_EQ(dots(s, 0, 12), 0);
	CHECK_EQ(dots(s, 0, 13), 0x1ff);
	CHECK_EQ(dots(s, 0, 14), 0x1ff);
	CHECK_EQ(dots(s, 0, 15), 0);
	CHECK_EQ(dots(s, 1, 13), 0);
	CHECK_EQ(dots(s, 0, 16 + 13), 0);
}

int main(void)
{
	RUN(text_is_small_and_true);
	RUN(graphics_are_true_at_their_worst);
	RUN(what_is_not_shown_is_black);
	RUN(cells_have_nine_dots_and_boxes_join);
	RUN(each_height_has_its_font);
	RUN(the_cursor_is_lines_of_its_cell);
	return check_done();
}

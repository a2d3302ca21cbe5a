/* font.h: all characters are drawn, no two alike, and lines join from cell to cell. */
#include "devices/font.h"

#include "check.h"

/* One of the three fonts. */
struct font {
	const uint8_t *rows;
	unsigned height;
};

static const struct font fonts[] = {
	{ font_8x16[0], 16 },
	{ font_8x14[0], 14 },
	{ font_8x8[0], 8 },
};

#define EACH_FONT(f) (const struct font *f = fonts; f < fonts + 3; f++)

static const uint8_t *glyph(const struct font *f, unsigned code)
{
	return f->rows + code * f->height;
}

static bool is_empty(const struct font *f, unsigned code)
{
	for (unsigned row = 0; row < f->height; row++)
		if (glyph(f, code)[row])
			return false;
	return true;
}

static void all_but_the_blanks_have_dots(void)
{
	for
		EACH_FONT(f)
	for (unsigned code = 0; code < 256; code++)
		if (is_empty(f, code) != (code == 0 || code == 0x20 || code == 0xff))
			CHECK_FAIL("8x%u: character %02x", f->height, code);
}

static void no_two_are_alike(void)
{
	for
		EACH_FONT(f)
	for (unsigned a = 1; a < 256; a++)
		for (unsigned b = a + 1; b < 256; b++)
			if (!is_empty(f, a) && !memcmp(glyph(f, a), glyph(f, b), f->height))
				CHECK_FAIL("8x%u: %02x and %02x", f->height, a, b);
}

static void letters_stand_on_one_line_and_apart(void)
{
	static const unsigned baseline[] = { 12, 10, 6 };
	for (unsigned i = 0; i < 3; i++) {
		const struct font *f = &fonts[i];
		for (const char *at = "ABCDEFGHIKLMNOPRSTUVWXYZ0123456789abcdefhiklmnorstuvwxz";
		        *at; at++) {
			const uint8_t *rows = glyph(f, (uint8_t)*at);
			if (!rows[baseline[i]] || rows[baseline[i] + 1])
				CHECK_FAIL("8x%u: %c is not on the line", f->height, *at);
			for (unsigned row = 0; row < f->height; row++)
				if (rows[row] & 1 && *at != 'T' && *at != 'Y')
					CHECK_FAIL("8x%u: %c fills its cell", f->height, *at);
		}
	}
}

/* By code page 437: characters with lines to the right, to the left, up and down, of the kind. */
static void check_joined(const char *first, const char *second, bool is_below)
{
	for
		EACH_FONT(f)
	for (const char *a = first; *a; a++)
		for (const char *b = second; *b; b++) {
			const uint8_t *x = glyph(f, (uint8_t)*a), *y = glyph(f, (uint8_t)*b);
			bool is_joined =
			        is_below ? x[f->height - 1] && x[f->height - 1] == y[0] : true;
			unsigned lines = 0;
			for (unsigned row = 0; !is_below && row < f->height; row++) {
				is_joined &= (x[row] & 1) == y[row] >> 7;
				lines += x[row] & 1;
			}
			if (!is_joined || (!is_below && !lines))
				CHECK_FAIL("8x%u: %02x and %02x do not join", f->height,
				        (uint8_t)*a, (uint8_t)*b);
		}
}

static void lines_join_from_cell_to_cell(void)
{
	check_joined("\xc0\xc1\xc2\xc3\xc4\xc5\xc7\xd0\xd2\xd3\xd6\xd7\xda",
	        "\xb4\xb6\xb7\xbd\xbf\xc1\xc2\xc4\xc5\xd0\xd2\xd7\xd9", false);
	check_joined("\xc6\xc8\xc9\xca\xcb\xcc\xcd\xce\xcf\xd1\xd4\xd5\xd8",
	        "\xb5\xb8\xb9\xbb\xbc\xbe\xca\xcb\xcd\xce\xcf\xd1\xd8", false);
	check_joined("\xb3\xb4\xb5\xb8\xbf\xc2\xc3\xc5\xc6\xd1\xd5\xd8\xda",
	        "\xb3\xb4\xb5\xbe\xc0\xc1\xc3\xc5\xc6\xcf\xd4\xd8\xd9", true);
	check_joined("\xb6\xb7\xb9\xba\xbb\xc7\xc9\xcb\xcc\xce\xd2\xd6\xd7",
	        "\xb6\xb9\xba\xbc\xbd\xc7\xc8\xca\xcc\xce\xd0\xd3\xd7", true);
}

static void blocks_are_halves_of_a_full_one(void)
{
	for
		EACH_FONT(f)
	for (unsigned row = 0; row < f->height; row++) {
		CHECK_EQ(glyph(f, 0xdb)[row], 0xff);
		CHECK_EQ(glyph(f, 0xdc)[row] ^ glyph(f, 0xdf)[row], 0xff);
		CHECK_EQ(glyph(f, 0xdd)[row], 0xf0);
		CHECK_EQ(glyph(f, 0xde)[row], 0x0f);
		CHECK_EQ(glyph(f, 0xdf)[row], row < f->height / 2 ? 0xff : 0);
	}
}

int main(void)
{
	RUN(all_but_the_blanks_have_dots);
	RUN(no_two_are_alike);
	RUN(letters_stand_on_one_line_and_apart);
	RUN(lines_join_from_cell_to_cell);
	RUN(blocks_are_halves_of_a_full_one);
	return check_done();
}

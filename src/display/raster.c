/* Cells to dots, a line of the picture at a time. */
#include "display/raster.h"

#include <string.h>

#include "devices/font.h"

void raster_size(const struct screen *s, unsigned *width, unsigned *height)
{
	*width = s->width;
	*height = s->height;
	if (s->kind == SCREEN_TEXT) {
		*width = s->columns * s->char_width;
		*height = s->rows * s->char_height;
	} else if (s->kind == SCREEN_BLANK) {
		*width = 720;
		*height = 400;
	}
}

/* The eight dots of a character's line. */
static uint8_t dots_of(const struct screen *s, uint8_t character, unsigned line)
{
	if (s->char_height >= 16)
		return line < 16 ? font_8x16[character][line] : 0;
	if (s->char_height >= 14)
		return line < 14 ? font_8x14[character][line] : 0;
	return line < 8 ? font_8x8[character][line] : 0;
}

static bool has_cursor(const struct screen *s, unsigned column, unsigned row, unsigned line)
{
	const struct screen_cursor *c = &s->cursor;
	return c->is_on && c->row == row && c->column == column && line >= c->top &&
	       line <= c->bottom;
}

static void text_line(const struct screen *s, unsigned y, uint8_t *to)
{
	unsigned row = y / s->char_height, line = y % s->char_height;
	unsigned times = s->char_width > 9 ? 2 : 1;
	for (unsigned column = 0; column < s->columns; column++) {
		struct screen_cell cell = s->cells[row * s->columns + column];
		unsigned dots = (unsigned)dots_of(s, cell.character, line) << 1;
		if (s->joins && cell.character >= 0xc0 && cell.character <= 0xdf)
			dots |= dots >> 1 & 1;
		if (has_cursor(s, column, row, line))
			dots = 0x1ff;
		for (unsigned x = 0; x < s->char_width; x++)
			*to++ = (uint8_t)(dots << x / times & 0x100 ? screen_foreground(cell)
			                                            : screen_background(s, cell));
	}
}

void raster_line(const struct screen *s, unsigned y, uint8_t *to)
{
	unsigned width, height;
	raster_size(s, &width, &height);
	if (s->kind == SCREEN_TEXT)
		text_line(s, y, to);
	else if (s->kind == SCREEN_GRAPHICS)
		memcpy(to, s->pixels + y * width, width);
	else
		memset(to, 0, width);
}

void raster_color(const struct screen *s, unsigned color, uint8_t rgb[3])
{
	bool is_shown = s->kind == SCREEN_TEXT || s->kind == SCREEN_GRAPHICS;
	for (unsigned i = 0; i < 3; i++)
		rgb[i] = is_shown ? s->palette[color][i] : 0;
}

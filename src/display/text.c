/* Rows of characters as lines. */
#include "display/text.h"

#include "base/line.h"
#include "display/cp437.h"
#include "display/utf8.h"

/* How many cells of a row are left when those at its end that show nothing are cut. */
static unsigned used_columns(const struct screen *s, unsigned row)
{
	unsigned columns = s->columns;
	while (columns && screen_is_empty(s->cells[row * s->columns + columns - 1]))
		columns--;
	return columns;
}

unsigned screen_text_rows(const struct screen *s)
{
	unsigned rows = s->kind == SCREEN_TEXT ? s->rows : 0;
	while (rows && !used_columns(s, rows - 1))
		rows--;
	return rows;
}

static unsigned put_row(
        const struct screen *s, unsigned row, unsigned columns, char to[SCREEN_TEXT_ROW_MAX])
{
	unsigned len = 0;
	for (unsigned column = 0; column < columns; column++) {
		struct screen_cell cell = s->cells[row * s->columns + column];
		len += utf8_put(
		        to + len, screen_is_empty(cell) ? ' ' : cp437_unicode(cell.character));
	}
	to[len] = 0;
	return len;
}

static bool has_row(const struct screen *s, unsigned row)
{
	return s->kind == SCREEN_TEXT && row < s->rows;
}

unsigned screen_text_row(const struct screen *s, unsigned row, char to[SCREEN_TEXT_ROW_MAX])
{
	return put_row(s, row, has_row(s, row) ? used_columns(s, row) : 0, to);
}

unsigned screen_text_whole_row(const struct screen *s, unsigned row, char to[SCREEN_TEXT_ROW_MAX])
{
	return put_row(s, row, has_row(s, row) ? s->columns : 0, to);
}

const char *screen_text_kind(const struct screen *s, char to[64])
{
	struct line line = { .to = to, .size = 64 };
	switch (s->kind) {
	case SCREEN_TEXT: return NULL;
	case SCREEN_BLANK: return "blank: the guest has turned the picture off";
	case SCREEN_GRAPHICS: line_add(&line, "graphics, %ux%u", s->width, s->height); break;
	case SCREEN_NOT_SHOWN:
		line_add(&line, "graphics in planes, %ux%u, not shown", s->width, s->height);
	}
	return to;
}

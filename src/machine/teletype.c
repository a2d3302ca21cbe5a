/* A sheet of paper of the last lines, and its comparison with the screen. */
#include "machine/teletype.h"

#include <string.h>

#include "display/cp437.h"

enum { BEL = 7, BS = 8, LF = 10, CR = 13 };

static void feed_line(struct teletype *t)
{
	t->line = (t->line + 1) % TELETYPE_LINES;
	t->count += t->count < TELETYPE_LINES - 1;
	memset(t->cells[t->line], 0, TELETYPE_COLUMNS);
}

static void write_on_paper(struct teletype *t, uint8_t character)
{
	switch (character) {
	case BEL: break;
	case BS: t->column -= t->column > 0; break;
	case LF: feed_line(t); break;
	case CR: t->column = 0; break;
	default:
		t->cells[t->line][t->column++] = character;
		if (t->column == TELETYPE_COLUMNS) {
			feed_line(t);
			t->column = 0;
		}
		break;
	}
}

unsigned teletype_put(struct teletype *t, uint8_t character, char to[UTF8_MAX + 1])
{
	unsigned n = 0;
	bool had_return = t->has_return;
	write_on_paper(t, character);
	t->has_return = character == CR;
	if (character == CR)
		return 0;
	if (had_return && t->is_in_line && character != LF)
		to[n++] = '\r';
	if (character == BEL || character == BS || character == LF)
		to[n++] = (char)character;
	else
		n += utf8_put(to + n, cp437_unicode(character));
	if (character != BEL)
		t->is_in_line = character != LF;
	return n;
}

static bool is_blank(uint8_t character)
{
	return character == 0 || character == ' ' || character == 0xff;
}

static bool is_row_blank(const struct screen *s, unsigned row)
{
	const struct screen_cell *cells = s->cells + row * s->columns;
	for (unsigned i = 0; i < s->columns; i++)
		if (!is_blank(cells[i].character))
			return false;
	return true;
}

/* A line of the paper, 0 the oldest that is known. */
static bool is_line(const struct teletype *t, unsigned line, const struct screen *s, unsigned row)
{
	const struct screen_cell *cells = s->cells + row * s->columns;
	const uint8_t *paper =
	        t->cells[(t->line + TELETYPE_LINES - t->count + line) % TELETYPE_LINES];
	for (unsigned i = 0; i < s->columns || i < TELETYPE_COLUMNS; i++) {
		uint8_t shown = i < s->columns ? cells[i].character : ' ';
		uint8_t printed = i < TELETYPE_COLUMNS ? paper[i] : ' ';
		if (shown != printed && !(is_blank(shown) && is_blank(printed)))
			return false;
	}
	return true;
}

bool teletype_has_all(const struct teletype *t, const struct screen *s)
{
	unsigned first = 0, end = s->rows;
	while (first < end && is_row_blank(s, first))
		first++;
	while (end > first && is_row_blank(s, end - 1))
		end--;
	for (unsigned line = 0; line + (end - first) <= t->count + 1; line++) {
		unsigned row = first;
		while (row < end && is_line(t, line + row - first, s, row))
			row++;
		if (row == end)
			return true;
	}
	return false;
}

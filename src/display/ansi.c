/* What the terminal is to show, cell by cell, and the sequences for those that differ. */
#include "display/ansi.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "display/cp437.h"
#include "display/text.h"
#include "display/utf8.h"

#define UPPER_HALF 0x2580

const char ansi_enter[] = "\033[?1049h";
const char ansi_leave[] = "\033[0m\033[0 q\033[?25h\033[?1049l";

/* --- what it is to show ----------------------------------------------------------------------- */

/* A screen as cells of a terminal. */
struct view {
	const struct screen *screen;
	const struct ansi_terminal *terminal;
	uint32_t colors[16];              /* of text, as the terminal has them */
	unsigned first_column, first_row; /* of text: what the upper left cell shows */
	unsigned columns, rows;           /* cells that the screen fills */
	char message[64];                 /* where it has nothing to show */
	const char *note;                 /* in the last row; NULL: what the screen has there */
};

static unsigned at_most(unsigned value, unsigned most)
{
	return value < most ? value : most;
}

/* SGR's 16 colours are red 1, green 2, blue 4, bright 8; as a PC shows them by default. */
static void ansi_color(unsigned color, int rgb[3])
{
	for (unsigned i = 0; i < 3; i++)
		rgb[i] = (color >> i & 1 ? 0xaa : 0) + (color & 8 ? 0x55 : 0);
	if (color == 3) /* brown */
		rgb[1] = 0x55;
}

static uint32_t nearest(const int rgb[3])
{
	unsigned best = 0;
	int least = 3 * 256 * 256;
	for (unsigned color = 0; color < 16; color++) {
		int other[3], distance = 0;
		ansi_color(color, other);
		for (unsigned i = 0; i < 3; i++)
			distance += (rgb[i] - other[i]) * (rgb[i] - other[i]);
		if (distance < least) {
			least = distance;
			best = color;
		}
	}
	return best;
}

static uint32_t color_of(const struct ansi_terminal *t, const int rgb[3])
{
	return t->has_rgb ? (uint32_t)(rgb[0] << 16 | rgb[1] << 8 | rgb[2]) : nearest(rgb);
}

/* The first of so many cells in a row, so that the one with the cursor is among them. */
static unsigned first_of(const struct screen_cursor *c, unsigned at, unsigned room)
{
	return c->is_on && at >= room ? at - room + 1 : 0;
}

static void see_text(struct view *v)
{
	const struct screen *s = v->screen;
	v->columns = at_most(s->columns, v->terminal->columns);
	v->rows = at_most(s->rows, v->terminal->rows);
	v->first_column = first_of(&s->cursor, s->cursor.column, v->columns);
	v->first_row = first_of(&s->cursor, s->cursor.row, v->rows);
	for (unsigned color = 0; color < 16; color++) {
		const uint8_t *p = s->palette[color];
		v->colors[color] = color_of(v->terminal, (int[3]) { p[0], p[1], p[2] });
	}
}

/* Cells are twice as high as wide: a picture of 4:3 has 8 cells in a row for 3 rows. */
static void see_graphics(struct view *v)
{
	v->columns = at_most(v->terminal->columns, v->terminal->rows * 8 / 3);
	v->rows = (v->columns * 3 + 7) / 8;
	v->columns += !v->columns;
	v->rows += !v->rows;
}

static void see(struct view *v, const struct screen *s, const struct ansi_terminal *t)
{
	*v = (struct view) { .screen = s, .terminal = t };
	switch (s->kind) {
	case SCREEN_TEXT: see_text(v); break;
	case SCREEN_GRAPHICS: see_graphics(v); break;
	case SCREEN_NOT_SHOWN:
	case SCREEN_BLANK: screen_text_kind(s, v->message);
	}
}

static struct ansi_cell text_cell(const struct view *v, unsigned column, unsigned row)
{
	const struct screen *s = v->screen;
	struct screen_cell cell =
	        s->cells[(v->first_row + row) * s->columns + v->first_column + column];
	bool is_empty = screen_is_empty(cell);
	return (struct ansi_cell) {
		.foreground = v->colors[screen_foreground(cell)],
		.background = v->colors[screen_background(s, cell)],
		.code_point = is_empty               ? ' '
		              : v->terminal->is_utf8 ? (uint16_t)cp437_unicode(cell.character)
		                                     : (uint16_t)cp437_ascii(cell.character),
		.blinks = screen_blinks(s, cell) && !is_empty,
	};
}

/* Where part number i of count begins, of so many pixels. */
static unsigned part(unsigned i, unsigned count, unsigned pixels)
{
	return (unsigned)((uint64_t)i * pixels / count);
}

/* The mean colour of part (column, line) of the picture, which is divided into so many. */
static uint32_t mean(const struct view *v, unsigned column, unsigned line, unsigned lines)
{
	const struct screen *s = v->screen;
	unsigned left = part(column, v->columns, s->width), top = part(line, lines, s->height);
	unsigned right = part(column + 1, v->columns, s->width);
	unsigned bottom = part(line + 1, lines, s->height);
	right += right == left;
	bottom += bottom == top;
	unsigned sums[3] = { 0 }, count = (right - left) * (bottom - top);
	for (unsigned y = top; y < bottom; y++)
		for (unsigned x = left; x < right; x++)
			for (unsigned i = 0; i < 3; i++)
				sums[i] += s->palette[s->pixels[y * s->width + x]][i];
	int rgb[3];
	for (unsigned i = 0; i < 3; i++)
		rgb[i] = (int)(sums[i] / count);
	return color_of(v->terminal, rgb);
}

static struct ansi_cell graphics_cell(const struct view *v, unsigned column, unsigned row)
{
	bool is_utf8 = v->terminal->is_utf8;
	struct ansi_cell cell = { .foreground = ANSI_DEFAULT, .code_point = ' ' };
	if (!is_utf8) {
		cell.background = mean(v, column, row, v->rows);
		return cell;
	}
	uint32_t upper = mean(v, column, 2 * row, 2 * v->rows);
	cell.background = mean(v, column, 2 * row + 1, 2 * v->rows);
	if (upper != cell.background) {
		cell.foreground = upper;
		cell.code_point = UPPER_HALF;
	}
	return cell;
}

/* Black on grey, from the second column on. */
static struct ansi_cell note_cell(const struct view *v, unsigned column)
{
	static const int black[3] = { 0, 0, 0 }, grey[3] = { 0xaa, 0xaa, 0xaa };
	bool is_in = column > 0 && column <= strlen(v->note);
	return (struct ansi_cell) { color_of(v->terminal, black), color_of(v->terminal, grey),
		is_in ? (uint8_t)v->note[column - 1] : ' ', false };
}

static struct ansi_cell cell_of(const struct view *v, unsigned column, unsigned row)
{
	struct ansi_cell cell = { ANSI_DEFAULT, ANSI_DEFAULT, ' ', false };
	if (v->note && row == v->terminal->rows - 1)
		return note_cell(v, column);
	if (v->message[0]) {
		if (row == 0 && column < strlen(v->message))
			cell.code_point = (uint8_t)v->message[column];
		return cell;
	}
	if (column >= v->columns || row >= v->rows)
		return cell;
	return v->screen->kind == SCREEN_TEXT ? text_cell(v, column, row)
	                                      : graphics_cell(v, column, row);
}

/* --- sequences -------------------------------------------------------------------------------- */

struct out {
	char *to;
	size_t len, room;
};

static void put(struct out *o, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct out *o, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	o->len += (size_t)vsnprintf(o->to + o->len, o->room - o->len, format, args);
	va_end(args);
}

static bool has_room(const struct out *o)
{
	return o->room - o->len >= ANSI_STEP_MAX;
}

static void put_place(struct ansi *a, struct out *o, unsigned column, unsigned row)
{
	if (a->has_place && a->column == column && a->row == row)
		return;
	put(o, "\033[%u;%uH", row + 1, column + 1);
	a->column = column;
	a->row = row;
	a->has_place = true;
}

/* base: 30 for the foreground, 40 for the background. */
static void put_color(const struct ansi *a, struct out *o, unsigned base, uint32_t color)
{
	if (color == ANSI_DEFAULT)
		put(o, ";%u", base + 9);
	else if (a->terminal.has_rgb)
		put(o, ";%u;2;%u;%u;%u", base + 8, (unsigned)(color >> 16),
		        (unsigned)(color >> 8 & 0xff), (unsigned)(color & 0xff));
	else
		put(o, ";%u", (unsigned)(base + (color & 7) + (color & 8 ? 60 : 0)));
}

static void put_pen(struct ansi *a, struct out *o, const struct ansi_cell *cell)
{
	struct ansi_cell *pen = &a->pen;
	bool is_new = !a->has_pen || pen->blinks != cell->blinks;
	bool has_foreground =
	        cell->code_point != ' ' && (is_new || pen->foreground != cell->foreground);
	bool has_background = is_new || pen->background != cell->background;
	if (!has_foreground && !has_background)
		return;
	size_t at = o->len;
	put(o, "\033[");
	if (is_new) {
		put(o, cell->blinks ? ";0;5" : ";0");
		*pen = (struct ansi_cell) { ANSI_DEFAULT, ANSI_DEFAULT, 0, cell->blinks };
		a->has_pen = true;
	}
	if (has_foreground) {
		put_color(a, o, 30, cell->foreground);
		pen->foreground = cell->foreground;
	}
	if (has_background) {
		put_color(a, o, 40, cell->background);
		pen->background = cell->background;
	}
	/* The first `;` has nothing before it. */
	memmove(o->to + at + 2, o->to + at + 3, o->len - at - 3);
	o->len--;
	put(o, "m");
}

static void put_cell(
        struct ansi *a, struct out *o, unsigned column, unsigned row, const struct ansi_cell *cell)
{
	if (a->has_cursor)
		put(o, "\033[?25l");
	a->has_cursor = false;
	put_place(a, o, column, row);
	put_pen(a, o, cell);
	o->len += utf8_put(o->to + o->len, cell->code_point);
	a->column++; /* past the last one: no cell is there, so the next one is gone to */
}

static void put_clear(struct ansi *a, struct out *o)
{
	put(o, "\033[?25l\033[0m\033[2J");
	for (size_t i = 0; i < (size_t)a->terminal.columns * a->terminal.rows; i++)
		a->shown[i] = (struct ansi_cell) { ANSI_DEFAULT, ANSI_DEFAULT, ' ', false };
	a->pen = (struct ansi_cell) { ANSI_DEFAULT, ANSI_DEFAULT, 0, false };
	a->is_cleared = a->has_pen = true;
	a->has_place = a->has_cursor = false;
}

/* A block, or a line at the bottom; both blink, as a PC's. */
static unsigned shape_of(const struct screen *s)
{
	const struct screen_cursor *c = &s->cursor;
	unsigned bottom = at_most(c->bottom, s->char_height - 1);
	return 2 * (bottom - at_most(c->top, bottom) + 1) > s->char_height ? 1 : 3;
}

static void put_cursor(struct ansi *a, struct out *o, const struct view *v)
{
	const struct screen *s = v->screen;
	const struct screen_cursor *c = &s->cursor;
	bool is_on = s->kind == SCREEN_TEXT && c->is_on &&
	             c->column - v->first_column < v->columns && c->row - v->first_row < v->rows;
	if (is_on) {
		put_place(a, o, c->column - v->first_column, c->row - v->first_row);
		if (a->shape != shape_of(s))
			put(o, "\033[%u q", a->shape = shape_of(s));
	}
	if (a->has_cursor != is_on)
		put(o, is_on ? "\033[?25h" : "\033[?25l");
	a->has_cursor = is_on;
}

/* --- the whole -------------------------------------------------------------------------------- */

void ansi_init(struct ansi *a, const struct ansi_terminal *terminal)
{
	a->terminal = *terminal;
	a->terminal.columns = at_most(terminal->columns ? terminal->columns : 80, ANSI_COLUMNS_MAX);
	a->terminal.rows = at_most(terminal->rows ? terminal->rows : 24, ANSI_ROWS_MAX);
	a->is_cleared = a->has_pen = a->has_place = a->has_cursor = false;
	a->shape = a->next = 0;
	a->note = NULL;
}

void ansi_note(struct ansi *a, const char *text)
{
	a->note = text;
}

static bool is_same(const struct ansi_cell *a, const struct ansi_cell *b)
{
	return a->code_point == b->code_point && a->background == b->background &&
	       a->blinks == b->blinks && (a->code_point == ' ' || a->foreground == b->foreground);
}

size_t ansi_draw(struct ansi *a, const struct screen *s, char *to, size_t room)
{
	struct out o = { to, 0, room };
	struct view v;
	if (!has_room(&o))
		return 0;
	see(&v, s, &a->terminal);
	v.note = a->note;
	if (!a->is_cleared)
		put_clear(a, &o);
	unsigned columns = a->terminal.columns, count = columns * a->terminal.rows;
	for (unsigned i = 0; i < count; i++) {
		unsigned at = (a->next + i) % count;
		struct ansi_cell cell = cell_of(&v, at % columns, at / columns);
		if (is_same(&a->shown[at], &cell))
			continue;
		if (!has_room(&o)) {
			a->next = at;
			return o.len;
		}
		put_cell(a, &o, at % columns, at / columns, &cell);
		a->shown[at] = cell;
	}
	a->next = 0;
	if (has_room(&o))
		put_cursor(a, &o, &v);
	return o.len;
}

/* ansi.h: a small terminal that gets the bytes shows the cells of the screen, its colours and its
 * cursor, however little room there is for them. */
#include "display/ansi.h"

#include <stdlib.h>

#include "screen_rig.h"

#include "check.h"
#include "display/cp437.h"
#include "display/utf8.h"

/* --- a terminal ----------------------------------------------------------------------------------- */

#define COLUMNS_MAX 200
#define ROWS_MAX    80

struct place {
	uint32_t code_point;
	uint32_t foreground, background; /* as ansi.h has them */
	bool blinks;
};

static struct terminal {
	unsigned columns, rows;
	unsigned column, row; /* column == columns: the next character wraps */
	struct place pen, cells[ROWS_MAX][COLUMNS_MAX];
	bool has_cursor, is_bad;
	unsigned shape;
	char waiting[64]; /* a sequence or a character that is not complete */
	unsigned count;
	uint64_t characters; /* how many were written */
} term;

/* The colour that begins at args[*i], where base is 30 or 40. */
static uint32_t sgr_color(const unsigned *args, unsigned count, unsigned *i, unsigned base)
{
	unsigned arg = args[*i];
	if (arg == base + 9)
		return ANSI_DEFAULT;
	if (arg >= base + 60)
		return arg - base - 60 + 8;
	if (arg != base + 8)
		return arg - base;
	if (*i + 4 >= count || args[*i + 1] != 2)
		term.is_bad = true;
	uint32_t rgb = args[*i + 2] << 16 | args[*i + 3] << 8 | args[*i + 4];
	*i += 4;
	return rgb;
}

static void sgr(const unsigned *args, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		unsigned arg = args[i];
		if (arg == 0)
			term.pen = (struct place) { 0, ANSI_DEFAULT, ANSI_DEFAULT, false };
		else if (arg == 5)
			term.pen.blinks = true;
		else if ((arg >= 30 && arg <= 39) || (arg >= 90 && arg <= 97))
			term.pen.foreground = sgr_color(args, count, &i, 30);
		else if ((arg >= 40 && arg <= 49) || (arg >= 100 && arg <= 107))
			term.pen.background = sgr_color(args, count, &i, 40);
		else
			term.is_bad = true;
	}
}

static void clear(void)
{
	for (unsigned row = 0; row < ROWS_MAX; row++)
		for (unsigned column = 0; column < COLUMNS_MAX; column++)
			term.cells[row][column] = (struct place) { ' ', term.pen.foreground,
				term.pen.background, false };
}

/* A whole sequence: ESC [ ... letter. */
static void control(const char *text)
{
	unsigned args[16] = { 0 }, count = 0, used = 0;
	const char *at = text + 2;
	char last = text[strlen(text) - 1];
	bool is_private = *at == '?';
	at += is_private;
	while (*at >= '0' && *at <= '9' && count < 16) {
		args[count++] = (unsigned)strtoul(at, (char **)&at, 10);
		if (*at == ';')
			at++;
	}
	used = (unsigned)(at - text);
	if (last == 'm' && !is_private && used == strlen(text) - 1)
		sgr(args, count ? count : 1);
	else if (last == 'H' && count == 2 && args[0] && args[0] <= term.rows && args[1] &&
	         args[1] <= term.columns)
		term.row = args[0] - 1, term.column = args[1] - 1;
	else if (last == 'J' && args[0] == 2)
		clear();
	else if (is_private && args[0] == 25 && (last == 'h' || last == 'l'))
		term.has_cursor = last == 'h';
	else if (last == 'q' && text[strlen(text) - 2] == ' ')
		term.shape = args[0];
	else if (!(is_private && args[0] == 1049))
		term.is_bad = true;
}

static void character(uint32_t code_point)
{
	if (code_point < 0x20 || term.column >= term.columns || term.row >= term.rows) {
		term.is_bad = true;
		return;
	}
	term.characters++;
	struct place *p = &term.cells[term.row][term.column++];
	*p = term.pen;
	p->code_point = code_point;
}

static void term_write(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint32_t code_point;
		term.waiting[term.count++] = bytes[i];
		term.waiting[term.count] = 0;
		if (term.count == sizeof term.waiting - 1)
			term.is_bad = true, term.count = 0;
		if (term.waiting[0] == 0x1b) {
			if (term.count > 2 && (uint8_t)bytes[i] >= 0x40)
				control(term.waiting), term.count = 0;
		} else if (utf8_take((const uint8_t *)term.waiting, term.count, &code_point)) {
			character(code_point);
			term.count = 0;
		}
	}
}

/* --- what it is to show ----------------------------------------------------------------------------- */

static struct ansi ansi;

static void open_terminal(unsigned columns, unsigned rows, bool is_utf8, bool has_rgb)
{
	const struct ansi_terminal t = { columns, rows, is_utf8, has_rgb };
	memset(&term, 0, sizeof term);
	term.columns = columns;
	term.rows = rows;
	term.pen = (struct place) { 0, ANSI_DEFAULT, ANSI_DEFAULT, false };
	for (unsigned i = 0; i < ROWS_MAX; i++) /* what others have left */
		memset(term.cells[i], 'x', sizeof term.cells[i]);
	term.has_cursor = true;
	memset(&ansi, 0xff, sizeof ansi);
	ansi_init(&ansi, &t);
	term_write(ansi_enter, strlen(ansi_enter));
}

/* In pieces of so much room; returns how many bytes it was. */
static size_t draw(size_t room)
{
	char *bytes = malloc(room);
	size_t all = 0;
	screen_read(&rig.screen, &rig.vga, rig.vram);
	for (size_t len; (len = ansi_draw(&ansi, &rig.screen, bytes, room)); all += len) {
		if (len > room || all > 10000000) {
			CHECK_FAIL("%zu bytes in a room of %zu, %zu before", len, room, all);
			break;
		}
		term_write(bytes, len);
		CHECK(term.count == 0); /* no sequence is cut */
	}
	free(bytes);
	CHECK(!term.is_bad);
	return all;
}

/* A PC's colour as SGR's number. */
static uint32_t sgr_of(unsigned color)
{
	return (color & 10) | (color & 1) << 2 | (color & 4) >> 2;
}

static uint32_t rgb_of(unsigned color)
{
	const uint8_t *p = rig.screen.palette[color];
	return (uint32_t)(p[0] << 16 | p[1] << 8 | p[2]);
}

/* The terminal shows the screen's cells from (column, row) on. */
static void check_cells(unsigned first_column, unsigned first_row)
{
	const struct screen *s = &rig.screen;
	const struct ansi_terminal *t = &ansi.terminal;
	for (unsigned row = 0; row < term.rows; row++)
		for (unsigned column = 0; column < term.columns; column++) {
			const struct place *p = &term.cells[row][column];
			struct place wanted = { ' ', ANSI_DEFAULT, ANSI_DEFAULT, false };
			if (row < s->rows && column < s->columns) {
				struct screen_cell cell = s->cells[(first_row + row) * s->columns +
				                                   first_column + column];
				unsigned back = screen_background(s, cell);
				unsigned fore = screen_foreground(cell);
				wanted.foreground = t->has_rgb ? rgb_of(fore) : sgr_of(fore);
				wanted.background = t->has_rgb ? rgb_of(back) : sgr_of(back);
				wanted.blinks = screen_blinks(s, cell);
				wanted.code_point = t->is_utf8
				                            ? cp437_unicode(cell.character)
				                            : (uint8_t)cp437_ascii(cell.character);
				if (screen_is_empty(cell))
					wanted.code_point = ' ';
			}
			bool is_blank = wanted.code_point == ' ';
			if (p->code_point != wanted.code_point ||
			        p->background != wanted.background ||
			        (!is_blank && (p->foreground != wanted.foreground ||
			                              p->blinks != wanted.blinks))) {
				CHECK_FAIL("%u,%u: U+%04x %x on %x, wanted U+%04x %x on %x", column,
				        row, p->code_point, p->foreground, p->background,
				        wanted.code_point, wanted.foreground, wanted.background);
				return;
			}
		}
}

static void check_cursor(bool is_on, unsigned column, unsigned row, unsigned shape)
{
	CHECK_EQ(term.has_cursor, is_on);
	if (is_on) {
		CHECK_EQ(term.column, column);
		CHECK_EQ(term.row, row);
		CHECK_EQ(term.shape, shape);
	}
}

static uint32_t seed;

static uint8_t noise(void)
{
	seed = seed * 1664525 + 1013904223;
	return (uint8_t)(seed >> 24);
}

static void scatter(unsigned count)
{
	while (count--) {
		unsigned at = (unsigned)(noise() << 8 | noise()) % 2000;
		rig_cell(at, noise(), noise());
	}
}

static void set_cursor(unsigned at)
{
	rig_crtc(0x0e, (uint8_t)(at >> 8));
	rig_crtc(0x0f, (uint8_t)at);
}

/* --- cases ------------------------------------------------------------------------------------------- */

static void a_text_screen_is_shown(void)
{
	for (unsigned kind = 0; kind < 4; kind++) {
		rig_mode(3);
		open_terminal(80, 25, kind & 1, kind & 2);
		rig_print(0, "hello \x01\xb3\xdb", 0x1f);
		rig_print(80 * 24 + 70, "last \x9c \xc4\xfe!", 0xc7);
		set_cursor(85);
		draw(1 << 20);
		check_cells(0, 0);
		check_cursor(true, 5, 1, 3);
		CHECK_EQ(draw(1 << 20), 0);
	}
}

static void all_characters_and_attributes(void)
{
	for (unsigned kind = 0; kind < 8; kind++) {
		rig_mode(3);
		if (kind & 4)
			rig.vga.attr[0x10] &= (uint8_t)~8u;
		open_terminal(80, 25, kind & 1, kind & 2);
		for (unsigned i = 0; i < 1024; i++)
			rig_cell(i, (uint8_t)i, (uint8_t)(i * 7 + i / 256));
		draw(1 << 20);
		check_cells(0, 0);
	}
}

static void changes_cost_what_they_change(void)
{
	rig_mode(3);
	open_terminal(80, 25, true, false);
	draw(1 << 20);
	rig_print(500, "abc", 0x07);
	term.characters = 0;
	CHECK(draw(1 << 20) < 60);
	CHECK_EQ(term.characters, 3);
	check_cells(0, 0);
	set_cursor(7);
	term.characters = 0;
	CHECK(draw(1 << 20) < 20);
	CHECK_EQ(term.characters, 0);
	check_cursor(true, 7, 0, 3);
	rig_cell(503, ' ', 0x01); /* a blank's own colour is not seen */
	CHECK_EQ(draw(1 << 20), 0);
}

static void any_changes_in_any_room(void)
{
	seed = 3;
	for (unsigned round = 0; round < 60; round++) {
		if (round % 20 == 0) {
			rig_mode(3);
			open_terminal(80, 25, round % 40 == 0, round % 3);
		}
		scatter(round * 10);
		set_cursor((unsigned)(noise() * 9));
		draw(ANSI_STEP_MAX + noise() * (round & 1 ? 1u : 100u));
		check_cells(0, 0);
	}
}

/* The screen changes while what it showed before is still on its way. */
static void a_later_screen_takes_over(void)
{
	char bytes[300];
	seed = 9;
	rig_mode(3);
	open_terminal(80, 25, true, false);
	for (unsigned round = 0; round < 100; round++) {
		scatter(20);
		size_t len = ansi_draw(&ansi, rig_read(), bytes, sizeof bytes);
		CHECK(len > 0);
		term_write(bytes, len);
	}
	draw(sizeof bytes);
	check_cells(0, 0);
}

static void the_cursor_has_its_shape(void)
{
	rig_mode(3);
	open_terminal(80, 25, true, false);
	draw(4096);
	check_cursor(true, 0, 0, 3);
	rig_crtc(0x0a, 0);
	draw(4096);
	check_cursor(true, 0, 0, 1);
	rig_crtc(0x0a, 0x20);
	draw(4096);
	check_cursor(false, 0, 0, 0);
	rig_cell(3, 'x', 7);
	draw(4096);
	check_cursor(false, 0, 0, 0);
}

static void a_small_terminal_shows_the_part_with_the_cursor(void)
{
	seed = 11;
	rig_mode(3);
	scatter(2000);
	open_terminal(60, 10, true, false);
	draw(4096);
	check_cells(0, 0);
	set_cursor(24 * 80 + 79);
	draw(4096);
	check_cells(20, 15);
	check_cursor(true, 59, 9, 3);
	rig_crtc(0x0a, 0x20);
	draw(4096);
	check_cells(0, 0);
	open_terminal(1, 1, true, false);
	draw(4096);
	check_cells(0, 0);
}

static void a_large_terminal_is_empty_around_it(void)
{
	rig_mode(3);
	open_terminal(120, 40, true, true);
	draw(1 << 16);
	check_cells(0, 0);
	rig_mode(0x13);
	memset(rig.vram, 15, 64000);
	draw(1 << 20);
	CHECK_EQ(term.cells[39][105].background, 0xffffff);
	rig_mode(3);
	draw(1 << 20);
	check_cells(0, 0);
}

static void graphics_are_half_blocks(void)
{
	rig_mode(0x13);
	for (unsigned y = 0; y < 200; y++)
		memset(rig.vram + y * 320, y < 100 ? 4 : 1, 320);
	memset(rig.vram, 15, 320 * 4); /* a row of half blocks: 200 lines in 50 */
	open_terminal(80, 25, true, true);
	draw(1 << 20);
	/* 25 rows of 4:3 are 66 cells; the upper half of the first is white. */
	CHECK_EQ(term.cells[0][0].code_point, 0x2580);
	CHECK_EQ(term.cells[0][0].foreground, 0xffffff);
	CHECK_EQ(term.cells[0][0].background, rgb_of(4));
	CHECK_EQ(term.cells[5][65].code_point, ' ');
	CHECK_EQ(term.cells[5][65].background, rgb_of(4));
	CHECK_EQ(term.cells[24][65].background, rgb_of(1));
	CHECK_EQ(term.cells[5][66].background, ANSI_DEFAULT);
	check_cursor(false, 0, 0, 0);
	CHECK_EQ(draw(1 << 20), 0);
}

static void graphics_without_colours_or_halves(void)
{
	rig_mode(0x13);
	memset(rig.vram, 4, 64000);
	open_terminal(40, 25, true, false);
	draw(1 << 20);
	CHECK_EQ(term.cells[0][0].code_point, ' ');
	CHECK_EQ(term.cells[0][0].background, 1);
	memset(rig.vram, 0x0e, 64000);
	open_terminal(40, 25, false, false);
	draw(1 << 20);
	CHECK_EQ(term.cells[14][39].code_point, ' ');
	CHECK_EQ(term.cells[14][39].background, 11);
	CHECK_EQ(term.cells[15][0].background, ANSI_DEFAULT);
	open_terminal(1, 1, true, true);
	draw(1 << 20);
	open_terminal(200, 2, true, true);
	draw(1 << 20);
}

static void what_has_no_picture_says_so(void)
{
	static const char wanted[] = "graphics in planes, 640x480, not shown";
	rig_mode(0x12);
	open_terminal(80, 25, true, true);
	draw(4096);
	for (unsigned i = 0; i < strlen(wanted); i++)
		CHECK_EQ(term.cells[0][i].code_point, (uint8_t)wanted[i]);
	open_terminal(5, 2, true, true);
	draw(4096);
	CHECK_EQ(term.cells[0][4].code_point, 'h');
}

static void sizes_have_bounds(void)
{
	const struct ansi_terminal huge = { 100000, 100000, true, true },
	                           none = { 0, 0, true, true };
	char bytes[ANSI_STEP_MAX];
	rig_mode(3);
	ansi_init(&ansi, &huge);
	CHECK_EQ(ansi.terminal.columns, ANSI_COLUMNS_MAX);
	CHECK_EQ(ansi.terminal.rows, ANSI_ROWS_MAX);
	CHECK(ansi_draw(&ansi, rig_read(), bytes, sizeof bytes) > 0);
	CHECK_EQ(ansi_draw(&ansi, rig_read(), bytes, sizeof bytes - 1), 0);
	ansi_init(&ansi, &none);
	CHECK_EQ(ansi.terminal.columns, 80);
	CHECK_EQ(ansi.terminal.rows, 24);
}

static void leaving_gives_the_terminal_back(void)
{
	rig_mode(3);
	rig_cell(0, 'x', 0x1f);
	rig_crtc(0x0a, 0x20);
	open_terminal(80, 25, true, false);
	draw(4096);
	CHECK(!term.has_cursor);
	term_write(ansi_leave, strlen(ansi_leave));
	CHECK(term.has_cursor);
	CHECK_EQ(term.shape, 0);
	CHECK_EQ(term.pen.background, ANSI_DEFAULT);
	CHECK(!term.is_bad);
}

int main(void)
{
	RUN(a_text_screen_is_shown);
	RUN(all_characters_and_attributes);
	RUN(changes_cost_what_they_change);
	RUN(any_changes_in_any_room);
	RUN(a_later_screen_takes_over);
	RUN(the_cursor_has_its_shape);
	RUN(a_small_terminal_shows_the_part_with_the_cursor);
	RUN(a_large_terminal_is_empty_around_it);
	RUN(graphics_are_half_blocks);
	RUN(graphics_without_colours_or_halves);
	RUN(what_has_no_picture_says_so);
	RUN(sizes_have_bounds);
	RUN(leaving_gives_the_terminal_back);
	return check_done();
}

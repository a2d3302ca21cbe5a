/* The screen of int 10h: characters written, read and scrolled, in text and graphics modes. */
#include <string.h>

#include "base/bytes.h"
#include "bios/video.h"

#define PAGES          8
#define CELL_SIZE      2
#define TEXT_ATTRIBUTE 0x07 /* light gray on black */

enum { BEL = 7, BS = 8, LF = 10, CR = 13 };

struct video_screen video_screen(const struct bios *b)
{
	const struct video_mode *mode = video_mode_find(bios_get8(b, BDA_VIDEO_MODE) & 0x7f);
	unsigned height = bios_get16(b, BDA_CHAR_HEIGHT);
	if (!height || height > VIDEO_HEIGHT_MAX)
		height = mode ? mode->char_height : 16;
	return (struct video_screen) {
		.b = b,
		.mode = mode,
		.columns = bios_get16(b, BDA_COLUMNS),
		.rows = bios_get8(b, BDA_ROWS) + 1u,
		.page_size = bios_get16(b, BDA_PAGE_SIZE),
		.char_height = height,
	};
}

static bool is_text(const struct video_screen *s)
{
	return s->mode && s->mode->layout == VIDEO_TEXT;
}

static bool has_pixels(const struct video_screen *s)
{
	return s->mode && (s->mode->layout == VIDEO_CGA || s->mode->layout == VIDEO_PACKED);
}

/* --- display memory --------------------------------------------------------------------------- */

/* How much of len bytes at offset lies in the display memory. */
static size_t reach(const struct video_screen *s, uint32_t offset, size_t len)
{
	if (!s->mode || offset >= s->mode->size)
		return 0;
	return len < s->mode->size - offset ? len : s->mode->size - offset;
}

void video_peek(const struct video_screen *s, uint32_t offset, void *to, size_t len)
{
	const struct bios_memory *memory = s->b->memory;
	size_t there = reach(s, offset, len);
	memset(to, 0, len);
	if (there)
		memory->read(memory->ctx, s->mode->gpa + offset, to, there);
}

void video_poke(const struct video_screen *s, uint32_t offset, const void *from, size_t len)
{
	const struct bios_memory *memory = s->b->memory;
	size_t there = reach(s, offset, len);
	if (there)
		memory->write(memory->ctx, s->mode->gpa + offset, from, there);
}

uint32_t video_offset(const struct video_screen *s, struct video_place at)
{
	return at.page * s->page_size + (at.row * s->columns + at.column) * CELL_SIZE;
}

/* --- the cursor ------------------------------------------------------------------------------- */

struct video_place video_cursor(const struct bios *b, uint8_t page)
{
	if (page >= PAGES)
		return (struct video_place) { 0 };
	uint16_t at = bios_get16(b, BDA_CURSORS + 2u * page);
	return (struct video_place) { page, (uint8_t)(at >> 8), (uint8_t)at };
}

void video_move_cursor(const struct bios *b, struct video_place at)
{
	if (at.page >= PAGES)
		return;
	if (at.page == bios_get8(b, BDA_PAGE)) {
		struct video_screen s = video_screen(b);
		unsigned cell = video_offset(&s, at) / CELL_SIZE;
		video_set_crtc(b, 0x0e, (uint8_t)(cell >> 8));
		video_set_crtc(b, 0x0f, (uint8_t)cell);
	}
	bios_put16(b, BDA_CURSORS + 2u * at.page, (uint16_t)(at.row << 8 | at.column));
}

/* --- characters ------------------------------------------------------------------------------- */

static void draw(const struct video_screen *s, struct video_place at, struct video_cell cell)
{
	uint8_t lines[VIDEO_HEIGHT_MAX];
	bool is_mixed = cell.attribute & 0x80 && s->mode->bits < 8;
	uint8_t color = is_mixed ? cell.attribute & 0x7f : cell.attribute;
	if (at.column >= s->columns)
		return;
	video_glyph(s, cell.character, lines);
	for (unsigned line = 0; line < s->char_height; line++) {
		unsigned y = at.row * s->char_height + line;
		uint8_t pixels[8] = { 0 };
		if (is_mixed)
			video_read_pixels(s, at.column * 8u, y, pixels);
		for (unsigned i = 0; i < 8; i++)
			pixels[i] ^= lines[line] & 0x80 >> i ? color : 0;
		video_write_pixels(s, at.column * 8u, y, pixels);
	}
}

static void poke_cells(
        const struct video_screen *s, uint32_t offset, struct video_cell cell, unsigned count)
{
	uint8_t cells[256 * CELL_SIZE];
	for (unsigned i = 0; i < count; i++)
		put16(cells + CELL_SIZE * i, (uint16_t)(cell.attribute << 8 | cell.character));
	video_poke(s, offset, cells, count * CELL_SIZE);
}

/* Cells of one row, or of what follows it in memory. */
static void write_run(
        const struct video_screen *s, struct video_place at, struct video_cell cell, unsigned count)
{
	if (is_text(s) && cell.has_attribute) {
		poke_cells(s, video_offset(s, at), cell, count);
	} else if (is_text(s)) {
		for (unsigned i = 0; i < count; i++)
			video_poke(s, video_offset(s, at) + CELL_SIZE * i, &cell.character, 1);
	} else if (has_pixels(s)) {
		for (unsigned i = 0; i < count; i++, at.column++)
			draw(s, at, cell);
	}
}

void video_write(const struct video_screen *s, struct video_place *at, struct video_cell cell,
        unsigned count)
{
	while (count) {
		/* A column past the row's end goes on to 255, as in a BIOS that compares for the end
		 * alone. */
		unsigned end = at->column < s->columns && s->columns < 256 ? s->columns : 256;
		unsigned run = count < end - at->column ? count : end - at->column;
		write_run(s, *at, cell, run);
		count -= run;
		if (at->column + run == s->columns) {
			at->column = 0;
			at->row++;
		} else {
			at->column = (uint8_t)(at->column + run);
		}
	}
}

void video_teletype(const struct video_screen *s, struct video_place *at, struct video_cell cell)
{
	switch (cell.character) {
	case BEL: break; /* there is no speaker */
	case BS: at->column -= at->column > 0; break;
	case CR: at->column = 0; break;
	case LF: at->row++; break;
	default: video_write(s, at, cell, 1); break;
	}
	if (at->row >= s->rows) {
		struct video_window all = { at->page, 0, 0, s->rows, s->columns };
		at->row--;
		video_scroll(s, all, 1, is_text(s) ? TEXT_ATTRIBUTE : 0);
	}
}

/* The character that has these lines. False: none has. */
static bool recognize(const struct video_screen *s, const uint8_t *lines, uint8_t *character)
{
	for (unsigned c = 0; c < 256; c++) {
		uint8_t glyph[VIDEO_HEIGHT_MAX];
		video_glyph(s, (uint8_t)c, glyph);
		if (!memcmp(glyph, lines, s->char_height)) {
			*character = (uint8_t)c;
			return true;
		}
	}
	return false;
}

struct video_cell video_read(const struct video_screen *s, struct video_place at)
{
	struct video_cell cell = { 0 };
	if (is_text(s)) {
		uint8_t bytes[CELL_SIZE];
		video_peek(s, video_offset(s, at), bytes, sizeof bytes);
		return (struct video_cell) { bytes[0], bytes[1], true };
	}
	if (!has_pixels(s) || at.column >= s->columns)
		return cell;
	uint8_t lines[VIDEO_HEIGHT_MAX] = { 0 };
	for (unsigned line = 0; line < s->char_height; line++) {
		uint8_t pixels[8];
		video_read_pixels(s, at.column * 8u, at.row * s->char_height + line, pixels);
		for (unsigned i = 0; i < 8; i++) {
			if (!pixels[i])
				continue;
			lines[line] |= (uint8_t)(0x80 >> i);
			cell.attribute = pixels[i];
		}
	}
	return recognize(s, lines, &cell.character) ? cell : (struct video_cell) { 0 };
}

/* --- scrolling -------------------------------------------------------------------------------- */

/* The offset wraps at 64 KiB, as string instructions have it: of a page past 15, page & 15 scrolls. */
static uint16_t row_offset(const struct video_screen *s, struct video_window w, unsigned row)
{
	return (uint16_t)video_offset(s, (struct video_place) { w.page, (uint8_t)row, w.left });
}

static void copy_row(
        const struct video_screen *s, struct video_window w, unsigned from, unsigned to)
{
	if (!is_text(s)) {
		for (unsigned i = 0; i < s->char_height; i++)
			video_copy_line(s, w.left * 8u, w.columns * 8, from * s->char_height + i,
			        to * s->char_height + i);
		return;
	}
	uint8_t cells[256 * CELL_SIZE];
	video_peek(s, row_offset(s, w, from), cells, w.columns * CELL_SIZE);
	video_poke(s, row_offset(s, w, to), cells, w.columns * CELL_SIZE);
}

static void fill_row(
        const struct video_screen *s, struct video_window w, unsigned row, uint8_t attribute)
{
	struct video_cell blank = { ' ', attribute, true };
	if (is_text(s))
		poke_cells(s, row_offset(s, w, row), blank, w.columns);
	else
		for (unsigned i = 0; i < s->char_height; i++)
			video_fill_line(
			        s, w.left * 8u, w.columns * 8, row * s->char_height + i, attribute);
}

void video_scroll(const struct video_screen *s, struct video_window w, int lines, uint8_t attribute)
{
	unsigned by = (unsigned)(lines < 0 ? -lines : lines);
	if (!is_text(s) && !has_pixels(s))
		return;
	if (!by || by > w.rows)
		by = w.rows;
	if (w.columns > 256)
		w.columns = 256;
	for (unsigned i = 0; i < w.rows; i++) {
		/* From the end that the rows move to. */
		unsigned row = w.top + (lines < 0 ? w.rows - 1 - i : i);
		if (i >= w.rows - by)
			fill_row(s, w, row, attribute);
		else
			copy_row(s, w, lines < 0 ? row - by : row + by, row);
	}
}

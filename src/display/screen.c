/* From registers and memory to cells or pixels. Every address wraps in the memory's window, so that
 * no value of a register leads out of it. */
#include "display/screen.h"

#include <string.h>

#define CLOCKING      1 /* sequencer */
#define CLOCKING_8    0x01
#define CLOCKING_HALF 0x08
#define ATTR_MODE     0x10 /* attribute controller */
#define ATTR_JOINS    0x04

static unsigned at_most(unsigned value, unsigned most)
{
	return value < most ? value : most;
}

static void set_color(struct screen *s, unsigned color, const uint8_t dac[3])
{
	for (unsigned i = 0; i < 3; i++) {
		unsigned low = dac[i] & 1u;
		s->palette[color][i] = (uint8_t)((dac[i] & 0x3f) << 2 | low << 1 | low);
	}
}

/* Colours 0 to 15 as attributes and the pixels of modes 4 to 6 have them. */
static void set_colors(struct screen *s, const struct vga *v)
{
	for (unsigned color = 0; color < 16; color++)
		set_color(s, color, v->dac[vga_color(v, (uint8_t)color)]);
}

/* Bytes of the window, a power of two: 128 KiB or 64 KiB at a0000, 32 KiB at b0000 and b8000. */
static unsigned window_size(const struct vga *v)
{
	return vga_window(v) ? 0x8000 : 0x10000;
}

static void read_cursor(struct screen *s, const struct vga *v)
{
	unsigned offset, pitch = vga_pitch(v), start = vga_start(v);
	struct screen_cursor *c = &s->cursor;
	*c = (struct screen_cursor) { .is_on = false };
	vga_cursor(v, &offset, &c->top, &c->bottom, &c->is_on);
	if (offset < start || !pitch) {
		c->is_on = false;
		return;
	}
	c->column = (offset - start) % pitch;
	c->row = (offset - start) / pitch;
	c->is_on =
	        c->is_on && c->column < s->columns && c->row < s->rows && c->top < s->char_height;
}

static void read_text(struct screen *s, const struct vga *v, const uint8_t *vram)
{
	unsigned mask = window_size(v) - 1, start = vga_start(v), pitch = vga_pitch(v);
	unsigned dots = v->seq[CLOCKING] & CLOCKING_8 ? 8 : 9;
	s->columns = at_most(vga_columns(v), SCREEN_COLUMNS_MAX);
	s->rows = at_most(vga_rows(v), SCREEN_ROWS_MAX);
	s->char_width = v->seq[CLOCKING] & CLOCKING_HALF ? 16 : dots; /* QEMU's, too */
	s->char_height = vga_char_height(v);
	s->blinks = vga_blinks(v);
	s->joins = v->attr[ATTR_MODE] & ATTR_JOINS;
	vram += vga_window(v);
	for (unsigned row = 0; row < s->rows; row++)
		for (unsigned column = 0; column < s->columns; column++) {
			unsigned at = 2 * (start + row * pitch + column) & mask;
			s->cells[row * s->columns + column] =
			        (struct screen_cell) { vram[at], vram[at + 1] };
		}
	read_cursor(s, v);
	set_colors(s, v);
}

/* So many bits a pixel, the leftmost in the highest; odd lines are 0x2000 bytes further. */
static void read_cga(struct screen *s, const struct vga *v, const uint8_t *vram, unsigned bits)
{
	unsigned per_byte = 8 / bits, start = vga_start(v), pitch = vga_pitch(v);
	s->width = at_most(vga_columns(v) * 8, SCREEN_WIDTH_MAX);
	vram += vga_window(v);
	for (unsigned y = 0; y < s->height; y++)
		for (unsigned x = 0; x < s->width; x++) {
			unsigned at = (start + (y >> 1) * pitch + x / per_byte) & 0x1fff;
			unsigned shift = 8 - bits - x % per_byte * bits;
			s->pixels[y * s->width + x] =
			        vram[at | (y & 1) << 13] >> shift & ((1u << bits) - 1);
		}
	set_colors(s, v);
}

/* A byte a pixel. A cell of the CRT controller's is eight dots, two for each pixel. */
static void read_256(struct screen *s, const struct vga *v, const uint8_t *vram)
{
	unsigned mask = window_size(v) - 1, start = vga_start(v), pitch = vga_pitch(v);
	s->width = at_most(vga_columns(v) * 4, SCREEN_WIDTH_MAX);
	vram += vga_window(v);
	for (unsigned y = 0; y < s->height; y++)
		for (unsigned x = 0; x < s->width; x++)
			s->pixels[y * s->width + x] = vram[(start + y * pitch + x) & mask];
	for (unsigned color = 0; color < 256; color++)
		set_color(s, color, v->dac[color & v->dac_mask]);
}

void screen_read(struct screen *s, const struct vga *v, const uint8_t *vram)
{
	s->height = at_most(vga_lines(v), SCREEN_HEIGHT_MAX);
	s->kind = SCREEN_GRAPHICS;
	if (vga_is_blank(v)) {
		s->kind = SCREEN_BLANK;
		return;
	}
	switch (vga_kind(v)) {
	case VGA_TEXT:
		s->kind = SCREEN_TEXT;
		read_text(s, v, vram);
		break;
	case VGA_CGA4: read_cga(s, v, vram, 2); break;
	case VGA_CGA2: read_cga(s, v, vram, 1); break;
	case VGA_256: read_256(s, v, vram); break;
	case VGA_PLANAR:
		s->kind = SCREEN_NOT_SHOWN;
		s->width = at_most(vga_columns(v) * 8, SCREEN_WIDTH_MAX);
	}
}

unsigned screen_foreground(struct screen_cell cell)
{
	return cell.attribute & 0x0f;
}

unsigned screen_background(const struct screen *s, struct screen_cell cell)
{
	return cell.attribute >> 4 & (s->blinks ? 7 : 15);
}

bool screen_blinks(const struct screen *s, struct screen_cell cell)
{
	return s->blinks && cell.attribute & 0x80;
}

bool screen_is_empty(struct screen_cell cell)
{
	return cell.character == 0 || cell.character == ' ' || cell.character == 0xff;
}

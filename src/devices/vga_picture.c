/* What a VGA's registers say of the picture, for who draws it. */
#include "devices/vga.h"

/* Sequencer */
#define SEQ_CLOCKING 1
#define CLOCKING_OFF 0x20
#define SEQ_MEMORY   4
#define MEMORY_CHAIN 0x08
/* Graphics controller */
#define GC_MODE          5
#define MODE_256         0x40
#define MODE_INTERLEAVED 0x20
#define GC_MISC          6
#define MISC_GRAPHICS    0x01
/* CRT controller */
#define CRTC_END           0x01
#define CRTC_OVERFLOW      0x07
#define CRTC_SCAN          0x09
#define SCAN_LINES         0x1f
#define SCAN_DOUBLE        0x80
#define CRTC_CURSOR_TOP    0x0a
#define CURSOR_OFF         0x20
#define CRTC_CURSOR_BOTTOM 0x0b
#define CRTC_START         0x0c
#define CRTC_CURSOR        0x0e
#define CRTC_END_LINE      0x12
#define CRTC_OFFSET        0x13
#define CRTC_UNDERLINE     0x14
#define UNDERLINE_DWORD    0x40
#define CRTC_MODE          0x17
#define CRTC_MODE_ROW_0    0x01 /* 0: bit 13 of the address is bit 0 of the line, as a CGA has it */
#define CRTC_MODE_BYTE     0x40
/* Attribute controller */
#define ATTR_MODE   0x10
#define ATTR_BLINK  0x08
#define ATTR_SELECT 0x80 /* bits 4 and 5 of a colour come from colour select, too */
#define ATTR_COLORS 0x14 /* "Color Select" */
#define ATTR_SHOWS  0x20

enum vga_kind vga_kind(const struct vga *v)
{
	if (!(v->gc[GC_MISC] & MISC_GRAPHICS))
		return VGA_TEXT;
	if (v->gc[GC_MODE] & MODE_256)
		return v->seq[SEQ_MEMORY] & MEMORY_CHAIN ? VGA_256 : VGA_PLANAR;
	if (v->gc[GC_MODE] & MODE_INTERLEAVED)
		return VGA_CGA4;
	return v->crtc[CRTC_MODE] & CRTC_MODE_ROW_0 ? VGA_PLANAR : VGA_CGA2;
}

bool vga_is_blank(const struct vga *v)
{
	return !(v->attr_index & ATTR_SHOWS) || v->seq[SEQ_CLOCKING] & CLOCKING_OFF;
}

unsigned vga_window(const struct vga *v)
{
	static const unsigned windows[] = { 0, 0, 0x10000, 0x18000 };

	return windows[v->gc[GC_MISC] >> 2 & 3];
}

unsigned vga_columns(const struct vga *v)
{
	return v->crtc[CRTC_END] + 1u;
}

unsigned vga_char_height(const struct vga *v)
{
	return (v->crtc[CRTC_SCAN] & SCAN_LINES) + 1u;
}

/* As the monitor has them. */
static unsigned scan_lines(const struct vga *v)
{
	unsigned over = v->crtc[CRTC_OVERFLOW];

	return (v->crtc[CRTC_END_LINE] | (over >> 1 & 1) << 8 | (over >> 6 & 1) << 9) + 1;
}

/* How often each of them is shown. */
static unsigned repeats(const struct vga *v)
{
	return v->crtc[CRTC_SCAN] & SCAN_DOUBLE ? 2 : 1;
}

unsigned vga_rows(const struct vga *v)
{
	unsigned rows = scan_lines(v) / (vga_char_height(v) * repeats(v));

	return rows == 0 ? 1 : rows > VGA_ROWS_MAX ? VGA_ROWS_MAX : rows;
}

/* In modes 4 to 6 the two lines of a "character" are two lines of memory, doubled. */
unsigned vga_lines(const struct vga *v)
{
	unsigned lines = scan_lines(v) / repeats(v);

	if (vga_kind(v) == VGA_256)
		lines /= vga_char_height(v);
	return lines ? lines : 1;
}

static unsigned word_at(const struct vga *v, unsigned index)
{
	return (unsigned)v->crtc[index] << 8 | v->crtc[index + 1];
}

/* The CRT controller counts cells; how many bytes of the window one of a graphics mode is. */
static unsigned unit(const struct vga *v)
{
	if (vga_kind(v) == VGA_TEXT)
		return 1;
	if (v->crtc[CRTC_UNDERLINE] & UNDERLINE_DWORD)
		return 4;
	return v->crtc[CRTC_MODE] & CRTC_MODE_BYTE ? 1 : 2;
}

unsigned vga_start(const struct vga *v)
{
	return word_at(v, CRTC_START) * unit(v);
}

unsigned vga_pitch(const struct vga *v)
{
	return v->crtc[CRTC_OFFSET] * 2u * unit(v);
}

void vga_cursor(const struct vga *v, unsigned *offset, unsigned *top, unsigned *bottom, bool *is_on)
{
	*offset = word_at(v, CRTC_CURSOR);
	*top = v->crtc[CRTC_CURSOR_TOP] & SCAN_LINES;
	*bottom = v->crtc[CRTC_CURSOR_BOTTOM] & SCAN_LINES;
	*is_on = !(v->crtc[CRTC_CURSOR_TOP] & CURSOR_OFF) && *top <= *bottom;
}

bool vga_blinks(const struct vga *v)
{
	return v->attr[ATTR_MODE] & ATTR_BLINK;
}

uint8_t vga_color(const struct vga *v, uint8_t color)
{
	unsigned index = v->attr[color & 15], select = v->attr[ATTR_COLORS];

	if (v->attr[ATTR_MODE] & ATTR_SELECT)
		index = (index & 0x0f) | (select & 0x03) << 4;
	return (uint8_t)((index & 0x3f) | (select >> 2 & 3) << 6) & v->dac_mask;
}

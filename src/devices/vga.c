/* A VGA's ports. Names in quotes are registers of the IBM PS/2 Hardware Interface Technical
 * Reference. */
#include "devices/vga.h"

#include <inttypes.h>

#include "devices/board.h"

/* "Miscellaneous Output Register" */
#define MISC_COLOR       0x01 /* CRT controller and status at 0x3d_ */
#define MISC_CLOCK_SHIFT 2
/* "Input Status Register 0": a monitor is there; 1 */
#define STATUS_0         0x10
#define STATUS_NO_PIXELS 0x01
#define STATUS_RETRACE   0x08
/* "Clocking Mode" */
#define SEQ_CLOCKING  1
#define CLOCKING_8    0x01 /* dots a character, and not 9 */
#define CLOCKING_HALF 0x08
/* CRT controller */
#define CRTC_OVERFLOW    0x07
#define CRTC_RETRACE     0x10
#define CRTC_RETRACE_END 0x11
#define CRTC_LOCKED      7 /* 0 to 7 can't be written while this bit of 0x11 is set, */
#define CRTC_LOCK        0x80
#define CRTC_COMPARE     0x10 /* but for this one of 7 */
/* Attribute controller */
#define ATTR_PALETTE 16
#define ATTR_INDEX   0x1f
#define ATTR_SHOWS   0x20
#define DAC_MASK     0x3f
#define DAC_READS    0x03 /* "DAC State Register" */

/* Bits that exist. */
static const uint8_t seq_masks[VGA_SEQ] = { 0x03, 0x3d, 0x0f, 0x3f, 0x0e };
static const uint8_t gc_masks[VGA_GC] = { 0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff };
static const uint8_t attr_masks[VGA_ATTR - ATTR_PALETTE] = { 0xef, 0xff, 0x3f, 0x0f, 0x0f };

/* --- status ----------------------------------------------------------------------------------- */

#define NS_PER_S 1000000000u

/* Lines of a frame, bits of which are in "Overflow"; each number has its bits 8 and 9 there. */
static unsigned lines_of(const struct vga *v, unsigned low, unsigned bit_8, unsigned bit_9)
{
	unsigned over = v->crtc[CRTC_OVERFLOW];

	return v->crtc[low] | (over >> bit_8 & 1) << 8 | (over >> bit_9 & 1) << 9;
}

/* In dots of the clock that misc selects, characters' widths and lines. */
struct timing {
	uint32_t hz;
	unsigned dots, line, lines; /* of a character, of a line, of a frame */
	unsigned retrace,
	        height; /* the line where the vertical retrace begins, and how many it is */
};

static struct timing timing_of(const struct vga *v)
{
	static const uint32_t clocks_hz[] = { 25175000, 28322000, 25175000, 25175000 };
	struct timing t = { .hz = clocks_hz[v->misc >> MISC_CLOCK_SHIFT & 3] };

	t.dots = v->seq[SEQ_CLOCKING] & CLOCKING_8 ? 8 : 9;
	if (v->seq[SEQ_CLOCKING] & CLOCKING_HALF)
		t.dots *= 2;
	/* "Horizontal Total" is five less, "Vertical Total" two. */
	t.line = (v->crtc[0] + 5u) * t.dots;
	t.lines = lines_of(v, 6, 0, 5) + 2;
	t.retrace = lines_of(v, CRTC_RETRACE, 2, 7);
	/* It ends at the first line whose low bits are these. */
	t.height = ((v->crtc[CRTC_RETRACE_END] - t.retrace - 1) & 15) + 1;
	return t;
}

static uint64_t dot_at(const struct timing *t, uint64_t ns)
{
	return ns / NS_PER_S * t->hz + ns % NS_PER_S * t->hz / NS_PER_S;
}

/* Vertical retraces that have begun by then. */
static uint64_t retraces_at(const struct timing *t, uint64_t ns)
{
	uint64_t line = dot_at(t, ns) / t->line;

	return t->retrace < t->lines ? (line + t->lines - t->retrace) / t->lines : 0;
}

/* A retrace that began and ended since the last look is shown to this one: it may be no longer than
 * 64 us, and a look takes as long here, while on a PC no program that waits for it misses it. */
static uint8_t status_1(struct vga *v, uint64_t now_ns)
{
	const struct timing t = timing_of(v);
	uint64_t dot = dot_at(&t, now_ns);
	unsigned y = (unsigned)(dot / t.line % t.lines), x = (unsigned)(dot % t.line / t.dots);
	bool is_pixel = x <= v->crtc[1] && y <= lines_of(v, 0x12, 1, 6);
	bool is_retrace = (y >= t.retrace && y - t.retrace < t.height) ||
	                  retraces_at(&t, now_ns) != retraces_at(&t, v->looked_ns);

	v->looked_ns = now_ns;
	return (is_pixel ? 0 : STATUS_NO_PIXELS) | (is_retrace ? STATUS_RETRACE : 0);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* of is the register file, of which no index past its end can be read. */
static uint8_t read_indexed(const uint8_t *of, unsigned count, uint8_t index)
{
	return index < count ? of[index] : 0;
}

static uint8_t read_dac(struct vga *v)
{
	uint8_t value = v->dac[v->dac_read][v->dac_part];

	v->dac_part = (uint8_t)((v->dac_part + 1) % 3);
	if (!v->dac_part)
		v->dac_read++;
	return value;
}

/* "Input Status Register 1" makes the next write to 0x3c0 an index. */
static uint8_t read_status_1(struct vga *v, uint64_t now_ns)
{
	v->attr_flip = false;
	return status_1(v, now_ns);
}

/* The ports that misc moves, by their last digit. */
static uint8_t read_moved(struct vga *v, unsigned digit, uint64_t now_ns)
{
	switch (digit) {
	case 0x4: return v->crtc_index;
	case 0x5: return read_indexed(v->crtc, VGA_CRTC, v->crtc_index);
	case 0xa: return read_status_1(v, now_ns);
	default: return 0xff;
	}
}

static bool is_here(const struct vga *v, uint16_t port)
{
	return (port & 0xff0) == (v->misc & MISC_COLOR ? VGA_COLOR_PORT : VGA_MONO_PORT);
}

uint8_t vga_read(struct vga *v, uint16_t port, uint64_t now_ns)
{
	if ((port & 0xff0) != VGA_PORT)
		return is_here(v, port) ? read_moved(v, port & 15, now_ns) : 0xff;
	switch (port & 15) {
	case 0x0: return v->attr_index;
	case 0x1: return read_indexed(v->attr, VGA_ATTR, v->attr_index & ATTR_INDEX);
	case 0x2: return STATUS_0;
	case 0x3: return 1; /* "Video Subsystem Enable" */
	case 0x4: return v->seq_index;
	case 0x5: return read_indexed(v->seq, VGA_SEQ, v->seq_index);
	case 0x6: return v->dac_mask;
	case 0x7: return v->dac_reads ? DAC_READS : 0;
	case 0x8: return v->dac_write;
	case 0x9: return read_dac(v);
	case 0xa: return v->feature;
	case 0xc: return v->misc;
	case 0xe: return v->gc_index;
	case 0xf: return read_indexed(v->gc, VGA_GC, v->gc_index);
	default: return 0xff;
	}
}

/* --- writing ---------------------------------------------------------------------------------- */

static void write_crtc(struct vga *v, uint8_t value)
{
	uint8_t index = v->crtc_index;

	if (index >= VGA_CRTC)
		return;
	if (index > CRTC_LOCKED || !(v->crtc[CRTC_RETRACE_END] & CRTC_LOCK))
		v->crtc[index] = value;
	else if (index == CRTC_OVERFLOW)
		v->crtc[index] = (v->crtc[index] & (uint8_t)~CRTC_COMPARE) | (value & CRTC_COMPARE);
}

/* "Attribute Controller": one port, index and data by turns. */
static void write_attr(struct vga *v, uint8_t value)
{
	uint8_t index = v->attr_index & ATTR_INDEX;

	if (!v->attr_flip)
		v->attr_index = value & (ATTR_INDEX | ATTR_SHOWS);
	else if (index < ATTR_PALETTE)
		v->attr[index] = value & DAC_MASK;
	else if (index < VGA_ATTR)
		v->attr[index] = value & attr_masks[index - ATTR_PALETTE];
	v->attr_flip = !v->attr_flip;
}

/* A colour is there when its third part is. */
static void write_dac(struct vga *v, uint8_t value)
{
	v->dac_latch[v->dac_part] = value & DAC_MASK;
	v->dac_part = (uint8_t)((v->dac_part + 1) % 3);
	if (v->dac_part)
		return;
	for (unsigned i = 0; i < 3; i++)
		v->dac[v->dac_write][i] = v->dac_latch[i];
	v->dac_write++;
}

static void start_dac(struct vga *v, uint8_t color, bool reads)
{
	*(reads ? &v->dac_read : &v->dac_write) = color;
	v->dac_part = 0;
	v->dac_reads = reads;
}

static void write_moved(struct vga *v, unsigned digit, uint8_t value)
{
	switch (digit) {
	case 0x4: v->crtc_index = value; break;
	case 0x5: write_crtc(v, value); break;
	case 0xa: v->feature = value & 0x03; break;
	default: break;
	}
}

void vga_write(struct vga *v, uint16_t port, uint8_t value)
{
	if ((port & 0xff0) != VGA_PORT) {
		if (is_here(v, port))
			write_moved(v, port & 15, value);
		return;
	}
	switch (port & 15) {
	case 0x0: write_attr(v, value); break;
	case 0x2: v->misc = value; break;
	case 0x4: v->seq_index = value & 7; break;
	case 0x5:
		if (v->seq_index < VGA_SEQ)
			v->seq[v->seq_index] = value & seq_masks[v->seq_index];
		break;
	case 0x6: v->dac_mask = value; break;
	case 0x7: start_dac(v, value, true); break;
	case 0x8: start_dac(v, value, false); break;
	case 0x9: write_dac(v, value); break;
	case 0xe: v->gc_index = value & 15; break;
	case 0xf:
		if (v->gc_index < VGA_GC)
			v->gc[v->gc_index] = value & gc_masks[v->gc_index];
		break;
	default: break;
	}
}

/* --- on the board ----------------------------------------------------------------------------- */

static void reset(struct board *b)
{
	vga_set_mode(&b->state.vga, 3);
}

static uint8_t read(struct board *b, uint16_t port)
{
	return vga_read(&b->state.vga, port, b->state.now_ns);
}

static void write(struct board *b, uint16_t port, uint8_t value)
{
	vga_write(&b->state.vga, port, value);
}

static void show_registers(struct device_text *t, const char *name, const uint8_t *at, unsigned n)
{
	device_say(t, "%-12s", name);
	for (unsigned i = 0; i < n; i++)
		device_say(t, " %02x", at[i]);
	device_say(t, "\n");
}

static void show_text(const struct vga *v, struct device_text *t)
{
	unsigned offset, top, bottom;
	bool is_on;

	vga_cursor(v, &offset, &top, &bottom, &is_on);
	device_say(t, "text         %u columns, %u rows, characters of %u lines, bit 7 %s\n",
	        vga_columns(v), vga_rows(v), vga_char_height(v),
	        vga_blinks(v) ? "blinks" : "is a bright background");
	device_say(t, "cursor       cell %u, lines %u to %u, %s; the screen begins at cell %u\n",
	        offset, top, bottom, is_on ? "on" : "off", vga_start(v));
}

static void show(const struct board *b, struct device_text *t)
{
	static const char *const kinds[] = {
		[VGA_CGA4] = "graphics     320x200, four colours",
		[VGA_CGA2] = "graphics     640x200, two colours",
		[VGA_256] = "graphics     a byte a pixel",
		[VGA_PLANAR] = "graphics     in planes, which are not shown",
	};
	const struct vga *v = &b->state.vga;

	if (vga_kind(v) == VGA_TEXT)
		show_text(v, t);
	else
		device_say(t, "%s\n", kinds[vga_kind(v)]);
	device_say(t, "memory       at 0x%x%s\n", 0xa0000 + vga_window(v),
	        vga_is_blank(v) ? "; the picture is off" : "");
	device_say(t, "misc         %02x\n", v->misc);
	show_registers(t, "crtc", v->crtc, VGA_CRTC);
	show_registers(t, "sequencer", v->seq, VGA_SEQ);
	show_registers(t, "graphics", v->gc, VGA_GC);
	show_registers(t, "attribute", v->attr, VGA_ATTR);
}

/* The status goes with time; nothing else does. */
const struct device vga_device = {
	.name = "vga",
	.about = "the display's mode, cursor and registers",
	.is_pc_only = true,
	.ports = { { VGA_MONO_PORT, 12, true }, { VGA_PORT, 16 }, { VGA_COLOR_PORT, 12, true } },
	.reset = reset,
	.read = read,
	.write = write,
	.show = show,
};

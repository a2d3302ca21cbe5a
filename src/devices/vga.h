/* A VGA's registers (IBM Personal System/2 Hardware Interface Technical Reference, "Video
 * Subsystem"; the FreeVGA project's pages have the same by register).
 *
 *	0x3c2 misc      0x3c4 sequencer   0x3ce graphics controller   0x3c0 attribute controller
 *	0x3b4 or 0x3d4 CRT controller     0x3ba or 0x3da status       0x3c6 to 0x3c9 DAC
 *
 * Registers alone: its memory is the guest's RAM at 0xa0000, written without latches or planes. So
 * text modes, 4, 5, 6 and 13h look as on a VGA, and 16-colour modes have registers and no picture
 * (VGA_PLANAR). What a screen is, display/ makes of both.
 *
 * The retrace bits of the status go with the guest's time, by the CRT controller's own numbers: 70
 * frames a second of 449 lines in most modes. A vertical retrace that no read of the status fell into is
 * shown to the next one.
 *
 * All state is in the struct and can be copied. */
#ifndef STEPVM_DEVICES_VGA_H
#define STEPVM_DEVICES_VGA_H

#include <stdbool.h>
#include <stdint.h>

#define VGA_MONO_PORT  0x3b0 /* twelve each: the CRT controller's and the status, by bit 0 of misc */
#define VGA_COLOR_PORT 0x3d0
#define VGA_PORT       0x3c0
#define VGA_CRTC       25
#define VGA_SEQ        5
#define VGA_GC         9
#define VGA_ATTR       21
#define VGA_MEMORY     0x20000 /* bytes at 0xa0000 */
#define VGA_ROWS_MAX   128

struct vga {
	uint8_t misc, feature;
	uint8_t crtc_index, crtc[VGA_CRTC];
	uint8_t seq_index, seq[VGA_SEQ];
	uint8_t gc_index, gc[VGA_GC];
	uint8_t attr_index, attr[VGA_ATTR]; /* attr_index: bit 5 shows the picture */
	bool attr_flip;                     /* the next write to 0x3c0 is data */
	uint8_t dac[256][3];                /* red, green, blue: 0 to 63 */
	uint8_t dac_mask;
	uint8_t dac_write, dac_read; /* the colours that come next at 0x3c9 */
	uint8_t dac_part;            /* 0 red, 1 green, 2 blue */
	uint8_t dac_latch[3];        /* what was written of the colour that is written now */
	bool dac_reads;              /* 0x3c7 was written after 0x3c8 */
	uint64_t looked_ns;          /* the guest's time at which the status was read last */
};

/* What the registers make of the memory. */
enum vga_kind {
	VGA_TEXT, /* a character and its attribute, two bytes a cell */
	VGA_CGA4, /* modes 4, 5: 320x200, two bits a pixel, even lines first, odd ones 0x2000 on */
	VGA_CGA2, /* mode 6: 640x200, one bit a pixel, lines as there */
	VGA_256,  /* mode 13h: a byte a pixel, an index into the DAC */
	VGA_PLANAR, /* the others: not shown */
};

struct device;

/* After reset it is in mode 3. */
extern const struct device vga_device;

/* port: one of the rows'. A port that misc has at the other address reads as all ones. */
uint8_t vga_read(struct vga *v, uint16_t port, uint64_t now_ns);
void vga_write(struct vga *v, uint16_t port, uint8_t value);

/* The registers as a VGA BIOS programs them for modes 0 to 7, 0dh to 13h, the DAC's default colours
 * among them. False for another mode: nothing has changed. (vga_modes.c) */
bool vga_set_mode(struct vga *v, uint8_t mode);
/* The DAC's default colours of such a mode alone. */
bool vga_set_colors(struct vga *v, uint8_t mode);

/* --- what is seen (vga_picture.c) --- */

enum vga_kind vga_kind(const struct vga *v);
/* The picture is off: the screen has the border's colour. */
bool vga_is_blank(const struct vga *v);
/* Where the window of its memory begins, from 0xa0000: 0, 0x10000 (mode 7) or 0x18000. */
unsigned vga_window(const struct vga *v);
/* Cells of text modes, and the lines of a character: 1 to 256, 1 to 128, 1 to 32. */
unsigned vga_columns(const struct vga *v);
unsigned vga_rows(const struct vga *v);
unsigned vga_char_height(const struct vga *v);
/* Lines of the picture, each line of memory once: 200 in modes 4 to 6 and 13h. */
unsigned vga_lines(const struct vga *v);
/* The first cell (text), or byte, of the window that is shown; and how many further the next row of
 * cells, or line, begins. Both may point past the window, where the picture goes on at its start. */
unsigned vga_start(const struct vga *v);
unsigned vga_pitch(const struct vga *v);
/* Text: the cursor's cell, counted as vga_start's, and its lines in the character's box. */
void vga_cursor(
        const struct vga *v, unsigned *offset, unsigned *top, unsigned *bottom, bool *is_on);
/* Text: bit 7 of an attribute blinks, and is not a bright background. */
bool vga_blinks(const struct vga *v);
/* The DAC's entry that colour 0 to 15 of an attribute, or of a pixel of modes 4 to 6, is shown as:
 * through the palette, colour select and pixel mask. A pixel of VGA_256 is masked only. */
uint8_t vga_color(const struct vga *v, uint8_t color);

#endif

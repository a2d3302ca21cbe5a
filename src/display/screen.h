/* What is on the screen now: the VGA's registers and its memory, taken together once. Pure.
 *
 * Text modes are cells, CGA's graphics modes and mode 13h are pixels with a palette. 16-colour
 * graphics (planes) are not shown: the memory is plain RAM, without latches. Left out: fonts that
 * the guest loads (they would lie in a plane), split screens (line compare) and panning by dots.
 * Source: IBM Personal System/2 Hardware Interface Technical Reference, "Video Subsystem". */
#ifndef STEPVM_DISPLAY_SCREEN_H
#define STEPVM_DISPLAY_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "devices/vga.h"

/* Registers may ask for more; the rest is not shown. 160 cells are what QEMU shows at most, too. */
#define SCREEN_COLUMNS_MAX 160
#define SCREEN_ROWS_MAX    100
#define SCREEN_WIDTH_MAX   720
#define SCREEN_HEIGHT_MAX  480

enum screen_kind {
	SCREEN_BLANK, /* the guest has turned the picture off */
	SCREEN_TEXT,
	SCREEN_GRAPHICS,
	SCREEN_NOT_SHOWN, /* 16 colours in planes */
};

struct screen_cell {
	uint8_t character; /* of code page 437 */
	uint8_t attribute;
};

struct screen {
	enum screen_kind kind;
	uint8_t palette[256][3]; /* red, green, blue, 0 to 255; text has 16 */

	/* SCREEN_TEXT; row r is at cells + r * columns */
	unsigned columns, rows;
	unsigned char_width;  /* dots of a cell: 8, 9, or 16, which are 8 twice */
	unsigned char_height; /* lines of a cell, 1 to 32 */
	bool blinks;          /* bit 7 of an attribute is blinking, not a bright background */
	bool joins;           /* c0h to dfh go on in a ninth dot */
	struct screen_cursor {
		bool is_on; /* it is on the screen, and not turned off */
		unsigned column, row;
		unsigned top, bottom; /* its lines in the cell; bottom may be past it */
	} cursor;

	/* SCREEN_GRAPHICS, SCREEN_NOT_SHOWN; line y is at pixels + y * width */
	unsigned width, height;

	union {
		struct screen_cell cells[SCREEN_COLUMNS_MAX * SCREEN_ROWS_MAX];
		uint8_t pixels[SCREEN_WIDTH_MAX * SCREEN_HEIGHT_MAX]; /* of the palette */
	};
};

/* vram: VGA_MEMORY bytes, what the guest has at a0000. All of *s that its kind has is set. The
 * DAC's 6 bits of a colour become 8 as in QEMU's screendump: the lowest bit fills the new ones. */
void screen_read(struct screen *s, const struct vga *v, const uint8_t *vram);
/* The colours 0 to 15 of a cell, and whether its character blinks. */
unsigned screen_foreground(struct screen_cell cell);
unsigned screen_background(const struct screen *s, struct screen_cell cell);
bool screen_blinks(const struct screen *s, struct screen_cell cell);
/* Whether a character shows nothing but its background. */
bool screen_is_empty(struct screen_cell cell);

#endif

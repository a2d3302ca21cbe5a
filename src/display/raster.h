/* A screen as dots: pixels as they are, text with the PC's font. Pure.
 *
 * A text screen has 9 dots a cell in 80 columns (720x400) and 16 in 40 columns (640x400), as in
 * QEMU's screendump. What blinks is drawn as it is while it shows: cursor and characters.
 * The font is our own (devices/font.h): a cell of 8, 14 or 16 lines has its drawing, one between
 * them the next lower one with empty lines below it. */
#ifndef STEPVM_DISPLAY_RASTER_H
#define STEPVM_DISPLAY_RASTER_H

#include "display/screen.h"

#define RASTER_WIDTH_MAX (SCREEN_COLUMNS_MAX * 16)

/* At most RASTER_WIDTH_MAX wide. A blank screen has 720x400, one that is not shown its own size. */
void raster_size(const struct screen *s, unsigned *width, unsigned *height);
/* Line y of the picture, below its height: so many indices into s->palette as it is wide. What is
 * not shown is 0, and so is a blank screen; their colour 0 is black (raster_color). */
void raster_line(const struct screen *s, unsigned y, uint8_t *to);
void raster_color(const struct screen *s, unsigned color, uint8_t rgb[3]);

#endif

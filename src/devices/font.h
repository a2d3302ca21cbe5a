/* The characters of code page 437 as dots, for the cells of a PC's text modes: rows from the top,
 * the leftmost dot in bit 7. They are drawn for this project, in a plain style without serifs; a
 * PC's ROM has other shapes.
 *
 * The drawings are text, font.txt; font.py makes the tables of font.c from them: 8x14 from the
 * 8x16 ones by rule, and 8x8 as well where it has no drawing of its own. A text screen of 400
 * lines has 8x16, one of 350 lines 8x14, and 8x8 is for graphics and for 43 and 50 rows. Lines and
 * blocks (b0h to dfh) fill their cells to the edges, so that they join. */
#ifndef STEPVM_DEVICES_FONT_H
#define STEPVM_DEVICES_FONT_H

#include <stdint.h>

extern const uint8_t font_8x16[256][16];
extern const uint8_t font_8x14[256][14];
extern const uint8_t font_8x8[256][8];

#endif

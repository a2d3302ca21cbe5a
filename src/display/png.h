/* A screen as a PNG file: palette, eight bits a pixel. Pure.
 *
 * The compression is real and small: fixed Huffman codes, and matches with the byte before and with
 * the line above, which is what a screen has most of. A text screen is some 4 KiB, a picture of
 * mode 13h 30 to 70 KiB.
 * Sources: RFC 2083 (PNG), RFC 1950 (zlib), RFC 1951 (deflate). */
#ifndef STEPVM_DISPLAY_PNG_H
#define STEPVM_DISPLAY_PNG_H

#include <stddef.h>

#include "display/screen.h"

/* Bytes that the file of this screen has at most. */
size_t png_room(const struct screen *s);
/* Writes the file; to has png_room bytes. Returns its size. */
size_t png_make(const struct screen *s, uint8_t *to);

#endif

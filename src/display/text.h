/* The characters of a text screen as UTF-8, for a person or a test to read. Pure. */
#ifndef STEPVM_DISPLAY_TEXT_H
#define STEPVM_DISPLAY_TEXT_H

#include "display/screen.h"

#define SCREEN_TEXT_ROW_MAX (SCREEN_COLUMNS_MAX * 3 + 1) /* no character of a PC is longer */

/* Up to the last row that has something in it; 0 when there is none, or the screen has no text. */
unsigned screen_text_rows(const struct screen *s);
/* One row, blanks at its end cut, NUL-terminated, no newline; empty past the last row. Returns its
 * length in bytes. */
unsigned screen_text_row(const struct screen *s, unsigned row, char to[SCREEN_TEXT_ROW_MAX]);
/* ... with all its blanks. */
unsigned screen_text_whole_row(const struct screen *s, unsigned row, char to[SCREEN_TEXT_ROW_MAX]);
/* What to say of a screen without text: "graphics, 320x200", "blank", ...; NULL for text. */
const char *screen_text_kind(const struct screen *s, char to[64]);

#endif

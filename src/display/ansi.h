/* A screen in a terminal: the bytes that make what the terminal shows into what the screen shows
 * now. Pure.
 *
 * Text keeps its cells, its colours, its cursor. Graphics are scaled into the terminal, to 4:3, two
 * pixels a cell as an upper half block in two colours. What has no room is left out: of text the
 * part with the cursor is shown. The terminal is one that knows ECMA-48 and xterm's colours.
 * Sources: ECMA-48 (CUP, ED, SGR); XTerm Control Sequences (DECTCEM, DECSCUSR, 1049, SGR 38;2). */
#ifndef STEPVM_DISPLAY_ANSI_H
#define STEPVM_DISPLAY_ANSI_H

#include <stddef.h>

#include "display/screen.h"

/* A larger terminal is drawn to in its upper left part. */
#define ANSI_COLUMNS_MAX 400
#define ANSI_ROWS_MAX    200
/* What a step of drawing needs at most: less room is never used, and leads nowhere. */
#define ANSI_STEP_MAX 128

struct ansi_terminal {
	unsigned columns, rows; /* of cells, as the terminal says; 0 is taken as 80 and 24 */
	bool is_utf8;           /* otherwise ASCII stands for what it is most like */
	bool has_rgb;           /* 24-bit colours; otherwise the nearest of 16 */
};

struct ansi_cell {
	uint32_t foreground, background; /* ANSI_DEFAULT, 0xrrggbb, or 0 to 15 of SGR's */
	uint16_t code_point;
	bool blinks;
};

#define ANSI_DEFAULT UINT32_MAX /* the terminal's own colour */

/* What the terminal shows, as far as it is known here. */
struct ansi {
	struct ansi_terminal terminal;
	bool is_cleared;         /* shown is true */
	bool has_pen, has_place; /* pen, and column and row, are true */
	struct ansi_cell pen;    /* the colours that the next character gets */
	unsigned column, row;    /* where it goes */
	bool has_cursor;         /* the cursor is visible, at column and row, */
	unsigned shape;          /* in this shape, DECSCUSR's number; 0: not known */
	unsigned next;           /* the cell to begin with: where the room was out before */
	const char *note;        /* of ansi_note, borrowed; NULL: none */
	struct ansi_cell shown[ANSI_COLUMNS_MAX * ANSI_ROWS_MAX];
};

/* Nothing is known of what a terminal shows: the next ansi_draw clears it. For a terminal that was
 * resized or written to by others, too. */
void ansi_init(struct ansi *a, const struct ansi_terminal *terminal);
/* Writes bytes that bring the terminal nearer to the screen, never part of a sequence: at most
 * room, which is ANSI_STEP_MAX or more. Returns how many; 0: it shows the screen. Where there was
 * not enough room for all, the next call goes on, with this screen or with a later one. All of the
 * bytes have to reach the terminal. */
size_t ansi_draw(struct ansi *a, const struct screen *s, char *to, size_t room);
/* From the next ansi_draw on the terminal's last row shows this line, of ASCII, in place of what is there; NULL: no
 * more. Borrowed until then; ansi_init forgets it. */
void ansi_note(struct ansi *a, const char *text);
/* What goes to a terminal before the first and after the last of it: its other page, and back to
 * how it was. NUL-terminated, constant. */
extern const char ansi_enter[], ansi_leave[];

#endif

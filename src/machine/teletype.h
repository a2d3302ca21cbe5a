/* What the guest prints by the BIOS's teletype output: as UTF-8 for standard output, and as lines, to
 * tell at the end whether its screen has more to show than was printed. Pure.
 *
 * Source: Ralf Brown's Interrupt List, INT 10h AH=0Eh: BEL, BS, LF and CR are obeyed, all else is a
 * character of code page 437. */
#ifndef STEPVM_MACHINE_TELETYPE_H
#define STEPVM_MACHINE_TELETYPE_H

#include "display/screen.h"
#include "display/utf8.h"

#define TELETYPE_LINES   128 /* the last ones are known; a screen has fewer */
#define TELETYPE_COLUMNS 80  /* where it wraps; in other modes the screen is printed once more */

/* All zeros: nothing was printed. */
struct teletype {
	bool has_return; /* a CR came, and nothing after it */
	bool is_in_line; /* of the output: something stands before */
	unsigned line, count,
	        column; /* where the next character goes; lines that are known before it */
	uint8_t cells[TELETYPE_LINES][TELETYPE_COLUMNS]; /* 0: nothing there */
};

/* Takes a character. Writes the bytes that it is on standard output: \r\n is a newline alone. Returns how
 * many. */
unsigned teletype_put(struct teletype *t, uint8_t character, char to[UTF8_MAX + 1]);
/* Whether all that a text screen shows was printed: its rows are lines that follow each other. */
bool teletype_has_all(const struct teletype *t, const struct screen *s);

#endif

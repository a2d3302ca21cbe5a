/* Code page 437: the 256 characters of a PC's text screen, as Unicode and back. Pure.
 *
 * The lower 32 are here what a screen shows for them (01h is a face), not control characters.
 * Source: IBM PC Technical Reference, character set; Unicode's mapping of code page 437. */
#ifndef STEPVM_DISPLAY_CP437_H
#define STEPVM_DISPLAY_CP437_H

#include <stdint.h>

/* The code point that looks like this character. 00h is blank: U+0020; FFh is U+00A0. All others
 * are different from each other. */
uint32_t cp437_unicode(uint8_t code);
/* The character that shows this code point, 0x20 for U+0020; -1 when there is none. A few code
 * points that look the same (Greek beta and German sharp s) find the same character. */
int cp437_from(uint32_t code_point);
/* The printable ASCII character that is most like it, where nothing else can be shown: + for the
 * corners of boxes, letters without their marks. */
char cp437_ascii(uint8_t code);

#endif

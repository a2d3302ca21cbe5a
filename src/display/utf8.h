/* Code points as UTF-8 and back. Pure. Source: RFC 3629. */
#ifndef STEPVM_DISPLAY_UTF8_H
#define STEPVM_DISPLAY_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_MAX     4      /* the bytes of the longest character */
#define UTF8_REPLACE 0xfffd /* what stands for bytes that are no UTF-8 */

/* Writes a code point up to 0x10ffff, without a NUL after it. Returns its length, 1 to UTF8_MAX; a
 * surrogate or a larger number is written as UTF8_REPLACE. */
unsigned utf8_put(char to[UTF8_MAX], uint32_t code_point);
/* Takes the first character of len bytes. Returns how many of them it has; 0 when what is there is
 * the beginning of a character whose other bytes are missing, and *code_point is left alone then,
 * as for len 0. A byte that begins no character (and one that is cut off by another byte) is taken
 * alone, as UTF8_REPLACE. */
unsigned utf8_take(const uint8_t *bytes, size_t len, uint32_t *code_point);

#endif

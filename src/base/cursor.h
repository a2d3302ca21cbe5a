/* A bounded reader of short texts from outside: option values, and whatever else a person types.
 *
 * It stands somewhere in a text and takes what it is asked for, or takes nothing, says false and
 * stays where it was (*value is left alone then too). It never reads past the end and skips no
 * space. Pure: no locale, no errno, no allocation.
 *
 *	struct cursor c = cursor_of("64M@0x1000");
 *	if (cursor_size(&c, &size) && cursor_char(&c, '@') && cursor_number(&c, &gpa) &&
 *		cursor_at_end(&c)) ...
 */
#ifndef STEPVM_BASE_CURSOR_H
#define STEPVM_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
	const char *at, *end; /* borrowed; at == end: nothing is left */
};

/* Over the whole of a NUL-terminated text. */
struct cursor cursor_of(const char *text);
bool cursor_at_end(const struct cursor *c);

/* Exactly this character, or this sequence of them (what follows is not looked at). */
bool cursor_char(struct cursor *c, char wanted);
bool cursor_text(struct cursor *c, const char *wanted);
/* One or more hexadecimal digits without 0x; false when the value needs more than 64 bits. */
bool cursor_hex(struct cursor *c, uint64_t *value);
/* Decimal, or hexadecimal after 0x. A leading 0 does not mean octal. False past 64 bits. */
bool cursor_number(struct cursor *c, uint64_t *value);
/* A number as above, or hexadecimal digits with an h after them, as people write vectors, functions and
 * ports of a PC: 13h, 0eh, e8h. */
bool cursor_code(struct cursor *c, uint64_t *value);
/* A number, and after it K, M or G (or k, m, g) for powers of 1024, or none: bytes. */
bool cursor_size(struct cursor *c, uint64_t *bytes);
/* A name: ASCII letters, digits and _, at least one and fewer than room. Stored in lower case and
 * NUL-terminated at to. */
bool cursor_name(struct cursor *c, char *to, size_t room);

#endif

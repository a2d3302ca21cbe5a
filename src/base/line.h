/* Text that is put together piece by piece in an array of the caller's. What does not fit is cut. */
#ifndef STEPVM_BASE_LINE_H
#define STEPVM_BASE_LINE_H

#include <stddef.h>

struct line {
	char *to;    /* borrowed, of size bytes: NUL-terminated once something was added */
	size_t size; /* at least 1 */
	size_t len;  /* of what was added, cut or not */
};

void line_add(struct line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif

/* vsnprintf, one after the other. */
#include "base/line.h"

#include <stdarg.h>
#include <stdio.h>

void line_add(struct line *l, const char *format, ...)
{
	va_list args;
	if (l->len >= l->size)
		return;
	va_start(args, format);
	int n = vsnprintf(l->to + l->len, l->size - l->len, format, args);
	va_end(args);
	l->len += n > 0 ? (size_t)n : 0;
}

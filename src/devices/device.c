/* What the devices show of themselves, line by line. */
#include "devices/device.h"

#include <stdarg.h>
#include <stdio.h>

void device_say(struct device_text *t, const char *format, ...)
{
	size_t room = sizeof t->text - t->len;
	va_list args;

	va_start(args, format);
	int n = vsnprintf(t->text + t->len, room, format, args);
	va_end(args);
	if (n > 0)
		t->len += (size_t)n < room ? (size_t)n : room - 1;
}

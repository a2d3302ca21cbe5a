/* Breaks text at blanks. */
#include "cli/wrap.h"

#include <string.h>

void wrap(FILE *to, const char *text, unsigned column)
{
	unsigned at = column;
	while (*text) {
		unsigned len = (unsigned)strcspn(text, " ");
		if (at != column && at + 1 + len > WRAP_WIDTH) {
			fprintf(to, "\n%*s", (int)column, "");
			at = column;
		} else if (at != column) {
			putc(' ', to);
			at++;
		}
		fwrite(text, 1, len, to);
		at += len;
		text += len;
		text += strspn(text, " ");
	}
}

/* Text for an 80-column terminal. */
#ifndef STEPVM_CLI_WRAP_H
#define STEPVM_CLI_WRAP_H

#include <stdio.h>

#define WRAP_WIDTH 80

/* Writes text at column, where the cursor is, broken at spaces so that no line passes WRAP_WIDTH;
 * further lines are indented to column. Without a newline at the end. */
void wrap(FILE *to, const char *text, unsigned column);

#endif

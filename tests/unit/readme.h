/* A room's README as text, for the tests that hold its tables to the code's. They run in the
 * repository's folder, as tests/check runs them. */
#ifndef STEPVM_TESTS_README_H
#define STEPVM_TESTS_README_H

#include <stdio.h>
#include <stdlib.h>

#include "check.h"

/* The caller frees it. NULL, and a failed check: it can't be read. */
static inline char *readme_read(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;
	ssize_t len = f ? getdelim(&text, &size, '\0', f) : -1;
	if (f)
		fclose(f);
	if (len > 0)
		return text;
	CHECK_FAIL("%s can't be read", path);
	free(text);
	return NULL;
}

#endif

/* What target descriptions are made with: text that grows, and the types of registers. */
#ifndef STEPVM_GDBSTUB_FEATURE_TYPES_H
#define STEPVM_GDBSTUB_FEATURE_TYPES_H

#include <stdbool.h>
#include <stddef.h>

#include "gdbstub/target.h"

enum feature { CORE, SSE, AVX, AVX512, PKEYS, SEGMENTS, SYSTEM, FEATURES };

/* A string that grows. */
struct feature_text {
	char *text; /* owned by whoever made it */
	size_t len, size;
	bool has_failed; /* out of memory: the rest is left out */
};

void feature_add(struct feature_text *s, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
/* The types that a feature's registers name, which gdb wants to see before them. */
void feature_add_types(struct feature_text *s, enum feature feature, enum target_layout layout);

#endif

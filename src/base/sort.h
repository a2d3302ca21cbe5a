/* Sorts an array where it lies. libc's qsort asks for memory past 1 KiB, and before that how much the machine has: a
 * system call (sysinfo) for which the sandbox ends us. */
#ifndef STEPVM_BASE_SORT_H
#define STEPVM_BASE_SORT_H

#include <stddef.h>

#define SORT_SIZE_MAX 64

/* As qsort, which it is called like: count elements of size bytes, SORT_SIZE_MAX at most, in ascending order; those that
 * are the same in any. It takes n log n comparisons, however they lie. */
void sort_in_place(
        void *all, size_t count, size_t size, int (*compare)(const void *a, const void *b));

#endif

/* Heapsort: Williams, CACM 7 (1964). */
#include "base/sort.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

static void swap(uint8_t *a, uint8_t *b, size_t size)
{
	uint8_t kept[SORT_SIZE_MAX];
	memcpy(kept, a, size);
	memcpy(a, b, size);
	memcpy(b, kept, size);
}

/* Has the element at top be in its place in the heap of count elements below it, the largest on top. */
static void sink(uint8_t *all, size_t top, size_t count, size_t size,
        int (*compare)(const void *a, const void *b))
{
	for (size_t child; (child = 2 * top + 1) < count; top = child) {
		if (child + 1 < count && compare(all + child * size, all + (child + 1) * size) < 0)
			child++;
		if (compare(all + top * size, all + child * size) >= 0)
			return;
		swap(all + top * size, all + child * size, size);
	}
}

void sort_in_place(
        void *all, size_t count, size_t size, int (*compare)(const void *a, const void *b))
{
	uint8_t *bytes = all;
	assert(size <= SORT_SIZE_MAX);
	for (size_t i = count / 2; i-- > 0;)
		sink(bytes, i, count, size, compare);
	for (size_t left = count; left-- > 1;) {
		swap(bytes, bytes + left * size, size);
		sink(bytes, 0, left, size, compare);
	}
}

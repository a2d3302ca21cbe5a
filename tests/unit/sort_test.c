#include "base/sort.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "random.h"

static unsigned compared;

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	compared++;
	return (x > y) - (x < y);
}

/* Of all lengths, with some that are the same; libc's sort is the twin. */
static void it_sorts_as_libc_does(void)
{
	uint64_t seed = 1, all[300], twin[300];
	for (size_t count = 0; count < 300; count++) {
		for (size_t i = 0; i < count; i++)
			all[i] = twin[i] = random_below(&seed, count % 3 ? UINT32_MAX : 7);
		sort_in_place(all, count, sizeof *all, compare);
		qsort(twin, count, sizeof *twin, compare);
		CHECK(!memcmp(all, twin, count * sizeof *all));
	}
}

enum { MANY = 16384 };

static void no_order_makes_it_slow(void)
{
	uint64_t *all = malloc(MANY * sizeof *all);
	for (unsigned how = 0; how < 3; how++) {
		for (unsigned i = 0; i < MANY; i++)
			all[i] = how == 0 ? i : how == 1 ? MANY - i : 5;
		compared = 0;
		sort_in_place(all, MANY, sizeof *all, compare);
		CHECK(compared < 2 * MANY * 14);
	}
	free(all);
}

static int compare_bytes(const void *a, const void *b)
{
	return memcmp(a, b, 3);
}

static void elements_have_any_size(void)
{
	char all[] = "ccc"
	             "aab"
	             "aaa"
	             "zzz"
	             "bbb";
	sort_in_place(all, 5, 3, compare_bytes);
	CHECK_STR(all, "aaaaabbbbccczzz");
}

int main(void)
{
	RUN(it_sorts_as_libc_does);
	RUN(no_order_makes_it_slow);
	RUN(elements_have_any_size);
	return check_done();
}

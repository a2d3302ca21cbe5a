#include "base/index.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "random.h"

static void it_finds_what_was_put(void)
{
	struct index x = { 0 };
	size_t place = 99;
	CHECK(!index_find(&x, 0, &place));
	index_remove(&x, 0);
	CHECK_EQ(index_put(&x, 0, 0), 0);
	CHECK_EQ(index_put(&x, UINT64_MAX, 7), 0);
	CHECK(index_find(&x, 0, &place) && place == 0);
	CHECK(index_find(&x, UINT64_MAX, &place) && place == 7);
	CHECK(!index_find(&x, 1, &place));
	CHECK_EQ(index_put(&x, 0, 3), 0); /* it has moved */
	CHECK(index_find(&x, 0, &place) && place == 3);
	CHECK_EQ(x.count, 2);
	index_remove(&x, 0);
	CHECK(!index_find(&x, 0, &place));
	CHECK(index_find(&x, UINT64_MAX, &place));
	index_clear(&x);
	CHECK(!index_find(&x, UINT64_MAX, &place));
	CHECK_EQ(index_put(&x, 5, 5), 0);
	CHECK(index_find(&x, 5, &place) && place == 5);
	index_close(&x);
}

enum { KEYS = 300 };

/* Random keys, some of which meet in one slot, against an array that is searched. */
static void it_does_what_an_array_does(uint64_t *seed, unsigned apart)
{
	struct index x = { 0 };
	size_t twin[KEYS] = { 0 }; /* the place and 1 more */
	for (unsigned n = 0; n < 20000 && check_case_ok; n++) {
		uint64_t key = random_below(seed, KEYS), place = random_below(seed, 1000);
		size_t found = 0;
		switch (random_below(seed, 8)) {
		case 0:
		case 1:
		case 2:
			CHECK_EQ(index_put(&x, key << apart, place), 0);
			twin[key] = place + 1;
			break;
		case 3:
		case 4:
			index_remove(&x, key << apart);
			twin[key] = 0;
			break;
		default: break;
		}
		if (random_below(seed, 5000) == 0) {
			index_clear(&x);
			memset(twin, 0, sizeof twin);
		}
		key = random_below(seed, KEYS);
		CHECK_EQ(index_find(&x, key << apart, &found), twin[key] != 0);
		if (twin[key])
			CHECK_EQ(found, twin[key] - 1);
	}
	index_close(&x);
}

static void keys_may_lie_anyhow(void)
{
	uint64_t seed = 3;
	for (unsigned apart = 0; apart < 56 && check_case_ok; apart += 4)
		it_does_what_an_array_does(&seed, apart);
}

int main(void)
{
	RUN(it_finds_what_was_put);
	RUN(keys_may_lie_anyhow);
	return check_done();
}

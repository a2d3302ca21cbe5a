#include "devices/overlay.h"

#include <errno.h>

#include "check.h"
#include "random.h"

#define SECTORS 3000u

static uint8_t bytes[OVERLAY_SECTOR];

static const uint8_t *filled(uint8_t with)
{
	memset(bytes, with, sizeof bytes);
	return bytes;
}

static bool holds(const struct overlay *o, uint64_t sector, uint8_t with)
{
	uint8_t is[OVERLAY_SECTOR];

	return overlay_read(o, sector, is) && !memcmp(is, filled(with), sizeof is);
}

static void what_was_not_written_is_not_there(void)
{
	struct overlay o = { 0 };
	uint8_t to[OVERLAY_SECTOR] = { 7 };

	CHECK(!overlay_has(&o, 0) && !overlay_read(&o, 0, to));
	CHECK_EQ(overlay_write(&o, 9, filled(1), 1), 0);
	CHECK(holds(&o, 9, 1));
	for (uint64_t sector = 0; sector < 32; sector++)
		CHECK_EQ(overlay_has(&o, sector), sector == 9);
	CHECK(!overlay_read(&o, 8, to));
	CHECK_EQ(to[0], 7);
	overlay_free(&o);
	CHECK(!overlay_has(&o, 9));
	CHECK_EQ(overlay_size(&o), 0);
}

/* Against an array of what each sector is. */
static void it_is_as_a_plain_array(void)
{
	static uint8_t twin[SECTORS];
	struct overlay o = { 0 };
	uint64_t seed = 12;

	for (unsigned i = 0; i < 20000; i++) {
		unsigned sector = random_below(&seed, SECTORS);
		if (i % 3) {
			twin[sector] = (uint8_t)(1 + random_below(&seed, 255));
			CHECK_EQ(overlay_write(&o, sector, filled(twin[sector]), SIZE_MAX), 0);
		} else if (twin[sector]) {
			CHECK(holds(&o, sector, twin[sector]));
		} else {
			CHECK(!overlay_has(&o, sector));
		}
	}
	for (unsigned i = 0; i < SECTORS; i++)
		CHECK(twin[i] ? holds(&o, i, twin[i]) : !overlay_has(&o, i));
	overlay_free(&o);
}

static void blocks_are_bounded(void)
{
	struct overlay o = { 0 };

	for (uint64_t i = 0; i < 8; i++)
		CHECK_EQ(overlay_write(&o, i, filled(1), 2), 0);
	CHECK_EQ(overlay_write(&o, UINT64_MAX, filled(2), 2), 0);
	CHECK_EQ(overlay_write(&o, 8, filled(3), 2), -ENOSPC);
	CHECK(!overlay_has(&o, 8));
	CHECK_EQ(overlay_write(&o, 7, filled(4), 2), 0);
	CHECK(holds(&o, 7, 4) && holds(&o, UINT64_MAX, 2));
	CHECK_EQ(o.block_count, 2);
	overlay_free(&o);
}

static void copies_change_apart(void)
{
	struct overlay a = { 0 }, b, c;

	for (uint64_t i = 0; i < 100; i++)
		CHECK_EQ(overlay_write(&a, i * 8, filled((uint8_t)i), 100), 0);
	CHECK_EQ(overlay_copy(&b, &a), 0);
	CHECK_EQ(overlay_copy(&c, &b), 0);
	CHECK_EQ(overlay_write(&a, 0, filled(0xaa), 100), 0);
	CHECK_EQ(overlay_write(&b, 1, filled(0xbb), 100), 0);
	CHECK(holds(&a, 0, 0xaa) && holds(&b, 0, 0) && holds(&c, 0, 0));
	CHECK(!overlay_has(&a, 1) && holds(&b, 1, 0xbb) && !overlay_has(&c, 1));
	overlay_free(&a);
	overlay_free(&b);
	for (uint64_t i = 0; i < 100; i++)
		CHECK(holds(&c, i * 8, (uint8_t)i));
	overlay_free(&c);
}

static void a_copy_of_nothing_is_nothing(void)
{
	struct overlay a = { 0 }, b = { .block_count = 5 };

	CHECK_EQ(overlay_copy(&b, &a), 0);
	CHECK_EQ(b.block_count, 0);
	CHECK(!overlay_has(&b, 0));
	overlay_free(&b);
}

int main(void)
{
	RUN(what_was_not_written_is_not_there);
	RUN(it_is_as_a_plain_array);
	RUN(blocks_are_bounded);
	RUN(copies_change_apart);
	RUN(a_copy_of_nothing_is_nothing);
	return check_done();
}

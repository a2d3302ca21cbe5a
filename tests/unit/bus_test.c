#include "devices/bus.h"

#include <errno.h>

#include "check.h"

/* A device that logs what reaches it: "w2+1" is a write of 2 bytes at offset 1. Reads give its id
 * in the high half of each byte and the offset in the low one. */
struct probe {
	uint8_t id;
	char log[200];
	uint8_t got[16]; /* written bytes by offset */
};

static void probe_access(void *device, uint64_t off, uint8_t *data, unsigned size, bool is_write)
{
	struct probe *p = device;
	size_t used = strlen(p->log);

	snprintf(p->log + used, sizeof p->log - used, "%c%u+%u ", is_write ? 'w' : 'r', size,
	        (unsigned)off);
	for (unsigned i = 0; i < size && off + i < sizeof p->got; i++) {
		if (is_write)
			p->got[off + i] = data[i];
		else
			data[i] = (uint8_t)(p->id << 4 | (off + i));
	}
}

static int add(struct bus *b, uint64_t base, uint64_t size, bool is_wide, struct probe *p)
{
	return bus_add(b, &(struct bus_range) { base, size, is_wide, probe_access, p, "probe" });
}

static void refuses_overlaps_on_every_side(void)
{
	struct probe p = { 0 };

	for (uint64_t base = 0; base < 20; base++) {
		for (uint64_t size = 1; size < 20; size++) {
			struct bus b = { 0 };
			bool is_overlap = base < 12 && base + size > 8;
			CHECK_EQ(add(&b, 8, 4, false, &p), 0);
			CHECK_EQ(add(&b, base, size, false, &p), is_overlap ? -EEXIST : 0);
			CHECK_EQ(b.count, is_overlap ? 1 : 2);
		}
	}
}

static void refuses_empty_and_wrapping_ranges(void)
{
	struct probe p = { 0 };
	struct bus b = { 0 };

	CHECK_EQ(add(&b, 8, 0, false, &p), -EINVAL);
	CHECK_EQ(add(&b, 0, 0, false, &p), -EINVAL);
	CHECK_EQ(add(&b, UINT64_MAX, 2, false, &p), -EINVAL);
	CHECK_EQ(add(&b, 2, UINT64_MAX, false, &p), -EINVAL);
	CHECK_EQ(b.count, 0);
	CHECK_EQ(add(&b, UINT64_MAX, 1, false, &p), 0);
	CHECK_EQ(add(&b, 0, UINT64_MAX, false, &p), 0);
}

static void refuses_more_than_fit(void)
{
	struct probe p = { 0 };
	struct bus b = { 0 };

	for (unsigned i = 0; i < BUS_RANGES_MAX; i++)
		CHECK_EQ(add(&b, i, 1, false, &p), 0);
	CHECK_EQ(add(&b, BUS_RANGES_MAX, 1, false, &p), -ENOSPC);
	CHECK_EQ(b.count, BUS_RANGES_MAX);
}

static void finds_the_owner(void)
{
	struct probe p = { 0 };
	struct bus b = { 0 };

	add(&b, 100, 2, false, &p);
	add(&b, 8, 4, false, &p);
	CHECK(!bus_find(&b, 7));
	CHECK(bus_find(&b, 8) == &b.ranges[1]);
	CHECK(bus_find(&b, 11) == &b.ranges[1]);
	CHECK(!bus_find(&b, 12));
	CHECK(bus_find(&b, 101) == &b.ranges[0]);
}

static void empty_bus_reads_ones_and_swallows_writes(void)
{
	struct bus b = { 0 };

	for (unsigned size = 1; size <= 8; size *= 2) {
		uint8_t data[9] = { 0 };
		CHECK(!bus_do(&b, 0x80, data, size, false));
		for (unsigned i = 0; i < sizeof data; i++)
			CHECK_EQ(data[i], i < size ? 0xff : 0);
		data[0] = 5;
		CHECK(!bus_do(&b, 0x80, data, size, true));
		CHECK_EQ(data[0], 5);
	}
}

/* Ranges at 8..11 (A) and 12..13 (B), then a hole: each access against the bytes' owners. */
static void every_access_reaches_each_bytes_owner(void)
{
	static const unsigned sizes[] = { 1, 2, 4, 8 };

	for (unsigned at = 0; at < 20; at++) {
		for (unsigned s = 0; s < 4; s++) {
			struct probe a = { .id = 0xa }, c = { .id = 0xb };
			struct bus b = { 0 };
			uint8_t in[8] = { 0 }, out[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
			bool is_owned = false;
			add(&b, 8, 4, false, &a);
			add(&b, 12, 2, false, &c);
			for (unsigned i = 0; i < sizes[s]; i++)
				is_owned |= at + i >= 8 && at + i < 14;
			CHECK_EQ(bus_do(&b, at, in, sizes[s], false), is_owned);
			CHECK_EQ(bus_do(&b, at, out, sizes[s], true), is_owned);
			for (unsigned i = 0; i < sizes[s]; i++) {
				unsigned x = at + i;
				if (x >= 8 && x < 12) {
					CHECK_EQ(in[i], 0xa0 | (x - 8));
					CHECK_EQ(a.got[x - 8], i + 1);
				} else if (x >= 12 && x < 14) {
					CHECK_EQ(in[i], 0xb0 | (x - 12));
					CHECK_EQ(c.got[x - 12], i + 1);
				} else {
					CHECK_EQ(in[i], 0xff);
				}
			}
		}
	}
}

static void splits_only_what_runs_over_the_end(void)
{
	struct probe a = { 0 }, c = { 0 };
	struct bus b = { 0 };
	uint8_t data[8] = { 0 };

	add(&b, 8, 4, false, &a);
	add(&b, 12, 2, false, &c);
	bus_do(&b, 8, data, 4, true);
	bus_do(&b, 10, data, 4, true);
	bus_do(&b, 7, data, 2, true);
	CHECK_STR(a.log, "w4+0 w1+2 w1+3 w1+0 ");
	CHECK_STR(c.log, "w1+0 w1+1 ");
}

static void wide_range_gets_what_starts_there_whole(void)
{
	struct probe a = { 0 }, c = { 0 };
	struct bus b = { 0 };
	uint8_t data[4] = { 1, 2, 3, 4 };

	add(&b, 8, 1, true, &a);
	add(&b, 9, 1, false, &c);
	CHECK(bus_do(&b, 8, data, 4, true));
	CHECK(bus_do(&b, 8, data, 2, false));
	CHECK_STR(a.log, "w4+0 r2+0 ");
	CHECK_STR(c.log, "");
	/* From outside into it: one byte, as any other. */
	CHECK(bus_do(&b, 7, data, 4, true));
	CHECK_STR(a.log, "w4+0 r2+0 w1+0 ");
	CHECK_STR(c.log, "w1+0 ");
}

static void nothing_lies_past_the_last_address(void)
{
	struct probe first = { .id = 1 }, last = { .id = 2 };
	struct bus b = { 0 };
	uint8_t data[4] = { 0 };

	add(&b, 0, 4, false, &first);
	add(&b, UINT64_MAX, 1, false, &last);
	CHECK(bus_do(&b, UINT64_MAX, data, 4, false));
	CHECK_STR(first.log, "");
	CHECK_EQ(data[0], 0x20);
	CHECK_EQ(data[1], 0xff);
	CHECK_EQ(data[3], 0xff);
}

int main(void)
{
	RUN(refuses_overlaps_on_every_side);
	RUN(refuses_empty_and_wrapping_ranges);
	RUN(refuses_more_than_fit);
	RUN(finds_the_owner);
	RUN(empty_bus_reads_ones_and_swallows_writes);
	RUN(every_access_reaches_each_bytes_owner);
	RUN(splits_only_what_runs_over_the_end);
	RUN(wide_range_gets_what_starts_there_whole);
	RUN(nothing_lies_past_the_last_address);
	return check_done();
}

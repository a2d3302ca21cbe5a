/* The memory map that kernels are handed, against what the RAM's slots say byte for byte. */
#include "boot/handover.h"

#include <stdlib.h>

#include "check.h"
#include "random.h"

#define PAGE 0x1000u
#define KIB  0x400u /* the extended BIOS data area is as small */

static bool is_pc; /* whose map is checked */

static enum handover_type in_ram(uint64_t gpa)
{
	if (is_pc && gpa >= 0xa0000 && gpa < 0xf0000)
		return HANDOVER_NONE;
	return gpa >= (is_pc ? 0x9fc00 : 0xa0000) && gpa < 0x100000 ? HANDOVER_RESERVED
	                                                            : HANDOVER_RAM;
}

static bool is_there(const struct memory *m, uint64_t gpa)
{
	for (unsigned i = 0; i < m->count; i++)
		if (gpa >= m->slots[i].gpa && gpa - m->slots[i].gpa < m->slots[i].size)
			return true;
	return false;
}

static enum handover_type wanted_at(const struct memory *m, uint64_t gpa)
{
	return is_there(m, gpa) ? in_ram(gpa) : HANDOVER_NONE;
}

static void check_map(const struct memory *m)
{
	struct handover_range map[HANDOVER_RANGES_MAX];
	unsigned count = handover_map(map, m, is_pc);
	uint64_t total = 0, left_out = 0;
	CHECK(count <= HANDOVER_RANGES_MAX);
	for (unsigned i = 0; i < count; i++) {
		total += map[i].size;
		CHECK(map[i].size != 0);
		/* By address, and as few as can be. */
		if (i)
			CHECK(map[i].gpa > map[i - 1].gpa &&
			        map[i].gpa - map[i - 1].gpa >= map[i - 1].size);
		if (i && map[i].gpa - map[i - 1].gpa == map[i - 1].size)
			CHECK(map[i].type != map[i - 1].type);
		for (uint64_t off = 0; off < map[i].size; off += KIB)
			if (wanted_at(m, map[i].gpa + off) != map[i].type) {
				CHECK_FAIL("0x%" PRIx64 " is of type %u", map[i].gpa + off,
				        map[i].type);
				return;
			}
	}
	for (uint64_t gpa = 0xa0000; is_pc && gpa < 0xf0000; gpa += PAGE)
		left_out += is_there(m, gpa) ? PAGE : 0;
	CHECK_EQ(total + left_out, memory_total(m));
}

static void a_pc_has_three_ranges(void)
{
	struct memory m = { .count = 1, .slots = { { .gpa = 0, .size = 64 << 20 } } };
	m.slots[0].hva = malloc(64 << 20);
	struct handover_range map[HANDOVER_RANGES_MAX];
	CHECK_EQ(handover_map(map, &m, false), 3);
	CHECK_EQ(map[1].gpa, 0xa0000);
	CHECK_EQ(map[1].type, HANDOVER_RESERVED);
	CHECK_EQ(map[2].gpa, 0x100000);
	CHECK_EQ(map[2].size, (64 << 20) - 0x100000);
	CHECK_EQ(handover_lower_kib(&m, false), 640);
	CHECK_EQ(handover_lower_kib(&m, true), 639);
	CHECK_EQ(handover_upper_kib(&m), 63 << 10);
	/* What its BIOS says. */
	CHECK_EQ(handover_map(map, &m, true), 4);
	CHECK_EQ(map[0].size, 0x9fc00);
	CHECK_EQ(map[1].gpa, 0x9fc00);
	CHECK_EQ(map[1].type, HANDOVER_RESERVED);
	CHECK_EQ(map[2].gpa, 0xf0000);
	CHECK_EQ(map[2].size, 0x10000);
	m.slots[0].size = 0x10000;
	CHECK_EQ(handover_map(map, &m, false), 1);
	CHECK_EQ(handover_lower_kib(&m, false), 64);
	CHECK_EQ(handover_upper_kib(&m), 0);
	free(m.slots[0].hva);
	m.count = 0;
	CHECK_EQ(handover_map(map, &m, false), 0);
}

static void ram_up_to_the_last_address(void)
{
	struct memory m = { .count = 2,
		.slots = { { .gpa = UINT64_MAX - PAGE + 1, .size = PAGE },
		        { .gpa = 0xfffffffffff00000, .size = 0x1000 } } };
	check_map(&m);
}

/* Slots in any order, some adjoining, around the reserved part. */
static void any_slots_are_told_of_as_they_are(void)
{
	uint64_t seed = 3;
	for (int round = 0; round < 3000 && check_case_ok; round++) {
		struct memory m = { .count = 0 };
		uint64_t gpa = random_below(&seed, 0x90) * PAGE;
		unsigned count = (unsigned)random_below(&seed, MEMORY_SLOTS_MAX) + 1;
		for (unsigned i = 0; i < count; i++) {
			uint64_t size = (random_below(&seed, 0x60) + 1) * PAGE;
			unsigned at = (unsigned)random_below(&seed, m.count + 1);
			m.slots[m.count++] = m.slots[at];
			m.slots[at] = (struct memory_slot) { .gpa = gpa, .size = size };
			gpa += size + random_below(&seed, 3) * 0x10 * PAGE;
		}
		is_pc = round & 1;
		check_map(&m);
	}
	is_pc = false;
}

static void what_does_not_fit_is_not_put(void)
{
	static struct handover h;
	static uint8_t bytes[HANDOVER_SIZE];
	CHECK_EQ(handover_put(&h, bytes, 3, 8), START_INFO_GPA);
	CHECK_EQ(handover_put(&h, NULL, 1, 8), START_INFO_GPA + 8);
	CHECK_EQ(handover_text(&h, "abc"), START_INFO_GPA + 9);
	CHECK_STR((char *)handover_at(&h, START_INFO_GPA + 9), "abc");
	CHECK_EQ(handover_put(&h, bytes, HANDOVER_SIZE - 16, 16), START_INFO_GPA + 16);
	CHECK(!h.is_full);
	CHECK_EQ(handover_put(&h, bytes, 1, 8), 0);
	CHECK(h.is_full);
	CHECK_EQ(h.len, HANDOVER_SIZE);
}

int main(void)
{
	RUN(a_pc_has_three_ranges);
	RUN(ram_up_to_the_last_address);
	RUN(any_slots_are_told_of_as_they_are);
	RUN(what_does_not_fit_is_not_put);
	return check_done();
}

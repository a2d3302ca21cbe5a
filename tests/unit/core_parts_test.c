#include "machine/core_parts.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "check.h"

#define PAGE  MEMORY_PAGE
#define PAGES 2048u /* of the first slot, at 0; the second has four, at HIGH */
#define HIGH  UINT64_C(0xffff0000)

/* RAM that KVM does not know of; the slots are in no order. */
static void open_memory(struct memory *m)
{
	memory_init(m, -1);
	m->count = 2;
	m->slots[0] = (struct memory_slot) { HIGH, 4 * PAGE, NULL };
	m->slots[1] = (struct memory_slot) { 0, PAGES * PAGE, NULL };
	for (unsigned i = 0; i < m->count; i++) {
		m->slots[i].hva = mmap(NULL, m->slots[i].size, PROT_READ | PROT_WRITE,
		        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		CHECK(m->slots[i].hva != MAP_FAILED);
	}
}

static void close_memory(struct memory *m)
{
	for (unsigned i = 0; i < m->count; i++)
		munmap(m->slots[i].hva, m->slots[i].size);
}

static void put(struct memory *m, uint64_t gpa, uint8_t byte)
{
	CHECK_EQ(memory_write(m, gpa, &byte, 1), 1);
}

static bool part_is(const struct core_parts *p, unsigned i, struct core_part wanted)
{
	const struct core_part *part = &p->parts[i];
	return i < p->part_count && part->gva == wanted.gva && part->gpa == wanted.gpa &&
	       part->size == wanted.size && part->is_zero == wanted.is_zero &&
	       (part->is_zero || part->off == wanted.off);
}

static void pages_that_are_not_zeros_are_there_once(void)
{
	struct memory m;
	struct core_parts p;
	uint8_t bytes[6 * PAGE];
	open_memory(&m);
	put(&m, 2 * PAGE, 1);
	put(&m, 4 * PAGE + 5, 2); /* one page of zeros between is no border */
	put(&m, 100 * PAGE, 3);
	put(&m, HIGH + PAGE, 4);
	CHECK_EQ(core_parts_begin(&p, &m, -1, 100), 0);
	CHECK_EQ(p.piece_count, 3);
	CHECK_EQ(p.size, 5 * PAGE);
	CHECK(core_parts_add(&p, 0x1000000, 0, 200 * PAGE));
	CHECK(core_parts_add(&p, 0x2000000 + 3 * PAGE, 3 * PAGE, 2 * PAGE));
	CHECK_EQ(p.part_count, 6);
	CHECK(part_is(&p, 0, (struct core_part) { 0x1000000, 0, 2 * PAGE, 0, true }));
	CHECK(part_is(
	        &p, 1, (struct core_part) { 0x1000000 + 2 * PAGE, 2 * PAGE, 3 * PAGE, 0, false }));
	CHECK(part_is(
	        &p, 2, (struct core_part) { 0x1000000 + 5 * PAGE, 5 * PAGE, 95 * PAGE, 0, true }));
	CHECK(part_is(&p, 3,
	        (struct core_part) { 0x1000000 + 100 * PAGE, 100 * PAGE, PAGE, 3 * PAGE, false }));
	CHECK(part_is(&p, 4,
	        (struct core_part) { 0x1000000 + 101 * PAGE, 101 * PAGE, 99 * PAGE, 0, true }));
	CHECK(part_is(&p, 5,
	        (struct core_part) { 0x2000000 + 3 * PAGE, 3 * PAGE, 2 * PAGE, PAGE, false }));
	CHECK(p.has_zeros);
	/* Across the borders, from any offset. */
	CHECK_EQ(core_parts_read(&p, &m, 0, bytes, sizeof bytes), 5 * PAGE);
	CHECK_EQ(bytes[0], 1);
	CHECK_EQ(bytes[2 * PAGE + 5], 2);
	CHECK_EQ(bytes[3 * PAGE], 3);
	CHECK_EQ(bytes[4 * PAGE], 4);
	CHECK_EQ(core_parts_read(&p, &m, 3 * PAGE - 1, bytes, 2), 2);
	CHECK_EQ(bytes[1], 3);
	CHECK_EQ(core_parts_read(&p, &m, 5 * PAGE - 1, bytes, 2), 1);
	CHECK_EQ(core_parts_read(&p, &m, 5 * PAGE, bytes, 2), 0);
	CHECK_EQ(core_parts_read(&p, &m, UINT64_MAX, bytes, 2), 0);
	core_parts_free(&p);
	close_memory(&m);
}

static void what_is_no_ram_is_left_out(void)
{
	struct memory m;
	struct core_parts p;
	open_memory(&m);
	put(&m, HIGH, 1);
	CHECK_EQ(core_parts_begin(&p, &m, -1, 100), 0);
	CHECK(core_parts_add(&p, 0, 0, UINT64_C(1) << 32)); /* from the one slot to the other */
	/* Eight MiB of zeros: four stretches; the page; zeros after it. */
	CHECK_EQ(p.part_count, PAGES * PAGE / CORE_ZEROS + 2);
	CHECK(part_is(&p, 4, (struct core_part) { HIGH, HIGH, PAGE, 0, false }));
	CHECK(part_is(&p, 5, (struct core_part) { HIGH + PAGE, HIGH + PAGE, 3 * PAGE, 0, true }));
	CHECK(core_parts_add(&p, 0x8000000000000000, 0x100000000, UINT64_MAX - 0x100000000));
	CHECK_EQ(p.part_count, PAGES * PAGE / CORE_ZEROS + 2);
	core_parts_free(&p);
	close_memory(&m);
}

/* Page by page, as tables have it. */
static void neighbours_are_one_part(void)
{
	struct memory m;
	struct core_parts p;
	open_memory(&m);
	put(&m, PAGE, 1);
	put(&m, 2 * PAGE, 1);
	CHECK_EQ(core_parts_begin(&p, &m, -1, 100), 0);
	for (uint64_t at = 0; at < PAGES * PAGE; at += PAGE)
		CHECK(core_parts_add(&p, at, at, PAGE));
	CHECK_EQ(p.part_count, 2 + PAGES * PAGE / CORE_ZEROS);
	CHECK(part_is(&p, 1, (struct core_part) { PAGE, PAGE, 2 * PAGE, 0, false }));
	CHECK_EQ(p.parts[2].size, CORE_ZEROS);
	CHECK(core_parts_add(&p, 0x70000000, 2 * PAGE, PAGE)); /* in the other order */
	CHECK(core_parts_add(&p, 0x70001000, PAGE, PAGE));
	CHECK_EQ(p.part_count, 4 + PAGES * PAGE / CORE_ZEROS);
	core_parts_free(&p);
	close_memory(&m);
}

static void there_is_a_bound(void)
{
	struct memory m;
	struct core_parts p;
	open_memory(&m);
	CHECK_EQ(core_parts_begin(&p, &m, -1, 100), 0);
	for (unsigned i = 0; i < 100; i++)
		CHECK(core_parts_add(&p, 2ull * i * PAGE, 0, PAGE));
	CHECK_EQ(p.error, 0);
	CHECK(!core_parts_add(&p, 200 * PAGE, 0, PAGE));
	CHECK_EQ(p.error, -EFBIG);
	CHECK(!core_parts_add(&p, 400 * PAGE, 0, PAGE));
	CHECK_EQ(p.part_count, 100);
	core_parts_free(&p);
	close_memory(&m);
}

int main(void)
{
	RUN(pages_that_are_not_zeros_are_there_once);
	RUN(what_is_no_ram_is_left_out);
	RUN(neighbours_are_one_part);
	RUN(there_is_a_bound);
	return check_done();
}

#include "boot/entry.h"

#include <errno.h>

#include "check.h"

#define LAST 0x10ffef /* ffff:ffff */

static int resolve(struct entry_point *at, struct image_entry from, uint64_t load_gpa)
{
	struct error e = { 0 };
	int err = entry_resolve(at, &from, load_gpa, &e);

	CHECK_EQ(err != 0, e.text[0] != 0);
	return err;
}

static void check_point(const struct entry_point *at, uint16_t selector, uint16_t offset)
{
	CHECK_EQ(at->selector, selector);
	CHECK_EQ(at->offset, offset);
	CHECK_EQ(at->base, selector * 16u);
}

static void every_linear_entry_is_the_address_it_names(void)
{
	struct entry_point at;

	for (uint64_t gva = 0; gva <= LAST; gva++) {
		int err =
		        resolve(&at, (struct image_entry) { ENTRY_LINEAR, gva, 0, 0 }, UINT64_MAX);
		if (err || at.base != at.selector * 16u || at.base + at.offset != gva)
			CHECK_FAIL("0x%" PRIx64 " becomes %04x:%04x", gva, at.selector, at.offset);
		if (gva < 0x100000 && at.selector != (gva >> 16) << 12)
			CHECK_FAIL("0x%" PRIx64 " has the segment %04x", gva, at.selector);
	}
}

static void past_real_modes_reach_is_refused(void)
{
	static const uint64_t beyond[] = { LAST + 1, 0x110000, 0x200000, 1ull << 32, UINT64_MAX };
	struct entry_point at = { 1, 2, 3 };

	for (unsigned i = 0; i < 5; i++) {
		CHECK_EQ(resolve(&at, (struct image_entry) { ENTRY_LINEAR, beyond[i], 0, 0 }, 0),
		        -EINVAL);
		CHECK_EQ(resolve(&at, (struct image_entry) { 0 }, beyond[i]), -EINVAL);
	}
	CHECK(at.selector == 1 && at.offset == 2 && at.base == 3);
}

static void refusals_name_the_option(void)
{
	struct image_entry from = { .kind = ENTRY_LINEAR, .gva = 0x200000 };
	struct entry_point at;
	struct error e = { 0 };

	entry_resolve(&at, &from, 0, &e);
	CHECK_STR(e.text, "--entry 0x200000: real mode reaches 0x10ffef at most");
	from.kind = ENTRY_DEFAULT;
	e.text[0] = 0;
	entry_resolve(&at, &from, 0x10fff0, &e);
	CHECK_STR(e.text, "--load 0x10fff0: real mode reaches 0x10ffef at most; say with --entry "
	                  "where to start");
}

static void default_is_the_load_address(void)
{
	struct entry_point at;

	CHECK_EQ(resolve(&at, (struct image_entry) { 0 }, 0x7c00), 0);
	check_point(&at, 0, 0x7c00);
	CHECK_EQ(resolve(&at, (struct image_entry) { 0 }, 0xffff), 0);
	check_point(&at, 0, 0xffff);
	CHECK_EQ(resolve(&at, (struct image_entry) { 0 }, 0x10000), 0);
	check_point(&at, 0x1000, 0);
	CHECK_EQ(resolve(&at, (struct image_entry) { 0 }, 0xffff0), 0);
	check_point(&at, 0xf000, 0xfff0);
	CHECK_EQ(resolve(&at, (struct image_entry) { 0 }, 0x100000), 0);
	check_point(&at, 0xffff, 0x10);
	CHECK_EQ(resolve(&at, (struct image_entry) { 0 }, LAST), 0);
	check_point(&at, 0xffff, 0xffff);
}

static void logical_entries_are_taken_as_they_are(void)
{
	struct entry_point at;

	CHECK_EQ(resolve(&at, (struct image_entry) { ENTRY_SEGOFF, 9, 0x07c0, 0x1234 }, UINT64_MAX),
	        0);
	check_point(&at, 0x07c0, 0x1234);
	CHECK_EQ(resolve(&at, (struct image_entry) { ENTRY_SEGOFF, 9, 0xffff, 0xffff }, UINT64_MAX),
	        0);
	check_point(&at, 0xffff, 0xffff);
}

static void reset_has_a_base_of_its_own(void)
{
	struct entry_point at;

	CHECK_EQ(resolve(&at, (struct image_entry) { ENTRY_RESET, 9, 9, 9 }, UINT64_MAX), 0);
	CHECK_EQ(at.selector, 0xf000);
	CHECK_EQ(at.offset, 0xfff0);
	CHECK_EQ(at.base, 0xffff0000);
}

static void flat_segments_take_linear_addresses_only(void)
{
	static const struct {
		struct image_entry from;
		enum start_mode mode;
		int wanted;
		uint64_t gva;
		const char *text;
	} rows[] = {
		{ { 0 }, START_PROT, 0, 0x100000, "" },
		{ { 0 }, START_LONG, 0, 0x100000, "" },
		{ { ENTRY_LINEAR, UINT32_MAX, 0, 0 }, START_PROT, 0, UINT32_MAX, "" },
		{ { ENTRY_LINEAR, 1ull << 32, 0, 0 }, START_LONG, 0, 1ull << 32, "" },
		{ { ENTRY_LINEAR, 1ull << 32, 0, 0 }, START_PROT, -EINVAL, 7,
		        "entry 0x100000000: 32-bit protected mode reaches 0xffffffff at most" },
		{ { ENTRY_SEGOFF, 0, 0x7c0, 5 }, START_LONG, -EINVAL, 7,
		        "--entry 07c0:0005: SEG:OFF is for real mode, and this image starts in "
		        "long mode: expected an address such as 0x100000" },
		{ { ENTRY_RESET, 0, 0, 0 }, START_PROT, -EINVAL, 7,
		        "--entry reset is for real mode, and this image starts in prot mode" },
	};
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct error e = { 0 };
		uint64_t gva = 7;
		CHECK_EQ(entry_resolve_flat(&gva, &rows[i].from, 0x100000, rows[i].mode, &e),
		        rows[i].wanted);
		CHECK_EQ(gva, rows[i].gva);
		CHECK_STR(e.text, rows[i].text);
	}
}

int main(void)
{
	RUN(every_linear_entry_is_the_address_it_names);
	RUN(past_real_modes_reach_is_refused);
	RUN(refusals_name_the_option);
	RUN(default_is_the_load_address);
	RUN(logical_entries_are_taken_as_they_are);
	RUN(reset_has_a_base_of_its_own);
	RUN(flat_segments_take_linear_addresses_only);
	return check_done();
}

#include "kvm/segment.h"

#include "check.h"
#include "random.h"

static void decodes_known_descriptors(void)
{
	static const struct {
		uint64_t descriptor, base;
		uint32_t limit;
		uint8_t type, s, dpl, present, avl, l, db, g;
	} rows[] = {
		/* flat 32-bit code and data, as guests/triple.S has them */
		{ 0x00cf9a000000ffff, 0, 0xffffffff, 10, 1, 0, 1, 0, 0, 1, 1 },
		{ 0x00cf92000000ffff, 0, 0xffffffff, 2, 1, 0, 1, 0, 0, 1, 1 },
		/* 64-bit code */
		{ 0x00af9a000000ffff, 0, 0xffffffff, 10, 1, 0, 1, 0, 1, 0, 1 },
		/* 16-bit data at 0x12345678, 64 KiB */
		{ 0x120092345678ffff, 0x12345678, 0xffff, 2, 1, 0, 1, 0, 0, 0, 0 },
		/* user code, available bit, limit 0xabcde bytes */
		{ 0x005afa000000bcde, 0, 0xabcde, 10, 1, 3, 1, 1, 0, 1, 0 },
		/* a busy 32-bit TSS */
		{ 0x00008b1000000067, 0x100000, 0x67, 11, 0, 0, 1, 0, 0, 0, 0 },
		{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 },
		/* one page: the limit 0 of a big segment */
		{ 0x00c0920000000000, 0, 0xfff, 2, 1, 0, 1, 0, 0, 1, 1 },
		{ 0xff00000000000000, 0xff000000, 0, 0, 0, 0, 0, 0, 0, 0, 0 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct kvm_segment s = segment_decode(rows[i].descriptor);
		CHECK_EQ(s.base, rows[i].base);
		CHECK_EQ(s.limit, rows[i].limit);
		CHECK_EQ(s.type, rows[i].type);
		CHECK_EQ(s.s, rows[i].s);
		CHECK_EQ(s.dpl, rows[i].dpl);
		CHECK_EQ(s.present, rows[i].present);
		CHECK_EQ(s.avl, rows[i].avl);
		CHECK_EQ(s.l, rows[i].l);
		CHECK_EQ(s.db, rows[i].db);
		CHECK_EQ(s.g, rows[i].g);
		CHECK_EQ(s.selector, 0);
		if (!check_case_ok)
			CHECK_FAIL("row %zu", i);
	}
}

/* A descriptor made of fields gives the fields back: SDM vol 3, figure "Segment Descriptor". */
static void every_field_stands_where_the_sdm_draws_it(void)
{
	uint64_t seed = 5;
	for (int i = 0; i < 5000 && check_case_ok; i++) {
		uint64_t base = (uint32_t)random_next(&seed), limit = random_below(&seed, 1u << 20);
		uint64_t access = random_below(&seed, 256), flags = random_below(&seed, 16);
		uint64_t d = (limit & 0xffff) | (base & 0xffffff) << 16 | access << 40 |
		             (limit >> 16) << 48 | flags << 52 | (base >> 24) << 56;
		struct kvm_segment s = segment_decode(d);
		CHECK_EQ(s.base, base);
		CHECK_EQ(s.limit, flags & 8 ? limit * 4096 + 4095 : limit);
		CHECK_EQ(s.type | s.s << 4 | s.dpl << 5 | s.present << 7, access);
		CHECK_EQ(s.avl | s.l << 1 | s.db << 2 | s.g << 3, flags);
		CHECK_EQ(s.unusable, 0);
	}
}

/* SDM vol 3, "Format of Access Rights": the descriptor's access byte and flags, and bit 16. */
static void attributes_are_the_descriptors_bits(void)
{
	for (uint32_t a = 0; a <= 0x1ffff; a++) {
		struct kvm_segment s = segment_decode(
		        (uint64_t)(a & 0xff) << 40 | (uint64_t)(a >> 12 & 0xf) << 52);
		uint32_t wanted = a & SEGMENT_ATTRIBUTES;
		s.unusable = a >> 16;
		if (segment_attributes(&s) != wanted) {
			CHECK_EQ(segment_attributes(&s), wanted);
			return;
		}
		struct kvm_segment copy = { .base = 1, .limit = 2, .selector = 3 };
		segment_set_attributes(&copy, a);
		CHECK_EQ(segment_attributes(&copy), wanted);
		CHECK(copy.base == 1 && copy.limit == 2 && copy.selector == 3);
	}
}

int main(void)
{
	RUN(decodes_known_descriptors);
	RUN(every_field_stands_where_the_sdm_draws_it);
	RUN(attributes_are_the_descriptors_bits);
	return check_done();
}

/* iret of all sizes, far returns to an outer ring, far calls that lead nowhere. */
#include "interp/interp.h"

#include "base/array.h"
#include "check.h"
#include "interp_rig.h"

#define NT 0x4000u
#define RF 0x10000u

enum { GP = 13 };

/* Values of size bytes from the stack's top on. */
static void put_frame(struct rig *r, unsigned size, const uint64_t *values, unsigned count)
{
	for (unsigned k = 0; k < count; k++)
		rig_put(r, RIG_STACK + k * size, values[k], size);
}

static void long_mode_pops_five_values_of_any_size(void)
{
	static const uint64_t frame[] = { 0x3000, RIG_CS, 0x246, 0x7010, RIG_DS };
	static const struct {
		uint8_t code[2];
		unsigned size;
	} rows[] = { { { 0x66, 0xcf }, 2 }, { { 0xcf }, 4 }, { { 0x48, 0xcf }, 8 } };
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
		struct rig r;
		rig_open(&r, 64);
		rig_code(&r, rows[k].code, 2);
		put_frame(&r, rows[k].size, frame, 5);
		CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
		CHECK_EQ(r.regs.rip, 0x3000);
		CHECK_EQ(r.regs.rsp, 0x7010);
		CHECK_EQ(r.regs.rflags, 0x246);
		CHECK_EQ(r.sregs.ss.selector, RIG_DS);
		rig_close(&r);
	}
}

static void long_mode_has_no_nested_tasks(void)
{
	struct rig r;
	rig_open(&r, 64);
	RIG_CODE_IS(&r, 0x48, 0xcf);
	r.regs.rflags = 2 | NT;
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(interp_last_vector(r.c), GP);
	CHECK_EQ(rig_get(&r, r.regs.rsp, 8), 0);
	rig_close(&r);
}

static void the_other_size_is_popped_with_the_prefix(void)
{
	for (unsigned bits = 16; bits <= 32; bits *= 2) {
		struct rig r;
		unsigned size =
		        6 - bits / 8; /* 16-bit code pops 4 bytes, and the other way round */
		const uint64_t frame[] = { 0x3000, bits == 16 ? 0x10 : RIG_CS, 0x40203 | RF };
		rig_open(&r, bits);
		RIG_CODE_IS(&r, 0x66, 0xcf);
		put_frame(&r, size, frame, 3);
		CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
		CHECK_EQ(r.regs.rip, 0x3000);
		CHECK_EQ(r.sregs.cs.base, bits == 16 ? 0x100 : 0);
		CHECK_EQ(r.regs.rsp, RIG_STACK + 3 * size);
		CHECK_EQ(r.regs.rflags, size == 4 ? 0x40203 | RF : 0x203);
		rig_close(&r);
	}
}

static void int_of_real_mode_pushes_words_with_a_prefix_too(void)
{
	struct rig r;
	rig_open(&r, 16);
	RIG_CODE_IS(&r, 0x66, 0xcd, 0x21);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.regs.rsp, RIG_STACK - 6);
	CHECK_EQ(rig_get(&r, RIG_STACK - 6, 2), RIG_CODE + 3);
	rig_close(&r);
}

/* cb and ca: the immediate's bytes lie on both stacks. */
static void a_far_return_to_ring_3_takes_its_stack(void)
{
	for (unsigned bits = 32; bits <= 64; bits *= 2) {
		struct rig r;
		rig_open(&r, bits);
		rig_map(&r, 0x67);
		RIG_CODE_IS(&r, 0xca, 0x08, 0x00);
		const uint64_t frame[] = { 0x3000, RIG_USER_CS, 0, 0, 0x7000, RIG_USER_DS };
		put_frame(&r, 4, frame, 6);
		r.sregs.es.dpl = 3;
		CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
		CHECK_EQ(r.regs.rip, 0x3000);
		CHECK_EQ(r.regs.rsp, 0x7008);
		CHECK_EQ(r.sregs.cs.selector, RIG_USER_CS);
		CHECK_EQ(r.sregs.ss.selector, RIG_USER_DS);
		CHECK(r.sregs.ds.unusable && !r.sregs.es.unusable);
		rig_close(&r);
	}
}

static void what_is_wrong_with_the_outer_rings_segments_is_raised(void)
{
	static const struct {
		uint16_t cs, ss;
		uint32_t error;
	} rows[] = {
		{ RIG_USER_CS, RIG_DS, RIG_DS },                /* another ring's */
		{ RIG_USER_CS, 0, 0 },                          /* null */
		{ RIG_USER_CS, RIG_USER_CS, RIG_USER_CS & ~3 }, /* code */
		{ RIG_USER_DS, RIG_USER_DS, RIG_USER_DS & ~3 }, /* data as code */
		{ 0x103, RIG_USER_DS, 0x100 },                  /* past the GDT */
		{ RIG_CS | 3, RIG_USER_DS, RIG_CS },            /* of ring 0 */
	};
	for (size_t k = 0; k < ARRAY_SIZE(rows) * 2; k++) {
		struct rig r;
		const uint64_t iret[] = { 0x3000, rows[k / 2].cs, 2, 0x7000, rows[k / 2].ss };
		const uint64_t ret[] = { 0x3000, rows[k / 2].cs, 0x7000, rows[k / 2].ss };
		rig_open(&r, 32);
		rig_code(&r, k % 2 ? "\xcf" : "\xcb", 1);
		put_frame(&r, 4, k % 2 ? iret : ret, k % 2 ? 5 : 4);
		CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
		if (interp_last_vector(r.c) != GP ||
		        rig_get(&r, r.regs.rsp, 4) != rows[k / 2].error)
			CHECK_FAIL("row %zu: vector %d, error %" PRIx64, k, interp_last_vector(r.c),
			        rig_get(&r, r.regs.rsp, 4));
		rig_close(&r);
	}
}

/* SDM vol 2, "CALL": its selector is looked at before the stack. */
static void a_far_call_of_a_bad_selector_raises_it(void)
{
	struct rig r;
	rig_open(&r, 32);
	RIG_CODE_IS(&r, 0x9a, 0, 0x30, 0, 0, RIG_DS, 0);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(interp_last_vector(r.c), GP);
	CHECK_EQ(rig_get(&r, r.regs.rsp, 4), RIG_DS);
	rig_close(&r);
}

int main(void)
{
	RUN(long_mode_pops_five_values_of_any_size);
	RUN(long_mode_has_no_nested_tasks);
	RUN(the_other_size_is_popped_with_the_prefix);
	RUN(int_of_real_mode_pushes_words_with_a_prefix_too);
	RUN(a_far_return_to_ring_3_takes_its_stack);
	RUN(what_is_wrong_with_the_outer_rings_segments_is_raised);
	RUN(a_far_call_of_a_bad_selector_raises_it);
	return check_done();
}

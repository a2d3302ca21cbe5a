/* Which prefixes count. */
#include "interp/interp.h"

#include "base/array.h"
#include "check.h"
#include "interp_rig.h"

/* SDM vol 2, "REX Prefixes": ignored where it does not stand right before the opcode. */
static void a_rex_before_other_prefixes_counts_for_nothing(void)
{
	static const struct {
		uint8_t code[8];
		uint64_t rbx, r11;
	} rows[] = {
		{ { 0x41, 0x66, 0xbb, 0x34, 0x12 }, 0xffffffffffff1234, 0 }, /* mov bx, 1234h */
		{ { 0x66, 0x41, 0xbb, 0x34, 0x12 }, UINT64_MAX, 0x1234 },    /* mov r11w, 1234h */
		{ { 0x49, 0x3e, 0xbb, 1, 0, 0, 0 }, 1, 0 },                  /* mov ebx, 1 */
		{ { 0x48, 0x41, 0xbb, 1, 0, 0, 0 }, UINT64_MAX, 1 },         /* mov r11d, 1 */
		{ { 0x41, 0x40, 0xbb, 1, 0, 0, 0 }, 1, 0 },                  /* mov ebx, 1 */
	};
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
		struct rig r;
		rig_open(&r, 64);
		rig_code(&r, rows[k].code, sizeof rows[k].code);
		r.regs.rbx = UINT64_MAX;
		CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
		if (r.regs.rbx != rows[k].rbx || r.regs.r11 != rows[k].r11)
			CHECK_FAIL("row %zu: rbx %llx, r11 %llx", k, r.regs.rbx, r.regs.r11);
		rig_close(&r);
	}
}

/* in and out are no string instructions, and lar, lsl, rdmsr and rdtsc are no others with it. */
static void a_rep_prefix_counts_where_it_means_something(void)
{
	struct rig r;
	rig_open(&r, 32);
	RIG_CODE_IS(&r, 0xf3, 0xee, 0xf2, 0xe4, 0x70, 0xf3, 0x0f, 0x31); /* out, in, rdtsc */
	r.regs.rdx = 0x80;
	r.regs.rcx = 5;
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.port, 0x80);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.port, 0x70);
	CHECK_EQ(r.regs.rax, 0xa5);
	CHECK_EQ(r.ports, 2);
	CHECK_EQ(r.regs.rcx, 5);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.regs.rax, 0x55667788);
	rig_close(&r);
}

int main(void)
{
	RUN(a_rex_before_other_prefixes_counts_for_nothing);
	RUN(a_rep_prefix_counts_where_it_means_something);
	return check_done();
}

/* Which bytes of an instruction count: at a page's end, and prefixes that others follow. */
#include "interp/interp.h"

#include "base/array.h"
#include "check.h"
#include "interp_rig.h"

enum { UD = 6, PF = 14, HANDED = -1 };

#define PAGE_END 0x5000u
#define ABSENT   0x5022u /* entries of the page after it: not present, */
#define NOT_USED 0x5003u /* never accessed, */
#define USED     0x5023u /* accessed */

/* Of what no CPU has, it is not known how much of it is fetched; ud2 is two bytes. */
static void ud2_at_the_end_of_a_page_is_known(void)
{
	for (unsigned bits = 16; bits <= 64; bits *= 2) {
		struct rig r;
		rig_open(&r, bits);
		r.regs.rip = (RIG_CODE | 0xfff) - 1;
		RIG_CODE_IS(&r, 0x0f, 0x0b);
		interp_catch(r.c, 1u << 6);
		CHECK_EQ(rig_run(&r, 1), INTERP_EXCEPTION);
		CHECK_EQ(interp_last_vector(r.c), 6);
		rig_close(&r);
	}
}

/* Where an instruction that is not known ends, only who knows it can say: its last bytes are not fetched. */
static void what_is_not_known_is_not_fetched_whole(void)
{
	static const struct {
		uint8_t bytes[5];
		enum interp_why why;
	} rows[] = {
		{ { 0xc5, 0x95, 0x1b, 0x00, 0x00 },
		        INTERP_HANDOVER }, /* VEX; as lds it would have 6 bytes */
		{ { 0x8b, 0x95, 0x1b, 0x00, 0x00 }, INTERP_EXCEPTION }, /* mov edx, [rbp+...] */
		{ { 0x66, 0x66, 0x66, 0x66, 0x66 }, INTERP_EXCEPTION },
	};
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
		struct rig r;
		rig_open(&r, 64);
		memcpy(r.ram + 0x4ffb, rows[k].bytes, 5);
		rig_put(&r, rig_pte(0x5000), 0x5022, 8); /* not present */
		r.regs.rip = 0x4ffb;
		interp_catch(r.c, 1u << 14);
		CHECK_EQ(rig_run(&r, 1), rows[k].why);
		rig_close(&r);
	}
}

/* Where all of the 15 bytes can be fetched, and the next page was accessed before, nobody sees how many were. */
static void all_bytes_that_it_may_have_can_be_fetched(void)
{
	static const struct {
		const char *name;
		unsigned before; /* the page's end */
		uint8_t bytes[4];
		uint64_t next;
		int vector;
	} rows[] = {
		{ "jmp far", 1, { 0xea, 1, 2, 3 }, USED, UD },
		{ "jmp far", 4, { 0xea, 1, 2, 3 }, USED, UD },
		{ "jmp far", 1, { 0xea, 1, 2, 3 }, NOT_USED, HANDED },
		{ "jmp far", 1, { 0xea, 1, 2, 3 }, ABSENT, HANDED },
		{ "pusha", 1, { 0x60 }, USED, UD },
		{ "pusha", 1, { 0x60 }, ABSENT, HANDED },
		{ "0f 24", 1, { 0x0f, 0x24 }, USED, UD },
		{ "0f 24", 1, { 0x0f, 0x24 }, ABSENT, PF },
		{ "lock mov", 2, { 0xf0, 0x89, 0xc0 }, USED, UD },
		{ "lock mov", 2, { 0xf0, 0x89, 0xc0 }, ABSENT, HANDED },
		{ "lock mov", 3, { 0xf0, 0x89, 0xc0 }, ABSENT, HANDED },
		{ "mov", 1, { 0x89, 0xc0 }, ABSENT, PF },
	};
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
		struct rig r;
		rig_open(&r, 64);
		r.regs.rip = PAGE_END - rows[k].before;
		rig_code(&r, rows[k].bytes, sizeof rows[k].bytes);
		rig_put(&r, rig_pte(PAGE_END), rows[k].next, 8);
		enum interp_why why = rig_run(&r, 1);
		if (why != (rows[k].vector == HANDED ? INTERP_HANDOVER : INTERP_COUNT) ||
		        interp_last_vector(r.c) != rows[k].vector)
			CHECK_FAIL("%s, %u bytes before the end: why %d, vector %d", rows[k].name,
			        rows[k].before, why, interp_last_vector(r.c));
		CHECK_EQ(rig_get(&r, rig_pte(PAGE_END), 8), rows[k].next);
		rig_close(&r);
	}
}

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

/* in and out are no string instructions, and rdtsc, as lar, lsl and rdmsr, is no other instruction with the prefix. */
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
	RUN(ud2_at_the_end_of_a_page_is_known);
	RUN(what_is_not_known_is_not_fetched_whole);
	RUN(all_bytes_that_it_may_have_can_be_fetched);
	RUN(a_rex_before_other_prefixes_counts_for_nothing);
	RUN(a_rep_prefix_counts_where_it_means_something);
	return check_done();
}

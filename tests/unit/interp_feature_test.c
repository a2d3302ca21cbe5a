/* What cpuid tells, and what a lock prefix may not stand before. */
#include "interp/interp.h"

#include "base/array.h"
#include "check.h"
#include "interp_rig.h"

enum { NO_CPUID, WITHOUT, WITH }; /* what cpuid says of a feature */
enum { HANDED = -2, DONE = -1 };  /* or a vector */

struct row {
	const char *what;
	unsigned bits, cpuid;
	uint32_t leaf, subleaf;
	unsigned which, bit; /* the register, eax first */
	uint8_t code[8];
	unsigned len;
	int comes_of_it;
};

static void set_cpuid(struct rig *r, const struct row *row, struct kvm_cpuid_entry2 table[2])
{
	const struct interp_slot slot = { 0, RIG_RAM, r->ram, false };
	uint32_t value = row->cpuid == WITH ? 1u << row->bit : 0;
	table[0] = (struct kvm_cpuid_entry2) {
		.ebx = 0x68747541, .edx = 0x69746e65, .ecx = 0x444d4163
	};
	table[1] = (struct kvm_cpuid_entry2) { .function = row->leaf,
		.index = row->subleaf,
		.flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX,
		.ebx = row->which == 1 ? value : 0,
		.ecx = row->which == 2 ? value : 0,
		.edx = row->which == 3 ? value : 0 };
	r->config.cpuid = table;
	r->config.cpuid_count = row->cpuid == NO_CPUID ? 0 : 2;
	interp_free(r->c);
	r->c = interp_new(&r->config);
	interp_set_slots(r->c, &slot, 1);
}

static void run_row(const struct row *row)
{
	struct rig r;
	struct kvm_cpuid_entry2 table[2];
	rig_open(&r, row->bits);
	set_cpuid(&r, row, table);
	rig_code(&r, row->code, sizeof row->code);
	r.regs.rbx = RIG_DATA;
	enum interp_why why = rig_run(&r, 1);
	int vector = interp_last_vector(r.c);
	int is = why == INTERP_HANDOVER ? HANDED : vector >= 0 ? vector : DONE;
	if (is != row->comes_of_it || (is == DONE && r.regs.rip != RIG_CODE + row->len))
		CHECK_FAIL("%s, %u bits, cpuid %u: %d, rip %llx", row->what, row->bits, row->cpuid,
		        is, r.regs.rip);
	rig_close(&r);
}

static void an_opcode_that_a_feature_has_is_undefined_without_it(void)
{
	static const struct row rows[] = {
		{ "xabort", 32, WITHOUT, 7, 0, 1, 11, { 0xc6, 0xf8, 0 }, 3, 6 },
		{ "xabort", 32, WITH, 7, 0, 1, 11, { 0xc6, 0xf8, 0 }, 3, HANDED },
		{ "xabort", 32, NO_CPUID, 7, 0, 1, 11, { 0xc6, 0xf8, 0 }, 3, HANDED },
		{ "APX", 64, WITHOUT, 7, 1, 3, 21, { 0xd5, 0x0a }, 2, 6 },
		{ "APX", 64, WITH, 7, 1, 3, 21, { 0xd5, 0x0a }, 2, HANDED },
		{ "aad", 32, WITH, 7, 1, 3, 21, { 0xd5, 0x0a }, 2, DONE },
		{ "XOP", 64, WITH, 0x80000001, 0, 2, 11, { 0x8f, 0xc8 }, 2, HANDED },
		{ "rdrand", 32, WITHOUT, 1, 0, 2, 30, { 0x0f, 0xc7, 0xf0 }, 3, 6 },
		{ "rdrand", 32, WITH, 1, 0, 2, 30, { 0x0f, 0xc7, 0xf0 }, 3, HANDED },
		{ "rdseed", 32, WITHOUT, 7, 0, 1, 18, { 0x0f, 0xc7, 0xf8 }, 3, 6 },
		{ "popcnt", 64, WITHOUT, 1, 0, 2, 23, { 0xf3, 0x0f, 0xb8, 0xc3 }, 4, 6 },
		{ "popcnt", 64, WITH, 1, 0, 2, 23, { 0xf3, 0x0f, 0xb8, 0xc3 }, 4, DONE },
		{ "0f b8", 64, WITH, 1, 0, 2, 23, { 0x0f, 0xb8, 0xc3 }, 3, 6 },
		{ "MPX", 32, WITHOUT, 7, 0, 1, 14, { 0x0f, 0x1a, 0x03 }, 3, DONE },
		{ "MPX", 32, WITH, 7, 0, 1, 14, { 0x0f, 0x1a, 0x03 }, 3, HANDED },
		{ "a hint", 16, NO_CPUID, 0, 0, 0, 0, { 0x0f, 0x1d, 0x07 }, 3, DONE },
		{ "getsec", 32, NO_CPUID, 0, 0, 0, 0, { 0x0f, 0x37 }, 2, 6 },
		{ "xstore", 32, WITHOUT, 1, 0, 2, 0, { 0x0f, 0xa7, 0xc0 }, 3, 6 },
		{ "xstore", 32, NO_CPUID, 1, 0, 2, 0, { 0x0f, 0xa7, 0xc0 }, 3, HANDED },
		{ "xsavec", 32, NO_CPUID, 0, 0, 0, 0, { 0x0f, 0xc7, 0x23 }, 3, 6 },
		{ "vmptrld", 32, NO_CPUID, 0, 0, 0, 0, { 0x0f, 0xc7, 0x33 }, 3, 6 },
		{ "ud0", 32, NO_CPUID, 0, 0, 0, 0, { 0x0f, 0xff, 0x33 }, 3, 6 },
	};
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++)
		run_row(&rows[k]);
}

/* SDM vol 2, "LOCK". */
static void lock_raises_an_invalid_opcode_but_where_memory_is_changed(void)
{
	static const struct row rows[] = {
		{ "lock iret", 32, WITHOUT, 1, 0, 2, 0, { 0xf0, 0xcf }, 2, 6 },
		{ "lock in", 32, WITHOUT, 1, 0, 2, 0, { 0xf0, 0xec }, 2, 6 },
		{ "lock cpuid", 32, WITHOUT, 1, 0, 2, 0, { 0xf0, 0x0f, 0xa2 }, 3, 6 },
		{ "lock wrmsr", 32, WITHOUT, 1, 0, 2, 0, { 0xf0, 0x0f, 0x30 }, 3, 6 },
		{ "lock call far", 32, WITHOUT, 1, 0, 2, 0, { 0xf0, 0x9a }, 2, 6 },
		{ "lock add", 32, WITHOUT, 1, 0, 2, 0, { 0xf0, 0x01, 0x03 }, 3, DONE },
		{ "lock add to a register", 32, WITHOUT, 1, 0, 2, 0, { 0xf0, 0x01, 0xc3 }, 3, 6 },
		{ "lock cmp", 32, WITHOUT, 1, 0, 2, 0, { 0xf0, 0x39, 0x03 }, 3, 6 },
		/* AMD's have cr8 for cr0 */
		{ "lock mov cr0", 32, WITHOUT, 1, 0, 2, 0, { 0xf0, 0x0f, 0x20, 0xc0 }, 4, HANDED },
		/* and hints that take it */
		{ "lock nop", 32, WITHOUT, 1, 0, 2, 0, { 0xf0, 0x0f, 0x1f, 0x03 }, 4, HANDED },
	};
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++)
		run_row(&rows[k]);
}

/* How long an instruction is that no CPU knows is not said, and one of more than 15 bytes is #GP. */
static void prefixes_may_make_an_undefined_opcode_too_long(void)
{
	static const struct row rows[] = {
		{ "jmp far", 64, NO_CPUID, 0, 0, 0, 0, { 0xea, 1, 2, 3, 4, 5, 6 }, 7, 6 },
		{ "jmp far, 4 prefixes", 64, NO_CPUID, 0, 0, 0, 0, { 0x3e, 0x3e, 0x3e, 0x3e, 0xea },
		        5, 6 },
		{ "jmp far, 5 prefixes", 64, NO_CPUID, 0, 0, 0, 0,
		        { 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0xea }, 6, HANDED },
		{ "ud2, 4 prefixes", 64, NO_CPUID, 0, 0, 0, 0,
		        { 0x3e, 0x3e, 0x3e, 0x3e, 0x0f, 0x0b }, 6, HANDED },
	};
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++)
		run_row(&rows[k]);
}

static void popcnt_counts(void)
{
	struct rig r;
	struct kvm_cpuid_entry2 table[2];
	const struct row row = { .cpuid = WITH, .leaf = 1, .which = 2, .bit = 23 };
	rig_open(&r, 64);
	set_cpuid(&r, &row, table);
	RIG_CODE_IS(&r, 0xf3, 0x48, 0x0f, 0xb8, 0xc3, 0xf3, 0x0f, 0xb8, 0xcb);
	r.regs.rbx = 0xf0f0000000000001;
	r.regs.rcx = UINT64_MAX;
	r.regs.rflags = 0x8d7;
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.regs.rax, 9);
	CHECK_EQ(r.regs.rflags, 2);
	r.regs.rbx = 0xf0f0000000000000;
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.regs.rcx, 0);
	CHECK_EQ(r.regs.rflags, 0x42); /* ZF */
	rig_close(&r);
}

int main(void)
{
	RUN(an_opcode_that_a_feature_has_is_undefined_without_it);
	RUN(lock_raises_an_invalid_opcode_but_where_memory_is_changed);
	RUN(prefixes_may_make_an_undefined_opcode_too_long);
	RUN(popcnt_counts);
	return check_done();
}

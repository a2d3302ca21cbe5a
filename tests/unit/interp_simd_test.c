/* MMX and SSE: what CR0 and CR4 have their instructions raise, and that all else is KVM's. */
#include "interp/interp.h"

#include "base/array.h"
#include "base/cpu_bits.h"
#include "check.h"
#include "interp_rig.h"

enum { NO_CPUID, WITH_SSE, WITH_SSE2 }; /* what cpuid tells */
enum { HANDED = -1, UD = 6, NM = 7, PF = 14 };
enum { EM = CR0_EM, TS = CR0_TS, BOTH = CR0_EM | CR0_TS };

struct row {
	const char *what;
	unsigned bits;
	uint32_t cr0;
	bool has_osfxsr;
	unsigned cpuid;
	uint8_t code[6];
	int comes_of_it;
};

/* After rig_open: the rig's engine has no cpuid. */
static void set_cpuid(struct rig *r, struct kvm_cpuid_entry2 table[2], unsigned cpuid)
{
	const struct interp_slot slot = { 0, RIG_RAM, r->ram, false };
	table[0] = (struct kvm_cpuid_entry2) {
		.ebx = 0x68747541, .edx = 0x69746e65, .ecx = 0x444d4163
	};
	table[1] = (struct kvm_cpuid_entry2) { .function = 1,
		.edx = 1u << 23 | 1u << 25 | (cpuid == WITH_SSE2 ? 1u << 26 : 0) };
	r->config.cpuid = table;
	r->config.cpuid_count = cpuid == NO_CPUID ? 0 : 2;
	interp_free(r->c);
	r->c = interp_new(&r->config);
	interp_set_slots(r->c, &slot, 1);
}

static void run_row(const struct row *row)
{
	struct rig r;
	struct kvm_cpuid_entry2 table[2];
	rig_open(&r, row->bits);
	set_cpuid(&r, table, row->cpuid);
	rig_code(&r, row->code, sizeof row->code);
	r.sregs.cr0 |= row->cr0;
	r.sregs.cr4 = (r.sregs.cr4 & ~(uint64_t)CR4_OSFXSR) | (row->has_osfxsr ? CR4_OSFXSR : 0);
	enum interp_why why = rig_run(&r, 1);
	int vector = interp_last_vector(r.c);
	bool is_right = row->comes_of_it == HANDED ? why == INTERP_HANDOVER && vector < 0
	                                           : why == INTERP_COUNT;
	if (!is_right || vector != row->comes_of_it)
		CHECK_FAIL("%s, %u bits, cr0 %x, osfxsr %d, cpuid %u: vector %d", row->what,
		        row->bits, row->cr0, row->has_osfxsr, row->cpuid, vector);
	rig_close(&r);
}

#define MOVUPS   "movups", 64
#define MOVUPS32 "movups", 32
#define PADDB    "paddb mm", 32
#define PADDB66  "paddb xmm", 32
#define EMMS     "emms", 16

static void what_cr0_and_cr4_say(void)
{
	static const struct row rows[] = {
		{ MOVUPS, 0, true, WITH_SSE2, { 0x0f, 0x10, 0xc1 }, HANDED },
		{ MOVUPS, EM, true, WITH_SSE2, { 0x0f, 0x10, 0xc1 }, UD },
		{ MOVUPS, BOTH, true, WITH_SSE2, { 0x0f, 0x10, 0xc1 }, HANDED },
		{ MOVUPS, TS, true, WITH_SSE2, { 0x0f, 0x10, 0xc1 }, NM },
		{ MOVUPS, TS, false, WITH_SSE2, { 0x0f, 0x10, 0xc1 }, HANDED },
		{ MOVUPS, TS, true, NO_CPUID, { 0x0f, 0x10, 0xc1 }, HANDED },
		{ MOVUPS, TS, true, WITH_SSE, { 0x0f, 0x10, 0xc1 }, HANDED },
		{ MOVUPS32, 0, false, NO_CPUID, { 0x0f, 0x10, 0xc1 }, UD },
		{ PADDB, 0, false, WITH_SSE2, { 0x0f, 0xfc, 0xc1 }, HANDED },
		{ PADDB, EM, false, NO_CPUID, { 0x0f, 0xfc, 0xc1 }, UD },
		{ PADDB, BOTH, true, WITH_SSE2, { 0x0f, 0xfc, 0xc1 }, HANDED },
		{ PADDB, TS, true, WITH_SSE2, { 0x0f, 0xfc, 0xc1 }, NM },
		{ PADDB66, 0, false, WITH_SSE2, { 0x66, 0x0f, 0xfc, 0xc1 }, UD },
		{ PADDB66, TS, true, WITH_SSE2, { 0x66, 0x0f, 0xfc, 0xc1 }, NM },
		{ EMMS, 0, true, WITH_SSE2, { 0x0f, 0x77 }, HANDED },
		{ EMMS, EM, true, WITH_SSE2, { 0x0f, 0x77 }, UD },
		{ EMMS, TS, true, WITH_SSE2, { 0x0f, 0x77 }, NM },
	};
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++)
		run_row(&rows[k]);
}

/* f2 and f3 count before 66, which REX.W does not take away. */
static void prefixes_choose_the_instruction(void)
{
	static const struct row rows[] = {
		{ "pshuflw", 32, 0, false, WITH_SSE2, { 0x66, 0xf2, 0x0f, 0x70, 0xc1, 0 }, UD },
		{ "pshufw", 32, 0, false, WITH_SSE2, { 0x0f, 0x70, 0xc1, 0 }, HANDED },
		{ "movq xmm", 64, 0, false, WITH_SSE2, { 0x66, 0x48, 0x0f, 0x6e, 0xc0 }, UD },
		{ "movq mm", 64, 0, false, WITH_SSE2, { 0x48, 0x0f, 0x6e, 0xc0 }, HANDED },
		{ "f2 0f 60, none", 32, TS, true, WITH_SSE2, { 0xf2, 0x0f, 0x60, 0xc1 }, HANDED },
		{ "f2 0f 60, none", 32, EM, true, WITH_SSE2, { 0xf2, 0x0f, 0x60, 0xc1 }, UD },
		{ "f3 0f 12, SSE3's", 32, TS, true, WITH_SSE2, { 0xf3, 0x0f, 0x12, 0xc1 }, HANDED },
		{ "addss", 32, TS, true, WITH_SSE2, { 0xf3, 0x0f, 0x58, 0x06 }, NM },
		{ "lock addps", 32, TS, true, WITH_SSE2, { 0xf0, 0x0f, 0x58, 0x06 }, UD },
	};
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++)
		run_row(&rows[k]);
}

/* #NM is sure of what there is alone. */
static void a_form_that_is_none_is_handed_over(void)
{
	static const struct row rows[] = {
		{ "movlps to a register", 32, TS, true, WITH_SSE2, { 0x0f, 0x13, 0xc1 }, HANDED },
		{ "movlps to memory", 32, TS, true, WITH_SSE2, { 0x0f, 0x13, 0x06 }, NM },
		{ "movhlps", 32, TS, true, WITH_SSE2, { 0x0f, 0x12, 0xc1 }, NM },
		{ "movlpd of a register", 32, TS, true, WITH_SSE2, { 0x66, 0x0f, 0x12, 0xc1 },
		        HANDED },
		{ "pmovmskb of memory", 32, TS, true, WITH_SSE2, { 0x0f, 0xd7, 0x06 }, HANDED },
		{ "psrlw by 1", 32, TS, true, WITH_SSE2, { 0x0f, 0x71, 0xd1, 1 }, NM },
		{ "0f 71 /0", 32, TS, true, WITH_SSE2, { 0x0f, 0x71, 0xc1, 1 }, HANDED },
		{ "movdq2q of memory", 32, TS, true, WITH_SSE2, { 0xf2, 0x0f, 0xd6, 0x06 },
		        HANDED },
		{ "movntq of a register", 32, TS, true, WITH_SSE2, { 0x0f, 0xe7, 0xc1 }, HANDED },
		{ "0f d0, SSE3's", 32, 0, false, WITH_SSE2, { 0x0f, 0xd0, 0x06 }, HANDED },
	};
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++)
		run_row(&rows[k]);
}

/* Nobody has said whether a CPU fetches all of it before it raises what CR0 has it raise. Where the next page can be
 * fetched, that makes no difference. */
static void one_that_goes_on_in_another_page_may_not_be_fetched(void)
{
	static const uint8_t code[] = { 0x0f, 0x71, 0xd1, 1 };
	static const int wanted[] = { PF, HANDED, HANDED, UD };
	struct rig r;
	struct kvm_cpuid_entry2 table[2];
	for (unsigned before = 1; before <= sizeof code; before++)
		for (unsigned is_there = 0; is_there < 2; is_there++) {
			int want = is_there ? UD : wanted[before - 1];
			rig_open(&r, 64);
			set_cpuid(&r, table, WITH_SSE2);
			r.regs.rip = RIG_CODE + 0x1000 - before;
			memcpy(r.ram + r.regs.rip, code, sizeof code);
			if (!is_there)
				rig_put(&r, rig_pte(RIG_CODE + 0x1000), 0, 8);
			r.sregs.cr0 |= EM;
			CHECK_EQ(rig_run(&r, 1), want == HANDED ? INTERP_HANDOVER : INTERP_COUNT);
			CHECK_EQ(interp_last_vector(r.c), want);
			rig_close(&r);
		}
}

int main(void)
{
	RUN(what_cr0_and_cr4_say);
	RUN(prefixes_choose_the_instruction);
	RUN(a_form_that_is_none_is_handed_over);
	RUN(one_that_goes_on_in_another_page_may_not_be_fetched);
	return check_done();
}

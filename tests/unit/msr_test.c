/* MSRs by name. */
#include "kvm/msr.h"

#include <string.h>

#include "check.h"

/* SDM vol 4, "Architectural MSRs". */
static void names_are_the_sdms(void)
{
	CHECK_STR(msr_name(0x10), "IA32_TIME_STAMP_COUNTER");
	CHECK_STR(msr_name(0x1b), "IA32_APIC_BASE");
	CHECK_STR(msr_name(0x174), "IA32_SYSENTER_CS");
	CHECK_STR(msr_name(0x277), "IA32_PAT");
	CHECK_STR(msr_name(0xc0000080), "IA32_EFER");
	CHECK_STR(msr_name(0xc0000082), "IA32_LSTAR");
	CHECK_STR(msr_name(0xc0000102), "IA32_KERNEL_GS_BASE");
	CHECK(!msr_name(0x12345));
}

static void a_name_is_found_with_and_without_prefix_in_any_case(void)
{
	static const char *const words[] = { "IA32_LSTAR", "ia32_lstar", "LSTAR", "lstar" };
	uint32_t number;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		number = 0;
		CHECK(msr_find(words[i], &number));
		CHECK_EQ(number, 0xc0000082);
	}
	CHECK(msr_find("kvm_steal_time", &number));
	CHECK_EQ(number, 0x4b564d03);
	CHECK(!msr_find("LSTA", &number) && !msr_find("LSTARS", &number) && !msr_find("", &number));
	CHECK(!msr_find("IA32_", &number) && !msr_find("MSR_LSTAR", &number));
}

/* No name means two registers, and none hides behind another's short form. */
static void every_name_finds_its_own_number(void)
{
	static const uint32_t ranges[][2] = { { 0, 0x1000 }, { 0x40000000, 0x40000200 },
		{ 0x4b564d00, 0x4b564d10 }, { 0xc0000000, 0xc0000200 },
		{ 0xc0010000, 0xc0012000 } };
	unsigned count = 0;
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		for (uint32_t n = ranges[i][0]; n < ranges[i][1]; n++) {
			uint32_t number = ~n;
			const char *name = msr_name(n);
			if (!name)
				continue;
			count++;
			if (!msr_find(name, &number) || number != n)
				CHECK_FAIL("%s is 0x%x, found 0x%x", name, n, number);
			if (!strncmp(name, "IA32_", 5) &&
			        (!msr_find(name + 5, &number) || number != n))
				CHECK_FAIL("%s is 0x%x, found 0x%x", name + 5, n, number);
		}
	CHECK(count > 100);
}

int main(void)
{
	RUN(names_are_the_sdms);
	RUN(a_name_is_found_with_and_without_prefix_in_any_case);
	RUN(every_name_finds_its_own_number);
	return check_done();
}

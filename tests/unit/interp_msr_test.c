/* Model-specific registers, and the system calls that go by them. */
#include "interp/interp.h"

#include "base/array.h"
#include "check.h"
#include "interp_rig.h"

enum { GP = 13 };

/* Those of the caller's, beside sysenter's: rig_msr. */
static uint64_t sysenter_cs;

static enum interp_msr give_msr(void *ctx, uint32_t number, uint64_t *value, bool is_write)
{
	(void)ctx;
	if (is_write || number < 0x174 || number > 0x176)
		return INTERP_MSR_NONE;
	*value = number == 0x174 ? sysenter_cs : number == 0x175 ? RIG_STACK1 : RIG_HANDLER;
	return INTERP_MSR_DONE;
}

static void use(struct rig *r, const struct kvm_cpuid_entry2 *cpuid, unsigned count)
{
	const struct interp_slot slot = { 0, RIG_RAM, r->ram, false };
	r->config.msr = give_msr;
	r->config.cpuid = cpuid;
	r->config.cpuid_count = count;
	interp_free(r->c);
	r->c = interp_new(&r->config);
	interp_set_slots(r->c, &slot, 1);
}

static void the_bases_of_fs_and_gs_are_registers(void)
{
	static const struct kvm_cpuid_entry2 has_lm = { .function = 0x80000001, .edx = 1u << 29 };
	struct rig r;
	rig_open(&r, 64);
	use(&r, &has_lm, 1);
	RIG_CODE_IS(&r, 0x0f, 0x30, 0x31, 0xc0, 0x0f, 0x32); /* wrmsr; xor eax, eax; rdmsr */
	r.regs.rcx = 0xc0000100;
	r.regs.rdx = 0x7fff;
	r.regs.rax = 0x12345678;
	CHECK_EQ(rig_run(&r, 3), INTERP_COUNT);
	CHECK_EQ(r.sregs.fs.base, 0x7fff12345678);
	CHECK_EQ(r.regs.rax, 0x12345678);
	CHECK_EQ(r.regs.rdx, 0x7fff);
	RIG_CODE_IS(&r, 0x0f, 0x30);
	r.regs.rdx = 0x8000; /* not canonical */
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(interp_last_vector(r.c), GP);
	rig_close(&r);
}

/* Numbers that some CPU has are KVM's, whatever it says. */
static void what_no_cpu_has_is_a_general_protection(void)
{
	static const struct {
		uint32_t number;
		uint8_t op;
		bool is_handed;
	} rows[] = { { 0x87654321, 0x32, false }, { 0x87654321, 0x30, false },
		{ 0x12345678, 0x32, true }, { 0x1fff, 0x32, true }, { 0xc0010000, 0x32, true },
		{ 0x49, 0x30, true } };
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
		struct rig r;
		rig_open(&r, 32);
		rig_code(&r, (const uint8_t[]) { 0x0f, rows[k].op }, 2);
		r.regs.rcx = rows[k].number;
		enum interp_why why = rig_run(&r, 1);
		if (rows[k].is_handed ? why != INTERP_HANDOVER : interp_last_vector(r.c) != GP)
			CHECK_FAIL("row %zu: why %d", k, why);
		rig_close(&r);
	}
}

static void sysenter_and_sysexit_go_by_three_of_them(void)
{
	struct rig r;
	rig_open(&r, 32);
	use(&r, NULL, 0);
	rig_enter_user(&r);
	sysenter_cs = RIG_CS;
	RIG_CODE_IS(&r, 0x0f, 0x34);
	memcpy(r.ram + RIG_HANDLER, "\x0f\x35", 2);
	r.regs.rflags = 0x202;
	r.regs.rdx = 0x3000;
	r.regs.rcx = 0x7000;
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.regs.rip, RIG_HANDLER);
	CHECK_EQ(r.regs.rsp, RIG_STACK1);
	CHECK_EQ(r.sregs.cs.selector, RIG_CS);
	CHECK_EQ(r.sregs.ss.selector, RIG_CS + 8);
	CHECK(r.sregs.cs.dpl == 0 && r.sregs.ss.dpl == 0 && r.sregs.cs.db);
	CHECK_EQ(r.regs.rflags, 2);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(r.regs.rip, 0x3000);
	CHECK_EQ(r.regs.rsp, 0x7000);
	CHECK_EQ(r.sregs.cs.selector, (RIG_CS + 16) | 3);
	CHECK_EQ(r.sregs.ss.selector, (RIG_CS + 24) | 3);
	CHECK(r.sregs.cs.dpl == 3 && r.sregs.ss.dpl == 3);
	sysenter_cs = 3;
	memcpy(r.ram + 0x3000, "\x0f\x34", 2);
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(interp_last_vector(r.c), GP);
	rig_close(&r);
}

static void sysret_goes_to_32_bit_code_without_rex_w(void)
{
	static const struct interp_msrs msrs = { .star = (uint64_t)RIG_USER_CS << 48 };
	struct rig r;
	rig_open(&r, 64);
	rig_map(&r, 0x67);
	RIG_CODE_IS(&r, 0x0f, 0x07);
	r.sregs.efer |= 1;
	r.regs.rcx = 0x1234567800003000;
	r.regs.r11 = 0x202;
	interp_load(r.c, &r.regs, &r.sregs, 0, false);
	interp_set_msrs(r.c, &msrs);
	CHECK_EQ(interp_run(r.c, 1, &r.done), INTERP_COUNT);
	interp_save(r.c, &r.regs, &r.sregs);
	CHECK_EQ(r.regs.rip, 0x3000);
	CHECK_EQ(r.sregs.cs.selector, RIG_USER_CS);
	CHECK_EQ(r.sregs.ss.selector, RIG_USER_CS + 8);
	CHECK(!r.sregs.cs.l && r.sregs.cs.db && r.sregs.cs.dpl == 3);
	rig_close(&r);
}

static void leaves_that_are_not_there_are_zeros_on_amds_cpus(void)
{
	static const struct kvm_cpuid_entry2 amd = {
		.ebx = 0x68747541, .edx = 0x69746e65, .ecx = 0x444d4163
	};
	struct rig r;
	rig_open(&r, 32);
	use(&r, &amd, 1);
	RIG_CODE_IS(&r, 0x0f, 0xa2);
	r.regs.rax = 0x55555555;
	r.regs.rbx = r.regs.rcx = r.regs.rdx = 7;
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK(!r.regs.rax && !r.regs.rbx && !r.regs.rcx && !r.regs.rdx);
	rig_close(&r);
	rig_open(&r, 32); /* of another vendor */
	RIG_CODE_IS(&r, 0x0f, 0xa2);
	r.regs.rax = 0x55555555;
	CHECK_EQ(rig_run(&r, 1), INTERP_HANDOVER);
	rig_close(&r);
}

int main(void)
{
	RUN(the_bases_of_fs_and_gs_are_registers);
	RUN(what_no_cpu_has_is_a_general_protection);
	RUN(sysenter_and_sysexit_go_by_three_of_them);
	RUN(sysret_goes_to_32_bit_code_without_rex_w);
	RUN(leaves_that_are_not_there_are_zeros_on_amds_cpus);
	return check_done();
}

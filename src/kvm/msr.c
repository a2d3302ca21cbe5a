/* The names of MSRs, and KVM's list of those that it has. */
#include "kvm/msr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>

#include <linux/kvm.h>

#include "base/array.h"
#include "base/sort.h"

/* By number. */
static const struct {
	uint32_t number;
	const char *name;
} names[] = {
	{ 0x10, "IA32_TIME_STAMP_COUNTER" },
	{ 0x11, "MSR_KVM_WALL_CLOCK" },
	{ 0x12, "MSR_KVM_SYSTEM_TIME" },
	{ 0x17, "IA32_PLATFORM_ID" },
	{ 0x1b, "IA32_APIC_BASE" },
	{ 0x34, "MSR_SMI_COUNT" },
	{ 0x3a, "IA32_FEATURE_CONTROL" },
	{ 0x3b, "IA32_TSC_ADJUST" },
	{ 0x48, "IA32_SPEC_CTRL" },
	{ 0x49, "IA32_PRED_CMD" },
	{ 0x8b, "IA32_BIOS_SIGN_ID" },
	{ 0x9e, "IA32_SMBASE" },
	{ 0xc1, "IA32_PMC0" },
	{ 0xc2, "IA32_PMC1" },
	{ 0xc3, "IA32_PMC2" },
	{ 0xc4, "IA32_PMC3" },
	{ 0xce, "MSR_PLATFORM_INFO" },
	{ 0xcf, "IA32_CORE_CAPABILITIES" },
	{ 0xe1, "IA32_UMWAIT_CONTROL" },
	{ 0xfe, "IA32_MTRRCAP" },
	{ 0x10a, "IA32_ARCH_CAPABILITIES" },
	{ 0x10b, "IA32_FLUSH_CMD" },
	{ 0x122, "IA32_TSX_CTRL" },
	{ 0x140, "MSR_MISC_FEATURES_ENABLES" },
	{ 0x174, "IA32_SYSENTER_CS" },
	{ 0x175, "IA32_SYSENTER_ESP" },
	{ 0x176, "IA32_SYSENTER_EIP" },
	{ 0x179, "IA32_MCG_CAP" },
	{ 0x17a, "IA32_MCG_STATUS" },
	{ 0x17b, "IA32_MCG_CTL" },
	{ 0x186, "IA32_PERFEVTSEL0" },
	{ 0x187, "IA32_PERFEVTSEL1" },
	{ 0x188, "IA32_PERFEVTSEL2" },
	{ 0x189, "IA32_PERFEVTSEL3" },
	{ 0x198, "IA32_PERF_STATUS" },
	{ 0x19a, "IA32_CLOCK_MODULATION" },
	{ 0x1a0, "IA32_MISC_ENABLE" },
	{ 0x1c4, "IA32_XFD" },
	{ 0x1c5, "IA32_XFD_ERR" },
	{ 0x1d9, "IA32_DEBUGCTL" },
	{ 0x1db, "MSR_LASTBRANCHFROMIP" },
	{ 0x1dc, "MSR_LASTBRANCHTOIP" },
	{ 0x1dd, "MSR_LASTINTFROMIP" },
	{ 0x1de, "MSR_LASTINTTOIP" },
	{ 0x1fc, "MSR_POWER_CTL" },
	{ 0x200, "IA32_MTRR_PHYSBASE0" },
	{ 0x201, "IA32_MTRR_PHYSMASK0" },
	{ 0x202, "IA32_MTRR_PHYSBASE1" },
	{ 0x203, "IA32_MTRR_PHYSMASK1" },
	{ 0x204, "IA32_MTRR_PHYSBASE2" },
	{ 0x205, "IA32_MTRR_PHYSMASK2" },
	{ 0x206, "IA32_MTRR_PHYSBASE3" },
	{ 0x207, "IA32_MTRR_PHYSMASK3" },
	{ 0x208, "IA32_MTRR_PHYSBASE4" },
	{ 0x209, "IA32_MTRR_PHYSMASK4" },
	{ 0x20a, "IA32_MTRR_PHYSBASE5" },
	{ 0x20b, "IA32_MTRR_PHYSMASK5" },
	{ 0x20c, "IA32_MTRR_PHYSBASE6" },
	{ 0x20d, "IA32_MTRR_PHYSMASK6" },
	{ 0x20e, "IA32_MTRR_PHYSBASE7" },
	{ 0x20f, "IA32_MTRR_PHYSMASK7" },
	{ 0x250, "IA32_MTRR_FIX64K_00000" },
	{ 0x258, "IA32_MTRR_FIX16K_80000" },
	{ 0x259, "IA32_MTRR_FIX16K_A0000" },
	{ 0x268, "IA32_MTRR_FIX4K_C0000" },
	{ 0x269, "IA32_MTRR_FIX4K_C8000" },
	{ 0x26a, "IA32_MTRR_FIX4K_D0000" },
	{ 0x26b, "IA32_MTRR_FIX4K_D8000" },
	{ 0x26c, "IA32_MTRR_FIX4K_E0000" },
	{ 0x26d, "IA32_MTRR_FIX4K_E8000" },
	{ 0x26e, "IA32_MTRR_FIX4K_F0000" },
	{ 0x26f, "IA32_MTRR_FIX4K_F8000" },
	{ 0x277, "IA32_PAT" },
	{ 0x2ff, "IA32_MTRR_DEF_TYPE" },
	{ 0x309, "IA32_FIXED_CTR0" },
	{ 0x30a, "IA32_FIXED_CTR1" },
	{ 0x30b, "IA32_FIXED_CTR2" },
	{ 0x345, "IA32_PERF_CAPABILITIES" },
	{ 0x38d, "IA32_FIXED_CTR_CTRL" },
	{ 0x38e, "IA32_PERF_GLOBAL_STATUS" },
	{ 0x38f, "IA32_PERF_GLOBAL_CTRL" },
	{ 0x390, "IA32_PERF_GLOBAL_OVF_CTRL" },
	{ 0x3f1, "IA32_PEBS_ENABLE" },
	{ 0x480, "IA32_VMX_BASIC" },
	{ 0x481, "IA32_VMX_PINBASED_CTLS" },
	{ 0x482, "IA32_VMX_PROCBASED_CTLS" },
	{ 0x483, "IA32_VMX_EXIT_CTLS" },
	{ 0x484, "IA32_VMX_ENTRY_CTLS" },
	{ 0x485, "IA32_VMX_MISC" },
	{ 0x486, "IA32_VMX_CR0_FIXED0" },
	{ 0x487, "IA32_VMX_CR0_FIXED1" },
	{ 0x488, "IA32_VMX_CR4_FIXED0" },
	{ 0x489, "IA32_VMX_CR4_FIXED1" },
	{ 0x48a, "IA32_VMX_VMCS_ENUM" },
	{ 0x48b, "IA32_VMX_PROCBASED_CTLS2" },
	{ 0x48c, "IA32_VMX_EPT_VPID_CAP" },
	{ 0x48d, "IA32_VMX_TRUE_PINBASED_CTLS" },
	{ 0x48e, "IA32_VMX_TRUE_PROCBASED_CTLS" },
	{ 0x48f, "IA32_VMX_TRUE_EXIT_CTLS" },
	{ 0x490, "IA32_VMX_TRUE_ENTRY_CTLS" },
	{ 0x491, "IA32_VMX_VMFUNC" },
	{ 0x6a0, "IA32_U_CET" },
	{ 0x6a2, "IA32_S_CET" },
	{ 0x6e0, "IA32_TSC_DEADLINE" },
	{ 0xd90, "IA32_BNDCFGS" },
	{ 0xda0, "IA32_XSS" },
	{ 0x40000000, "HV_X64_MSR_GUEST_OS_ID" },
	{ 0x40000001, "HV_X64_MSR_HYPERCALL" },
	{ 0x40000002, "HV_X64_MSR_VP_INDEX" },
	{ 0x40000003, "HV_X64_MSR_RESET" },
	{ 0x40000010, "HV_X64_MSR_VP_RUNTIME" },
	{ 0x40000020, "HV_X64_MSR_TIME_REF_COUNT" },
	{ 0x40000021, "HV_X64_MSR_REFERENCE_TSC" },
	{ 0x40000073, "HV_X64_MSR_VP_ASSIST_PAGE" },
	{ 0x4b564d00, "MSR_KVM_WALL_CLOCK_NEW" },
	{ 0x4b564d01, "MSR_KVM_SYSTEM_TIME_NEW" },
	{ 0x4b564d02, "MSR_KVM_ASYNC_PF_EN" },
	{ 0x4b564d03, "MSR_KVM_STEAL_TIME" },
	{ 0x4b564d04, "MSR_KVM_PV_EOI_EN" },
	{ 0x4b564d05, "MSR_KVM_POLL_CONTROL" },
	{ 0x4b564d06, "MSR_KVM_ASYNC_PF_INT" },
	{ 0x4b564d07, "MSR_KVM_ASYNC_PF_ACK" },
	{ 0x4b564d08, "MSR_KVM_MIGRATION_CONTROL" },
	{ 0xc0000080, "IA32_EFER" },
	{ 0xc0000081, "IA32_STAR" },
	{ 0xc0000082, "IA32_LSTAR" },
	{ 0xc0000083, "IA32_CSTAR" },
	{ 0xc0000084, "IA32_FMASK" },
	{ 0xc0000100, "IA32_FS_BASE" },
	{ 0xc0000101, "IA32_GS_BASE" },
	{ 0xc0000102, "IA32_KERNEL_GS_BASE" },
	{ 0xc0000103, "IA32_TSC_AUX" },
	{ 0xc0000104, "TSC_RATIO" },
	{ 0xc0010000, "PERF_EVTSEL0" },
	{ 0xc0010001, "PERF_EVTSEL1" },
	{ 0xc0010002, "PERF_EVTSEL2" },
	{ 0xc0010003, "PERF_EVTSEL3" },
	{ 0xc0010004, "PERF_CTR0" },
	{ 0xc0010005, "PERF_CTR1" },
	{ 0xc0010006, "PERF_CTR2" },
	{ 0xc0010007, "PERF_CTR3" },
	{ 0xc0010010, "SYS_CFG" },
	{ 0xc0010015, "HWCR" },
	{ 0xc0010055, "INT_PENDING" },
	{ 0xc0010114, "VM_CR" },
	{ 0xc0010115, "IGNNE" },
	{ 0xc0010117, "VM_HSAVE_PA" },
	{ 0xc001011f, "VIRT_SPEC_CTRL" },
	{ 0xc0010200, "PERF_CTL0" },
	{ 0xc0010201, "PERF_CTR0_EXT" },
	{ 0xc0011029, "DE_CFG" },
};
#define NAMES (ARRAY_SIZE(names))

const char *msr_name(uint32_t number)
{
	for (size_t i = 0; i < NAMES; i++)
		if (names[i].number == number)
			return names[i].name;
	return NULL;
}

static const char *without_prefix(const char *name)
{
	if (!strncasecmp(name, "IA32_", 5))
		return name + 5;
	return strncasecmp(name, "MSR_", 4) ? name : name + 4;
}

bool msr_find(const char *name, uint32_t *number)
{
	for (size_t i = 0; i < NAMES; i++)
		if (!strcasecmp(name, names[i].name) ||
		        !strcasecmp(name, without_prefix(names[i].name))) {
			*number = names[i].number;
			return true;
		}
	return false;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x, y;
	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x > y) - (x < y);
}

int msr_list_read(struct msr_list *l, const struct vm *vm, struct error *e)
{
	struct kvm_msr_list head = { .nmsrs = 0 };
	/* With too little room it fails with E2BIG and says how many there are. */
	if (ioctl(vm->kvm_fd, KVM_GET_MSR_INDEX_LIST, &head) < 0 && errno != E2BIG)
		return error_set(e, -errno, "KVM_GET_MSR_INDEX_LIST failed: %s", strerror(errno));
	struct kvm_msr_list *all = calloc(1, sizeof *all + head.nmsrs * sizeof all->indices[0]);
	if (!all)
		return error_set(e, -ENOMEM, "out of memory");
	all->nmsrs = head.nmsrs;
	uint32_t *numbers = malloc((head.nmsrs + 1) * sizeof *numbers);
	int err = 0;
	if (!numbers)
		err = error_set(e, -ENOMEM, "out of memory");
	else if (ioctl(vm->kvm_fd, KVM_GET_MSR_INDEX_LIST, all) < 0)
		err = error_set(e, -errno, "KVM_GET_MSR_INDEX_LIST failed: %s", strerror(errno));
	if (err) {
		free(numbers);
	} else {
		memcpy(numbers, all->indices, all->nmsrs * sizeof *numbers);
		sort_in_place(numbers, all->nmsrs, sizeof *numbers, by_number);
		*l = (struct msr_list) { .numbers = numbers, .count = all->nmsrs };
	}
	free(all);
	return err;
}

void msr_list_free(struct msr_list *l)
{
	free(l->numbers);
	*l = (struct msr_list) { 0 };
}

/* KVM_GET_SUPPORTED_CPUID: the host's own leaves, without what no guest here could use. SDM vol 2, "CPUID". */
#include "cpu.h"

#include <cpuid.h>
#include <errno.h>
#include <string.h>

struct list {
	struct kvm_cpuid2 *to;
	unsigned room, count;
};

static struct kvm_cpuid_entry2 *add(
        struct list *l, uint32_t function, uint32_t index, uint32_t flags)
{
	static struct kvm_cpuid_entry2 none;
	struct kvm_cpuid_entry2 *e = l->count < l->room ? &l->to->entries[l->count] : &none;
	l->count++;
	*e = (struct kvm_cpuid_entry2) { .function = function, .index = index, .flags = flags };
	__cpuid_count(function, index, e->eax, e->ebx, e->ecx, e->edx);
	return e;
}

static void add_features(struct list *l)
{
	struct kvm_cpuid_entry2 *e = add(l, 1, 0, 0);
	/* VMX, SMX, DTES64, MONITOR, DS-CPL, EST, TM2, xTPR, PDCM, DCA, x2APIC, deadline timer, OSXSAVE, PCID */
	e->ecx &= ~(1u << 5 | 1u << 6 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 7 | 1u << 8 | 1u << 14 |
	            1u << 15 | 1u << 18 | 1u << 21 | 1u << 24 | 1u << 27 | 1u << 17);
	e->ecx |= 1u << 31; /* a hypervisor is there */
	/* DS, ACPI, SS, HTT, TM, PBE */
	e->edx &= ~(1u << 21 | 1u << 22 | 1u << 27 | 1u << 28 | 1u << 29 | 1u << 31);
	e->ebx &= 0x0000ff00; /* no APIC id, one CPU */
}

static void add_extended(struct list *l)
{
	uint32_t max = add(l, 0x80000000, 0, 0)->eax;
	struct kvm_cpuid_entry2 *e = add(l, 0x80000001, 0, 0);
	/* Of AMD's, LAHF in 64-bit code, CR8, LZCNT, SSE4A, misaligned SSE, PREFETCHW */
	e->ecx &= 1u << 0 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 7 | 1u << 8;
	e->edx &= ~(1u << 25 | 1u << 26); /* FFXSR, 1-GiB pages */
	for (uint32_t n = 0x80000002; n <= max && n <= 0x80000008; n++)
		add(l, n, 0, 0);
}

int cpuid_supported(struct kvm_cpuid2 *to)
{
	struct list l = { .to = to, .room = to->nent };
	uint32_t max = __get_cpuid_max(0, NULL);
	struct kvm_cpuid_entry2 *e = add(&l, 0, 0, 0);
	e->eax = max < 0xd ? max : 0xd;
	add_features(&l);
	if (max >= 7) {
		e = add(&l, 7, 0, KVM_CPUID_FLAG_SIGNIFCANT_INDEX);
		e->eax = e->ecx = e->edx = 0;
		e->ebx &= 1u << 3 | 1u << 8 | 1u << 9; /* BMI1, BMI2, ERMS */
	}
	if (max >= 0xd) {
		e = add(&l, 0xd, 0, KVM_CPUID_FLAG_SIGNIFCANT_INDEX);
		e->eax &= 7; /* x87, SSE, AVX */
		e->edx = 0;
		e->ebx = e->ecx = e->eax & 4 ? 0x340 : 0x240;
		e = add(&l, 0xd, 1, KVM_CPUID_FLAG_SIGNIFCANT_INDEX);
		e->eax = e->ebx = e->ecx = e->edx = 0;
		add(&l, 0xd, 2, KVM_CPUID_FLAG_SIGNIFCANT_INDEX);
	}
	add_extended(&l);
	to->nent = l.count;
	return l.count > l.room ? -E2BIG : 0;
}

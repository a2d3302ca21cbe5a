/* The offsets of the extended state's parts, out of CPUID. */
#include "kvm/xsave.h"

#include <stddef.h>

static const struct kvm_cpuid_entry2 *find(
        const struct kvm_cpuid2 *cpuid, uint32_t leaf, uint32_t subleaf)
{
	for (uint32_t i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function == leaf && cpuid->entries[i].index == subleaf)
			return &cpuid->entries[i];
	return NULL;
}

/* SDM vol 2, CPUID: leaf 1 ECX 26 (XSAVE) and 28 (AVX), leaf 7 EBX 16 (AVX512F) and ECX 3 (PKU). */
static bool may_use(const struct kvm_cpuid2 *cpuid, enum xsave_part part)
{
	const struct kvm_cpuid_entry2 *one = find(cpuid, 1, 0), *seven = find(cpuid, 7, 0);
	bool has_xsave = one && one->ecx >> 26 & 1;
	switch (part) {
	case XSAVE_AVX: return has_xsave && one->ecx >> 28 & 1;
	case XSAVE_OPMASK:
	case XSAVE_ZMM_HI256:
	case XSAVE_HI16_ZMM: return has_xsave && seven && seven->ebx >> 16 & 1;
	case XSAVE_PKRU: return has_xsave && seven && seven->ecx >> 3 & 1;
	case XSAVE_X87:
	case XSAVE_SSE:
	case XSAVE_PARTS: return false;
	}
	return false;
}

struct xsave_layout xsave_layout_of(const struct kvm_cpuid2 *cpuid)
{
	const struct kvm_cpuid_entry2 *one = find(cpuid, 1, 0);
	struct xsave_layout layout = { .has_xcr0 = one && one->ecx >> 26 & 1 };
	for (unsigned part = XSAVE_AVX; part < XSAVE_PARTS; part++) {
		/* EAX is the part's size, EBX its offset. */
		const struct kvm_cpuid_entry2 *e = find(cpuid, 0xd, part);
		if (!e || !may_use(cpuid, (enum xsave_part)part))
			continue;
		if (e->eax && e->ebx < XSAVE_SIZE && e->eax <= XSAVE_SIZE - e->ebx)
			layout.offset[part] = (uint16_t)e->ebx;
	}
	/* gdb takes AVX-512 whole, on top of AVX, or not at all. */
	uint16_t *o = layout.offset;
	if (!o[XSAVE_AVX] || !o[XSAVE_OPMASK] || !o[XSAVE_ZMM_HI256] || !o[XSAVE_HI16_ZMM])
		o[XSAVE_OPMASK] = o[XSAVE_ZMM_HI256] = o[XSAVE_HI16_ZMM] = 0;
	return layout;
}

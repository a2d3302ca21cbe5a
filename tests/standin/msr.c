/* Model-specific registers: a table of those that KVM lists on every CPU and guests of today use. SDM vol 4. */
#include "cpu.h"

#include <errno.h>
#include <x86intrin.h>

#include "base/array.h"
#include "base/cpu_bits.h"

#define MSR_APIC_BASE   0x1bu
#define MSR_MISC_ENABLE 0x1a0u

static const struct {
	uint32_t number;
	bool is_address; /* what is no canonical address is refused */
	uint64_t reset;
} rows[] = {
	{ MSR_TSC },
	{ MSR_APIC_BASE, .reset = 0xfee00900 },
	{ 0xfe }, /* IA32_MTRRCAP */
	{ MSR_SYSENTER_CS },
	{ 0x175, true },
	{ MSR_SYSENTER_EIP, true },
	{ MSR_MISC_ENABLE, .reset = 1 },
	{ MSR_PAT, .reset = 0x0007040600070406 },
	{ 0x2ff }, /* IA32_MTRR_DEF_TYPE */
	{ MSR_EFER },
	{ MSR_STAR },
	{ MSR_LSTAR, true },
	{ MSR_CSTAR, true },
	{ MSR_FMASK },
	{ MSR_FS_BASE, true },
	{ MSR_GS_BASE, true },
	{ MSR_KERNEL_GS_BASE, true },
	{ MSR_AUX },
};

_Static_assert(ARRAY_SIZE(rows) <= ARRAY_SIZE(((struct cpu *)0)->msrs), "a place for each");

static unsigned find(uint32_t number)
{
	unsigned k = 0;
	while (k < ARRAY_SIZE(rows) && rows[k].number != number)
		k++;
	return k;
}

static uint64_t *at(struct cpu *cpu, uint32_t number)
{
	return &cpu->msrs[find(number)];
}

uint64_t msr_tsc(const struct cpu *cpu)
{
	return __rdtsc() + cpu->tsc_offset;
}

bool msr_get(struct fake_vcpu *v, const struct fake_state *s, uint32_t number, uint64_t *value)
{
	struct cpu *cpu = v->cpu;
	unsigned k = find(number);
	if (k == ARRAY_SIZE(rows))
		return false;
	switch (number) {
	case MSR_TSC: *value = msr_tsc(cpu); return true;
	case MSR_EFER: *value = s->s.efer; return true;
	case MSR_APIC_BASE: *value = s->s.apic_base; return true;
	case MSR_FS_BASE: *value = s->s.fs.base; return true;
	case MSR_GS_BASE: *value = s->s.gs.base; return true;
	default: *value = cpu->msrs[k]; return true;
	}
}

static bool set_efer(struct fake_state *s, uint64_t value)
{
	value = (value & ~(uint64_t)EFER_LMA) | (s->s.efer & EFER_LMA);
	if (value & ~(uint64_t)CPU_EFER_BITS ||
	        (s->s.cr0 & CR0_PG && (value ^ s->s.efer) & EFER_LME))
		return false;
	s->s.efer = value;
	return true;
}

bool msr_set(struct fake_vcpu *v, struct fake_state *s, uint32_t number, uint64_t value)
{
	struct cpu *cpu = v->cpu;
	unsigned k = find(number);
	if (k == ARRAY_SIZE(rows) || (rows[k].is_address && !is_canonical(value)))
		return false;
	switch (number) {
	case 0xfe: return false; /* read-only */
	case MSR_TSC: cpu->tsc_offset = value - __rdtsc(); return true;
	case MSR_EFER: return set_efer(s, value);
	case MSR_APIC_BASE: s->s.apic_base = value; return true;
	case MSR_FS_BASE: s->s.fs.base = value; return true;
	case MSR_GS_BASE: s->s.gs.base = value; return true;
	case MSR_AUX:
		if (value >> 32)
			return false;
		break;
	case MSR_PAT:
		/* Types 2, 3 and above 7 are reserved: SDM vol 3, "IA32_PAT MSR". */
		for (unsigned n = 0; n < 8; n++)
			if ((value >> 8 * n & 0xff) > 7 || (value >> 8 * n & 0xfe) == 2)
				return false;
		break;
	default: break;
	}
	cpu->msrs[k] = value;
	return true;
}

void msr_reset(struct fake_vcpu *v)
{
	struct cpu *cpu = v->cpu;
	for (unsigned k = 0; k < ARRAY_SIZE(rows); k++)
		cpu->msrs[k] = rows[k].reset;
	cpu->tsc_offset = 0 - __rdtsc();
	v->now.s.apic_base = rows[find(MSR_APIC_BASE)].reset;
}

int msr_list(struct kvm_msr_list *to)
{
	unsigned room = to->nmsrs;
	to->nmsrs = ARRAY_SIZE(rows);
	if (room < ARRAY_SIZE(rows))
		return -E2BIG;
	for (unsigned k = 0; k < ARRAY_SIZE(rows); k++)
		to->indices[k] = rows[k].number;
	return 0;
}

struct interp_msrs msr_for_engine(const struct cpu *cpu)
{
	return (struct interp_msrs) { .star = cpu->msrs[find(MSR_STAR)],
		.lstar = cpu->msrs[find(MSR_LSTAR)],
		.fmask = cpu->msrs[find(MSR_FMASK)],
		.kernel_gs_base = cpu->msrs[find(MSR_KERNEL_GS_BASE)] };
}

void msr_from_engine(struct cpu *cpu, const struct interp_msrs *m)
{
	*at(cpu, MSR_STAR) = m->star;
	*at(cpu, MSR_LSTAR) = m->lstar;
	*at(cpu, MSR_FMASK) = m->fmask;
	*at(cpu, MSR_KERNEL_GS_BASE) = m->kernel_gs_base;
}

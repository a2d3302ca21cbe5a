/* What the stand-in answers beside the fake KVM of tests/unit (fake_calls.c): cpuid, MSRs, XCR0, and which values KVM
 * refuses. Source: api.rst; for the latter kvm_is_valid_sregs, kvm_is_valid_cr4, fpu_copy_uabi_to_guest_fpstate and
 * kvm_vcpu_ioctl_x86_set_debugregs of Linux. */
#include "cpu.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/cpu_bits.h"

int calls_extension(uint64_t quirks, unsigned long number)
{
	switch (number) {
	case KVM_CAP_XCRS:
	case KVM_CAP_X86_USER_SPACE_MSR:
	case KVM_CAP_X86_MSR_FILTER: return 1;
	case KVM_CAP_NR_MEMSLOTS: return FAKE_SLOTS;
	default: return fake_check_extension(quirks, number);
	}
}

/* Of filters, one that denies writes of EFER: a clear bit denies, and what is denied exits. api.rst,
 * KVM_X86_SET_MSR_FILTER. */
static void set_filter(struct fake_vm *vm, const struct kvm_msr_filter *f)
{
	vm->exits_at_efer = false;
	for (unsigned k = 0; k < KVM_MSR_FILTER_MAX_RANGES; k++) {
		const struct kvm_msr_filter_range *r = &f->ranges[k];
		uint32_t n = MSR_EFER - r->base;
		if (r->flags & KVM_MSR_FILTER_WRITE && n < r->nmsrs)
			vm->exits_at_efer |= !(r->bitmap[n / 8] >> n % 8 & 1);
	}
}

int calls_vm(struct fake_vm *vm, unsigned long request, void *arg)
{
	const struct kvm_enable_cap *cap = arg;
	switch (request) {
	case KVM_CHECK_EXTENSION: return calls_extension(vm->quirks, (unsigned long)arg);
	case KVM_X86_SET_MSR_FILTER: set_filter(vm, arg); return 0;
	case KVM_ENABLE_CAP:
		return cap->cap == KVM_CAP_X86_USER_SPACE_MSR ? 0 : fake_call_vm(vm, request, arg);
	default: return fake_call_vm(vm, request, arg);
	}
}

static bool are_sregs_valid(const struct kvm_sregs *s)
{
	if (s->cr0 >> 32 || s->cr4 & ~(uint64_t)CPU_CR4_BITS || s->efer & ~(uint64_t)CPU_EFER_BITS)
		return false;
	if ((s->cr0 & CR0_NW && !(s->cr0 & CR0_CD)) || (s->cr0 & CR0_PG && !(s->cr0 & CR0_PE)))
		return false;
	if (s->efer & EFER_LME && s->cr0 & CR0_PG)
		return s->cr4 & CR4_PAE && s->efer & EFER_LMA;
	return !(s->efer & EFER_LMA) && !s->cs.l;
}

/* Without the interrupts' bitmap the structs are the same up to flags: api.rst, KVM_GET_SREGS2. */
static bool are_sregs2_valid(const struct kvm_sregs2 *from)
{
	struct kvm_sregs s = { .cr0 = 0 };
	memcpy(&s, from, offsetof(struct kvm_sregs2, flags));
	return are_sregs_valid(&s);
}

#define XSAVE_MXCSR (24 / 4) /* words of the region: SDM vol 1, "FXSAVE Area", "XSAVE Header" */
#define XSAVE_BV    (512 / 4)
#define XSAVE_KNOWN 7u /* x87, SSE, AVX */

static bool is_xsave_valid(const struct kvm_xsave *x)
{
	return !(x->region[XSAVE_MXCSR] >> 16) && !(x->region[XSAVE_BV] & ~XSAVE_KNOWN) &&
	       !x->region[XSAVE_BV + 1];
}

static bool are_debugregs_valid(const struct kvm_debugregs *d)
{
	return !(d->dr6 >> 32) && !(d->dr7 >> 32) && !d->flags;
}

static bool is_valid(unsigned long request, const void *arg)
{
	switch (request) {
	case KVM_SET_SREGS: return are_sregs_valid(arg);
	case KVM_SET_SREGS2: return are_sregs2_valid(arg);
	case KVM_SET_XSAVE: return is_xsave_valid(arg);
	case KVM_SET_DEBUGREGS: return are_debugregs_valid(arg);
	default: return true;
	}
}

/* They return how many were done: api.rst, KVM_GET_MSRS. */
static int access_msrs(struct fake_vcpu *v, struct kvm_msrs *m, bool is_write)
{
	unsigned k = 0;
	for (; k < m->nmsrs; k++) {
		struct kvm_msr_entry *e = &m->entries[k];
		uint64_t value = e->data;
		if (is_write ? !msr_set(v, &v->now, e->index, value)
		             : !msr_get(v, &v->now, e->index, &value))
			break;
		e->data = value;
	}
	return (int)k;
}

static int get_cpuid(const struct cpu *cpu, struct kvm_cpuid2 *to)
{
	unsigned room = to->nent;
	to->nent = cpu->cpuid.head.nent;
	if (room < to->nent)
		return -E2BIG;
	memcpy(to->entries, cpu->cpuid.entries, to->nent * sizeof to->entries[0]);
	return 0;
}

int calls_vcpu(struct fake_vcpu *v, unsigned long request, void *arg)
{
	struct cpu *cpu = v->cpu;
	struct kvm_xcrs *x = arg;
	int result;
	if (!is_valid(request, arg))
		return -EINVAL;
	switch (request) {
	case KVM_SET_CPUID2: return cpu_set_cpuid(cpu, arg);
	case KVM_GET_CPUID2: return get_cpuid(cpu, arg);
	case KVM_GET_MSRS: return access_msrs(v, arg, false);
	case KVM_SET_MSRS: return access_msrs(v, arg, true);
	case KVM_GET_XCRS:
		*x = (struct kvm_xcrs) { .nr_xcrs = 1, .xcrs = { { .value = cpu->xcr0 } } };
		return 0;
	case KVM_SET_XCRS:
		if (x->nr_xcrs != 1 || x->xcrs[0].xcr || !(x->xcrs[0].value & 1) ||
		        x->xcrs[0].value & ~7ull)
			return -EINVAL;
		cpu->xcr0 = x->xcrs[0].value;
		return 0;
	case KVM_RUN:
		v->now.s.cr8 = v->run->cr8;
		result = fake_call_vcpu(v, request, arg);
		v->run->cr8 = v->now.s.cr8;
		return result;
	default: return fake_call_vcpu(v, request, arg);
	}
}

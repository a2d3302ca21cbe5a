/* The filter that has writes of EFER exit, and what such a write would do. */
#include "kvm/efer.h"

#include <errno.h>
#include <sys/ioctl.h>

#include "base/cpu_bits.h"

/* A clear bit denies, and what is denied exits. */
static bool set_filter(const struct vm *vm)
{
	static uint8_t denied[8];
	struct kvm_enable_cap exits = { .cap = KVM_CAP_X86_USER_SPACE_MSR,
		.args = { KVM_MSR_EXIT_REASON_FILTER } };
	struct kvm_msr_filter filter = { .flags = KVM_MSR_FILTER_DEFAULT_ALLOW };
	filter.ranges[0] = (struct kvm_msr_filter_range) {
		.flags = KVM_MSR_FILTER_WRITE, .nmsrs = 1, .base = MSR_EFER, .bitmap = denied
	};
	return ioctl(vm->fd, KVM_ENABLE_CAP, &exits) == 0 &&
	       ioctl(vm->fd, KVM_X86_SET_MSR_FILTER, &filter) == 0;
}

/* The bits that this KVM and this vCPU have, by trying each. */
static uint64_t find_bits(struct vcpu *v)
{
	const uint64_t before = vcpu_sregs(v)->efer;
	uint64_t bits = before | EFER_LMA;
	for (unsigned i = 0; i < 64; i++)
		if (vcpu_set_msr(v, MSR_EFER, before ^ 1ull << i) == 0)
			bits |= 1ull << i;
	vcpu_set_msr(v, MSR_EFER, before);
	return bits;
}

bool efer_watch(struct vcpu *v)
{
	struct vm *vm = v->vm;
	if (vm->efer == VM_EFER_UNSEEN) {
		vm->efer_bits = find_bits(v);
		vm->efer = set_filter(vm) ? VM_EFER_EXITS : VM_EFER_CANNOT;
	}
	return vm->efer == VM_EFER_EXITS;
}

int efer_written(struct vcpu *v, const struct exit *x, uint64_t *value)
{
	const struct kvm_sregs *s = vcpu_sregs(v);
	uint64_t wanted = (x->msr.value & ~(uint64_t)EFER_LMA) | (s->efer & EFER_LMA);
	/* SDM vol 3, "Initializing IA-32e Mode"; LMA is read-only. */
	if (wanted & ~v->vm->efer_bits || (s->cr0 & CR0_PG && (wanted ^ s->efer) & EFER_LME))
		return -EINVAL;
	*value = wanted;
	return 0;
}

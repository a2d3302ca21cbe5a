/* What a vCPU has by number: cpuid, model-specific registers, XCR0. */
#include "kvm/vcpu_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/cpu_bits.h"

int vcpu_set_cpuid(struct vcpu *v, struct error *e)
{
	/* KVM_GET_SUPPORTED_CPUID says E2BIG until there is room for all. */
	for (uint32_t n = 128; n <= 4096; n *= 2) {
		struct kvm_cpuid2 *c = calloc(1, sizeof *c + n * sizeof c->entries[0]);
		if (!c)
			return error_set(e, -ENOMEM, "out of memory");
		c->nent = n;
		int err = 0;
		const char *what = "KVM_GET_SUPPORTED_CPUID";
		if (ioctl(v->vm->kvm_fd, KVM_GET_SUPPORTED_CPUID, c) < 0) {
			err = -errno;
		} else {
			what = "KVM_SET_CPUID2";
			if (ioctl(v->fd, KVM_SET_CPUID2, c) < 0)
				err = -errno;
			v->xsave = xsave_layout_of(c);
		}
		free(c);
		if (err != -E2BIG)
			return err ? error_set(e, err, "%s failed: %s", what, strerror(-err)) : 0;
	}
	return error_set(e, -E2BIG, "KVM_GET_SUPPORTED_CPUID has more than 4096 entries");
}

/* The entries of each CPU so far are less than 100. */
#define CPUID_ENTRIES_MAX 256

int vcpu_get_cpuid(struct vcpu *v, struct kvm_cpuid2 *to)
{
	return ioctl(v->fd, KVM_GET_CPUID2, to) < 0 ? -errno : 0;
}

struct kvm_cpuid2 *vcpu_new_cpuid(struct vcpu *v)
{
	struct kvm_cpuid2 *c = calloc(1, sizeof *c + CPUID_ENTRIES_MAX * sizeof c->entries[0]);
	if (!c)
		return NULL;
	c->nent = CPUID_ENTRIES_MAX;
	if (!vcpu_get_cpuid(v, c))
		return c;
	free(c);
	return NULL;
}

static bool is_same_cpuid(const struct kvm_cpuid2 *a, const struct kvm_cpuid2 *b)
{
	for (uint32_t i = 0; i < a->nent && a->nent == b->nent; i++) {
		const struct kvm_cpuid_entry2 *x = &a->entries[i], *y = &b->entries[i];
		if (x->function != y->function || x->index != y->index || x->flags != y->flags ||
		        x->eax != y->eax || x->ebx != y->ebx || x->ecx != y->ecx ||
		        x->edx != y->edx)
			return false;
	}
	return a->nent == b->nent;
}

int vcpu_use_cpuid(struct vcpu *v, const struct kvm_cpuid2 *c)
{
	struct kvm_cpuid2 *now = vcpu_new_cpuid(v);
	int err = 0;
	if (!now)
		return -ENOMEM;
	if (!is_same_cpuid(now, c))
		err = vcpu_call(v, KVM_SET_CPUID2, (void *)c);
	if (!err)
		v->xsave = xsave_layout_of(c);
	free(now);
	return err;
}

int vcpu_get_xcr0(struct vcpu *v, uint64_t *value)
{
	struct kvm_xcrs x = { 0 };
	int err = vcpu_call(v, KVM_GET_XCRS, &x);
	if (err || !x.nr_xcrs)
		return err ? err : -EINVAL;
	*value = x.xcrs[0].value; /* XCR0 is the only one there is, api.rst */
	return 0;
}

int vcpu_set_xcr0(struct vcpu *v, uint64_t value)
{
	struct kvm_xcrs x = { .nr_xcrs = 1, .xcrs = { { .xcr = 0, .value = value } } };
	return vcpu_call(v, KVM_SET_XCRS, &x);
}

/* One MSR: struct kvm_msrs ends in an array without a size. */
union one_msr {
	struct kvm_msrs head;
	uint8_t room[sizeof(struct kvm_msrs) + sizeof(struct kvm_msr_entry)];
};

/* EFER, the APIC's base and the bases of fs and gs are in sregs, too. */
static bool is_special(uint32_t number)
{
	return number != MSR_KERNEL_GS_BASE;
}

static int call_msr(struct vcpu *v, unsigned long request, union one_msr *m)
{
	/* It returns how many it did: api.rst. */
	m->head.nmsrs = 1;
	int err = is_special(m->head.entries[0].index) ? vcpu_tell_held(v) : 0;
	if (err)
		return err;
	int done = ioctl(v->fd, request, m);
	return done == 1 ? 0 : done < 0 ? -errno : -EINVAL;
}

int vcpu_get_msr(struct vcpu *v, uint32_t number, uint64_t *value)
{
	union one_msr m = { .room = { 0 } };
	m.head.entries[0].index = number;
	int err = call_msr(v, KVM_GET_MSRS, &m);
	if (!err)
		*value = m.head.entries[0].data;
	return err;
}

int vcpu_get_msrs(struct vcpu *v, struct kvm_msr_entry *entries, unsigned count)
{
	if (!count)
		return 0;
	struct kvm_msrs *all = calloc(1, sizeof *all + count * sizeof *entries);
	if (!all)
		return -ENOMEM;
	memcpy(all->entries, entries, count * sizeof *entries);
	all->nmsrs = count;
	int err = vcpu_tell_held(v);
	int done = err ? 0 : ioctl(v->fd, KVM_GET_MSRS, all);
	if (done < 0)
		err = -errno;
	else if (!err && (unsigned)done != count)
		err = -EINVAL;
	if (!err)
		memcpy(entries, all->entries, count * sizeof *entries);
	free(all);
	return err;
}

int vcpu_set_msr(struct vcpu *v, uint32_t number, uint64_t value)
{
	union one_msr m = { .room = { 0 } };
	m.head.entries[0].index = number;
	m.head.entries[0].data = value;
	int err = call_msr(v, KVM_SET_MSRS, &m);
	if (is_special(number))
		vcpu_registers_changed(v);
	v->changes++;
	return err;
}

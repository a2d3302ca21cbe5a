/* Special registers on their way to KVM: which of them it can't hold, and the four entries of PAE paging, which are a
 * part of the CPU's state that struct kvm_sregs lacks.
 * Source: api.rst, KVM_SET_SREGS and KVM_SET_SREGS2; SDM vol 3, "PDPTE Registers". */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cpu_bits.h"
#include "kvm/vcpu_internal.h"

/* --- 32-bit paging ---------------------------------------------------------------------------- */

static bool has_paging32(const struct kvm_sregs *s)
{
	return s->cr0 & CR0_PG && !(s->efer & (EFER_LMA | EFER_LME));
}

/* kvm_pvm takes such a CR0, leaves PG out, and has a triple fault wait for the next run, which nothing takes back:
 * so it is tried in a VM that is closed again. A KVM that can't be tried is believed. */
static bool try_paging32(const struct vm *vm)
{
	struct kvm_sregs s = { .cr0 = CR0_PG };
	int vm_fd, fd;
	do
		vm_fd = ioctl(vm->kvm_fd, KVM_CREATE_VM, 0);
	while (vm_fd < 0 && errno == EINTR);
	if (vm_fd < 0)
		return true;
	fd = ioctl(vm_fd, KVM_CREATE_VCPU, 0);
	if (fd >= 0 && ioctl(fd, KVM_GET_SREGS, &s) == 0) {
		s.cr0 |= CR0_PE | CR0_PG;
		if (ioctl(fd, KVM_SET_SREGS, &s) < 0 || ioctl(fd, KVM_GET_SREGS, &s) < 0)
			s.cr0 = CR0_PG;
	}
	if (fd >= 0)
		close(fd);
	close(vm_fd);
	return s.cr0 & CR0_PG;
}

static bool holds_paging32(struct vm *vm)
{
	if (vm->paging32 == VM_PAGING32_UNTRIED)
		vm->paging32 = try_paging32(vm) ? VM_PAGING32_HELD : VM_PAGING32_LACKING;
	return vm->paging32 == VM_PAGING32_HELD;
}

/* --- PAE paging ------------------------------------------------------------------------------- */

static bool has_pae(const struct kvm_sregs *s)
{
	return s->cr0 & CR0_PG && s->cr4 & CR4_PAE && !(s->efer & EFER_LMA);
}

static int fetch_pdptrs(struct vcpu *v)
{
	struct kvm_sregs2 s;
	int err = vcpu_tell_held(v);
	if (err)
		return err;
	if (v->lacks_paging || !v->vm->has_sregs2)
		return -ENOTSUP;
	err = vcpu_call(v, KVM_GET_SREGS2, &s);
	if (err || !(s.flags & KVM_SREGS2_FLAGS_PDPTRS_VALID))
		return err ? err : -ENOTSUP;
	memcpy(v->pdptrs, s.pdptrs, sizeof v->pdptrs);
	v->has_pdptrs = true;
	return 0;
}

int vcpu_get_pdptrs(struct vcpu *v, uint64_t to[4])
{
	int err = has_pae(vcpu_sregs(v)) ? 0 : -EINVAL;
	if (!err && !v->has_pdptrs)
		err = fetch_pdptrs(v);
	if (!err)
		memcpy(to, v->pdptrs, sizeof v->pdptrs);
	return err;
}

void vcpu_put_pdptrs(struct vcpu *v, const uint64_t pdptrs[4])
{
	if (v->has_pdptrs && !memcmp(v->pdptrs, pdptrs, sizeof v->pdptrs))
		return;
	v->own_sregs = *vcpu_sregs(v);
	v->has_sregs = v->holds_sregs = true;
	memcpy(v->pdptrs, pdptrs, sizeof v->pdptrs);
	v->has_pdptrs = true;
}

/* As KVM_SET_SREGS has the CPU load them. */
static int read_pdptrs(struct vcpu *v, uint64_t cr3)
{
	uint8_t entries[sizeof v->pdptrs];
	if (memory_read(&v->vm->memory, cr3 & 0xffffffe0, entries, sizeof entries) !=
	        sizeof entries)
		return -EINVAL;
	for (unsigned i = 0; i < 4; i++)
		v->pdptrs[i] = get64(entries + 8 * i);
	v->has_pdptrs = true;
	return 0;
}

int vcpu_change_pdptrs(struct vcpu *v, const struct kvm_sregs *to)
{
	uint64_t now[4];
	if (has_pae(to) && has_pae(vcpu_sregs(v)) && vcpu_sregs(v)->cr3 == to->cr3) {
		vcpu_get_pdptrs(v, now); /* they are known from now on, if KVM tells them */
		return 0;
	}
	v->has_pdptrs = false;
	return has_pae(to) && has_paging32(to) && !holds_paging32(v->vm) ? read_pdptrs(v, to->cr3)
	                                                                 : 0;
}

/* --- telling ---------------------------------------------------------------------------------- */

static int tell_with_pdptrs(struct vcpu *v, const struct kvm_sregs *s)
{
	struct kvm_sregs2 with = { .flags = KVM_SREGS2_FLAGS_PDPTRS_VALID };
	_Static_assert(
	        offsetof(struct kvm_sregs2, flags) == offsetof(struct kvm_sregs, interrupt_bitmap),
	        "what is before them is the same in both");
	memcpy(&with, s, offsetof(struct kvm_sregs2, flags));
	memcpy(with.pdptrs, v->pdptrs, sizeof with.pdptrs);
	return vcpu_call(v, KVM_SET_SREGS2, &with);
}

/* A bit of the bitmap would queue an interrupt, and KVM_RUN never clears one in what it stores: an interrupt that was
 * taken back would come with any later write of the segments (__get_sregs and __set_sregs in Linux'
 * arch/x86/kvm/x86.c). Interrupts are given by vcpu_interrupt alone. */
int vcpu_tell_sregs(struct vcpu *v, const struct kvm_sregs *sregs)
{
	struct kvm_sregs copy = *sregs;
	memset(copy.interrupt_bitmap, 0, sizeof copy.interrupt_bitmap);
	v->lacks_paging = has_paging32(&copy) && !holds_paging32(v->vm);
	if (v->lacks_paging)
		copy.cr0 &= ~(uint64_t)CR0_PG;
	if (has_pae(&copy) && v->has_pdptrs && v->vm->has_sregs2)
		return tell_with_pdptrs(v, &copy);
	v->has_pdptrs &= v->lacks_paging; /* KVM reads them */
	return vcpu_call(v, KVM_SET_SREGS, &copy);
}

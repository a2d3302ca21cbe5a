/* What the files of a vCPU share. */
#ifndef STEPVM_KVM_VCPU_INTERNAL_H
#define STEPVM_KVM_VCPU_INTERNAL_H

#include "kvm/vcpu.h"

/* 0 or -errno. */
int vcpu_call(const struct vcpu *v, unsigned long request, void *arg);
/* KVM learns what vcpu_put has brought. 0 or -errno. */
int vcpu_tell_held(struct vcpu *v);
/* After a write KVM's registers are the truth: it may have changed other bits with them. */
void vcpu_registers_changed(struct vcpu *v);

/* Has KVM take them, but for what it can't hold (v->lacks_paging), with PAE's entries where they are known. */
int vcpu_tell_sregs(struct vcpu *v, const struct kvm_sregs *sregs);
/* Before the registers are written: PAE's entries stay with cr3, and are loaded with another one. -EINVAL: cr3 leads to
 * no RAM. */
int vcpu_change_pdptrs(struct vcpu *v, const struct kvm_sregs *to);

/* The vCPU shall have what the host's CPU and KVM can give it. */
int vcpu_set_cpuid(struct vcpu *v, struct error *e);

#endif

/* All that a vCPU is between two instructions, and a vCPU made that again.
 *
 * Left out, for KVM gives no hold of it or it never differs here: what the caches and the branch
 * predictors hold; mp_state, which without an interrupt controller of KVM's is always runnable
 * (api.rst, KVM_SET_MP_STATE). The time stamp counter is written as any MSR: KVM may take a value
 * within a second of the present one for the present one (kvm_synchronize_tsc in Linux's
 * arch/x86/kvm/x86.c).
 * Source: api.rst, the KVM_GET_ and KVM_SET_ calls of a vCPU. */
#ifndef STEPVM_KVM_VCPU_STATE_H
#define STEPVM_KVM_VCPU_STATE_H

#include "base/error.h"
#include "kvm/vcpu.h"

struct vcpu_state {
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	bool has_pdptrs;
	uint64_t pdptrs[4]; /* PAE paging's, where KVM tells them */
	struct kvm_debugregs debugregs;
	struct kvm_vcpu_events events; /* the interrupt shadow among them */
	uint8_t xsave[XSAVE_SIZE];
	uint64_t xcr0;              /* where the vCPU has one */
	struct kvm_msr_entry *msrs; /* owned: what this KVM keeps and tells */
	unsigned msr_count;
};

/* The vCPU stands at an instruction boundary, and no interrupt is in KVM's hands. 0 or -errno with
 * a text, and *s is left alone then. like: what was saved of it before, whose MSRs are read at once, and no others;
 * or NULL: KVM is asked for each that it has. */
int vcpu_save(struct vcpu *v, const struct vcpu_state *like, struct vcpu_state *s, struct error *e);
/* -errno with a text when KVM refuses a part: then the vCPU may be neither. The guest's memory must
 * be that of the state: where KVM does not tell the four PDPTEs of PAE paging, it reads them at once
 * (api.rst, KVM_SET_SREGS; SDM vol 3, "PDPTE Registers"). */
int vcpu_load(struct vcpu *v, const struct vcpu_state *s, struct error *e);
void vcpu_state_free(struct vcpu_state *s);

#endif

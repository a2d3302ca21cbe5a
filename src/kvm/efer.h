/* The guest's writes of EFER, seen: the way to 64-bit code begins by one.
 * Source: api.rst, KVM_X86_SET_MSR_FILTER, KVM_CAP_X86_USER_SPACE_MSR, KVM_EXIT_X86_WRMSR. */
#ifndef STEPVM_KVM_EFER_H
#define STEPVM_KVM_EFER_H

#include "kvm/vcpu.h"

/* From now on a wrmsr of EFER exits (EXIT_MSR), and nothing else that the guest does with MSRs. The
 * guest stands between two instructions. Some milliseconds when it is first asked for, and for
 * nothing after that. False: this KVM can't, for it is older than Linux 5.10. */
bool efer_watch(struct vcpu *v);

/* What the wrmsr that has exited writes, as EFER holds it then. -EINVAL: the guest is to get #GP.
 * It is written by vcpu_set_msr when the instruction is finished (vcpu_complete): where the write
 * changes how pages are mapped, kvm_pvm would forget to finish it, and do it again. */
int efer_written(struct vcpu *v, const struct exit *x, uint64_t *value);

#endif

/* Guest memory by linear address, as the selected vCPU's page tables map it now. */
#ifndef STEPVM_KVM_LINEAR_H
#define STEPVM_KVM_LINEAR_H

#include "kvm/paging.h"
#include "kvm/vcpu.h"

/* Whether the CPU has such an address now: outside of long mode they have 32 bits, and the
 * functions below cut others to that, as its own additions are. */
bool linear_exists(struct vcpu *v, uint64_t gva);
/* Translates gva; *len is how many bytes follow contiguously in guest-physical space. */
bool linear_to_gpa(struct vcpu *v, uint64_t gva, uint64_t *gpa, uint64_t *len);
/* Where the page tables end for gva; false when it is mapped. */
bool linear_find_miss(struct vcpu *v, uint64_t gva, struct paging_miss *miss);
/* paging_each over the vCPU's own tables. */
bool linear_each(struct vcpu *v, uint64_t gva, paging_visit *visit, void *ctx, uint64_t *next);
/* Copies up to len bytes; stops at the first that is not mapped to RAM. Returns the bytes done. */
size_t linear_read(struct vcpu *v, uint64_t gva, void *to, size_t len);
size_t linear_write(struct vcpu *v, uint64_t gva, const void *from, size_t len);

#endif

/* Model-specific registers: their names, and which of them this KVM keeps for a guest.
 * Source: SDM vol 4; APM vol 2, appendix "MSR Cross-Reference"; Documentation/virt/kvm/x86/msr.rst
 * for KVM's own; api.rst, KVM_GET_MSR_INDEX_LIST, KVM_GET_MSRS, KVM_SET_MSRS. */
#ifndef STEPVM_KVM_MSR_H
#define STEPVM_KVM_MSR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "kvm/vm.h"

/* The SDM's name, or the APM's or KVM's for theirs; NULL when the table has none. */
const char *msr_name(uint32_t number);
/* Takes a name of the table, in any case of letters, with or without its IA32_ or MSR_. */
bool msr_find(const char *name, uint32_t *number);

struct msr_list {
	uint32_t *numbers; /* owned: msr_list_free. Rising. */
	unsigned count;
};

/* What KVM_GET_MSR_INDEX_LIST gives. 0, or -errno with a text. */
int msr_list_read(struct msr_list *l, const struct vm *vm, struct error *e);
void msr_list_free(struct msr_list *l);

#endif

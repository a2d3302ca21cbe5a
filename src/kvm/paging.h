/* Linear to guest-physical addresses, as the CPU's page tables say. Pure: the tables are read
 * through a function. KVM_TRANSLATE is no help: it is wrong with 32-bit paging on kvm_pvm and cuts
 * addresses to 32 bits there on kvm_amd and kvm_intel. Source: SDM vol 3, chapter "Paging". */
#ifndef STEPVM_KVM_PAGING_H
#define STEPVM_KVM_PAGING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct paging {
	uint64_t cr0, cr3, cr4, efer;
};

/* Reads len (4 or 8) bytes of a table at gpa; false where no RAM is. */
typedef bool paging_read(void *ctx, uint64_t gpa, void *to, size_t len);

/* Translates gva. On success *gpa is its address and *len the bytes from there to the end of its
 * page. False: not mapped, or a table outside of RAM. Access rights are not looked at: a debugger
 * reads what is there. */
bool paging_translate(const struct paging *p, paging_read *read, void *ctx, uint64_t gva,
        uint64_t *gpa, uint64_t *len);

#endif

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

/* Where a translation ends. */
struct paging_miss {
	unsigned level;     /* 5: PML5, 4: PML4, 3: PDPT, 2: PD, 1: PT */
	uint64_t entry_gpa; /* of the entry that does not map */
	uint64_t entry;     /* its value, 0 when no RAM is there */
	bool has_ram;       /* the table itself is in RAM */
};

/* True, and *miss, when gva is not mapped. False when it is, or when it can't be (not canonical).
 */
bool paging_find_miss(const struct paging *p, paging_read *read, void *ctx, uint64_t gva,
        struct paging_miss *miss);

#endif

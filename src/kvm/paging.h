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
	/* PAE paging's four entries as the CPU has them; NULL: those at cr3. */
	const uint64_t *pdptrs;
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
	bool is_top;        /* the table is the one that CR3 leads to */
};

/* True, and *miss, when gva is not mapped. False when it is, or when it can't be (not canonical).
 */
bool paging_find_miss(const struct paging *p, paging_read *read, void *ctx, uint64_t gva,
        struct paging_miss *miss);

/* A page that is mapped. */
struct paging_page {
	uint64_t gva, gpa, size;
	uint64_t entry;  /* the one that maps it */
	uint64_t rights; /* bits that are set in the entries of all levels: PAGING_WRITE, _USER */
};

#define PAGING_WRITE 2u /* SDM vol 3, "Paging": R/W */
#define PAGING_USER  4u /* U/S */

/* False: the pages after this one are not wanted, nor was this one. */
typedef bool paging_visit(void *ctx, const struct paging_page *page);

/* A guest's tables can map all there is, page by page and table by table the same ones. */
#define PAGING_ENTRIES_MAX (1u << 22)

/* Visits the mapped pages from the one of gva on, in the order of their addresses. True: that was
 * all. False: visit did not want more, or PAGING_ENTRIES_MAX entries have been looked at; *next is
 * where to go on. */
bool paging_each(const struct paging *p, paging_read *read, void *read_ctx, uint64_t gva,
        paging_visit *visit, void *visit_ctx, uint64_t *next);

#endif

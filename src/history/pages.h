/* The guest's RAM at many moments: each page is kept once for all the moments in a row at which it was the same.
 *
 * What has changed is found by comparing, page by page, with the moment before: so nobody who writes to RAM (the CPU by
 * KVM or by the engine, devices, a debugger) has to say so, and none can be forgotten. RAM that was never touched costs
 * nothing and is not read. */
#ifndef STEPVM_HISTORY_PAGES_H
#define STEPVM_HISTORY_PAGES_H

#include "kvm/memory.h"

struct pages_leaf;

/* What all moments of one recording share. */
struct pages_store {
	uint64_t bytes; /* that they take */
};

/* One moment. Zeros is none. */
struct pages {
	struct pages_leaf **leaves; /* owned; NULL: 64 pages of zeros */
	size_t count;
};

/* *to is what RAM is now; like: the moment before, or NULL. pagemap_fd as of memory_save. -ENOMEM. */
int pages_take(struct pages_store *store, struct pages *to, const struct memory *m, int pagemap_fd,
        const struct pages *like);
/* RAM, of the same shape, is what it was then; its vCPU must not run. *changed: how many pages were another. KVM has to
 * be told besides where it shadows the guest's page tables (memory_forget). */
void pages_put(const struct pages *p, struct memory *m, int pagemap_fd, uint64_t *changed);
void pages_free(struct pages_store *store, struct pages *p);

#endif

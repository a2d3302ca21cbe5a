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

/* --- for a recording's file: pages counted from 0 on, slot by slot, of RAM of m's shape; its contents are not looked at */

/* All zeros; or the same as another moment, which may go before. -ENOMEM. */
int pages_zero(struct pages_store *store, struct pages *to, const struct memory *m);
int pages_same(struct pages_store *store, struct pages *to, const struct pages *from);
/* How many there are in RAM of that shape. */
uint64_t pages_count(const struct memory *m);
/* The guest-physical address of one that there is. */
uint64_t pages_gpa(const struct memory *m, uint64_t page);
/* Its MEMORY_PAGE bytes, until p is freed or changed; and other ones for it. -ENOMEM. */
const uint8_t *pages_at(const struct pages *p, const struct memory *m, uint64_t page);
int pages_change(struct pages_store *store, struct pages *p, const struct memory *m, uint64_t page,
        const uint8_t *bytes);
/* Calls for each page that differs between two moments, in order, as long as it returns 0; and returns what it returned
 * last. Cheap where they share their pages. */
typedef int pages_difference(void *ctx, uint64_t page, const uint8_t *before, const uint8_t *now);
int pages_differ(const struct pages *before, const struct pages *now, const struct memory *m,
        pages_difference *differs, void *ctx);
/* Of all contents and their places. */
uint64_t pages_sum(const struct pages *p, const struct memory *m);
uint64_t page_sum(const uint8_t *bytes);

#endif

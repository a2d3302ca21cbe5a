/* A copy of the guest's RAM, and the RAM made that copy again. Pages of zeros cost a bit each: what
 * it takes goes with what the guest uses, not with what it has. */
#ifndef STEPVM_KVM_MEMORY_IMAGE_H
#define STEPVM_KVM_MEMORY_IMAGE_H

#include <stdbool.h>

#include "kvm/memory.h"

/* Visits all pages of RAM, slot by slot, and tells whether one is all zeros. pagemap_fd: see memory_save. */
typedef void memory_visit(void *ctx, uint64_t gpa, bool is_zero);
void memory_each_page(const struct memory *m, int pagemap_fd, memory_visit *visit, void *ctx);

struct memory_image {
	unsigned slot_count; /* of the memory that it is a copy of */
	struct {
		uint64_t gpa, size;
	} slots[MEMORY_SLOTS_MAX];
	uint64_t *is_kept; /* owned: a bit for each page of all slots, in their order */
	uint8_t *pages;    /* owned: those whose bit is set, one after the other; NULL: none */
	uint64_t page_count;
};

/* Nothing may be planted in m. -E2BIG: it would take more than bytes_max; -ENOMEM. Then *i is left
 * alone. pagemap_fd: /proc/self/pagemap, by which RAM that was never touched is left out without
 * reading it; or -1: all of it is read. */
int memory_save(const struct memory *m, int pagemap_fd, uint64_t bytes_max, struct memory_image *i,
        struct error *e);
/* Whether it is a copy of RAM of the same shape as m. */
bool memory_image_fits(const struct memory_image *i, const struct memory *m);
/* m, which it fits, becomes the copy, without guards; its vCPU must not run. KVM's own error: then
 * a part of the RAM may be missing. */
int memory_load(struct memory *m, const struct memory_image *i);
void memory_image_free(struct memory_image *i);
/* What it takes, in bytes. */
uint64_t memory_image_size(const struct memory_image *i);

#endif

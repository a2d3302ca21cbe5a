/* Guest physical memory: RAM as KVM memory slots, each backed by an anonymous mapping.
 *
 * Addresses here are guest-physical (gpa). What no slot covers is MMIO space: the guest's accesses
 * to it exit, the functions here refuse it.
 * Source: api.rst, KVM_SET_USER_MEMORY_REGION. */
#ifndef STEPVM_KVM_MEMORY_H
#define STEPVM_KVM_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define MEMORY_SLOTS_MAX 16
#define MEMORY_PAGE      4096u

struct memory_slot {
	uint64_t gpa;  /* page-aligned */
	uint64_t size; /* bytes, whole pages */
	uint8_t *hva;
};

struct memory {
	int vm_fd;
	unsigned count;
	struct memory_slot slots[MEMORY_SLOTS_MAX];
};

void memory_init(struct memory *m, int vm_fd);
/* Maps size bytes of zeroed RAM at gpa, both whole pages. -EINVAL (unaligned, wraps, overlaps
 * another slot or what KVM reserves), -ENOMEM, -ENOSPC (too many slots) or KVM's own error. */
int memory_add(struct memory *m, uint64_t gpa, uint64_t size, struct error *e);
/* Unmaps all; pointers from memory_hva die here. */
void memory_close(struct memory *m);

/* The host address of gpa, and in *len how many bytes follow contiguously; NULL where no RAM is. */
uint8_t *memory_hva(const struct memory *m, uint64_t gpa, size_t *len);
/* Copies up to len bytes; stops at the first byte that is not RAM. Returns the bytes done. */
size_t memory_read(const struct memory *m, uint64_t gpa, void *to, size_t len);
size_t memory_write(struct memory *m, uint64_t gpa, const void *from, size_t len);
/* Bytes of RAM in all slots. */
uint64_t memory_total(const struct memory *m);

#endif

/* Guest physical memory: RAM as KVM memory slots, each backed by an anonymous mapping.
 *
 * Addresses here are guest-physical (gpa). What no slot covers is MMIO space: the guest's accesses
 * to it exit, the functions here refuse it.
 * Source: api.rst, KVM_SET_USER_MEMORY_REGION. */
#ifndef STEPVM_KVM_MEMORY_H
#define STEPVM_KVM_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define MEMORY_SLOTS_MAX 16
#define MEMORY_PAGE      4096u

struct memory_slot {
	uint64_t gpa;  /* page-aligned */
	uint64_t size; /* bytes, whole pages */
	uint8_t *hva;
};

/* What the guest may do with a page without an exit. */
enum memory_access {
	MEMORY_ALL,
	MEMORY_NO_WRITE,  /* writes exit as MMIO; reads and execution do not (KVM_MEM_READONLY) */
	MEMORY_NO_ACCESS, /* reads and writes exit as MMIO, execution is an emulation failure */
};

/* A page whose access is restricted. */
struct memory_guard {
	uint64_t gpa; /* page-aligned */
	enum memory_access access;
};

#define MEMORY_GUARDS_MAX 64
#define MEMORY_PIECES_MAX (MEMORY_SLOTS_MAX + 2 * MEMORY_GUARDS_MAX + 2)

/* A run of pages of one slot with the same access: a slot of KVM's. */
struct memory_piece {
	uint64_t gpa, size;
	uint8_t *hva;
	enum memory_access access;
	int id; /* KVM's slot number; -1: KVM has none (MEMORY_NO_ACCESS) */
};

struct memory {
	int vm_fd;
	unsigned count;
	struct memory_slot slots[MEMORY_SLOTS_MAX];
	unsigned piece_count, guard_count;
	struct memory_piece pieces[MEMORY_PIECES_MAX];
	struct memory_guard guards[MEMORY_GUARDS_MAX];
	uint8_t ids[MEMORY_PIECES_MAX]; /* KVM slot numbers in use */
	uint64_t rom_gpa, rom_size;     /* memory_set_rom; size 0: none */
	bool is_shared;                 /* memory_share: another's RAM */
	unsigned writes; /* memory_write's calls: somebody else than the guest has written */
};

void memory_init(struct memory *m, int vm_fd);
/* Maps size bytes of zeroed RAM at gpa, both whole pages. -EINVAL (unaligned, wraps, overlaps
 * another slot or what KVM reserves), -ENOMEM, -ENOSPC (too many slots) or KVM's own error. */
int memory_add(struct memory *m, uint64_t gpa, uint64_t size, struct error *e);
/* Gives a VM without RAM all of other's, ROM and contents included: what one of the two guests writes is written in the
 * other's, which must live longer. memory_clear is other's. KVM's own error: it has none. */
int memory_share(struct memory *m, const struct memory *other);
/* Whole pages within one slot, 0 of them for none: the guest's writes to them are dropped from now on
 * (they exit as MMIO that nobody takes); memory_write writes there. One range. KVM's own error. */
int memory_set_rom(struct memory *m, uint64_t gpa, uint64_t size);
bool memory_is_rom(const struct memory *m, uint64_t gpa);
/* Replaces all guards. The same page twice: the stricter counts; a page that is not RAM is left
 * out. Costs a few KVM calls for each page that changes, nothing when none does. -ENOSPC: more than
 * MEMORY_GUARDS_MAX; KVM's own error otherwise. Then no page is guarded. */
int memory_guard(struct memory *m, const struct memory_guard *guards, unsigned count);
/* All RAM is zeros again, as memory_add gave it, and no page is guarded. KVM forgets what it has
 * made of the old contents: where it shadows the guest's page tables, it sees the guest's own
 * writes to them and no others (Documentation/virt/kvm/x86/mmu.rst, "Synchronized and
 * unsynchronized pages"). KVM's own
 * error: then a part of the RAM may be missing. */
int memory_clear(struct memory *m);
/* KVM forgets what it has made of the contents: the guest's page tables were written, and its translations
 * dropped, by other means than KVM. 20 us here. KVM's own error. */
int memory_forget(struct memory *m);
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

/* What the boot protocols have in common in what they hand to a kernel: a memory map, strings and
 * structures one after the other at START_INFO_GPA. Pure.
 *
 * The map has all RAM that there is, but what stands between 0xa0000 and 1 MiB is reserved on a bare
 * board, too (video memory and ROMs on a PC), so that a kernel that knows PCs does not allocate there. */
#ifndef STEPVM_BOOT_HANDOVER_H
#define STEPVM_BOOT_HANDOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot/start.h"
#include "kvm/memory.h"

#define HANDOVER_SIZE (START_INFO_END - START_INFO_GPA)

/* E820's types, which Multiboot and PVH share: 1 is RAM, 2 reserved. */
enum handover_type { HANDOVER_NONE, HANDOVER_RAM = 1, HANDOVER_RESERVED = 2 };

struct handover_range {
	uint64_t gpa, size;
	enum handover_type type;
};
#define HANDOVER_RANGES_MAX (MEMORY_SLOTS_MAX + 3) /* a PC's parts cut one into four */

#define HANDOVER_LOADER "stepvm" /* what calls itself the boot loader */

/* By address; adjoining RAM is one range. Returns how many. A PC's map (is_pc) is that of its BIOS: the
 * extended BIOS data area, the last KiB of base memory, and the BIOS's ROM are reserved, and what lies
 * between, which is RAM only here, does not stand in it. */
unsigned handover_map(
        struct handover_range to[HANDOVER_RANGES_MAX], const struct memory *m, bool is_pc);

/* RAM at 0 up to 640 KiB, or 639 on a PC, and from 1 MiB on to the first hole, in KiB (Multiboot's
 * mem_lower and mem_upper). */
uint32_t handover_lower_kib(const struct memory *m, bool is_pc);
uint32_t handover_upper_kib(const struct memory *m);

struct handover {
	size_t len;
	bool is_full; /* something did not fit: what was put is not whole */
	uint8_t bytes[HANDOVER_SIZE];
};

/* Takes len bytes at the next multiple of align (a power of two), from bytes or zeros for NULL.
 * Returns their gpa, or 0 and sets is_full. */
uint32_t handover_put(struct handover *h, const void *bytes, size_t len, size_t align);
/* The same with a text and its 0. */
uint32_t handover_text(struct handover *h, const char *text);
/* The bytes that stand at a gpa which handover_put has returned and which is not 0. */
uint8_t *handover_at(struct handover *h, uint32_t gpa);

#endif

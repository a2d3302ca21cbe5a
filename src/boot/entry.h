/* Where a guest starts: an entry as the user names it -> CS:IP.
 *
 * A CPU comes out of reset in real mode, where a segment's base is its selector << 4 (SDM vol 3,
 * "8086 Emulation"), but for CS right after reset (SDM vol 3, "First Instruction Executed"). */
#ifndef STEPVM_BOOT_ENTRY_H
#define STEPVM_BOOT_ENTRY_H

#include <stdint.h>

#include "base/error.h"
#include "boot/image.h"
#include "boot/start.h"

#define ENTRY_REAL_LAST 0x10ffefu /* ffff:ffff, the last address that real mode reaches */

struct entry_point {
	uint16_t selector, offset;
	uint64_t base; /* of CS; base + offset is linear and, without paging, physical */
};

/* A linear address, or the load address for ENTRY_DEFAULT, becomes the 64 KiB block that it is in
 * as the segment, so that 0x7c00 is 0000:7c00 and 0x10000 is 1000:0000; the last 64 KiB - 16 that
 * real mode reaches are ffff:0010 to ffff:ffff. -EINVAL with a text for an address past that. */
int entry_resolve(
        struct entry_point *to, const struct image_entry *from, uint64_t load_gpa, struct error *e);
/* The same for START_PROT and START_LONG, where segments are flat: a linear address, which is
 * entry_gpa for ENTRY_DEFAULT. -EINVAL with a text for one past 4 GiB in protected mode, and for
 * what real mode alone has. */
int entry_resolve_flat(uint64_t *gva, const struct image_entry *from, uint64_t entry_gpa,
        enum start_mode mode, struct error *e);

#endif

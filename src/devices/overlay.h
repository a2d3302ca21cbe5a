/* Sectors that a guest has written to a disk whose file stays as it is: kept in memory, by blocks,
 * up to a bound. Copies share the blocks until one of them writes, so that a snapshot of a disk
 * costs what has changed since. Pure. */
#ifndef STEPVM_DEVICES_OVERLAY_H
#define STEPVM_DEVICES_OVERLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OVERLAY_SECTOR 512u
#define OVERLAY_BLOCK  4096u /* bytes that are taken from the host at once */

struct overlay_block;

/* A hash table with open addressing, by the block's number. All zeros is an empty one. */
struct overlay {
	struct overlay_slot *slots; /* owned; NULL: nothing was written */
	size_t slot_count;          /* a power of two, or 0 */
	size_t block_count;
};

/* The sector's bytes where it has been written; false where it has not. */
bool overlay_read(const struct overlay *o, uint64_t sector, uint8_t to[OVERLAY_SECTOR]);
bool overlay_has(const struct overlay *o, uint64_t sector);
/* -ENOSPC: it would be more than blocks_max blocks; -ENOMEM. The overlay is as before then. */
int overlay_write(
        struct overlay *o, uint64_t sector, const uint8_t from[OVERLAY_SECTOR], size_t blocks_max);
/* *to, which is nothing before, becomes the same as from. -ENOMEM leaves *to alone. */
int overlay_copy(struct overlay *to, const struct overlay *from);
void overlay_free(struct overlay *o);
/* Calls for each sector that has been written, in no order, as long as it returns 0; and returns what it returned last.
 * before: what it has of that sector, of an overlay that this one was made from, is left out where it is the same. */
typedef int overlay_sector(void *ctx, uint64_t sector, const uint8_t bytes[OVERLAY_SECTOR]);
int overlay_each(
        const struct overlay *o, const struct overlay *before, overlay_sector *each, void *ctx);
/* Bytes of memory; blocks that are shared count for each that has them. */
uint64_t overlay_size(const struct overlay *o);

#endif

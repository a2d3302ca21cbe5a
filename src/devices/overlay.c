/* Blocks with owners, and the tables that lead to them. */
#include "devices/overlay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SECTORS     (OVERLAY_BLOCK / OVERLAY_SECTOR)
#define FIRST_SLOTS 64u

_Static_assert(SECTORS == 8, "a bit for each sector in a byte");

struct overlay_block {
	uint32_t owners; /* overlays that have it; who is one of several makes a block of its own */
	uint8_t is_written; /* a bit for each sector, the first in bit 0 */
	uint8_t bytes[OVERLAY_BLOCK];
};

struct overlay_slot {
	uint64_t number;
	struct overlay_block *block; /* NULL: the slot is free */
};

/* The slot of that block, or the free one where it would go. The table is never full. */
static struct overlay_slot *find(const struct overlay *o, uint64_t number)
{
	/* Fibonacci hashing: neighbours go to slots far from each other. */
	size_t mask = o->slot_count - 1;
	size_t at = (size_t)(number * UINT64_C(0x9e3779b97f4a7c15) >> 32) & mask;

	while (o->slots[at].block && o->slots[at].number != number)
		at = (at + 1) & mask;
	return &o->slots[at];
}

static const struct overlay_block *block_of(const struct overlay *o, uint64_t sector)
{
	return o->slot_count ? find(o, sector / SECTORS)->block : NULL;
}

bool overlay_has(const struct overlay *o, uint64_t sector)
{
	const struct overlay_block *b = block_of(o, sector);

	return b && b->is_written >> sector % SECTORS & 1;
}

bool overlay_read(const struct overlay *o, uint64_t sector, uint8_t to[OVERLAY_SECTOR])
{
	if (!overlay_has(o, sector))
		return false;
	memcpy(to, block_of(o, sector)->bytes + sector % SECTORS * OVERLAY_SECTOR, OVERLAY_SECTOR);
	return true;
}

/* At most three of four slots are in use, so that a search is short. */
static int make_room(struct overlay *o)
{
	struct overlay new = { .block_count = o->block_count };

	if (o->block_count < o->slot_count / 4 * 3)
		return 0;
	new.slot_count = o->slot_count ? o->slot_count * 2 : FIRST_SLOTS;
	new.slots = calloc(new.slot_count, sizeof *new.slots);
	if (!new.slots)
		return -ENOMEM;
	for (size_t i = 0; i < o->slot_count; i++)
		if (o->slots[i].block)
			*find(&new, o->slots[i].number) = o->slots[i];
	free(o->slots);
	*o = new;
	return 0;
}

static void drop(struct overlay_block *b)
{
	if (b && !--b->owners)
		free(b);
}

/* A block that only this overlay has, with the contents of the shared one. */
static int make_own(struct overlay_slot *slot)
{
	struct overlay_block *own = malloc(sizeof *own);

	if (!own)
		return -ENOMEM;
	*own = *slot->block;
	own->owners = 1;
	drop(slot->block);
	slot->block = own;
	return 0;
}

int overlay_write(
        struct overlay *o, uint64_t sector, const uint8_t from[OVERLAY_SECTOR], size_t blocks_max)
{
	int err = make_room(o);
	if (err)
		return err;
	struct overlay_slot *slot = find(o, sector / SECTORS);
	if (!slot->block && o->block_count >= blocks_max)
		return -ENOSPC;
	if (!slot->block) {
		struct overlay_block *new = calloc(1, sizeof *new);
		if (!new)
			return -ENOMEM;
		new->owners = 1;
		*slot = (struct overlay_slot) { sector / SECTORS, new };
		o->block_count++;
	} else if (slot->block->owners > 1) {
		err = make_own(slot);
		if (err)
			return err;
	}
	slot->block->is_written |= (uint8_t)(1u << sector % SECTORS);
	memcpy(slot->block->bytes + sector % SECTORS * OVERLAY_SECTOR, from, OVERLAY_SECTOR);
	return 0;
}

int overlay_copy(struct overlay *to, const struct overlay *from)
{
	struct overlay new = *from;

	if (from->slot_count) {
		new.slots = malloc(from->slot_count * sizeof *new.slots);
		if (!new.slots)
			return -ENOMEM;
		memcpy(new.slots, from->slots, from->slot_count * sizeof *new.slots);
	}
	for (size_t i = 0; i < new.slot_count; i++)
		if (new.slots[i].block)
			new.slots[i].block->owners++;
	*to = new;
	return 0;
}

void overlay_free(struct overlay *o)
{
	for (size_t i = 0; i < o->slot_count; i++)
		drop(o->slots[i].block);
	free(o->slots);
	*o = (struct overlay) { 0 };
}

int overlay_each(
        const struct overlay *o, const struct overlay *before, overlay_sector *each, void *ctx)
{
	uint8_t old[OVERLAY_SECTOR];
	int result = 0;

	for (size_t i = 0; i < o->slot_count; i++) {
		const struct overlay_slot *slot = &o->slots[i];
		const struct overlay_block *b = slot->block;
		if (!b || (before && block_of(before, slot->number * SECTORS) == b))
			continue;
		for (unsigned k = 0; k < SECTORS && !result; k++) {
			const uint64_t sector = slot->number * SECTORS + k;
			const uint8_t *bytes = b->bytes + k * OVERLAY_SECTOR;
			if (b->is_written >> k & 1 &&
			        !(before && overlay_read(before, sector, old) &&
			                !memcmp(old, bytes, OVERLAY_SECTOR)))
				result = each(ctx, sector, bytes);
		}
	}
	return result;
}

uint64_t overlay_size(const struct overlay *o)
{
	return o->slot_count * sizeof *o->slots +
	       o->block_count * (uint64_t)sizeof(struct overlay_block);
}

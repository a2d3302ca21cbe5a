/* The memory map, and the bytes that a boot protocol's structures are put together from. */
#include "boot/handover.h"

#include <assert.h>
#include <string.h>

#include "boot/layout.h"

#define ONE_MIB 0x100000ull

/* --- the memory map --------------------------------------------------------------------------- */

/* What RAM up to an address, which is in it, is in a map. */
struct part {
	uint64_t last;
	enum handover_type type; /* HANDOVER_NONE: it does not stand there */
};

static const struct part bare_parts[] = {
	{ 0x9ffff, HANDOVER_RAM },
	{ 0xfffff, HANDOVER_RESERVED },
	{ UINT64_MAX, HANDOVER_RAM },
};

/* The extended BIOS data area, video memory and what may be ROMs of cards, the BIOS. */
static const struct part pc_parts[] = {
	{ 0x9fbff, HANDOVER_RAM },
	{ 0x9ffff, HANDOVER_RESERVED },
	{ 0xeffff, HANDOVER_NONE },
	{ 0xfffff, HANDOVER_RESERVED },
	{ UINT64_MAX, HANDOVER_RAM },
};

static const struct part *parts_of(bool is_pc)
{
	return is_pc ? pc_parts : bare_parts;
}

struct map {
	const struct part *parts;
	struct handover_range *ranges;
	unsigned count;
};

/* first and last: both are in the range, so that one up to the last address has no overflow. */
static void add_range(struct map *map, uint64_t first, uint64_t last, enum handover_type type)
{
	struct handover_range *end = map->ranges + map->count;

	if (type == HANDOVER_NONE)
		return;
	if (map->count && end[-1].type == type && end[-1].gpa + end[-1].size == first)
		end[-1].size += last - first + 1;
	else
		map->ranges[map->count++] =
		        (struct handover_range) { first, last - first + 1, type };
}

static void add_slot(struct map *map, const struct memory_slot *s)
{
	uint64_t first = s->gpa, last = s->gpa + (s->size - 1);
	const struct part *part = map->parts;

	for (; part->last < last; part++) {
		if (first > part->last)
			continue;
		add_range(map, first, part->last, part->type);
		first = part->last + 1;
	}
	add_range(map, first, last, part->type);
}

unsigned handover_map(
        struct handover_range to[HANDOVER_RANGES_MAX], const struct memory *m, bool is_pc)
{
	struct map map = { .parts = parts_of(is_pc), .ranges = to };
	const struct memory_slot *before = NULL;

	for (unsigned n = 0; n < m->count; n++) {
		/* The slot with the lowest address after the last one's. */
		const struct memory_slot *next = NULL;
		for (unsigned i = 0; i < m->count; i++) {
			const struct memory_slot *s = &m->slots[i];
			if ((!before || s->gpa > before->gpa) && (!next || s->gpa < next->gpa))
				next = s;
		}
		add_slot(&map, next);
		before = next;
	}
	return map.count;
}

uint32_t handover_lower_kib(const struct memory *m, bool is_pc)
{
	uint64_t size = layout_ram_from(m, 0), end = parts_of(is_pc)[0].last + 1;

	return (uint32_t)((size < end ? size : end) / 1024);
}

uint32_t handover_upper_kib(const struct memory *m)
{
	uint64_t kib = layout_ram_from(m, ONE_MIB) / 1024;

	return kib < UINT32_MAX ? (uint32_t)kib : UINT32_MAX;
}

/* --- structures and strings ------------------------------------------------------------------- */

uint32_t handover_put(struct handover *h, const void *bytes, size_t len, size_t align)
{
	size_t at = (h->len + align - 1) & ~(align - 1);

	if (at > sizeof h->bytes || len > sizeof h->bytes - at) {
		h->is_full = true;
		return 0;
	}
	memset(h->bytes + h->len, 0, at - h->len);
	if (bytes)
		memcpy(h->bytes + at, bytes, len);
	else
		memset(h->bytes + at, 0, len);
	h->len = at + len;
	return START_INFO_GPA + (uint32_t)at;
}

uint32_t handover_text(struct handover *h, const char *text)
{
	return handover_put(h, text, strlen(text) + 1, 1);
}

uint8_t *handover_at(struct handover *h, uint32_t gpa)
{
	assert(gpa >= START_INFO_GPA && gpa - START_INFO_GPA < h->len);
	return h->bytes + (gpa - START_INFO_GPA);
}

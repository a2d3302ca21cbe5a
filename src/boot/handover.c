#include "boot/handover.h"

#include <assert.h>
#include <string.h>

#include "boot/layout.h"

#define RESERVED_GPA 0xa0000ull
#define RESERVED_END 0x100000ull

/* --- the memory map --------------------------------------------------------------------------- */

struct map {
	struct handover_range *ranges;
	unsigned count;
};

/* first and last: both are in the range, so that one up to the last address has no overflow. */
static void add_range(struct map *map, uint64_t first, uint64_t last, enum handover_type type)
{
	struct handover_range *end = map->ranges + map->count;

	if (map->count && end[-1].type == type && end[-1].gpa + end[-1].size == first)
		end[-1].size += last - first + 1;
	else
		map->ranges[map->count++] =
		        (struct handover_range) { first, last - first + 1, type };
}

static void add_slot(struct map *map, const struct memory_slot *s)
{
	uint64_t first = s->gpa, last = s->gpa + (s->size - 1);

	if (first < RESERVED_GPA) {
		uint64_t part = last < RESERVED_GPA ? last : RESERVED_GPA - 1;
		add_range(map, first, part, HANDOVER_RAM);
		first = part + 1;
	}
	if (first <= last && first < RESERVED_END) {
		uint64_t part = last < RESERVED_END ? last : RESERVED_END - 1;
		add_range(map, first, part, HANDOVER_RESERVED);
		first = part + 1;
	}
	if (first <= last)
		add_range(map, first, last, HANDOVER_RAM);
}

unsigned handover_map(struct handover_range to[HANDOVER_RANGES_MAX], const struct memory *m)
{
	struct map map = { .ranges = to };
	const struct memory_slot *before = NULL;

	for (unsigned n = 0; n < m->count; n++) {
		/* The slot with the lowest address behind the one before. */
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

uint32_t handover_lower_kib(const struct memory *m)
{
	uint64_t size = layout_ram_from(m, 0);

	return (uint32_t)((size < RESERVED_GPA ? size : RESERVED_GPA) / 1024);
}

uint32_t handover_upper_kib(const struct memory *m)
{
	uint64_t kib = layout_ram_from(m, RESERVED_END) / 1024;

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

/* A ROM in the midst of a slot of RAM is a slot of its own for the engine. */
#include "debug/engine_slots.h"

/* The pieces of a slot before, in and after the ROM. False: more than the engine takes. */
static bool add_slot(const struct memory *m, const struct memory_slot *s, struct interp_slot *to,
        unsigned *count)
{
	const uint64_t edges[] = { m->rom_gpa, m->rom_gpa + m->rom_size, UINT64_MAX };
	for (uint64_t gpa = s->gpa, end; gpa < s->gpa + s->size; gpa = end) {
		end = s->gpa + s->size;
		for (unsigned i = 0; i < 3; i++)
			if (edges[i] > gpa && edges[i] < end)
				end = edges[i];
		if (*count == INTERP_SLOTS_MAX)
			return false;
		to[(*count)++] = (struct interp_slot) {
			.gpa = gpa,
			.size = end - gpa,
			.hva = s->hva + (gpa - s->gpa),
			.is_rom = memory_is_rom(m, gpa),
		};
	}
	return true;
}

bool engine_find_slots(const struct memory *m, struct interp_slot *to, unsigned *count)
{
	*count = 0;
	for (unsigned i = 0; i < m->count; i++)
		if (!add_slot(m, &m->slots[i], to, count))
			return false;
	return true;
}

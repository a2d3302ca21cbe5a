/* monitor info mtree: who answers at which physical address and at which port, in the form of QEMU's tree
 * (its softmmu/memory.c). */
#include <inttypes.h>
#include <stdlib.h>

#include "monitor/internal.h"

static void say_region(const struct output *out, uint64_t base, uint64_t size, unsigned priority,
        const char *kind, const char *name)
{
	say(out, "    %016" PRIx64 "-%016" PRIx64 " (prio %u, %s): %s\n", base, base + size - 1,
	        priority, kind, name);
}

static int by_base(const void *a, const void *b)
{
	const struct bus_range *const *one = a, *const *other = b;
	return (*one)->base < (*other)->base ? -1 : (*one)->base > (*other)->base;
}

static void say_bus(const struct output *out, const struct bus *b)
{
	const struct bus_range *sorted[BUS_RANGES_MAX];
	for (unsigned i = 0; i < b->count; i++)
		sorted[i] = &b->ranges[i];
	qsort(sorted, b->count, sizeof *sorted, by_base);
	for (unsigned i = 0; i < b->count; i++)
		say_region(out, sorted[i]->base, sorted[i]->size, 0, "i/o", sorted[i]->name);
}

/* By their addresses: the slots are in the order in which they were given. */
static void say_ram(const struct output *out, const struct memory *m)
{
	for (uint64_t from = 0;;) {
		const struct memory_slot *next = NULL;
		for (unsigned i = 0; i < m->count; i++)
			if (m->slots[i].gpa >= from && (!next || m->slots[i].gpa < next->gpa))
				next = &m->slots[i];
		if (!next)
			return;
		say_region(out, next->gpa, next->size, 0, "ram", "RAM");
		if (m->rom_size && m->rom_gpa >= next->gpa && m->rom_gpa - next->gpa < next->size)
			say_region(out, m->rom_gpa, m->rom_size, 1, "rom", "BIOS");
		if (next->gpa + (next->size - 1) == UINT64_MAX)
			return;
		from = next->gpa + next->size;
	}
}

void monitor_info_mtree(struct run *run, const struct output *out, const char *operands)
{
	const struct guest *g = run->machine->guest;
	(void)operands;
	say(out, "address-space: memory\n  0000000000000000-ffffffffffffffff (prio 0, i/o): "
	         "system\n");
	say_ram(out, &g->vm.memory);
	say_bus(out, &g->board.mmio);
	say(out, "\naddress-space: I/O\n  0000000000000000-000000000000ffff (prio 0, i/o): io\n");
	say_bus(out, &g->board.ports);
}

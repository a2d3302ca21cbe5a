/* int 15h's answers about memory: AH=88h, AX=E801h, E881h and E820h.
 *
 * Source: Ralf Brown's Interrupt List, INT 15/AH=88h, INT 15/AX=E801h, E820h, E881h; ACPI specification, "System
 * Address Map Interfaces". Past 64 MiB AH=88h gives 63 MiB, as most PCs do. */
#include "bios/memory_map.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/bytes.h"
#include "bios/internal.h"
#include "bios/system.h"

#define TYPE_RAM   1
#define SMAP       0x534d4150u /* "SMAP": what E820h is called with, and returns */
#define ENTRY_SIZE 20

uint64_t memory_extended(const struct bios_memory *m)
{
	uint64_t end = MEMORY_MIB;
	for (unsigned i = 0; i < m->range_count; i++) {
		const struct bios_range *range = &m->ranges[i];
		if (range->type == TYPE_RAM && range->gpa <= end && end - range->gpa < range->size)
			end = range->gpa + range->size;
	}
	return (end < MEMORY_4G ? end : MEMORY_4G) - MEMORY_MIB;
}

uint64_t memory_above_4g(const struct bios_memory *m)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < m->range_count; i++)
		if (m->ranges[i].type == TYPE_RAM && m->ranges[i].gpa >= MEMORY_4G)
			sum += m->ranges[i].size;
	return sum;
}

/* 88h: KiB above 1 MiB in AX. */
enum bios_verdict system_extended_memory(struct bios *b, unsigned vector, struct bios_regs *r)
{
	uint64_t extended = memory_extended(b->memory);

	(void)vector;
	if (extended > 63 * MEMORY_MIB)
		extended = 63 * MEMORY_MIB;
	bios_set_ax(r, (uint16_t)(extended / MEMORY_KIB));
	bios_set_carry(r, false);
	return BIOS_DONE;
}

/* E801h and E881h: KiB from 1 to 16 MiB, and units of 64 KiB above: twice, as what is there and what
 * the user has configured. E881h gives them in whole registers. */
enum bios_verdict system_two_sizes(struct bios *b, unsigned vector, struct bios_regs *r)
{
	uint64_t extended = memory_extended(b->memory);
	uint64_t low = extended < 15 * MEMORY_MIB ? extended : 15 * MEMORY_MIB;
	uint16_t kib = (uint16_t)(low / MEMORY_KIB);
	uint16_t units = (uint16_t)((extended - low) / (64 * MEMORY_KIB));

	(void)vector;
	if (bios_al(r) == 0x81)
		r->eax = r->ebx = r->ecx = r->edx = 0;
	bios_set_ax(r, kib);
	bios_set_word(&r->ebx, units);
	bios_set_word(&r->ecx, kib);
	bios_set_word(&r->edx, units);
	bios_set_carry(r, false);
	return BIOS_DONE;
}

/* E820h: one range of the map to ES:DI for each call; EBX says which, and is 0 after the last. */
enum bios_verdict system_memory_map(struct bios *b, unsigned vector, struct bios_regs *r)
{
	const struct bios_memory *m = b->memory;
	uint8_t entry[ENTRY_SIZE];

	if (r->edx != SMAP || r->ecx < ENTRY_SIZE || r->ebx >= m->range_count)
		return system_refuse(b, vector, r);
	const struct bios_range *range = &m->ranges[r->ebx];
	put64(entry, range->gpa);
	put64(entry + 8, range->size);
	put32(entry + 16, range->type);
	if (!m->write(m->ctx, bios_linear(r->es, bios_word(r->edi)), entry, sizeof entry))
		return system_refuse(b, vector, r);
	r->eax = SMAP;
	r->ecx = ENTRY_SIZE;
	r->ebx = r->ebx + 1 < m->range_count ? r->ebx + 1 : 0;
	bios_set_carry(r, false);
	return BIOS_DONE;
}

void system_tell_memory_map(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	bool is_refused = after && after->flags & BIOS_CF;
	snprintf(to, size, " entry %" PRIu32 " to %04x:%04x%s", before->ebx, before->es,
	        bios_word(before->edi), is_refused ? ": refused" : "");
}

void system_tell_sizes(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	if (!after)
		return;
	if (bios_ah(before) == 0x88)
		snprintf(to, size, ": %u KiB", bios_word(after->eax));
	else
		snprintf(to, size, ": %u KiB, and %u of 64 KiB", bios_word(after->eax),
		        bios_word(after->ebx));
}

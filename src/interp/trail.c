/* A table by hash: pages that follow each other lie beside each other. */
#include "interp/trail.h"

#include <string.h>

#define PAGE_SIZE 4096u

void trail_clear(struct trail *t)
{
	memset(t, 0, sizeof *t);
}

void trail_note_all(struct trail *t)
{
	t->has_executed_all = t->has_written_all = t->has_accessed_all = true;
}

void trail_note(struct trail *t, uint64_t page, uint64_t executed, uint64_t written)
{
	const uint64_t key = page | 1, number = page / PAGE_SIZE;
	unsigned at = (unsigned)(number ^ number >> 12 ^ number >> 24) & (TRAIL_SLOTS - 1);
	while (t->pages[at].key && t->pages[at].key != key)
		at = (at + 1) & (TRAIL_SLOTS - 1);
	struct trail_page *p = &t->pages[at];
	if (!p->key && t->count == TRAIL_PAGES) {
		trail_note_all(t);
		return;
	}
	t->count += !p->key;
	p->key = key;
	p->executed |= executed;
	p->written |= written;
}

void trail_note_pc(struct trail *t, uint64_t pc)
{
	trail_note(t, pc & ~(uint64_t)(PAGE_SIZE - 1), trail_lines(pc, 1), 0);
}

void trail_note_bytes(struct trail *t, uint64_t gva, uint64_t len, bool is_write)
{
	while (len) {
		uint64_t part = PAGE_SIZE - (gva & (PAGE_SIZE - 1));
		if (part > len)
			part = len;
		trail_note(t, gva & ~(uint64_t)(PAGE_SIZE - 1), 0,
		        is_write ? trail_lines(gva, part) : 0);
		gva += part;
		len -= part;
	}
}

/* Pieces of RAM: checked against the RAM and each other when added, written when all are there. */
#include "boot/layout.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#define FOUR_GIB (1ull << 32)

uint64_t layout_ram_from(const struct memory *m, uint64_t gpa)
{
	uint64_t total = 0;
	size_t len;

	while (total <= UINT64_MAX - gpa && memory_hva(m, gpa + total, &len) && len)
		total += len;
	return total;
}

static bool overlaps(const struct layout_piece *a, const struct layout_piece *b)
{
	return a->gpa < b->gpa ? b->gpa - a->gpa < a->size : a->gpa - b->gpa < b->size;
}

static int check_ram(
        const struct memory *m, const struct layout_piece *p, const char *file, struct error *e)
{
	uint64_t room = layout_ram_from(m, p->gpa);

	if (!room)
		return error_set(e, -EFAULT,
		        "%s: %s goes to 0x%" PRIx64 ": no RAM there; give some with --memory", file,
		        p->name, p->gpa);
	if (p->size > room)
		return error_set(e, -EFBIG,
		        "%s: %s, %" PRIu64 " bytes, does not fit: RAM at 0x%" PRIx64 " is %" PRIu64
		        " bytes; give more with --memory",
		        file, p->name, p->size, p->gpa, room);
	return 0;
}

int layout_add(struct layout *l, const struct memory *m, const struct layout_piece *piece,
        const char *file, struct error *e)
{
	assert(piece->size && piece->len <= piece->size);
	int err = check_ram(m, piece, file, e);
	if (err)
		return err;
	for (unsigned i = 0; i < l->count; i++) {
		const struct layout_piece *p = &l->pieces[i];
		if (overlaps(p, piece))
			return error_set(e, -ENOEXEC,
			        "%s: %s (0x%" PRIx64 " to 0x%" PRIx64 ") and %s (0x%" PRIx64
			        " to 0x%" PRIx64 ") overlap",
			        file, piece->name, piece->gpa, piece->gpa + piece->size - 1,
			        p->name, p->gpa, p->gpa + p->size - 1);
	}
	if (l->count == LAYOUT_PIECES_MAX)
		return error_set(
		        e, -ENOSPC, "%s: more than %d pieces to load", file, LAYOUT_PIECES_MAX);
	l->pieces[l->count++] = *piece;
	return 0;
}

uint64_t layout_start(const struct layout *l)
{
	uint64_t start = l->count ? l->pieces[0].gpa : 0;

	for (unsigned i = 1; i < l->count; i++)
		if (l->pieces[i].gpa < start)
			start = l->pieces[i].gpa;
	return start;
}

uint64_t layout_end(const struct layout *l)
{
	uint64_t end = 0;

	for (unsigned i = 0; i < l->count; i++) {
		const struct layout_piece *p = &l->pieces[i];
		if (p->gpa < FOUR_GIB && p->gpa + p->size > end)
			end = p->gpa + p->size;
	}
	return end;
}

static void write_zeros(struct memory *m, uint64_t gpa, uint64_t size)
{
	size_t run;

	for (; size; gpa += run, size -= run) {
		uint8_t *hva = memory_hva(m, gpa, &run);
		assert(hva); /* check_ram has seen it */
		if (run > size)
			run = (size_t)size;
		memset(hva, 0, run);
	}
}

void layout_write(const struct layout *l, struct memory *m)
{
	for (unsigned i = 0; i < l->count; i++) {
		const struct layout_piece *p = &l->pieces[i];
		size_t done = p->len ? memory_write(m, p->gpa, p->bytes, p->len) : 0;
		assert(done == p->len); /* check_ram has seen the RAM */
		write_zeros(m, p->gpa + p->len, p->size - p->len);
	}
}

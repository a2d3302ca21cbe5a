/* First the pages of RAM that are not zeros, by runs; then what is mapped, cut at their borders. */
#include "machine/core_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kvm/memory_image.h"

/* Fewer zeros between two pages are in the file, too: a border costs a program header for each mapping. */
#define ZEROS_LEAST (16u * MEMORY_PAGE)

/* Room for one more in an array of count that grows by doubling. */
static bool has_room(void **array, unsigned count, size_t size)
{
	if (count & (count - 1) || (count && count < 16))
		return true;
	void *more = realloc(*array, (count ? 2 * (size_t)count : 16) * size);
	if (more)
		*array = more;
	return more;
}

/* --- pieces ----------------------------------------------------------------------------------- */

static void add_page(void *ctx, uint64_t gpa, bool is_zero)
{
	struct core_parts *p = ctx;
	struct core_piece *last = p->piece_count ? &p->pieces[p->piece_count - 1] : NULL;
	if (is_zero || p->error)
		return;
	uint64_t gap = last ? gpa - last->gpa - last->size : UINT64_MAX;
	size_t len;
	/* A slot may begin anywhere after another: what lies between is RAM of the same slot, or none. */
	if (last && gap < ZEROS_LEAST && memory_hva(p->memory, last->gpa, &len) &&
	        gpa - last->gpa < len) {
		last->size += gap + MEMORY_PAGE;
		return;
	}
	if (!has_room((void **)&p->pieces, p->piece_count, sizeof *p->pieces)) {
		p->error = -ENOMEM;
		return;
	}
	p->pieces[p->piece_count++] = (struct core_piece) { gpa, MEMORY_PAGE, 0 };
}

static int by_gpa(const void *a, const void *b)
{
	const struct core_piece *one = a, *other = b;
	return one->gpa < other->gpa ? -1 : one->gpa > other->gpa;
}

static void place_pieces(struct core_parts *p)
{
	if (p->piece_count)
		qsort(p->pieces, p->piece_count, sizeof *p->pieces, by_gpa);
	for (unsigned i = 0; i < p->piece_count; i++) {
		p->pieces[i].off = p->size;
		p->size += p->pieces[i].size;
	}
}

/* The first piece that ends after gpa; piece_count: none. */
static unsigned piece_at(const struct core_parts *p, uint64_t gpa)
{
	unsigned low = 0, high = p->piece_count;
	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		if (gpa - p->pieces[middle].gpa < p->pieces[middle].size ||
		        gpa < p->pieces[middle].gpa)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* --- parts ------------------------------------------------------------------------------------ */

static bool goes_on(const struct core_part *last, const struct core_part *next)
{
	return last->gva + last->size == next->gva && last->gpa + last->size == next->gpa &&
	       last->is_zero == next->is_zero &&
	       (last->is_zero ? last->size + next->size <= CORE_ZEROS
	                      : last->off + last->size == next->off);
}

static void add_part(struct core_parts *p, struct core_part next)
{
	struct core_part *last = p->part_count ? &p->parts[p->part_count - 1] : NULL;
	if (p->error)
		return;
	if (last && goes_on(last, &next)) {
		last->size += next.size;
		return;
	}
	if (p->part_count == p->part_max)
		p->error = -EFBIG;
	else if (!has_room((void **)&p->parts, p->part_count, sizeof *p->parts))
		p->error = -ENOMEM;
	else
		p->parts[p->part_count++] = next;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* RAM of one slot. */
static void add_ram(struct core_parts *p, uint64_t gva, uint64_t gpa, uint64_t size)
{
	unsigned i = piece_at(p, gpa);
	while (size && !p->error) {
		const struct core_piece *piece = i < p->piece_count ? &p->pieces[i] : NULL;
		struct core_part part = { .gva = gva, .gpa = gpa };
		if (piece && piece->gpa <= gpa) {
			part.size = least(size, piece->gpa + piece->size - gpa);
			part.off = piece->off + (gpa - piece->gpa);
			i++;
		} else {
			part.size = least(size, CORE_ZEROS);
			part.is_zero = p->has_zeros = true;
			if (piece)
				part.size = least(part.size, piece->gpa - gpa);
		}
		add_part(p, part);
		gva += part.size;
		gpa += part.size;
		size -= part.size;
	}
}

/* No slot wraps. */
bool core_parts_add(struct core_parts *p, uint64_t gva, uint64_t gpa, uint64_t size)
{
	uint64_t last = gpa + (size - 1), at = gpa;
	for (;;) { /* the slots are in no order */
		const struct memory_slot *next = NULL;
		for (unsigned i = 0; i < p->memory->count; i++) {
			const struct memory_slot *s = &p->memory->slots[i];
			if (s->gpa + (s->size - 1) >= at && s->gpa <= last &&
			        (!next || s->gpa < next->gpa))
				next = s;
		}
		if (!next || p->error)
			return !p->error;
		uint64_t begin = next->gpa > at ? next->gpa : at;
		uint64_t end = least(last, next->gpa + (next->size - 1));
		add_ram(p, gva + (begin - gpa), begin, end - begin + 1);
		if (end == last)
			return !p->error;
		at = end + 1;
	}
}

int core_parts_begin(
        struct core_parts *p, const struct memory *m, int pagemap_fd, unsigned part_max)
{
	*p = (struct core_parts) { .memory = m, .part_max = part_max };
	memory_each_page(m, pagemap_fd, add_page, p);
	int err = p->error;
	if (err)
		core_parts_free(p);
	else
		place_pieces(p);
	return err;
}

void core_parts_free(struct core_parts *p)
{
	free(p->pieces);
	free(p->parts);
	*p = (struct core_parts) { .piece_count = 0 };
}

size_t core_parts_read(
        const struct core_parts *p, const struct memory *m, uint64_t off, uint8_t *to, size_t len)
{
	size_t done = 0;
	if (off >= p->size)
		return 0;
	len = (size_t)least(len, p->size - off);
	unsigned low = 0, high = p->piece_count; /* the last piece that begins at off or before */
	while (high - low > 1) {
		unsigned middle = low + (high - low) / 2;
		if (p->pieces[middle].off <= off)
			low = middle;
		else
			high = middle;
	}
	for (const struct core_piece *piece = &p->pieces[low]; done < len; piece++) {
		uint64_t at = off + done - piece->off;
		size_t n = (size_t)least(len - done, piece->size - at);
		size_t there = memory_read(m, piece->gpa + at, to + done, n);
		memset(to + done + there, 0, n - there);
		done += n;
	}
	return done;
}

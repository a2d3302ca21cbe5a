/* Two levels: leaves of 64 pages, shared by reference as the pages are. */
#include "history/pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "history/file_bytes.h"
#include "kvm/touched.h"

#define LEAF_PAGES 64u
#define LEAF_BYTES ((uint64_t)LEAF_PAGES * MEMORY_PAGE)

struct page {
	unsigned references;
	bool has_sum;
	uint64_t sum; /* page_sum's */
	uint8_t bytes[MEMORY_PAGE];
};

struct pages_leaf {
	unsigned references;
	struct page *pages[LEAF_PAGES]; /* NULL: zeros */
};

static const uint8_t zeros[MEMORY_PAGE];

static void *take(struct pages_store *s, size_t size)
{
	void *p = calloc(1, size);
	if (p)
		s->bytes += size;
	return p;
}

static void give(struct pages_store *s, void *p, size_t size)
{
	if (p)
		s->bytes -= size;
	free(p);
}

static void drop_page(struct pages_store *s, struct page *p)
{
	if (p && !--p->references)
		give(s, p, sizeof *p);
}

static void drop_leaf(struct pages_store *s, struct pages_leaf *l)
{
	if (!l || --l->references)
		return;
	for (unsigned i = 0; i < LEAF_PAGES; i++)
		drop_page(s, l->pages[i]);
	give(s, l, sizeof *l);
}

static size_t table_size(size_t leaves)
{
	return (leaves + 1) * sizeof(struct pages_leaf *);
}

void pages_free(struct pages_store *store, struct pages *p)
{
	for (size_t i = 0; i < p->count; i++)
		drop_leaf(store, p->leaves[i]);
	give(store, p->leaves, table_size(p->count));
	*p = (struct pages) { 0 };
}

static const uint8_t *bytes_of(const struct page *p)
{
	return p ? p->bytes : zeros;
}

/* RAM as leaves, slot by slot: the last one of a slot may have less than 64 pages. */
static size_t leaves_of(const struct memory *m)
{
	size_t count = 0;
	for (unsigned i = 0; i < m->count; i++)
		count += (m->slots[i].size + LEAF_BYTES - 1) / LEAF_BYTES;
	return count;
}

/* The leaf's own copy, to be changed: NULL without memory. */
static struct pages_leaf *own_leaf(struct pages_store *store, const struct pages_leaf *from)
{
	struct pages_leaf *own = take(store, sizeof *own);
	if (!own)
		return NULL;
	own->references = 1;
	for (unsigned i = 0; from && i < LEAF_PAGES; i++)
		if ((own->pages[i] = from->pages[i]))
			own->pages[i]->references++;
	return own;
}

/* A page of *leaf is to be these bytes. */
static int keep_page(struct pages_store *store, struct pages_leaf **leaf, bool *is_own, unsigned at,
        const uint8_t *hva)
{
	struct page *new = NULL;
	if (!*is_own) {
		struct pages_leaf *own = own_leaf(store, *leaf);
		if (!own)
			return -ENOMEM;
		drop_leaf(store, *leaf);
		*leaf = own;
		*is_own = true;
	}
	if (memcmp(hva, zeros, MEMORY_PAGE) != 0) {
		new = take(store, sizeof *new);
		if (!new)
			return -ENOMEM;
		new->references = 1;
		memcpy(new->bytes, hva, MEMORY_PAGE);
	}
	drop_page(store, (*leaf)->pages[at]);
	(*leaf)->pages[at] = new;
	return 0;
}

/* 64 pages, or the end of a slot. */
static int take_leaf(struct pages_store *store, struct pages_leaf **leaf, const uint8_t *hva,
        unsigned count, struct touched_pages *touched)
{
	bool is_own = false;
	for (unsigned i = 0; i < count; i++, hva += MEMORY_PAGE) {
		const struct page *before = *leaf ? (*leaf)->pages[i] : NULL;
		if (touched_is_untouched(touched, hva)
		                ? !before
		                : !memcmp(hva, bytes_of(before), MEMORY_PAGE))
			continue;
		int err = keep_page(store, leaf, &is_own, i, hva);
		if (err)
			return err;
	}
	return 0;
}

static unsigned pages_left(const struct memory_slot *s, uint64_t at)
{
	uint64_t left = (s->size - at) / MEMORY_PAGE;
	return left < LEAF_PAGES ? (unsigned)left : LEAF_PAGES;
}

int pages_take(struct pages_store *store, struct pages *to, const struct memory *m, int pagemap_fd,
        const struct pages *like)
{
	struct pages new = { .count = leaves_of(m) };
	struct touched_pages touched = { .fd = pagemap_fd };
	size_t at = 0;
	int err = 0;
	new.leaves = take(store, table_size(new.count));
	if (!new.leaves)
		return -ENOMEM;
	for (size_t i = 0; like && i < new.count; i++)
		if ((new.leaves[i] = like->leaves[i]))
			new.leaves[i]->references++;
	for (unsigned k = 0; k < m->count; k++) {
		const struct memory_slot *s = &m->slots[k];
		for (uint64_t off = 0; off < s->size && !err; off += LEAF_BYTES)
			err = take_leaf(store, &new.leaves[at++], s->hva + off, pages_left(s, off),
			        &touched);
	}
	if (err)
		pages_free(store, &new);
	else
		*to = new;
	return err;
}

static uint64_t put_leaf(
        const struct pages_leaf *leaf, uint8_t *hva, unsigned count, struct touched_pages *touched)
{
	uint64_t changed = 0;
	for (unsigned i = 0; i < count; i++, hva += MEMORY_PAGE) {
		const struct page *p = leaf ? leaf->pages[i] : NULL;
		if (touched_is_untouched(touched, hva) ? !p
		                                       : !memcmp(hva, bytes_of(p), MEMORY_PAGE))
			continue;
		memcpy(hva, bytes_of(p), MEMORY_PAGE);
		changed++;
	}
	return changed;
}

void pages_put(const struct pages *p, struct memory *m, int pagemap_fd, uint64_t *changed)
{
	struct touched_pages touched = { .fd = pagemap_fd };
	size_t at = 0;
	*changed = 0;
	for (unsigned k = 0; k < m->count; k++) {
		struct memory_slot *s = &m->slots[k];
		for (uint64_t off = 0; off < s->size; off += LEAF_BYTES)
			*changed += put_leaf(
			        p->leaves[at++], s->hva + off, pages_left(s, off), &touched);
	}
	if (*changed)
		m->writes++;
}

/* --- for a file -------------------------------------------------------------------------------- */

uint64_t pages_count(const struct memory *m)
{
	uint64_t count = 0;
	for (unsigned i = 0; i < m->count; i++)
		count += m->slots[i].size / MEMORY_PAGE;
	return count;
}

uint64_t pages_gpa(const struct memory *m, uint64_t page)
{
	unsigned i = 0;
	while (i + 1 < m->count && page >= m->slots[i].size / MEMORY_PAGE)
		page -= m->slots[i++].size / MEMORY_PAGE;
	return m->slots[i].gpa + page * MEMORY_PAGE;
}

/* Which leaf it is on: each slot begins with one of its own. */
static size_t leaf_of(const struct memory *m, uint64_t page, unsigned *at)
{
	size_t leaf = 0;
	unsigned i = 0;
	for (; i + 1 < m->count && page >= m->slots[i].size / MEMORY_PAGE; i++) {
		page -= m->slots[i].size / MEMORY_PAGE;
		leaf += (m->slots[i].size + LEAF_BYTES - 1) / LEAF_BYTES;
	}
	*at = (unsigned)(page % LEAF_PAGES);
	return leaf + page / LEAF_PAGES;
}

int pages_zero(struct pages_store *store, struct pages *to, const struct memory *m)
{
	struct pages new = { .count = leaves_of(m) };
	new.leaves = take(store, table_size(new.count));
	if (!new.leaves)
		return -ENOMEM;
	*to = new;
	return 0;
}

int pages_same(struct pages_store *store, struct pages *to, const struct pages *from)
{
	struct pages new = { .count = from->count };
	new.leaves = take(store, table_size(new.count));
	if (!new.leaves)
		return -ENOMEM;
	for (size_t i = 0; i < new.count; i++)
		if ((new.leaves[i] = from->leaves[i]))
			new.leaves[i]->references++;
	*to = new;
	return 0;
}

const uint8_t *pages_at(const struct pages *p, const struct memory *m, uint64_t page)
{
	unsigned at;
	const struct pages_leaf *leaf = p->leaves[leaf_of(m, page, &at)];
	return leaf ? bytes_of(leaf->pages[at]) : zeros;
}

int pages_change(struct pages_store *store, struct pages *p, const struct memory *m, uint64_t page,
        const uint8_t *bytes)
{
	unsigned at;
	struct pages_leaf **leaf = &p->leaves[leaf_of(m, page, &at)];
	bool is_own = *leaf && (*leaf)->references == 1;
	return keep_page(store, leaf, &is_own, at, bytes);
}

static int differ_leaf(const struct pages_leaf *before, const struct pages_leaf *now,
        uint64_t first, unsigned count, pages_difference *differs, void *ctx)
{
	int result = 0;
	for (unsigned i = 0; i < count && !result && before != now; i++) {
		const struct page *a = before ? before->pages[i] : NULL;
		const struct page *b = now ? now->pages[i] : NULL;
		if (a != b && memcmp(bytes_of(a), bytes_of(b), MEMORY_PAGE) != 0)
			result = differs(ctx, first + i, bytes_of(a), bytes_of(b));
	}
	return result;
}

int pages_differ(const struct pages *before, const struct pages *now, const struct memory *m,
        pages_difference *differs, void *ctx)
{
	uint64_t first = 0;
	size_t leaf = 0;
	int result = 0;
	for (unsigned k = 0; k < m->count; k++)
		for (uint64_t off = 0; off < m->slots[k].size && !result;
		        off += LEAF_BYTES, leaf++) {
			unsigned count = pages_left(&m->slots[k], off);
			result = differ_leaf(before->leaves[leaf], now->leaves[leaf], first, count,
			        differs, ctx);
			first += count;
		}
	return result;
}

uint64_t page_sum(const uint8_t *bytes)
{
	return file_sum(0, bytes, MEMORY_PAGE);
}

/* Pages of zeros count for nothing. */
static uint64_t sum_leaf(struct pages_leaf *leaf, uint64_t first)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < LEAF_PAGES; i++) {
		struct page *p = leaf->pages[i];
		if (!p)
			continue;
		if (!p->has_sum)
			p->sum = page_sum(p->bytes);
		p->has_sum = true;
		const uint64_t both[] = { first + i, p->sum };
		sum += file_sum(0, both, sizeof both);
	}
	return sum;
}

uint64_t pages_sum(const struct pages *p, const struct memory *m)
{
	uint64_t sum = 0, first = 0;
	size_t leaf = 0;
	for (unsigned k = 0; k < m->count; k++)
		for (uint64_t off = 0; off < m->slots[k].size; off += LEAF_BYTES, leaf++) {
			if (p->leaves[leaf])
				sum += sum_leaf(p->leaves[leaf], first);
			first += pages_left(&m->slots[k], off);
		}
	return sum;
}

/* Walks through page tables: each form of paging is a table of its levels. */
#include "kvm/paging.h"

#include "base/cpu_bits.h"

/* SDM vol 3, "Paging": bits of the entries. */
#define P       1u        /* present */
#define PS      (1u << 7) /* maps a page, not a table */
#define ADDRESS 0x000ffffffffff000ull

/* One paging structure: which bits of the linear address index it. */
struct level {
	unsigned shift, bits;
	bool can_map; /* an entry with PS maps a page */
};

static const struct level long_levels[] = {
	{ 48, 9, false },
	{ 39, 9, false },
	{ 30, 9, true },
	{ 21, 9, true },
	{ 12, 9, false },
};
static const struct level pae_levels[] = { { 30, 2, false }, { 21, 9, true }, { 12, 9, false } };
static const struct level two_levels[] = { { 22, 10, true }, { 12, 10, false } };

/* One translation: what goes in, what comes out. */
struct walk {
	const struct level *levels;
	unsigned count;
	size_t entry_size;
	uint64_t table;
	bool has_pse;
	const uint64_t *first; /* the first level's entries, where the CPU keeps them; else NULL */
	struct paging_miss miss;
};

/* Whether the entry maps a page, and then where it begins. */
static bool maps(const struct walk *w, const struct level *l, uint64_t entry, uint64_t *gpa)
{
	if (l->shift > 12 && !(l->can_map && entry & PS && w->has_pse))
		return false;
	*gpa = entry & ADDRESS & ~((1ull << l->shift) - 1);
	/* PSE-36: bits 13 to 20 of a 4 MiB entry are bits 32 to 39 of the address. */
	if (w->entry_size == 4 && l->shift > 12)
		*gpa = (entry & 0xffc00000) | (entry >> 13 & 0xff) << 32;
	return true;
}

/* False: no RAM is there. */
static bool read_entry(const struct walk *w, unsigned depth, paging_read *read, void *ctx,
        uint64_t table, uint64_t index, uint64_t *entry)
{
	*entry = 0;
	if (depth || !w->first)
		return read(ctx, table + index * w->entry_size, entry, w->entry_size);
	*entry = w->first[index];
	return true;
}

static bool walk(
        struct walk *w, paging_read *read, void *ctx, uint64_t gva, uint64_t *gpa, uint64_t *len)
{
	for (unsigned i = 0; i < w->count; i++) {
		const struct level *l = &w->levels[i];
		uint64_t index = gva >> l->shift & ((1u << l->bits) - 1), entry;
		uint64_t base, mask = (1ull << l->shift) - 1;
		w->miss.level = w->count - i;
		w->miss.is_top = i == 0;
		w->miss.entry_gpa = w->table + index * w->entry_size;
		w->miss.has_ram = read_entry(w, i, read, ctx, w->table, index, &entry);
		w->miss.entry = entry;
		if (!w->miss.has_ram || !(entry & P))
			return false;
		if (maps(w, l, entry, &base)) {
			*gpa = base | (gva & mask);
			*len = mask + 1 - (gva & mask);
			return true;
		}
		w->table = entry & ADDRESS;
	}
	return false;
}

/* The levels that gva is translated by. False: none are, or it is not canonical. */
static bool choose_levels(const struct paging *p, uint64_t gva, struct walk *w)
{
	if (p->efer & EFER_LMA) {
		bool five = p->cr4 & CR4_LA57;
		int64_t upper = (int64_t)gva >> (five ? 56 : 47);
		*w = (struct walk) { long_levels + !five, 4 + five, 8, p->cr3 & ADDRESS, true };
		return upper == 0 || upper == -1;
	}
	if (p->cr4 & CR4_PAE)
		*w = (struct walk) { pae_levels, 3, 8, p->cr3 & 0xffffffe0, true,
			.first = p->pdptrs };
	else
		*w = (struct walk) { two_levels, 2, 4, p->cr3 & 0xfffff000, p->cr4 & CR4_PSE };
	return p->cr0 & CR0_PG;
}

bool paging_translate(const struct paging *p, paging_read *read, void *ctx, uint64_t gva,
        uint64_t *gpa, uint64_t *len)
{
	struct walk w;
	bool is_long = p->efer & EFER_LMA;
	if (!is_long)
		gva &= 0xffffffff;
	if (!is_long && !(p->cr0 & CR0_PG)) {
		*gpa = gva;
		*len = (1ull << 32) - gva;
		return true;
	}
	return choose_levels(p, gva, &w) && walk(&w, read, ctx, gva, gpa, len);
}

bool paging_find_miss(const struct paging *p, paging_read *read, void *ctx, uint64_t gva,
        struct paging_miss *miss)
{
	struct walk w;
	uint64_t gpa, len;
	if (!(p->efer & EFER_LMA))
		gva &= 0xffffffff;
	if (!choose_levels(p, gva, &w) || walk(&w, read, ctx, gva, &gpa, &len))
		return false;
	*miss = w.miss;
	return true;
}

/* --- all pages -------------------------------------------------------------------------------- */

struct sweep {
	struct walk walk;
	paging_read *read;
	void *read_ctx;
	paging_visit *visit;
	void *visit_ctx;
	unsigned gva_bits; /* addresses here have so many bits, */
	uint64_t from;     /* and canonical ones are made of them for visit */
	uint64_t next;
	unsigned entries;
};

static uint64_t canonical(const struct sweep *s, uint64_t gva)
{
	if (s->gva_bits > 32 && gva >> (s->gva_bits - 1) & 1)
		gva |= ~((1ull << s->gva_bits) - 1);
	return gva;
}

/* PAE's first level has neither R/W nor U/S: SDM vol 3, "PAE Paging". */
static bool has_rights(const struct walk *w, unsigned depth)
{
	return w->levels != pae_levels || depth > 0;
}

/* The pages of one table, which maps from base on. False: that is enough. */
static bool sweep_table(
        struct sweep *s, unsigned depth, uint64_t table, uint64_t base, uint64_t above)
{
	const struct level *l = &s->walk.levels[depth];
	uint64_t index = s->from > base ? (s->from - base) >> l->shift : 0;
	for (; index < 1u << l->bits; index++) {
		uint64_t entry, gva = base + (index << l->shift), gpa, rights = above;
		s->next = canonical(s, gva);
		if (s->entries++ == PAGING_ENTRIES_MAX)
			return false;
		if (!read_entry(&s->walk, depth, s->read, s->read_ctx, table, index, &entry) ||
		        !(entry & P))
			continue;
		if (has_rights(&s->walk, depth))
			rights &= entry;
		if (maps(&s->walk, l, entry, &gpa)) {
			const struct paging_page page = { s->next, gpa, 1ull << l->shift, entry,
				rights & (PAGING_WRITE | PAGING_USER) };
			if (!s->visit(s->visit_ctx, &page))
				return false;
		} else if (!sweep_table(s, depth + 1, entry & ADDRESS, gva, rights)) {
			return false;
		}
	}
	return true;
}

bool paging_each(const struct paging *p, paging_read *read, void *read_ctx, uint64_t gva,
        paging_visit *visit, void *visit_ctx, uint64_t *next)
{
	struct sweep s = {
		.read = read, .read_ctx = read_ctx, .visit = visit, .visit_ctx = visit_ctx
	};
	if (!choose_levels(p, 0, &s.walk))
		return true;
	s.gva_bits = s.walk.levels[0].shift + s.walk.levels[0].bits;
	s.from = gva & ((1ull << s.gva_bits) - 1);
	if (sweep_table(&s, 0, s.walk.table, 0, PAGING_WRITE | PAGING_USER))
		return true;
	*next = s.next;
	return false;
}

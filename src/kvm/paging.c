#include "kvm/paging.h"

/* SDM vol 3, "Control Registers" and "Paging": bits. */
#define CR0_PG   (1ull << 31)
#define CR4_PSE  (1ull << 4)
#define CR4_PAE  (1ull << 5)
#define CR4_LA57 (1ull << 12)
#define EFER_LMA (1ull << 10)
#define P        1u        /* present */
#define PS       (1u << 7) /* maps a page, not a table */
#define ADDRESS  0x000ffffffffff000ull

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

static bool found(uint64_t base, uint64_t gva, unsigned shift, uint64_t *gpa, uint64_t *len)
{
	uint64_t mask = (1ull << shift) - 1;
	*gpa = base | (gva & mask);
	*len = mask + 1 - (gva & mask);
	return true;
}

static bool walk(const struct level *levels, unsigned count, size_t entry_size, uint64_t table,
        bool has_pse, paging_read *read, void *ctx, uint64_t gva, uint64_t *gpa, uint64_t *len)
{
	for (unsigned i = 0; i < count; i++) {
		const struct level *l = &levels[i];
		uint64_t index = gva >> l->shift & ((1u << l->bits) - 1), entry = 0;
		if (!read(ctx, table + index * entry_size, &entry, entry_size) || !(entry & P))
			return false;
		if (l->shift == 12)
			return found(entry & ADDRESS, gva, 12, gpa, len);
		if (l->can_map && entry & PS && has_pse) {
			uint64_t base = entry & ADDRESS & ~((1ull << l->shift) - 1);
			/* PSE-36: bits 13 to 20 of a 4 MiB entry are bits 32 to 39 of the address.
			 */
			if (entry_size == 4)
				base = (entry & 0xffc00000) | (entry >> 13 & 0xff) << 32;
			return found(base, gva, l->shift, gpa, len);
		}
		table = entry & ADDRESS;
	}
	return false;
}

bool paging_translate(const struct paging *p, paging_read *read, void *ctx, uint64_t gva,
        uint64_t *gpa, uint64_t *len)
{
	if (p->efer & EFER_LMA) {
		bool five = p->cr4 & CR4_LA57;
		int64_t upper = (int64_t)gva >> (five ? 56 : 47);
		if (upper != 0 && upper != -1) /* not canonical */
			return false;
		return walk(long_levels + !five, 4 + five, 8, p->cr3 & ADDRESS, true, read, ctx,
		        gva, gpa, len);
	}
	gva &= 0xffffffff;
	if (!(p->cr0 & CR0_PG)) {
		*gpa = gva;
		*len = (1ull << 32) - gva;
		return true;
	}
	if (p->cr4 & CR4_PAE)
		return walk(pae_levels, 3, 8, p->cr3 & 0xffffffe0, true, read, ctx, gva, gpa, len);
	return walk(
	        two_levels, 2, 4, p->cr3 & 0xfffff000, p->cr4 & CR4_PSE, read, ctx, gva, gpa, len);
}

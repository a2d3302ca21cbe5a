#include "kvm/paging.h"

#include <stdlib.h>

#include "check.h"
#include "random.h"

/* SDM vol 3, "Control Registers", "Paging". */
#define PE   1u
#define PG   (1ull << 31)
#define PSE  (1ull << 4)
#define PAE  (1ull << 5)
#define LA57 (1ull << 12)
#define LMA  (1ull << 10)
#define P    1ull
#define PS   (1ull << 7)
#define NX   (1ull << 63)

/* RAM for tables: not at 0, so that a table at 0 is outside. */
#define RAM_BASE 0x100000u
#define RAM_SIZE 0x40000u

struct ram {
	uint8_t bytes[RAM_SIZE];
	uint64_t next_table;
};

static bool read_ram(void *ctx, uint64_t gpa, void *to, size_t len)
{
	struct ram *r = ctx;
	if (gpa < RAM_BASE || gpa - RAM_BASE > RAM_SIZE || len > RAM_SIZE - (gpa - RAM_BASE))
		return false;
	memcpy(to, r->bytes + (gpa - RAM_BASE), len);
	return true;
}

/* One way of paging: its registers and its levels, from the top. */
struct scheme {
	const char *name;
	struct paging regs; /* but for cr3 */
	size_t entry_size;
	unsigned levels;
	struct {
		unsigned shift, bits;
		bool can_map;
	} level[5];
	unsigned gva_bits;
};

static const struct scheme schemes[] = {
	{ "32-bit", { .cr0 = PG | PE }, 4, 2, { { 22, 10, 0 }, { 12, 10, 1 } }, 32 },
	{ "32-bit with PSE", { .cr0 = PG | PE, .cr4 = PSE }, 4, 2, { { 22, 10, 1 }, { 12, 10, 1 } },
	        32 },
	{ "PAE", { .cr0 = PG | PE, .cr4 = PAE }, 8, 3, { { 30, 2, 0 }, { 21, 9, 1 }, { 12, 9, 1 } },
	        32 },
	{ "4-level", { .cr0 = PG | PE, .cr4 = PAE, .efer = LMA }, 8, 4,
	        { { 39, 9, 0 }, { 30, 9, 1 }, { 21, 9, 1 }, { 12, 9, 1 } }, 48 },
	{ "5-level", { .cr0 = PG | PE, .cr4 = PAE | LA57, .efer = LMA }, 8, 5,
	        { { 48, 9, 0 }, { 39, 9, 0 }, { 30, 9, 1 }, { 21, 9, 1 }, { 12, 9, 1 } }, 57 },
};
#define SCHEMES (sizeof schemes / sizeof *schemes)

static uint64_t new_table(struct ram *r)
{
	uint64_t gpa = r->next_table;
	r->next_table += 4096;
	memset(r->bytes + (gpa - RAM_BASE), 0, 4096);
	return gpa;
}

static uint64_t get(struct ram *r, uint64_t gpa, size_t size)
{
	uint64_t value = 0;
	memcpy(&value, r->bytes + (gpa - RAM_BASE), size);
	return value;
}

static void put(struct ram *r, uint64_t gpa, uint64_t value, size_t size)
{
	memcpy(r->bytes + (gpa - RAM_BASE), &value, size);
}

/* Maps the page of gva at level to page_gpa. noise: bits that must not matter. Returns where its
 * entry stands, and in *path those of the levels above. */
static uint64_t map(struct ram *r, const struct scheme *s, uint64_t cr3, uint64_t gva,
        unsigned level, uint64_t page_gpa, uint64_t noise, uint64_t path[5])
{
	uint64_t table = cr3;
	for (unsigned i = 0;; i++) {
		uint64_t index = gva >> s->level[i].shift & ((1u << s->level[i].bits) - 1);
		uint64_t at = table + index * s->entry_size;
		path[i] = at;
		if (i == level) {
			bool is_large = s->level[i].shift > 12;
			uint64_t entry = page_gpa | P | noise | (is_large ? PS : 0);
			/* PSE-36: address bits 32 to 39 stand in bits 13 to 20. */
			if (is_large && s->entry_size == 4)
				entry = (page_gpa & 0xffc00000) | (page_gpa >> 32 & 0xff) << 13 |
				        P | PS | noise;
			put(r, at, entry, s->entry_size);
			return at;
		}
		uint64_t entry = get(r, at, s->entry_size);
		if (!(entry & P)) {
			entry = new_table(r) | P | (noise & ~PS);
			put(r, at, entry, s->entry_size);
		}
		/* Bits 0 to 11 of an entry are no address. */
		table = entry & (s->entry_size == 4 ? 0xfffff000 : 0x000ffffffffff000);
	}
}

static struct ram *new_ram(void)
{
	struct ram *r = calloc(1, sizeof *r);
	r->next_table = RAM_BASE;
	return r;
}

static uint64_t canonical(const struct scheme *s, uint64_t gva)
{
	if (s->gva_bits == 32)
		return gva & 0xffffffff;
	return (uint64_t)((int64_t)(gva << (64 - s->gva_bits)) >> (64 - s->gva_bits));
}

/* Bits of an entry that say nothing about the address: R/W, U/S, PWT, PCD, A, D, G, AVL, NX. */
static uint64_t noise_of(const struct scheme *s, uint64_t *seed)
{
	uint64_t noise = random_next(seed) & 0xf7e & ~PS;
	return s->entry_size == 8 && random_below(seed, 2) ? noise | NX : noise;
}

static void pages_of_every_size_translate(void)
{
	uint64_t seed = 7;
	for (size_t k = 0; k < SCHEMES; k++) {
		const struct scheme *s = &schemes[k];
		for (int round = 0; round < 2000 && check_case_ok; round++) {
			struct ram *r = new_ram();
			struct paging p = s->regs;
			uint64_t gva = canonical(s, random_next(&seed)), gpa = 1, len = 1, path[5];
			unsigned level = random_below(&seed, s->levels);
			if (!s->level[level].can_map)
				level = s->levels - 1;
			uint64_t size = 1ull << s->level[level].shift;
			/* MAXPHYADDR is at most 52 bits, 40 for PSE-36, 32 for a small page. */
			unsigned gpa_bits = s->entry_size == 8 ? 52 : size > 4096 ? 40 : 32;
			uint64_t page = random_next(&seed) >> (64 - gpa_bits) & ~(size - 1);
			uint64_t noise = noise_of(s, &seed);
			p.cr3 = new_table(r);
			map(r, s, p.cr3, gva, level, page, noise, path);
			/* cr3's own low bits: PWT and PCD, or a PCID. */
			p.cr3 |= random_below(&seed, 2) ? 0x18 : 0;
			bool ok = paging_translate(&p, read_ram, r, gva, &gpa, &len);
			if (!ok || gpa != (page | (gva & (size - 1))) ||
			        len != size - (gva & (size - 1)))
				CHECK_FAIL("%s, level %u: 0x%" PRIx64 " is 0x%" PRIx64
				           " + 0x%" PRIx64 " (%d), page at 0x%" PRIx64,
				        s->name, level, gva, gpa, len, ok, page);
			free(r);
		}
	}
}

static void an_entry_not_present_at_any_level_ends_it(void)
{
	for (size_t k = 0; k < SCHEMES; k++) {
		const struct scheme *s = &schemes[k];
		struct ram *r = new_ram();
		struct paging p = s->regs;
		uint64_t gva = canonical(s, 0x00123456789abcde), gpa = 77, len = 88, path[5];
		p.cr3 = new_table(r);
		map(r, s, p.cr3, gva, s->levels - 1, 0x5000, 0, path);
		CHECK(paging_translate(&p, read_ram, r, gva, &gpa, &len));
		for (unsigned i = 0; i < s->levels; i++) {
			uint64_t entry = get(r, path[i], s->entry_size);
			gpa = 77, len = 88;
			put(r, path[i], entry & ~P, s->entry_size);
			CHECK(!paging_translate(&p, read_ram, r, gva, &gpa, &len));
			CHECK(gpa == 77 && len == 88); /* as they were */
			put(r, path[i], entry, s->entry_size);
		}
		/* The neighbours in the last table are not mapped. */
		CHECK(!paging_translate(&p, read_ram, r, gva + 4096, &gpa, &len));
		CHECK(!paging_translate(&p, read_ram, r, gva - 4096, &gpa, &len));
		free(r);
	}
}

static void a_table_outside_of_ram_ends_it(void)
{
	for (size_t k = 0; k < SCHEMES; k++) {
		const struct scheme *s = &schemes[k];
		struct ram *r = new_ram();
		struct paging p = s->regs;
		uint64_t gva = canonical(s, 0x00123456789abcde), gpa, len, path[5];
		p.cr3 = new_table(r);
		map(r, s, p.cr3, gva, s->levels - 1, 0x5000, 0, path);
		for (unsigned i = 0; i + 1 < s->levels; i++) {
			uint64_t entry = get(r, path[i], s->entry_size);
			put(r, path[i], P, s->entry_size); /* a table at 0 */
			CHECK(!paging_translate(&p, read_ram, r, gva, &gpa, &len));
			put(r, path[i], entry, s->entry_size);
		}
		CHECK(paging_translate(&p, read_ram, r, gva, &gpa, &len));
		p.cr3 = 0;
		CHECK(!paging_translate(&p, read_ram, r, gva, &gpa, &len));
		free(r);
	}
}

/* Without CR4.PSE bit 7 of a 32-bit directory entry means nothing. */
static void a_large_page_needs_pse(void)
{
	struct ram *r = new_ram();
	struct paging p = schemes[0].regs;
	uint64_t gva = 0x12345678, gpa, len, path[5];
	p.cr3 = new_table(r);
	map(r, &schemes[0], p.cr3, gva, 1, 0x7000, 0, path);
	put(r, path[0], get(r, path[0], 4) | PS, 4);
	CHECK(paging_translate(&p, read_ram, r, gva, &gpa, &len));
	CHECK_EQ(gpa, 0x7678);
	p.cr4 |= PSE;
	CHECK(paging_translate(&p, read_ram, r, gva, &gpa, &len));
	CHECK_EQ(gpa, ((get(r, path[0], 4) & 0xffc00000) | (gva & 0x3fffff)) |
	                      (get(r, path[0], 4) >> 13 & 0xff) << 32);
	free(r);
}

/* Bit 12 of a large page's entry is PAT. */
static void pat_is_no_address_bit(void)
{
	for (size_t k = 2; k < SCHEMES; k++) {
		const struct scheme *s = &schemes[k];
		struct ram *r = new_ram();
		struct paging p = s->regs;
		uint64_t gva = 0x344678, gpa, len, path[5];
		p.cr3 = new_table(r);
		map(r, s, p.cr3, gva, s->levels - 2, 0x40000000, 1u << 12, path);
		CHECK(paging_translate(&p, read_ram, r, gva, &gpa, &len));
		CHECK_EQ(gpa, 0x40000000 + (gva & 0x1fffff));
		free(r);
	}
}

static void addresses_that_are_not_canonical_have_no_page(void)
{
	static const struct {
		uint64_t gva;
		bool in_four, in_five;
	} rows[] = {
		{ 0, true, true },
		{ 0x00007fffffffffff, true, true },
		{ 0x0000800000000000, false, true },
		{ 0xffff7fffffffffff, false, true },
		{ 0xffff800000000000, true, true },
		{ 0x00ffffffffffffff, false, true },
		{ 0x0100000000000000, false, false },
		{ 0xfeffffffffffffff, false, false },
		{ 0xff00000000000000, false, true },
		{ UINT64_MAX, true, true },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		for (size_t k = 3; k < SCHEMES; k++) {
			const struct scheme *s = &schemes[k];
			struct ram *r = new_ram();
			struct paging p = s->regs;
			uint64_t gpa, len, path[5];
			p.cr3 = new_table(r);
			map(r, s, p.cr3, rows[i].gva, s->levels - 1, 0x5000, 0, path);
			CHECK_EQ(paging_translate(&p, read_ram, r, rows[i].gva, &gpa, &len),
			        k == 3 ? rows[i].in_four : rows[i].in_five);
			free(r);
		}
	}
}

static void without_paging_linear_is_physical(void)
{
	static const struct paging real = { 0 }, flat = { .cr0 = PE, .cr4 = PAE | PSE };
	uint64_t gpa, len;
	struct ram *r = new_ram();
	CHECK(paging_translate(&real, read_ram, r, 0xfffffff0, &gpa, &len));
	CHECK_EQ(gpa, 0xfffffff0);
	CHECK_EQ(len, 16);
	CHECK(paging_translate(&flat, read_ram, r, 0, &gpa, &len));
	CHECK_EQ(gpa, 0);
	CHECK_EQ(len, 1ull << 32);
	/* A linear address has 32 bits outside of 64-bit mode. */
	CHECK(paging_translate(&flat, read_ram, r, 0x500000010, &gpa, &len));
	CHECK_EQ(gpa, 0x10);
	CHECK_EQ(len, (1ull << 32) - 0x10);
	free(r);
}

/* Compatibility mode and 32-bit code make addresses of 32 bits. */
static void a_32_bit_scheme_takes_the_low_half(void)
{
	for (size_t k = 0; k < 3; k++) {
		const struct scheme *s = &schemes[k];
		struct ram *r = new_ram();
		struct paging p = s->regs;
		uint64_t gpa, len, path[5];
		p.cr3 = new_table(r);
		map(r, s, p.cr3, 0xfffff000, s->levels - 1, 0x9000, 0, path);
		CHECK(paging_translate(&p, read_ram, r, 0xffffffff, &gpa, &len));
		CHECK_EQ(gpa, 0x9fff);
		CHECK_EQ(len, 1);
		free(r);
	}
}

/* PAE: CR3 is aligned to 32 bytes only. SDM vol 3, table "Use of CR3 with PAE Paging". */
static void a_pae_directory_table_stands_at_32_bytes(void)
{
	struct ram *r = new_ram();
	struct paging p = schemes[2].regs;
	uint64_t gpa, len, path[5];
	p.cr3 = new_table(r) + 0xfe0;
	map(r, &schemes[2], p.cr3, 0xc0001234, 2, 0x3000, 0, path);
	CHECK(paging_translate(&p, read_ram, r, 0xc0001234, &gpa, &len));
	CHECK_EQ(gpa, 0x3234);
	free(r);
}

/* ... and the CPU keeps its four entries, which memory may not have any more. */
static void pae_has_entries_of_the_cpu(void)
{
	struct ram *r = new_ram();
	struct paging p = schemes[2].regs;
	uint64_t gpa, len, path[5], first, pdptrs[4] = { 0 };
	p.cr3 = new_table(r);
	map(r, &schemes[2], p.cr3, 0xc0001234, 2, 0x3000, 0, path);
	CHECK(read_ram(r, p.cr3 + 24, &first, 8));
	p.pdptrs = pdptrs;
	CHECK(!paging_translate(&p, read_ram, r, 0xc0001234, &gpa, &len));
	pdptrs[3] = first;
	CHECK(paging_translate(&p, read_ram, r, 0xc0001234, &gpa, &len));
	CHECK_EQ(gpa, 0x3234);
	free(r);
}

/* --- all pages -------------------------------------------------------------------------------- */

#define SEEN_MAX 20000

struct seen {
	unsigned count, wanted;
	struct paging_page pages[SEEN_MAX];
};

static bool see(void *ctx, const struct paging_page *page)
{
	struct seen *s = ctx;
	if (s->count == s->wanted)
		return false;
	s->pages[s->count++] = *page;
	return true;
}

/* Maps some pages, often near each other, so that tables are shared. */
static void map_some(struct ram *r, const struct scheme *s, uint64_t cr3, uint64_t *seed)
{
	uint64_t path[5], near = random_next(seed);
	for (unsigned i = 0; i < 12; i++) {
		unsigned level = s->levels - 1;
		uint64_t gva = random_below(seed, 3) ? near ^ random_below(seed, 1u << 24)
		                                     : random_next(seed);
		uint64_t gpa, len;
		struct paging p = s->regs;
		p.cr3 = cr3;
		while (level && s->level[level - 1].can_map && !random_below(seed, 3))
			level--;
		/* Over a table that is there the small pages would be lost. */
		if (level < s->levels - 1)
			gva ^= random_next(seed) & 0x7fffffffffff;
		gva = canonical(s, gva);
		if (!paging_translate(&p, read_ram, r, gva, &gpa, &len) &&
		        r->next_table < RAM_BASE + RAM_SIZE - 5 * 4096)
			map(r, s, cr3, gva, level, random_below(seed, 1u << 20) & ~0x3ffu << 12,
			        noise_of(s, seed), path);
	}
}

/* What paging_each tells of a page, told by a walk to it. */
static void check_page(const struct paging *p, struct ram *r, const struct paging_page *page)
{
	uint64_t gpa = 0, len = 0;
	CHECK(paging_translate(p, read_ram, r, page->gva, &gpa, &len));
	CHECK_EQ(gpa, page->gpa);
	CHECK_EQ(len, page->size);
}

static void every_mapped_page_is_visited_once_in_order(void)
{
	uint64_t seed = 11;
	for (size_t k = 0; k < SCHEMES; k++)
		for (int round = 0; round < 100 && check_case_ok; round++) {
			const struct scheme *s = &schemes[k];
			struct ram *r = new_ram();
			static struct seen all, part; /* large */
			struct paging p = s->regs;
			uint64_t next = 0, from = 0, gpa, len;
			p.cr3 = new_table(r);
			map_some(r, s, p.cr3, &seed);
			all.count = 0;
			all.wanted = SEEN_MAX;
			CHECK(paging_each(&p, read_ram, r, 0, see, &all, &next));
			CHECK(all.count > 0);
			for (unsigned i = 0; i < all.count; i++) {
				const struct paging_page *page = &all.pages[i];
				check_page(&p, r, page);
				CHECK(i == 0 || page->gva - 1 >= page[-1].gva + page[-1].size - 1);
				/* What is not visited is not mapped. */
				uint64_t behind = page->gva + page->size;
				if (i + 1 < all.count && behind != page[1].gva)
					CHECK(!paging_translate(
					        &p, read_ram, r, behind, &gpa, &len));
			}
			/* In parts: each goes on where the one before was stopped. */
			bool is_all = false;
			for (unsigned done = 0; !is_all && check_case_ok; done += part.count) {
				part.count = 0;
				part.wanted = 1 + random_below(&seed, 4);
				is_all = paging_each(&p, read_ram, r, from, see, &part, &next);
				for (unsigned i = 0; i < part.count; i++)
					CHECK(done + i < all.count &&
					        part.pages[i].gva == all.pages[done + i].gva);
				CHECK_EQ(done + part.count == all.count, is_all);
				from = next;
			}
			free(r);
		}
}

static void rights_are_those_of_all_levels(void)
{
	for (size_t k = 0; k < SCHEMES; k++)
		for (unsigned off = 0; off < 5; off++)
			for (unsigned bit = PAGING_WRITE; bit <= PAGING_USER; bit *= 2) {
				const struct scheme *s = &schemes[k];
				struct ram *r = new_ram();
				static struct seen one;
				struct paging p = s->regs;
				uint64_t path[5], next;
				p.cr3 = new_table(r);
				map(r, s, p.cr3, 0x12345000, s->levels - 1, 0x5000,
				        PAGING_WRITE | PAGING_USER, path);
				bool has_bits = k != 2 || off; /* a PDPTE of PAE has none */
				if (k == 2)
					put(r, path[0], get(r, path[0], 8) & ~6ull, 8);
				if (off < s->levels && has_bits)
					put(r, path[off],
					        get(r, path[off], s->entry_size) & ~(uint64_t)bit,
					        s->entry_size);
				one.count = 0;
				one.wanted = 1;
				CHECK(paging_each(&p, read_ram, r, 0, see, &one, &next));
				CHECK_EQ(one.count, 1);
				CHECK_EQ(one.pages[0].rights,
				        (PAGING_WRITE | PAGING_USER) &
				                ~(off < s->levels && has_bits ? bit : 0));
				free(r);
			}
}

static void a_table_of_itself_maps_everything(void)
{
	struct ram *r = new_ram();
	struct paging p = schemes[4].regs;
	static struct seen one;
	uint64_t next = 1;
	p.cr3 = new_table(r);
	for (unsigned i = 0; i < 512; i++)
		put(r, p.cr3 + 8 * i, p.cr3 | P, 8);
	CHECK(!paging_each(&p, read_ram, r, 0, see, &one, &next));
	CHECK_EQ(next, 0);
	one.wanted = 1;
	CHECK(!paging_each(&p, read_ram, r, 0x00fffffffffff123, see, &one, &next));
	CHECK_EQ(one.pages[0].gva, 0x00fffffffffff000);
	CHECK_EQ(next, 0xff00000000000000);
	one.count = 0;
	CHECK(paging_each(&p, read_ram, r, UINT64_MAX, see, &one, &next));
	CHECK_EQ(one.pages[0].gva, 0xfffffffffffff000);
	CHECK_EQ(one.pages[0].gpa, p.cr3);
	free(r);
}

/* 512^4 tables, all the same empty one in the end: somewhere it has to be enough. */
static void tables_without_a_page_are_left(void)
{
	struct ram *r = new_ram();
	struct paging p = schemes[4].regs;
	static struct seen none;
	uint64_t next = 0, again = 0, table = new_table(r);
	p.cr3 = table;
	for (unsigned level = 0; level < 4; level++) {
		uint64_t below = new_table(r);
		for (unsigned i = 0; i < 512; i++)
			put(r, table + 8 * i, below | P, 8);
		table = below;
	}
	CHECK(!paging_each(&p, read_ram, r, 0, see, &none, &next));
	CHECK(next > 1u << 30);
	CHECK(!paging_each(&p, read_ram, r, next, see, &none, &again));
	CHECK(again > next + (1u << 30));
	CHECK_EQ(none.count, 0);
	free(r);
}

int main(void)
{
	RUN(pages_of_every_size_translate);
	RUN(an_entry_not_present_at_any_level_ends_it);
	RUN(a_table_outside_of_ram_ends_it);
	RUN(a_large_page_needs_pse);
	RUN(pat_is_no_address_bit);
	RUN(addresses_that_are_not_canonical_have_no_page);
	RUN(without_paging_linear_is_physical);
	RUN(a_32_bit_scheme_takes_the_low_half);
	RUN(a_pae_directory_table_stands_at_32_bytes);
	RUN(pae_has_entries_of_the_cpu);
	RUN(every_mapped_page_is_visited_once_in_order);
	RUN(rights_are_those_of_all_levels);
	RUN(a_table_of_itself_maps_everything);
	RUN(tables_without_a_page_are_left);
	return check_done();
}

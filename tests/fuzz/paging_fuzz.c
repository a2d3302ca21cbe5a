/* Page tables in 16 KiB of RAM that hold what the input says, again and again. A walk ends, reads
 * no more than a table a level, and a page is one piece; all pages are told of in order. */
#include "fuzz.h"

#include "kvm/paging.h"

#define RAM 0x4000u

struct ram {
	uint8_t bytes[RAM];
	unsigned reads;
};

static bool read_ram(void *ctx, uint64_t gpa, void *to, size_t len)
{
	struct ram *r = ctx;
	r->reads++;
	if (gpa >= RAM || len > RAM - gpa)
		return false;
	memcpy(to, r->bytes + gpa, len);
	return true;
}

#define PAGES_MAX 500 /* that are visited */

struct visited {
	const struct paging *paging;
	struct ram *ram;
	unsigned count;
	uint64_t end; /* of the last one */
};

static bool visit(void *ctx, const struct paging_page *page)
{
	struct visited *v = ctx;
	uint64_t gpa, len;
	FUZZ_CLAIM(!v->count || page->gva >= v->end);
	FUZZ_CLAIM(paging_translate(v->paging, read_ram, v->ram, page->gva, &gpa, &len));
	FUZZ_CLAIM(gpa == page->gpa && len == page->size);
	v->end = page->gva + page->size;
	return v->count++ < PAGES_MAX && v->end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ram ram; /* large */
	struct fuzz_in in = { data, data + size };
	uint64_t bits = fuzz_number(&in, 1);
	const struct paging p = {
		.cr0 = (bits & 1) | (bits & 2 ? 1u << 31 : 0),
		.cr4 = (bits & 4 ? 1u << 4 : 0) | (bits & 8 ? 1u << 5 : 0) |
		       (bits & 16 ? 1u << 12 : 0),
		.efer = bits & 32 ? 0x500 : 0,
		.cr3 = fuzz_number(&in, 2),
	};
	uint64_t gva = fuzz_number(&in, 8), gpa = 0, len = 0, gpa2, len2;
	struct paging_miss miss = { 0 };
	size_t filled = fuzz_left(&in) < RAM ? fuzz_left(&in) : RAM;
	memset(ram.bytes, 0, RAM);
	fuzz_take(&in, ram.bytes, filled);
	for (; filled && filled < RAM; filled *= 2)
		memcpy(ram.bytes + filled, ram.bytes,
		        filled < RAM - filled ? filled : RAM - filled);
	ram.reads = 0;
	bool is_mapped = paging_translate(&p, read_ram, &ram, gva, &gpa, &len);
	FUZZ_CLAIM(ram.reads <= 5);
	struct visited seen = { .paging = &p, .ram = &ram };
	uint64_t next = 0;
	if (!paging_each(&p, read_ram, &ram, gva, visit, &seen, &next) && seen.count <= PAGES_MAX)
		FUZZ_CLAIM(next);
	ram.reads = 0;
	bool is_missed = paging_find_miss(&p, read_ram, &ram, gva, &miss);
	FUZZ_CLAIM(ram.reads <= 5);
	FUZZ_CLAIM(!(is_mapped && is_missed));
	if (is_missed)
		FUZZ_CLAIM(miss.level >= 1 && miss.level <= 5);
	if (is_mapped) {
		FUZZ_CLAIM(len && len - 1 <= UINT64_MAX - gpa && len - 1 <= UINT64_MAX - gva);
		FUZZ_CLAIM(paging_translate(&p, read_ram, &ram, gva + len - 1, &gpa2, &len2));
		FUZZ_CLAIM(gpa2 == gpa + len - 1 && len2 == 1);
	}
	return 0;
}

/* RAM copied and put back, page by page. Pages of zeros, and those never touched, are left out. */
#include "kvm/memory_image.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kvm/touched.h"

#define WORD_BITS 64

static bool is_zero(const uint8_t *page)
{
	static const uint8_t zeros[MEMORY_PAGE];
	return !memcmp(page, zeros, sizeof zeros);
}

static uint64_t words_of(uint64_t pages)
{
	return (pages + WORD_BITS - 1) / WORD_BITS;
}

static bool is_kept(const struct memory_image *i, uint64_t page)
{
	return i->is_kept[page / WORD_BITS] >> page % WORD_BITS & 1;
}

static uint64_t total_pages(const struct memory_image *i)
{
	uint64_t pages = 0;
	for (unsigned k = 0; k < i->slot_count; k++)
		pages += i->slots[k].size / MEMORY_PAGE;
	return pages;
}

void memory_each_page(const struct memory *m, int pagemap_fd, memory_visit *visit, void *ctx)
{
	struct touched_pages map = { .fd = pagemap_fd };
	for (unsigned k = 0; k < m->count; k++) {
		const struct memory_slot *s = &m->slots[k];
		for (uint64_t at = 0; at < s->size; at += MEMORY_PAGE)
			visit(ctx, s->gpa + at,
			        touched_is_untouched(&map, s->hva + at) || is_zero(s->hva + at));
	}
}

struct marking {
	struct memory_image *image;
	uint64_t page;
};

static void mark_page(void *ctx, uint64_t gpa, bool is_zero)
{
	struct marking *m = ctx;
	(void)gpa;
	if (!is_zero) {
		m->image->is_kept[m->page / WORD_BITS] |= 1ull << m->page % WORD_BITS;
		m->image->page_count++;
	}
	m->page++;
}

/* Marks the pages that are not all zeros. */
static void mark(struct memory_image *i, const struct memory *m, int pagemap_fd)
{
	struct marking marking = { i, 0 };
	memory_each_page(m, pagemap_fd, mark_page, &marking);
}

static void copy(struct memory_image *i, const struct memory *m)
{
	uint8_t *to = i->pages;
	uint64_t page = 0;
	for (unsigned k = 0; k < m->count; k++)
		for (uint64_t at = 0; at < m->slots[k].size; at += MEMORY_PAGE, page++)
			if (is_kept(i, page)) {
				memcpy(to, m->slots[k].hva + at, MEMORY_PAGE);
				to += MEMORY_PAGE;
			}
}

int memory_save(const struct memory *m, int pagemap_fd, uint64_t bytes_max, struct memory_image *i,
        struct error *e)
{
	struct memory_image new = { .slot_count = m->count };
	for (unsigned k = 0; k < m->count; k++) {
		new.slots[k].gpa = m->slots[k].gpa;
		new.slots[k].size = m->slots[k].size;
	}
	new.is_kept = calloc(words_of(total_pages(&new)) + 1, sizeof *new.is_kept);
	if (!new.is_kept)
		return error_set(e, -ENOMEM, "out of memory");
	mark(&new, m, pagemap_fd);
	uint64_t size = memory_image_size(&new);
	if (size > bytes_max) {
		memory_image_free(&new);
		return error_set(e, -E2BIG, "the guest's RAM takes %" PRIu64 " MiB", size >> 20);
	}
	if (new.page_count) {
		new.pages = mmap(NULL, new.page_count *MEMORY_PAGE, PROT_READ | PROT_WRITE,
		        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (new.pages == MAP_FAILED) {
			new.pages = NULL;
			memory_image_free(&new);
			return error_set(
			        e, -ENOMEM, "out of memory: it takes %" PRIu64 " MiB", size >> 20);
		}
	}
	copy(&new, m);
	*i = new;
	return 0;
}

bool memory_image_fits(const struct memory_image *i, const struct memory *m)
{
	bool is_same = i->slot_count == m->count;
	for (unsigned k = 0; is_same && k < m->count; k++)
		is_same =
		        i->slots[k].gpa == m->slots[k].gpa && i->slots[k].size == m->slots[k].size;
	return is_same;
}

int memory_load(struct memory *m, const struct memory_image *i)
{
	assert(memory_image_fits(i, m));
	int err = memory_clear(m);
	if (err)
		return err;
	const uint8_t *from = i->pages;
	uint64_t page = 0;
	for (unsigned k = 0; k < m->count; k++)
		for (uint64_t at = 0; at < m->slots[k].size; at += MEMORY_PAGE, page++)
			if (is_kept(i, page)) {
				memcpy(m->slots[k].hva + at, from, MEMORY_PAGE);
				from += MEMORY_PAGE;
			}
	return 0;
}

void memory_image_free(struct memory_image *i)
{
	if (i->pages)
		munmap(i->pages, i->page_count * MEMORY_PAGE);
	free(i->is_kept);
	*i = (struct memory_image) { 0 };
}

uint64_t memory_image_size(const struct memory_image *i)
{
	return i->page_count * MEMORY_PAGE + words_of(total_pages(i)) * sizeof *i->is_kept;
}

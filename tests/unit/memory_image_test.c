#include "kvm/memory_image.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

#define PAGES 300u /* of the first slot; the second has one */

static int pagemap_fd = -1;

/* RAM that KVM does not know of. */
static void open_memory(struct memory *m)
{
	memory_init(m, -1);
	m->count = 2;
	m->slots[0] = (struct memory_slot) { 0, PAGES * MEMORY_PAGE, NULL };
	m->slots[1] = (struct memory_slot) { 0xffff0000, MEMORY_PAGE, NULL };
	for (unsigned i = 0; i < m->count; i++) {
		m->slots[i].hva = mmap(NULL, m->slots[i].size, PROT_READ | PROT_WRITE,
		        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		CHECK(m->slots[i].hva != MAP_FAILED);
	}
}

static void close_memory(struct memory *m)
{
	for (unsigned i = 0; i < m->count; i++)
		munmap(m->slots[i].hva, m->slots[i].size);
}

static void pages_of_zeros_are_not_kept(void)
{
	struct memory m;
	struct memory_image image;
	struct error e = { 0 };
	open_memory(&m);
	CHECK_EQ(memory_save(&m, pagemap_fd, UINT64_MAX, &image, &e), 0);
	CHECK_EQ(image.page_count, 0);
	memory_image_free(&image);
	/* The last byte of a page, the first of another, both ends of a word of the bit map. */
	const uint64_t used[] = { 0, 63, 64, 127, 299 };
	for (unsigned i = 0; i < 5; i++)
		m.slots[0].hva[used[i] * MEMORY_PAGE + (i & 1 ? MEMORY_PAGE - 1 : 0)] =
		        (uint8_t)(i + 1);
	m.slots[1].hva[7] = 6;
	CHECK_EQ(memory_save(&m, pagemap_fd, UINT64_MAX, &image, &e), 0);
	CHECK_EQ(image.page_count, 6);
	for (unsigned i = 0; i < 5; i++)
		CHECK_EQ(image.pages[i * MEMORY_PAGE + (i & 1 ? MEMORY_PAGE - 1 : 0)], i + 1);
	CHECK_EQ(image.pages[5 * MEMORY_PAGE + 7], 6);
	CHECK_EQ(memory_image_size(&image), 6 * MEMORY_PAGE + 5 * 8);
	memory_image_free(&image);
	close_memory(&m);
}

static void a_bound_is_kept(void)
{
	struct memory m;
	struct memory_image image = { .page_count = 123 };
	struct error e = { 0 };
	open_memory(&m);
	m.slots[0].hva[0] = m.slots[0].hva[5 * MEMORY_PAGE] = 1;
	const uint64_t size = 2 * MEMORY_PAGE + 5 * 8;
	CHECK_EQ(memory_save(&m, pagemap_fd, size - 1, &image, &e), -E2BIG);
	CHECK_STR(e.text, "the guest's RAM takes 0 MiB");
	CHECK_EQ(image.page_count, 123);
	CHECK_EQ(memory_save(&m, pagemap_fd, size, &image, &e), 0);
	memory_image_free(&image);
	close_memory(&m);
}

static void it_fits_ram_of_its_shape(void)
{
	struct memory m;
	struct memory_image image;
	struct error e = { 0 };
	open_memory(&m);
	CHECK_EQ(memory_save(&m, pagemap_fd, UINT64_MAX, &image, &e), 0);
	CHECK(memory_image_fits(&image, &m));
	m.slots[1].gpa += MEMORY_PAGE;
	CHECK(!memory_image_fits(&image, &m));
	m.slots[1].gpa -= MEMORY_PAGE;
	m.slots[0].size -= MEMORY_PAGE;
	CHECK(!memory_image_fits(&image, &m));
	m.slots[0].size += MEMORY_PAGE;
	m.count = 1;
	CHECK(!memory_image_fits(&image, &m));
	m.count = 2;
	memory_image_free(&image);
	close_memory(&m);
}

/* Read, written, taken back: each is another entry in the page map. */
static void pages_untouched_are_not_read(void)
{
	struct memory m;
	struct memory_image image;
	struct error e = { 0 };
	unsigned char in_core[PAGES];
	unsigned touched = 0;
	open_memory(&m);
	volatile uint8_t *ram = m.slots[0].hva;
	(void)ram[3 * MEMORY_PAGE];
	ram[4 * MEMORY_PAGE] = 0;
	ram[5 * MEMORY_PAGE] = ram[6 * MEMORY_PAGE] = 7;
	madvise(m.slots[0].hva + 6 * MEMORY_PAGE, MEMORY_PAGE, MADV_DONTNEED);
	CHECK_EQ(memory_save(&m, pagemap_fd, UINT64_MAX, &image, &e), 0);
	CHECK_EQ(image.page_count, 1);
	CHECK_EQ(image.is_kept[0], 1u << 5);
	CHECK_EQ(mincore(m.slots[0].hva, m.slots[0].size, in_core), 0);
	for (unsigned i = 0; i < PAGES; i++)
		touched += in_core[i] & 1;
	CHECK_EQ(touched, pagemap_fd < 0 ? PAGES : 3);
	memory_image_free(&image);
	close_memory(&m);
}

int main(void)
{
	RUN(pages_of_zeros_are_not_kept);
	RUN(a_bound_is_kept);
	RUN(it_fits_ram_of_its_shape);
	RUN(pages_untouched_are_not_read);
	pagemap_fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	RUN(pages_of_zeros_are_not_kept);
	RUN(pages_untouched_are_not_read);
	return check_done();
}

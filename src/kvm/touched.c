#include "kvm/touched.h"

#include <sys/types.h>
#include <unistd.h>

#include "kvm/memory.h"

/* Bits 61 to 63 of an entry say that there is a page, somewhere: Documentation/admin-guide/mm/pagemap.rst. */
bool touched_is_untouched(struct touched_pages *p, const uint8_t *hva)
{
	uint64_t page = (uintptr_t)hva / MEMORY_PAGE;
	if ((uintptr_t)hva % MEMORY_PAGE)
		return false;
	if (page - p->first >= p->count) {
		ssize_t n = pread(
		        p->fd, p->entries, sizeof p->entries, (off_t)(page * sizeof *p->entries));
		p->first = page;
		p->count = n > 0 ? (uint64_t)n / sizeof *p->entries : 0;
	}
	return p->count && !(p->entries[page - p->first] >> 61);
}

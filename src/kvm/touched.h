/* Which pages of RAM nobody has touched: to read one would only map it. */
#ifndef STEPVM_KVM_TOUCHED_H
#define STEPVM_KVM_TOUCHED_H

#include <stdbool.h>
#include <stdint.h>

/* What the host says of pages, 8 bytes each, read as they are asked for. Zeros but for fd: /proc/self/pagemap, or -1,
 * and then all are taken for touched. For one walk through RAM: it does not hear of what is touched meanwhile. */
struct touched_pages {
	int fd;
	uint64_t first, count, entries[512];
};

bool touched_is_untouched(struct touched_pages *p, const uint8_t *hva);

#endif

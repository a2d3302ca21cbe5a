/* Which linear addresses a core file has, and where its bytes are: the part of core.h that knows nothing of ELF. */
#ifndef STEPVM_MACHINE_CORE_PARTS_H
#define STEPVM_MACHINE_CORE_PARTS_H

#include "kvm/memory.h"

/* The file's one stretch of zeros: longer ranges of zeros are several parts. */
#define CORE_ZEROS (2u << 20)

/* RAM that is in the file, in the order of its addresses; off: bytes from the first of them. */
struct core_piece {
	uint64_t gpa, size, off;
};

/* A range of linear addresses. */
struct core_part {
	uint64_t gva, gpa, size, off; /* off as of a piece; of zeros there is none */
	bool is_zero;
};

struct core_parts {
	struct core_piece *pieces; /* owned */
	struct core_part *parts;   /* owned */
	unsigned piece_count, part_count;
	unsigned part_max;
	bool has_zeros;
	uint64_t size; /* of all pieces */
	const struct memory *memory;
	int error;
};

/* Before the others: looks through all of m, which stays where it is. part_max: so many parts at most. pagemap_fd: see
 * memory_save. -ENOMEM; then there is nothing to free. */
int core_parts_begin(
        struct core_parts *p, const struct memory *m, int pagemap_fd, unsigned part_max);
/* size bytes at gva lead to gpa; what is no RAM of it is left out. False: -EFBIG (there would be more parts than
 * part_max) or -ENOMEM in p->error, now or before. */
bool core_parts_add(struct core_parts *p, uint64_t gva, uint64_t gpa, uint64_t size);
void core_parts_free(struct core_parts *p);
/* Bytes of the pieces from off on: up to len, fewer at the end. RAM that is gone by now is zeros. */
size_t core_parts_read(
        const struct core_parts *p, const struct memory *m, uint64_t off, uint8_t *to, size_t len);

#endif

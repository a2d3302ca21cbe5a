/* What a loader puts into guest RAM, collected before a byte of it is written: runs of RAM, each
 * checked against the RAM there is and against all others, so that nothing is loaded twice to one
 * place. Pure but for layout_write.
 *
 *	layout_add(&l, m, &piece, "kernel.elf", e)	for everything
 *	layout_write(&l, m)				then nothing can fail any more */
#ifndef STEPVM_BOOT_LAYOUT_H
#define STEPVM_BOOT_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "kvm/memory.h"

#define LAYOUT_PIECES_MAX 128

struct layout_piece {
	uint64_t gpa, size;   /* of RAM; size is not 0 */
	const uint8_t *bytes; /* borrowed, len of them; NULL: none */
	size_t len;           /* at most size; zeros follow up to size */
	char name[24];        /* in messages: "segment 2", "the GDT" */
};

struct layout {
	unsigned count;
	struct layout_piece pieces[LAYOUT_PIECES_MAX];
};

/* How many bytes of RAM follow from gpa, over as many adjoining slots as there are. */
uint64_t layout_ram_from(const struct memory *m, uint64_t gpa);
/* Takes a copy of *piece; file begins the messages. -EFAULT: no RAM at its gpa, -EFBIG: not so
 * much RAM there, -ENOEXEC: overlaps another piece (both are named), -ENOSPC: too many pieces. */
int layout_add(struct layout *l, const struct memory *m, const struct layout_piece *piece,
        const char *file, struct error *e);
/* The lowest address of all pieces; 0 when there is none. */
uint64_t layout_start(const struct layout *l);
/* The first address after all pieces that begin below 4 GiB; 0 when there is none. */
uint64_t layout_end(const struct layout *l);
/* All bytes, and zeros after them. */
void layout_write(const struct layout *l, struct memory *m);

#endif

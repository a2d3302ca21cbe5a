/* Where a guest has been since some moment: which lines of linear addresses it has executed from and written to, so that
 * who looks for that in its past knows where it can't have been. More than there was is fine, less is not.
 *
 * Pure. The engine keeps lines beside its translations and puts them in here when these go (interp_leave_trail): that
 * costs an instruction a nanosecond at most, and nothing is called for. */
#ifndef STEPVM_INTERP_TRAIL_H
#define STEPVM_INTERP_TRAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRAIL_LINE  64u /* bytes; a page has as many of them */
#define TRAIL_SLOTS 4096u
#define TRAIL_PAGES 3072u /* beyond that all pages count */

struct trail_page {
	uint64_t key;               /* the linear address of a page, with bit 0 set; 0: none */
	uint64_t executed, written; /* a bit a line */
};

/* On the heap, zeros at first. */
struct trail {
	/* Of any page: */
	bool has_executed_all, has_written_all, has_accessed_all;
	unsigned count;
	struct trail_page pages[TRAIL_SLOTS]; /* those that were accessed in any way, by hash */
};

void trail_clear(struct trail *t);
/* page: a multiple of 4096. With no bits: something was read there. */
void trail_note(struct trail *t, uint64_t page, uint64_t executed, uint64_t written);
/* An instruction at pc. */
void trail_note_pc(struct trail *t, uint64_t pc);
/* Bytes are written, or only read; they may go on in other pages. */
void trail_note_bytes(struct trail *t, uint64_t gva, uint64_t len, bool is_write);
void trail_note_all(struct trail *t);

/* The lines of bytes within a page, len of them, 1 at least. */
static inline uint64_t trail_lines(uint64_t gva, uint64_t len)
{
	const unsigned first = gva / TRAIL_LINE & 63, last = (gva + len - 1) / TRAIL_LINE & 63;
	return UINT64_MAX << first & UINT64_MAX >> (63 - last);
}

#endif

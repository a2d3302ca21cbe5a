/* int 15h AH=87h: moves a block anywhere in the first 4 GiB, between two segments whose descriptors
 * the caller gives.
 *
 * Source: Ralf Brown's Interrupt List, INT 15/AH=87h; IBM Personal Computer AT Technical Reference,
 * the listing of BLOCKMOVE. Where the 80286 would have an exception in the move, a segment of the
 * wrong kind or one that is too short, the answer is AH=02h. What is not RAM reads as ones, as an
 * empty bus does, and takes no writes. */
#include <stdio.h>

#include "base/bytes.h"
#include "bios/internal.h"
#include "bios/system.h"

#define GDT_SOURCE      0x10 /* of the table at ES:SI */
#define GDT_TARGET      0x18
#define DESCRIPTOR_SIZE 8

#define ACCESS_PRESENT  0x80
#define ACCESS_SEGMENT  0x10 /* of code or data, not of the system's */
#define ACCESS_CODE     0x08
#define ACCESS_DOWN     0x04 /* data that expands down: here without a limit worth the name */
#define ACCESS_TYPE_BIT 0x02 /* data: writable; code: readable */
#define GRANULARITY     0x80

#define MOVE_OK        0x00
#define MOVE_EXCEPTION 0x02
#define PIECE          4096u /* RAM begins and ends with whole pages */

struct segment {
	uint32_t base, limit;
	uint8_t access;
};

static struct segment get_segment(const struct bios *b, uint32_t gdt, unsigned offset)
{
	uint8_t bytes[DESCRIPTOR_SIZE] = { 0 };

	b->memory->read(b->memory->ctx, gdt + offset, bytes, sizeof bytes);
	struct segment s = {
		.base = get16(bytes + 2) | (uint32_t)bytes[4] << 16 | (uint32_t)bytes[7] << 24,
		.limit = get16(bytes) | (uint32_t)(bytes[6] & 0x0f) << 16,
		.access = bytes[5],
	};
	if (bytes[6] & GRANULARITY)
		s.limit = s.limit << 12 | 0xfff;
	return s;
}

/* Whether len bytes from the segment's start can be read from it, or written. */
static bool allows(const struct segment *s, uint32_t len, bool is_write)
{
	bool is_code = s->access & ACCESS_CODE, has_right = s->access & ACCESS_TYPE_BIT;

	if (!(s->access & ACCESS_PRESENT) || !(s->access & ACCESS_SEGMENT))
		return false;
	if (is_write && (is_code || !has_right))
		return false;
	if (!is_write && is_code && !has_right)
		return false;
	if (!is_code && s->access & ACCESS_DOWN)
		return false;
	return len == 0 || s->limit >= len - 1;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Up to the end of a page on both sides; where the target begins inside of the source, no more than
 * lies between, for the processor moves from the first byte on. */
static void move(const struct bios *b, uint32_t from, uint32_t to, uint32_t len)
{
	const struct bios_memory *m = b->memory;
	uint32_t apart = to - from;
	uint8_t bytes[PIECE];

	while (len) {
		uint32_t size = least(len, least(PIECE - from % PIECE, PIECE - to % PIECE));
		if (apart && apart < size)
			size = apart;
		if (!m->read(m->ctx, from, bytes, size))
			memset(bytes, 0xff, size);
		m->write(m->ctx, to, bytes, size);
		from += size;
		to += size;
		len -= size;
	}
}

enum bios_verdict system_move_block(struct bios *b, unsigned vector, struct bios_regs *r)
{
	uint32_t gdt = bios_linear(r->es, bios_word(r->esi));
	uint32_t len = bios_word(r->ecx) * 2u;
	struct segment source = get_segment(b, gdt, GDT_SOURCE);
	struct segment target = get_segment(b, gdt, GDT_TARGET);
	bool is_ok = allows(&source, len, false) && allows(&target, len, true);

	(void)vector;
	if (is_ok)
		move(b, source.base, target.base, len);
	bios_set_ah(r, is_ok ? MOVE_OK : MOVE_EXCEPTION);
	bios_set_carry(r, !is_ok);
	bios_set_flag(r, BIOS_ZF, is_ok);
	return BIOS_DONE;
}

void system_tell_move(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	bool is_refused = after && after->flags & BIOS_CF;
	snprintf(to, size, " of %u bytes, table at %04x:%04x%s", bios_word(before->ecx) * 2u,
	        before->es, bios_word(before->esi), is_refused ? ": an exception" : "");
}

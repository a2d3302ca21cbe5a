/* What --entry or a file says -> CS:IP, or a flat address. */
#include "boot/entry.h"

#include <errno.h>
#include <inttypes.h>

#define ONE_MIB 0x100000u

static struct entry_point logical(uint16_t selector, uint16_t offset)
{
	return (struct entry_point) { selector, offset, (uint64_t)selector << 4 };
}

/* gva: ENTRY_REAL_LAST at most. */
static struct entry_point linear(uint64_t gva)
{
	if (gva >= ONE_MIB)
		return logical(0xffff, (uint16_t)(gva - 0xffff0));
	return logical((uint16_t)((gva & ~(uint64_t)0xffff) >> 4), gva & 0xffff);
}

int entry_resolve(
        struct entry_point *to, const struct image_entry *from, uint64_t load_gpa, struct error *e)
{
	switch (from->kind) {
	case ENTRY_DEFAULT:
		if (load_gpa > ENTRY_REAL_LAST)
			return error_set(e, -EINVAL,
			        "--load 0x%" PRIx64
			        ": real mode reaches 0x%x at most; say with --entry "
			        "where to start",
			        load_gpa, ENTRY_REAL_LAST);
		*to = linear(load_gpa);
		return 0;
	case ENTRY_LINEAR:
		if (from->gva > ENTRY_REAL_LAST)
			return error_set(e, -EINVAL,
			        "--entry 0x%" PRIx64 ": real mode reaches 0x%x at most", from->gva,
			        ENTRY_REAL_LAST);
		*to = linear(from->gva);
		return 0;
	case ENTRY_SEGOFF: *to = logical(from->selector, from->offset); return 0;
	case ENTRY_RESET:
		/* SDM vol 3, "First Instruction Executed": CS selector f000, base ffff0000, EIP
		 * fff0. */
		*to = (struct entry_point) { 0xf000, 0xfff0, 0xffff0000 };
		return 0;
	}
	return error_set(e, -EINVAL, "--entry: of no known kind");
}

int entry_resolve_flat(uint64_t *gva, const struct image_entry *from, uint64_t entry_gpa,
        enum start_mode mode, struct error *e)
{
	uint64_t to = from->kind == ENTRY_LINEAR ? from->gva : entry_gpa;

	if (from->kind == ENTRY_SEGOFF)
		return error_set(e, -EINVAL,
		        "--entry %04x:%04x: SEG:OFF is for real mode, and this image starts in %s "
		        "mode: expected an address such as 0x100000",
		        from->selector, from->offset, start_mode_name(mode));
	if (from->kind == ENTRY_RESET)
		return error_set(e, -EINVAL,
		        "--entry reset is for real mode, and this image starts in %s mode",
		        start_mode_name(mode));
	if (mode == START_PROT && to > UINT32_MAX)
		return error_set(e, -EINVAL,
		        "entry 0x%" PRIx64 ": 32-bit protected mode reaches 0x%x at most", to,
		        UINT32_MAX);
	*gva = to;
	return 0;
}

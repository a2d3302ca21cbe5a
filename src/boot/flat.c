/* Flat images, any bytes at all, and boot sectors. */
#include <errno.h>
#include <inttypes.h>

#include "boot/plan.h"

/* What a PC's BIOS does with a boot disk (BIOS Boot Specification 1.01, "INT 19h"): the first
 * sector goes to 0000:7c00, is refused without the signature, and gets the drive number in DL. */
#define BOOT_GPA       0x7c00u
#define BOOT_SECTOR    512u
#define BOOT_SIGNATURE 510u /* its offset; 55 aa */
#define BOOT_DRIVE     0x80 /* the first hard disk */

/* size 0: more than the room, and nobody knows how much. */
static int check_room(const struct plan *p, uint64_t gpa, uint64_t size, struct error *e)
{
	uint64_t room = layout_ram_from(p->memory, gpa);

	if (size && size <= room)
		return 0;
	if (!room)
		return error_set(e, -EFAULT,
		        "%s: cannot load to 0x%" PRIx64 ": no RAM there; give some with --memory",
		        p->name, gpa);
	if (!size)
		return error_set(e, -EFBIG,
		        "%s: more than %" PRIu64 " bytes do not fit: RAM at 0x%" PRIx64
		        " is %" PRIu64 " bytes; give more with --memory",
		        p->name, room, gpa, room);
	return error_set(e, -EFBIG,
	        "%s: %" PRIu64 " bytes do not fit: RAM at 0x%" PRIx64 " is %" PRIu64
	        " bytes; give more with --memory",
	        p->name, size, gpa, room);
}

static int add_image(struct plan *p, uint64_t gpa, uint64_t size, struct error *e)
{
	int err = check_room(p, gpa, size, e);

	if (err)
		return err;
	p->entry_gpa = gpa;
	return plan_add(p, "the image", gpa, size, p->file->bytes, (size_t)size, e);
}

int flat_plan(struct plan *p, struct error *e)
{
	const struct image_options *o = p->options;

	p->mode = o->mode == START_AUTO ? START_REAL : o->mode;
	return add_image(p, o->has_load ? o->load_gpa : 0, p->file->size, e);
}

bool boot_is_it(const struct file *f)
{
	return f->len >= BOOT_SECTOR && f->bytes[BOOT_SIGNATURE] == 0x55 &&
	       f->bytes[BOOT_SIGNATURE + 1] == 0xaa;
}

int boot_plan(struct plan *p, struct error *e)
{
	const struct file *f = p->file;

	if (f->len < BOOT_SECTOR)
		return error_set(e, -ENOEXEC,
		        "%s: not a boot sector: %zu bytes, wanted %u with 55 aa at offset %u",
		        p->name, f->len, BOOT_SECTOR, BOOT_SIGNATURE);
	if (!boot_is_it(f))
		return error_set(e, -ENOEXEC,
		        "%s: not a boot sector: offset %u is %02x %02x, wanted 55 aa; --format "
		        "flat takes any bytes",
		        p->name, BOOT_SIGNATURE, f->bytes[BOOT_SIGNATURE],
		        f->bytes[BOOT_SIGNATURE + 1]);
	p->mode = START_REAL;
	p->regs.rsp = BOOT_GPA;
	p->regs.rdx = BOOT_DRIVE;
	return add_image(p, BOOT_GPA, BOOT_SECTOR, e);
}

/* Flat images, any bytes at all, and boot sectors. */
#include <errno.h>
#include <inttypes.h>

#include "boot/foreign.h"
#include "boot/formats.h"

/* What a PC's BIOS does with a boot disk (BIOS Boot Specification 1.01, "INT 19h"): the first
 * sector goes to 0000:7c00, is refused without the signature, and gets the drive number in DL. */
#define BOOT_GPA       0x7c00u
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

/* --- what shows that a file is one ------------------------------------------------------------ */

static bool is_signed(const struct file *f)
{
	return f->len >= PLAN_SECTOR && f->bytes[BOOT_SIGNATURE] == 0x55 &&
	       f->bytes[BOOT_SIGNATURE + 1] == 0xaa;
}

bool boot_is_it(const struct plan *p)
{
	return is_signed(p->file) && p->file->size && !plan_has_place(p) && !elf_is_it(p);
}

/* --- what may be no image --------------------------------------------------------------------- */

static int refuse(const struct plan *p, const struct foreign *is, struct error *e)
{
	return error_set(e, -ENOEXEC,
	        "%s: is %s, not a bare-metal image: %s; --format flat runs any bytes", p->name,
	        is->what, is->cure);
}

/* A boot sector that the user forgot to sign or to pad would start at 0000:0000 with all its
 * addresses wrong, and without a word. */
static void warn_of_sector(struct plan *p)
{
	const struct file *f = p->file;
	enum start_mode mode = p->options->mode;

	if (plan_has_place(p) || (mode != START_AUTO && mode != START_REAL))
		return;
	if (f->len == PLAN_SECTOR && f->is_whole)
		error_set(&p->warning, 0,
		        "%s: is as long as a boot sector and ends with %02x %02x, not 55 aa: taken "
		        "as flat at 0. With 55 aa at offset %u it goes to 0x%x; --format flat says "
		        "that this is right",
		        p->name, f->bytes[BOOT_SIGNATURE], f->bytes[BOOT_SIGNATURE + 1],
		        BOOT_SIGNATURE, BOOT_GPA);
	else if (f->len >= BOOT_SIGNATURE && f->len < PLAN_SECTOR)
		error_set(&p->warning, 0,
		        "%s: has %zu bytes, and a boot sector %u that end with 55 aa: taken as "
		        "flat at 0. Padded and signed it goes to 0x%x; --format flat says that "
		        "this is right",
		        p->name, f->len, PLAN_SECTOR, BOOT_GPA);
}

/* An empty disk, or a file that was made and not written yet. The CPU would run the zeros, as additions to memory. */
static bool warn_of_zeros(struct plan *p)
{
	const struct file *f = p->file;
	size_t looked_at = f->len < PLAN_SECTOR ? f->len : PLAN_SECTOR;

	for (size_t i = 0; i < looked_at; i++)
		if (f->bytes[i])
			return false;
	if (p->options->entry.kind != ENTRY_DEFAULT)
		return false;
	error_set(&p->warning, 0,
	        "%s: begins with %zu bytes of zeros, which are no code: taken as flat at 0x%" PRIx64
	        "; --format flat says that this is right",
	        p->name, looked_at, p->options->has_load ? p->options->load_gpa : 0);
	return true;
}

/* No sign of a boot sector, which is what most files of 16-bit code are. */
static const char *why_flat(const struct plan *p)
{
	if (p->options->has_load)
		return "--load says where it goes";
	if (plan_has_place(p))
		return "--entry says where it starts";
	if (p->file->len < PLAN_SECTOR && p->options->mode != START_AUTO &&
	        p->options->mode != START_REAL)
		return "shorter than a boot sector";
	if (p->file->len < PLAN_SECTOR)
		return "shorter than a boot sector, which has 512 bytes and 55 aa at their end; "
		       "--load 0x7c00 --board pc starts it as one";
	return "no 55 aa at the end of its first sector";
}

int flat_doubt(struct plan *p, struct error *e)
{
	const struct foreign *is = foreign_find(p->file);

	if (is)
		return refuse(p, is, e);
	p->why = why_flat(p);
	if (!warn_of_zeros(p))
		warn_of_sector(p);
	return 0;
}

/* --- the plans -------------------------------------------------------------------------------- */

int flat_plan(struct plan *p, struct error *e)
{
	const struct image_options *o = p->options;

	p->mode = o->mode == START_AUTO ? START_REAL : o->mode;
	return add_image(p, o->has_load ? o->load_gpa : 0, p->file->size, e);
}

int boot_plan(struct plan *p, struct error *e)
{
	const struct file *f = p->file;

	if (f->len < PLAN_SECTOR)
		return error_set(e, -ENOEXEC,
		        "%s: not a boot sector: %zu bytes, expected %u with 55 aa at offset %u",
		        p->name, f->len, PLAN_SECTOR, BOOT_SIGNATURE);
	if (!is_signed(f))
		return error_set(e, -ENOEXEC,
		        "%s: not a boot sector: offset %u is %02x %02x, expected 55 aa; --format "
		        "flat takes any bytes",
		        p->name, BOOT_SIGNATURE, f->bytes[BOOT_SIGNATURE],
		        f->bytes[BOOT_SIGNATURE + 1]);
	p->mode = START_REAL;
	p->regs.rsp = BOOT_GPA;
	p->regs.rdx = BOOT_DRIVE;
	return add_image(p, BOOT_GPA, PLAN_SECTOR, e);
}

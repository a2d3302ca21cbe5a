/* Reads as: image_load asks plan() for everything that can fail, then changes the guest. */
#include "boot/image.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "boot/entry.h"
#include "boot/file.h"

/* What a PC's BIOS does with a boot disk (BIOS Boot Specification 1.01, "INT 19h"): the first
 * sector goes to 0000:7c00, is refused without the signature, and gets the drive number in DL. */
#define BOOT_GPA       0x7c00u
#define BOOT_SECTOR    512u
#define BOOT_SIGNATURE 510u /* its offset; 55 aa */
#define BOOT_DRIVE     0x80 /* the first hard disk */

#define RFLAGS_RESERVED 2 /* bit 1 is always 1 (SDM vol 1, "EFLAGS Register") */

/* What is to be done, once nothing can fail any more. */
struct plan {
	struct file file;
	struct image_loaded loaded;
	struct entry_point entry;
};

/* How many bytes of RAM follow from gpa, over as many adjoining slots as there are. */
static uint64_t ram_from(const struct memory *m, uint64_t gpa)
{
	uint64_t total = 0;
	size_t len;

	while (total <= UINT64_MAX - gpa && memory_hva(m, gpa + total, &len) && len)
		total += len;
	return total;
}

static bool has_signature(const struct file *f)
{
	return f->len >= BOOT_SECTOR && f->bytes[BOOT_SIGNATURE] == 0x55 &&
	       f->bytes[BOOT_SIGNATURE + 1] == 0xaa;
}

static enum image_format guess(const struct image_options *o, const struct file *f)
{
	if (o->format != IMAGE_AUTO)
		return o->format;
	if (o->has_load || o->entry.kind != ENTRY_DEFAULT)
		return IMAGE_FLAT;
	return f->size && f->size % BOOT_SECTOR == 0 && has_signature(f) ? IMAGE_BOOT : IMAGE_FLAT;
}

static int check_boot(
        const struct image_options *o, const struct file *f, const char *name, struct error *e)
{
	if (o->has_load)
		return error_set(e, -EINVAL,
		        "--load 0x%" PRIx64
		        ": a boot sector always goes to 0x%x; leave it out, or say "
		        "--format flat",
		        o->load_gpa, BOOT_GPA);
	if (f->len < BOOT_SECTOR)
		return error_set(e, -ENOEXEC,
		        "%s: not a boot sector: %zu bytes, wanted %u with 55 aa at offset %u", name,
		        f->len, BOOT_SECTOR, BOOT_SIGNATURE);
	if (!has_signature(f))
		return error_set(e, -ENOEXEC,
		        "%s: not a boot sector: offset %u is %02x %02x, wanted 55 aa; --format "
		        "flat takes "
		        "any bytes",
		        name, BOOT_SIGNATURE, f->bytes[BOOT_SIGNATURE],
		        f->bytes[BOOT_SIGNATURE + 1]);
	return 0;
}

/* size 0: more than the room, and nobody knows how much. */
static int check_room(uint64_t gpa, uint64_t size, uint64_t room, const char *name, struct error *e)
{
	if (size && size <= room)
		return 0;
	if (!room)
		return error_set(e, -EFAULT,
		        "%s: cannot load to 0x%" PRIx64 ": no RAM there; give some with --memory",
		        name, gpa);
	if (!size)
		return error_set(e, -EFBIG,
		        "%s: more than %" PRIu64 " bytes do not fit: RAM at 0x%" PRIx64
		        " is %" PRIu64 " bytes; give more with --memory",
		        name, room, gpa, room);
	return error_set(e, -EFBIG,
	        "%s: %" PRIu64 " bytes do not fit: RAM at 0x%" PRIx64 " is %" PRIu64
	        " bytes; give more with --memory",
	        name, size, gpa, room);
}

static int check_entry(const struct entry_point *at, const struct memory *m, struct error *e)
{
	if (ram_from(m, at->base + at->offset))
		return 0;
	return error_set(e, -EFAULT,
	        "entry %04x:%04x: no RAM at its physical address 0x%" PRIx64
	        "; give some with --memory, or another --entry",
	        at->selector, at->offset, at->base + at->offset);
}

/* Finds out where the file, which is read, goes and where the guest starts. */
static int place(struct plan *p, const struct image_options *o, const struct memory *m,
        const char *name, struct error *e)
{
	struct image_loaded *l = &p->loaded;
	int err = 0;

	if (p->file.is_whole && !p->file.len)
		return error_set(e, -ENOEXEC, "%s: is empty: nothing to run", name);
	/* ELF's magic number, System V ABI, "ELF Identification". */
	if (o->format == IMAGE_AUTO && p->file.len >= 4 && !memcmp(p->file.bytes, "\177ELF", 4))
		return error_set(e, -ENOEXEC,
		        "%s: is an ELF file, which can't be loaded: make it flat with objcopy -O "
		        "binary, "
		        "and give gdb its symbols with --symbols",
		        name);
	l->format = guess(o, &p->file);
	if (l->format == IMAGE_BOOT) {
		l->load_gpa = BOOT_GPA;
		l->size = BOOT_SECTOR;
		err = check_boot(o, &p->file, name, e);
	} else {
		l->load_gpa = o->has_load ? o->load_gpa : 0;
		l->size = p->file.size;
	}
	if (!err)
		err = check_room(l->load_gpa, l->size, ram_from(m, l->load_gpa), name, e);
	if (!err)
		err = entry_resolve(&p->entry, &o->entry, l->load_gpa, e);
	if (!err)
		err = check_entry(&p->entry, m, e);
	return err;
}

static int plan(
        struct plan *p, const struct image_options *o, const struct memory *m, struct error *e)
{
	struct file_label label = file_label(o->path);
	uint64_t limit = BOOT_SECTOR;

	/* A flat image may fill the RAM; of a disk that is far bigger, the sector is enough. */
	if (o->format != IMAGE_BOOT) {
		uint64_t room = ram_from(m, o->has_load ? o->load_gpa : 0);
		limit = room > limit ? room : limit;
	}
	int err = file_read(&p->file, o->path, limit, e);
	if (err)
		return err;
	err = place(p, o, m, label.text, e);
	if (err)
		file_free(&p->file);
	return err;
}

static void set_segment(struct kvm_segment *s, uint16_t selector, uint64_t base)
{
	s->selector = selector;
	s->base = base;
	s->limit = 0xffff; /* real mode's, SDM vol 3, "Processor State After Reset" */
}

static void set_cpu(struct kvm_regs *regs, struct kvm_sregs *sregs, const struct plan *p)
{
	struct kvm_segment *const data[] = { &sregs->ds, &sregs->es, &sregs->fs, &sregs->gs,
		&sregs->ss };

	*regs = (struct kvm_regs) { .rip = p->entry.offset, .rflags = RFLAGS_RESERVED };
	if (p->loaded.format == IMAGE_BOOT) {
		regs->rsp = BOOT_GPA;
		regs->rdx = BOOT_DRIVE;
	}
	for (size_t i = 0; i < sizeof data / sizeof data[0]; i++)
		set_segment(data[i], 0, 0);
	set_segment(&sregs->cs, p->entry.selector, p->entry.base);
}

int image_load(const struct image_options *o, struct memory *m, struct kvm_regs *regs,
        struct kvm_sregs *sregs, struct image_loaded *loaded, struct error *e)
{
	struct plan p = { 0 };
	int err = plan(&p, o, m, e);

	if (err)
		return err;
	size_t size = (size_t)p.loaded.size;
	size_t done = memory_write(m, p.loaded.load_gpa, p.file.bytes, size);
	assert(done == size); /* check_room has seen the RAM */
	set_cpu(regs, sregs, &p);
	*loaded = p.loaded;
	file_free(&p.file);
	return 0;
}

static const char *const format_names[] = {
	[IMAGE_AUTO] = "auto",
	[IMAGE_FLAT] = "flat",
	[IMAGE_BOOT] = "boot",
};

bool image_format_word(const char *word, enum image_format *format)
{
	for (int i = IMAGE_FLAT; i <= IMAGE_BOOT; i++) {
		if (!strcmp(word, format_names[i])) {
			*format = (enum image_format)i;
			return true;
		}
	}
	return false;
}

const char *image_format_name(enum image_format format)
{
	return format_names[format];
}

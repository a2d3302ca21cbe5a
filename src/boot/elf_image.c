/* ELF files without a boot protocol: loaded where their program headers say, and entered in the
 * mode that their class is for. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "boot/elf_hosted.h"
#include "boot/formats.h"

int plan_add_elf(struct plan *p, struct elf *elf, struct error *e)
{
	const struct file *f = p->file;
	int err = elf_open(elf, f->bytes, f->len, f->is_whole, p->name, e);

	for (unsigned i = 0; !err && i < elf->phnum; i++) {
		struct elf_segment s = elf_segment(elf, i);
		char piece[24];
		if (!elf_is_loaded(&s))
			continue;
		snprintf(piece, sizeof piece, "segment %u", i);
		err = plan_add(
		        p, piece, s.paddr, s.memsz, f->bytes + s.offset, (size_t)s.filesz, e);
	}
	return err;
}

/* Real mode has 16-bit offsets. The message names the file's field, which entry_resolve, where it
 * would be found too, does not know. */
static int check_real(const struct plan *p, const struct elf *elf, struct error *e)
{
	if (p->mode != START_REAL || p->options->entry.kind != ENTRY_DEFAULT ||
	        p->entry_gpa <= ENTRY_REAL_LAST)
		return 0;
	return error_set(e, -EINVAL,
	        "%s: e_entry is 0x%" PRIx64 ": --mode real reaches 0x%x at most", p->name,
	        elf->entry, ENTRY_REAL_LAST);
}

int plan_elf_entry(struct plan *p, const struct elf *elf, struct error *e)
{
	if (elf_entry_gpa(elf, &p->entry_gpa) || p->options->entry.kind != ENTRY_DEFAULT)
		return 0;
	return error_set(e, -ENOEXEC,
	        "%s: e_entry is 0x%" PRIx64 ": in none of its segments; say with --entry where to "
	        "start",
	        p->name, elf->entry);
}

bool elf_is_it(const struct plan *p)
{
	return elf_is_magic(p->file->bytes, p->file->len);
}

int elf_doubt(struct plan *p, struct error *e)
{
	const struct file *f = p->file;
	struct elf elf;
	char why[200];

	if (elf_open(&elf, f->bytes, f->len, f->is_whole, p->name, NULL))
		return 0; /* elf_plan says what is wrong */
	if (elf_is_hosted(&elf, why, sizeof why))
		return error_set(e, -ENOEXEC,
		        "%s: a program for an operating system, not a bare-metal image: %s; "
		        "--format elf loads it all the same",
		        p->name, why);
	if (elf.is_dyn && elf_has_relocations(&elf))
		error_set(&p->warning, 0,
		        "%s: is position-independent (e_type 3) and loaded where it is linked; its "
		        "relocations are not applied, so link it with -no-pie",
		        p->name);
	else if (elf_has_interpreter(&elf, why, sizeof why))
		error_set(&p->warning, 0,
		        "%s: its PT_INTERP names a loader, %s, as a program's does; link a kernel "
		        "with -static",
		        p->name, why);
	return 0;
}

int elf_plan(struct plan *p, struct error *e)
{
	struct elf elf;
	int err = plan_add_elf(p, &elf, e);

	if (err)
		return err;
	p->mode = p->options->mode;
	if (p->mode == START_AUTO)
		p->mode = elf.is_64 ? START_LONG : START_PROT;
	err = plan_elf_entry(p, &elf, e);
	return err ? err : check_real(p, &elf, e);
}

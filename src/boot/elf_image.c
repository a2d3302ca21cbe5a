/* ELF files without a boot protocol: loaded where their program headers say, and entered in the
 * mode that their class is for. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "boot/plan.h"

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

/* Real mode has 16-bit offsets: told by the file's field, for entry_resolve knows options only. */
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

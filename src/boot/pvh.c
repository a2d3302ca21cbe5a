/* PVH: an ELF file with a note that names a 32-bit entry point.
 *
 * Handed over: struct hvm_start_info, version 1, with the command line, the modules and the memory
 * map; no ACPI tables, no hypercalls.
 * Source: Xen's docs/misc/pvh.pandoc, xen/include/public/elfnote.h and
 * xen/include/public/arch-x86/hvm/start_info.h. */
#include <errno.h>
#include <inttypes.h>

#include "base/bytes.h"
#include "boot/board.h"
#include "boot/formats.h"

#define NOTE_NAME  "Xen"
#define NOTE_ENTRY 18u /* XEN_ELFNOTE_PHYS32_ENTRY */

/* struct hvm_start_info: offsets. */
#define S_MAGIC          0
#define S_VERSION        4
#define S_NR_MODULES     12
#define S_MODLIST_PADDR  16
#define S_CMDLINE_PADDR  24
#define S_MEMMAP_PADDR   40
#define S_MEMMAP_ENTRIES 48
#define S_SIZE           56
#define START_MAGIC      0x336ec578u
#define START_VERSION    1

static int find_entry(
        const struct elf *elf, const char *name, const uint8_t **desc, size_t *len, struct error *e)
{
	return elf_find_note(elf, NOTE_NAME, NOTE_ENTRY, name, desc, len, e);
}

bool pvh_is_it(const struct plan *p)
{
	const struct file *f = p->file;
	const uint8_t *desc;
	struct elf elf;
	size_t len;

	return !elf_open(&elf, f->bytes, f->len, f->is_whole, p->name, NULL) &&
	       (find_entry(&elf, p->name, &desc, &len, NULL) || desc);
}

/* The entry is as wide as the addresses of the file's class. */
static int read_entry(struct plan *p, const struct elf *elf, struct error *e)
{
	const uint8_t *desc;
	size_t len;
	int err = find_entry(elf, p->name, &desc, &len, e);

	if (err)
		return err;
	if (!desc)
		return error_set(e, -ENOEXEC,
		        "%s: no PVH entry: none of its notes is XEN_ELFNOTE_PHYS32_ENTRY (name "
		        "Xen, type %u)",
		        p->name, NOTE_ENTRY);
	if (len != 4 && len != 8)
		return error_set(e, -ENOEXEC,
		        "%s: XEN_ELFNOTE_PHYS32_ENTRY has %zu bytes, expected 4 or 8", p->name,
		        len);
	p->entry_gpa = len == 4 ? get32(desc) : get64(desc);
	return 0;
}

/* --- struct hvm_start_info -------------------------------------------------------------------- */

/* struct hvm_modlist_entry: paddr, size, cmdline_paddr, reserved. */
static uint32_t put_modules(struct plan *p)
{
	struct handover *h = &p->handover;
	uint32_t list = handover_put(h, NULL, p->module_count * 32u, 8);

	for (unsigned i = 0; i < p->module_count; i++) {
		const struct plan_module *m = &p->modules[i];
		uint32_t text = handover_text(h, m->text);
		if (h->is_full)
			return 0;
		uint8_t *at = handover_at(h, list + i * 32);
		put64(at, m->gpa);
		put64(at + 8, m->size);
		put64(at + 16, text);
	}
	return list;
}

/* struct hvm_memmap_table_entry: addr, size, type, reserved. */
static uint32_t put_map(struct plan *p, unsigned *count)
{
	struct handover_range ranges[HANDOVER_RANGES_MAX];
	uint32_t map = 0;

	*count = handover_map(ranges, p->memory, board_wanted(p) == IMAGE_BOARD_PC);
	for (unsigned i = 0; i < *count; i++) {
		uint8_t entry[24] = { 0 };
		put64(entry, ranges[i].gpa);
		put64(entry + 8, ranges[i].size);
		put32(entry + 16, ranges[i].type);
		uint32_t at = handover_put(&p->handover, entry, sizeof entry, 8);
		map = i ? map : at;
	}
	return map;
}

static int make_info(struct plan *p, struct error *e)
{
	struct handover *h = &p->handover;
	uint32_t info = handover_put(h, NULL, S_SIZE, 8);
	uint32_t cmdline = handover_text(h, p->options->append ? p->options->append : "");
	uint32_t modules = put_modules(p);
	unsigned count;
	uint32_t map = put_map(p, &count);

	if (!h->is_full) {
		uint8_t *at = handover_at(h, info);
		put32(at + S_MAGIC, START_MAGIC);
		put32(at + S_VERSION, START_VERSION);
		put32(at + S_NR_MODULES, p->module_count);
		put64(at + S_MODLIST_PADDR, p->module_count ? modules : 0);
		put64(at + S_CMDLINE_PADDR, cmdline);
		put64(at + S_MEMMAP_PADDR, map);
		put32(at + S_MEMMAP_ENTRIES, count);
	}
	p->regs.rbx = info;
	return plan_add_handover(p, e);
}

int pvh_plan(struct plan *p, struct error *e)
{
	struct elf elf;
	int err = plan_add_elf(p, &elf, e);

	if (!err)
		err = read_entry(p, &elf, e);
	if (!err)
		err = plan_add_modules(p, e);
	p->mode = START_PROT;
	p->gdt.tss_base = 0;
	return err ? err : make_info(p, e);
}

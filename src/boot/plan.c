/* Reads as: plan_make asks for everything that can fail, plan_carry_out changes the guest. */
#include "boot/plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/cpu_bits.h"
#include "boot/board.h"
#include "boot/formats.h"

#define ONE_MIB  0x100000ull
#define FOUR_GIB (1ull << 32)

/* --- for the formats -------------------------------------------------------------------------- */

bool plan_has_place(const struct plan *p)
{
	return p->options->has_load || p->options->entry.kind != ENTRY_DEFAULT;
}

int plan_add(struct plan *p, const char *piece, uint64_t gpa, uint64_t size, const uint8_t *bytes,
        size_t len, struct error *e)
{
	struct layout_piece new = { .gpa = gpa, .size = size, .bytes = bytes, .len = len };

	snprintf(new.name, sizeof new.name, "%s", piece);
	return layout_add(&p->layout, p->memory, &new, p->name, e);
}

/* How many of the file's bytes, of which left are there, the addresses say are loaded. */
static int address_len(const struct plan *p, const struct plan_addresses *a, uint64_t left,
        uint64_t *len, struct error *e)
{
	if (a->load_end_addr && a->load_end_addr < a->load_addr)
		return error_set(e, -ENOEXEC, "%s: %s: load_end_addr 0x%x is below load_addr 0x%x",
		        p->name, a->header, a->load_end_addr, a->load_addr);
	if (!a->load_end_addr && !p->file->is_whole)
		return error_set(e, -EFBIG,
		        "%s: the file does not fit into RAM; give more with --memory", p->name);
	uint64_t wanted = a->load_end_addr ? a->load_end_addr - a->load_addr : left;
	if (wanted > left)
		return error_set(e, -ENOEXEC,
		        "%s: %s: load_addr 0x%x to load_end_addr 0x%x is more than the %" PRIu64
		        " bytes that the file has for it",
		        p->name, a->header, a->load_addr, a->load_end_addr, left);
	*len = wanted;
	return 0;
}

int plan_add_addresses(struct plan *p, const struct plan_addresses *a, struct error *e)
{
	uint64_t len = 0;

	if (a->header_addr < a->load_addr || a->header_addr - a->load_addr > a->at)
		return error_set(e, -ENOEXEC,
		        "%s: %s: header_addr is 0x%x, load_addr 0x%x: expected a distance of 0 to "
		        "0x%zx, the header's offset in the file",
		        p->name, a->header, a->header_addr, a->load_addr, a->at);
	uint64_t offset = a->at - (a->header_addr - a->load_addr);
	int err = address_len(p, a, p->file->len - offset, &len, e);
	if (err)
		return err;
	uint64_t size = a->bss_end_addr ? (uint64_t)a->bss_end_addr - a->load_addr : len;
	if (a->bss_end_addr && (a->bss_end_addr < a->load_addr || size < len))
		return error_set(e, -ENOEXEC,
		        "%s: %s: bss_end_addr 0x%x is below the loaded part's end at 0x%" PRIx64,
		        p->name, a->header, a->bss_end_addr, a->load_addr + len);
	if (!size)
		return error_set(e, -ENOEXEC,
		        "%s: %s: load_end_addr is load_addr, 0x%x: nothing to load", p->name,
		        a->header, a->load_addr);
	return plan_add(
	        p, "the kernel", a->load_addr, size, p->file->bytes + offset, (size_t)len, e);
}

static int add_module(struct plan *p, unsigned i, uint64_t gpa, struct error *e)
{
	struct plan_module *m = &p->modules[i];
	char name[24];

	m->gpa = gpa;
	if (gpa >= FOUR_GIB || m->size > FOUR_GIB - gpa)
		return error_set(e, -EFBIG, "%s: module %u would end above 4 GiB: %s", p->name,
		        i + 1, m->text);
	snprintf(name, sizeof name, "module %u", i + 1);
	return m->size ? plan_add(p, name, gpa, m->size, m->bytes, (size_t)m->size, e) : 0;
}

int plan_add_modules(struct plan *p, struct error *e)
{
	int err = 0;

	for (unsigned i = 0; i < p->module_count && !err; i++) {
		uint64_t gpa = layout_end(&p->layout);
		if (gpa < ONE_MIB)
			gpa = ONE_MIB;
		err = add_module(p, i, (gpa + MEMORY_PAGE - 1) & ~(uint64_t)(MEMORY_PAGE - 1), e);
	}
	return err;
}

int plan_add_handover(struct plan *p, struct error *e)
{
	const struct handover *h = &p->handover;

	if (h->is_full)
		return error_set(e, -EFBIG,
		        "%s: the command line and the modules' take more than %u bytes", p->name,
		        HANDOVER_SIZE);
	return plan_add(p, "the boot information", START_INFO_GPA, h->len, h->bytes, h->len, e);
}

/* --- the whole -------------------------------------------------------------------------------- */

static int add_tables(struct plan *p, struct error *e)
{
	struct start_tables *t = &p->tables;
	int err = start_make_tables(t, p->mode, p->gdt, p->memory, p->name, e);

	if (!err)
		err = plan_add(
		        p, "the GDT", START_GDT_GPA, sizeof t->gdt, t->gdt, sizeof t->gdt, e);
	if (!err && t->pages_len)
		err = plan_add(p, "the page tables", START_TABLES_GPA, t->pages_len, t->pages,
		        t->pages_len, e);
	return err;
}

static int set_real_entry(struct plan *p, struct error *e)
{
	const struct image_entry *from = &p->options->entry;
	struct entry_point at;
	int err =
	        entry_resolve(&at, from->kind == ENTRY_DEFAULT ? &p->entry : from, p->entry_gpa, e);

	if (err)
		return err;
	p->cs.selector = at.selector;
	p->cs.base = at.base;
	p->regs.rip = at.offset;
	if (!layout_ram_from(p->memory, at.base + at.offset))
		return error_set(e, -EFAULT,
		        "entry %04x:%04x: no RAM at its physical address 0x%" PRIx64
		        "; give some with --memory, or another --entry",
		        at.selector, at.offset, at.base + at.offset);
	return 0;
}

static int set_flat_entry(struct plan *p, struct error *e)
{
	uint64_t gva;
	int err = entry_resolve_flat(&gva, &p->options->entry, p->entry_gpa, p->mode, e);

	if (err)
		return err;
	p->regs.rip = gva;
	if (!layout_ram_from(p->memory, gva)) /* without paging, or mapped to itself */
		return error_set(e, -EFAULT,
		        "%s: entry 0x%" PRIx64
		        ": no RAM there; give some with --memory, or another --entry",
		        p->name, gva);
	return 0;
}

int plan_make(struct plan *p, struct error *e)
{
	if (p->file->is_whole && !p->file->len)
		return error_set(e, -ENOEXEC, "%s: is empty: nothing to run", p->name);
	int err = format_choose(p, e);
	if (err)
		return err;
	const struct format *f = format_of(p->format);
	p->gdt = (struct start_gdt) { START_CODE, START_TSS_GPA };
	p->regs.rflags = RFLAGS_RESERVED;
	err = format_check_options(f, p, e);
	if (!err)
		err = f->plan(p, e);
	if (err)
		return err;
	if (p->mode == START_REAL) {
		err = set_real_entry(p, e);
	} else {
		p->regs.rsp = START_STACK_GPA;
		err = add_tables(p, e);
		if (!err)
			err = set_flat_entry(p, e);
	}
	if (!err)
		err = board_choose(p, e);
	if (!err && p->board == IMAGE_BOARD_PC && p->format == IMAGE_BOOT)
		p->regs.rflags |= RFLAGS_IF; /* as a PC's BIOS comes to a boot sector */
	return err;
}

/* --- carrying it out -------------------------------------------------------------------------- */

static void set_segment(struct kvm_segment *s, uint16_t selector, uint64_t base)
{
	s->selector = selector;
	s->base = base;
	s->limit = 0xffff; /* real mode's, SDM vol 3, "Processor State After Reset" */
}

static void set_real_sregs(struct kvm_sregs *sregs, const struct plan *p)
{
	struct kvm_segment *const data[] = { &sregs->ds, &sregs->es, &sregs->fs, &sregs->gs,
		&sregs->ss };

	for (size_t i = 0; i < ARRAY_SIZE(data); i++)
		set_segment(data[i], p->data_selector, (uint64_t)p->data_selector << 4);
	set_segment(&sregs->cs, p->cs.selector, p->cs.base);
}

static void report(struct image_loaded *to, const struct plan *p)
{
	*to = (struct image_loaded) {
		.format = p->format,
		.mode = p->mode,
		.board = p->board,
		.why = p->why,
		.size = p->file->size,
		.is_elf = p->format != IMAGE_FLAT && elf_is_magic(p->file->bytes, p->file->len),
		.piece_count = p->layout.count,
	};
	snprintf(to->name, sizeof to->name, "%s", p->name);
	memcpy(to->warning, p->warning.text, sizeof to->warning);
	for (unsigned i = 0; i < p->layout.count; i++) {
		const struct layout_piece *from = &p->layout.pieces[i];
		to->pieces[i] = (struct image_piece) { .gpa = from->gpa, .size = from->size };
		memcpy(to->pieces[i].name, from->name, sizeof from->name);
	}
}
_Static_assert(IMAGE_PIECES_MAX == LAYOUT_PIECES_MAX, "a piece each");
_Static_assert(sizeof((struct image_piece *)0)->name == sizeof((struct layout_piece *)0)->name,
        "with its name");
_Static_assert(sizeof((struct image_loaded *)0)->warning == sizeof((struct error *)0)->text,
        "a text whole");

void plan_carry_out(const struct plan *p, struct memory *m, struct kvm_regs *regs,
        struct kvm_sregs *sregs, struct image_loaded *loaded)
{
	layout_write(&p->layout, m);
	*regs = p->regs;
	if (p->mode == START_REAL)
		set_real_sregs(sregs, p);
	else
		start_set_sregs(sregs, p->mode, p->gdt);
	report(loaded, p);
}

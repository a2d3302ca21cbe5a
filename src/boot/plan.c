/* Reads as: plan_make asks for everything that can fail, plan_carry_out changes the guest. */
#include "boot/plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ONE_MIB     0x100000ull
#define FOUR_GIB    (1ull << 32)
#define BOOT_SECTOR 512u

/* --- the formats ------------------------------------------------------------------------------ */

static const struct format {
	const char *name;
	const char *title;
	int (*plan)(struct plan *p, struct error *e);
	enum start_mode mode; /* the only one, or START_AUTO */
	bool takes_load, hands_over;
} formats[] = {
	[IMAGE_AUTO] = { .name = "auto" },
	[IMAGE_FLAT] = { "flat", "a flat image", flat_plan, START_AUTO, true, false },
	[IMAGE_BOOT] = { "boot", "a boot sector", boot_plan, START_REAL, false, false },
	[IMAGE_MULTIBOOT] = { "multiboot", "a Multiboot kernel", multiboot_plan, START_PROT, false,
	        true },
	[IMAGE_MULTIBOOT2] = { "multiboot2", "a Multiboot 2 kernel", multiboot2_plan, START_PROT,
	        false, true },
	[IMAGE_PVH] = { "pvh", "a PVH kernel", pvh_plan, START_PROT, false, true },
	[IMAGE_ELF] = { "elf", "an ELF file", elf_plan, START_AUTO, false, false },
};

bool image_format_word(const char *word, enum image_format *format)
{
	for (int i = IMAGE_AUTO; i <= IMAGE_ELF; i++) {
		if (!strcmp(word, formats[i].name)) {
			*format = (enum image_format)i;
			return true;
		}
	}
	return false;
}

const char *image_format_name(enum image_format format)
{
	return formats[format].name;
}

enum image_format plan_guess(const struct image_options *o, const struct file *f, const char *name)
{
	bool is_elf = elf_is_magic(f->bytes, f->len);

	if (!is_elf && (o->has_load || o->entry.kind != ENTRY_DEFAULT))
		return IMAGE_FLAT;
	if (!is_elf && f->size && f->size % BOOT_SECTOR == 0 && boot_is_it(f))
		return IMAGE_BOOT;
	if (multiboot_is_it(f))
		return IMAGE_MULTIBOOT;
	if (multiboot2_is_it(f))
		return IMAGE_MULTIBOOT2;
	if (!is_elf)
		return IMAGE_FLAT;
	return pvh_is_it(f, name) ? IMAGE_PVH : IMAGE_ELF;
}

/* --- options that the format has no use for --------------------------------------------------- */

static const char *mode_title(enum start_mode mode)
{
	switch (mode) {
	case START_REAL: return "real mode";
	case START_PROT: return "32-bit protected mode";
	case START_LONG: return "long mode";
	case START_AUTO: break;
	}
	return "its own mode";
}

static int check_options(const struct plan *p, const struct format *f, struct error *e)
{
	const struct image_options *o = p->options;

	if (o->has_load && !f->takes_load)
		return error_set(e, -EINVAL,
		        "--load 0x%" PRIx64
		        ": %s goes to a place of its own; leave it out, or say --format flat",
		        o->load_gpa, f->title);
	if (o->mode != START_AUTO && f->mode != START_AUTO && o->mode != f->mode)
		return error_set(e, -EINVAL,
		        "--mode %s: %s starts in %s; leave it out, or say --format %s",
		        start_mode_name(o->mode), f->title, mode_title(f->mode),
		        elf_is_magic(p->file->bytes, p->file->len) ? "elf" : "flat");
	if ((o->append || o->initrd_count) && !f->hands_over)
		return error_set(e, -EINVAL,
		        "--%s: %s takes none; a multiboot, multiboot2 or pvh image does",
		        o->append ? "append" : "initrd", f->title);
	return 0;
}

/* --- for the formats -------------------------------------------------------------------------- */

int plan_add(struct plan *p, const char *piece, uint64_t gpa, uint64_t size, const uint8_t *bytes,
        size_t len, struct error *e)
{
	struct layout_piece new = { .gpa = gpa, .size = size, .bytes = bytes, .len = len };

	snprintf(new.name, sizeof new.name, "%s", piece);
	return layout_add(&p->layout, p->memory, &new, p->name, e);
}

/* How many of the file's bytes, left of them, the addresses speak of. */
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
		        "%s: %s: header_addr is 0x%x, load_addr 0x%x: a distance of 0 to 0x%zx, "
		        "the header's offset in the file, was wanted",
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
	int err = start_make_tables(t, p->mode, p->tss_base, p->memory, p->name, e);

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
	struct entry_point at;
	int err = entry_resolve(&at, &p->options->entry, p->entry_gpa, e);

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
	const struct image_options *o = p->options;

	if (p->file->is_whole && !p->file->len)
		return error_set(e, -ENOEXEC, "%s: is empty: nothing to run", p->name);
	p->format = o->format == IMAGE_AUTO ? plan_guess(o, p->file, p->name) : o->format;
	const struct format *f = &formats[p->format];
	p->tss_base = START_TSS_GPA;
	p->regs.rflags = RFLAGS_RESERVED;
	int err = check_options(p, f, e);
	if (!err)
		err = f->plan(p, e);
	if (err)
		return err;
	if (p->mode == START_REAL)
		return set_real_entry(p, e);
	p->regs.rsp = START_STACK_GPA;
	err = add_tables(p, e);
	return err ? err : set_flat_entry(p, e);
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

	for (size_t i = 0; i < sizeof data / sizeof data[0]; i++)
		set_segment(data[i], 0, 0);
	set_segment(&sregs->cs, p->cs.selector, p->cs.base);
}

static void report(struct image_loaded *to, const struct plan *p)
{
	*to = (struct image_loaded) {
		.format = p->format,
		.is_elf = p->format != IMAGE_FLAT && elf_is_magic(p->file->bytes, p->file->len),
		.piece_count = p->layout.count,
	};
	for (unsigned i = 0; i < p->layout.count; i++) {
		const struct layout_piece *from = &p->layout.pieces[i];
		to->pieces[i] = (struct image_piece) { .gpa = from->gpa, .size = from->size };
		memcpy(to->pieces[i].name, from->name, sizeof from->name);
	}
}
_Static_assert(IMAGE_PIECES_MAX == LAYOUT_PIECES_MAX, "a piece each");
_Static_assert(sizeof((struct image_piece *)0)->name == sizeof((struct layout_piece *)0)->name,
        "with its name");

void plan_carry_out(const struct plan *p, struct memory *m, struct kvm_regs *regs,
        struct kvm_sregs *sregs, struct image_loaded *loaded)
{
	layout_write(&p->layout, m);
	*regs = p->regs;
	if (p->mode == START_REAL)
		set_real_sregs(sregs, p);
	else
		start_set_sregs(sregs, p->mode, p->tss_base);
	report(loaded, p);
}

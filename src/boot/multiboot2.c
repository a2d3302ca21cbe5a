/* Multiboot 2 for i386 without firmware: a 32-bit kernel with a header of tags in its first 32 KiB.
 *
 * Handed over: the command line, the modules, memory sizes and map, the loader's name, and where
 * the image is, when it says that it could be moved (it is not). There is no display, no BIOS, no
 * EFI and no ACPI here, so that information about them, which a kernel may ask for, is not
 * available; a kernel that can't do without a console is refused.
 * Source: Multiboot2 Specification version 2.0, 3.1 "OS image format", 3.3 "I386 machine state",
 * 3.6 "Boot information format". */
#include <errno.h>
#include <inttypes.h>

#include "base/bytes.h"
#include "boot/formats.h"
#include "boot/multiboot2.h"

#define SEARCH       32768u /* the header lies within these first bytes */
#define HEADER_ALIGN 8u
#define MAGIC        0xe85250d6u
#define ARCH_I386    0u
#define H_SIZE       16u /* magic, architecture, length, checksum */
#define TAG_OPTIONAL 1u  /* bit of a tag's flags */

enum header_tag {
	HEADER_END = 0,
	HEADER_REQUEST = 1,
	HEADER_ADDRESS = 2,
	HEADER_ENTRY = 3,
	HEADER_CONSOLE = 4,
	HEADER_FRAMEBUFFER = 5,
	HEADER_MODULE_ALIGN = 6, /* to pages; ours always are */
	/* These count on EFI machines only: 3.1.8 to 3.1.10. */
	HEADER_EFI_BOOT_SERVICES = 7,
	HEADER_EFI32_ENTRY = 8,
	HEADER_EFI64_ENTRY = 9,
	HEADER_RELOCATABLE = 10,
};
#define CONSOLE_REQUIRED 1u /* bit of the console tag's flags */

/* What the header's tags say. */
struct wishes {
	bool has_addresses, has_entry, is_relocatable;
	struct plan_addresses addresses;
	uint32_t entry;
	uint32_t min_addr, max_addr; /* is_relocatable: where the image may be */
};

static const uint8_t *find_header(const struct file *f)
{
	size_t len = f->len < SEARCH ? f->len : SEARCH;

	for (size_t at = 0; at <= len && H_SIZE <= len - at; at += HEADER_ALIGN) {
		const uint8_t *h = f->bytes + at;
		if (get32(h) == MAGIC &&
		        get32(h) + get32(h + 4) + get32(h + 8) + get32(h + 12) == 0)
			return h;
	}
	return NULL;
}

bool multiboot2_is_it(const struct plan *p)
{
	return find_header(p->file) && (elf_is_it(p) || !plan_has_place(p));
}

/* --- the header's tags ------------------------------------------------------------------------ */

struct tag {
	const uint8_t *at;
	uint16_t type;
	bool is_optional;
	uint32_t size;
};

static int fail_tag(const struct plan *p, const struct tag *t, const char *why, struct error *e)
{
	return error_set(
	        e, -ENOEXEC, "%s: Multiboot 2 header: tag of type %u: %s", p->name, t->type, why);
}

/* The size that a type's tag has at least. */
static uint32_t least_size(uint16_t type)
{
	switch (type) {
	case HEADER_ADDRESS: return 24;
	case HEADER_ENTRY: return 12;
	case HEADER_CONSOLE: return 12;
	case HEADER_RELOCATABLE: return 24;
	default: return MULTIBOOT2_TAG_SIZE;
	}
}

/* What is asked for has to be known here, and handed over when there is such a thing. */
static int take_request(const struct plan *p, const struct tag *t, struct error *e)
{
	for (uint32_t at = MULTIBOOT2_TAG_SIZE; at <= t->size && 4 <= t->size - at; at += 4) {
		uint32_t type = get32(t->at + at);
		if (t->is_optional)
			continue;
		if (type > MULTIBOOT2_LOAD_BASE || type == MULTIBOOT2_ELF_SECTIONS)
			return error_set(e, -ENOEXEC,
			        "%s: Multiboot 2 header: information of type %u is required, and "
			        "is not handed over here",
			        p->name, type);
	}
	return 0;
}

static void take_addresses(struct wishes *w, const struct tag *t, size_t header_at)
{
	w->has_addresses = true;
	w->addresses = (struct plan_addresses) {
		.at = header_at,
		.header = "Multiboot 2 header",
		.header_addr = get32(t->at + 8),
		.load_addr = get32(t->at + 12),
		.load_end_addr = get32(t->at + 16),
		.bss_end_addr = get32(t->at + 20),
	};
	/* -1: the file is loaded from its beginning. */
	if (w->addresses.load_addr == UINT32_MAX)
		w->addresses.load_addr = w->addresses.header_addr - (uint32_t)header_at;
}

static int take_tag(const struct plan *p, struct wishes *w, const struct tag *t, size_t header_at,
        struct error *e)
{
	switch (t->type) {
	case HEADER_REQUEST: return take_request(p, t, e);
	case HEADER_ADDRESS: take_addresses(w, t, header_at); return 0;
	case HEADER_ENTRY:
		w->has_entry = true;
		w->entry = get32(t->at + 8);
		return 0;
	case HEADER_CONSOLE:
		if (get32(t->at + 8) & CONSOLE_REQUIRED && !t->is_optional)
			return fail_tag(p, t, "it requires a console, and there is no display", e);
		return 0;
	case HEADER_FRAMEBUFFER:
		if (!t->is_optional)
			return fail_tag(
			        p, t, "it requires a framebuffer, and there is no display", e);
		return 0;
	case HEADER_RELOCATABLE:
		w->is_relocatable = true;
		w->min_addr = get32(t->at + 8);
		w->max_addr = get32(t->at + 12);
		return 0;
	case HEADER_MODULE_ALIGN:
	case HEADER_EFI_BOOT_SERVICES:
	case HEADER_EFI32_ENTRY:
	case HEADER_EFI64_ENTRY: return 0;
	default:
		return t->is_optional
		               ? 0
		               : fail_tag(p, t, "it requires what Multiboot 2 does not define", e);
	}
}

/* One tag after the other, up to the end tag or the header's end. */
static int take_tags(
        const struct plan *p, struct wishes *w, const uint8_t *h, uint32_t len, struct error *e)
{
	for (uint32_t at = H_SIZE; at <= len && MULTIBOOT2_TAG_SIZE <= len - at;) {
		struct tag t = { h + at, get16(h + at), get16(h + at + 2) & TAG_OPTIONAL,
			get32(h + at + 4) };
		if (t.size < least_size(t.type) || t.size > len - at)
			return error_set(e, -ENOEXEC,
			        "%s: Multiboot 2 header: tag of type %u at offset %u of it: size "
			        "is %u, expected %u to %u",
			        p->name, t.type, at, t.size, least_size(t.type), len - at);
		if (t.type == HEADER_END)
			return 0;
		int err = take_tag(p, w, &t, (size_t)(h - p->file->bytes), e);
		if (err)
			return err;
		/* Sizes are not padded, tags are; len is SEARCH at most. */
		at += (t.size + MULTIBOOT2_TAG_ALIGN - 1) & ~(MULTIBOOT2_TAG_ALIGN - 1);
	}
	return error_set(
	        e, -ENOEXEC, "%s: Multiboot 2 header: no end tag in its %u bytes", p->name, len);
}

static int read_header(const struct plan *p, struct wishes *w, const uint8_t *h, struct error *e)
{
	const struct file *f = p->file;
	size_t at = (size_t)(h - f->bytes), room = (f->len < SEARCH ? f->len : SEARCH) - at;
	uint32_t arch = get32(h + 4), len = get32(h + 8);

	if (arch != ARCH_I386)
		return error_set(e, -ENOEXEC,
		        "%s: Multiboot 2 header: architecture is %u, expected 0 (i386)", p->name,
		        arch);
	if (len < H_SIZE || len > room)
		return error_set(e, -ENOEXEC,
		        "%s: Multiboot 2 header: header_length is %u, expected %u to %zu, the "
		        "rest of the file or of its first %u bytes",
		        p->name, len, H_SIZE, room, SEARCH);
	return take_tags(p, w, h, len, e);
}

/* --- the kernel ------------------------------------------------------------------------------- */

static int check_place(const struct plan *p, const struct wishes *w, struct error *e)
{
	uint64_t first = layout_start(&p->layout), end = layout_end(&p->layout);

	if (!w->is_relocatable || (first >= w->min_addr && end - 1 <= w->max_addr))
		return 0;
	return error_set(e, -ENOEXEC,
	        "%s: Multiboot 2 header: the image may be at 0x%x to 0x%x, and is linked at "
	        "0x%" PRIx64 " to 0x%" PRIx64 "; stepvm does not relocate it",
	        p->name, w->min_addr, w->max_addr, first, end - 1);
}

static int add_kernel(struct plan *p, const struct wishes *w, struct error *e)
{
	struct elf elf;
	int err;

	if (w->has_addresses) {
		if (!w->has_entry)
			return error_set(e, -ENOEXEC,
			        "%s: Multiboot 2 header: an address tag (type 2) and no entry "
			        "address tag (type 3)",
			        p->name);
		err = plan_add_addresses(p, &w->addresses, e);
	} else if (!elf_is_magic(p->file->bytes, p->file->len)) {
		return error_set(e, -ENOEXEC,
		        "%s: Multiboot 2 header: no address tag (type 2), and the file is no ELF",
		        p->name);
	} else {
		err = plan_add_elf(p, &elf, e);
		if (!err && !w->has_entry)
			err = plan_elf_entry(p, &elf, e);
	}
	if (w->has_entry)
		p->entry_gpa = w->entry;
	return err ? err : check_place(p, w, e);
}

/* --- the whole -------------------------------------------------------------------------------- */

int multiboot2_plan(struct plan *p, struct error *e)
{
	const uint8_t *h = find_header(p->file);
	struct wishes w = { .entry = 0 };

	if (!h)
		return error_set(e, -ENOEXEC,
		        "%s: no Multiboot 2 header in its first %u bytes (0x%x at a multiple of "
		        "%u, architecture, length, and what makes the sum of the four 0)",
		        p->name, SEARCH, MAGIC, HEADER_ALIGN);
	int err = read_header(p, &w, h, e);
	if (!err)
		err = add_kernel(p, &w, e);
	if (!err)
		err = plan_add_modules(p, e);
	p->mode = START_PROT;
	return err ? err : multiboot2_hand_over(p, w.is_relocatable, e);
}

/* Multiboot 1: a 32-bit kernel with a header in its first 8 KiB.
 *
 * Handed over: the command line, the modules, the memory map, the loader's name. Not: a video mode
 * (a kernel that must have one is refused), drives, BIOS tables, symbols.
 * Source: Multiboot Specification version 0.6.96, 3.1 "OS image format", 3.2 "Machine state",
 * 3.3 "Boot information format". */
#include <errno.h>
#include <inttypes.h>

#include "base/bytes.h"
#include "boot/board.h"
#include "boot/formats.h"

#define SEARCH       8192u /* the header lies within these first bytes */
#define HEADER_ALIGN 4u
#define MAGIC        0x1badb002u
#define EAX          0x2badb002u

/* The header, 3.1.1: offsets. */
#define H_FLAGS         4
#define H_CHECKSUM      8
#define H_HEADER_ADDR   12
#define H_LOAD_ADDR     16
#define H_LOAD_END_ADDR 20
#define H_BSS_END_ADDR  24
#define H_ENTRY_ADDR    28
#define H_SIZE          12 /* of what every header has */
#define H_ADDRESS_SIZE  32 /* with the addresses */

/* 3.1.2. The low 16 bits are demands; of the others those not known can be ignored. */
#define FLAG_PAGE_ALIGN  (1u << 0) /* modules; ours always are */
#define FLAG_MEMORY_INFO (1u << 1) /* always there */
#define FLAG_VIDEO       (1u << 2)
#define FLAG_ADDRESSES   (1u << 16)
#define FLAG_DEMANDS     0xffffu

/* The information structure, 3.3: offsets, and the bits of its flags that say what is there. */
#define I_MEM_LOWER   4
#define I_MEM_UPPER   8
#define I_CMDLINE     16
#define I_MODS_COUNT  20
#define I_MODS_ADDR   24
#define I_MMAP_LENGTH 44
#define I_MMAP_ADDR   48
#define I_LOADER_NAME 64
#define I_SIZE        120
#define HAS_MEMORY    (1u << 0)
#define HAS_CMDLINE   (1u << 2)
#define HAS_MODULES   (1u << 3)
#define HAS_MMAP      (1u << 6)
#define HAS_LOADER    (1u << 9)

/* The first header with the magic number and a right checksum; NULL: none. */
static const uint8_t *find_header(const struct file *f)
{
	size_t len = f->len < SEARCH ? f->len : SEARCH;

	for (size_t at = 0; at <= len && H_SIZE <= len - at; at += HEADER_ALIGN) {
		const uint8_t *h = f->bytes + at;
		if (get32(h) == MAGIC && get32(h) + get32(h + H_FLAGS) + get32(h + H_CHECKSUM) == 0)
			return h;
	}
	return NULL;
}

bool multiboot_is_it(const struct plan *p)
{
	return find_header(p->file) && (elf_is_it(p) || !plan_has_place(p));
}

static int check_flags(const struct plan *p, uint32_t flags, struct error *e)
{
	uint32_t unknown =
	        flags & FLAG_DEMANDS & ~(FLAG_PAGE_ALIGN | FLAG_MEMORY_INFO | FLAG_VIDEO);

	if (unknown)
		return error_set(e, -ENOEXEC,
		        "%s: Multiboot header: flags 0x%x: bits 0x%x ask for what Multiboot 1 does "
		        "not define",
		        p->name, flags, unknown);
	if (flags & FLAG_VIDEO)
		return error_set(e, -ENOEXEC,
		        "%s: Multiboot header: flags 0x%x: bit 2 asks for a video mode, and there "
		        "is no display",
		        p->name, flags);
	return 0;
}

/* The kernel as the header's own addresses have it (flags bit 16). */
static int add_by_addresses(struct plan *p, const uint8_t *h, struct error *e)
{
	const struct file *f = p->file;
	size_t at = (size_t)(h - f->bytes);
	struct plan_addresses a = { .at = at, .header = "Multiboot header" };

	if (f->len - at < H_ADDRESS_SIZE)
		return error_set(e, -ENOEXEC,
		        "%s: Multiboot header: cut off: %zu bytes, and with addresses it has %d",
		        p->name, f->len - at, H_ADDRESS_SIZE);
	a.header_addr = get32(h + H_HEADER_ADDR);
	a.load_addr = get32(h + H_LOAD_ADDR);
	a.load_end_addr = get32(h + H_LOAD_END_ADDR);
	a.bss_end_addr = get32(h + H_BSS_END_ADDR);
	p->entry_gpa = get32(h + H_ENTRY_ADDR);
	return plan_add_addresses(p, &a, e);
}

static int add_kernel(struct plan *p, const uint8_t *h, struct error *e)
{
	struct elf elf;

	if (get32(h + H_FLAGS) & FLAG_ADDRESSES)
		return add_by_addresses(p, h, e);
	if (!elf_is_magic(p->file->bytes, p->file->len))
		return error_set(e, -ENOEXEC,
		        "%s: Multiboot header: flags 0x%x: bit 16 is 0, no addresses, and the file "
		        "is no ELF that has them",
		        p->name, get32(h + H_FLAGS));
	int err = plan_add_elf(p, &elf, e);
	return err ? err : plan_elf_entry(p, &elf, e);
}

/* --- the information structure ---------------------------------------------------------------- */

static uint32_t put_modules(struct plan *p)
{
	struct handover *h = &p->handover;
	uint32_t list = handover_put(h, NULL, p->module_count * 16u, 4);

	for (unsigned i = 0; i < p->module_count; i++) {
		const struct plan_module *m = &p->modules[i];
		uint32_t text = handover_text(h, m->text);
		if (h->is_full)
			return 0;
		uint8_t *at = handover_at(h, list + i * 16);
		put32(at, (uint32_t)m->gpa);
		put32(at + 4, (uint32_t)(m->gpa + m->size));
		put32(at + 8, text);
	}
	return list;
}

/* Each entry: size of what follows, base, length, type. */
static uint32_t put_map(struct plan *p, uint32_t *len)
{
	struct handover_range ranges[HANDOVER_RANGES_MAX];
	unsigned count = handover_map(ranges, p->memory, board_wanted(p) == IMAGE_BOARD_PC);
	uint32_t map = 0;

	for (unsigned i = 0; i < count; i++) {
		uint8_t entry[24];
		put32(entry, sizeof entry - 4);
		put64(entry + 4, ranges[i].gpa);
		put64(entry + 12, ranges[i].size);
		put32(entry + 20, ranges[i].type);
		uint32_t at = handover_put(&p->handover, entry, sizeof entry, 4);
		map = i ? map : at;
	}
	*len = count * 24;
	return map;
}

static int make_info(struct plan *p, struct error *e)
{
	struct handover *h = &p->handover;
	uint32_t info = handover_put(h, NULL, I_SIZE, 8), map_len;
	uint32_t cmdline = handover_text(h, p->options->append ? p->options->append : "");
	uint32_t name = handover_text(h, HANDOVER_LOADER);
	uint32_t modules = put_modules(p);
	uint32_t map = put_map(p, &map_len);

	if (!h->is_full) {
		uint8_t *at = handover_at(h, info);
		put32(at, HAS_MEMORY | HAS_CMDLINE | HAS_MODULES | HAS_MMAP | HAS_LOADER);
		put32(at + I_MEM_LOWER,
		        handover_lower_kib(p->memory, board_wanted(p) == IMAGE_BOARD_PC));
		put32(at + I_MEM_UPPER, handover_upper_kib(p->memory));
		put32(at + I_CMDLINE, cmdline);
		put32(at + I_MODS_COUNT, p->module_count);
		put32(at + I_MODS_ADDR, modules);
		put32(at + I_MMAP_LENGTH, map_len);
		put32(at + I_MMAP_ADDR, map);
		put32(at + I_LOADER_NAME, name);
	}
	p->regs.rax = EAX;
	p->regs.rbx = info;
	return plan_add_handover(p, e);
}

int multiboot_plan(struct plan *p, struct error *e)
{
	const uint8_t *h = find_header(p->file);

	if (!h)
		return error_set(e, -ENOEXEC,
		        "%s: no Multiboot header in its first %u bytes (0x%x at a multiple of %u, "
		        "flags, and what makes the sum of the three 0)",
		        p->name, SEARCH, MAGIC, HEADER_ALIGN);
	int err = check_flags(p, get32(h + H_FLAGS), e);
	if (!err)
		err = add_kernel(p, h, e);
	if (!err)
		err = plan_add_modules(p, e);
	p->mode = START_PROT;
	return err ? err : make_info(p, e);
}

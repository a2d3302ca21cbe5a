/* Linux kernels by their own boot protocol: a bzImage, entered by its 64-bit, 32-bit or 16-bit entry.
 *
 * The kernel goes to the address that it prefers; one that is relocatable goes elsewhere where RAM is
 * short there. Initrds are joined, each at a multiple of 4 as the kernel's unpacker wants an archive
 * after another, and stand as high in RAM as they may, where the kernel does not get in its first steps.
 * Source: Documentation/arch/x86/boot.rst, "Running the Kernel", "32-bit Boot Protocol", "64-bit Boot
 * Protocol". */
#include "boot/linux.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "boot/formats.h"

#define ONE_MIB      0x100000ull
#define FOUR_GIB     (1ull << 32)
#define INITRD_ALIGN 4u
#define ENTRY_64     0x200u /* of the code after the setup code; the 32-bit entry is at 0 */
#define BOOT_CS      0x10   /* the selectors that both protocols name: code, and data after it */

bool linux_is_it(const struct plan *p)
{
	return linux_has_magic(p->file) && !elf_is_it(p);
}

static uint64_t align_up(uint64_t value, uint64_t align)
{
	return (value + align - 1) & ~(align - 1);
}

/* --- where the kernel goes ------------------------------------------------------------------------ */

static bool is_room(const struct plan *p, uint64_t gpa, uint64_t size)
{
	return gpa >= ONE_MIB && gpa < FOUR_GIB && size <= FOUR_GIB - gpa &&
	       size <= layout_ram_from(p->memory, gpa);
}

/* The lowest multiple of align from 1 MiB on with RAM for size bytes; 0: none. Only the first one in
 * each slot is tried, for the others have less. */
static uint64_t find_room(const struct plan *p, uint64_t size, uint64_t align)
{
	uint64_t found = 0;

	for (unsigned i = 0; i < p->memory->count; i++) {
		uint64_t gpa = p->memory->slots[i].gpa;
		if (gpa >= FOUR_GIB)
			continue;
		gpa = align_up(gpa < ONE_MIB ? ONE_MIB : gpa, align);
		if (is_room(p, gpa, size) && (!found || gpa < found))
			found = gpa;
	}
	return found;
}

/* By the protocol a relocatable kernel takes any multiple of its alignment, and is content with less
 * of that, down to a least one. */
static bool place_kernel(
        const struct plan *p, const struct linux_header *h, struct linux_placed *at)
{
	at->kernel_gpa = h->pref_gpa;
	at->alignment = h->alignment;
	if (is_room(p, h->pref_gpa, h->size) &&
	        (!h->is_relocatable || h->pref_gpa % h->alignment == 0))
		return true;
	if (!h->is_relocatable)
		return false;
	for (uint32_t align = h->alignment; align >= h->least_alignment && align; align >>= 1) {
		uint64_t gpa = find_room(p, h->size, align);
		if (gpa) {
			at->kernel_gpa = gpa;
			at->alignment = align;
			return true;
		}
	}
	return false;
}

static int add_kernel(
        struct plan *p, const struct linux_header *h, struct linux_placed *at, struct error *e)
{
	if (!place_kernel(p, h, at))
		return error_set(e, -EFBIG,
		        "%s: needs %" PRIu64 " bytes of RAM at 0x%" PRIx64
		        "%s below 4 GiB (pref_address, init_size), and there are %" PRIu64
		        "; give more with --memory",
		        p->name, h->size, h->pref_gpa, h->is_relocatable ? ", or elsewhere," : "",
		        layout_ram_from(p->memory, h->pref_gpa));
	return plan_add(p, "the kernel", at->kernel_gpa, h->code_size, h->bytes + h->setup_size,
	        h->code_size, e);
}

/* --- where the initrd goes ------------------------------------------------------------------------ */

/* The first address after a slot that an initrd up to last may reach. */
static uint64_t end_of(const struct memory_slot *s, uint64_t last)
{
	return s->gpa > last ? 0 : s->size - 1 > last - s->gpa ? last + 1 : s->gpa + s->size;
}

/* The highest page with RAM for size bytes up to last, beside what the kernel needs; 0: there is none.
 * It lies below a slot's end or below the kernel. */
static uint64_t find_initrd_room(const struct plan *p, const struct linux_header *h,
        const struct linux_placed *at, uint64_t size)
{
	uint64_t last = h->initrd_last, kernel_end = at->kernel_gpa + h->size, found = 0;

	for (unsigned i = 0; i <= p->memory->count; i++) {
		uint64_t end =
		        i < p->memory->count ? end_of(&p->memory->slots[i], last) : at->kernel_gpa;
		if (end > last + 1)
			end = last + 1;
		if (end < ONE_MIB || size > end - ONE_MIB)
			continue;
		uint64_t gpa = (end - size) & ~(uint64_t)(MEMORY_PAGE - 1);
		bool is_free = gpa >= kernel_end || end <= at->kernel_gpa;
		if (is_free && is_room(p, gpa, size) && gpa > found)
			found = gpa;
	}
	return found;
}

static uint64_t initrd_size(const struct plan *p)
{
	uint64_t size = 0;

	for (unsigned i = 0; i < p->module_count; i++)
		size = align_up(size, INITRD_ALIGN) + p->modules[i].size;
	return size;
}

static int add_initrds(
        struct plan *p, const struct linux_header *h, struct linux_placed *at, struct error *e)
{
	uint64_t size = initrd_size(p);
	uint64_t gpa = size ? find_initrd_room(p, h, at, size) : 0;
	int err = 0;

	if (size && !gpa)
		return error_set(e, -EFBIG,
		        "%s: no RAM for %" PRIu64
		        " bytes of initrd beside the kernel and up to 0x%x "
		        "(initrd_addr_max); give more with --memory",
		        p->name, size, h->initrd_last);
	at->initrd_gpa = (uint32_t)gpa;
	at->initrd_size = (uint32_t)size;
	for (unsigned i = 0; i < p->module_count && !err; i++) {
		struct plan_module *m = &p->modules[i];
		char name[24];
		snprintf(name, sizeof name, "initrd %u", i + 1);
		gpa = align_up(gpa, INITRD_ALIGN);
		m->gpa = gpa;
		gpa += m->size;
		/* Zeros part it from the next one. */
		uint64_t whole =
		        i + 1 < p->module_count ? align_up(m->size, INITRD_ALIGN) : m->size;
		if (m->size)
			err = plan_add(p, name, m->gpa, whole, m->bytes, (size_t)m->size, e);
	}
	return err;
}

/* What follows a file's name is the text of a Multiboot module. */
static int check_initrds(const struct plan *p, struct error *e)
{
	for (unsigned i = 0; i < p->module_count; i++)
		if (strchr(p->modules[i].text, ' '))
			return error_set(e, -EINVAL,
			        "--initrd \"%s\": a Linux kernel's initrd is a FILE, without words "
			        "after its name",
			        p->modules[i].text);
	return 0;
}

/* --- the whole -------------------------------------------------------------------------------- */

static int choose_mode(struct plan *p, const struct linux_header *h, struct error *e)
{
	enum start_mode mode = p->options->mode;

	if (mode == START_LONG && !h->has_64_bit_entry)
		return error_set(e, -EINVAL,
		        "--mode long: %s has no 64-bit entry (bit 0 of xloadflags); leave it out, "
		        "or say --mode prot",
		        p->name);
	p->mode = mode != START_AUTO ? mode : h->has_64_bit_entry ? START_LONG : START_PROT;
	p->needs_pc = p->mode == START_REAL;
	if (p->mode == START_REAL && h->setup_size > PLAN_SETUP_MAX)
		return error_set(e, -ENOEXEC,
		        "%s: Linux boot header: setup_sects %u: the setup code has 0x%zx bytes, "
		        "and --mode real has room for 0x%x",
		        p->name, h->bytes[LINUX_SETUP_SECTS], h->setup_size, PLAN_SETUP_MAX);
	return 0;
}

int linux_plan(struct plan *p, struct error *e)
{
	struct linux_header h;
	struct linux_placed at = { .alignment = 0 };
	int err = linux_read_header(p, &h, e);

	if (!err)
		err = choose_mode(p, &h, e);
	if (!err)
		err = check_initrds(p, e);
	if (!err)
		err = add_kernel(p, &h, &at, e);
	if (!err)
		err = add_initrds(p, &h, &at, e);
	if (err)
		return err;
	p->gdt.code = BOOT_CS;
	p->entry_gpa = at.kernel_gpa + (p->mode == START_LONG ? ENTRY_64 : 0);
	return linux_hand_over(p, &h, &at, e);
}

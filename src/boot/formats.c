/* The table of formats, and the questions that it answers. */
#include "boot/formats.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A file is guessed to be of the first format that it shows signs of. So those with a header of
 * their own stand before plain ELF, which they may be in, and flat, which is anything, stands last. A
 * bzImage is signed as a boot sector is, and stands before it. */
static const struct format formats[] = {
	[IMAGE_AUTO] = { .name = "auto" },
	[IMAGE_LINUX] = { .name = "linux",
	        .board = IMAGE_BOARD_PC,
	        .title = "a Linux kernel",
	        .seen_by = "HdrS at 0x202: a bzImage",
	        .goes_to = "the address that it prefers; initrds to the end of RAM",
	        .starts_in = "long mode, RSI: struct boot_params, or --mode prot, real",
	        .why = "HdrS at offset 0x202",
	        .hands_over = true,
	        .is_it = linux_is_it,
	        .plan = linux_plan },
	[IMAGE_BOOT] = { .name = "boot",
	        .board = IMAGE_BOARD_PC,
	        .title = "a boot sector",
	        .seen_by = "55 aa at the end of its first sector",
	        .goes_to = "the first sector to 0x7c00",
	        .starts_in = "real mode at 0000:7c00, DL = the drive, SP = 0x7c00",
	        .why = "55 aa at the end of its first sector",
	        .mode = START_REAL,
	        .reads = PLAN_SECTOR,
	        .is_it = boot_is_it,
	        .plan = boot_plan },
	[IMAGE_MULTIBOOT] = { .name = "multiboot",
	        .board = IMAGE_BOARD_PC,
	        .title = "a Multiboot kernel",
	        .seen_by = "a Multiboot 1 header, in an ELF or with addresses",
	        .goes_to = "its addresses, or the ELF's",
	        .starts_in = "protected mode, EAX = 0x2badb002, EBX: information",
	        .why = "it has a Multiboot header",
	        .mode = START_PROT,
	        .hands_over = true,
	        .is_it = multiboot_is_it,
	        .plan = multiboot_plan },
	[IMAGE_MULTIBOOT2] = { .name = "multiboot2",
	        .board = IMAGE_BOARD_PC,
	        .title = "a Multiboot 2 kernel",
	        .seen_by = "a Multiboot 2 header, the same",
	        .goes_to = "the same",
	        .starts_in = "protected mode, EAX = 0x36d76289, EBX: information",
	        .why = "it has a Multiboot 2 header",
	        .mode = START_PROT,
	        .hands_over = true,
	        .is_it = multiboot2_is_it,
	        .plan = multiboot2_plan },
	[IMAGE_PVH] = { .name = "pvh",
	        .board = IMAGE_BOARD_PC,
	        .title = "a PVH kernel",
	        .seen_by = "an ELF with a note of Xen's type 18",
	        .goes_to = "the ELF's addresses",
	        .starts_in = "protected mode, EBX: hvm_start_info",
	        .why = "it has a PVH note",
	        .mode = START_PROT,
	        .hands_over = true,
	        .is_it = pvh_is_it,
	        .plan = pvh_plan },
	[IMAGE_ELF] = { .name = "elf",
	        .title = "an ELF file",
	        .seen_by = "an ELF file, 32 or 64 bits",
	        .goes_to = "each segment's physical address",
	        .starts_in = "ELF32: protected mode, ELF64: long mode, or --mode",
	        .why = "an ELF file",
	        .is_it = elf_is_it,
	        .doubt = elf_doubt,
	        .plan = elf_plan },
	[IMAGE_FLAT] = { .name = "flat",
	        .title = "a flat image",
	        .seen_by = "anything else",
	        .goes_to = "0, or --load ADDR",
	        .starts_in = "real mode, or --mode prot, long",
	        .why = "it shows no sign of another format",
	        .takes_load = true,
	        .doubt = flat_doubt,
	        .plan = flat_plan },
};

const struct format *format_of(enum image_format format)
{
	return &formats[format];
}

/* --- for the command line and messages -------------------------------------------------------- */

bool image_format_word(const char *word, enum image_format *format)
{
	for (int i = IMAGE_AUTO; i < IMAGE_FORMATS; i++) {
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

void image_format_about(enum image_format format, char *to, size_t size)
{
	const struct format *f = &formats[format];

	snprintf(to, size, "Seen by: %s. Goes to: %s. Starts in: %s.", f->seen_by, f->goes_to,
	        f->starts_in);
}

/* --- for a plan ------------------------------------------------------------------------------- */

enum image_format format_guess(const struct plan *p)
{
	int i = IMAGE_AUTO + 1;

	while (i < IMAGE_FORMATS - 1 && formats[i].is_it && !formats[i].is_it(p))
		i++;
	return (enum image_format)i;
}

int format_choose(struct plan *p, struct error *e)
{
	p->format = p->options->format;
	p->why = "--format said so";
	if (p->format != IMAGE_AUTO)
		return 0;
	p->format = format_guess(p);
	const struct format *f = &formats[p->format];
	p->why = f->why;
	return f->doubt ? f->doubt(p, e) : 0;
}

int format_check_options(const struct format *f, const struct plan *p, struct error *e)
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
		        start_mode_name(o->mode), f->title, start_mode_title(f->mode),
		        elf_is_it(p) ? "elf" : "flat");
	if ((o->append || o->initrd_count) && !f->hands_over)
		return error_set(e, -EINVAL, "--%s: %s takes none; a %s image does",
		        o->append ? "append" : "initrd", f->title, IMAGE_KERNEL_WORDS);
	return 0;
}

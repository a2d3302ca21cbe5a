/* Which formats of images there are, which one a file is, and which options that one takes.
 *
 * A format is a file (boot/pvh.c), a row of the table in formats.c, and its constant and its word
 * in boot/image.h. The row is all that anybody else knows of it: guesses, messages, --help and the
 * manual page are made of the rows. */
#ifndef STEPVM_BOOT_FORMATS_H
#define STEPVM_BOOT_FORMATS_H

#include "boot/plan.h"

struct format {
	const char *name;  /* the word for --format */
	const char *title; /* in messages: "a boot sector" */
	/* For people, what the table in this folder's README says: what a file has that is taken
	 * for one, where it goes, what it starts in. */
	const char *seen_by, *goes_to, *starts_in;
	const char *why;        /* it was taken for one: "it has a PVH note" */
	enum start_mode mode;   /* the only one it starts in, or START_AUTO */
	enum image_board board; /* AUTO: a bare one, unless --board says otherwise */
	bool takes_load;        /* --load */
	bool hands_over;        /* --append and --initrd */
	size_t reads;           /* so many bytes of the file are enough; 0: all of it is read */
	/* Whether the bytes say that they are of this format, right or wrong in the rest. NULL: any
	 * bytes are, if they are of no format that stands before it. */
	bool (*is_it)(const struct plan *p);
	/* Looks at a file that was guessed to be of this format and may be no guest at all.
	 * -ENOEXEC: it is none; p->warning is set where it may be one. NULL: there is no doubt. */
	int (*doubt)(struct plan *p, struct error *e);
	/* Sets the layout, the mode, the entry and the registers. */
	int (*plan)(struct plan *p, struct error *e);
};

const struct format *format_of(enum image_format format);
/* The first format that the file shows signs of. */
enum image_format format_guess(const struct plan *p);
/* Sets p->format, as the options say it or as the file looks, and why. -ENOEXEC: a file that is
 * guessed to be of a format and is no guest. */
int format_choose(struct plan *p, struct error *e);
/* -EINVAL: the options say what this format has no use for. */
int format_check_options(const struct format *f, const struct plan *p, struct error *e);

/* --- of each format: boot/linux.c, flat.c, multiboot.c, multiboot2.c, pvh.c, elf_image.c --------------- */

bool linux_is_it(const struct plan *p);
bool boot_is_it(const struct plan *p);
bool multiboot_is_it(const struct plan *p);
bool multiboot2_is_it(const struct plan *p);
bool pvh_is_it(const struct plan *p);
bool elf_is_it(const struct plan *p);

int elf_doubt(struct plan *p, struct error *e);
int flat_doubt(struct plan *p, struct error *e);

int linux_plan(struct plan *p, struct error *e);
int boot_plan(struct plan *p, struct error *e);
int multiboot_plan(struct plan *p, struct error *e);
int multiboot2_plan(struct plan *p, struct error *e);
int pvh_plan(struct plan *p, struct error *e);
int elf_plan(struct plan *p, struct error *e);
int flat_plan(struct plan *p, struct error *e);

#endif

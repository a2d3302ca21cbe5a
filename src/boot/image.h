/* Images: a file -> guest RAM and the first CPU state.
 *
 * Formats: flat (any bytes, loaded and entered where the options say, 0 by default) and boot (the
 * first 512-byte sector of a disk image, signature 55 aa at 510, at 0000:7c00, DL = 0x80, as a PC's
 * BIOS leaves it). Everything in the file is outside input. */
#ifndef STEPVM_BOOT_IMAGE_H
#define STEPVM_BOOT_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/kvm.h>

#include "error.h"
#include "kvm/memory.h"

enum image_format { IMAGE_AUTO, IMAGE_FLAT, IMAGE_BOOT };

/* Where execution starts; boot/entry.h says how it becomes CS:IP. */
enum entry_kind {
	ENTRY_DEFAULT, /* the load address */
	ENTRY_LINEAR,  /* gva: a linear address, 0x10ffef at most */
	ENTRY_SEGOFF,  /* selector:offset */
	ENTRY_RESET,   /* the CPU's own reset state: f000:fff0 with base 0xffff0000 */
};

struct image_entry {
	enum entry_kind kind;
	uint64_t gva;
	uint16_t selector, offset;
};

struct image_options {
	const char *path;
	enum image_format format;
	bool has_load;
	uint64_t load_gpa;
	struct image_entry entry;
};

struct image_loaded {
	enum image_format format;
	uint64_t load_gpa, size; /* bytes that were copied */
};

/* Reads the file (a regular file, a pipe, a device; not a directory), copies it into RAM and sets
 * *regs and *sregs, which come in as KVM's reset state, to the entry state. Flat: all general
 * registers 0, rflags 2, every segment's selector and base 0 but CS', attributes as they were.
 * Boot: the same with sp = 0x7c00, dl = 0x80; only the first sector is read and copied.
 *
 * IMAGE_AUTO is boot when the size is a multiple of 512 with the signature at offset 510, and the
 * options name neither a load address nor an entry; else flat.
 *
 * No more is read than RAM could hold. Nothing is changed on an error: open's and read's own, or
 * -EFBIG (more than RAM at the load address), -ENOEXEC (empty, or no boot sector), -EFAULT (no RAM
 * at the load address or the entry), -EINVAL (options that don't fit together, or an entry out of
 * real mode's reach), -ENOMEM. Text names the file, the operation and what to do. */
int image_load(const struct image_options *o, struct memory *m, struct kvm_regs *regs,
        struct kvm_sregs *sregs, struct image_loaded *loaded, struct error *e);
/* "flat", "boot" -> *format; false for another word. */
bool image_format_word(const char *word, enum image_format *format);
const char *image_format_name(enum image_format format);

#endif

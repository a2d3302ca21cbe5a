/* Images: a file -> guest RAM and the first CPU state. Everything in a file is outside input.
 *
 * - flat: any bytes; goes to --load, 0 by default; real mode unless --mode says.
 * - boot: the first 512 bytes of a disk image, the signature 55 aa at 510; at 0000:7c00, DL = 0x80.
 * - elf: ELF32 for EM_386 or ELF64 for EM_X86_64; each PT_LOAD at its p_paddr; protected or long
 *   mode.
 * - multiboot: a Multiboot 1 header in the first 8 KiB; at its addresses or as elf; protected mode.
 * - multiboot2: a Multiboot 2 header in the first 32 KiB; the same.
 * - pvh: an ELF with the note XEN_ELFNOTE_PHYS32_ENTRY; as elf; protected mode.
 *
 * boot/start.h has the CPU's state in protected and long mode and the addresses of what is laid
 * down there for it. */
#ifndef STEPVM_BOOT_IMAGE_H
#define STEPVM_BOOT_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/kvm.h>

#include "boot/start.h"
#include "error.h"
#include "kvm/memory.h"

/* In the order in which AUTO tries those that a file can claim to be, but for the first three. */
enum image_format {
	IMAGE_AUTO,
	IMAGE_FLAT,
	IMAGE_BOOT,
	IMAGE_MULTIBOOT,
	IMAGE_MULTIBOOT2,
	IMAGE_PVH,
	IMAGE_ELF,
};

/* Where execution starts; boot/entry.h says how it becomes CS:IP. */
enum entry_kind {
	ENTRY_DEFAULT, /* the load address, or what the file says */
	ENTRY_LINEAR,  /* gva: a linear address, in real mode 0x10ffef at most */
	ENTRY_SEGOFF,  /* selector:offset, real mode only */
	ENTRY_RESET, /* the CPU's own reset state: f000:fff0 with base 0xffff0000; real mode only */
};

struct image_entry {
	enum entry_kind kind;
	uint64_t gva;
	uint16_t selector, offset;
};

#define IMAGE_MODULES_MAX 32

struct image_options {
	const char *path;
	enum image_format format;
	enum start_mode mode; /* flat and elf: what the CPU starts in; others: theirs, or AUTO */
	bool has_load;
	uint64_t load_gpa;
	struct image_entry entry;
	const char *append;                    /* a command line, or NULL */
	const char *initrd[IMAGE_MODULES_MAX]; /* each "FILE ARGS,FILE2 ARGS": boot/modules.h */
	unsigned initrd_count;
};

/* What the loader has written. */
struct image_piece {
	uint64_t gpa, size;
	char name[24];
};
#define IMAGE_PIECES_MAX 128

struct image_loaded {
	enum image_format format;
	bool is_elf; /* it may have symbols */
	unsigned piece_count;
	struct image_piece pieces[IMAGE_PIECES_MAX];
};

/* Reads the file (a regular file, a pipe, a device; not a directory) and its modules, copies them
 * into RAM and sets *regs and *sregs, which come in as KVM's reset state, to the entry state.
 * Real mode: all general registers 0, rflags 2, every segment's selector and base 0 but CS',
 * attributes as they were; boot: the same with sp = 0x7c00, dl = 0x80. Protected and long mode: as
 * boot/start.h says, rsp = START_STACK_GPA.
 *
 * IMAGE_AUTO: an ELF file is what it says of itself, Multiboot before Multiboot 2, PVH and plain
 * ELF. Any other is flat when the options name a load address or an entry; else boot when its size
 * is a multiple of 512 with the signature at offset 510; else Multiboot when it has such a header;
 * else flat.
 *
 * No more is read than all RAM could hold, and 1 MiB for headers. Nothing is changed on an error:
 * open's and read's own, or -EFBIG (more than RAM where it goes), -ENOEXEC (empty, or not of its
 * format), -EFAULT (no RAM where it goes, or at the entry), -EINVAL (options that don't fit
 * together, or an entry out of reach), -ENOSPC, -ENOMEM. Text names the file, the operation and
 * what to do. */
int image_load(const struct image_options *o, struct memory *m, struct kvm_regs *regs,
        struct kvm_sregs *sregs, struct image_loaded *loaded, struct error *e);
/* "auto", "flat", "boot", "elf", "multiboot", ... -> *format; false for another word. */
bool image_format_word(const char *word, enum image_format *format);
const char *image_format_name(enum image_format format);

#endif

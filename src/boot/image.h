/* Images: a file -> guest RAM and the first CPU state. Everything in a file is outside input.
 *
 * README.md has the formats: what each is seen by, where it goes, what it starts in. boot/start.h has
 * the CPU's state in protected and long mode and the addresses of what is laid down there for it. */
#ifndef STEPVM_BOOT_IMAGE_H
#define STEPVM_BOOT_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/kvm.h>

#include "base/error.h"
#include "boot/start.h"
#include "kvm/memory.h"

/* In the order in which AUTO tries them. boot/formats.c has what they are. */
enum image_format {
	IMAGE_AUTO,
	IMAGE_LINUX,
	IMAGE_BOOT,
	IMAGE_MULTIBOOT,
	IMAGE_MULTIBOOT2,
	IMAGE_PVH,
	IMAGE_ELF,
	IMAGE_FLAT, /* anything */
	IMAGE_FORMATS,
};

/* Their words, for messages and help; a unit test compares them with the table. */
#define IMAGE_FORMAT_WORDS "auto, linux, boot, multiboot, multiboot2, pvh, elf or flat"
#define IMAGE_KERNEL_WORDS "linux, multiboot, multiboot2 or pvh" /* take --append and --initrd */

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

/* The board that the guest runs on. */
enum image_board {
	IMAGE_BOARD_AUTO, /* as the format says (boot/formats.c), where the image leaves room for it */
	IMAGE_BOARD_BARE, /* no firmware, and the few devices that a bare-metal test needs */
	IMAGE_BOARD_PC,   /* a PC with its BIOS */
};

#define IMAGE_MODULES_MAX 32

struct image_options {
	const char *path;
	enum image_format format;
	enum start_mode mode; /* flat and elf: what the CPU starts in; others: theirs, or AUTO */
	bool has_load;
	uint64_t load_gpa;
	struct image_entry entry;
	enum image_board board;
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
	enum start_mode mode;   /* what it starts in */
	const char *why;        /* that format: "an ELF file", "--format said so"; static */
	enum image_board board; /* what it runs on; never AUTO */
	char name[128];         /* the file's, for messages */
	uint64_t size;          /* of the file; 0: a pipe that was not read to its end */
	char warning[400];      /* a line for the user that begins with the name, or empty */
	bool is_elf;            /* it may have symbols */
	/* A boot sector's image that can't be read again, whose other sectors the guest is to find on its
	 * disk: the bytes are the caller's to free. NULL where they are more than RAM could hold. */
	bool is_stream;
	uint8_t *stream;
	uint64_t stream_size;
	unsigned piece_count;
	struct image_piece pieces[IMAGE_PIECES_MAX];
};

/* Reads the file (a regular file, a pipe, a device; not a directory) and its modules, copies them
 * into RAM and sets *regs and *sregs, which come in as KVM's reset state, to the entry state.
 * Real mode: all general registers 0, rflags 2, every segment's selector and base 0 but CS',
 * attributes as they were; boot: the same with sp = 0x7c00, dl = 0x80, for
 * which a PC has the number of the disk that the image is. Protected and long mode: as
 * boot/start.h says, rsp = START_STACK_GPA.
 *
 * IMAGE_BOARD_AUTO: a PC for a format that is started by a PC's firmware or boot loader, unless the
 * image covers what a PC keeps there, or the RAM has no first MiB; IMAGE_BOARD_PC is refused then
 * (-EINVAL). On a PC a boot sector starts with interrupts enabled, as a BIOS starts it.
 *
 * IMAGE_AUTO: the first format that the file shows signs of; where the options name a load address
 * or an entry, one that is no ELF file is flat. A file that is guessed so and is no guest is
 * refused by name: a program for an operating system, text, an archive, a disk of another kind
 * (boot/foreign.h, boot/elf_hosted.h). One that may be no guest gets a warning: a boot
 * sector that nobody signed, an ELF file whose relocations nobody applies. With another format than
 * AUTO there is no doubt.
 *
 * No more is read than all RAM could hold, and 1 MiB for headers. Nothing is changed on an error:
 * open's and read's own, or -EFBIG (more than RAM where it goes), -ENOEXEC (empty, or not of its
 * format), -EFAULT (no RAM where it goes, or at the entry), -EINVAL (options that don't fit
 * together, or an entry out of reach), -ENOSPC, -ENOMEM. Text names the file, the operation and
 * what to do. */
int image_load(const struct image_options *o, struct memory *m, struct kvm_regs *regs,
        struct kvm_sregs *sregs, struct image_loaded *loaded, struct error *e);
/* What was loaded and why it was taken for that, in a line: "boot.bin: 512 bytes, taken as boot at
 * 0x7c00, real mode (55 aa at the end of its first sector)". */
void image_describe(const struct image_loaded *loaded, char *to, size_t size);
/* "auto", "flat", "boot", "elf", "multiboot", ... -> *format; false for another word. */
bool image_format_word(const char *word, enum image_format *format);
const char *image_format_name(enum image_format format);
/* What a file of a format (not AUTO) looks like, where it goes and how it starts: three sentences.
 */
void image_format_about(enum image_format format, char *to, size_t size);
/* "auto", "bare" or "pc" -> *board; false for another word. */
bool image_board_word(const char *word, enum image_board *board);

#endif

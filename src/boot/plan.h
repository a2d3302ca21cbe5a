/* From an image's bytes to what is to be done to the guest. Pure but for plan_carry_out: the file,
 * the modules and the shape of RAM come in, and either an error or a whole plan comes out.
 *
 * A format (boot/formats.h) fills a plan; what several of them use is here, too. */
#ifndef STEPVM_BOOT_PLAN_H
#define STEPVM_BOOT_PLAN_H

#include "boot/elf.h"
#include "boot/entry.h"
#include "boot/handover.h"
#include "boot/image.h"
#include "boot/layout.h"
#include "boot/start.h"
#include "host/file.h"

#define PLAN_SECTOR     512u    /* of a disk */
#define PLAN_SETUP_MAX  0x8000u /* Linux's boot.rst, "The Real-Mode Kernel Header": 32 KiB */
#define RFLAGS_RESERVED 2       /* bit 1 is always 1 (SDM vol 1, "EFLAGS Register") */

struct plan_module {
	const char *text; /* as the user wrote it: the file, and what follows it */
	const uint8_t *bytes;
	uint64_t size;
	uint64_t gpa; /* set by plan_add_modules */
};

struct plan {
	/* What comes in; all of it borrowed. */
	const struct image_options *options;
	const struct memory *memory;
	const struct file *file;
	const char *name; /* of the file, for messages */
	struct plan_module modules[IMAGE_MODULES_MAX];
	unsigned module_count;

	/* What comes out. */
	enum image_format format;
	enum image_board board; /* set last, when the layout is whole: boot/board.h */
	const char *why;        /* the format was chosen: the end of a sentence, static */
	struct error warning;   /* no text: there is nothing to warn of */
	enum start_mode mode;
	struct layout layout;   /* borrows the bytes above and below */
	uint64_t entry_gpa;     /* unless the options say otherwise */
	struct kvm_regs regs;   /* rip is set last */
	struct kvm_segment cs;  /* START_REAL: its selector, base and limit */
	uint16_t data_selector; /* START_REAL: of DS, ES, FS, GS and SS */
	struct image_entry
	        entry; /* where it starts, when entry_gpa does not say it; DEFAULT: it does */
	bool needs_pc; /* it can't do without a BIOS */
	struct start_gdt gdt; /* not START_REAL */
	struct handover handover;
	uint8_t setup[PLAN_SETUP_MAX]; /* Linux's 16-bit code, with what a loader writes into it */
	struct start_tables tables;
};

/* Fills *p, in which what comes in is set and all else 0. The errors are image_load's. */
int plan_make(struct plan *p, struct error *e);
/* Writes the guest's RAM and the entry state. */
void plan_carry_out(const struct plan *p, struct memory *m, struct kvm_regs *regs,
        struct kvm_sregs *sregs, struct image_loaded *loaded);

/* --- for the formats -------------------------------------------------------------------------- */

/* Whether the options say where the image goes or starts: it is then no disk and no header's. */
bool plan_has_place(const struct plan *p);
/* Opens the file as an ELF and adds what its program headers say is loaded. */
int plan_add_elf(struct plan *p, struct elf *elf, struct error *e);
/* entry_gpa, from its header. -ENOEXEC: in no segment, and the options name no other. */
int plan_elf_entry(struct plan *p, const struct elf *elf, struct error *e);
/* A kernel that its header's addresses place (Multiboot's "address fields"): the file's bytes from
 * load_addr on, where the header stands at header_addr, to load_end_addr (0: to the file's end),
 * and zeros to bss_end_addr (0: none). */
struct plan_addresses {
	const char *header; /* in messages: "Multiboot header" */
	size_t at;          /* the header's offset in the file */
	uint32_t header_addr, load_addr, load_end_addr, bss_end_addr;
};
int plan_add_addresses(struct plan *p, const struct plan_addresses *a, struct error *e);
/* len bytes, zeros after them, as size bytes of RAM at gpa. */
int plan_add(struct plan *p, const char *piece, uint64_t gpa, uint64_t size, const uint8_t *bytes,
        size_t len, struct error *e);
/* The modules, one after the other, each at a page, above 1 MiB and all that is loaded, below
 * 4 GiB. Sets their gpa. */
int plan_add_modules(struct plan *p, struct error *e);
/* What was put into p->handover. -EFBIG when it did not fit. */
int plan_add_handover(struct plan *p, struct error *e);

#endif

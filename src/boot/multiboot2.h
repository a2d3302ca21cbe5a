/* What the two files of Multiboot 2 share: multiboot2.c reads a kernel's header, multiboot2_info.c
 * makes the boot information. Both are lists of tags (Multiboot2 Specification version 2.0, 3.1.3
 * and 3.6). */
#ifndef STEPVM_BOOT_MULTIBOOT2_H
#define STEPVM_BOOT_MULTIBOOT2_H

#include "boot/plan.h"

#define MULTIBOOT2_TAG_SIZE  8u /* type, flags, size */
#define MULTIBOOT2_TAG_ALIGN 8u

/* Tags of the boot information, 3.6. */
enum multiboot2_info {
	MULTIBOOT2_END = 0,
	MULTIBOOT2_CMDLINE = 1,
	MULTIBOOT2_LOADER_NAME = 2,
	MULTIBOOT2_MODULE = 3,
	MULTIBOOT2_MEMORY = 4,
	MULTIBOOT2_MAP = 6,
	MULTIBOOT2_ELF_SECTIONS = 9,
	MULTIBOOT2_LOAD_BASE = 21, /* the last there is */
};

/* Puts the boot information into the plan, and sets the registers that hand it over.
 * is_relocatable: the kernel says that it could be moved, and is told where it is. -EFBIG: it does
 * not fit. */
int multiboot2_hand_over(struct plan *p, bool is_relocatable, struct error *e);

#endif

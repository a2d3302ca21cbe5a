/* What the files of format linux share: linux.c puts a kernel and its initrd into RAM, linux_header.c
 * reads the header of its file, linux_params.c makes what it is handed.
 *
 * Source: Linux's Documentation/arch/x86/boot.rst ("the boot protocol") and zero-page.rst. */
#ifndef STEPVM_BOOT_LINUX_H
#define STEPVM_BOOT_LINUX_H

#include "boot/plan.h"

/* "The Real-Mode Kernel Header": offsets in the file and in struct boot_params alike. */
#define LINUX_HEADER        0x1f1 /* where the header begins */
#define LINUX_SETUP_SECTS   0x1f1
#define LINUX_SYSSIZE       0x1f4
#define LINUX_VID_MODE      0x1fa
#define LINUX_BOOT_FLAG     0x1fe
#define LINUX_JUMP          0x200
#define LINUX_MAGIC         0x202
#define LINUX_VERSION       0x206
#define LINUX_LOADER        0x210
#define LINUX_LOADFLAGS     0x211
#define LINUX_CODE32        0x214
#define LINUX_RAMDISK       0x218
#define LINUX_RAMDISK_SIZE  0x21c
#define LINUX_HEAP_END      0x224
#define LINUX_LOADER_EXT    0x226 /* version and type, of two bytes */
#define LINUX_CMDLINE       0x228
#define LINUX_INITRD_MAX    0x22c
#define LINUX_ALIGNMENT     0x230
#define LINUX_RELOCATABLE   0x234
#define LINUX_MIN_ALIGNMENT 0x235
#define LINUX_XLOADFLAGS    0x236
#define LINUX_CMDLINE_SIZE  0x238
#define LINUX_SETUP_DATA    0x250
#define LINUX_PREF_ADDRESS  0x258
#define LINUX_INIT_SIZE     0x260

/* What the header says, checked. */
struct linux_header {
	const uint8_t *bytes; /* the file's */
	uint16_t version;     /* of the protocol: 0x020f is 2.15 */
	size_t end;           /* the header's, an offset in the file; 0x281 at most */
	size_t setup_size;    /* bytes of the boot sector and the 16-bit setup code */
	size_t code_size;     /* bytes of the file after those: the 32- and 64-bit code */
	bool is_relocatable, has_64_bit_entry;
	uint32_t alignment, least_alignment; /* powers of 2, for one that is relocatable */
	uint64_t pref_gpa;                   /* where it is best loaded, at 1 MiB or above */
	uint64_t size;        /* of the RAM that it needs there; code_size at least */
	uint32_t initrd_last; /* the highest address that an initrd's byte may be at */
	uint32_t cmdline_max; /* characters without the 0 */
};

/* Whether the file is of this format, right or wrong in the rest. */
bool linux_has_magic(const struct file *f);
/* -ENOEXEC, with a text that names the field and its value; -EFBIG: more of the file than RAM could
 * hold. */
int linux_read_header(const struct plan *p, struct linux_header *h, struct error *e);

/* Where linux.c has put what is handed over. */
struct linux_placed {
	uint64_t kernel_gpa;
	uint32_t alignment;               /* of the kernel, where it is relocatable */
	uint32_t initrd_gpa, initrd_size; /* 0: there is none */
};

/* Puts struct boot_params ("the zero page") and the command line into the plan, and its address into
 * RSI; or, for START_REAL, the setup code, which makes that struct, and the command line. -EINVAL: the
 * kernel does not take so long a command line. */
int linux_hand_over(struct plan *p, const struct linux_header *h, const struct linux_placed *at,
        struct error *e);

#endif

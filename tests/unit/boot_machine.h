/* A machine without KVM for the tests of loaders: RAM, an image made in memory, a plan of it. */
#ifndef STEPVM_TESTS_BOOT_MACHINE_H
#define STEPVM_TESTS_BOOT_MACHINE_H

#include <stdlib.h>

#include "base/bytes.h"
#include "boot/plan.h"
#include "check.h"

#define IMAGE_BYTES_MAX 65536
#define RAM_SIZE        0x200000u
#define FILL            0xcc /* what RAM holds before */

struct boot_machine {
	struct memory memory;
	uint8_t *ram; /* RAM_SIZE bytes at 0: two adjoining slots */
	uint8_t image[IMAGE_BYTES_MAX];
	size_t image_len;
	struct image_options options;
	struct plan_module modules[IMAGE_MODULES_MAX];
	unsigned module_count;
	bool keeps_ram; /* RAM is not made FILL before: faster */
	/* After boot_load: */
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	struct image_loaded loaded;
	struct error error;
};

static inline void boot_open(struct boot_machine *b)
{
	memset(b, 0, sizeof *b);
	b->ram = malloc(RAM_SIZE);
	b->memory = (struct memory) { .vm_fd = -1, .count = 2 };
	b->memory.slots[0] =
	        (struct memory_slot) { 0x180000, RAM_SIZE - 0x180000, b->ram + 0x180000 };
	b->memory.slots[1] = (struct memory_slot) { 0, 0x180000, b->ram };
}

static inline void boot_close(struct boot_machine *b)
{
	free(b->ram);
}

/* Puts the image, or its first len bytes, into RAM. The bytes are in a buffer of exactly that size,
 * so that a sanitizer sees a read past it. On an error nothing may have changed. */
static inline int boot_load_part(struct boot_machine *b, size_t len)
{
	struct plan *p = calloc(1, sizeof *p);
	uint8_t *exact = malloc(len ? len : 1);
	memcpy(exact, b->image, len);
	const struct file file = { .bytes = exact, .len = len, .is_whole = true, .size = len };
	p->options = &b->options;
	p->memory = &b->memory;
	p->file = &file;
	p->name = "image";
	p->module_count = b->module_count;
	memcpy(p->modules, b->modules, sizeof p->modules);
	memset(&b->error, 0, sizeof b->error);
	int err = plan_make(p, &b->error);
	CHECK_EQ(err != 0, b->error.text[0] != 0);
	CHECK(!strchr(b->error.text, '\n'));
	if (!err) {
		if (!b->keeps_ram)
			memset(b->ram, FILL, RAM_SIZE);
		memset(&b->sregs, 0, sizeof b->sregs);
		plan_carry_out(p, &b->memory, &b->regs, &b->sregs, &b->loaded);
		memcpy(b->modules, p->modules, sizeof p->modules);
	}
	free(exact);
	free(p);
	return err;
}

static inline int boot_load(struct boot_machine *b)
{
	return boot_load_part(b, b->image_len);
}

/* It is refused with this text. */
static inline void boot_refused(struct boot_machine *b, int wanted, const char *text)
{
	CHECK_EQ(-boot_load(b), wanted);
	CHECK_STR(b->error.text, text);
}

static inline uint32_t ram32(const struct boot_machine *b, uint64_t gpa)
{
	return get32(b->ram + gpa);
}

static inline uint64_t ram64(const struct boot_machine *b, uint64_t gpa)
{
	return get64(b->ram + gpa);
}

static inline const char *ram_text(const struct boot_machine *b, uint64_t gpa)
{
	return (const char *)b->ram + gpa;
}

/* --- images ----------------------------------------------------------------------------------- */

struct elf_part {
	uint32_t type;
	uint64_t vaddr, paddr, memsz;
	const void *bytes;
	size_t filesz;
};

/* Offsets of fields of both classes. */
#define E_TYPE    16
#define E_MACHINE 18
#define E_ENTRY   24

/* An executable with these program headers; the bytes of part i are at 0x200 + 0x100 * i. */
static inline void make_elf(struct boot_machine *b, bool is_64, uint64_t entry,
        const struct elf_part *parts, unsigned count)
{
	uint8_t *h = b->image;
	uint32_t size = is_64 ? 56 : 32, phoff = is_64 ? 64 : 52;
	memset(h, 0, sizeof b->image);
	memcpy(h, "\177ELF\1\1\1", 7);
	h[4] = is_64 ? 2 : 1;
	put16(h + E_TYPE, 2);
	put16(h + E_MACHINE, is_64 ? 62 : 3);
	put32(h + 20, 1);
	if (is_64) {
		put64(h + E_ENTRY, entry);
		put64(h + 32, phoff);
	} else {
		put32(h + E_ENTRY, (uint32_t)entry);
		put32(h + 28, phoff);
	}
	put16(h + (is_64 ? 54 : 42), (uint16_t)size);
	put16(h + (is_64 ? 56 : 44), (uint16_t)count);
	for (unsigned i = 0; i < count; i++) {
		const struct elf_part *p = &parts[i];
		uint8_t *ph = h + phoff + i * size;
		uint32_t offset = 0x200 + 0x100 * i;
		put32(ph, p->type);
		if (is_64) {
			put64(ph + 8, offset);
			put64(ph + 16, p->vaddr);
			put64(ph + 24, p->paddr);
			put64(ph + 32, p->filesz);
			put64(ph + 40, p->memsz);
			put64(ph + 48, 4);
		} else {
			put32(ph + 4, offset);
			put32(ph + 8, (uint32_t)p->vaddr);
			put32(ph + 12, (uint32_t)p->paddr);
			put32(ph + 16, (uint32_t)p->filesz);
			put32(ph + 20, (uint32_t)p->memsz);
			put32(ph + 28, 4);
		}
		memcpy(h + offset, p->bytes, p->filesz);
		b->image_len = offset + p->filesz;
	}
}

#define PT_LOAD_TYPE 1
#define PT_NOTE_TYPE 4

/* Code of 16 bytes and as many zeros behind it, at 1 MiB, entered at its start. */
static inline void make_small_elf(struct boot_machine *b, bool is_64)
{
	const struct elf_part part = { PT_LOAD_TYPE, 0x100000, 0x100000, 32, "0123456789abcdef",
		16 };
	make_elf(b, is_64, 0x100000, &part, 1);
}

/* A Multiboot header at offset at of what is there already; its checksum made right. */
static inline void put_multiboot(struct boot_machine *b, size_t at, uint32_t flags)
{
	put32(b->image + at, 0x1badb002);
	put32(b->image + at + 4, flags);
	put32(b->image + at + 8, -(0x1badb002 + flags));
	if (b->image_len < at + 12)
		b->image_len = at + 12;
}

/* A flat Multiboot kernel of 256 bytes for 0x100000, its header with addresses at 64. */
static inline void make_multiboot(struct boot_machine *b)
{
	memset(b->image, 0, sizeof b->image);
	b->image_len = 256;
	for (size_t i = 0; i < 256; i++)
		b->image[i] = (uint8_t)i;
	put_multiboot(b, 64, 0x10003);
	put32(b->image + 76, 0x100040); /* header_addr */
	put32(b->image + 80, 0x100000); /* load_addr */
	put32(b->image + 84, 0);        /* load_end_addr: all of the file */
	put32(b->image + 88, 0x100180); /* bss_end_addr */
	put32(b->image + 92, 0x100010); /* entry_addr */
}

/* A Multiboot 2 header at offset at: these tags (with their padding) and the end tag. */
static inline void put_multiboot2(struct boot_machine *b, size_t at, const void *tags, uint32_t len)
{
	uint8_t *h = b->image + at;
	uint32_t size = 16 + len + 8;
	put32(h, 0xe85250d6);
	put32(h + 4, 0);
	put32(h + 8, size);
	put32(h + 12, -(0xe85250d6 + size));
	memcpy(h + 16, tags, len);
	put32(h + 16 + len, 0);
	put32(h + 16 + len + 4, 8);
	if (b->image_len < at + size)
		b->image_len = at + size;
}

#define TAG16(type, flags) ((uint32_t)(type) | (uint32_t)(flags) << 16)

/* A flat Multiboot 2 kernel of 512 bytes for 0x100000, entered at 0x100100. */
static inline void make_multiboot2(struct boot_machine *b)
{
	static const uint32_t tags[] = {
		TAG16(1, 0), 8 + 4 * 4, 1, 3, 4, 6,               /* information */
		TAG16(2, 0), 24, 0x100040, 0x100000, 0, 0x100300, /* addresses */
		TAG16(3, 0), 12, 0x100100, 0,                     /* entry, padding */
		TAG16(6, 0), 8,                                   /* modules at pages */
		TAG16(10, 0), 24, 0x100000, 0x1fffff, 4096, 0,    /* relocatable */
		TAG16(9, 0), 12, 0x100100, 0,                     /* EFI entry, padding */
	};
	memset(b->image, 0x5a, 512);
	b->image_len = 512;
	put_multiboot2(b, 64, tags, sizeof tags);
}

/* A bzImage of protocol 2.15 with one sector of setup code and 64 bytes of other code, for 0x100000 or
 * any other multiple of 4 KiB, where it needs 8 KiB; it has a 64-bit entry. */
#define LINUX_CODE_AT 1024u
#define LINUX_CODE    64u
static inline void make_linux(struct boot_machine *b)
{
	uint8_t *h = b->image;
	memset(h, 0x90, sizeof b->image);
	memset(h + 0x1f1, 0, 0x26c - 0x1f1);
	h[0x1f1] = 1;                      /* setup_sects */
	put32(h + 0x1f4, LINUX_CODE / 16); /* syssize */
	put16(h + 0x1fe, 0xaa55);          /* boot_flag */
	put16(h + 0x200, 0x6aeb);          /* jump: the header ends at 0x26c */
	memcpy(h + 0x202, "HdrS", 4);
	put16(h + 0x206, 0x020f);     /* version */
	h[0x211] = 1;                 /* loadflags: a bzImage */
	put32(h + 0x214, 0x100000);   /* code32_start */
	put32(h + 0x22c, 0x7fffffff); /* initrd_addr_max */
	put32(h + 0x230, 0x2000);     /* kernel_alignment */
	h[0x234] = 1;                 /* relocatable_kernel */
	h[0x235] = 12;                /* min_alignment */
	put16(h + 0x236, 1);          /* xloadflags: a 64-bit entry */
	put32(h + 0x238, 2047);       /* cmdline_size */
	put64(h + 0x258, 0x100000);   /* pref_address */
	put32(h + 0x260, 0x2000);     /* init_size */
	for (unsigned i = 0; i < LINUX_CODE; i++)
		h[LINUX_CODE_AT + i] = (uint8_t)(0x80 + i);
	b->image_len = LINUX_CODE_AT + LINUX_CODE;
}

/* An ELF32 PVH kernel at 1 MiB with two notes; the entry is 0x100008. */
static inline void make_pvh(struct boot_machine *b)
{
	uint8_t notes[48] = { 0 };
	put32(notes, 4); /* a note of another kind first: name, 3 bytes and padding */
	put32(notes + 4, 3);
	put32(notes + 8, 18);
	memcpy(notes + 12, "GNU", 4);
	put32(notes + 20, 4);
	put32(notes + 24, 4);
	put32(notes + 28, 18);
	memcpy(notes + 32, "Xen", 4);
	put32(notes + 36, 0x100008);
	const struct elf_part parts[] = {
		{ PT_LOAD_TYPE, 0x100000, 0x100000, 16, "0123456789abcdef", 16 },
		{ PT_NOTE_TYPE, 0, 0, 40, notes, 40 },
	};
	make_elf(b, false, 0x100000, parts, 2);
}

#endif

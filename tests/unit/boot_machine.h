/* A machine without KVM for the tests of loaders: RAM, an image made in memory, a plan of it. */
#ifndef STEPVM_TESTS_BOOT_MACHINE_H
#define STEPVM_TESTS_BOOT_MACHINE_H

#include <stdlib.h>

#include "boot/bytes.h"
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
	memset(&b->error, 0, sizeof b->error);
	int err = plan_make(p, &b->error);
	CHECK_EQ(err != 0, b->error.text[0] != 0);
	CHECK(!strchr(b->error.text, '\n'));
	if (!err) {
		if (!b->keeps_ram)
			memset(b->ram, FILL, RAM_SIZE);
		memset(&b->sregs, 0, sizeof b->sregs);
		plan_carry_out(p, &b->memory, &b->regs, &b->sregs, &b->loaded);
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

#endif

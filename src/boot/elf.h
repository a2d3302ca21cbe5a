/* ELF executables for x86: what is to be loaded where, and the notes that a boot protocol looks
 * for. Pure: bytes in, numbers out. ELF32 for EM_386 and ELF64 for EM_X86_64, ET_EXEC, and ET_DYN
 * at the address where it is linked (no relocation is applied). Sections and symbols are gdb's.
 * Source: System V ABI, "Object Files" and "Program Loading"; elf(5). */
#ifndef STEPVM_BOOT_ELF_H
#define STEPVM_BOOT_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct elf {
	const uint8_t *bytes; /* borrowed */
	size_t len;
	bool is_64;
	bool is_dyn;    /* position-independent (ET_DYN) */
	uint64_t entry; /* e_entry */
	uint64_t phoff; /* the table of program headers lies within bytes */
	unsigned phnum;
};

/* A program header, its fields as they stand in the file. */
struct elf_segment {
	uint32_t type;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

/* Whether bytes begin as every ELF file does. */
bool elf_is_magic(const uint8_t *bytes, size_t len);
/* Checks the ELF header, and that each PT_LOAD segment lies within the file and has no more bytes
 * there than in memory. len bytes of the file are there; is_whole: they are all. -ENOEXEC with a
 * text that names the file, the field and its value. */
int elf_open(struct elf *elf, const uint8_t *bytes, size_t len, bool is_whole, const char *file,
        struct error *e);
/* Number i, of phnum. */
struct elf_segment elf_segment(const struct elf *elf, unsigned i);
/* Whether a segment takes memory. */
bool elf_is_loaded(const struct elf_segment *s);
/* The physical address of the entry: e_entry is virtual, and becomes p_paddr + its offset in the
 * segment whose virtual addresses it is in; where it is in none but in a segment's physical
 * addresses, it is taken to be physical. False: it is in no segment. */
bool elf_entry_gpa(const struct elf *elf, uint64_t *gpa);
/* The descriptor of the first note of this name and type in a PT_NOTE segment: *desc points into
 * the file, *len bytes of it; NULL when there is none. -ENOEXEC when a segment of notes is not
 * within the file, or a note not within its segment. */
int elf_find_note(const struct elf *elf, const char *name, uint32_t type, const char *file,
        const uint8_t **desc, size_t *len, struct error *e);

#endif

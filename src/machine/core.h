/* The guest as it is now as an ELF core file, which gdb, objdump and readelf open without a machine: registers,
 * and RAM by linear address as it is mapped.
 *
 *	| ELF header, notes, program headers | a stretch of zeros | the pages of RAM that are not zeros |
 *
 * It is made as it is read: what is kept is where each piece comes from. A page that is mapped several times is there
 * once, and so are all zeros: program headers may lead to the same bytes. So its size goes with what the guest
 * uses. Source: System V ABI, "Object Files", "Program Header"; what gdb reads of the notes: Linux's
 * struct elf_prstatus (include/uapi/linux/elfcore.h, arch/x86/include/asm/user_32.h, user_64.h). */
#ifndef STEPVM_MACHINE_CORE_H
#define STEPVM_MACHINE_CORE_H

#include "machine/machine.h"

struct core;

/* Ranges of linear addresses in one file; e_phnum counts them and the notes, and 0xffff in it says something else. */
#define CORE_PARTS_MAX 0xfff0u

/* Between two runs. 64-bit code makes an ELF64, other code an ELF32, whose eip is linear, as in a debugger's session.
 * -EFBIG: more is mapped than CORE_PARTS_MAX ranges, or an ELF32 of more than 4 GiB; -ENOMEM. Each with a text. */
int core_make(struct machine *m, struct core **to, struct error *e);
void core_free(struct core *c);
uint64_t core_size(const struct core *c);
/* Up to len bytes at off, of the RAM as it is by now; fewer at the end alone. */
size_t core_read(
        const struct core *c, const struct machine *m, uint64_t off, uint8_t *to, size_t len);

#endif

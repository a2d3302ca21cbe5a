/* ELF files that are programs for an operating system: they have system calls where a bare-metal
 * image has devices, and most want a loader that puts their libraries beside them. Pure; what is
 * wrong with such parts of a file is not judged here.
 * Source: System V ABI, "Program Header" and "Dynamic Section"; Linux Standard Base Core,
 * "ABI note tag". */
#ifndef STEPVM_BOOT_ELF_HOSTED_H
#define STEPVM_BOOT_ELF_HOSTED_H

#include <elf.h>

#include "boot/elf.h"

#ifndef DT_RELRSZ /* the gABI's since 2022; musl's elf.h is older */
#define DT_RELRSZ 35
#endif

/* Whether the file says that it is one: *why, of size bytes, then gets the end of the sentence "It
 * is a program for an operating system: ". */
bool elf_is_hosted(const struct elf *elf, char *why, size_t size);
/* Whether it has a PT_INTERP segment, and the path in it, cut to what can be printed. That alone
 * makes no program: gcc has ld add one to a kernel, too, unless it is linked with -static. */
bool elf_has_interpreter(const struct elf *elf, char *to, size_t size);
/* Whether it has relocations, which only a loader that moves programs applies. */
bool elf_has_relocations(const struct elf *elf);

#endif

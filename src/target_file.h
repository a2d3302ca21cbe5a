/* The ELF file that belongs to the guest, as gdb is to see it. */
#ifndef STEPVM_TARGET_FILE_H
#define STEPVM_TARGET_FILE_H

#include "gdbstub/target.h"
#include "serve.h"

/* Before the sandbox, in which realpath(3) can't look around: finds what target_file_path tells. */
void target_file_find(struct serve *s);

/* The functions of struct target_file. The file is what --symbols names, else the image itself when
 * it was loaded by its own headers. One with 32-bit code is not told of while the CPU runs 16-bit
 * code: gdb would decode that by the file's architecture. */
const char *target_file_path(struct serve *s, enum target_layout layout);
int target_file_status(struct serve *s, struct target_file_status *to);
int target_file_read(struct serve *s, uint64_t off, uint8_t *to, size_t len, size_t *done);

#endif

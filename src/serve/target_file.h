/* The files that gdb sees: the ELF file that belongs to the guest, a picture of its screen, a core, and its recording. */
#ifndef STEPVM_SERVE_TARGET_FILE_H
#define STEPVM_SERVE_TARGET_FILE_H

#include "gdbstub/target.h"
#include "serve/serve.h"

/* At the start: 0 where the file that --symbols names can be read, or symbols is NULL. Else -errno with a text, for gdb
 * would be offered a file that it can't get. */
int target_file_check(const char *symbols, struct error *e);
/* Before the sandbox, in which realpath(3) can't look around: finds what target_file_path tells. */
void target_file_find(struct serve *s);

/* The functions of struct target_file. The file is what --symbols names, else the image itself when
 * it was loaded by its own headers. One with 32-bit code is kept from gdb while the CPU runs
 * 16-bit code, which gdb would decode by the file's architecture. */
const char *target_file_path(struct serve *s, enum target_layout layout);
int target_file_status(struct serve *s, struct target_file_status *to);
int target_file_read(struct serve *s, uint64_t off, uint8_t *to, size_t len, size_t *done);
/* Those of struct target_made. The picture of the guest's screen, and the guest as a core file: each as it was
 * when it was opened, but that the core's RAM is read as it is now. They are kept in s until the next one. */
int target_file_open_screen(struct serve *s, uint64_t *size);
size_t target_file_read_screen(const struct serve *s, uint64_t off, uint8_t *to, size_t len);
int target_file_open_core(struct serve *s, uint64_t *size);
size_t target_file_read_core(const struct serve *s, uint64_t off, uint8_t *to, size_t len);
/* The guest's recording, as history_save gives it. */
int target_file_open_recording(struct serve *s, uint64_t *size);
size_t target_file_read_recording(const struct serve *s, uint64_t off, uint8_t *to, size_t len);

#endif

/* m, M and X. */
#ifndef STEPVM_GDBSTUB_MEMORY_PACKETS_H
#define STEPVM_GDBSTUB_MEMORY_PACKETS_H

#include "gdbstub/state.h"

enum verdict memory_packets_read(struct session *s, struct text_in in);
enum verdict memory_packets_write_hex(struct session *s, struct text_in in);
enum verdict memory_packets_write(struct session *s, struct text_in in);
/* Memory by linear or, in QEMU's PhyMemMode, physical address, or the trace frame's: the bytes that
 * could be had. */
size_t memory_packets_get(struct session *s, uint64_t at, uint8_t *to, size_t len);

#endif

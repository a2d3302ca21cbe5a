/* Sums over the machine's memory map, for the calls that give it in parts, and for CMOS RAM. */
#ifndef STEPVM_BIOS_MEMORY_MAP_H
#define STEPVM_BIOS_MEMORY_MAP_H

#include <stdint.h>

#include "bios/bios.h"

#define MEMORY_KIB UINT64_C(0x400)
#define MEMORY_MIB UINT64_C(0x100000)
#define MEMORY_4G  UINT64_C(0x100000000)

/* Bytes of RAM from 1 MiB up to the first hole, at most to 4 GiB. */
uint64_t memory_extended(const struct bios_memory *m);
/* Bytes of RAM above 4 GiB. */
uint64_t memory_above_4g(const struct bios_memory *m);

#endif

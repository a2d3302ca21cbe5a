/* The memory of struct bios_memory: firmware.c gives it to the services. Where the guest has a toucher, what it
 * accesses hits watchpoints (debug/touch.h); at power-on it has none. */
#ifndef STEPVM_MACHINE_FIRMWARE_MEMORY_H
#define STEPVM_MACHINE_FIRMWARE_MEMORY_H

#include "machine/guest.h"

/* ctx: a struct guest. Addresses below 1 MiB and 64 KiB are linear where the CPU is in V86 with paging, else physical. False:
 * not all of it is RAM. */
bool firmware_read_ram(void *ctx, uint32_t at, void *to, size_t len);
bool firmware_write_ram(void *ctx, uint32_t at, const void *from, size_t len);
/* The same at a physical address. */
bool firmware_write_at(struct guest *g, uint32_t gpa, const void *from, size_t len);

/* The CPU is in virtual-8086 mode. */
bool firmware_is_v86(struct vcpu *v);

#endif

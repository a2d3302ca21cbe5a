/* The devices of random instructions. */
#include "device.h"

#include <string.h>

/* Any port and any address has a value of its own. */
static uint64_t device_value(uint64_t at, unsigned size)
{
	uint64_t v = (at + 1) * 0x9e3779b97f4a7c15u;
	v ^= v >> 29;
	return size == 8 ? v : v & ((UINT64_C(1) << 8 * size) - 1);
}

void device_access(struct compare_log *log, bool is_port, uint64_t at, uint8_t *data, unsigned size,
        bool is_write)
{
	uint64_t v = device_value(at, size);
	if (is_write) {
		v = 0;
		memcpy(&v, data, size);
	} else {
		memcpy(data, &v, size);
	}
	if (log->count < COMPARE_ACCESSES)
		log->all[log->count++] =
		        (struct compare_access) { is_port, is_write, (uint8_t)size, at, v };
}

/* The two address spaces that reach devices: I/O ports and MMIO.
 *
 * A bus is a small table of ranges, each with an access function and the device it belongs to. What
 * no range covers reads as all ones and swallows writes, as an empty PC bus does. Several elements
 * of one access (`rep outsb`) come as several calls: repeated port I/O moves the data, not the
 * port. */
#ifndef STEPVM_DEVICES_BUS_H
#define STEPVM_DEVICES_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUS_RANGES_MAX 80

/* One access of size bytes (1, 2, 4; MMIO also 8) at base+off. A write takes data, a read fills it.
 * data always has room for size bytes and is little-endian. Outside an is_wide range the access
 * lies within the range. */
typedef void bus_access(void *device, uint64_t off, uint8_t *data, unsigned size, bool is_write);

struct bus_range {
	uint64_t base, size;
	/* An access that starts here belongs here whole, also where it runs over the end: for a
	 * register at one address that takes 1, 2 and 4 bytes as one value. */
	bool is_wide;
	bus_access *access;
	void *device;     /* borrowed */
	const char *name; /* borrowed; for messages */
};

/* All zeros is an empty bus. */
struct bus {
	unsigned count;
	struct bus_range ranges[BUS_RANGES_MAX];
};

/* -EEXIST when the range overlaps one that is there, -ENOSPC when the table is full, -EINVAL when
 * it is empty or wraps. */
int bus_add(struct bus *b, const struct bus_range *r);
/* The range that owns the address, or NULL. Dies with the next bus_add. */
const struct bus_range *bus_find(const struct bus *b, uint64_t at);
/* True when a device answered. An access that lies in one range, or starts in an is_wide one, goes
 * there whole. Any other (over a range's end, or from a hole into a range) goes byte by byte,
 * lowest address first, each to whoever owns it. Past the end of the address space nobody does. */
bool bus_do(struct bus *b, uint64_t at, uint8_t *data, unsigned size, bool is_write);

#endif

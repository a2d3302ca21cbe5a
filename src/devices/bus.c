/* Address decoding. The table is searched from the front: it has a handful of entries, and every
 * access that comes here has cost an exit from the guest, thousands of cycles. */
#include "devices/bus.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static bool covers(const struct bus_range *r, uint64_t at)
{
	return at >= r->base && at - r->base < r->size;
}

int bus_add(struct bus *b, const struct bus_range *r)
{
	assert(r->access);
	if (!r->size || r->size - 1 > UINT64_MAX - r->base)
		return -EINVAL;
	/* Two ranges overlap when one's first byte lies in the other. */
	for (unsigned i = 0; i < b->count; i++)
		if (covers(&b->ranges[i], r->base) || covers(r, b->ranges[i].base))
			return -EEXIST;
	if (b->count == BUS_RANGES_MAX)
		return -ENOSPC;
	b->ranges[b->count++] = *r;
	return 0;
}

const struct bus_range *bus_find(const struct bus *b, uint64_t at)
{
	for (unsigned i = 0; i < b->count; i++)
		if (covers(&b->ranges[i], at))
			return &b->ranges[i];
	return NULL;
}

bool bus_do(struct bus *b, uint64_t at, uint8_t *data, unsigned size, bool is_write)
{
	const struct bus_range *r = bus_find(b, at);
	bool is_answered = false;

	if (r && (r->is_wide || size <= r->size - (at - r->base))) {
		r->access(r->device, at - r->base, data, size, is_write);
		return true;
	}
	if (!is_write)
		memset(data, 0xff, size);
	for (unsigned i = 0; i < size && i <= UINT64_MAX - at; i++) {
		r = bus_find(b, at + i);
		if (!r)
			continue;
		r->access(r->device, at + i - r->base, data + i, 1, is_write);
		is_answered = true;
	}
	return is_answered;
}

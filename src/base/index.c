/* Open addressing, half full at most. */
#include "base/index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_MIN 32

void index_close(struct index *x)
{
	free(x->slots);
	*x = (struct index) { 0 };
}

void index_clear(struct index *x)
{
	if (x->count)
		memset(x->slots, 0, x->size * sizeof *x->slots);
	x->count = 0;
}

/* The slot of the key, or the free one where it belongs. */
static struct index_slot *slot_of(const struct index *x, uint64_t key)
{
	size_t i = index_hash(x, key);
	while (x->slots[i].place && x->slots[i].key != key)
		i = (i + 1) & (x->size - 1);
	return &x->slots[i];
}

static int grow(struct index *x)
{
	struct index new = { .size = x->size ? 2 * x->size : SIZE_MIN, .count = x->count };
	new.slots = calloc(new.size, sizeof *new.slots);
	if (!new.slots)
		return -ENOMEM;
	for (size_t i = 0; i < x->size; i++)
		if (x->slots[i].place)
			*slot_of(&new, x->slots[i].key) = x->slots[i];
	free(x->slots);
	*x = new;
	return 0;
}

int index_put(struct index *x, uint64_t key, size_t place)
{
	int err = 2 * (x->count + 1) > x->size ? grow(x) : 0;
	if (err)
		return err;
	struct index_slot *s = slot_of(x, key);
	x->count += !s->place;
	*s = (struct index_slot) { key, place + 1 };
	return 0;
}

/* Those after it move up, as far as that leaves them reachable: Knuth, vol 3, 6.4, algorithm R. */
void index_remove(struct index *x, uint64_t key)
{
	if (!x->count)
		return;
	struct index_slot *gone = slot_of(x, key);
	if (!gone->place)
		return;
	size_t mask = x->size - 1, hole = (size_t)(gone - x->slots);
	for (size_t i = (hole + 1) & mask; x->slots[i].place; i = (i + 1) & mask) {
		size_t home = index_hash(x, x->slots[i].key);
		if (((i - home) & mask) < ((i - hole) & mask)) /* its home is past the hole */
			continue;
		x->slots[hole] = x->slots[i];
		hole = i;
	}
	x->slots[hole].place = 0;
	x->count--;
}

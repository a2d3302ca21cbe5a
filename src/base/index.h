/* Which element of an array has a number: a hash table of places, for who has thousands of them and is asked millions of
 * times. The array is the caller's, who tells of each change. */
#ifndef STEPVM_BASE_INDEX_H
#define STEPVM_BASE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct index_slot {
	uint64_t key;
	size_t place; /* and 1 more; 0: free */
};

/* Zeros: empty. */
struct index {
	struct index_slot *slots; /* owned */
	size_t size, count;       /* of the slots, a power of 2 or 0; of the keys */
};

void index_close(struct index *x);
/* All keys are gone; what they took stays for others. */
void index_clear(struct index *x);
/* The element of this number stands there: one that was there already has moved. -ENOMEM: nothing has changed. */
int index_put(struct index *x, uint64_t key, size_t place);
/* Removing what is not there is no error. */
void index_remove(struct index *x, uint64_t key);

/* Knuth's, by the golden ratio: numbers may be a power of 2 apart. */
static inline size_t index_hash(const struct index *x, uint64_t key)
{
	return (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (x->size - 1);
}

/* False: there is none. */
static inline bool index_find(const struct index *x, uint64_t key, size_t *place)
{
	if (!x->count)
		return false;
	for (size_t i = index_hash(x, key); x->slots[i].place; i = (i + 1) & (x->size - 1))
		if (x->slots[i].key == key) {
			*place = x->slots[i].place - 1;
			return true;
		}
	return false;
}

#endif

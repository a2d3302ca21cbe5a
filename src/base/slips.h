/* How far a mistyped word is from one that was likely meant. Pure. */
#ifndef STEPVM_BASE_SLIPS_H
#define STEPVM_BASE_SLIPS_H

#include <stddef.h>

#define SLIPS_LEN_MAX 24 /* longer words are too far from every name to be a slip */
#define SLIPS_FAR     99

/* How many slips lead from word, len letters of it, to name, when that is few enough for name to be what
 * is expected: 1, and of words of five letters or more 2. An abbreviation counts as one slip, for who writes
 * one learns the whole name so. Else SLIPS_FAR; so is a word of one letter. */
unsigned slips_to(const char *word, size_t len, const char *name);

/* The name of many that is nearest to a word: begun by slips_of, and shown each name by slips_look. Of those that are as
 * near the first counts. */
struct slips {
	const char *word; /* borrowed, as the names are; len characters */
	size_t len;
	unsigned fewest;
	const char *nearest; /* NULL: none is near */
};

static inline struct slips slips_of(const char *word, size_t len)
{
	return (struct slips) { word, len, SLIPS_FAR, NULL };
}

void slips_look(struct slips *s, const char *name);

#endif

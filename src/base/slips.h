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

/* The nearest of many names: begun with .word, .len and SLIPS_FAR, shown each name, then .nearest is one of them, the
 * first of those that are as near, or NULL. Both are the caller's. */
struct slips {
	const char *word;
	size_t len;
	unsigned fewest;
	const char *nearest;
};

static inline struct slips slips_of(const char *word, size_t len)
{
	return (struct slips) { word, len, SLIPS_FAR, NULL };
}

void slips_look(struct slips *s, const char *name);

#endif

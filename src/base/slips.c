/* The distance of two words: optimal string alignment. */
#include "base/slips.h"

#include <string.h>

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* A slip is a letter too many, one missing, a wrong one, or two neighbours swapped. Both words have at most
 * SLIPS_LEN_MAX letters. */
static unsigned slips_between(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned d[SLIPS_LEN_MAX + 1][SLIPS_LEN_MAX + 1];
	for (size_t i = 0; i <= a_len; i++)
		d[i][0] = (unsigned)i;
	for (size_t j = 0; j <= b_len; j++)
		d[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++)
		for (size_t j = 1; j <= b_len; j++) {
			unsigned cost = a[i - 1] != b[j - 1];
			d[i][j] =
			        least(least(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[a_len][b_len];
}

unsigned slips_to(const char *word, size_t len, const char *name)
{
	size_t name_len = strlen(name);
	unsigned most = len < 5 ? 1 : 2;
	if (len < 2 || len > SLIPS_LEN_MAX || name_len > SLIPS_LEN_MAX)
		return SLIPS_FAR;
	if (strncmp(name, word, len) == 0)
		return 1;
	unsigned slips = slips_between(word, len, name, name_len);
	return slips <= most ? slips : SLIPS_FAR;
}

void slips_look(struct slips *s, const char *name)
{
	unsigned count = slips_to(s->word, s->len, name);
	if (count < s->fewest) {
		s->fewest = count;
		s->nearest = name;
	}
}

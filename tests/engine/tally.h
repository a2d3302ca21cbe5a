/* What was compared, counted and told: "N compared, N handed over (by opcode), N differ". */
#ifndef STEPVM_TESTS_ENGINE_TALLY_H
#define STEPVM_TESTS_ENGINE_TALLY_H

#include "compare/known.h"

#define TALLY_KINDS 400 /* of differences that are told apart */

struct tally_kind {
	char name[16]; /* the opcode's */
	enum compare_verdict verdict;
	unsigned parts;
	uint64_t flags;
	uint64_t count;
};

struct tally {
	uint64_t compared, handed, changed, differ, skipped, known;
	/* Outside x87, MMX, SSE and AVX. */
	uint64_t plain, plain_handed;
	uint64_t shutdowns;
	uint64_t handed_by[MAP_COUNT][256];
	uint64_t known_by[KNOWN_ROWS_MAX];
	unsigned kind_count;
	struct tally_kind kinds[TALLY_KINDS];
};

/* title: of the trial, for who wants to repeat it. */
void tally_add(struct tally *t, const struct known_case *c, const char *title);
/* The last lines. */
void tally_print(const struct tally *t, const char *name);
/* Nothing has differed. */
bool tally_is_good(const struct tally *t);

#endif

/* The bench's figures, medians and spreads, as Markdown tables and as a picture. */
#ifndef STEPVM_TESTS_BENCH_TABLE_H
#define STEPVM_TESTS_BENCH_TABLE_H

#include "work.h"

#define ROUNDS_MAX 99

/* What each work gave in each round; 0 where it could not be done. */
struct figures {
	double of[WORKS][ROUNDS_MAX];
	int rounds;
};

/* Whom table_beside has. */
enum table_peer { TABLE_AUTO, TABLE_KVM, TABLE_QEMU_KVM, TABLE_QEMU_TCG, TABLE_PEERS };
extern const struct table_row {
	const char *name, *by; /* by: of struct peer_kind */
} table_peers[TABLE_PEERS];
/* Each beside the others: the medians, and how many times better TABLE_AUTO is than TABLE_QEMU_KVM. */
void table_beside(const struct figures figures[TABLE_PEERS]);
/* The ratios of table_beside as bars, in an SVG file at path. host: a line of text below them. */
void table_picture(const char *path, const struct figures *ours, const struct figures *qemus,
        const char *host);
/* Two builds of stepvm: the medians, the difference in percent of the other's median (more is worse
 * here, whatever the unit), and beside it the spread of each: half of the distance between the
 * quartiles, in percent of the median. A row that is worse by more than WORSE_PERCENT and both
 * spreads is marked. Returns how many are. */
#define WORSE_PERCENT 3.0
int table_against(const struct figures *ours, const struct figures *others);

#endif

/* What is measured: each work once on one peer. */
#ifndef STEPVM_TESTS_BENCH_WORK_H
#define STEPVM_TESTS_BENCH_WORK_H

#include "peer.h"

enum work {
	WORK_START,
	WORK_RESIDENT,
	WORK_RESIDENT_RUN,
	WORK_GREET,
	WORK_FREE,
	WORK_FREE_BOARD,
	WORK_STEP,
	WORK_VCONT_STEP,
	WORK_STEP_AND_READ,
	WORK_RANGE,
	WORK_CATCH,
	WORK_BREAK,
	WORK_NEVER,
	WORK_CONDITION,
	WORK_CONDITION_NEAR,
	WORK_NEXT,
	WORK_WATCH,
	WORK_READ,
	WORK_WRITE,
	WORK_STOP,
	WORK_STOP_WORST,
	WORK_STOP_REP,
	WORK_GDB_STEPI,
	WORK_GDB_DUMP,
	WORK_GDB_RESTORE,
	WORKS
};

extern const struct work_row {
	const char *name, *short_name, *unit;
	bool less_is_better;
} works[WORKS];

/* Starts the peer as often as is needed and fills in what it did; 0 where it could not. False when
 * there is no such program. */
bool work_all(const struct peer_kind *kind, double figures[WORKS]);

#endif

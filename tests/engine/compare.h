/* What differs between two states of a CPU. */
#ifndef STEPVM_TESTS_ENGINE_COMPARE_H
#define STEPVM_TESTS_ENGINE_COMPARE_H

#include "pair.h"

/* A set of enum pair_part; *flags: those of rflags that differ. */
unsigned compare_states(const struct pair_state *a, const struct pair_state *b, uint64_t *flags);
/* The same accesses in the same order. */
bool compare_logs(const struct pair_log *a, const struct pair_log *b);

#endif

/* What --check-engine has found: counted, and told in bounds. Private to check*.c. */
#ifndef STEPVM_DEBUG_CHECK_TALLY_H
#define STEPVM_DEBUG_CHECK_TALLY_H

#include "compare/known.h"
#include "debug/check.h"

#define CHECK_OPCODES   0x200 /* as interp_handed gives them */
#define CHECK_KINDS_MAX 64

/* Differences of one kind. */
struct check_kind {
	unsigned map, op, parts, count;
};

struct check_tally {
	check_tell *tell;
	void *ctx;
	struct check_sums sums;
	uint64_t handed_by[CHECK_OPCODES], known_by[KNOWN_ROWS_MAX];
	struct check_kind kinds[CHECK_KINDS_MAX];
	unsigned kind_count, told;
};

/* c: an instruction and what became of it, byte_count of its bytes known; row: known_find's; why: how KVM failed. */
void check_tally_add(struct check_tally *t, const struct known_case *c, unsigned byte_count,
        int row, const char *why);
void check_tally_handed(struct check_tally *t, unsigned opcode);
/* As of check.h. */
const char *check_tally_known(const struct check_tally *t, unsigned n, uint64_t *count);
void check_tally_describe(const struct check_tally *t, char *to, size_t size);

#endif

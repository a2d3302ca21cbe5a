/* What a debugger has set, and where by the path the guest has to stop next. */
#ifndef STEPVM_TESTS_OBSERVE_PLAN_H
#define STEPVM_TESTS_OBSERVE_PLAN_H

#include "path.h"

#define PLAN_BREAKPOINTS 400u
#define PLAN_WATCHES     8u

/* is_set; type: 0 software, 1 hardware. With a condition: the low 16 bits of ax are value. */
struct plan_breakpoint {
	uint32_t gva;
	uint8_t type;
	bool has_condition;
	uint16_t value;
};

/* type: 2 write, 3 read, 4 access, as in Z packets. */
struct plan_watch {
	uint32_t gva;
	uint8_t type, len;
};

struct plan {
	unsigned breakpoint_count, watch_count;
	struct plan_breakpoint breakpoints[PLAN_BREAKPOINTS];
	struct plan_watch watches[PLAN_WATCHES];
	/* A range of addresses, within which the guest is stepped; end 0: none. */
	uint32_t range_begin, range_end;
	/* The CPU may tell of a rep's hit after its last iteration: QEMU's TCG. */
	bool is_late_in_rep;
};

enum plan_why { PLAN_WATCH, PLAN_BREAKPOINT, PLAN_RANGE, PLAN_END };

struct plan_stop {
	unsigned at; /* the guest has to stop there, by its position on the path */
	enum plan_why why;
	bool may_stop[PATH_MAX_STEPS + 2]; /* and it may stop at these before */
};

/* From position from on. */
void plan_next(const struct plan *plan, const struct path *path, const struct program *p,
        unsigned from, struct plan_stop *to);
/* Whether the guest, where it is at this position, has hit a watchpoint of that type that begins there. */
bool plan_has_watch(const struct plan *plan, unsigned type, uint64_t gva);

#endif

/* A debugger that goes its own way through a program: breakpoints, watchpoints, conditions, ranges, 0x03, snapshots,
 * other connections, other engines. Each stop is held to the path. */
#ifndef STEPVM_TESTS_OBSERVE_TOUR_H
#define STEPVM_TESTS_OBSERVE_TOUR_H

#include "path.h"

struct tour_options {
	uint64_t seed;
	bool can_kvm; /* KVM alone can run this program, so that it may have to */
	bool is_verbose;
	bool is_late_in_rep; /* of struct plan */
};

/* False: something was not as it has to be, and s->failure says what. */
bool tour_go(struct session *s, const struct path *path, const struct tour_options *o);

#endif

/* The way of a program, stepped to its end: each instruction's state before it; and what follows from it for a
 * debugger: where the next stop has to be. */
#ifndef STEPVM_TESTS_OBSERVE_PATH_H
#define STEPVM_TESTS_OBSERVE_PATH_H

#include "session.h"

#define PATH_MAX_STEPS 4000u

struct path {
	unsigned last; /* at[last]: after the hlt that ends it */
	struct view at[PATH_MAX_STEPS + 1];
};

enum path_record { PATH_DONE, PATH_FAILED, PATH_TOO_LONG };
enum path_record path_record(struct path *path, struct session *s);

/* What instruction n of the path does to the bytes from gva on: nothing; may do; does. A change is always one. */
enum path_hit { HIT_NONE, HIT_MAYBE, HIT_SURE };
enum path_hit path_hit(const struct path *path, const struct program *p, unsigned n, uint64_t gva,
        unsigned len, bool on_read, bool on_write);
bool path_is_in_rep(const struct path *path, const struct program *p, unsigned n);

/* Where, from the first position to the last, the guest is as in v; -1: nowhere. */
int path_find(const struct path *path, const struct view *v, unsigned first, unsigned last,
        bool has_timer);

#endif

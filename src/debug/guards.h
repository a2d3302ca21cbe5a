/* Guarded pages: those that the guest can't access unseen during a free run, for a watchpoint or a
 * planted byte is on them; and where that is more than the CPU can do with. Private to
 * src/debug. */
#ifndef STEPVM_DEBUG_GUARDS_H
#define STEPVM_DEBUG_GUARDS_H

#include "debug/state.h"

struct guards {
	struct memory_guard all[MEMORY_GUARDS_MAX];
	unsigned count;
	bool is_full;
};

void guards_add_page(struct guards *g, uint64_t gpa, enum memory_access access);
/* False when a page of it is not mapped to RAM: then only stepping sees an access. */
bool guards_add_watch(struct control *c, const struct watch *w, struct guards *g);
/* These and no others are in force. 0 or -errno from KVM. */
int guards_set(struct control *c, const struct guards *g);
/* Lets the guest at all its pages. 0 or -errno from KVM. */
int guards_lift(struct control *c);

/* Why the guest can't run freely where it stands with these guards, or STEP_ASKED: it can. */
enum step_why guards_why_step(struct control *c, struct guards *g);
/* Whether the top of the stack is on a guarded page now: the guest has to be stepped there. */
bool guards_are_on_stack(struct control *c);

#endif

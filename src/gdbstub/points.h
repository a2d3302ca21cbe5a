/* The session's breakpoints and watchpoints, and what is evaluated at breakpoints without gdb:
 * conditions and commands (agent.h) that came with Z0 and Z1. Private to gdbstub.
 *
 * Several conditions at one address are alternatives. A breakpoint with commands runs them where
 * its condition holds and does not stop. Z0 and Z1 at one address are two breakpoints. */
#ifndef STEPVM_GDBSTUB_POINTS_H
#define STEPVM_GDBSTUB_POINTS_H

#include "base/index.h"
#include "gdbstub/agent.h"
#include "gdbstub/target.h"

struct session;

struct expression {
	enum agent_use use;
	size_t at, len; /* in the point's code */
};

struct point {
	uint64_t gva;
	bool is_hardware;
	bool is_outdated;          /* the expressions may mean registers of another layout */
	enum target_layout layout; /* the one that they mean */
	struct expression *all;    /* owned; conditions, then commands */
	unsigned count, conditions;
	uint8_t *code; /* owned */
};

struct point_watch {
	enum target_watch kind;
	uint64_t gva, len;
};

/* gdb compiles a condition once and sends it again after a change of the layout, where the same
 * number is another register. So it is noted in which layout each was seen first. What does not fit
 * here is left to gdb. */
#define POINTS_SEEN_MAX 1024

struct points {
	struct point *all; /* owned */
	size_t count, size;
	struct index places[2];      /* in it, by gva, of those of Z0 and of Z1 */
	struct point_watch *watches; /* owned */
	size_t watch_count, watch_size;
	struct seen {
		uint64_t hash;
		enum target_layout layout;
	} seen[POINTS_SEEN_MAX];
	unsigned seen_count;
};

void points_close(struct points *p);
/* All breakpoints and watchpoints are gone. */
void points_forget(struct points *p);
/* Takes the rest of a Z packet, `;X...` and `;cmds:...`, and adds the breakpoint; one that was
 * there is replaced. False with s->why or without: the request makes no sense. */
bool points_add(struct session *s, bool is_hardware, uint64_t gva, struct text_in options);
void points_remove(struct session *s, bool is_hardware, uint64_t gva);
bool points_has(struct session *s, bool is_hardware, uint64_t gva);
/* NULL: there is none. */
struct point *points_find(struct points *p, bool is_hardware, uint64_t gva);
/* A watchpoint that the machine has taken, or has let go. False: out of memory. */
bool points_add_watch(struct points *p, struct point_watch watch);
void points_remove_watch(struct points *p, struct point_watch watch);
/* Notes in which layout the code was seen first. False: it may have been compiled for other
 * registers than those of now. */
bool points_note_layout(struct session *s, const uint8_t *code, size_t len);

#endif

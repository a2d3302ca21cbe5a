/* Which breakpoints there are, and how each is kept during the next run. Pure.
 *
 * A breakpoint is a linear address. While the guest runs, each is kept by a debug register, else by
 * a planted byte, else by stepping until its address is reached: slower, never wrong. Nothing is
 * planted while the guest is stopped, so a debugger reads the guest's own bytes. */
#ifndef STEPVM_DEBUG_BREAKPOINTS_H
#define STEPVM_DEBUG_BREAKPOINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/index.h"

#define BREAKPOINT_REGISTERS 4     /* DR0 to DR3, SDM vol 3, "Debug Registers" */
#define BREAKPOINTS_MAX      16384 /* a debugger can't have more memory and time than these take */

enum breakpoint_method {
	BREAKPOINT_REGISTER,
	BREAKPOINT_PLANTED,
	BREAKPOINT_GUARDED,
	BREAKPOINT_STEPPED,
	BREAKPOINT_COMPARED, /* with the pc, by the engine */
};

struct breakpoint {
	uint64_t gva;
	bool is_hardware; /* asked for with Z1: a debug register or nothing */
	bool is_software; /* asked for with Z0 */
	/* Which of them it was when the last of them was removed, for monitor info. */
	bool was_hardware;
	enum breakpoint_method method; /* of the last run; before the first: stepped */
	/* While planted; gpa also while its page is guarded: */
	bool is_planted;
	uint64_t gpa;
	uint8_t original;
};

struct breakpoints {
	struct breakpoint *all; /* owned */
	size_t count, size;
	unsigned changes;    /* how often the list has changed */
	struct index places; /* in it, by address */
};

void breakpoints_init(struct breakpoints *b);
void breakpoints_close(struct breakpoints *b);

/* 0, -ENOSPC: four hardware breakpoints are there already, -E2BIG: BREAKPOINTS_MAX are, or -ENOMEM.
 * Adding twice is no error. */
int breakpoints_add(struct breakpoints *b, uint64_t gva, bool is_hardware);
/* Removing what is not there is no error. A removed breakpoint stays in the list, not set, until
 * breakpoints_purge: gdb removes all of them at every stop, and a user who then asks how they were
 * kept shall get an answer. */
void breakpoints_remove(struct breakpoints *b, uint64_t gva, bool is_hardware);
void breakpoints_purge(struct breakpoints *b);
void breakpoints_clear(struct breakpoints *b);
bool breakpoint_is_set(const struct breakpoint *p);
/* "software", "hardware" or "hardware and software"; of a removed one, what it was. */
const char *breakpoint_kind_name(const struct breakpoint *p);
/* NULL: none is set there. */
struct breakpoint *breakpoints_find(const struct breakpoints *b, uint64_t gva);
/* The one whose byte is planted at this guest-physical address, or NULL. */
struct breakpoint *breakpoints_planted(const struct breakpoints *b, uint64_t gpa);

/* The best method for gva but a debug register. */
typedef enum breakpoint_method breakpoint_choose(void *ctx, uint64_t gva);
/* Gives each its method (all are set: purged). registers: how many there are for breakpoints. They
 * go to those asked for with Z1, then to those that would be slowest without, in the order they
 * were added. */
void breakpoints_plan(
        struct breakpoints *b, unsigned registers, breakpoint_choose *choose, void *ctx);
/* How many were asked for with Z1. */
unsigned breakpoints_hardware(const struct breakpoints *b);

const char *breakpoint_method_name(enum breakpoint_method method);

#endif

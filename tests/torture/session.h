/* A debugger's session with a guest: what the tortures of live.c and past.c share. */
#ifndef STEPVM_TESTS_TORTURE_SESSION_H
#define STEPVM_TESTS_TORTURE_SESSION_H

#include "torture.h"

/* The guest leaves the first alone; the second is what it computes on. */
#define SCRATCH_GVA  0x60000u
#define SCRATCH_SIZE 0x10000u
#define DATA_GVA     0x10000u
#define DATA_SIZE    0x8000u

#define RECORD_MEMORY    "16M"
#define RECORD_MEMORY_KB (16L << 10)

struct live {
	struct rsp r;
	uint64_t seed;
	bool is_pc;
	unsigned action; /* that is under way */
	const char *name;
	char failure[600];
};

/* What is done to the guest, and how. */
struct kind {
	void (*act)(struct live *l);    /* something at random */
	const char *record;             /* "--record", or NULL */
	void (*settle)(struct live *l); /* before its memory is looked at; or NULL */
	long growth_kb, peak_kb;        /* so much more it may have at last, and meanwhile */
};

uint32_t below(struct live *l, uint32_t n);
/* False. The first one is kept, and ends all. */
bool fail(struct live *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool is_failed(const struct live *l);
/* Standard error is a pipe that stepvm waits for. */
void read_errors(struct live *l);
void spin_us(uint32_t us);
/* A new connection to a guest that is stopped, or is by it. */
bool connect_again(struct live *l);
const char *ask(struct live *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool wait_for_stop(struct live *l, const char *what);
/* Where the guest comes by. */
uint64_t place(struct live *l);

/* All of it, l's and its twin's; l is empty. Whether nothing was wrong. */
bool torture_session(const struct torture *t, const struct kind *kind, struct live *l);

/* live.c: what changes nothing, wherever the guest stands; a connection to it is left. */
void misbehave(struct live *l);
/* live.c: the debugger goes without a word, or in the midst of one, and comes back. The guest may have gone on. */
void leave(struct live *l);

#endif

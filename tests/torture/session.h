/* A debugger's session with a guest: what the tortures of live.c and past.c share. */
#ifndef STEPVM_TESTS_TORTURE_SESSION_H
#define STEPVM_TESTS_TORTURE_SESSION_H

#include "rsp_failure.h"
#include "torture.h"

/* The guest leaves the first alone; the second is what it computes on. */
#define SCRATCH_GVA  0x60000u
#define SCRATCH_SIZE 0x10000u
#define DATA_GVA     0x10000u
#define DATA_SIZE    0x8000u

#define RECORD_MEMORY    "16M"
#define RECORD_MEMORY_KB (16L << 10)

struct session {
	struct rsp r; /* r.failure keeps what goes wrong first */
	uint64_t seed;
	bool is_pc;
	unsigned action; /* that is under way */
	const char *name;
};

/* What is done to the guest, and how. */
struct workload {
	void (*act)(struct session *s);    /* something at random */
	const char *record;                /* "--record", or NULL */
	void (*settle)(struct session *s); /* before its memory is looked at; or NULL */
	long growth_kb, peak_kb;           /* of its memory: at the end, and meanwhile */
};

uint32_t below(struct session *s, uint32_t n);
/* Standard error is a pipe that stepvm waits for. */
void read_errors(struct session *s);
void spin_us(uint32_t us);
/* A new connection; the guest is stopped then. */
bool connect_again(struct session *s);
bool wait_for_stop(struct session *s, const char *what);
/* An address that the guest comes by often, or one near it. */
uint64_t place(struct session *s);

/* The whole torture, with s for the guest, all zeros, and a twin. Returns whether nothing was wrong. */
bool torture_session(const struct torture *t, const struct workload *workload, struct session *s);

/* live.c: does what changes nothing, wherever the guest stands. There is a connection afterwards. */
void misbehave(struct session *s);
/* live.c: the debugger goes without a word, or in the midst of a packet, and comes back. The guest may have gone on. */
void leave(struct session *s);

#endif

/* A recorded guest, and what past.c knows of what it has done: see notes.c. */
#ifndef STEPVM_TESTS_TORTURE_PAST_H
#define STEPVM_TESTS_TORTURE_PAST_H

#include "session.h"

#define PAST_NOTES 300
#define PAST_MARKS 6
#define UNKNOWN_NS UINT64_MAX

/* As `monitor when` tells it. */
struct where {
	uint64_t position, end, ns;
	bool is_present;
};

struct note {
	uint64_t position, hash;
	uint64_t ns; /* UNKNOWN_NS: at the present, where a halt may still go on */
};

struct past {
	struct session s;
	struct note notes[PAST_NOTES];
	unsigned count;
	uint64_t marks[PAST_MARKS]; /* UINT64_MAX: none of this name */
};

static inline struct past *past_of(struct session *s)
{
	return (struct past *)s; /* its first member */
}

/* Where the guest stands. False: that has failed. */
bool past_look(struct session *s, struct where *w);
/* The recording's first position. */
bool past_look_begin(struct session *s, uint64_t *begin);
/* The state where the guest stands is what it was there before, or is noted. */
void past_check_here(struct past *t);

/* What lies there is no more, or another, from now on. */
void past_forget_from(struct past *t, uint64_t position);
void past_forget_marks(struct past *t, uint64_t last);
void past_forget_all(struct past *t);

#endif

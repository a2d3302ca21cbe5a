/* A recorded guest, and what past.c knows of its past: notes.c keeps that. */
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

/* Where the guest stands. False: a failure is kept. */
bool past_look(struct session *s, struct where *w);
/* The recording's first position. */
bool past_look_begin(struct session *s, uint64_t *begin);
/* Compares the state where the guest stands with what it was there before; or notes it, if that is not known. */
void past_check_here(struct past *t);

/* From now on the past from position on, or after last, is another, or is gone: what was noted there is dropped. */
void past_forget_from(struct past *t, uint64_t position);
void past_forget_marks(struct past *t, uint64_t last);
void past_forget_all(struct past *t);

#endif

/* What the guest did last, for `monitor ports` and `monitor log`: a ring of events. Pure.
 *
 * One that is the same as the one before it (a poll of a status port) is counted, not kept again.
 * Nothing is noted until a debugger is there to ask (is_on). */
#ifndef STEPVM_JOURNAL_H
#define STEPVM_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kvm/exit.h"

#define JOURNAL_EVENTS 256

struct journal_event {
	enum exit_kind kind;
	uint32_t reason; /* KVM's number of the exit */
	bool is_write;   /* these of EXIT_IO and EXIT_MMIO only */
	uint8_t size;
	uint64_t at;    /* port or gpa */
	uint64_t value; /* of the first element */
	uint32_t count; /* elements: more than 1 for rep ins and rep outs */
	uint64_t times; /* in a row */
};

/* All zeros is an empty journal that notes nothing. */
struct journal {
	bool is_on;
	unsigned next, used; /* events[next] is to be written next; used of them hold something */
	struct journal_event events[JOURNAL_EVENTS];
};

/* Empties it, and notes from now on or no more. */
void journal_start(struct journal *j);
void journal_end(struct journal *j);
/* Does nothing when the journal is off. A read's data must have been filled in. */
void journal_note(struct journal *j, const struct exit *x);
/* The n'th last event, 0 the newest; NULL where no more are. Dies with the next journal_note. */
const struct journal_event *journal_last(const struct journal *j, unsigned n);

#endif

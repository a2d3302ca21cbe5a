/* What happened last, for `monitor ports`, `log`, `log run` and `log bios`: rings of events. Pure.
 *
 * One that is the same as the one before it (a poll of a status port) is counted, not kept again.
 * Nothing is noted until a debugger is there to ask (is_on). */
#ifndef STEPVM_MACHINE_JOURNAL_H
#define STEPVM_MACHINE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bios/bios.h"
#include "debug/decision.h"
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

/* A decision of run control's. */
struct journal_decision {
	struct decision decision;
	uint64_t times; /* in a row */
};

/* The same of them. */
struct journal_run {
	bool is_on;
	unsigned next, used;
	struct journal_decision decisions[JOURNAL_EVENTS];
};

/* A call of the BIOS. */
struct journal_call {
	uint16_t vector; /* or ROM_RESET */
	bool is_done;    /* false: it waits, and after is not known */
	struct bios_regs before, after;
	uint64_t times; /* in a row, from anywhere */
};

/* The same of them. */
struct journal_bios {
	bool is_on;
	bool has_wait; /* a call waits: this one's vector, and its registers */
	uint16_t waiting;
	struct bios_regs wait;
	unsigned next, used;
	struct journal_call calls[JOURNAL_EVENTS];
};

/* Empties it, and notes from now on or no more. */
void journal_start(struct journal *j);
void journal_end(struct journal *j);
/* Does nothing when the journal is off. A read's data must have been filled in. */
void journal_note(struct journal *j, const struct exit *x);
/* The n'th last event, 0 the newest; NULL where no more are. Dies with the next journal_note. */
const struct journal_event *journal_last(const struct journal *j, unsigned n);

void journal_run_start(struct journal_run *j);
void journal_run_end(struct journal_run *j);
void journal_run_note(struct journal_run *j, const struct decision *d);
const struct journal_decision *journal_run_last(const struct journal_run *j, unsigned n);

void journal_bios_start(struct journal_bios *j);
void journal_bios_end(struct journal_bios *j);
/* after NULL: the call waits; that it waits still is no event, whatever interrupts come meanwhile. When it is
 * done it takes the place of the one that waited, where nothing was between them. False: it is counted with the
 * one before, waits still, or the journal is off. */
bool journal_bios_note(struct journal_bios *j, unsigned vector, const struct bios_regs *before,
        const struct bios_regs *after);
const struct journal_call *journal_bios_last(const struct journal_bios *j, unsigned n);

#endif

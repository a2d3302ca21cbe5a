/* The guest's life: whether it stands, goes on, waits in a hlt or has ended, and why it stopped
 * last. Nobody else stores to struct run; whoever serves the guest reads its state and calls the
 * verbs.
 *
 *	run_resume, run_step, run_range		it is to go on	-> RUN_FREE, RUN_STEPPING
 *	run_freely, run_steps			it goes on, until it stops or is kicked
 *	run_halt, run_wait			its CPU is halted	-> RUN_WAITING, and on
 *	run_stop				it stands	-> RUN_STOPPED
 *	run_die, run_end			it is over	-> RUN_DEAD, RUN_ENDED
 *	run_restart, run_load			it is another
 *
 * All on the thread that opened the machine. */
#ifndef STEPVM_MACHINE_RUN_H
#define STEPVM_MACHINE_RUN_H

#include "machine/machine.h"
#include "machine/over.h"
#include "machine/snapshots.h"

#define RUN_FOREVER UINT64_MAX         /* ns: a time that does not come */
#define RUN_REST_NS UINT64_C(54925000) /* a rest, at most: a PC's tick, 65536 / 1193182 Hz */

enum run_state {
	RUN_STOPPED,
	RUN_STEPPING, /* one step is to be done, or a range of them */
	RUN_FREE,     /* until something stops it */
	RUN_WAITING,  /* halted, until an interrupt comes or resume_at_ns; or resting */
	RUN_DEAD,     /* the guest has ended; run_restart gives another one */
	RUN_ENDED,    /* and so has everything, with status */
};

struct history;

struct run {
	struct machine *machine; /* borrowed */
	enum run_state state;
	uint64_t range_begin, range_end; /* RUN_STEPPING: [begin, end); the same: one step */
	struct over over;                /* RUN_STEPPING, RUN_WAITING: a step over the firmware */
	bool is_interrupted;             /* somebody wants it to stand: run_interrupt */
	bool is_killed;                  /* what nobody has read of its output is dropped */
	struct stop last;                /* why it stopped last, or was kicked */
	bool is_resting;       /* RUN_WAITING: it only looks for keys (polling.h), until */
	uint64_t rested_ns;    /* ... an interrupt comes, or this time of the guest's */
	uint64_t resume_at_ns; /* RUN_WAITING: of the host's time, or RUN_FOREVER */
	int status;            /* RUN_DEAD and RUN_ENDED: STATUS_, an exit port's, -signal */
	const struct snapshot *power_on; /* run_keep_power_on's, or NULL */
	unsigned changes; /* how often the machine has become another: see run_restart, run_load */
	struct snapshots snapshots;
	struct history *history;  /* records the guest (history/); NULL: nobody does */
	bool is_recorded_unasked; /* history_expect's: a recording is to begin by itself, */
	uint64_t record_memory;   /* ... and how many bytes one may take; 0: as by default */
	/* Whether what takes long is to end before it is done, for the debugger that has asked for it wants that: asked
	 * when the guest is kicked in it. NULL: nobody can want it. */
	bool (*is_called_off)(void *ctx);
	void (*begins_long)(void *ctx); /* to be called where such a thing begins; or NULL */
	void *called_off_ctx;
};

/* The guest stands before its first instruction. */
void run_init(struct run *r, struct machine *m);
void run_close(struct run *r);

/* --- what it is asked to do ------------------------------------------------------------------- */

/* A debugger's continue. Where --hlt says so it leaves a hlt that nothing can wake. */
void run_resume(struct run *r);
/* As run_resume, but nobody has asked for it to leave a hlt: at the start, or after a detach. */
void run_go_on(struct run *r);
void run_step(struct run *r);
/* Step after step as long as the pc (gva) is in [begin, end): at least one. */
void run_range(struct run *r, uint64_t begin, uint64_t end);
/* It is to stand still at the next occasion: who runs it sees is_interrupted. */
void run_interrupt(struct run *r);

/* --- what becomes of it ----------------------------------------------------------------------- */

/* It stands, for the reason that run.last tells already. Nothing changes where it has ended. */
void run_stop(struct run *r);
/* It stands, for it was asked to. */
void run_stop_interrupted(struct run *r);
void run_die(struct run *r, int status);
void run_end(struct run *r, int status);
/* Somebody has killed it, and all of it (RUN_ENDED), or may start it again (RUN_DEAD). */
void run_kill(struct run *r, enum run_state state);

/* The machine begins anew, and the guest stands or goes on as it did before. -errno with a text as
 * of machine_reset. */
int run_restart(struct run *r, struct error *e);
/* Keeps the machine as it is before its first instruction, for run_reboot: where a guest can reset it. A
 * few pages for a boot sector; a kernel's RAM is kept once more. -ENOMEM with a text. */
int run_keep_power_on(struct run *r, struct error *e);
/* The guest has reset the machine: it is again as run_keep_power_on has kept it, without a look at the
 * image's file. -errno with a text as of snapshot_load; -ENOENT: nothing was kept. */
int run_reboot(struct run *r, struct error *e);
/* The machine is what it was when n was taken, and the guest stands or goes on from there, as it
 * did before. -errno with a text as of snapshot_load; -ESRCH: the guest has ended. */
int run_load(struct run *r, const struct named_snapshot *n, struct error *e);

/* --- running it ------------------------------------------------------------------------------- */

/* It goes on, freely or waiting. */
bool run_is_going(const struct run *r);
/* It has ended: dead or more. */
bool run_is_over(const struct run *r);

/* RUN_STEPPING: does the step, or the range of them; STOP_KICKED: not all of it, and it is to be called again,
 * unless the state is RUN_WAITING, for the firmware waits and the step with it. RUN_FREE: goes on until something stops it.
 * 0 with *stop, which is run.last then, or -errno from KVM. state stays what it was. */
int run_steps(struct run *r, struct stop *stop);
int run_freely(struct run *r, struct stop *stop);
/* For who runs the guest by steps of his own (history/): before them, and true: it has stopped already, by *stop; and after
 * them, for what a stop leads to. */
bool run_resumes_reset(struct run *r, struct stop *stop);
void run_note(struct run *r, struct stop *stop);
/* After a step that has asked for a reset: *stop is STOP_CATCH where that is caught. */
void run_catch_reset(struct run *r, struct stop *stop);
/* Somebody has brought the guest to another moment of its life, and it stands there. */
void run_moved(struct run *r);
/* RUN_FREE: its time is ahead of the host's, which it waits for. */
void run_rest(struct run *r);
/* RUN_WAITING: an interrupt has come, or the host's time, and it goes on as before. */
void run_woken(struct run *r);
/* RUN_STEPPING: the step may last, and is to be kicked out of where somebody wants attention. */
bool run_may_last(struct run *r);
/* RUN_FREE: its CPU is halted, and no interrupt has come for it: run_halt, not run_freely. */
bool run_is_asleep(const struct run *r);
/* Its CPU is halted, and nothing but a step or a written pc gets it on. */
bool run_is_halted_for_good(const struct run *r);

/* What --hlt makes of a halt. */
enum run_halt {
	RUN_HALT_WAITS, /* state is RUN_WAITING */
	RUN_HALT_STOPS, /* it is to stand, for a debugger */
	RUN_HALT_EXITS, /* it has exited, as far as a debugger is concerned, with status 0 */
	RUN_HALT_ENDS,  /* it is over, with status 0 */
};
/* The CPU is halted. is_news: by the hlt that it has just done; else the guest was to go on with a
 * CPU that is halted since before. */
enum run_halt run_halt(struct run *r, bool is_news, bool has_debugger);

/* RUN_WAITING: brings the guest's time to now. True: its state is RUN_FREE or RUN_STEPPING again, or *timeout_ns is
 * how long it can wait at most. False: nothing will wake it any more, which run_halt is to
 * judge. */
bool run_wait(struct run *r, uint64_t *timeout_ns);

#endif

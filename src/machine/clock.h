/* The guest's time, and the only door through which the host's comes in.
 *
 * The time itself is the board's (board_state.now_ns) and goes on by board_advance, which nobody
 * else calls. While the guest stands in the debugger it stands still, and does not catch up
 * afterwards.
 *
 * No interrupt is lost by the host's fault. Where the host had something else to do for a while, the
 * guest's time goes on to the next interrupt that a device asks for, and the rest of the while is what
 * it is behind; it catches up from interrupt to interrupt, as they are acknowledged, at five times its
 * speed, so that the guest's own code runs between them. While one waits to
 * be, only the time in which this thread has run counts, at no more than the host's speed: a guest that
 * takes no interrupts for long, of its own accord, loses some as on a PC. */
#ifndef STEPVM_MACHINE_CLOCK_H
#define STEPVM_MACHINE_CLOCK_H

#include "base/error.h"
#include "devices/board.h"

/* Where it comes from. */
enum clock_policy {
	CLOCK_STEPS, /* it stands, but for clock_step: the guest is stopped or stepped */
	CLOCK_HOST,  /* it goes with the host's: the guest runs, or waits in a hlt */
};

struct clock {
	enum clock_policy policy;
	/* Readable (edge-triggered) when the timer's next interrupt is due, with CLOCK_HOST; and
	 * the host's time that it is set to, 0: to none. */
	int timer_fd;
	uint64_t timer_ns;
	uint64_t synced_ns; /* CLOCK_HOST: the guest has lived on until this time of the host's */
	uint64_t also_ns;   /* clock_also's */
	uint64_t behind_ns; /* CLOCK_HOST: so much of the guest's time has yet to pass */
	uint64_t ran_ns;    /* CLOCK_HOST: this thread had run for so long then, */
	bool has_ran;       /* which was asked, because an interrupt waits */
	uint32_t permille;  /* the guest's time in a second of the host's, in ms */
};

/* CLOCK_STEPS at first, and as fast as the host's. 0 or -errno with a text. */
int clock_open(struct clock *c, struct error *e);
void clock_close(struct clock *c);

uint64_t clock_host_ns(void); /* CLOCK_MONOTONIC */
/* The host's date and time of day as seconds since 1970-01-01: in UTC, or as its clocks on the wall
 * show them, whose zone the C library reads once, before the sandbox. */
int64_t clock_host_date(bool is_local);

/* With CLOCK_HOST: permille ms in a second of the host's, 1 to 1,000,000. Before it is set to that. */
void clock_set_speed(struct clock *c, uint32_t permille);

/* From now on. CLOCK_HOST once more brings the guest's time to now. */
void clock_set(struct clock *c, struct board *b, enum clock_policy policy);
/* With CLOCK_HOST: brings the guest's time to now, before it matters; and sets the timer, after
 * what may have changed when its next interrupt is due. With CLOCK_STEPS they do nothing. */
void clock_sync(struct clock *c, struct board *b);
void clock_plan(struct clock *c, const struct board *b);
/* From now on the timer is set for this time of the guest's, too, at which somebody has something to do;
 * BOARD_NEVER: for interrupts alone. Cheap where nothing changes. */
void clock_also(struct clock *c, const struct board *b, uint64_t guest_ns);
/* What clock_sync does, when so much of the host's time has passed since, in ran_ns of which this thread
 * has run: the guest's goes on as far as it may now. Pure. */
void clock_lived(struct clock *c, struct board *b, uint64_t host_ns, uint64_t ran_ns);
/* With CLOCK_HOST: it is this time of the guest's at once, where that is still to come. */
void clock_skip(struct clock *c, struct board *b, uint64_t guest_ns);
/* How long the host waits, with CLOCK_HOST, until it is this time of the guest's. */
uint64_t clock_left_ns(const struct clock *c, const struct board *b, uint64_t guest_ns);
/* CLOCK_STEPS from now on: ns of the guest's time pass. */
void clock_step(struct clock *c, struct board *b, uint64_t ns);
/* The board's time is another one's: it goes on from there, and no timer of before is heeded. */
void clock_replaced(struct clock *c, struct board *b);

#endif

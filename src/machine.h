/* One guest and all that belongs to it: VM, vCPU, board and run control, made from the options. */
#ifndef STEPVM_MACHINE_H
#define STEPVM_MACHINE_H

#include "debug/control.h"
#include "devices/board.h"
#include "journal.h"
#include "options.h"
#include "spool.h"

struct machine {
	struct vm vm;
	struct vcpu vcpu;
	struct board board;
	struct control control;
	struct image_loaded image;
	struct journal ports, log; /* accesses of ports; these, MMIO and ends */
	unsigned trace;            /* TRACE_ bits */
	struct spool output;       /* the guest's: kept bytes go out before it goes on */
	bool has_input;            /* bytes from outside may still come for the guest */
	bool wants_input;          /* bytes wait for the guest to make room: kick when it has */
	int timer_fd; /* runs out when the timer's next interrupt is due; see machine_start_clock */
	int pagemap_fd; /* /proc/self/pagemap, open before the sandbox closes; -1: there is none */
	uint64_t timer_ns;  /* ... at this time of the host, 0: it does not run */
	bool is_clock_on;   /* the guest's time goes with the host's, */
	uint64_t synced_ns; /* and did until this time of the host's */
};

/* Leaves nothing when it fails. */
int machine_open(struct machine *m, const struct options *o, int output_fd, struct error *e);
void machine_close(struct machine *m);
/* As after machine_open, from the image as its file is now: a new VM with new memory and a new
 * board. Breakpoints, watchpoints and catchpoints stay. Bounded by the image: about a millisecond
 * here, and what reading it takes. Nothing has changed when it fails: an image that can't be read
 * or does not fit, one from a pipe (-ESPIPE). Nobody else may use m meanwhile: no kicker, no signal
 * handler. */
int machine_reset(struct machine *m, const struct options *o, struct error *e);
/* The guest's time goes on with the host's from now, until it is stopped; while the guest stands in
 * the debugger it stands still, and does not catch up afterwards. While it goes on, timer_fd
 * becomes readable (edge-triggered) when an interrupt of the timer is due. Calling again brings the
 * guest's time to now. */
uint64_t machine_host_ns(void); /* CLOCK_MONOTONIC */
void machine_start_clock(struct machine *m);
void machine_stop_clock(struct machine *m);
/* The guest lives on for one step of a debugger's: a microsecond, about what an access to an ISA
 * device takes, whatever the step takes here. So a guest that waits for the timer gets there by
 * steps, and always after as many. Where steps take interrupts, that of a halted CPU takes as long
 * as it takes the timer. */
void machine_step_clock(struct machine *m);
/* The devices are as *state says, the guest's time among it; no timer of before is heeded. */
void machine_load_board(struct machine *m, const struct board_state *state);
/* Whether something can still interrupt a CPU that is halted now: a device, or input for one. */
bool machine_can_wake(struct machine *m);

/* The status that stepvm ends with when the guest wrote to an exit port: (v << 1) | 1. */
uint8_t machine_exit_status(const struct machine *m);

#endif

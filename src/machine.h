/* One guest and all that belongs to it: VM, vCPU, board and run control, made from the options. */
#ifndef STEPVM_MACHINE_H
#define STEPVM_MACHINE_H

#include <signal.h>

#include "debug/control.h"
#include "devices/board.h"
#include "journal.h"
#include "options.h"

struct machine {
	struct vm vm;
	struct vcpu vcpu;
	struct board board;
	struct control control;
	struct image_loaded image;
	struct journal ports, log;               /* accesses of ports; these, MMIO and ends */
	unsigned trace;                          /* TRACE_ bits */
	int output_fd;                           /* where the guest's output goes */
	int output_error;                        /* writing it failed: -errno */
	const volatile sig_atomic_t *end_signal; /* not 0: a blocked write is given up; or NULL */
	bool wants_input; /* bytes wait for the guest to make room: kick when it has */
};

/* Leaves nothing when it fails. */
int machine_open(struct machine *m, const struct options *o, int output_fd, struct error *e);
void machine_close(struct machine *m);
/* The status that stepvm ends with when the guest wrote to an exit port: (v << 1) | 1. */
uint8_t machine_exit_status(const struct machine *m);

#endif

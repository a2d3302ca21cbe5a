/* All of a machine at one moment but its RAM, which is what costs: each keeper of the two has its own way for the RAM
 * (snapshot.h: a copy; history/: the pages that have changed). Not in it: what belongs to the debugger, and what has
 * left the machine. */
#ifndef STEPVM_MACHINE_KEPT_H
#define STEPVM_MACHINE_KEPT_H

#include "devices/disk.h"
#include "kvm/vcpu_state.h"
#include "machine/machine.h"

struct kept {
	struct vcpu_state vcpu;
	struct board_state board;
	struct typist_state typist;
	struct bios_state bios;
	struct disks_image disks;
	struct control_state control;
	struct journal ports, log;
	uint64_t tsc_zero;
	bool is_off;
};

/* Between two runs, with the guest's time standing (CLOCK_STEPS). like: one that was taken of this machine before, and
 * then this one is cheaper; or NULL. 0, or -errno with a text and nothing to free. */
int kept_take(struct kept *k, struct machine *m, const struct kept *like, struct error *e);

/* Makes the machine's RAM that of the same moment; 0 or -errno. */
typedef int kept_memory(void *ctx, struct machine *m);

/* The machine is what it was then, and its RAM what memory makes of it. with_disks: what the guest has written beside its
 * disks' files, too. -errno with a text: nothing has changed, or the text says that the guest is lost. */
int kept_load(struct machine *m, const struct kept *k, bool with_disks, kept_memory *memory,
        void *ctx, struct error *e);
void kept_free(struct kept *k);
/* Bytes of memory. */
uint64_t kept_size(const struct kept *k);

#endif

/* The whole machine at one moment, kept in stepvm's memory, and the machine made that again: RAM,
 * vCPU, devices with the guest's time, keys that were typed, what is written beside the disks' files,
 * what run control knows of the guest, and the journals, which tell what the guest did before. Each
 * room has its own part (kvm/memory_image, kvm/vcpu_state, struct board_state, disks_save,
 * control_save); this puts them together.
 *
 * Not in it: what belongs to the debugger (breakpoints, watchpoints, catchpoints, settings) and
 * what has left the machine (its output). */
#ifndef STEPVM_MACHINE_SNAPSHOT_H
#define STEPVM_MACHINE_SNAPSHOT_H

#include "machine/machine.h"

struct snapshot;

/* Between two runs: the guest stands at an instruction boundary. What a snapshot takes beside its
 * RAM is a few KiB, the journals most of it. -E2BIG: the RAM takes more than bytes_max; -ENOMEM. */
int snapshot_take(
        const struct snapshot **to, struct machine *m, uint64_t bytes_max, struct error *e);
/* m is the one that it was taken of, or what machine_reset has made of that since. -errno with a
 * text: nothing has changed, or the text says that the guest is lost. */
int snapshot_load(struct machine *m, const struct snapshot *s, struct error *e);
/* The same as a PC is started anew: what is on its disks stays. s: as it was at power-on. */
int snapshot_reboot(struct machine *m, const struct snapshot *s, struct error *e);
void snapshot_free(const struct snapshot *s);
/* Bytes of memory that it takes, and the guest's time in it. */
uint64_t snapshot_size(const struct snapshot *s);
uint64_t snapshot_now_ns(const struct snapshot *s);

#endif

/* A machine but its RAM and its disks (struct kept) as bytes of a recording's file, field by field. Pure. */
#ifndef STEPVM_HISTORY_FILE_MACHINE_H
#define STEPVM_HISTORY_FILE_MACHINE_H

#include "base/error.h"
#include "history/file_bytes.h"
#include "machine/kept.h"

/* Which fields there are, and how wide: a file of other ones is another version's. */
uint32_t machine_layout(void);

/* Appends it. The overlays of disks, and the journals, are left out. */
void machine_out(struct file_out *o, const struct kept *k);
/* *to, zeros before but for the disks, from bytes that are outside input: -EINVAL with a text that names the field; -ENOMEM.
 * Its MSRs are owned then. script_count: keys of --keys. */
int machine_in(struct file_in *in, struct kept *to, size_t script_count, struct error *e);

/* Of what two machines are to have the same, wherever they run: not the MSRs, the TSC of which goes with the guest's time,
 * nor what KVM may tell in two ways (RF, numbers of exceptions that are none, XSTATE_BV, whether a segment was accessed, the
 * type of cs in real mode). 0: no memory. */
uint64_t machine_sum(const struct kept *k);
/* The first field in which they differ, in words: "board.pic.master.imr is 0xff, and was 0xb8". False: in none. */
bool machine_differs(const struct kept *is, const struct kept *was, char *to, size_t size);

#endif

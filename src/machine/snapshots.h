/* The snapshots that a debugger's user has given names. They outlive a reset of the machine. */
#ifndef STEPVM_MACHINE_SNAPSHOTS_H
#define STEPVM_MACHINE_SNAPSHOTS_H

#include "debug/control.h"
#include "machine/snapshot.h"

#define SNAPSHOTS_MAX       16
#define SNAPSHOTS_BYTES_MAX (UINT64_C(4) << 30) /* of all of them */
#define SNAPSHOT_NAME_MAX   32

struct named_snapshot {
	char name[SNAPSHOT_NAME_MAX];
	char where[64];                  /* report_where's */
	struct stop last;                /* why the guest had stopped */
	const struct snapshot *snapshot; /* owned */
};

/* All zeros: there is none. */
struct snapshots {
	unsigned count;
	struct named_snapshot all[SNAPSHOTS_MAX]; /* in the order they were taken */
};

/* Takes one of m; one of the same name goes. -EINVAL: that is no name; -ENOSPC: there are
 * SNAPSHOTS_MAX, or more than SNAPSHOTS_BYTES_MAX with it; -ENOMEM. Nothing has changed then. */
int snapshots_take(struct snapshots *s, const char *name, struct machine *m,
        const struct stop *last, struct error *e);
/* NULL: there is none. Dies with the next call that takes or drops one. */
const struct named_snapshot *snapshots_find(const struct snapshots *s, const char *name);
/* False: there is none. */
bool snapshots_drop(struct snapshots *s, const char *name);
void snapshots_close(struct snapshots *s);
uint64_t snapshots_size(const struct snapshots *s);

#endif

/* monitor savevm, loadvm, delvm and info snapshots: QEMU's words. */
#include <inttypes.h>

#include "history/history.h"
#include "monitor/internal.h"

void monitor_savevm(struct run *run, const struct output *out, const char *name)
{
	struct error e = { 0 };
	if (run_is_over(run)) {
		refuse(out, "savevm", name, "the guest has ended: start it again with run");
		return;
	}
	if (snapshots_take(&run->snapshots, name, run->machine, &run->last, &e)) {
		refuse(out, "savevm", name, "%s", e.text);
		return;
	}
	const struct named_snapshot *n = snapshots_find(&run->snapshots, name);
	say(out, "Saved %s: %" PRIu64 " KiB, at %s.\n", name, snapshot_size(n->snapshot) >> 10,
	        n->where);
}

void monitor_loadvm(struct run *run, const struct output *out, const char *name)
{
	struct error e = { 0 };
	const struct named_snapshot *n = snapshots_find(&run->snapshots, name);
	if (!n)
		refuse(out, "loadvm", name,
		        "there is no such snapshot; monitor info snapshots lists them");
	else if (run_load(run, n, &e))
		refuse(out, "loadvm", name, "%s", e.text);
	else if (history_restart(run, &e))
		refuse(out, "loadvm", name, "the guest is no longer recorded: %s", e.text);
	else
		say(out, "Loaded %s: the guest is at %s.\n" MONITOR_STALE, name, n->where);
}

void monitor_delvm(struct run *run, const struct output *out, const char *name)
{
	if (!snapshots_drop(&run->snapshots, name))
		refuse(out, "delvm", name,
		        "there is no such snapshot; monitor info snapshots lists them");
}

void monitor_info_snapshots(struct run *run, const struct output *out, const char *operands)
{
	(void)operands;
	const struct snapshots *all = &run->snapshots;
	if (!all->count) {
		say(out, "none; monitor savevm NAME takes one\n");
		return;
	}
	say(out, "%-20s %10s  %-14s at\n", "snapshot", "KiB", "guest's time");
	for (unsigned i = 0; i < all->count; i++) {
		const struct named_snapshot *n = &all->all[i];
		uint64_t ns = snapshot_now_ns(n->snapshot);
		say(out, "%-20s %10" PRIu64 "  %4" PRIu64 ".%09" PRIu64 " %s\n", n->name,
		        snapshot_size(n->snapshot) >> 10, ns / 1000000000u, ns % 1000000000u,
		        n->where);
	}
	say(out, "%" PRIu64 " KiB of %" PRIu64 "\n", snapshots_size(all) >> 10,
	        (uint64_t)SNAPSHOTS_BYTES_MAX >> 10);
}

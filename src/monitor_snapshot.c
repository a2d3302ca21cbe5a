/* monitor savevm, loadvm, delvm and info snapshots: QEMU's words. */
#include <inttypes.h>

#include "monitor_internal.h"

void monitor_savevm(struct serve *s, const struct output *out, const char *name)
{
	struct error e = { 0 };
	if (s->is_dead) {
		say(out, "savevm %s: the guest has ended: start it again by run\n", name);
		return;
	}
	if (snapshots_take(&s->snapshots, name, s->machine, &s->last, &e)) {
		say(out, "savevm %s: %s\n", name, e.text);
		return;
	}
	const struct named_snapshot *n = snapshots_find(&s->snapshots, name);
	say(out, "Saved %s: %" PRIu64 " KiB, at %s.\n", name, snapshot_size(n->snapshot) >> 10,
	        n->where);
}

void monitor_loadvm(struct serve *s, const struct output *out, const char *name)
{
	struct error e = { 0 };
	const struct named_snapshot *n = snapshots_find(&s->snapshots, name);
	if (!n)
		say(out,
		        "loadvm %s: there is no such snapshot; monitor info snapshots lists them\n",
		        name);
	else if (serve_load(s, n, &e))
		say(out, "loadvm %s: %s\n", name, e.text);
	else
		say(out, "Loaded %s: the guest is at %s.\n" MONITOR_STALE, name, n->where);
}

void monitor_delvm(struct serve *s, const struct output *out, const char *name)
{
	if (!snapshots_drop(&s->snapshots, name))
		say(out, "delvm %s: there is no such snapshot; monitor info snapshots lists them\n",
		        name);
}

void monitor_info_snapshots(struct serve *s, const struct output *out, const char *operands)
{
	(void)operands;
	const struct snapshots *all = &s->snapshots;
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

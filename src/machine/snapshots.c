/* Snapshots by name: their number and the memory that they take are bounded. */
#include "machine/snapshots.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "machine/report.h"

const struct named_snapshot *snapshots_find(const struct snapshots *s, const char *name)
{
	for (unsigned i = 0; i < s->count; i++)
		if (!strcmp(s->all[i].name, name))
			return &s->all[i];
	return NULL;
}

bool snapshots_drop(struct snapshots *s, const char *name)
{
	const struct named_snapshot *found = snapshots_find(s, name);
	if (!found)
		return false;
	unsigned at = (unsigned)(found - s->all);
	snapshot_free(found->snapshot);
	s->count--;
	memmove(&s->all[at], &s->all[at + 1], (s->count - at) * sizeof s->all[0]);
	return true;
}

void snapshots_close(struct snapshots *s)
{
	while (s->count)
		snapshots_drop(s, s->all[0].name);
}

uint64_t snapshots_size(const struct snapshots *s)
{
	uint64_t size = 0;
	for (unsigned i = 0; i < s->count; i++)
		size += snapshot_size(s->all[i].snapshot);
	return size;
}

/* Nothing that makes more than a word of it where it is printed. */
static bool is_name(const char *name)
{
	size_t n = strlen(name);
	for (const char *at = name; *at; at++)
		if ((unsigned char)*at <= ' ' || *at == 0x7f)
			return false;
	return n && n < SNAPSHOT_NAME_MAX;
}

int snapshots_take(struct snapshots *s, const char *name, struct machine *m,
        const struct stop *last, struct error *e)
{
	struct named_snapshot new = { .last = *last };
	struct error why = { 0 };
	const struct named_snapshot *old = snapshots_find(s, name);
	if (!is_name(name))
		return error_set(e, -EINVAL,
		        "expected a name of 1 to %d characters, without blanks and control "
		        "characters",
		        SNAPSHOT_NAME_MAX - 1);
	if (!old && s->count == SNAPSHOTS_MAX)
		return error_set(e, -ENOSPC,
		        "there are %d snapshots already; monitor delvm NAME makes room",
		        SNAPSHOTS_MAX);
	uint64_t used = snapshots_size(s) - (old ? snapshot_size(old->snapshot) : 0);
	int err = snapshot_take(&new.snapshot, m, SNAPSHOTS_BYTES_MAX - used, &why);
	if (err == -E2BIG)
		return error_set(e, -ENOSPC,
		        "%s, and %" PRIu64 " MiB are left of the %" PRIu64
		        " for snapshots; monitor delvm NAME makes room",
		        why.text, (SNAPSHOTS_BYTES_MAX - used) >> 20, SNAPSHOTS_BYTES_MAX >> 20);
	if (err)
		return error_set(e, err, "%s", why.text);
	snapshots_drop(s, name);
	strcpy(new.name, name);
	report_where(machine_vcpu(m), new.where, sizeof new.where);
	s->all[s->count++] = new;
	return 0;
}

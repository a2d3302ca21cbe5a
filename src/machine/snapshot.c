/* A machine and a copy of its RAM. */
#include "machine/snapshot.h"

#include <errno.h>
#include <stdlib.h>

#include "kvm/memory_image.h"
#include "machine/kept.h"

struct snapshot {
	struct memory_image memory;
	struct kept kept;
};

int snapshot_take(
        const struct snapshot **to, struct machine *m, uint64_t bytes_max, struct error *e)
{
	struct snapshot *s = calloc(1, sizeof *s);
	if (!s)
		return error_set(e, -ENOMEM, "out of memory");
	enum clock_policy policy = m->clock.policy;
	machine_stop_clock(m);
	int err = memory_save(&m->guest->vm.memory, m->pagemap_fd, bytes_max, &s->memory, e);
	if (!err)
		err = kept_take(&s->kept, m, NULL, e);
	clock_set(&m->clock, &m->guest->board, policy);
	if (err) {
		snapshot_free(s);
		return err;
	}
	*to = s;
	return 0;
}

static int load_memory(void *ctx, struct machine *m)
{
	const struct snapshot *s = ctx;
	return memory_load(&m->guest->vm.memory, &s->memory);
}

static int load(struct machine *m, const struct snapshot *s, bool with_disks, struct error *e)
{
	if (!memory_image_fits(&s->memory, &m->guest->vm.memory))
		return error_set(e, -EINVAL, "the machine has another RAM");
	return kept_load(m, &s->kept, with_disks, load_memory, (void *)s, e);
}

int snapshot_load(struct machine *m, const struct snapshot *s, struct error *e)
{
	return load(m, s, true, e);
}

int snapshot_reboot(struct machine *m, const struct snapshot *s, struct error *e)
{
	return load(m, s, false, e);
}

void snapshot_free(const struct snapshot *s)
{
	struct snapshot *own = (struct snapshot *)s;
	if (!own)
		return;
	memory_image_free(&own->memory);
	kept_free(&own->kept);
	free(own);
}

uint64_t snapshot_size(const struct snapshot *s)
{
	return sizeof *s - sizeof s->kept + memory_image_size(&s->memory) + kept_size(&s->kept);
}

uint64_t snapshot_now_ns(const struct snapshot *s)
{
	return s->kept.board.now_ns;
}

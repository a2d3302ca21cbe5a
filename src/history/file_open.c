/* A recording's file, opened: the machine of its guest, and all of its life as that machine's past. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "history/file.h"
#include "host/file.h"

bool recording_is_at(const char *path)
{
	uint8_t head[FILE_MAGIC_SIZE];
	struct stat st;
	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, head, sizeof head);
	if (fd >= 0)
		close(fd);
	return n > 0 && recording_is_one(head, (size_t)n);
}

/* --- the file ----------------------------------------------------------------------------------- */

static void warn(struct recording *r, const char *path, size_t len)
{
	const char *name = file_label(path).text;
	if (r->damage[0])
		snprintf(r->warning, sizeof r->warning, "%s is damaged %s", name, r->damage);
	else if (r->used < len)
		snprintf(r->warning, sizeof r->warning,
		        "%s is cut or broken after %" PRIu64
		        " of its %zu bytes: it goes to position "
		        "%" PRIu64,
		        name, r->used, len, r->end);
}

int recording_open(struct recording **to, const char *path, uint64_t memory_max, struct error *e)
{
	struct file f;
	struct error why = { 0 };
	int err = file_read(&f, path, FILE_SIZE_MAX, e);
	if (err)
		return err;
	struct recording *r = calloc(1, sizeof *r);
	if (!r)
		err = error_set(&why, -ENOMEM, "out of memory");
	else if (!f.is_whole)
		err = error_set(&why, -EFBIG, "it is larger than 4 GiB");
	else
		err = recording_parse(
		        r, f.bytes, f.len, memory_max ? memory_max : HISTORY_MEMORY_DEFAULT, &why);
	if (!err)
		warn(r, path, f.len);
	file_free(&f);
	if (!err) {
		*to = r;
		return 0;
	}
	free(r);
	return error_set(e, err, "%s can't be replayed: %s", file_label(path).text, why.text);
}

void recording_close(struct recording *r)
{
	if (r)
		recording_free(r);
	free(r);
}

const char *recording_warning(const struct recording *r)
{
	return r->warning;
}

int recording_status(const struct recording *r)
{
	return r->status;
}

void recording_describe(const struct recording *r, char *to, size_t size)
{
	snprintf(to, size, "of %s, by stepvm %s on %s: positions %" PRIu64 " to %" PRIu64,
	        r->head.image[0] ? r->head.image : "a guest", r->head.version, r->head.cpu,
	        r->checkpoint_count ? r->checkpoints[0]->position : 0, r->end);
}

/* --- its machine -------------------------------------------------------------------------------- */

/* A sector that the guest never read is not there: one that does as it did never asks for it. */
static int read_recorded(void *ctx, uint64_t offset, void *to, size_t len)
{
	const struct file_disk *d = ctx;
	uint8_t *bytes = to;
	for (size_t i = 0; i < len / DISK_SECTOR; i++)
		if (!overlay_read(&d->contents, offset / DISK_SECTOR + i, bytes + i * DISK_SECTOR))
			return -ENODATA;
	return 0;
}

static void fill_replay(struct recording *r)
{
	struct config_replay *to = &r->replay;
	*to = (struct config_replay) {
		.image = r->head.image,
		.format = r->head.format,
		.is_pc = r->head.is_pc,
		.watches_zero = r->head.watches_zero,
		.has_boot = r->head.has_boot,
		.disk_count = r->head.disk_count,
		.script = &r->head.script,
		.cpuid = r->cpuid,
	};
	for (unsigned i = 0; i < to->disk_count; i++) {
		struct file_disk *d = &r->head.disks[i];
		to->disks[i].name = d->name;
		to->disks[i].kind = d->kind;
		to->disks[i].medium =
		        (struct disk_medium) { .ctx = d, .size = d->size, .read = read_recorded };
	}
}

void recording_configure(const struct recording *r, struct machine_config *c)
{
	const struct file_head *h = &r->head;
	fill_replay((struct recording *)r);
	c->replay = &r->replay;
	c->no_reboot = true; /* nothing is to be kept for a reset: those that were are in it */
	c->memory_count = h->shape.count;
	for (unsigned i = 0; i < h->shape.count; i++)
		c->memory[i] = (struct config_memory) { .size = h->shape.slots[i].size,
			.has_gpa = true,
			.gpa = h->shape.slots[i].gpa };
	c->port_count = h->port_count;
	memcpy(c->ports, h->ports, sizeof c->ports);
}

static bool has_shape(const struct memory *m, const struct memory *shape)
{
	bool is_same = m->count == shape->count;
	for (unsigned i = 0; i < m->count && is_same; i++)
		is_same = m->slots[i].gpa == shape->slots[i].gpa &&
		          m->slots[i].size == shape->slots[i].size;
	return is_same;
}

/* --- its MSRs ----------------------------------------------------------------------------------- */

static const struct kvm_msr_entry *find_msr(const struct vcpu_state *s, uint32_t index)
{
	for (unsigned i = 0; i < s->msr_count; i++)
		if (s->msrs[i].index == index)
			return &s->msrs[i];
	return NULL;
}

/* The MSRs of c become those that this KVM has, with what the file says of each; what KVM does not take, of a CPU that is
 * another, stays as in now, which has what was tried last. */
static int fit_msrs(struct vcpu *v, struct vcpu_state *c, struct vcpu_state *now)
{
	struct kvm_msr_entry *new = calloc(now->msr_count + 1, sizeof *new);
	if (!new)
		return -ENOMEM;
	for (unsigned i = 0; i < now->msr_count; i++) {
		struct kvm_msr_entry *n = &now->msrs[i];
		const struct kvm_msr_entry *was = find_msr(c, n->index);
		if (was && was->data != n->data && !vcpu_set_msr(v, n->index, was->data))
			n->data = was->data;
		new[i] = *n;
	}
	free(c->msrs);
	c->msrs = new;
	c->msr_count = now->msr_count;
	return 0;
}

static int fit_all_msrs(struct history *h, struct error *e)
{
	struct vcpu *v = machine_vcpu(h->machine);
	struct vcpu_state now;
	int err = vcpu_save(v, NULL, &now, e);
	if (err)
		return err;
	for (size_t i = 0; i < h->checkpoint_count && !err; i++)
		err = fit_msrs(v, &h->checkpoints[i]->kept.vcpu, &now);
	vcpu_state_free(&now);
	return err ? error_set(e, err, "out of memory") : 0;
}

/* --- its past ----------------------------------------------------------------------------------- */

/* What r has is h's from now on. */
static void take_over(struct history *h, struct recording *r)
{
	h->store = r->store;
	h->checkpoints = r->checkpoints;
	h->checkpoint_count = r->checkpoint_count;
	h->checkpoint_size = r->checkpoint_size;
	h->events = r->events;
	h->event_count = r->event_count;
	h->event_size = r->event_size;
	h->event_bytes = r->event_bytes;
	h->end = r->end;
	r->store = (struct pages_store) { 0 };
	r->checkpoints = NULL;
	r->checkpoint_count = r->checkpoint_size = 0;
	r->events = NULL;
	r->event_count = r->event_size = 0;
	r->event_bytes = 0;
}

int history_open(struct run *run, struct recording *r, struct error *e)
{
	struct machine *m = run->machine;
	struct error why = { 0 };
	if (!has_shape(&m->guest->vm.memory, &r->head.shape))
		return error_set(e, -EINVAL, "the recording's RAM can't be made");
	struct history *h = history_make(run, 0);
	if (!h)
		return error_set(e, -ENOMEM, "out of memory");
	take_over(h, r);
	h->is_file = true;
	m->is_past = true;
	h->step_ns = r->head.step_ns;
	machine_stop_clock(m);
	int err = fit_all_msrs(h, &why);
	if (!err)
		err = checkpoint_load(h, h->checkpoints[0], &why);
	if (!err)
		return 0;
	history_end(run);
	return error_set(e, err, "the recording's guest can't be made: %s", why.text);
}

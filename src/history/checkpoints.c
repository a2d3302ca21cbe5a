/* The machine at positions of a recording, and which of them are kept. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "debug/touch.h"
#include "history/state.h"
#include "kvm/vcpu.h"
#include "base/cpu_bits.h"

/* Steps between two checkpoints, at least and at most; the fewest take the engine a few milliseconds. They come closer
 * together where checkpoints cost little, and further apart where they cost too much. */
#define INTERVAL_MIN UINT64_C(500000)
#define INTERVAL_MAX UINT64_C(64000000)
/* A checkpoint may take one part in so many of the time between two. */
#define COST_PARTS 20

/* MSR_KVM_SYSTEM_TIME, the old and the new one: bit 0 turns it on. Documentation/virt/kvm/x86/msr.rst. */
static bool uses_kvm_clock(const struct vcpu_state *s)
{
	for (unsigned i = 0; i < s->msr_count; i++)
		if ((s->msrs[i].index == 0x12 || s->msrs[i].index == 0x4b564d01) &&
		        s->msrs[i].data & 1)
			return true;
	return false;
}

struct checkpoint *checkpoint_take(struct history *h, struct error *e)
{
	struct checkpoint *c = calloc(1, sizeof *c);
	struct machine *m = h->machine;
	/* The one before it differs least. */
	const struct checkpoint *like =
	        h->checkpoint_count ? h->checkpoints[checkpoints_before(h, m->position)] : NULL;
	if (!c) {
		error_set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	if (h->present && !like)
		like = h->present;
	if (kept_take(&c->kept, m, like ? &like->kept : NULL, e)) {
		free(c);
		return NULL;
	}
	if (uses_kvm_clock(&c->kept.vcpu)) {
		kept_free(&c->kept);
		free(c);
		error_set(e, -ENOTSUP,
		        "the guest uses KVM's own clock (kvmclock), which writes to its memory by "
		        "the host's time");
		return NULL;
	}
	if (pages_take(&h->store, &c->pages, &m->guest->vm.memory, m->pagemap_fd,
	            like ? &like->pages : NULL)) {
		kept_free(&c->kept);
		free(c);
		error_set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	c->position = m->position;
	c->event = h->next;
	c->steps = h->steps;
	return c;
}

void checkpoint_free(struct history *h, struct checkpoint *c)
{
	if (!c)
		return;
	pages_free(&h->store, &c->pages);
	kept_free(&c->kept);
	free(c);
}

struct loading {
	struct history *history;
	const struct checkpoint *checkpoint;
};

/* KVM may have made translations of its own of what the guest's page tables were: see memory_forget. */
static int load_pages(void *ctx, struct machine *m)
{
	const struct loading *l = ctx;
	struct memory *memory = &m->guest->vm.memory;
	uint64_t changed;
	pages_put(&l->checkpoint->pages, memory, m->pagemap_fd, &changed);
	return changed ? memory_forget(memory) : 0;
}

int checkpoint_load(struct history *h, const struct checkpoint *c, struct error *e)
{
	struct machine *m = h->machine;
	struct loading l = { h, c };
	int err = kept_load(m, &c->kept, true, load_pages, &l, e);
	if (err)
		return err;
	touch_begin(&m->control); /* of a call elsewhere */
	m->position = c->position;
	h->next = c->event;
	set_steps(h, c->steps);
	return 0;
}

uint64_t history_bytes(const struct history *h)
{
	uint64_t bytes = h->store.bytes + spans_bytes(h) + output_bytes(h) + h->event_bytes +
	                 h->event_size * sizeof *h->events + disks_bytes(h);
	for (size_t i = 0; i < h->checkpoint_count; i++)
		bytes += sizeof(struct checkpoint) - sizeof(struct kept) +
		         kept_size(&h->checkpoints[i]->kept);
	return bytes;
}

size_t checkpoints_before(const struct history *h, uint64_t position)
{
	size_t low = 0, high = h->checkpoint_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (h->checkpoints[middle]->position <= position)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? low - 1 : 0;
}

static void remove_at(struct history *h, size_t at)
{
	checkpoint_free(h, h->checkpoints[at]);
	h->checkpoint_count--;
	memmove(&h->checkpoints[at], &h->checkpoints[at + 1],
	        (h->checkpoint_count - at) * sizeof *h->checkpoints);
}

/* The one that is missed least: what lies between its neighbours is the smallest part of what lies between it and now.
 * Those that events lead to stay, and so do the first and the last. False: there is none. */
static bool thin(struct history *h)
{
	const uint64_t now = h->checkpoints[h->checkpoint_count - 1]->position;
	size_t best = 0;
	double least = 0;
	for (size_t i = 1; i + 1 < h->checkpoint_count; i++) {
		const struct checkpoint *c = h->checkpoints[i];
		double gap =
		        (double)(h->checkpoints[i + 1]->position - h->checkpoints[i - 1]->position);
		double part = gap / ((double)(now - c->position) + 1);
		if (c->is_pinned || (best && part >= least))
			continue;
		best = i;
		least = part;
	}
	if (best)
		remove_at(h, best);
	return best;
}

/* Not more than a few checkpoints are needed to get back to the beginning; when these are too large, it is the beginning
 * that goes. */
void checkpoints_keep_within(struct history *h)
{
	while (history_bytes(h) > h->bytes_max && h->checkpoint_count > 2) {
		if (h->checkpoint_count > 16 && thin(h))
			continue;
		if (h->checkpoints[1]->event != h->checkpoints[0]->event)
			events_drop(h, h->checkpoints[1]->event);
		remove_at(h, 0);
		h->checkpoints[0]->is_fine = false; /* it stays, as the beginning */
		spans_drop(h, h->checkpoints[0]->position);
		output_drop(h, h->checkpoints[0]->position);
		h->has_lost = true;
	}
}

int checkpoints_add(struct history *h, struct checkpoint *c)
{
	if (h->checkpoint_count == h->checkpoint_size) {
		size_t size = h->checkpoint_size ? 2 * h->checkpoint_size : 64;
		struct checkpoint **all = realloc(h->checkpoints, size * sizeof *all);
		if (!all)
			return -ENOMEM;
		h->checkpoints = all;
		h->checkpoint_size = size;
	}
	size_t at = h->checkpoint_count;
	while (at && (h->checkpoints[at - 1]->position > c->position ||
	                     (h->checkpoints[at - 1]->position == c->position &&
	                             h->checkpoints[at - 1]->event > c->event)))
		at--;
	memmove(&h->checkpoints[at + 1], &h->checkpoints[at],
	        (h->checkpoint_count - at) * sizeof *h->checkpoints);
	h->checkpoints[at] = c;
	h->checkpoint_count++;
	return 0;
}

int checkpoints_look(struct history *h, struct error *e)
{
	const uint64_t begin_ns = clock_host_ns();
	if (h->machine->position < h->next_checkpoint || h->machine->control.cpu.stuck)
		return 0;
	struct checkpoint *c = checkpoint_take(h, e);
	if (!c || checkpoints_add(h, c)) {
		checkpoint_free(h, c);
		return -ENOMEM;
	}
	spans_take(h);
	file_checkpoint(h, c);
	checkpoints_keep_within(h);
	const uint64_t end_ns = clock_host_ns();
	if (end_ns - begin_ns > (begin_ns - h->taken_ns) / COST_PARTS && h->interval < INTERVAL_MAX)
		h->interval *= 2;
	else if (h->interval > INTERVAL_MIN &&
	         end_ns - begin_ns < (begin_ns - h->taken_ns) / (4 * COST_PARTS))
		h->interval /= 2;
	if (h->interval < INTERVAL_MIN)
		h->interval = INTERVAL_MIN;
	h->taken_ns = end_ns;
	h->next_checkpoint = h->machine->position + h->interval;
	return 0;
}

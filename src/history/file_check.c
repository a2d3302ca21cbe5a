/* A recording's file, done again and compared: each HASH and STAT with what the guest comes to. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cpu_bits.h"
#include "history/file.h"
#include "history/file_machine.h"

struct looking {
	const struct memory *memory;
	char *to;
	size_t size;
};

static int tell_page(void *ctx, uint64_t page, const uint8_t *was, const uint8_t *is)
{
	const struct looking *l = ctx;
	unsigned i = 0;
	while (was[i] == is[i])
		i++;
	snprintf(l->to, l->size, "the byte of RAM at 0x%" PRIx64 " is 0x%02x, and was 0x%02x",
	        pages_gpa(l->memory, page) + i, is[i], was[i]);
	return 1;
}

static int tell_sector(void *ctx, uint64_t sector, const uint8_t *bytes)
{
	const struct looking *l = ctx;
	(void)bytes;
	snprintf(l->to, l->size, "sector %" PRIu64 " of a disk", sector);
	return 1;
}

/* Registers that a HASH has, by name. */
static bool regs_differ(
        const struct kvm_regs *is, const struct kvm_regs *was, char *to, size_t size)
{
	struct kept a = { .vcpu.regs = *is }, b = { .vcpu.regs = *was };
	return machine_differs(&a, &b, to, size);
}

/* All that a STAT has. */
static bool state_differs(
        const struct looking *l, const struct checkpoint *is, const struct checkpoint *was)
{
	if (machine_differs(&is->kept, &was->kept, l->to, l->size) ||
	        pages_differ(&was->pages, &is->pages, l->memory, tell_page, (void *)l))
		return true;
	for (unsigned i = 0; i < is->kept.disks.count && i < was->kept.disks.count; i++)
		if (overlay_each(&is->kept.disks.overlays[i], &was->kept.disks.overlays[i],
		            tell_sector, (void *)l) ||
		        overlay_each(&was->kept.disks.overlays[i], &is->kept.disks.overlays[i],
		                tell_sector, (void *)l))
			return true;
	return false;
}

/* What the file says of itself: its sums hold, too. */
static bool sums_differ(
        const struct looking *l, const struct checkpoint *is, const struct file_check *was)
{
	const bool time = is->kept.board.now_ns != was->now_ns;
	const bool machine = machine_sum(&is->kept) != was->machine_sum;
	const bool ram = pages_sum(&is->pages, l->memory) != was->ram_sum;
	if (time)
		snprintf(l->to, l->size, "the guest's time is %" PRIu64 " ns, and was %" PRIu64,
		        is->kept.board.now_ns, was->now_ns);
	else if (machine || ram)
		snprintf(l->to, l->size, "the checksum of the %s is another",
		        machine ? "registers and devices" : "RAM");
	return time || machine || ram;
}

static int compare(struct history *h, const struct file_check *c, struct error *e)
{
	char text[200] = "";
	const struct looking l = { &h->machine->guest->vm.memory, text, sizeof text };
	struct checkpoint *now = checkpoint_take(h, e);
	if (!now)
		return -ENOMEM;
	bool differs = false;
	if (c->has_regs)
		differs = regs_differ(&now->kept.vcpu.regs, &c->regs, text, sizeof text);
	else if (c->all && !c->is_changed)
		differs = state_differs(&l, now, c->all);
	differs = differs || sums_differ(&l, now, c);
	checkpoint_free(h, now);
	return differs ? error_set(e, -EILSEQ, "position %" PRIu64 ": %s", c->position, text) : 0;
}

int history_check(struct history *h, const struct recording *r, uint64_t *checked, struct error *e)
{
	struct error why = { 0 };
	int err = 0;
	*checked = 0;
	for (size_t i = 0; i < r->check_count && !err; i++) {
		const struct file_check *c = &r->checks[i];
		h->events_stop = c->event;
		err = run_to(h, c->position, &why);
		if (!err && (h->machine->position != c->position || h->next != c->event))
			err = error_set(&why, -EILSEQ,
			        "position %" PRIu64 ": the replay ends before it", c->position);
		if (!err)
			err = compare(h, c, &why);
		*checked += !err;
	}
	h->events_stop = SIZE_MAX;
	if (!err)
		err = run_to(h, h->end, &why);
	if (!err && r->damage[0])
		err = error_set(&why, -EILSEQ, "%s", r->damage);
	return err ? error_set(e, err, "%s", why.text) : 0;
}

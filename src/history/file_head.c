/* How a recording's file begins: which machine it is of, and on which CPU. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/version.h"
#include "history/file.h"
#include "machine/media.h"

/* cpuid's leaves: SDM vol 2, CPUID. */
#define LEAF_VENDOR 0u
#define LEAF_MODEL  1u

static const struct kvm_cpuid_entry2 *leaf(const struct kvm_cpuid2 *c, uint32_t function)
{
	for (uint32_t i = 0; c && i < c->nent; i++)
		if (c->entries[i].function == function)
			return &c->entries[i];
	return NULL;
}

static void name_cpu(const struct kvm_cpuid2 *c, char *to, size_t size)
{
	const struct kvm_cpuid_entry2 *vendor = leaf(c, LEAF_VENDOR), *model = leaf(c, LEAF_MODEL);
	char name[13] = "unknown";
	if (vendor) {
		memcpy(name, &vendor->ebx, 4);
		memcpy(name + 4, &vendor->edx, 4);
		memcpy(name + 8, &vendor->ecx, 4);
	}
	const uint32_t eax = model ? model->eax : 0;
	uint32_t family = eax >> 8 & 15, number = eax >> 4 & 15;
	if (family == 6 || family == 15)
		number |= (eax >> 16 & 15) << 4;
	if (family == 15)
		family += eax >> 20 & 255;
	snprintf(to, size, "%s, family %u, model %u, stepping %u", name, family, number, eax & 15);
}

static void put_cpuid(struct file_out *to, const struct kvm_cpuid2 *c)
{
	struct file_out o = { 0 };
	const uint32_t count = c->nent < FILE_CPUID_MAX ? c->nent : FILE_CPUID_MAX;
	out_number(&o, count, 4);
	for (uint32_t i = 0; i < count; i++) {
		const struct kvm_cpuid_entry2 *x = &c->entries[i];
		const uint32_t all[] = { x->function, x->index, x->flags, x->eax, x->ebx, x->ecx,
			x->edx };
		out_bytes(&o, all, sizeof all);
	}
	file_put_chunk(to, FILE_CPUID, &o);
	out_free(&o);
}

static void fill_head(const struct history *h, struct file_head *to)
{
	const struct machine *m = h->machine;
	const struct machine_config *c = m->config;
	const struct guest *g = m->guest;
	snprintf(to->version, sizeof to->version, "%s", STEPVM_VERSION);
	snprintf(to->image, sizeof to->image, "%s", g->image.name);
	to->is_pc = g->board.is_pc;
	to->watches_zero = m->control.watches_zero;
	to->format = g->image.format;
	to->step_ns = (uint32_t)h->step_ns;
	to->shape.count = g->vm.memory.count;
	memcpy(to->shape.slots, g->vm.memory.slots, sizeof to->shape.slots);
	to->port_count = c->port_count;
	memcpy(to->ports, c->ports, sizeof to->ports);
	to->disk_count = g->media ? g->media->disks.count : 0;
	to->has_boot = g->media && g->media->disks.has_boot;
	for (unsigned i = 0; i < to->disk_count; i++) {
		const struct disk *d = &g->media->disks.all[i];
		to->disks[i].kind = d->kind;
		to->disks[i].size = d->medium.size;
		snprintf(to->disks[i].name, sizeof to->disks[i].name, "%s", d->name);
	}
	to->script = m->keys; /* borrowed */
}

void file_put_beginning(const struct history *h, struct file_out *to)
{
	struct file_head *head = calloc(1, sizeof *head);
	struct kvm_cpuid2 *cpuid = vcpu_new_cpuid(machine_vcpu(h->machine));
	struct file_out o = { 0 };
	if (head) {
		fill_head(h, head);
		name_cpu(cpuid, head->cpu, sizeof head->cpu);
		file_put_head(&o, head);
		out_bytes(to, FILE_MAGIC, FILE_MAGIC_SIZE);
		file_put_chunk(to, FILE_HEAD, &o);
	}
	to->has_failed |= !head;
	if (cpuid)
		put_cpuid(to, cpuid);
	free(cpuid);
	free(head);
	out_free(&o);
}

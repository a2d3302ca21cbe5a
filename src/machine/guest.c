/* A guest of a config: RAM, vCPU, board, image and registers, in this order. */
#include "machine/guest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kvm/registers.h"
#include "machine/clock.h"
#include "machine/firmware.h"
#include "machine/media.h"

/* A PC's RAM leaves the last GiB below 4 GiB to devices and firmware and goes on above it. */
#define LOW_RAM_END 0xc0000000ull
#define HIGH_RAM    0x100000000ull

static int add_memory(struct guest *g, const struct machine_config *c, struct error *e)
{
	int err = 0;
	if (c->memory_count == 0)
		return memory_add(&g->vm.memory, 0, CONFIG_MEMORY_SIZE, e);
	for (unsigned i = 0; i < c->memory_count && !err; i++) {
		uint64_t size = c->memory[i].size, gpa = c->memory[i].gpa;
		if (!c->memory[i].has_gpa && size > LOW_RAM_END) {
			err = memory_add(&g->vm.memory, HIGH_RAM, size - LOW_RAM_END, e);
			size = LOW_RAM_END;
		}
		if (!err)
			err = memory_add(&g->vm.memory, gpa, size, e);
	}
	return err;
}

static int set_ports(struct guest *g, const struct machine_config *c, struct error *e)
{
	for (unsigned i = 0; i < c->port_count; i++) {
		int err = board_port(&g->board, c->ports[i].port, c->ports[i].kind, e);
		if (err)
			return err;
	}
	board_default_ports(&g->board);
	return 0;
}

/* What the board's disks are is known by the image; a boot sector finds in DL which of them it is on. */
static int add_disks(struct guest *g, const struct machine_config *c, const struct media *before,
        struct kvm_regs *regs, struct error *e)
{
	int err = media_open(&g->media, c, &g->image, before, e);
	free(g->image.stream);
	g->image.stream = NULL;
	if (!err && g->media && g->media->disks.has_boot)
		regs->rdx = g->media->disks.all[0].number;
	return err;
}

/* Its RAM, its registers and what its devices hold come later. */
static int set_replayed(struct guest *g, const struct config_replay *r, struct error *e)
{
	g->image.format = r->format;
	g->image.board = r->is_pc ? IMAGE_BOARD_PC : IMAGE_BOARD_BARE;
	g->image.why = "a recording says so";
	snprintf(g->image.name, sizeof g->image.name, "%s", r->image);
	int err = r->cpuid ? vcpu_use_cpuid(&g->vcpus[0], r->cpuid) : 0;
	if (err)
		snprintf(g->image.warning, sizeof g->image.warning,
		        "KVM does not take the CPUID of the CPU that this was recorded on: %s",
		        strerror(-err));
	return media_open_replayed(&g->media, r, e);
}

/* The image's entry state, then what --reg says. */
static int set_state(struct guest *g, const struct machine_config *c, const struct media *before,
        struct error *e)
{
	struct kvm_regs regs = *vcpu_regs(&g->vcpus[0]);
	struct kvm_sregs sregs = *vcpu_sregs(&g->vcpus[0]);
	int err = image_load(&c->image, &g->vm.memory, &regs, &sregs, &g->image, e);
	if (!err)
		err = add_disks(g, c, before, &regs, e);
	if (err)
		return err;
	err = vcpu_set_sregs(&g->vcpus[0], &sregs);
	if (!err)
		err = vcpu_set_regs(&g->vcpus[0], &regs);
	if (err)
		return error_set(e, err, "KVM refuses the guest's first state: %s", strerror(-err));
	for (unsigned i = 0; i < c->register_count && !err; i++) {
		struct error why = { 0 };
		const struct config_register *r = &c->registers[i];
		err = registers_write_named(&g->vcpus[0], r->name, r->value, &why);
		if (err)
			error_set(e, err, "--reg %s", why.text);
	}
	return err;
}

static int make(struct guest *g, const struct machine_config *c, const struct vm *beside,
        const struct media *before, board_output *output, void *ctx, struct error *e)
{
	int err = beside ? vm_open_beside(&g->vm, beside, e) : vm_open(&g->vm, e);
	if (err)
		return err;
	err = add_memory(g, c, e);
	if (err)
		goto close_vm;
	err = vcpu_open(&g->vcpus[0], &g->vm, e);
	if (err)
		goto close_vm;
	err = c->replay ? set_replayed(g, c->replay, e) : set_state(g, c, before, e);
	board_init(&g->board, g->image.board == IMAGE_BOARD_PC, output, ctx);
	g->is_shown = c->is_shown;
	board_set_rtc(&g->board,
	        c->rtc == RTC_DATE ? c->rtc_seconds : clock_host_date(c->rtc == RTC_LOCAL));
	if (!err)
		err = set_ports(g, c, e);
	if (!err && g->board.is_pc)
		err = firmware_power_on(g, e);
	if (!err)
		return 0;
	media_close(g->media);
	vcpu_close(&g->vcpus[0]);
close_vm:
	vm_close(&g->vm);
	return err;
}

int guest_open(struct guest **to, const struct machine_config *c, const struct vm *beside,
        const struct media *before, board_output *output, void *ctx, struct error *e)
{
	struct guest *g = calloc(1, sizeof *g);
	if (!g)
		return error_set(e, -ENOMEM, "out of memory");
	int err = make(g, c, beside, before, output, ctx, e);
	if (err)
		free(g);
	else
		*to = g;
	return err;
}

void guest_close(struct guest *g)
{
	media_close(g->media);
	vcpu_close(&g->vcpus[0]);
	vm_close(&g->vm);
	free(g);
}

/* The parts of a machine, saved and loaded together. */
#include "machine/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kvm/memory_image.h"
#include "kvm/vcpu_state.h"
#include "machine/media.h"

struct snapshot {
	struct memory_image memory;
	struct vcpu_state vcpu;
	struct board_state board;
	struct typist_state typist;
	struct bios_state bios;
	struct disks_image disks;
	struct control_state control;
	struct journal ports, log;
};

/* Of a board without them there are none. */
static struct disks *disks_of(struct machine *m)
{
	static struct disks none;
	return m->guest->media ? &m->guest->media->disks : &none;
}

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
		err = vcpu_save(machine_vcpu(m), &s->vcpu, e);
	if (!err && (err = disks_save(disks_of(m), &s->disks)))
		error_set(e, err, "out of memory");
	clock_set(&m->clock, &m->guest->board, policy);
	if (err) {
		snapshot_free(s);
		return err;
	}
	s->board = m->guest->board.state;
	s->typist = m->typist.state;
	s->bios = m->guest->bios.state;
	s->control = control_save(&m->control);
	s->ports = m->ports;
	s->log = m->log;
	*to = s;
	return 0;
}

/* What the user has been told needs not be told again. */
static void load_bios(struct bios_state *b, const struct bios_state *from)
{
	const struct bios_state before = *b;
	*b = *from;
	memcpy(b->said, before.said, sizeof b->said);
	b->disk_said = before.disk_said;
}

/* Whether it is on is the present debugger's. */
static void load_journal(struct journal *j, const struct journal *from)
{
	bool is_on = j->is_on;
	*j = *from;
	j->is_on = is_on;
}

/* Of the vCPU and the memory. */
static int load(struct machine *m, const struct snapshot *s, struct error *e)
{
	struct vcpu_state before;
	struct error why = { 0 };
	int err = vcpu_save(machine_vcpu(m), &before, e);
	if (err)
		return err;
	/* Twice: a refusal comes while the memory is still whole, and what KVM reads of the memory
	 * at once has to be read of the new one. */
	err = vcpu_load(machine_vcpu(m), &s->vcpu, &why);
	bool is_lost = err && vcpu_load(machine_vcpu(m), &before, NULL);
	if (!err) {
		err = memory_load(&m->guest->vm.memory, &s->memory);
		if (err)
			error_set(&why, err, "KVM refuses the RAM: %s", strerror(-err));
		else
			err = vcpu_load(machine_vcpu(m), &s->vcpu, &why);
		is_lost = err;
	}
	vcpu_state_free(&before);
	if (err)
		error_set(e, err, "%s%s", why.text,
		        is_lost ? "; the guest is lost, and monitor reset starts it again" : "");
	return err;
}

/* All but the disks. */
static int load_machine(struct machine *m, const struct snapshot *s, struct error *e)
{
	if (!memory_image_fits(&s->memory, &m->guest->vm.memory))
		return error_set(e, -EINVAL, "the machine has another RAM");
	int err = load(m, s, e);
	if (err)
		return err;
	m->typist.state = s->typist;
	machine_load_board(m, &s->board);
	load_bios(&m->guest->bios.state, &s->bios);
	control_load(&m->control, &s->control);
	load_journal(&m->ports, &s->ports);
	load_journal(&m->log, &s->log);
	return 0;
}

int snapshot_load(struct machine *m, const struct snapshot *s, struct error *e)
{
	struct disks *disks = disks_of(m);
	struct disks_image before;
	int err = disks_save(disks, &before);
	if (err)
		return error_set(e, err, "out of memory");
	/* First, for it changes nothing where it refuses, and can be taken back. */
	err = disks_load(disks, &s->disks, e);
	if (!err) {
		err = load_machine(m, s, e);
		if (err)
			disks_load(disks, &before, NULL);
	}
	disks_image_free(&before);
	return err;
}

int snapshot_reboot(struct machine *m, const struct snapshot *s, struct error *e)
{
	return load_machine(m, s, e);
}

void snapshot_free(const struct snapshot *s)
{
	struct snapshot *own = (struct snapshot *)s;
	if (!own)
		return;
	memory_image_free(&own->memory);
	vcpu_state_free(&own->vcpu);
	disks_image_free(&own->disks);
	free(own);
}

uint64_t snapshot_size(const struct snapshot *s)
{
	return sizeof *s + memory_image_size(&s->memory) + disks_image_size(&s->disks) +
	       s->vcpu.msr_count * sizeof *s->vcpu.msrs;
}

uint64_t snapshot_now_ns(const struct snapshot *s)
{
	return s->board.now_ns;
}

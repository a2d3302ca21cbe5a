/* The parts of a machine, kept and loaded together. */
#include "machine/kept.h"

#include <string.h>

#include "machine/media.h"

/* Of a board without them there are none. */
static struct disks *disks_of(struct machine *m)
{
	static struct disks none;
	return m->guest->media ? &m->guest->media->disks : &none;
}

int kept_take(struct kept *k, struct machine *m, const struct kept *like, struct error *e)
{
	*k = (struct kept) { 0 };
	int err = vcpu_save(machine_vcpu(m), like ? &like->vcpu : NULL, &k->vcpu, e);
	if (!err && (err = disks_save(disks_of(m), &k->disks)))
		error_set(e, err, "out of memory");
	if (err) {
		kept_free(k);
		return err;
	}
	k->board = m->guest->board.state;
	k->typist = m->typist.state;
	k->bios = m->guest->bios.state;
	k->control = control_save(&m->control);
	k->ports = m->ports;
	k->log = m->log;
	k->tsc_zero = m->tsc_zero;
	k->is_off = m->guest->is_off;
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
static int load_vcpu(
        struct machine *m, const struct kept *k, kept_memory *memory, void *ctx, struct error *e)
{
	struct vcpu_state before;
	struct error why = { 0 };
	int err = vcpu_save(machine_vcpu(m), &k->vcpu, &before, e);
	if (err)
		return err;
	/* Twice: a refusal comes while the memory is still whole, and what KVM reads of the memory
	 * at once has to be read of the new one. */
	err = vcpu_load(machine_vcpu(m), &k->vcpu, &why);
	bool is_lost = err && vcpu_load(machine_vcpu(m), &before, NULL);
	if (!err) {
		err = memory(ctx, m);
		if (err)
			error_set(&why, err, "KVM refuses the RAM: %s", strerror(-err));
		else
			err = vcpu_load(machine_vcpu(m), &k->vcpu, &why);
		is_lost = err;
	}
	vcpu_state_free(&before);
	if (err)
		error_set(e, err, "%s%s", why.text,
		        is_lost ? "; the guest is lost, and monitor reset starts it again" : "");
	return err;
}

/* All but the disks. */
static int load_machine(
        struct machine *m, const struct kept *k, kept_memory *memory, void *ctx, struct error *e)
{
	int err = load_vcpu(m, k, memory, ctx, e);
	if (err)
		return err;
	m->typist.state = k->typist;
	machine_load_board(m, &k->board);
	load_bios(&m->guest->bios.state, &k->bios);
	control_load(&m->control, &k->control);
	load_journal(&m->ports, &k->ports);
	load_journal(&m->log, &k->log);
	m->tsc_zero = k->tsc_zero;
	m->guest->is_off = k->is_off;
	return 0;
}

int kept_load(struct machine *m, const struct kept *k, bool with_disks, kept_memory *memory,
        void *ctx, struct error *e)
{
	struct disks *disks = disks_of(m);
	struct disks_image before;
	if (!with_disks)
		return load_machine(m, k, memory, ctx, e);
	int err = disks_save(disks, &before);
	if (err)
		return error_set(e, err, "out of memory");
	/* First, for it changes nothing where it refuses, and can be taken back. */
	err = disks_load(disks, &k->disks, e);
	if (!err) {
		err = load_machine(m, k, memory, ctx, e);
		if (err)
			disks_load(disks, &before, NULL);
	}
	disks_image_free(&before);
	return err;
}

void kept_free(struct kept *k)
{
	vcpu_state_free(&k->vcpu);
	disks_image_free(&k->disks);
}

uint64_t kept_size(const struct kept *k)
{
	return sizeof *k + disks_image_size(&k->disks) + k->vcpu.msr_count * sizeof *k->vcpu.msrs;
}

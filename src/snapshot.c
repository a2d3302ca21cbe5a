#include "snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kvm/memory_image.h"
#include "kvm/vcpu_state.h"

struct snapshot {
	struct memory_image memory;
	struct vcpu_state vcpu;
	struct board_state board;
	struct control_state control;
	struct journal ports, log;
};

int snapshot_take(
        const struct snapshot **to, struct machine *m, uint64_t bytes_max, struct error *e)
{
	struct snapshot *s = calloc(1, sizeof *s);
	if (!s)
		return error_set(e, -ENOMEM, "out of memory");
	bool is_clock_on = m->is_clock_on;
	machine_stop_clock(m);
	int err = memory_save(&m->vm.memory, m->pagemap_fd, bytes_max, &s->memory, e);
	if (!err)
		err = vcpu_save(&m->vcpu, &s->vcpu, e);
	if (is_clock_on)
		machine_start_clock(m);
	if (err) {
		snapshot_free(s);
		return err;
	}
	s->board = m->board.state;
	s->control = control_save(&m->control);
	s->ports = m->ports;
	s->log = m->log;
	*to = s;
	return 0;
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
	int err = vcpu_save(&m->vcpu, &before, e);
	if (err)
		return err;
	/* Twice: a refusal comes while the memory is still whole, and what KVM reads of the memory
	 * at once has to be read of the new one. */
	err = vcpu_load(&m->vcpu, &s->vcpu, &why);
	bool is_lost = err && vcpu_load(&m->vcpu, &before, NULL);
	if (!err) {
		err = memory_load(&m->vm.memory, &s->memory);
		if (err)
			error_set(&why, err, "KVM refuses the RAM: %s", strerror(-err));
		else
			err = vcpu_load(&m->vcpu, &s->vcpu, &why);
		is_lost = err;
	}
	vcpu_state_free(&before);
	if (err)
		error_set(e, err, "%s%s", why.text,
		        is_lost ? "; the guest is lost, and monitor reset starts it again" : "");
	return err;
}

int snapshot_load(struct machine *m, const struct snapshot *s, struct error *e)
{
	if (!memory_image_fits(&s->memory, &m->vm.memory))
		return error_set(e, -EINVAL, "the machine has another RAM");
	int err = load(m, s, e);
	if (err)
		return err;
	machine_load_board(m, &s->board);
	control_load(&m->control, &s->control);
	load_journal(&m->ports, &s->ports);
	load_journal(&m->log, &s->log);
	return 0;
}

void snapshot_free(const struct snapshot *s)
{
	struct snapshot *own = (struct snapshot *)s;
	if (!own)
		return;
	memory_image_free(&own->memory);
	vcpu_state_free(&own->vcpu);
	free(own);
}

uint64_t snapshot_size(const struct snapshot *s)
{
	return sizeof *s + memory_image_size(&s->memory) + s->vcpu.msr_count * sizeof *s->vcpu.msrs;
}

uint64_t snapshot_now_ns(const struct snapshot *s)
{
	return s->board.now_ns;
}

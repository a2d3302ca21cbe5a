#include "serve_internal.h"

#include <errno.h>

/* The guest is another one now. */
static void go_on(struct serve *s)
{
	if (s->session) {
		const struct target_stop stop = serve_target_stop(s, &s->last, true);
		session_replaced(s->session, &stop);
	}
	if (s->state == SERVE_RUNNING || s->state == SERVE_WAITING) {
		s->state = SERVE_RUNNING;
		control_begin(&s->machine->control);
	}
}

int serve_restart(struct serve *s, struct error *e)
{
	struct machine *m = s->machine;
	kicker_set_vcpu(NULL); /* it is about to be another one */
	int err = machine_reset(m, s->options, e);
	kicker_set_vcpu(&m->vcpu);
	if (err)
		return err;
	s->is_dead = s->is_killed = s->is_interrupted = false;
	s->last = (struct stop) { .kind = STOP_STEPPED };
	go_on(s);
	return 0;
}

int serve_load(struct serve *s, const struct named_snapshot *n, struct error *e)
{
	if (s->is_dead)
		return error_set(
		        e, -ESRCH, "the guest has ended: start it again by run, then load");
	int err = snapshot_load(s->machine, n->snapshot, e);
	if (err)
		return err;
	s->last = n->last;
	go_on(s);
	return 0;
}

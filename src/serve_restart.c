#include "serve.h"
#include "signals.h"

int serve_restart(struct serve *s, struct error *e)
{
	struct machine *m = s->machine;
	/* Both kick the vCPU, which is about to be another one. */
	signals_close();
	kicker_set_vcpu(&s->kicker, NULL);
	int err = machine_reset(m, s->options, e);
	kicker_set_vcpu(&s->kicker, &m->vcpu);
	signals_open(&m->vcpu, s->wake_fd);
	if (err)
		return err;
	if (s->state == SERVE_RUNNING || s->state == SERVE_WAITING) {
		s->state = SERVE_RUNNING;
		control_begin(&m->control);
	}
	s->is_dead = s->is_interrupted = false;
	s->last = (struct stop) { .kind = STOP_STEPPED };
	return 0;
}

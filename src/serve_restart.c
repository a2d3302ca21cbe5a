#include <errno.h>
#include <stdio.h>

#include "serve.h"
#include "signals.h"

int serve_restart(struct serve *s, struct error *e)
{
	struct error why = { 0 };
	struct machine *m = s->machine;
	/* Both kick the vCPU, which is about to be another one. */
	signals_close();
	kicker_close(&s->kicker);
	int err = machine_reset(m, s->options, e);
	int fatal = kicker_open(&s->kicker, &m->vcpu, &why);
	if (!fatal)
		fatal = kicker_watch(&s->kicker, m->timer_fd, &why);
	if (fatal) {
		fprintf(stderr, "stepvm: %s\n", why.text);
		s->state = SERVE_ENDED;
		s->status = STATUS_HOST;
		return error_set(e, fatal, "%s", why.text);
	}
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

/* What --hlt makes of a halt, and the wait for what ends one, or a rest. */
#include "machine/halt.h"

#include "machine/firmware.h"
#include "machine/input.h"

enum run_halt halt_wait_until(struct run *r, uint64_t resume_at_ns)
{
	r->state = RUN_WAITING;
	r->resume_at_ns = resume_at_ns;
	return RUN_HALT_WAITS;
}

void halt_rest(struct run *r, struct stop *stop)
{
	r->state = RUN_WAITING;
	r->is_resting = true;
	r->rested_ns = r->machine->guest->board.state.now_ns + RUN_REST_NS;
	*stop = (struct stop) { .kind = STOP_KICKED };
}

bool run_is_asleep(const struct run *r)
{
	struct machine *m = r->machine;
	return control_is_halted(&m->control) &&
	       !(machine_can_wake(m) && control_has_interrupt(&m->control));
}

bool run_is_halted_for_good(const struct run *r)
{
	struct machine *m = r->machine;
	return m->config->hlt == HLT_AUTO && control_is_halted(&m->control) && !machine_can_wake(m);
}

enum run_halt run_halt(struct run *r, bool is_news, bool has_debugger)
{
	const struct machine_config *c = r->machine->config;
	if (!is_news)
		r->last = (struct stop) { .kind = STOP_HALTED };
	/* The hlt of a firmware that waits is none of the guest's. */
	if (firmware_waiting(r->machine) >= 0 && machine_can_wake(r->machine))
		return halt_wait_until(r, RUN_FOREVER);
	switch (c->hlt) {
	case HLT_RESUME:
		return halt_wait_until(r, clock_host_ns() + c->hlt_resume_ms * UINT64_C(1000000));
	case HLT_STOP:
		/* The debugger has seen this halt and let the guest go on. */
		if (!is_news && machine_can_wake(r->machine))
			return halt_wait_until(r, RUN_FOREVER);
		return RUN_HALT_STOPS;
	case HLT_EXIT: return RUN_HALT_EXITS;
	case HLT_AUTO:
		if (machine_can_wake(r->machine))
			return halt_wait_until(r, RUN_FOREVER);
		return has_debugger ? RUN_HALT_STOPS : RUN_HALT_ENDS;
	}
	return RUN_HALT_STOPS;
}

/* With --speed max nobody waits for what the guest's time brings; but for a key that nobody has typed yet, which comes
 * by the host's time, one waits in the BIOS. */
static void skip_wait(struct machine *m)
{
	uint64_t next = input_next_ns(m);
	if (firmware_waiting(m) == 0x16 && typist_due_ns(&m->typist) == TYPIST_NEVER)
		return;
	if (!m->config->speed.skips_waits || next == BOARD_NEVER ||
	        control_has_interrupt(&m->control))
		return;
	clock_skip(&m->clock, &m->guest->board, next);
	input_feed(m);
}

static void go_on_resting(struct run *r, uint64_t *timeout_ns)
{
	struct machine *m = r->machine;
	const struct board *b = &m->guest->board;
	uint64_t next = input_next_ns(m);
	if (next > r->rested_ns)
		next = r->rested_ns;
	if (m->config->speed.skips_waits && input_has_no_keys(m) &&
	        !control_has_interrupt(&m->control)) {
		clock_skip(&m->clock, &m->guest->board, next);
		input_feed(m);
	}
	if (control_has_interrupt(&m->control) || b->state.now_ns >= r->rested_ns) {
		r->is_resting = false;
		r->state = RUN_FREE;
		return;
	}
	*timeout_ns = clock_left_ns(&m->clock, b, next);
}

void run_rest(struct run *r)
{
	r->state = RUN_WAITING;
	r->is_resting = true;
}

void run_woken(struct run *r)
{
	r->is_resting = false;
	r->state = r->over.is_on ? RUN_STEPPING : RUN_FREE;
}

bool run_wait(struct run *r, uint64_t *timeout_ns)
{
	struct machine *m = r->machine;
	bool is_timed = r->resume_at_ns != RUN_FOREVER;
	machine_start_clock(m);
	if (r->is_resting) {
		go_on_resting(r, timeout_ns);
		return true;
	}
	bool can_wake = machine_can_wake(m);
	if (can_wake)
		skip_wait(m);
	if (can_wake && control_has_interrupt(&m->control)) {
		run_woken(r);
		return true;
	}
	uint64_t now = clock_host_ns();
	if (now >= r->resume_at_ns) {
		control_wake(&m->control);
		r->state = RUN_FREE;
		return true;
	}
	if (!can_wake && !is_timed)
		return false;
	uint64_t next = input_next_ns(m);
	*timeout_ns = RUN_FOREVER;
	if (can_wake && next != BOARD_NEVER)
		*timeout_ns = clock_left_ns(&m->clock, &m->guest->board, next);
	if (is_timed && r->resume_at_ns - now < *timeout_ns)
		*timeout_ns = r->resume_at_ns - now;
	return true;
}

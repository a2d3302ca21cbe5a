/* The guest waits at the present: it is halted, it rests where it only looks for keys, or its time is ahead of the
 * host's. */
#include "history/state.h"
#include "machine/firmware.h"
#include "machine/input.h"

static void wake(struct history *h)
{
	h->is_waiting = false;
	h->rested_ns = 0;
	run_woken(h->run);
}

/* The guest's time is ahead of the host's. */
static void wait_for_host(struct history *h, uint64_t *timeout_ns)
{
	*timeout_ns = h->ahead_ns;
	h->ahead_ns = 0;
	if (!*timeout_ns)
		run_woken(h->run);
}

/* An interrupt wakes a halted CPU only where it lets interrupts in. */
static bool is_woken(const struct history *h)
{
	struct machine *m = h->machine;
	const bool has_rested = h->run->is_resting && m->guest->board.state.now_ns >= h->rested_ns;
	return has_rested ||
	       (control_has_interrupt(&m->control) && (h->run->is_resting || machine_can_wake(m)));
}

/* With --speed max nothing waits for what comes by the guest's time. A key that nobody has typed yet is waited for, for it
 * comes by the host's. */
static bool skips_wait(const struct history *h)
{
	struct machine *m = h->machine;
	if (!m->config->speed.skips_waits)
		return false;
	if (h->run->is_resting)
		return input_has_no_keys(m);
	return firmware_waiting(m) != 0x16 || typist_due_ns(&m->typist) != TYPIST_NEVER;
}

/* --hlt resume ends a halt at a time of the host's. That is no doing of the guest's, so it is kept as a change. */
static bool is_resumed(struct history *h, uint64_t now_ns)
{
	if (h->run->is_resting || now_ns < h->run->resume_at_ns)
		return false;
	control_wake(&h->machine->control);
	history_changed(h);
	return true;
}

/* Waits until the guest's time comes to next: *timeout_ns is how long that is, or 0 where the time has come. */
static void wait_until(struct history *h, uint64_t next, uint64_t host_ns, uint64_t *timeout_ns)
{
	struct machine *m = h->machine;
	const uint64_t now = m->guest->board.state.now_ns, left = next > now ? next - now : 0;
	const uint64_t passed = guest_time(h, host_ns - h->wait_ns);
	const uint32_t permille = m->config->speed.permille;
	if (!skips_wait(h) && passed < left) {
		*timeout_ns = permille ? (left - passed) / permille * 1000 + 1000 : left - passed;
		return;
	}
	h->wait_ns = host_ns;
	machine_wait(m, left);
	*timeout_ns = 0;
	if (is_woken(h))
		wake(h);
}

bool history_wait(struct history *h, uint64_t *timeout_ns)
{
	struct run *r = h->run;
	const uint64_t now = clock_host_ns();
	uint64_t next = input_next_ns(h->machine);
	if (r->is_resting && !h->rested_ns) {
		wait_for_host(h, timeout_ns);
		return true;
	}
	if (is_woken(h) || is_resumed(h, now)) {
		wake(h);
		return true;
	}
	if (!h->is_waiting)
		h->wait_ns = now;
	h->is_waiting = true;
	if (r->is_resting && next > h->rested_ns)
		next = h->rested_ns;
	*timeout_ns = RUN_FOREVER;
	if (next != BOARD_NEVER)
		wait_until(h, next, now, timeout_ns);
	const bool is_timed = !r->is_resting && r->resume_at_ns != RUN_FOREVER;
	if (is_timed && r->resume_at_ns - now < *timeout_ns)
		*timeout_ns = r->resume_at_ns - now;
	return next != BOARD_NEVER || is_timed || machine_can_wake(h->machine);
}

/* The guest goes on, at the present as it will, in the past as it did. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/array.h"
#include "base/cpu_bits.h"
#include "debug/control.h"
#include "history/state.h"
#include "kvm/registers.h"
#include "machine/firmware.h"
#include "machine/input.h"

/* Steps of a range, or one where something is to be looked at. 1: they go on. 0: *stop. -errno. */
static int steps(
        struct history *h, uint64_t max, const struct control_range *within, struct stop *stop)
{
	struct machine *m = h->machine;
	struct control *c = &m->control;
	const bool asked = c->step_interrupts, whole = c->steps_whole_rep;
	const bool lets = !m->is_past || h->steps & STEPS_LET;
	uint64_t done;
	if (!c->cpu.stuck)
		machine_step_clock(m, lets);
	struct control_range range = { .end = UINT64_MAX, .many_end = UINT64_MAX };
	if (within) {
		range.begin = within->begin;
		range.end = within->end;
	}
	range.max = 1 + machine_steps_left(m);
	if (range.max > max)
		range.max = max;
	control_set_step_interrupts(c, lets);
	control_set_whole_rep(c, false);
	int result = control_step_range(c, &range, &done, stop);
	control_set_step_interrupts(c, asked);
	control_set_whole_rep(c, whole);
	machine_stepped(m, done - 1);
	return result;
}

/* What the firmware is called for is done after the step that calls it. */
static int answer_firmware(struct machine *m, int result, struct stop *stop)
{
	int err = 0;
	if (result != 0 || stop->kind != STOP_DEVICE || !firmware_answer(m, &err))
		return err ? err : result;
	if (control_is_stopped_here(&m->control, stop))
		return 0;
	stop->kind = STOP_STEPPED;
	return 1;
}

/* Where the guest has stopped: whether it counts. A breakpoint does when its instruction is done, and not the interrupt
 * before it; a halt does at the present. */
static bool counts(struct history *h, const struct stop *stop)
{
	if (stop->kind == STOP_BREAKPOINT)
		return !((!h->machine->is_past || h->steps & STEPS_LET) &&
		         control_takes_interrupt(&h->machine->control));
	if (!h->machine->is_past)
		return true;
	/* What has become of it comes as an event, or it was the end. */
	if (stop->kind == STOP_SHUTDOWN || stop->kind == STOP_FAILED)
		return events_next(h) != h->machine->position && h->machine->position < h->end;
	return stop->kind != STOP_HALTED && stop->kind != STOP_DEVICE;
}

/* A checkpoint that the guest comes by is compared with what it is now. */
static bool has_parted(struct history *h, struct error *e)
{
	struct machine *m = h->machine;
	const struct checkpoint *c = h->checkpoints[checkpoints_before(h, m->position)];
	const struct kvm_regs *now = vcpu_regs(machine_vcpu(m)), *then = &c->kept.vcpu.regs;
	static const struct {
		const char *name;
		size_t at;
	} all[] = {
#define REG(name) { #name, offsetof(struct kvm_regs, name) }
		REG(rip),
		REG(rflags),
		REG(rax),
		REG(rbx),
		REG(rcx),
		REG(rdx),
		REG(rsi),
		REG(rdi),
		REG(rsp),
		REG(rbp),
		REG(r8),
		REG(r9),
		REG(r10),
		REG(r11),
		REG(r12),
		REG(r13),
		REG(r14),
		REG(r15),
#undef REG
	};
	if (c->position != m->position || c->event != h->next)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		uint64_t is, was;
		memcpy(&is, (const uint8_t *)now + all[i].at, sizeof is);
		memcpy(&was, (const uint8_t *)then + all[i].at, sizeof was);
		if (all[i].at == offsetof(struct kvm_regs, rflags))
			is |= RFLAGS_RF, was |= RFLAGS_RF; /* KVM's own steps may leave it */
		if (is == was)
			continue;
		error_set(e, -EILSEQ,
		        "the replay parts from the recording before position %" PRIu64
		        ": %s is 0x%" PRIx64 ", and was 0x%" PRIx64,
		        m->position, all[i].name, is, was);
		return true;
	}
	if (m->guest->board.state.now_ns == c->kept.board.now_ns)
		return false;
	error_set(e, -EILSEQ,
	        "the replay parts from the recording before position %" PRIu64
	        ": the guest's time is %" PRIu64 " ns, and was %" PRIu64,
	        m->position, m->guest->board.state.now_ns, c->kept.board.now_ns);
	return true;
}

/* Of the next checkpoint after now, in the past: its position. */
static uint64_t next_checkpoint(const struct history *h)
{
	size_t at = checkpoints_before(h, h->machine->position);
	while (at < h->checkpoint_count && h->checkpoints[at]->position <= h->machine->position)
		at++;
	return at < h->checkpoint_count ? h->checkpoints[at]->position : UINT64_MAX;
}

/* What is to be done at a position before its step. */
static int attend(struct history *h, struct error *e)
{
	if (h->machine->is_past)
		return events_happen(h, e);
	if (h->failure.text[0])
		return error_set(e, -ENOMEM, "%s", h->failure.text);
	return 0;
}

static bool is_in(const struct control_range *r, struct machine *m)
{
	return !r || registers_pc(machine_vcpu(m)) - r->begin < r->end - r->begin;
}

/* A gdb that speaks 32 bits has to hear where 64-bit code begins: control_set_watch_long. */
static bool has_come_to_long(struct machine *m, enum cpu_mode before)
{
	return m->control.watches_long && before != CPU_LONG64 &&
	       registers_mode(machine_vcpu(m)) == CPU_LONG64;
}

/* At the present the guest's time keeps pace with the host's, as it does without a recording. */
#define AHEAD_NS   UINT64_C(20000000)
#define BEHIND_NS  UINT64_C(2000000)
#define MERGED_NS  UINT64_C(50000000)
#define PACE_STEPS UINT64_C(200000)
#define PACE_RUNS  64 /* of the engine, which are short where steps take long */

/* Its steps have taken longer than they count: what it is behind passes now, and is kept as what passes in a halt is. Not
 * beyond what a device does meanwhile, for its interrupts would become one; unless that is how it fell behind. */
static void make_up(struct machine *m, uint64_t ns)
{
	const uint64_t guest = m->guest->board.state.now_ns, next = input_next_ns(m);
	if (ns < MERGED_NS && next > guest && ns > next - guest)
		ns = next - guest;
	machine_wait(m, ns);
}

uint64_t guest_time(const struct history *h, uint64_t host_ns)
{
	const uint32_t permille = h->machine->config->speed.permille;
	return permille ? host_ns / 1000 * permille : host_ns;
}

/* Where it is behind, that is made up. True: it is ahead, and has to wait. */
static bool keep_pace(struct history *h)
{
	struct machine *m = h->machine;
	const bool is_due = m->position >= h->next_pace || ++h->runs_since_pace >= PACE_RUNS;
	if (m->is_past || m->config->speed.skips_waits || !is_due)
		return false;
	h->next_pace = m->position + PACE_STEPS;
	h->runs_since_pace = 0;
	const uint64_t now = clock_host_ns(), guest = m->guest->board.state.now_ns;
	if (!h->pace_host_ns || guest < h->pace_guest_ns) {
		h->pace_host_ns = now;
		h->pace_guest_ns = guest;
		return false;
	}
	const uint64_t host = guest_time(h, now - h->pace_host_ns);
	const uint64_t passed = guest - h->pace_guest_ns;
	if (host > passed && host - passed >= BEHIND_NS)
		make_up(m, host - passed);
	h->ahead_ns = passed > host ? passed - host : 0;
	return h->ahead_ns > AHEAD_NS;
}

/* Whether the guest rests now: it only looks for keys that do not come (machine/polling.h), at the present, and nobody
 * steps it. */
static bool rests(struct history *h)
{
	struct machine *m = h->machine;
	const bool may = m->may_rest && !m->is_past && h->run->state == RUN_FREE;
	m->may_rest = false;
	if (may)
		h->rested_ns = m->guest->board.state.now_ns + RUN_REST_NS;
	return may;
}

/* In the past: the step at the position is the reset that the guest has asked for, and an event. */
static bool is_reset(const struct history *h)
{
	const struct board_state *b = &h->machine->guest->board.state;
	return h->machine->is_past && b->wants_reset != BOARD_RESET_NONE && !b->is_exiting;
}

/* Up to limit: DRIVE_THERE, or why not. */
static enum drive go(struct history *h, uint64_t limit, const struct control_range *range,
        struct stop *stop, struct error *e)
{
	struct machine *m = h->machine;
	while (m->position < limit) {
		const enum cpu_mode mode = registers_mode(machine_vcpu(m));
		if (is_reset(h)) {
			m->position++;
			continue;
		}
		int result = steps(h, limit - m->position, range, stop);
		calls_look(h);
		result = answer_firmware(m, result, stop);
		if (result < 0) {
			error_set(e, result, "KVM_RUN failed: %s", strerror(-result));
			return DRIVE_FAILED;
		}
		if (result == 0 && m->is_past)
			run_catch_reset(h->run, stop);
		if (m->is_past && m->position == h->end)
			h->last = result == 0 ? *stop : (struct stop) { .kind = STOP_STEPPED };
		bool is_over = stop->kind == STOP_DEVICE || stop->kind == STOP_SHUTDOWN ||
		               stop->kind == STOP_FAILED;
		/* Who looks for a write wants the step that has done it, and not the call's end. */
		bool is_told = h->is_searching || h->is_finding || !firmware_runs(m);
		h->was_touch = firmware_has_touched(m) && is_told && !(result == 0 && is_over) &&
		               firmware_end_touches(m, stop);
		if (h->was_touch)
			return DRIVE_STOP;
		if (result == 0 && stop->kind == STOP_KICKED) {
			if (is_in(range, m))
				return DRIVE_KICKED;
			machine_kick(m); /* heard after the stop */
			return DRIVE_LEFT;
		}
		if (result == 0 && stop->kind != STOP_STEPPED && counts(h, stop))
			return DRIVE_STOP;
		if (has_come_to_long(m, mode)) {
			stop->kind = STOP_LONG;
			return DRIVE_STOP;
		}
		if (!is_in(range, m))
			return DRIVE_LEFT;
		if (keep_pace(h) || rests(h))
			return DRIVE_KICKED;
	}
	return DRIVE_THERE;
}

/* In the past a stop shows the state of its position: the one after all that came from outside there. True: it is none, for
 * that has led the guest away from the breakpoint. */
static bool is_led_away(struct history *h, struct stop *stop, struct error *e)
{
	struct control *c = &h->machine->control;
	const uint64_t pc = registers_pc(c->cpu.vcpu);
	char caught[sizeof c->cpu.caught];
	if (h->machine->position >= h->end)
		return false;
	strcpy(caught, control_caught(c));
	if (attend(h, e))
		return false;
	c->cpu.has_caught = caught[0];
	strcpy(c->cpu.caught, caught);
	return stop->kind == STOP_BREAKPOINT && registers_pc(c->cpu.vcpu) != pc &&
	       !control_is_stopped_here(c, stop);
}

enum drive drive(struct history *h, uint64_t to, const struct control_range *range,
        struct stop *stop, struct error *e)
{
	struct machine *m = h->machine;
	stop->kind = STOP_STEPPED;
	for (;;) {
		if (attend(h, e))
			return DRIVE_FAILED;
		if (m->is_past && has_parted(h, e))
			return DRIVE_FAILED;
		if (m->position >= to)
			return DRIVE_THERE;
		uint64_t limit = to;
		if (m->is_past && events_next(h) < limit)
			limit = events_next(h);
		if (m->is_past && next_checkpoint(h) < limit)
			limit = next_checkpoint(h);
		enum drive how = go(h, limit, range, stop, e);
		const bool is_place = how == DRIVE_LEFT || how == DRIVE_STOP;
		if (how != DRIVE_THERE && !(m->is_past && is_place))
			return how;
		if (how != DRIVE_THERE && !is_led_away(h, stop, e))
			return e->text[0] ? DRIVE_FAILED : how;
	}
}

/* --- seek -------------------------------------------------------------------------------------- */

#define FINE_MIN      UINT64_C(64) /* steps */
#define INTERVAL_FINE UINT64_C(500000)

/* A checkpoint that only the next few seeks will use. */
static void keep_fine(struct history *h)
{
	struct error e = { 0 };
	struct checkpoint *c = checkpoint_take(h, &e);
	if (!c)
		return;
	c->is_fine = true;
	if (checkpoints_add(h, c))
		checkpoint_free(h, c);
}

/* Those of a seek to another place go. */
static void drop_fine(struct history *h, uint64_t position)
{
	size_t kept = 0;
	for (size_t i = 0; i < h->checkpoint_count; i++) {
		struct checkpoint *c = h->checkpoints[i];
		if (c->is_fine &&
		        (c->position > position || position - c->position > 4 * INTERVAL_FINE))
			checkpoint_free(h, c);
		else
			h->checkpoints[kept++] = c;
	}
	h->checkpoint_count = kept;
}

int leave_present(struct history *h, struct error *e)
{
	struct machine *m = h->machine;
	if (m->is_past)
		return 0;
	int err = events_keep_changes(h, e);
	if (err)
		return err;
	h->present = checkpoint_take(h, e);
	if (!h->present)
		return -ENOMEM;
	h->end = m->position;
	spans_take(h);
	m->is_past = true;
	return 0;
}

static void return_to_present(struct history *h)
{
	checkpoint_free(h, h->present);
	h->present = NULL;
	h->machine->is_past = false;
	spans_begin(h);
}

int run_to(struct history *h, uint64_t position, struct error *e)
{
	struct stop stop;
	for (;;)
		switch (drive(h, position, NULL, &stop, e)) {
		case DRIVE_THERE: return 0;
		case DRIVE_FAILED: return -EIO;
		case DRIVE_LEFT: break;
		case DRIVE_KICKED:
			h->was_kicked = true; /* it is heard afterwards */
			if (h->can_be_called_off && search_is_called_off(h, e))
				return -EINTR;
			/* Else it is short, but who waits for it may want to hear of us. */
			if (!h->can_be_called_off && h->run->is_called_off)
				h->run->is_called_off(h->run->called_off_ctx);
			break;
		case DRIVE_STOP:
			if (stop.kind == STOP_SHUTDOWN || stop.kind == STOP_FAILED)
				return h->machine->position >= position
				               ? 0
				               : error_set(e, -EILSEQ,
				                         "the replay parts from the recording: it "
				                         "ends at position %" PRIu64,
				                         h->machine->position);
		}
}

/* With checkpoints at half the way, and half the rest of it, and so on. */
static int run_finely(struct history *h, uint64_t position, struct error *e)
{
	int err = 0;
	while (!err && position - h->machine->position > FINE_MIN) {
		uint64_t half = (position - h->machine->position) / 2;
		if (half > INTERVAL_FINE)
			half = position - h->machine->position - INTERVAL_FINE;
		err = run_to(h, h->machine->position + half, e);
		if (!err)
			keep_fine(h);
	}
	return err ? err : run_to(h, position, e);
}

int seek(struct history *h, uint64_t position, bool finely, struct error *e)
{
	struct control_points points;
	struct machine *m = h->machine;
	int err = leave_present(h, e);
	if (err)
		return err;
	if (position >= h->end && !h->is_file) {
		err = checkpoint_load(h, h->present, e);
		if (!err)
			return_to_present(h);
		return err;
	}
	drop_fine(h, position);
	const struct checkpoint *from = h->checkpoints[checkpoints_before(h, position)];
	control_hide_points(&m->control, &points);
	/* From here, where that is nearer. */
	if (m->position > position || m->position < from->position || h->next < from->event)
		err = checkpoint_load(h, from, e);
	if (!err)
		err = finely ? run_finely(h, position, e) : run_to(h, position, e);
	control_show_points(&m->control, &points);
	if (h->was_kicked)
		machine_kick(m);
	h->was_kicked = false;
	return err;
}

/* The loop: what is done in each state of the guest, and how it waits in between. */
#include "serve/internal.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/status.h"
#include "history/history.h"
#include "host/notice.h"
#include "host/signals.h"
#include "host/terminal.h"
#include "kvm/registers.h"
#include "machine/firmware.h"
#include "machine/input.h"
#include "machine/report.h"
#include "serve/last_screen.h"
#include "serve/sources.h"

/* After a reply the next request often follows at once: looking for it a little before sleeping
 * saves the wake-up, which costs more than the request. Bounded, so that an idle stub uses no CPU.
 */
#define SPIN_NS 40000

#define STEP_ALARM_NS 50000000u

/* A debugger's steps go on while so much of the guest's output waits; one more may add what an
 * exit of KVM's does, a page of bytes that a hex port makes 24 of each. */
#define OUTPUT_KEPT_MAX 65536

void serve_adopt_debugger(struct serve *s, int pid)
{
	s->child_pid = pid;
	s->is_attached = false;
	s->has_user = isatty(STDIN_FILENO);
	signals_share_interrupt();
}

void serve_end_guest(struct serve *s, int status)
{
	if (s->session && session_state(s->session) == SESSION_IDLE)
		run_die(&s->run, status);
	else
		run_end(&s->run, status);
}

/* --- waiting, and who ends it -------------------------------------------------------------------- */

/* No step should take long; one that does is kicked, and the next call looks out for everything. Armed once
 * for many steps, it costs them nothing. A kick right before a step is for later (cpu_run_to_exit), and the next one
 * is for that step. */
static void arm_alarm(struct serve *s)
{
	if (!s->has_alarm)
		kicker_arm_timer(&s->kicker, STEP_ALARM_NS);
	s->has_alarm = true;
}

void serve_disarm(struct serve *s)
{
	kicker_disarm(&s->kicker);
	s->has_alarm = false;
}

/* The guest does nothing until something wants attention. The alarm would wake us for nothing, over and over; a
 * debugger that steps comes sooner. */
static void stand_still(struct serve *s, uint64_t timeout_ns)
{
	const uint64_t begin = s->has_alarm ? clock_host_ns() : 0;
	sources_attend(s, timeout_ns);
	if (s->has_alarm && clock_host_ns() - begin >= STEP_ALARM_NS / 2)
		serve_disarm(s);
}

/* Stopped, with a debugger that may ask again at once. */
static void wait_for_debugger(struct serve *s)
{
	machine_stop_clock(s->machine);
	spool_flush(&s->machine->output);
	if (s->session) {
		uint64_t until = clock_host_ns() + SPIN_NS;
		do {
			if (serve_read_debugger(s) || (signals_end && !s->child_end_ns))
				return;
		} while (clock_host_ns() < until);
	}
	terminal_cooked();
	history_stands(s->run.history);
	serve_show_wait(s);
	stand_still(s, RUN_FOREVER);
}

/* --- the guest ------------------------------------------------------------------------------- */

static void fail(struct serve *s, int err)
{
	notice_print("stepvm: KVM_RUN failed: %s\n", strerror(-err));
	run_end(&s->run, STATUS_HOST);
}

/* The debugger asked for a stop (0x03), and the guest stands at an instruction boundary. */
static void obey_interrupt(struct serve *s)
{
	struct stop stop;
	s->goes_back = false;
	if (s->run.history)
		arm_alarm(s); /* a step may have to be done to its end */
	if (history_interrupt(s->run.history, &stop)) {
		serve_handle_stop(s, &stop, false);
		return;
	}
	run_stop_interrupted(&s->run);
	serve_report(s, &s->run.last, false);
}

/* What breakpoints' commands have printed is sent before the guest goes on. True: the debugger has
 * not taken all of it, and the guest has to wait. */
static bool must_send_first(struct serve *s)
{
	size_t len;
	serve_flush(s);
	if (!s->session || !session_output(s->session, &len))
		return false;
	sources_attend(s, RUN_FOREVER);
	return true;
}

/* What the guest has printed and nobody has read goes before more of it: it waits for its reader
 * where more than max bytes are left. True: it has to, or is over. */
static bool is_held_up(struct serve *s, size_t max)
{
	struct spool *o = &s->machine->output;
	spool_flush(o);
	if (o->error) {
		serve_end_output(s);
		return true;
	}
	if (spool_kept(o) <= max)
		return false;
	if (s->run.state == RUN_FREE)
		terminal_raw();
	sources_attend(s, RUN_FOREVER);
	return true;
}

static void step(struct serve *s)
{
	struct run *r = &s->run;
	struct stop stop;
	const bool is_recorded = s->goes_back || s->has_shown_end || history_has_task(r->history) ||
	                         history_is_down(r->history);
	bool is_long = is_recorded || run_may_last(r);
	if (must_send_first(s))
		return;
	bool is_full = spool_kept(&s->machine->output) > OUTPUT_KEPT_MAX;
	if (is_long || is_full) {
		serve_feed(s); /* a 0x03 may have come with the request */
		if (r->state != RUN_STEPPING)
			return;
		if (r->is_interrupted) {
			obey_interrupt(s);
			return;
		}
	}
	if (is_held_up(s, OUTPUT_KEPT_MAX))
		return;
	if (is_recorded) {
		serve_run_recorded(s);
		return;
	}
	if (is_long)
		sources_arm(s);
	else
		arm_alarm(s);
	viewer_touch(&s->viewer);
	int err = run_steps(r, &stop);
	if (is_long)
		serve_disarm(s);
	if (err) {
		fail(s, err);
		return;
	}
	history_stepped(r->history, &stop);
	serve_handle_stop(s, &stop, true);
	if (stop.kind != STOP_KICKED)
		return;
	sources_attend(s, 0);
	if (r->is_interrupted && r->state == RUN_STEPPING)
		obey_interrupt(s);
}

/* A guest that looks for keys may wait for something else as well, a time above all: so long. */
#define VAIN_NS UINT64_C(60000000000)

/* Nobody can strike a key any more, and none is on its way. */
static bool has_no_keys(const struct serve *s)
{
	struct machine *m = s->machine;
	const struct board *b = &m->guest->board;
	return b->is_pc && !s->has_transport && input_has_no_keys(m) && !b->state.i8042.is_full &&
	       board_scancode_room(b) == KEYBOARD_QUEUE;
}

/* The guest asks the BIOS for a key all the same. True: that is its end. */
static bool waits_in_vain(struct serve *s)
{
	struct machine *m = s->machine;
	bool polls = polling_calm_ns(&m->polling, m->guest->board.state.now_ns) >= VAIN_NS;
	if (!(polls || (s->run.state == RUN_WAITING && firmware_waiting(m) == 0x16)) ||
	        !has_no_keys(s))
		return false;
	last_screen_print(s);
	notice_print("stepvm: int 16h %swaits for a key, and none will come\n",
	        polls ? "was called over and over for 60 s: the guest " : "");
	serve_end_guest(s, STATUS_OK);
	return true;
}

/* Runs the guest until it stops or something wants attention. */
static void run(struct serve *s)
{
	struct run *r = &s->run;
	struct stop stop;
	if (must_send_first(s))
		return;
	serve_feed(s); /* a 0x03 may have come with the request */
	if (r->is_interrupted || r->state != RUN_FREE || is_held_up(s, 0))
		return;
	if (run_is_asleep(r) && !history_is_past(r->history)) {
		serve_halt(s, false);
		return;
	}
	terminal_raw();
	viewer_touch(&s->viewer);
	if (r->history || s->has_shown_end) {
		serve_run_recorded(s);
		return;
	}
	sources_arm(s);
	int err = run_freely(r, &stop);
	serve_disarm(s);
	if (err) {
		fail(s, err);
		return;
	}
	serve_handle_stop(s, &stop, false);
	if (stop.kind != STOP_KICKED)
		return;
	sources_attend(s, 0);
	if (r->state == RUN_FREE)
		waits_in_vain(s);
}

/* Until an interrupt comes, or the time that --hlt resume gives. No CPU is burnt. */
static void wait_to_resume(struct serve *s)
{
	uint64_t timeout_ns;
	/* Before the wait, which --speed max skips: each tick's handler would lead back to it, for ever. */
	if (waits_in_vain(s))
		return;
	bool may_wake = s->run.history ? history_wait(s->run.history, &timeout_ns)
	                               : run_wait(&s->run, &timeout_ns);
	if (!may_wake) { /* the end of the input */
		serve_halt(s, false);
		return;
	}
	if (s->run.state != RUN_WAITING)
		return;
	if (firmware_waiting(s->machine) == 0x16)
		screen_hint_look(s);
	serve_hint_at_keys(s);
	terminal_raw();
	stand_still(s, timeout_ns);
}

/* A console that is a file has lost some of the guest's output, which was said. */
static bool has_lost_console(const struct serve *s)
{
	for (unsigned i = 0; i < SERVE_CONSOLES; i++)
		if (s->consoles[i].device && s->consoles[i].has_failed)
			return true;
	return false;
}

/* The guest has ended: its last words wait for their reader, unless a debugger has killed it or a
 * signal ends us. Where some of its output is lost, its own end is not all that counts. */
static void finish_output(struct serve *s)
{
	struct spool *o = &s->machine->output;
	uint64_t count;
	bool can_wait = s->run.status >= 0 && !s->run.is_killed;
	spool_flush(o);
	while (can_wait && spool_kept(o) && !signals_end) {
		struct pollfd p[] = { { .fd = o->fd, .events = POLLOUT },
			{ .fd = s->wake_fd, .events = POLLIN } };
		poll(p, 2, -1);
		while (read(s->wake_fd, &count, sizeof count) > 0)
			;
		spool_flush(o);
	}
	if (can_wait && o->error)
		serve_end_output(s);
	else if (can_wait && spool_kept(o))
		run_end(&s->run, -signals_end);
	if (status_is_guests(s->run.status) && has_lost_console(s))
		run_end(&s->run, STATUS_HOST);
}

/* The gdb that `stepvm debug` started has ended, and the guest with it. */
static void watch_child(struct serve *s)
{
	int status;
	signals_child = 0;
	if (!s->child_pid || waitpid(s->child_pid, &status, WNOHANG) != s->child_pid)
		return;
	s->child_pid = 0;
	s->child_signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	if (s->child_end_ns)
		notice_print("stepvm: signal %d (%s) ends gdb, and the guest\n", (int)signals_end,
		        strsignal(signals_end));
	else if (s->child_signal)
		notice_print("stepvm: gdb was ended by signal %d (%s), and so is the guest\n",
		        s->child_signal, strsignal(s->child_signal));
	run_end(&s->run, s->child_end_ns     ? -signals_end
	                 : WIFEXITED(status) ? WEXITSTATUS(status)
	                                     : STATUS_HOST);
}

#define CHILD_END_NS UINT64_C(3000000000)

/* A signal ends us: gdb first, for one that loses its stub in the midst of something shows that, or crashes. It is not
 * asked: gdb 13 has a segmentation fault by SIGTERM and SIGHUP at its prompt. False: there is none, or it does not
 * end. */
static bool ends_child(struct serve *s)
{
	if (!s->child_pid)
		return false;
	if (!s->child_end_ns) {
		s->child_end_ns = clock_host_ns() + CHILD_END_NS;
		kill(s->child_pid, SIGKILL);
	}
	serve_tick_after(s, CHILD_END_NS);
	return clock_host_ns() < s->child_end_ns;
}

/* A signal ends the guest, as `stepvm test` or timeout(1) ends one that is late: where was it? Who started its own
 * gdb, or is one, knows. */
static void tell_where(struct serve *s)
{
	char where[100], held[200] = "";
	struct vcpu *v = machine_vcpu(s->machine);
	bool is_gdbs = s->child_pid || (s->has_transport && s->transport.kind == TRANSPORT_STDIO);
	if (is_gdbs || s->run.state == RUN_DEAD)
		return;
	if (!s->run.history) /* which has its time by itself */
		machine_stop_clock(s->machine);
	report_held_back(s->machine, held, sizeof held);
	if (held[0])
		notice_print("stepvm: %s", held);
	report_where(v, where, sizeof where);
	notice_print("stepvm: the guest was %s %s in %s mode\n",
	        control_is_halted(&s->machine->control) ? "halted before" : "at", where,
	        registers_mode_name(registers_mode(v)));
}

int serve_run(struct serve *s)
{
	struct run *r = &s->run;
	if (s->has_transport && s->transport.kind == TRANSPORT_STDIO)
		serve_accept_debugger(s);
	while (r->state != RUN_ENDED) {
		if (signals_child)
			watch_child(s);
		if (signals_end && r->state != RUN_ENDED && !ends_child(s)) {
			tell_where(s);
			run_end(r, -signals_end);
			break;
		}
		if (signals_screen) {
			signals_screen = 0;
			viewer_look(&s->viewer);
		}
		if (r->is_interrupted && (run_is_going(r) || r->state == RUN_STEPPING))
			obey_interrupt(s);
		switch (r->state) {
		case RUN_STEPPING: step(s); break;
		case RUN_FREE: run(s); break;
		case RUN_WAITING: wait_to_resume(s); break;
		case RUN_STOPPED:
		case RUN_DEAD: wait_for_debugger(s); break;
		case RUN_ENDED: break;
		}
	}
	if (s->child_end_ns)
		r->status = -signals_end; /* whatever gdb has made of the guest */
	serve_flush(s);
	serve_end_screen(s);
	if (!r->is_killed)
		last_screen_print(s);
	finish_output(s);
	return r->status;
}

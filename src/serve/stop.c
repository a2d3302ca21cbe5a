/* What a stop of the guest leads to. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/status.h"
#include "history/history.h"
#include "host/notice.h"
#include "machine/report.h"
#include "serve/internal.h"
#include "serve/last_screen.h"

void serve_end_line(struct serve *s)
{
	struct spool *o = &s->machine->output;
	if (s->child_pid && o->is_in_line && isatty(o->fd))
		spool_put(o, (const uint8_t *)"\n", 1);
}

void serve_end_told_line(struct serve *s)
{
	if (s->is_in_line)
		serve_tell(s, (const uint8_t *)"\n", 1);
}

/* gdb's `next` on a line that loops around a hlt asks for the same range of steps at each hlt: it is told at the
 * first one, or the user's terminal fills with it. */
static bool is_halt_again(struct serve *s, const struct stop *stop, bool was_step)
{
	const struct run *r = &s->run;
	bool is_range = was_step && stop->kind == STOP_HALTED && r->range_begin != r->range_end;
	bool is_again = is_range && s->halt_range.is_on && s->halt_range.begin == r->range_begin &&
	                s->halt_range.end == r->range_end;
	s->halt_range.is_on = is_range;
	s->halt_range.begin = r->range_begin;
	s->halt_range.end = r->range_end;
	return is_again;
}

void serve_report(struct serve *s, const struct stop *stop, bool was_step)
{
	char text[2000];
	report_stop(s->machine, stop, text, sizeof text);
	if (is_halt_again(s, stop, was_step))
		text[0] = '\0';
	if (s->keeps_halt && stop->kind == STOP_HALTED) {
		size_t len = strlen(text);
		snprintf(text + len, sizeof text - len,
		        "gdb steps off a breakpoint at this address to continue as well as to "
		        "step, so the hlt is not passed: delete the breakpoint first, or jump.\n");
	}
	if (text[0])
		serve_end_told_line(s);
	if (stop->kind == STOP_SHUTDOWN)
		serve_hint_at_way_back(s, text, sizeof text);
	serve_flush_words(s);
	if (s->session) {
		serve_end_line(s);
		struct target_stop t = serve_target_stop(s, stop, was_step);
		session_stopped(s->session, &t, text[0] ? text : NULL);
		s->is_in_line = false; /* gdb's own words are next */
		serve_flush(s);
	} else if (text[0]) {
		notice_print("stepvm: %s", text);
	}
}

static void stop_for_debugger(struct serve *s, const struct stop *stop, bool was_step)
{
	run_stop(&s->run);
	serve_report(s, stop, was_step);
	if (!s->session)
		notice_print("stepvm: the guest waits for a debugger: target remote %s\n",
		        s->transport.where);
}

bool serve_has_debugger(const struct serve *s)
{
	return s->has_transport && (s->session || !s->is_let_go);
}

/* A stop that ends the run, unless somebody can look at it. */
static void stop_or_end(struct serve *s, const struct stop *stop, bool was_step, int status)
{
	if (serve_has_debugger(s) && s->transport.kind != TRANSPORT_STDIO) {
		stop_for_debugger(s, stop, was_step);
	} else if (s->session) {
		run_stop(&s->run);
		serve_report(s, stop, was_step);
	} else {
		last_screen_print(s);
		serve_report(s, stop, was_step);
		run_end(&s->run, status);
	}
}

void serve_halt(struct serve *s, bool is_news)
{
	static const struct target_stop exited = { .kind = TARGET_STOP_EXITED };
	switch (run_halt(&s->run, is_news, s->session)) {
	case RUN_HALT_WAITS: break;
	case RUN_HALT_STOPS: stop_for_debugger(s, &s->run.last, false); break;
	case RUN_HALT_EXITS:
		if (s->session)
			session_stopped(s->session, &exited, NULL);
		serve_flush(s);
		serve_end_guest(s, STATUS_OK);
		break;
	case RUN_HALT_ENDS:
		last_screen_print(s);
		serve_report(s, &s->run.last, false);
		run_end(&s->run, STATUS_OK);
		break;
	}
}

void serve_end_output(struct serve *s)
{
	int err = s->machine->output.error;
	if (err == -EPIPE) { /* `stepvm run IMAGE | head`: the usual end */
		run_end(&s->run, -SIGPIPE);
		return;
	}
	if (!s->has_told_loss)
		notice_print("stepvm: standard output: %s; the guest's output there is lost\n",
		        strerror(-err));
	s->has_told_loss = true;
	if (s->run.state != RUN_ENDED || status_is_guests(s->run.status))
		run_end(&s->run, STATUS_HOST);
}

/* The guest has reset the machine, which begins anew, and goes on or stands as before. False: it can't. */
static bool reboot(struct serve *s, bool was_step)
{
	struct error e = { 0 };
	if (run_reboot(&s->run, &e)) {
		notice_print(
		        "stepvm: the guest has reset the machine, which can't start again: %s\n",
		        e.text);
		return false;
	}
	history_rebooted(s->run.history);
	if (was_step) {
		run_stop(&s->run);
		serve_report(s, &s->run.last, true);
	}
	return true;
}

static void handle_device(struct serve *s, const struct stop *stop, bool was_step)
{
	const struct machine *m = s->machine;
	if (m->output.error) {
		serve_end_output(s);
		return;
	}
	bool is_reset = m->guest->board.state.wants_reset && !m->guest->board.state.is_exiting;
	if (is_reset && !m->config->no_reboot && reboot(s, was_step))
		return;
	if (is_reset && m->config->no_reboot)
		notice_print("stepvm: the guest has reset the machine\n");
	serve_report(s, stop, false);
	serve_end_guest(s, machine_exit_status(m));
}

/* Without a debugger it is said once, and the guest goes on where its mistake leads it. */
static void handle_zero_vector(struct serve *s, const struct stop *stop, bool was_step)
{
	if (s->session)
		run_stop(&s->run);
	else
		control_set_watch_zero(&s->machine->control, false);
	serve_report(s, stop, was_step);
}

void serve_handle_stop(struct serve *s, const struct stop *stop, bool was_step)
{
	if (stop->kind != STOP_KICKED)
		spool_flush(&s->machine->output);
	switch (stop->kind) {
	case STOP_STEPPED:
	case STOP_BREAKPOINT:
	case STOP_LONG:
	case STOP_CATCH:
	case STOP_WATCH:
		run_stop(&s->run);
		serve_report(s, stop, was_step);
		break;
	case STOP_ZERO_VECTOR: handle_zero_vector(s, stop, was_step); break;
	case STOP_KICKED: break; /* the loop looks why, and goes on */
	case STOP_DEVICE: handle_device(s, stop, was_step); break;
	case STOP_HALTED:
		if (was_step)
			stop_for_debugger(s, stop, true);
		else
			serve_halt(s, true);
		break;
	case STOP_SHUTDOWN: stop_or_end(s, stop, was_step, STATUS_SHUTDOWN); break;
	case STOP_FAILED: stop_or_end(s, stop, was_step, STATUS_FAILED); break;
	}
}

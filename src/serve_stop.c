/* What a stop of the guest leads to. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "report.h"
#include "serve_internal.h"

void serve_report(struct serve *s, const struct stop *stop, bool was_step)
{
	char text[1500];
	report_stop(s->machine, stop, text, sizeof text);
	if (s->session) {
		struct target_stop t = serve_target_stop(s, stop, was_step);
		session_stopped(s->session, &t, text[0] ? text : NULL);
		serve_flush(s);
	} else if (text[0]) {
		fprintf(stderr, "stepvm: %s", text);
	}
}

static void stop_for_debugger(struct serve *s, const struct stop *stop, bool was_step)
{
	s->state = SERVE_STOPPED;
	serve_report(s, stop, was_step);
	if (!s->session)
		fprintf(stderr, "stepvm: the guest waits for a debugger: target remote %s\n",
		        s->transport.where);
}

/* A stop that ends the run, unless somebody can look at it. */
static void stop_or_end(struct serve *s, const struct stop *stop, bool was_step, int status)
{
	if (s->has_transport && s->transport.kind != TRANSPORT_STDIO) {
		stop_for_debugger(s, stop, was_step);
	} else if (s->session) {
		s->state = SERVE_STOPPED;
		serve_report(s, stop, was_step);
	} else {
		serve_report(s, stop, was_step);
		serve_end(s, status);
	}
}

/* The CPU is halted, and something can wake it. */
void serve_wait_for_interrupt(struct serve *s)
{
	s->state = SERVE_WAITING;
	s->resume_at_ns = FOREVER;
}

static void handle_halt(struct serve *s, const struct stop *stop, bool was_step)
{
	if (was_step) {
		stop_for_debugger(s, stop, true);
		return;
	}
	switch (s->options->hlt) {
	case HLT_RESUME:
		s->state = SERVE_WAITING;
		s->resume_at_ns = machine_host_ns() + s->options->hlt_resume_ms * 1000000ull;
		break;
	case HLT_STOP: stop_for_debugger(s, stop, false); break;
	case HLT_EXIT: {
		const struct target_stop gone = { .kind = TARGET_STOP_EXITED };
		if (s->session)
			session_stopped(s->session, &gone, NULL);
		serve_flush(s);
		serve_end_guest(s, STATUS_OK);
		break;
	}
	case HLT_AUTO:
		if (machine_can_wake(s->machine)) {
			serve_wait_for_interrupt(s);
		} else if (s->session) {
			stop_for_debugger(s, stop, false);
		} else {
			serve_report(s, stop, false);
			serve_end(s, STATUS_OK);
		}
		break;
	}
}

void serve_end_output(struct serve *s)
{
	int err = s->machine->output.error;
	if (err == -EPIPE) { /* `stepvm run IMAGE | head`: the usual end */
		serve_end(s, -SIGPIPE);
		return;
	}
	fprintf(stderr, "stepvm: the guest's output cannot be written: %s\n", strerror(-err));
	serve_end(s, STATUS_HOST);
}

static void handle_device(struct serve *s, const struct stop *stop)
{
	if (s->machine->output.error) {
		serve_end_output(s);
		return;
	}
	serve_report(s, stop, false);
	serve_end_guest(s, machine_exit_status(s->machine));
}

/* What ends or interrupts a guest by itself is an event of the log. */
static void note_stop(struct serve *s, const struct stop *stop)
{
	static const struct exit halted = { .kind = EXIT_HLT, .reason = KVM_EXIT_HLT };
	if (stop->kind == STOP_HALTED)
		journal_note(&s->machine->log, &halted);
	else if (stop->kind == STOP_SHUTDOWN || stop->kind == STOP_FAILED)
		journal_note(&s->machine->log, &stop->exit);
}

void serve_handle_stop(struct serve *s, const struct stop *stop, bool was_step)
{
	s->last = *stop;
	note_stop(s, stop);
	switch (stop->kind) {
	case STOP_STEPPED:
	case STOP_BREAKPOINT:
	case STOP_CATCH:
	case STOP_WATCH:
		s->state = SERVE_STOPPED;
		serve_report(s, stop, was_step);
		break;
	case STOP_KICKED: break; /* the loop looks why, and goes on */
	case STOP_DEVICE: handle_device(s, stop); break;
	case STOP_HALTED: handle_halt(s, stop, was_step); break;
	case STOP_SHUTDOWN: stop_or_end(s, stop, was_step, STATUS_SHUTDOWN); break;
	case STOP_FAILED: stop_or_end(s, stop, was_step, STATUS_FAILED); break;
	}
}

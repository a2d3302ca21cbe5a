/* The guest's recording (history/): what comes of going in it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "history/history.h"
#include "host/notice.h"
#include "machine/explain.h"
#include "machine/report.h"
#include "serve/internal.h"
#include "serve/sources.h"

#define HOW_TO_RECORD                                                                              \
	"Nothing is recorded that could be gone back to: monitor record on begins here, and "      \
	"stepvm debug --record (or run) at the first instruction.\n"

void serve_hint_at_way_back(const struct serve *s, char *text, size_t size)
{
	struct explain_blame b;
	uint8_t vector;
	size_t len = strlen(text);
	if (!s->session)
		return;
	if (!s->run.history) {
		snprintf(text + len, size - len,
		        "With --record there is a way back from here: reverse-stepi, stepvm "
		        "last-write.\n");
		return;
	}
	if (control_shut_down_by(&s->machine->control, &vector))
		explain_interrupt_blame(machine_vcpu(s->machine), vector, &b);
	else
		explain_fault_blame(machine_vcpu(s->machine), &b);
	char where[160] = "";
	switch (b.what) {
	case EXPLAIN_NOTHING: break;
	case EXPLAIN_GATE:
		snprintf(where, sizeof where,
		        "; stepvm last-write 0x%" PRIx64 " %u to the last write to its gate", b.at,
		        b.len);
		break;
	case EXPLAIN_ENTRY:
		snprintf(where, sizeof where,
		        "; stepvm last-write 0x%" PRIx64
		        " %u to the last write to the paging entry that is not present",
		        b.at, b.len);
		break;
	case EXPLAIN_CR3:
		snprintf(where, sizeof where,
		        "; after monitor catch cr3, reverse-continue to what wrote CR3");
		break;
	}
	snprintf(text + len, size - len, "reverse-stepi goes back to the instruction%s.\n", where);
}

static void stop_at(struct serve *s, enum target_stop_kind kind, const char *text)
{
	struct target_stop t = { .kind = kind, .signal = TARGET_SIGNAL_TRAP };
	s->run.last = (struct stop) { .kind = STOP_STEPPED };
	run_stop(&s->run);
	serve_flush_words(s);
	if (s->session) {
		serve_end_line(s);
		session_stopped(s->session, &t, text);
		serve_flush(s);
	} else if (text) {
		notice_print("stepvm: %s", text);
	}
}

static void fail(struct serve *s, const struct error *e)
{
	char text[600];
	const bool is_over = !history_is_past(s->run.history);
	snprintf(text, sizeof text, "The recording: %s.%s\n", e->text,
	        is_over ? " It ends here." : "");
	if (is_over)
		history_end(&s->run);
	stop_at(s, TARGET_STOP_SIGNAL, text);
	if (!is_over && !serve_has_debugger(s))
		run_end(&s->run, STATUS_DIFFERS);
}

/* A recording that can't go on ends, and the guest goes on without it, where nobody has asked for it. False: somebody has,
 * or the guest stands in the past. */
static bool gives_way(struct serve *s, const struct error *e)
{
	if (!history_give_way(&s->run))
		return false;
	s->run.is_recorded_unasked = false;
	notice_print("stepvm: the guest is no longer recorded: %s\n", e->text);
	return true;
}

static bool is_of_file(const struct serve *s)
{
	struct history_state state;
	if (!s->run.history)
		return false;
	history_state(s->run.history, &state);
	return state.is_file;
}

/* Why the guest of a file's recording went no further than to the end of it: in whole lines, or "". */
static void say_why_it_ends(struct serve *s, char *to, size_t size)
{
	struct stop end = { .kind = STOP_DEVICE };
	to[0] = 0;
	if (!machine_is_stopping(s->machine)) {
		if (history_last_stop(s->run.history, &end))
			report_stop(s->machine, &end, to, size);
		return;
	}
	report_stop(s->machine, &end, to, size);
	const size_t len = strlen(to);
	if (len < size)
		snprintf(to + len, size - len, "The guest has ended, with status %d.\n",
		        machine_exit_status(s->machine));
}

void serve_tell_recording(struct serve *s)
{
	const struct recording *r = s->config->recording;
	const char *image = s->machine->guest->image.name;
	char what[600], why[1500];
	recording_describe(r, what, sizeof what);
	notice_print("stepvm: a recording %s\n", what);
	say_why_it_ends(s, why, sizeof why);
	if (why[0])
		notice_print("stepvm: %s", why);
	notice_print("stepvm: the guest stands at the recording's end, position %" PRIu64
	             "; reverse-stepi and reverse-continue go back\n",
	        s->machine->position);
	if (!s->config->symbols && image[0])
		notice_print("stepvm: for symbols give --symbols FILE, too; the recording was made "
		             "of %s\n",
		        image);
}

/* The end of a recording that comes from a file: nothing was there after it. Without a debugger that is the end. */
static void stop_at_last(struct serve *s)
{
	char text[1800];
	const bool is_over = machine_is_stopping(s->machine), is_watched = serve_has_debugger(s);
	say_why_it_ends(s, text, sizeof text - 200);
	const size_t len = strlen(text);
	snprintf(text + len, sizeof text - len,
	        "The recording ends here, at position %" PRIu64 "%s.\n", s->machine->position,
	        is_watched ? "; reverse-stepi and reverse-continue go back" : "");
	if (is_watched) {
		stop_at(s, TARGET_STOP_END, text);
		return;
	}
	const int status = recording_status(s->config->recording);
	if (!is_over)
		notice_print("stepvm: %s", text);
	run_end(&s->run, is_over      ? machine_exit_status(s->machine)
	                 : status > 0 ? status
	                              : STATUS_OK);
}

/* An end of the guest is a place to look back from, before it is the end. True: it was shown as one. */
static bool stops_before_end(struct serve *s, const struct stop *stop)
{
	char text[1800];
	const struct history *h = s->run.history;
	if (!h || !s->session || (history_is_unasked(h) && !s->has_user) ||
	        stop->kind != STOP_DEVICE || s->has_shown_end || s->machine->output.error)
		return false;
	if (s->machine->guest->board.state.wants_reset && !s->machine->config->no_reboot)
		return false;
	report_stop(s->machine, stop, text, sizeof text - 200);
	size_t len = strlen(text);
	snprintf(text + len, sizeof text - len,
	        "The guest ends here, with status %d. reverse-stepi and reverse-continue go back; "
	        "continue ends it.\n",
	        machine_exit_status(s->machine));
	s->has_shown_end = true;
	stop_at(s, TARGET_STOP_SIGNAL, text);
	return true;
}

static void handle(struct serve *s, const struct stop *stop, bool was_step)
{
	s->run.last = *stop;
	if (!stops_before_end(s, stop))
		serve_handle_stop(s, stop, was_step);
}

static bool has_ended(struct serve *s)
{
	const struct stop end = { .kind = STOP_DEVICE };
	if (history_is_past(s->run.history))
		return false;
	if (!machine_is_stopping(s->machine)) { /* another machine, or another way */
		s->has_shown_end = false;
		return false;
	}
	serve_handle_stop(s, &end, false);
	return true;
}

void serve_run_recorded(struct serve *s)
{
	struct run *r = &s->run;
	struct error e = { 0 };
	struct stop stop = { .kind = STOP_STEPPED };
	const bool was_step = r->state == RUN_STEPPING, has_task = history_has_task(r->history);
	const bool goes_back = s->goes_back || (r->history && history_goes_back(r->history));
	if (s->has_shown_end && !goes_back && has_ended(s))
		return;
	/* The recording whose end was shown has been given up: the guest goes on as without one. */
	if (!r->history && !goes_back)
		return;
	if (!r->history) {
		s->goes_back = false;
		stop_at(s, TARGET_STOP_BEGIN, HOW_TO_RECORD);
		return;
	}
	sources_arm(s);
	enum history_outcome outcome = history_run(r->history, &stop, &e);
	serve_disarm(s);
	switch (outcome) {
	case HISTORY_STOP: handle(s, &stop, was_step); break;
	case HISTORY_KICKED: sources_attend(s, 0); break;
	case HISTORY_BEGIN: stop_at(s, TARGET_STOP_BEGIN, NULL); break;
	case HISTORY_END:
		if (is_of_file(s))
			stop_at_last(s);
		else
			stop_at(s, TARGET_STOP_END, NULL);
		break;
	case HISTORY_FAILED:
		if (has_task || !gives_way(s, &e))
			fail(s, &e);
		break;
	}
}

void serve_step_back(struct serve *s)
{
	run_step(&s->run);
	if (history_due(&s->run))
		history_step_back(s->run.history);
	else
		s->goes_back = true;
}

void serve_run_back(struct serve *s)
{
	run_step(&s->run);
	if (history_due(&s->run))
		history_run_back(s->run.history);
	else
		s->goes_back = true;
}

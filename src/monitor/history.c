/* monitor record, when, goto, mark, last-write, last-jump-to, hits, calls, output: the guest's recording. */
#include "history/history.h"

#include <inttypes.h>
#include <string.h>

#include "machine/report.h"
#include "monitor/internal.h"

/* The recording, or NULL and what to do. */
static struct history *recording(
        struct run *run, const struct output *out, const char *command, const char *operands)
{
	if (!history_due(run))
		refuse(out, command, operands,
		        "nothing is recorded; monitor record on begins here, stepvm debug "
		        "--record (or run) at the first instruction");
	return run->history;
}

/* The same for a command that searches the recording or goes elsewhere in it, which can take long. */
static struct history *recording_to_search(
        struct run *run, const struct output *out, const char *command, const char *operands)
{
	struct history *h = recording(run, out, command, operands);
	if (h && run->begins_long)
		run->begins_long(run->called_off_ctx);
	return h;
}

static void say_where(struct run *run, const struct output *out)
{
	char where[100];
	struct history_state s;
	history_state(run->history, &s);
	report_where(machine_vcpu(run->machine), where, sizeof where);
	say(out, "position %" PRIu64 " of %" PRIu64 "%s, %s, %" PRIu64 ".%09" PRIu64 " s\n",
	        s.position, s.end,
	        s.position != s.end ? ""
	        : s.is_file         ? " (the recording's end)"
	                            : " (the present)",
	        where, s.now_ns / 1000000000u, s.now_ns % 1000000000u);
}

static void say_info(struct run *run, const struct output *out)
{
	struct history_state s;
	if (!history_due(run)) {
		say(out, "off; monitor record on begins here\n");
		return;
	}
	history_state(run->history, &s);
	say(out,
	        "on: positions %" PRIu64 " to %" PRIu64 "%s\n%" PRIu64 " checkpoints and %" PRIu64
	        " events from outside, %" PRIu64 " KiB of %" PRIu64 "\n",
	        s.begin, s.end, s.has_lost ? "; what was before is given up for memory" : "",
	        s.checkpoints, s.events, s.bytes >> 10, s.bytes_max >> 10);
}

static bool is_of_file(const struct run *run)
{
	struct history_state s = { .is_file = false };
	if (run->history)
		history_state(run->history, &s);
	return s.is_file;
}

#define IN_THE_PAST "the guest stands in the past; monitor goto end, or monitor record cut, first"

/* A recording that has begun by itself ends first, for the one that the user asks for begins here. */
static int begin(struct run *run, struct error *e)
{
	if (history_is_unasked(run->history) && !history_give_way(run))
		return error_set(e, -1, IN_THE_PAST);
	return history_begin(run, run->record_memory, e);
}

static void end(struct run *run)
{
	history_expect(run, false, run->record_memory);
	history_end(run);
}

void monitor_record(struct run *run, const struct output *out, const char *operands)
{
	struct error e = { 0 };
	int err = 0;
	if (!strcmp(operands, "on"))
		err = begin(run, &e);
	else if (is_of_file(run) && *operands && strcmp(operands, "info") != 0)
		err = error_set(&e, -1, "this is a recording from a file, and stays as it is");
	else if (!strcmp(operands, "off") && history_is_past(run->history))
		err = error_set(&e, -1, IN_THE_PAST);
	else if (!strcmp(operands, "off"))
		end(run);
	else if (!strcmp(operands, "cut") && recording(run, out, "record", operands))
		history_cut(run->history);
	else if (!strcmp(operands, "cut"))
		return;
	else if (*operands && strcmp(operands, "info") != 0)
		err = error_set(&e, -1, "expected on, off, cut or info");
	if (err)
		refuse(out, "record", operands, "%s", e.text);
	else
		say_info(run, out);
}

void monitor_when(struct run *run, const struct output *out, const char *operands)
{
	(void)operands;
	if (recording(run, out, "when", ""))
		say_where(run, out);
}

/* N, -N from here, start, end, or a mark's name. */
static bool take_position(const struct history *h, const char *words, uint64_t *position)
{
	struct history_state s;
	struct cursor c = cursor_of(words);
	history_state(h, &s);
	bool is_back = cursor_char(&c, '-');
	if (cursor_number(&c, position) && cursor_at_end(&c)) {
		if (is_back)
			*position = *position <= s.position ? s.position - *position : UINT64_MAX;
		return true;
	}
	const struct history_mark *m = history_find_mark(h, words);
	if (!strcmp(words, "start"))
		*position = s.begin;
	else if (!strcmp(words, "end"))
		*position = s.end;
	else if (m)
		*position = m->position;
	else
		return false;
	return true;
}

void monitor_goto(struct run *run, const struct output *out, const char *operands)
{
	struct error e = { 0 };
	uint64_t position;
	if (!recording_to_search(run, out, "goto", operands))
		return;
	if (!take_position(run->history, operands, &position)) {
		refuse(out, "goto", operands,
		        "expected a position, -N for so many steps back, start, end or a name of "
		        "monitor mark");
		return;
	}
	if (history_seek(run->history, position, &e)) {
		refuse(out, "goto", operands, "%s", e.text);
		return;
	}
	run_moved(run);
	say_where(run, out);
	say(out, MONITOR_STALE);
}

void monitor_mark(struct run *run, const struct output *out, const char *operands)
{
	struct error e = { 0 };
	const struct history_mark *m;
	if (!recording(run, out, "mark", operands))
		return;
	if (*operands) {
		if (history_mark(run->history, operands, &e))
			refuse(out, "mark", operands, "%s", e.text);
		else
			say(out, "%s is position %" PRIu64 "\n", operands, run->machine->position);
		return;
	}
	for (unsigned i = 0; (m = history_mark_at(run->history, i)); i++)
		say(out, "%-*s %" PRIu64 "\n", HISTORY_NAME_MAX, m->name, m->position);
}

static bool take_address(
        struct run *run, const char *operands, bool has_len, uint64_t *gva, uint64_t *len)
{
	struct cursor c = cursor_of(operands);
	*len = 1;
	if (!monitor_take_value(machine_vcpu(run->machine), &c, gva))
		return false;
	if (has_len && cursor_char(&c, ' ') && (!cursor_number(&c, len) || !*len))
		return false;
	return cursor_at_end(&c);
}

static void find(struct run *run, const struct output *out, const char *command,
        const char *operands, enum history_what what, unsigned max)
{
	uint64_t all[HISTORY_HITS_MAX], gva, len;
	char where[100];
	struct error e = { 0 };
	if (!recording_to_search(run, out, command, operands))
		return;
	if (!take_address(run, operands, what == HISTORY_WRITES, &gva, &len)) {
		refuse(out, command, operands, "expected an address%s",
		        what == HISTORY_WRITES ? " [LENGTH]" : "");
		return;
	}
	int count = history_find(run->history, what, gva, len, all, max, &e);
	if (count < 0) {
		refuse(out, command, operands, "%s", e.text);
		return;
	}
	if (!count)
		say(out, "never before, as far as is recorded\n");
	for (int i = 0; i < count; i++)
		say(out, "position %" PRIu64 "\n", all[i]);
	if (what == HISTORY_WRITES && history_has_passed_over(run->history))
		say(out, "More linear addresses than can be watched lead there: a later write by "
		         "one of the others is possible.\n");
	if (max > 1 || !count)
		return;
	if (history_seek(run->history, all[0], &e)) {
		refuse(out, command, operands, "%s", e.text);
		return;
	}
	run_moved(run);
	report_where(machine_vcpu(run->machine), where, sizeof where);
	say(out, "The guest stands before it, at %s.\n" MONITOR_STALE, where);
}

void monitor_last_write(struct run *run, const struct output *out, const char *operands)
{
	find(run, out, "last-write", operands, HISTORY_WRITES, 1);
}

void monitor_last_jump_to(struct run *run, const struct output *out, const char *operands)
{
	find(run, out, "last-jump-to", operands, HISTORY_COMES, 1);
}

void monitor_hits(struct run *run, const struct output *out, const char *operands)
{
	find(run, out, "hits", operands, HISTORY_COMES, HISTORY_HITS_MAX);
}

void monitor_calls(struct run *run, const struct output *out, const char *operands)
{
	struct history_call all[HISTORY_HITS_MAX];
	struct cursor c = cursor_of(operands);
	struct error e = { 0 };
	uint64_t vector;
	if (!recording_to_search(run, out, "calls", operands))
		return;
	if (!cursor_number(&c, &vector) || !cursor_at_end(&c) || vector > 0xff) {
		refuse(out, "calls", operands, "expected a vector from 0 to 0xff");
		return;
	}
	int count = history_calls(run->history, (unsigned)vector, all, HISTORY_HITS_MAX, &e);
	if (count < 0) {
		refuse(out, "calls", operands, "%s", e.text);
		return;
	}
	if (!count)
		say(out, "never before, as far as is recorded\n");
	for (int i = 0; i < count; i++)
		say(out, "position %" PRIu64 "  AH=%02x AX=%04x%s%s\n", all[i].position,
		        all[i].ax >> 8, all[i].ax, all[i].is_int ? "  int" : "",
		        all[i].is_by_bios ? "  BIOS" : "");
}

#define OUTPUT_SHOWN 20

static void say_lines(const struct history *h, const struct output *out)
{
	uint64_t first, count;
	struct history_line line;
	struct error e = { 0 };
	history_lines(h, &first, &count);
	if (history_line(h, first, &line, &e))
		say(out, "%s\n", e.text);
	for (uint64_t i = count > OUTPUT_SHOWN ? count - OUTPUT_SHOWN : 0; i < count; i++)
		if (!history_line(h, first + i, &line, &e))
			say(out, "%" PRIu64 "  position %" PRIu64 "  %s\n", first + i,
			        line.position, line.text);
}

/* N, or -N from the end: 0 is none. */
static bool take_line(const struct history *h, const char *operands, uint64_t *number)
{
	struct cursor c = cursor_of(operands);
	uint64_t first, count;
	const bool is_back = cursor_char(&c, '-');
	if (!cursor_number(&c, number) || !cursor_at_end(&c))
		return false;
	history_lines(h, &first, &count);
	if (is_back)
		*number = *number <= count ? first + count - *number : 0;
	return true;
}

void monitor_output(struct run *run, const struct output *out, const char *operands)
{
	struct history_line line;
	struct error e = { 0 };
	uint64_t number;
	if (!recording_to_search(run, out, "output", operands))
		return;
	if (history_gather_lines(run->history, &e)) {
		refuse(out, "output", operands, "%s", e.text);
		return;
	}
	if (!*operands) {
		say_lines(run->history, out);
		return;
	}
	if (!take_line(run->history, operands, &number)) {
		refuse(out, "output", operands, "expected a line's number, or -N from the end");
		return;
	}
	if (history_line(run->history, number, &line, &e) ||
	        history_seek_line(run->history, line.position, &e)) {
		refuse(out, "output", operands, "%s", e.text);
		return;
	}
	run_moved(run);
	say_where(run, out);
	say(out, "It prints: %s\n" MONITOR_STALE, line.text);
}

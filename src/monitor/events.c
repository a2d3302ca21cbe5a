/* monitor catch and uncatch, ports and log: what is to stop the guest, and what it did last. */
#include <inttypes.h>
#include <string.h>

#include "base/array.h"
#include "base/cursor.h"
#include "monitor/internal.h"

void monitor_more_catch(const struct output *out)
{
	static const char *const events[][2] = {
		{ "int N, int A-B", "the first instruction of such a vector's handler, whatever "
		                    "leads there" },
		{ "... REG=VALUE", "only where a register has this value; up to four: ah=2 "
		                   "dl=0x80" },
		{ "#GP, exception", "the same, where the CPU raised it: any such name, or all" },
		{ "port A[-B]",
		        "after an access of these ports; in, out, value=V: only such ones" },
		{ "mmio A[-B]", "after one of physical addresses without RAM; read, write, "
		                "value=V" },
		{ "mode, cs", "after a change of the CPU's mode, a load of CS" },
		{ "cr0, cr3, cr4", "after a write to the control register" },
		{ "hlt, reset", "after a hlt; before the machine starts anew" },
		{ "magic", "after xchg %bx, %bx, as in Bochs" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		say(out, "  %-15s %s\n", events[i][0], events[i][1]);
	say(out, "Numbers: 19, 0x13, or 13h. monitor uncatch NUMBER ends it.\n");
}

void monitor_catch(struct run *run, const struct output *out, const char *operands)
{
	struct catches *c = &run->machine->control.catches;
	struct catchpoint p;
	struct error e = { 0 };
	if (!*operands) {
		for (unsigned i = 0; i < c->count; i++)
			say(out, "%u: %s\n", i + 1, c->all[i].text);
		if (!c->count)
			say(out, "nothing is caught; see monitor help\n");
		return;
	}
	if (catch_parse(&p, operands, &e)) {
		say(out, "%s\n", e.text);
		return;
	}
	if (catches_add(c, &p)) {
		say(out, "%d events are caught already; monitor uncatch NUMBER makes room\n",
		        CATCH_MAX);
		return;
	}
	say(out, "%u: %s%s\n", c->count, p.text,
	        catches_need_steps(c) ? " (the guest will be stepped: slow)" : "");
}

void monitor_uncatch(struct run *run, const struct output *out, const char *operands)
{
	struct catches *c = &run->machine->control.catches;
	struct cursor at = cursor_of(operands);
	uint64_t number;
	if (!strcmp(operands, "all"))
		catches_clear(c);
	else if (!cursor_number(&at, &number) || !cursor_at_end(&at) || number > CATCH_MAX ||
	         !catches_remove(c, (unsigned)number))
		refuse(out, "uncatch", operands,
		        "expected a number that monitor catch lists, or all");
}

/* A character of output is easier to follow than its code. */
static void add_value(char *to, size_t size, const struct journal_event *e)
{
	int n = snprintf(to, size, "0x%0*" PRIx64, 2 * (int)e->size, e->value);
	if (e->size == 1 && e->value >= 0x20 && e->value < 0x7f)
		n += snprintf(to + n, size - (size_t)n, " '%c'", (char)e->value);
	if (e->count > 1)
		n += snprintf(to + n, size - (size_t)n, " and %u more (rep)", e->count - 1);
	if (e->times > 1)
		snprintf(to + n, size - (size_t)n, " %" PRIu64 " times", e->times);
}

static void say_event(struct run *run, const struct output *out, const struct journal_event *e)
{
	char value[100];
	const struct board *b = &run->machine->guest->board;
	const struct bus_range *r = bus_find(e->kind == EXIT_IO ? &b->ports : &b->mmio, e->at);
	const char *name = exit_name(e->reason);
	add_value(value, sizeof value, e);
	if (e->kind == EXIT_IO)
		say(out, "%-5s port 0x%04" PRIx64 " %-8s %s\n", e->is_write ? "out" : "in", e->at,
		        r ? r->name : "nobody", value);
	else if (e->kind == EXIT_MMIO)
		say(out, "%-5s 0x%-9" PRIx64 " %-8s %s\n", e->is_write ? "write" : "read", e->at,
		        r ? r->name : "nobody", value);
	else if (e->times > 1)
		say(out, "%s %" PRIu64 " times\n", name ? name : "an unknown exit", e->times);
	else
		say(out, "%s\n", name ? name : "an unknown exit");
}

#define EVENTS_SHOWN 20

#define COUNT_EXPECTED "expected a number, how many of the last ones"

/* How many of the last used ones are to be shown. False, with a line, where operands say
 * nonsense. */
static bool take_count(const struct output *out, unsigned used, const char *what,
        const char *operands, const char *expected, unsigned *n)
{
	struct cursor at = cursor_of(operands);
	uint64_t count = EVENTS_SHOWN;
	if (*operands && (!cursor_number(&at, &count) || !cursor_at_end(&at))) {
		refuse(out, what, operands, "%s", expected);
		return false;
	}
	if (!used)
		say(out, "nothing since this debugger connected\n");
	*n = count < used ? (unsigned)count : used;
	return true;
}

static void say_events(struct run *run, const struct output *out, const struct journal *j,
        const char *what, const char *operands, const char *expected)
{
	unsigned n;
	if (!take_count(out, j->used, what, operands, expected, &n))
		return;
	for (; n > 0; n--)
		say_event(run, out, journal_last(j, n - 1));
}

static void say_decisions(
        const struct output *out, const struct journal_run *j, const char *operands)
{
	unsigned n;
	if (!take_count(out, j->used, "log run", operands, COUNT_EXPECTED, &n))
		return;
	for (; n > 0; n--) {
		char line[200];
		const struct journal_decision *d = journal_run_last(j, n - 1);
		decision_describe(&d->decision, line, sizeof line);
		if (d->times > 1)
			say(out, "%s, %" PRIu64 " times\n", line, d->times);
		else
			say(out, "%s\n", line);
	}
}

static void say_calls(const struct output *out, const struct journal_bios *j, const char *operands)
{
	unsigned n;
	if (!take_count(out, j->used, "log bios", operands, COUNT_EXPECTED, &n))
		return;
	for (; n > 0; n--) {
		char line[300];
		const struct journal_call *c = journal_bios_last(j, n - 1);
		bios_describe(
		        c->vector, &c->before, c->is_done ? &c->after : NULL, line, sizeof line);
		if (c->times > 1)
			say(out, "%s, %" PRIu64 " times\n", line, c->times);
		else
			say(out, "%s%s\n", line, c->is_done ? "" : ": it waits");
	}
}

/* Whether operands are this word, and what may follow it, which is taken. */
static bool takes_word(struct cursor *at, const char *word)
{
	struct cursor is = *at;
	if (!cursor_text(&is, word) || !(cursor_char(&is, ' ') || cursor_at_end(&is)))
		return false;
	*at = is;
	return true;
}

void monitor_ports(struct run *run, const struct output *out, const char *operands)
{
	say_events(run, out, &run->machine->ports, "ports", operands, COUNT_EXPECTED);
}

void monitor_log(struct run *run, const struct output *out, const char *operands)
{
	struct cursor at = cursor_of(operands);
	if (takes_word(&at, "run"))
		say_decisions(out, &run->machine->decisions, at.at);
	else if (takes_word(&at, "insn"))
		monitor_log_insns(run, out, at.at);
	else if (takes_word(&at, "bios"))
		say_calls(out, &run->machine->calls, at.at);
	else
		say_events(run, out, &run->machine->log, "log", operands,
		        COUNT_EXPECTED ", run, bios or insn");
}

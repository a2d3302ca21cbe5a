/* monitor catch and uncatch, ports and log: what is to stop the guest, and what it did last. */
#include <inttypes.h>
#include <string.h>

#include "cursor.h"
#include "monitor_internal.h"

void monitor_catch(struct serve *s, const struct output *out, const char *operands)
{
	struct catches *c = &s->machine->control.catches;
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

void monitor_uncatch(struct serve *s, const struct output *out, const char *operands)
{
	struct catches *c = &s->machine->control.catches;
	struct cursor at = cursor_of(operands);
	uint64_t number;
	if (!strcmp(operands, "all"))
		c->count = 0;
	else if (!cursor_number(&at, &number) || !cursor_at_end(&at) || number > CATCH_MAX ||
	         !catches_remove(c, (unsigned)number))
		say(out, "uncatch %s: a number of monitor catch, or all, was meant\n", operands);
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

static void say_event(struct serve *s, const struct output *out, const struct journal_event *e)
{
	char value[100];
	const struct board *b = &s->machine->board;
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

static void say_events(struct serve *s, const struct output *out, const struct journal *j,
        const char *what, const char *operands)
{
	struct cursor at = cursor_of(operands);
	uint64_t count = EVENTS_SHOWN;
	if (*operands && (!cursor_number(&at, &count) || !cursor_at_end(&at))) {
		say(out, "%s %s: how many of the last ones, a number, was meant\n", what, operands);
		return;
	}
	if (!j->used)
		say(out, "nothing since this debugger connected\n");
	for (unsigned n = count < j->used ? (unsigned)count : j->used; n > 0; n--)
		say_event(s, out, journal_last(j, n - 1));
}

void monitor_ports(struct serve *s, const struct output *out, const char *operands)
{
	say_events(s, out, &s->machine->ports, "ports", operands);
}

void monitor_log(struct serve *s, const struct output *out, const char *operands)
{
	say_events(s, out, &s->machine->log, "log", operands);
}

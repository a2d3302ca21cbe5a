#include "monitor.h"

#include <inttypes.h>
#include <string.h>

#include "cursor.h"
#include "kvm/registers.h"
#include "monitor_internal.h"
#include "report.h"

struct command {
	const char *name;
	const char *operands; /* NULL: none may follow */
	const char *help;
	void (*run)(struct serve *s, const struct output *out, const char *operands);
};

static void info_mode(struct serve *s, const struct output *out, const char *operands)
{
	(void)operands;
	struct vcpu *v = &s->machine->vcpu;
	const struct kvm_sregs *sregs = vcpu_sregs(v);
	char where[100];
	report_where(v, where, sizeof where);
	say(out, "mode         %s, CPL %u, at %s\n", registers_mode_name(registers_mode(v)),
	        registers_cpl(v), where);
	say(out,
	        "             cr0 0x%" PRIx64 "  cr3 0x%" PRIx64 "  cr4 0x%" PRIx64
	        "  efer 0x%" PRIx64 "\n",
	        (uint64_t)sregs->cr0, (uint64_t)sregs->cr3, (uint64_t)sregs->cr4,
	        (uint64_t)sregs->efer);
}

static void info_segments(struct serve *s, const struct output *out, const char *operands)
{
	(void)operands;
	const struct kvm_sregs *r = vcpu_sregs(&s->machine->vcpu);
	const struct {
		const char *name;
		const struct kvm_segment *seg;
	} rows[] = { { "cs", &r->cs }, { "ss", &r->ss }, { "ds", &r->ds }, { "es", &r->es },
		{ "fs", &r->fs }, { "gs", &r->gs }, { "tr", &r->tr }, { "ldtr", &r->ldt } };
	say(out, "segment      selector base               limit      type dpl bits\n");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct kvm_segment *g = rows[i].seg;
		if (g->unusable) {
			say(out, "%-12s 0x%04x   unusable\n", rows[i].name, g->selector);
			continue;
		}
		say(out, "%-12s 0x%04x   0x%-16" PRIx64 " 0x%08x 0x%x  %u   %s\n", rows[i].name,
		        g->selector, (uint64_t)g->base, g->limit, g->type, g->dpl,
		        g->l    ? "64"
		        : g->db ? "32"
		                : "16");
	}
	say(out, "gdtr         base 0x%" PRIx64 " limit 0x%x\n", (uint64_t)r->gdt.base,
	        r->gdt.limit);
	say(out, "idtr         base 0x%" PRIx64 " limit 0x%x\n", (uint64_t)r->idt.base,
	        r->idt.limit);
}

static void info_exits(struct serve *s, const struct output *out, const char *operands)
{
	(void)operands;
	const struct vcpu *v = &s->machine->vcpu;
	bool has_any = false;
	for (unsigned i = 0; i < VCPU_REASONS; i++) {
		const char *name = exit_name(i);
		if (!v->exits[i])
			continue;
		if (name)
			say(out, "%-28s %" PRIu64 "\n", name, v->exits[i]);
		else
			say(out, "exit reason %-16u %" PRIu64 "\n", i, v->exits[i]);
		has_any = true;
	}
	if (!has_any)
		say(out, "no exit yet: the guest has not run\n");
}

static void info_breakpoints(struct serve *s, const struct output *out, const char *operands)
{
	(void)operands;
	const struct breakpoints *b = &s->machine->control.breakpoints;
	const struct watches *w = &s->machine->control.watches;
	if (!b->count && !w->count)
		say(out, "none (gdb tells of its breakpoints when the guest goes on)\n");
	for (size_t i = 0; i < b->count; i++) {
		const struct breakpoint *p = &b->all[i];
		say(out, "0x%-16" PRIx64 " %s, %s\n", p->gva,
		        p->is_hardware ? "hardware" : "software",
		        breakpoint_method_name(p->method));
	}
}

static void info_memory(struct serve *s, const struct output *out, const char *operands)
{
	(void)operands;
	const struct memory *m = &s->machine->vm.memory;
	const struct image_loaded *i = &s->machine->image;
	for (unsigned k = 0; k < m->count; k++)
		say(out, "RAM          0x%" PRIx64 " to 0x%" PRIx64 "\n", m->slots[k].gpa,
		        m->slots[k].gpa + m->slots[k].size - 1);
	say(out, "image        %s, format %s\n", s->options->image.path,
	        image_format_name(i->format));
	for (unsigned k = 0; k < i->piece_count; k++)
		say(out, "             %s, %" PRIu64 " bytes at 0x%" PRIx64 "\n", i->pieces[k].name,
		        i->pieces[k].size, i->pieces[k].gpa);
}

static void say_pic_chip(const struct output *out, const char *name, const struct pic_chip *c)
{
	if (!c->is_initialized || c->expects != PIC_READY) {
		say(out, "%-12s not initialized\n", name);
		return;
	}
	say(out,
	        "%-12s vectors 0x%02x to 0x%02x, masked 0x%02x, edges 0x%02x, lines 0x%02x, "
	        "in service 0x%02x%s\n",
	        name, c->base, c->base + 7, c->imr, c->edges, c->lines, c->isr,
	        c->is_auto ? ", automatic EOI" : "");
}

static void info_pic(struct serve *s, const struct output *out, const char *operands)
{
	(void)operands;
	const struct control *c = &s->machine->control;
	const struct board *b = &s->machine->board;
	say_pic_chip(out, "pic 0x20", &b->state.pic.master);
	say_pic_chip(out, "pic 0xa0", &b->state.pic.slave);
	if (c->is_acknowledged)
		say(out, "             vector 0x%02x is on its way to the CPU\n", c->acknowledged);
	say(out, "             %s; a step %s\n",
	        control_has_interrupt(c) ? "an interrupt waits" : "no interrupt waits",
	        c->step_interrupts ? "takes interrupts" : "takes none (monitor step-interrupts)");
}

static void info_pit(struct serve *s, const struct output *out, const char *operands)
{
	(void)operands;
	const struct board_state *b = &s->machine->board.state;
	struct pit pit = b->pit;
	uint64_t next = board_next_interrupt_ns(&s->machine->board);
	for (unsigned i = 0; i < PIT_COUNTERS; i++) {
		if (!pit.counters[i].has_count) {
			say(out, "counter %u    no count was written\n", i);
			continue;
		}
		say(out, "counter %u    mode %u, count 0x%04x, now 0x%04x, out %u\n", i,
		        pit_mode(&pit, i), pit.counters[i].count, pit_value(&pit, i, b->now_ns),
		        pit_out(&pit, i, b->now_ns));
	}
	say(out, "time         %" PRIu64 ".%09" PRIu64 " s since power-on", b->now_ns / 1000000000u,
	        b->now_ns % 1000000000u);
	if (next != BOARD_NEVER)
		say(out, ", the next tick in %" PRIu64 " ns", next - b->now_ns);
	say(out, "\n");
}

static void help(struct serve *s, const struct output *out, const char *operands);

static void info_all(struct serve *s, const struct output *out, const char *operands)
{
	info_mode(s, out, operands);
	info_segments(s, out, operands);
	info_memory(s, out, operands);
	say(out, "\n");
	info_exits(s, out, operands);
	say(out, "\n");
	info_breakpoints(s, out, operands);
	say(out, "\n");
	info_pic(s, out, operands);
	info_pit(s, out, operands);
}

static void step_interrupts(struct serve *s, const struct output *out, const char *operands)
{
	bool *is_on = &s->machine->control.step_interrupts;
	if (!strcmp(operands, "on") || !strcmp(operands, "off"))
		*is_on = operands[1] == 'n';
	else if (*operands)
		say(out, "step-interrupts %s: on or off was meant\n", operands);
	else
		say(out, "%s\n", *is_on ? "on" : "off");
}

static void catch_event(struct serve *s, const struct output *out, const char *operands)
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

static void uncatch(struct serve *s, const struct output *out, const char *operands)
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

static void step_rep(struct serve *s, const struct output *out, const char *operands)
{
	struct control *c = &s->machine->control;
	if (!strcmp(operands, "one") || !strcmp(operands, "whole"))
		c->steps_whole_rep = operands[0] == 'w';
	else if (*operands)
		say(out, "step-rep %s: one or whole was meant\n", operands);
	else
		say(out, "a step of a rep instruction does %s\n",
		        c->steps_whole_rep ? "all its iterations (whole)" : "one iteration (one)");
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

static void ports(struct serve *s, const struct output *out, const char *operands)
{
	say_events(s, out, &s->machine->ports, "ports", operands);
}

static void log_events(struct serve *s, const struct output *out, const char *operands)
{
	say_events(s, out, &s->machine->log, "log", operands);
}

#define XP_BYTES 16
#define XP_MAX   4096

/* One line: the address, 16 bytes, their characters. */
static void say_bytes(const struct output *out, uint64_t gpa, const uint8_t *bytes, size_t len)
{
	char hex[3 * XP_BYTES + 1], text[XP_BYTES + 1];
	for (size_t i = 0; i < XP_BYTES; i++) {
		bool is_text = i < len && bytes[i] >= 0x20 && bytes[i] < 0x7f;
		snprintf(hex + 3 * i, 4, i < len ? " %02x" : "   ", i < len ? bytes[i] : 0);
		text[i] = i >= len ? 0 : is_text ? (char)bytes[i] : '.';
	}
	text[XP_BYTES] = 0;
	say(out, "0x%08" PRIx64 ":%s  %s\n", gpa, hex, text);
}

static void physical(struct serve *s, const struct output *out, const char *operands)
{
	struct cursor at = cursor_of(operands);
	uint64_t gpa, len = 64;
	bool is_good = cursor_number(&at, &gpa);
	if (is_good && cursor_char(&at, ' '))
		is_good = cursor_number(&at, &len);
	if (!is_good || !cursor_at_end(&at) || len > XP_MAX) {
		say(out, "xp %s: ADDRESS and, perhaps, how many bytes (up to %d) were meant\n",
		        operands, XP_MAX);
		return;
	}
	while (len) {
		uint8_t bytes[XP_BYTES];
		size_t wanted = len < XP_BYTES ? (size_t)len : XP_BYTES;
		size_t n = memory_read(&s->machine->vm.memory, gpa, bytes, wanted);
		if (n)
			say_bytes(out, gpa, bytes, n);
		if (n < wanted) {
			say(out, "0x%08" PRIx64 ": no RAM is there\n", gpa + n);
			return;
		}
		gpa += n;
		len -= n;
	}
}

static void reset(struct serve *s, const struct output *out, const char *operands)
{
	struct error e = { 0 };
	(void)operands;
	if (serve_restart(s, &e))
		say(out, "%s\n", e.text);
	else
		say(out, "The guest is at its first instruction. gdb keeps registers: say "
		         "maintenance flush register-cache.\n");
}

static void leave(struct serve *s, const struct output *out, const char *operands)
{
	(void)out, (void)operands;
	s->state = SERVE_ENDED;
	s->status = STATUS_OK;
}

static void msr(struct serve *s, const struct output *out, const char *operands)
{
	monitor_msr(&s->machine->vcpu, out, operands);
}

static const struct command commands[] = {
	{ "help", NULL, "this list", help },
	{ "info", NULL, "all of the following", info_all },
	{ "info mode", NULL, "CPU mode, privilege, where it is, control registers", info_mode },
	{ "info segments", NULL, "segment registers with their hidden parts, gdtr, idtr",
	        info_segments },
	{ "info memory", NULL, "RAM and where the image stands in it", info_memory },
	{ "info exits", NULL, "how often KVM came back, by reason", info_exits },
	{ "info breakpoints", NULL, "those of the last run, and how each was kept",
	        info_breakpoints },
	{ "info pic", NULL, "interrupt controllers: what is masked, waits, is in service",
	        info_pic },
	{ "info pit", NULL, "the timer's counters, the guest's time", info_pit },
	{ "ports", "[COUNT]", "the last accesses of I/O ports, the newest last", ports },
	{ "log", "[COUNT]", "the same with MMIO, halts and failures", log_events },
	{ "xp", "ADDRESS [BYTES]", "memory by physical address", physical },
	{ "step-interrupts", "[on|off]",
	        "whether a step goes into the handler of an interrupt that waits: off at first",
	        step_interrupts },
	{ "msr", "[NAME|NUMBER [VALUE]]",
	        "a model-specific register, as in msr LSTAR or msr 0xc0000082 0; alone: all that "
	        "have a name",
	        msr },
	{ "reset", NULL, "the guest from its image again, breakpoints kept", reset },
	{ "exit", NULL, "end stepvm", leave },
	{ "catch", "[EVENT]",
	        "stop at int N [REG=VALUE], exception, #GP (any name), port A[-B] [in|out] "
	        "[value=V], "
	        "mmio A[-B] [read|write] [value=V], mode, cs, cr0, cr3, cr4, hlt; alone: the list",
	        catch_event },
	{ "uncatch", "NUMBER|all", "catch it no more", uncatch },
	{ "step-rep", "[one|whole]",
	        "whether a step of rep movs and its like does one iteration or all; alone: tells",
	        step_rep },
};

static void help(struct serve *s, const struct output *out, const char *operands)
{
	(void)s, (void)operands;
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		char words[40];
		snprintf(words, sizeof words, "%s%s%s", commands[i].name,
		        commands[i].operands ? " " : "",
		        commands[i].operands ? commands[i].operands : "");
		say(out, "monitor %-18s %s\n", words, commands[i].help);
	}
}

/* Words of line with single spaces. False when it is too long. */
static bool fold_spaces(const char *line, char *to, size_t size)
{
	size_t n = 0;
	for (; *line; line++) {
		if (*line == ' ' && (n == 0 || to[n - 1] == ' '))
			continue;
		if (n + 1 == size)
			return false;
		to[n++] = *line;
	}
	while (n && to[n - 1] == ' ')
		n--;
	to[n] = 0;
	return true;
}

/* What follows name in words: NULL when words is not name or name and operands. */
static const char *behind(const char *words, const struct command *c)
{
	size_t n = strlen(c->name);
	if (strncmp(words, c->name, n))
		return NULL;
	if (!words[n])
		return words + n;
	return c->operands && words[n] == ' ' ? words + n + 1 : NULL;
}

void monitor_command(struct serve *s, const char *line, target_print *print, void *to)
{
	const struct output out = { print, to };
	char words[120];
	if (!line[strspn(line, " ")]) {
		help(s, &out, "");
		return;
	}
	if (fold_spaces(line, words, sizeof words))
		for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
			const char *operands = behind(words, &commands[i]);
			if (operands) {
				commands[i].run(s, &out, operands);
				return;
			}
		}
	say(&out, "monitor %.60s: no such command; monitor help lists them\n", line);
}

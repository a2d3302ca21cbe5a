#include "monitor.h"

#include <string.h>
#include <unistd.h>

#include "monitor_internal.h"
#include "report.h"

struct command {
	const char *name;
	const char *operands; /* NULL: none may follow */
	const char *help;     /* NULL: not listed: another name, or it only says what does it */
	monitor_run *run;
};

static void help(struct serve *s, const struct output *out, const char *operands);

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

static void reset(struct serve *s, const struct output *out, const char *operands)
{
	struct error e = { 0 };
	(void)operands;
	if (serve_restart(s, &e))
		say(out, "%s\n", e.text);
	else
		say(out, "The guest is at its first instruction.\n" MONITOR_STALE);
}

static void leave(struct serve *s, const struct output *out, const char *operands)
{
	(void)out, (void)operands;
	s->is_killed = true;
	s->state = SERVE_ENDED;
	s->status = STATUS_OK;
}

static bool runs(const struct serve *s)
{
	return s->state == SERVE_RUNNING || s->state == SERVE_WAITING;
}

static void info_status(struct serve *s, const struct output *out, const char *operands)
{
	(void)operands;
	say(out, "VM status: %s\n", s->is_dead ? "shutdown" : runs(s) ? "running" : "paused");
}

static void info_cpus(struct serve *s, const struct output *out, const char *operands)
{
	(void)operands;
	bool is_halted = control_is_halted(&s->machine->control);
	say(out, "* CPU #0: thread_id=%d%s\n", (int)getpid(), is_halted ? " (halted)" : "");
}

static void info_version(struct serve *s, const struct output *out, const char *operands)
{
	(void)s, (void)operands;
	say(out, "stepvm %s\n", STEPVM_VERSION);
}

static void stop(struct serve *s, const struct output *out, const char *operands)
{
	char where[100];
	(void)operands;
	report_where(&s->machine->vcpu, where, sizeof where);
	if (runs(s))
		say(out, "stop: the guest runs, and gdb would not know that it does no more: say "
		         "attach 1\n");
	else
		say(out, "The guest stands still, at %s.\n", where);
}

/* gdb takes a guest that it has not resumed for stopped. */
static void go_on(struct serve *s, const struct output *out, const char *operands)
{
	(void)operands;
	say(out, runs(s) ? "The guest runs.\n"
	                 : "cont: gdb would not know that the guest runs: say continue, or detach "
	                   "to let it run without gdb\n");
}

static const struct command commands[] = {
	{ "help", NULL, "this list", help },
	{ "info", NULL, "what follows, to the timer", monitor_info_all },
	{ "info mode", NULL, "CPU mode, privilege, where it is, control registers",
	        monitor_info_mode },
	{ "info segments", NULL, "segment registers with their hidden parts, gdtr, idtr",
	        monitor_info_segments },
	{ "info memory", NULL, "RAM and where the image stands in it", monitor_info_memory },
	{ "info exits", NULL, "how often KVM came back, by reason", monitor_info_exits },
	{ "info breakpoints", NULL, "those of the last run, and how each was kept",
	        monitor_info_breakpoints },
	{ "info pic", NULL, "interrupt controllers: what is masked, waits, is in service",
	        monitor_info_pic },
	{ "info pit", NULL, "the timer's counters, the guest's time", monitor_info_pit },
	{ "info snapshots", NULL, "what savevm has kept", monitor_info_snapshots },
	{ "info registers", "[-a]", "the CPU as QEMU's monitor shows it, for scripts",
	        monitor_info_registers },
	{ "info mem", "[FROM]",
	        "what is mapped, as QEMU's monitor shows it: ranges with their rights",
	        monitor_info_mem },
	{ "info tlb", "[FROM]", "the same page by page, with where each is and its bits",
	        monitor_info_tlb },
	{ "info status", NULL, "whether the guest runs", info_status },
	{ "info cpus", NULL, "the CPU, whether it is halted, its thread here", info_cpus },
	{ "info version", NULL, "stepvm's", info_version },
	{ "ports", "[COUNT]", "the last accesses of I/O ports, the newest last", monitor_ports },
	{ "log", "[COUNT]", "the same with MMIO, halts and failures", monitor_log },
	{ "x", "[/FMT] ADDRESS",
	        "memory by linear address, as QEMU's monitor shows it: x /4xw $sp, x /8db 0x500",
	        monitor_x },
	{ "xp", "/FMT ADDRESS",
	        "the same by physical address; xp ADDRESS [BYTES]: bytes and their characters",
	        monitor_xp },
	{ "step-interrupts", "[on|off]",
	        "whether a step goes into the handler of an interrupt that waits: off at first",
	        step_interrupts },
	{ "msr", "[NAME|NUMBER [VALUE]]",
	        "a model-specific register, as in msr LSTAR or msr 0xc0000082 0; alone: all that "
	        "have a name",
	        monitor_msr },
	{ "reset", NULL, "the guest from its image again, breakpoints kept", reset },
	{ "system_reset", NULL, "reset, in QEMU's word", reset },
	{ "savevm", "NAME", "keep the whole machine as it is now, in memory", monitor_savevm },
	{ "loadvm", "NAME", "the machine as it was then, breakpoints kept", monitor_loadvm },
	{ "delvm", "NAME", "forget it", monitor_delvm },
	{ "exit", NULL, "end stepvm; also quit", leave },
	{ "quit", NULL, NULL, leave },
	{ "q", NULL, NULL, leave },
	{ "stop", NULL, NULL, stop },
	{ "cont", NULL, NULL, go_on },
	{ "c", NULL, NULL, go_on },
	{ "catch", "[EVENT]",
	        "stop at int N [REG=VALUE], exception, #GP (any name), port A[-B] [in|out] "
	        "[value=V], "
	        "mmio A[-B] [read|write] [value=V], mode, cs, cr0, cr3, cr4, hlt; alone: the list",
	        monitor_catch },
	{ "uncatch", "NUMBER|all", "catch it no more", monitor_uncatch },
	{ "step-rep", "[one|whole]",
	        "whether a step of rep movs and its like does one iteration or all; alone: tells",
	        step_rep },
};

static void help(struct serve *s, const struct output *out, const char *operands)
{
	(void)s, (void)operands;
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		char words[40];
		if (!commands[i].help)
			continue;
		snprintf(words, sizeof words, "%s%s%s", commands[i].name,
		        commands[i].operands ? " " : "",
		        commands[i].operands ? commands[i].operands : "");
		say(out, "monitor %-19s %s\n", words, commands[i].help);
	}
}

#define COMMAND_MAX 1000 /* what people type, and programs for them */

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
	if (c->operands && words[n] == '/') /* x/4xw, as people are used to from gdb */
		return words + n;
	return c->operands && words[n] == ' ' ? words + n + 1 : NULL;
}

void monitor_command(struct serve *s, const char *line, target_print *print, void *to)
{
	const struct output out = { print, to };
	char words[COMMAND_MAX + 1];
	if (!line[strspn(line, " ")]) {
		help(s, &out, "");
		return;
	}
	if (!fold_spaces(line, words, sizeof words)) {
		say(&out, "'%.20s...': a command has %d characters at most\n", line, COMMAND_MAX);
		return;
	}
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		const char *operands = behind(words, &commands[i]);
		if (operands) {
			commands[i].run(s, &out, operands);
			return;
		}
	}
	/* In QEMU's words, which scripts look for. */
	say(&out, "unknown command: '%.60s'; monitor help lists them\n", line);
}

/* The table of `monitor` commands, the short ones, and how a line finds its row. */
#include "monitor/monitor.h"

#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/slips.h"
#include "base/version.h"
#include "machine/report.h"
#include "history/history.h"
#include "monitor/internal.h"

struct command {
	const char *name;
	const char *operands; /* NULL: none may follow */
	const char *help;
	monitor_run *run;
	bool keeps_blanks;  /* the operands are as they were typed */
	bool is_unlisted;   /* another name, or it only says what does it */
	monitor_more *more; /* NULL: the help is all */
};

static void help(struct run *run, const struct output *out, const char *operands);

static void step_interrupts(struct run *run, const struct output *out, const char *operands)
{
	struct control *c = &run->machine->control;
	if (!strcmp(operands, "on") || !strcmp(operands, "off"))
		control_set_step_interrupts(c, !strcmp(operands, "on"));
	else if (*operands)
		refuse(out, "step-interrupts", operands, "expected on or off");
	else
		say(out, "%s\n", c->step_interrupts ? "on" : "off");
}

static void step_rep(struct run *run, const struct output *out, const char *operands)
{
	struct control *c = &run->machine->control;
	if (!strcmp(operands, "whole") && history_give_way(run))
		say(out, MONITOR_UNRECORDED);
	if (!strcmp(operands, "whole") && run->history)
		refuse(out, "step-rep", operands, "a recorded guest is stepped by iterations");
	else if (!strcmp(operands, "one") || !strcmp(operands, "whole"))
		control_set_whole_rep(c, !strcmp(operands, "whole"));
	else if (*operands)
		refuse(out, "step-rep", operands, "expected one or whole");
	else
		say(out, "a step of a rep instruction does %s\n",
		        c->steps_whole_rep ? "all its iterations (whole)" : "one iteration (one)");
}

static void reset(struct run *run, const struct output *out, const char *operands)
{
	struct error e = { 0 };
	(void)operands;
	if (run_restart(run, &e))
		say(out, "%s\n", e.text);
	else if (history_restart(run, &e))
		say(out, "The guest is no longer recorded: %s\n", e.text);
	else
		say(out, "The guest is at its first instruction.\n" MONITOR_STALE);
}

static void leave(struct run *run, const struct output *out, const char *operands)
{
	(void)out, (void)operands;
	run_kill(run, RUN_ENDED);
}

static void info_status(struct run *run, const struct output *out, const char *operands)
{
	(void)operands;
	say(out, "VM status: %s\n",
	        run_is_over(run)    ? "shutdown"
	        : run_is_going(run) ? "running"
	                            : "paused");
}

static void info_cpus(struct run *run, const struct output *out, const char *operands)
{
	(void)operands;
	bool is_halted = control_is_halted(&run->machine->control);
	say(out, "* CPU #0: thread_id=%d%s\n", (int)getpid(), is_halted ? " (halted)" : "");
}

static void info_version(struct run *run, const struct output *out, const char *operands)
{
	(void)run, (void)operands;
	say(out, "stepvm %s\n", STEPVM_VERSION);
}

static void stop(struct run *run, const struct output *out, const char *operands)
{
	char where[100];
	(void)operands;
	report_where(machine_vcpu(run->machine), where, sizeof where);
	if (run_is_going(run))
		say(out, "stop: the guest runs, and gdb would not learn that it has stopped: say "
		         "attach 1 in gdb\n");
	else
		say(out, "The guest is stopped at %s.\n", where);
}

/* gdb takes a guest that it has not resumed for stopped. */
static void go_on(struct run *run, const struct output *out, const char *operands)
{
	(void)operands;
	say(out, run_is_going(run)
	                 ? "The guest runs.\n"
	                 : "cont: gdb would not know that the guest runs: say continue, or detach "
	                   "to let it run without gdb\n");
}

static const struct command commands[] = {
	{ "help", "[NAME]", "this list, or what there is to say about one", help },
	{ "info", NULL, "info mode, segments, memory, exits, breakpoints and devices in one",
	        monitor_info_all },
	{ "info mode", NULL,
	        "CPU mode, privilege level, address of the next instruction, control registers",
	        monitor_info_mode },
	{ "info segments", NULL, "segment registers with their hidden parts, gdtr, idtr",
	        monitor_info_segments },
	{ "info memory", NULL, "RAM, and where in it the image is", monitor_info_memory },
	{ "info exits", NULL, "how often KVM_RUN returned, by reason", monitor_info_exits },
	{ "info breakpoints", NULL,
	        "break-, watch- and catchpoints of the last run, and how each was kept",
	        monitor_info_breakpoints },
	{ "info engine", NULL, "who does the guest's instructions, and how many each has done",
	        monitor_info_engine },
	{ "info block", NULL, "the disks: what they are, and whether their files are written to",
	        monitor_info_block },
	{ "info snapshots", NULL, "the snapshots that savevm has taken", monitor_info_snapshots },
	{ "info registers", "[-a]", "the CPU as QEMU's monitor shows it, for scripts",
	        monitor_info_registers },
	{ "info mem", "[FROM]",
	        "what is mapped, as QEMU's monitor shows it: ranges with their rights",
	        monitor_info_mem },
	{ "info tlb", "[FROM]", "the same page by page, with physical addresses and bits",
	        monitor_info_tlb },
	{ "info mtree", NULL, "who answers at which physical address and port, in QEMU's form",
	        monitor_info_mtree },
	{ "gva2gpa", "ADDRESS", "the physical address that a linear one leads to",
	        monitor_gva2gpa },
	{ "info call", "N", "what the BIOS would be called for by int N, with the registers of now",
	        monitor_info_call },
	{ "info status", NULL, "whether the guest runs or is stopped", info_status },
	{ "info cpus", NULL, "the CPU: whether it is halted, and its thread in stepvm", info_cpus },
	{ "info version", NULL, "stepvm's version", info_version },
	{ "ports", "[COUNT]", "the last accesses of I/O ports, the newest last", monitor_ports },
	{ "log", "[run|bios|insn] [COUNT]",
	        "the same, and MMIO, halts and failures; run: what run control decided last; bios: "
	        "the last calls of the BIOS; insn: the last instructions, after log insn on",
	        monitor_log },
	{ "x", "[/FMT] ADDRESS",
	        "memory by linear address, as QEMU's monitor shows it: x /4xw $sp, x /8db 0x500",
	        monitor_x },
	{ "xp", "/FMT ADDRESS",
	        "the same by physical address; xp ADDRESS [BYTES]: bytes and their characters",
	        monitor_xp },
	{ "screen", "[rows]",
	        "what the guest's text screen shows; rows: each row with its number and all its "
	        "blanks",
	        monitor_screen },
	{ "screendump", "FILE", "gdb does it, by remote get screen.png FILE", monitor_screendump,
	        .is_unlisted = true },
	{ "engine", "[auto|kvm|interp]",
	        "who does the guest's instructions: KVM, stepvm's own engine first, or as is best "
	        "here",
	        monitor_engine },
	{ "step-interrupts", "[on|off]",
	        "whether a step goes into the handler of an interrupt that waits: off at first",
	        step_interrupts },
	{ "msr", "[NAME|NUMBER [VALUE]]",
	        "a model-specific register, as in msr LSTAR or msr 0xc0000082 0; alone: all that "
	        "have a name",
	        monitor_msr },
	{ "console", "[gdb|stdio]",
	        "where the guest's output goes: here, while it runs, or to standard output; alone: "
	        "tells",
	        monitor_console },
	{ "hints", "[on|off]",
	        "whether you are told that a guest which goes on waits for a key, and that gdb has "
	        "ended without quit; off at first, stepvm.gdb turns it on",
	        monitor_hints },
	{ "sendkey", "KEYS [MS]",
	        "strike keys on the guest's keyboard, for 100 ms: ret, f1, ctrl-alt-delete; alone: "
	        "lists them",
	        monitor_sendkey, .more = monitor_more_sendkey },
	{ "type", "\"TEXT\"",
	        "type a text with C's escapes on the guest's keyboard: type \"dir\\r\"",
	        monitor_type, .keeps_blanks = true, .more = monitor_more_type },
	{ "reset", NULL, "start the guest again from its image, and keep the breakpoints", reset },
	{ "system_reset", NULL, "the same as reset", reset },
	{ "savevm", "NAME", "keep the whole machine as it is now, in memory", monitor_savevm },
	{ "loadvm", "NAME", "make the machine what it was then, and keep the breakpoints",
	        monitor_loadvm },
	{ "delvm", "NAME", "forget that snapshot", monitor_delvm },
	{ "record", "[on|off|cut|info]",
	        "record the guest, so that gdb's reverse-stepi, reverse-continue and the like go "
	        "back; cut: make the past where it stands the present; alone: how it is",
	        monitor_record },
	{ "when", NULL, "at which position of the recording the guest stands", monitor_when },
	{ "goto", "N|-N|start|end|NAME", "go to a position of the recording, or so many steps back",
	        monitor_goto },
	{ "mark", "[NAME]", "give where the guest stands a name; alone: the names", monitor_mark },
	{ "last-write", "ADDRESS [LENGTH]",
	        "go to before the last write to the byte there, by whatever linear address",
	        monitor_last_write },
	{ "last-jump-to", "ADDRESS", "go to where the guest came to it last",
	        monitor_last_jump_to },
	{ "hits", "ADDRESS", "the last positions at which the guest came to it", monitor_hits },
	{ "calls", "N",
	        "the last calls of int N: their positions, with AX, and whether the BIOS answered",
	        monitor_calls },
	{ "output", "[N|-N]",
	        "go to where the guest has printed line N, or the Nth from the end; alone: the "
	        "last "
	        "lines",
	        monitor_output },
	{ "exit", NULL, "end stepvm; quit does the same", leave },
	{ "quit", NULL, "the same as exit", leave, .is_unlisted = true },
	{ "q", NULL, "the same as exit", leave, .is_unlisted = true },
	{ "stop", NULL, "gdb does it, by Ctrl-C", stop, .is_unlisted = true },
	{ "cont", NULL, "gdb does it, by continue", go_on, .is_unlisted = true },
	{ "c", NULL, "gdb does it, by continue", go_on, .is_unlisted = true },
	{ "catch", "[EVENT]",
	        "stop at int N [REG=VALUE]..., exception, #GP (any name), port A[-B] [in|out] "
	        "[value=V], mmio A[-B] [read|write] [value=V], mode, cs, cr0, cr3, cr4, hlt, "
	        "reset, magic; alone: the list",
	        monitor_catch, .more = monitor_more_catch },
	{ "uncatch", "NUMBER|all", "no longer catch it", monitor_uncatch },
	{ "step-bios", "[on|off]",
	        "whether a step goes into the BIOS's ROM, or over a call of it: off at first",
	        monitor_step_bios },
	{ "step-rep", "[one|whole]",
	        "whether a step of rep movs and its like does one iteration or all; alone: tells",
	        step_rep },
};

static void say_help(const struct output *out, const struct command *c)
{
	char words[40];
	snprintf(words, sizeof words, "%s%s%s", c->name, c->operands ? " " : "",
	        c->operands ? c->operands : "");
	say(out, "monitor %-19s %s\n", words, c->help);
}

/* The name, or more of it after a blank: info has info mode. */
static bool is_of(const char *name, const char *wanted)
{
	size_t n = strlen(wanted);
	return !strncmp(name, wanted, n) && (!name[n] || name[n] == ' ');
}

/* The devices' info, or one's. False: there is none of this name. */
static bool help_devices(struct run *run, const struct output *out, const char *wanted)
{
	const struct board *b = &run->machine->guest->board;
	bool is_found = false;
	for (unsigned i = 0; board_device(i); i++) {
		const struct device *d = board_device(i);
		char name[40];
		snprintf(name, sizeof name, "info %s", d->name);
		if (!board_has(b, d) || !d->show || (*wanted && !is_of(name, wanted)))
			continue;
		say(out, "monitor info %-14s %s\n", d->name, d->about);
		is_found = true;
	}
	return is_found;
}

/* The length of line's first words, count of them or as many as it has. */
static size_t words_len(const char *line, unsigned count)
{
	size_t len = strcspn(line, " ");
	while (--count && line[len])
		len += 1 + strcspn(line + len + 1, " ");
	return len;
}

/* The name that a line's first words are near to; NULL: none. is_device: it is a device's, which follows info. */
struct near_name {
	const char *name;
	bool is_device;
};

/* By line's first two words, its first, or the one after info. */
static struct near_name near_name(const struct run *run, const char *line)
{
	struct slips slips[] = { slips_of(line, words_len(line, 2)),
		slips_of(line, words_len(line, 1)) };
	const struct board *b = &run->machine->guest->board;
	const char *info = strncmp(line, "info ", 5) ? NULL : line + 5;
	struct slips device = slips_of(info ? info : "", info ? words_len(info, 1) : 0);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!is_of(line, commands[i].name)) /* info, for example, has no such operand */
			slips_look(&slips[!strchr(commands[i].name, ' ')], commands[i].name);
	for (unsigned i = 0; board_device(i); i++)
		if (board_has(b, board_device(i)) && board_device(i)->show)
			slips_look(&device, board_device(i)->name);
	const struct slips *of = slips[0].fewest <= slips[1].fewest ? &slips[0] : &slips[1];
	const bool is_device = device.fewest < of->fewest;
	return (struct near_name) { is_device ? device.nearest : of->nearest, is_device };
}

/* ": did you mean NAME?", or ";" where no name is like line's words. Returns to. */
static const char *did_you_mean(const struct run *run, const char *line, char *to, size_t size)
{
	const struct near_name near = near_name(run, line);
	if (near.name)
		snprintf(
		        to, size, ": did you mean %s%s?", near.is_device ? "info " : "", near.name);
	else
		snprintf(to, size, ";");
	return to;
}

static void help(struct run *run, const struct output *out, const char *operands)
{
	char near[60];
	bool is_found = false;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *c = &commands[i];
		if (*operands ? !is_of(c->name, operands) : c->is_unlisted)
			continue;
		say_help(out, c);
		if (*operands && c->more)
			c->more(out);
		is_found = true;
	}
	if (!help_devices(run, out, operands) && !is_found)
		refuse(out, "help", operands, "no such command%s monitor help lists them",
		        did_you_mean(run, operands, near, sizeof near));
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
static const char *operands_of(const char *words, const struct command *c)
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

/* What follows the command's word and one blank in the line, which has them. */
static const char *unfolded(const char *line, const char *name)
{
	line += strspn(line, " ") + strlen(name);
	return *line ? line + 1 : line;
}

bool monitor_command(struct run *run, const char *line, target_print *print, void *to)
{
	const struct output out = { print, to };
	unsigned before = run->changes;
	char words[TARGET_LINE_MAX + 1], near[60];
	if (!line[strspn(line, " ")]) {
		help(run, &out, "");
		return false;
	}
	if (!fold_spaces(line, words, sizeof words)) {
		say(&out, "a monitor command has %d characters at most\n", TARGET_LINE_MAX);
		return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		const char *operands = operands_of(words, &commands[i]);
		if (operands) {
			if (commands[i].keeps_blanks)
				operands = unfolded(line, commands[i].name);
			commands[i].run(run, &out, operands);
			return run->changes != before;
		}
	}
	if (!strncmp(words, "info ", 5) && monitor_info_device(run, &out, words + 5))
		return false;
	/* In QEMU's words, which scripts look for. */
	say(&out, "unknown command: '%.60s'%s monitor help lists them\n", line,
	        did_you_mean(run, words, near, sizeof near));
	return false;
}

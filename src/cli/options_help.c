/* `--help` and the manual page, made from the table (options_table.c) and the facts below.
 *
 * Both lay out the same sentences: plain text wraps them at 80 columns, the manual page is man(7)
 * markup (groff_man(7), mandoc's man(7)), wrapped too so that its source can be read. */
#include "cli/options.h"

#include <string.h>

#include "base/array.h"
#include "base/version.h"
#include "cli/options_table.h"
#include "display/keys.h"
#include "cli/wrap.h"

#define OPTION_COLUMN 28 /* where an option's text stands in --help */
#define VERB_COLUMN   35
#define FACT_COLUMN   15
#define ROFF_WIDTH    78 /* mandoc -Tlint asks for less than 80 bytes a line */
#define MANUAL_DATE   "2026-11-29"

struct fact {
	const char *name, *text;
};

static const struct fact port_facts[] = {
	{ "0x3f8", "A UART (16550A), on the terminal." },
	{ "0xe9, 0xf1", "text: a written byte is a character of output." },
	{ "0x10", "hex: a write prints a line such as IO port: 10, data: 1." },
	{ "0xf4", "exit: a write of V ends the run with status (V << 1) | 1." },
	{ "0x20, 0xa0",
	        "Two 8259A interrupt controllers (ELCR at 0x4d0); a BIOS has set up a PC's." },
	{ "0x40, 0x61", "An 8254 timer; its counter 0 is IRQ 0. The UART is IRQ 4." },
	{ "0x60, 0x64", "On a PC's board: an 8042 with a keyboard, IRQ 1. A20 stays on." },
	{ "0x3c0", "On a PC's board: a VGA's registers (and at 0x3b0, 0x3d0)." },
	{ "0x70", "On a PC's board: a real-time clock and CMOS memory; IRQ 8." },
	{ "0x2f8", "On a PC's board: a second UART, IRQ 3." },
	{ "0x378", "On a PC's board: a parallel port (--parallel)." },
	{ "0x92, 0xcf8", "On a PC's board: resets (0xcf9). 0x80 keeps a byte there." },
};

static const char IMAGE_RULE[] =
        "A file is the first of these that it shows signs of, unless --format says; with --load "
        "or --entry a file that is no ELF is flat. "
        "A file that is guessed to be flat, boot or elf and is no guest (a program for Linux, "
        "text, an archive) is refused, and one that may be none (a boot sector without "
        "55 aa) gets a warning; --format flat runs any bytes. "
        "Protected mode has flat segments and no paging; long mode has RAM and the first 4 GiB "
        "mapped to their own addresses. For them a GDT is put at 0x80000, page tables at 0x81000 "
        "and up, and what a boot protocol hands over at 0x70000, from where the stack grows down; "
        "an image that overlaps these is refused. Modules follow the kernel, above 0x100000; "
        "Linux has its initrds, joined, at the end of RAM.";

static const struct fact status_facts[] = {
	{ "0", "The guest halted for good, or waits for a key that can't come." },
	{ "(V << 1) | 1", "The guest wrote V to an exit port, as with QEMU's isa-debug-exit." },
	{ "2", "Wrong use of the command line." },
	{ "4", "The host or KVM failed (no /dev/kvm, no memory), a file can't be read or is no "
	       "image, or the guest's output can't be written." },
	{ "6", "The guest's CPU shut down (triple fault). With --gdb it stands there for the "
	       "debugger, unless that has detached." },
	{ "8", "KVM could not go on: an instruction it can't emulate, a failed entry." },
	{ "10", "The guest has reset the machine, and --no-reboot was given." },
	{ "12", "With --check-engine: the engine and KVM have done something differently." },
};
static const char STATUS_RULE[] =
        "Even numbers are stepvm's own, odd ones the guest's. A signal that ends stepvm is raised "
        "again, so that the caller sees it. For debug: gdb's own. For console: 4 where it did not "
        "get the screen. For test: 0 when none failed, 1 "
        "when some did, 2 for wrong use, such as a script that is not there, 4 when the host "
        "failed, for one script at least, or the gdb that was named is not there. Without KVM, "
        "or where no gdb was named and there is none, all are skipped, status 0, or 4 with "
        "--no-skip.";

/* What a script of `stepvm test` says; testrun/script.h and gdb/expect.gdb have all of it. */
static const struct fact script_facts[] = {
	{ "# guest: FILE", "The image, relative to the script. Needed, and first." },
	{ "# options: ...", "Options as for run, such as --hlt auto --reg ax=2. Files in them are "
	                    "relative to the current folder." },
	{ "# symbols: FILE", "For gdb's symbol-file, relative to the script." },
	{ "# timeout: N", "Seconds, the guest's start included." },
	{ "# scripts: none", "Plain gdb. Else stepvm.gdb is loaded, as debug does." },
	{ "# board: NAME", "As --board." },
	{ "# disk: FILE", "As --disk, relative to the script. May be repeated." },
	{ "# keys: FILE", "As --keys, relative to the script." },
	{ "# speed: HOW", "As --speed; max by default." },
	{ "expect EXPR [MESSAGE]", "Fails unless EXPR holds, as in expect $pc == 0x7c05." },
	{ "expect-output REGEX COMMAND", "Fails unless COMMAND prints what REGEX matches." },
	{ "expect-error REGEX COMMAND", "Fails unless COMMAND fails with an error that REGEX "
	                                "matches." },
	{ "expect-stop REGEX", "Fails unless REGEX matches the whole of why the guest stopped: "
	                       "step, breakpoint 2, signal SIGINT (interrupted), signal SIGSEGV "
	                       "(triple fault), halt, exit 3, gone." },
	{ "expect-console REGEX", "Fails unless REGEX matches in what the guest has printed. The "
	                          "file with that is $_stepvm_console." },
	{ "continue-until-console REGEX", "Continues until it does." },
	{ "expect-screen [ROW] \"TEXT\"", "Fails unless the screen shows TEXT." },
	{ "continue-until-screen \"TEXT\"", "Continues until it does." },
	{ "type \"TEXT\"", "Types it, as in type \"dir\\r\"." },
	{ "screenshot FILE", "Saves the screen as PNG. FILE is relative to the current folder." },
	{ "skip-test REASON", "Ends the script: it is skipped, not failed." },
};

static const char VALUES_RULE[] =
        "Numbers are decimal, or hexadecimal with 0x. A SIZE may end in K, M or G. "
        "--name VALUE and --name=VALUE mean the same, as do -m VALUE and -mVALUE; a VALUE that "
        "begins with - (but for - alone) needs the =. Options and operands may come in any order; "
        "-- ends the options. Names can't be abbreviated.";

static const struct fact file_facts[] = {
	{ "/dev/kvm", "The host's KVM, which run, debug, test and probe open." },
	{ "share/stepvm/stepvm.gdb",
	        "What debug and test have gdb load, and a gdb elsewhere may source: the stepvm "
	        "commands. "
	        "It stands beside the bin folder that stepvm is in, or in gdb beside a build." },
	{ "share/stepvm/expect.gdb", "The commands of test scripts." },
	{ "/tmp/stepvm-XXXXXX", "A private folder for the sockets of debug and for a script of "
	                        "test, while it runs." },
};

static const struct fact environment_facts[] = {
	{ "GDB", "The gdb that debug and test start, when --gdb-program does not say. One that is "
	         "named, here or there, has to be there: status 4." },
	{ "TMPDIR", "Where that private folder is made, if its name is not long: else /tmp. For "
	            "test it has to have room for what guests print." },
};

/* tests/cli/manual.sh tries each. */
static const struct fact examples[] = {
	{ "Run a boot sector:", "stepvm run boot.img" },
	{ "A kernel with symbols, a command line and a module:",
	        "stepvm debug --append \"quiet\" --initrd \"disk.img rw\" kernel.elf" },
	{ "Code for 0x1000, with two registers set:",
	        "stepvm run --load 0x1000 --reg ax=2 --reg bx=2 add.bin" },
	{ "Wait for a debugger, then in another terminal let gdb in:",
	        "stepvm run --gdb :1234 boot.img\ngdb -ex 'target remote :1234'" },
	{ "The same over a pipe, with no port taken:",
	        "gdb -ex 'target remote | stepvm run --gdb - boot.img'" },
	{ "gdb in this terminal, with a breakpoint and the names of the source:",
	        "stepvm debug --symbols boot.elf boot.img -- -ex 'break *0x7c05'" },
	{ "Four gdb scripts at a time as tests:", "stepvm test --jobs 4 tests/gdb/*.gdb" },
	{ "What this host's KVM can do:", "stepvm probe" },
	{ "Words of stepvm's completed by the Tab key of this bash:",
	        "source <(stepvm --completion bash)" },
};

/* A paragraph. */
static void put_wrapped(FILE *to, const char *text, unsigned column)
{
	wrap(to, text, column);
	putc('\n', to);
}

/* name at indent 2, text at column, on a line of its own when the name is too long. */
static void put_item(FILE *to, const char *name, const char *text, unsigned column)
{
	int len = fprintf(to, "  %s", name);
	if (len >= (int)column) {
		putc('\n', to);
		len = 0;
	}
	fprintf(to, "%*s", (int)column - len, "");
	put_wrapped(to, text, column);
}

static void put_facts(FILE *to, const char *title, const struct fact *facts, size_t count)
{
	fprintf(to, "\n%s:\n", title);
	for (size_t i = 0; i < count; i++)
		put_item(to, facts[i].name, facts[i].text, FACT_COLUMN);
}

static void put_options(FILE *to, const char *title, unsigned scope, bool is_global)
{
	bool has_title = false;
	for (const struct option_row *r = option_rows; r->name; r++) {
		char name[64], letter[] = "    ";
		if (!(r->scope & scope) || (r->scope == ON_GLOBAL) != is_global)
			continue;
		if (!has_title)
			fprintf(to, "\n%s:\n", title);
		has_title = true;
		if (r->letter)
			memcpy(letter, (char[]) { '-', r->letter, ',', ' ' }, 4);
		snprintf(name, sizeof name, "%s--%s%s%s", letter, r->name,
		        r->value && !option_may_lack_value(r) ? " " : "", r->value ? r->value : "");
		put_item(to, name, r->help, OPTION_COLUMN);
	}
}

static void overview(FILE *to)
{
	fputs("usage: stepvm VERB [options] ...\n\n", to);
	put_wrapped(to,
	        "A virtual machine monitor on KVM for following bare-metal x86 code with gdb.", 0);
	putc('\n', to);
	for (unsigned verb = 0; verb < VERB_COUNT; verb++) {
		const struct option_verb *v = &option_verbs[verb];
		char name[64];
		snprintf(name, sizeof name, "%s %s", v->name, v->operands);
		put_item(to, name, v->summary, VERB_COLUMN);
	}
	put_options(to, "options without a verb (stepvm VERB --help has those of a verb)", ON_NONE,
	        true);
	put_facts(
	        to, "what stands at which I/O port by default", port_facts, ARRAY_SIZE(port_facts));
	put_facts(to, "exit status", status_facts, ARRAY_SIZE(status_facts));
	putc('\n', to);
	put_wrapped(to, STATUS_RULE, 0);
}

static void put_script_facts(FILE *to)
{
	fputs("\nwhat a script can say, in its first comment lines and as gdb commands:\n", to);
	for (size_t i = 0; i < ARRAY_SIZE(script_facts); i++)
		put_item(to, script_facts[i].name, script_facts[i].text, OPTION_COLUMN + 4);
}

void options_help(FILE *to, bool has_verb, enum verb verb)
{
	if (!has_verb) {
		overview(to);
		return;
	}
	const struct option_verb *v = &option_verbs[verb];
	fprintf(to, "usage: stepvm %s %s\n\n", v->name, v->operands);
	put_wrapped(to, v->about, 0);
	put_options(to, "options", 1u << verb, false);
	put_options(to, "of every verb", 1u << verb, true);
	if (verb == VERB_TEST)
		put_script_facts(to);
	putc('\n', to);
	put_wrapped(to, VALUES_RULE, 0);
}

/* One word of roff text: a dash of an option or of code is \- (a - may become a hyphen), a
 * backslash is \e, and a line must not begin with a control character. Returns the columns it took.
 */
static unsigned roff_word(FILE *to, const char *word, size_t len, bool is_literal, bool begins_line)
{
	unsigned columns = 0;
	bool is_minus = is_literal || word[0] == '-';
	if (begins_line && (word[0] == '.' || word[0] == '\''))
		columns += (unsigned)fprintf(to, "\\&");
	for (size_t i = 0; i < len; i++) {
		if (word[i] == '\\')
			columns += (unsigned)fprintf(to, "\\e");
		else if (word[i] == '-' && is_minus)
			columns += (unsigned)fprintf(to, "\\-");
		else if (word[i] == '\'' && is_literal)
			columns += (unsigned)fprintf(to, "\\(aq");
		else
			columns += putc(word[i], to) != EOF;
	}
	return columns;
}

/* Sentences, filled to ROFF_WIDTH; each begins a line, as man-pages(7) asks. */
static void roff_text(FILE *to, const char *text)
{
	unsigned at = 0;
	bool ends_sentence = false;
	while (*text) {
		size_t len = strcspn(text, " ");
		if (at && (ends_sentence || at + 1 + len + 4 > ROFF_WIDTH)) {
			putc('\n', to);
			at = 0;
		} else if (at) {
			putc(' ', to);
			at++;
		}
		at += roff_word(to, text, len, false, at == 0);
		ends_sentence = text[len - 1] == '.';
		text += len;
		text += strspn(text, " ");
	}
	putc('\n', to);
}

/* A whole line as typed, in a font. */
static void roff_literal(FILE *to, char font, const char *text)
{
	fprintf(to, "\\f%c", font);
	roff_word(to, text, strlen(text), true, false);
	fputs("\\fR", to);
}

static void roff_facts(FILE *to, const struct fact *facts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		fputs(".TP\n", to);
		roff_literal(to, 'B', facts[i].name);
		putc('\n', to);
		roff_text(to, facts[i].text);
	}
}

/* Each format of images, out of its row. */
static void roff_formats(FILE *to)
{
	for (int i = IMAGE_AUTO + 1; i < IMAGE_FORMATS; i++) {
		enum image_format format = (enum image_format)i;
		char about[400];
		image_format_about(format, about, sizeof about);
		const struct fact fact = { image_format_name(format), about };
		roff_facts(to, &fact, 1);
	}
}

/* Whether options belong to just these verbs. */
static bool has_options(unsigned scope)
{
	for (const struct option_row *r = option_rows; r->name; r++)
		if (r->scope == scope)
			return true;
	return false;
}

static void roff_options(FILE *to, unsigned scope)
{
	for (const struct option_row *r = option_rows; r->name; r++) {
		if (r->scope != scope)
			continue;
		char name[32];
		fputs(".TP\n", to);
		if (r->letter) {
			snprintf(name, sizeof name, "-%c", r->letter);
			roff_literal(to, 'B', name);
			fputs(", ", to);
		}
		snprintf(name, sizeof name, "--%s", r->name);
		roff_literal(to, 'B', name);
		if (r->value) {
			if (!option_may_lack_value(r))
				putc(' ', to);
			roff_literal(to, 'I', r->value);
		}
		putc('\n', to);
		roff_text(to, r->help);
	}
}

static void roff_verbs(FILE *to)
{
	fputs(".SH SYNOPSIS\n", to);
	for (unsigned verb = 0; verb < VERB_COUNT; verb++) {
		const struct option_verb *v = &option_verbs[verb];
		fprintf(to, "%s\\fBstepvm %s\\fR ", verb ? ".br\n" : "", v->name);
		roff_literal(to, 'I', v->operands);
		putc('\n', to);
	}
	fputs(".SH DESCRIPTION\n", to);
	roff_text(to,
	        "stepvm is a virtual machine monitor on KVM whose reason to exist is the debugger. "
	        "It starts any bare-metal x86 image, from a few bytes of 16-bit code to a "
	        "64-bit kernel, and lets an unmodified gdb follow it from the first instruction.");
	for (unsigned verb = 0; verb < VERB_COUNT; verb++) {
		fprintf(to, ".TP\n\\fB%s\\fR\n", option_verbs[verb].name);
		roff_text(to, option_verbs[verb].about);
	}
}

static void roff_examples(FILE *to)
{
	fputs(".SH EXAMPLES\n", to);
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		fputs(i ? ".PP\n" : "", to);
		roff_text(to, examples[i].name);
		fputs(".PP\n.nf\n.RS 4\n", to);
		for (const char *line = examples[i].text; *line;) {
			size_t len = strcspn(line, "\n");
			roff_word(to, line, len, true, true);
			putc('\n', to);
			line += len;
			line += *line == '\n';
		}
		fputs(".RE\n.fi\n", to);
	}
}

/* The options by the set of verbs that share them. */
static const struct {
	unsigned scope;
	const char *title;
} option_groups[] = {
	{ ON_RUN, "Of run" },
	{ ON_RUN | ON_REPLAY, "Of run and replay" },
	{ ON_GUEST, "Of run and debug" },
	{ ON_GUEST | ON_REPLAY, "Of run, debug and replay" },
	{ ON_REPLAY, "Of replay" },
	{ ON_DEBUG | ON_TEST, "Of debug and test" },
	{ ON_TEST, "Of test" },
	{ ON_PROBE, "Of probe" },
	{ ON_GLOBAL, "Of every verb, and of none" },
};

static void roff_keys(FILE *to)
{
	const char *name;
	fputs(".SH KEYS\n", to);
	roff_text(to,
	        "Lines of --keys, and monitor sendkey in gdb, name keys: a to z, 0 to 9, a number "
	        "of scancode set 1 such as 0x1e, and those below. Keys joined by - are pressed "
	        "together. Texts that are typed stand in double quotes, with the escapes of C.");
	fputs(".PP\n", to);
	for (size_t i = 0; (name = keys_name(i)); i++)
		fprintf(to, "%s%s\n", name, keys_name(i + 1) ? "," : "");
}

void options_manual(FILE *to)
{
	fprintf(to,
	        ".TH STEPVM 1 %s \"stepvm %s\" \"User Commands\"\n"
	        ".SH NAME\n"
	        "stepvm \\- run bare-metal x86 code on KVM and follow it with gdb\n",
	        MANUAL_DATE, STEPVM_VERSION);
	roff_verbs(to);
	fputs(".SH OPTIONS\n", to);
	roff_text(to, VALUES_RULE);
	for (size_t i = 0; i < ARRAY_SIZE(option_groups); i++) {
		if (!has_options(option_groups[i].scope))
			continue;
		fprintf(to, ".SS %s\n", option_groups[i].title);
		roff_options(to, option_groups[i].scope);
	}
	fputs(".SH IMAGES\n", to);
	roff_formats(to);
	fputs(".PP\n", to);
	roff_text(to, IMAGE_RULE);
	fputs(".SH I/O PORTS\n", to);
	roff_text(to, "Unless --port says otherwise, these stand at the guest's I/O ports:");
	roff_facts(to, port_facts, ARRAY_SIZE(port_facts));
	roff_keys(to);
	fputs(".SH EXIT STATUS\n", to);
	roff_facts(to, status_facts, ARRAY_SIZE(status_facts));
	fputs(".PP\n", to);
	roff_text(to, STATUS_RULE);
	fputs(".SH ENVIRONMENT\n", to);
	roff_facts(to, environment_facts, ARRAY_SIZE(environment_facts));
	fputs(".SH FILES\n", to);
	roff_facts(to, file_facts, ARRAY_SIZE(file_facts));
	fputs(".SH TEST SCRIPTS\n", to);
	roff_text(to,
	        "A script of test is a gdb script. Its first comment lines name its guest; the "
	        "commands below are there beside gdb's own (help expect, in such a script's gdb, "
	        "tells more). It passes when it reaches its end and all that it expects holds; one "
	        "that expects nothing fails.");
	roff_facts(to, script_facts, ARRAY_SIZE(script_facts));
	roff_examples(to);
	fputs(".SH SEE ALSO\n.BR gdb (1)\n", to);
}

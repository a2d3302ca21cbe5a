#include "options_table.h"

#include <string.h>

#include "cursor.h"

#define RESUME_DEFAULT_MS 1000
#define JOBS_MAX          1024 /* keeps a slip from starting a million */

static const char TOO_MANY[] = "more than 32 of these were given";
_Static_assert(OPTIONS_LIST_MAX == 32, "TOO_MANY says 32");

/* A whole word that is a number of at most max. */
static bool is_number(const char *word, uint64_t max, uint64_t *value)
{
	struct cursor c = cursor_of(word);
	uint64_t n;
	if (!cursor_number(&c, &n) || !cursor_at_end(&c) || n > max)
		return false;
	*value = n;
	return true;
}

static const char *set_gdb(struct options *o, const char *value)
{
	o->listen = value;
	return NULL;
}

static const char *set_no_wait(struct options *o, const char *value)
{
	(void)value;
	o->no_wait = true;
	return NULL;
}

static const char *set_no_sandbox(struct options *o, const char *value)
{
	(void)value;
	o->no_sandbox = true;
	return NULL;
}

static const char *set_memory(struct options *o, const char *value)
{
	struct cursor c = cursor_of(value);
	struct option_memory m = { .size = 0 };
	if (!cursor_size(&c, &m.size))
		return "a size such as 64M, 640K or 0x100000 was meant";
	m.has_gpa = cursor_char(&c, '@');
	if (m.has_gpa && !cursor_number(&c, &m.gpa))
		return "an address such as 0x100000 was meant behind the @";
	if (!cursor_at_end(&c))
		return m.has_gpa ? "an address such as 0x100000 was meant behind the @"
		                 : "a size such as 64M, 640K or 0x100000 was meant";
	if (m.size == 0 || m.size % MEMORY_PAGE != 0)
		return "a size of whole pages was meant: a multiple of 4096 bytes, and not 0";
	if (m.gpa % MEMORY_PAGE != 0)
		return "an address at a page was meant: a multiple of 4096";
	if (m.size - 1 > UINT64_MAX - m.gpa)
		return "RAM that ends within 64-bit addresses was meant";
	if (o->memory_count == OPTIONS_LIST_MAX)
		return TOO_MANY;
	o->memory[o->memory_count++] = m;
	return NULL;
}
_Static_assert(MEMORY_PAGE == 4096, "the texts above and the help say 4096");

static const char *set_load(struct options *o, const char *value)
{
	if (!is_number(value, UINT64_MAX, &o->image.load_gpa))
		return "an address such as 0x7c00 or 65536 was meant";
	o->image.has_load = true;
	return NULL;
}

/* SEG:OFF, as debuggers and the SDM write a logical address: hexadecimal without 0x. */
static bool is_segoff(const char *word, struct image_entry *entry)
{
	struct cursor c = cursor_of(word);
	uint64_t selector, offset;
	if (!cursor_hex(&c, &selector) || !cursor_char(&c, ':') || !cursor_hex(&c, &offset) ||
	        !cursor_at_end(&c) || selector > UINT16_MAX || offset > UINT16_MAX)
		return false;
	entry->selector = (uint16_t)selector;
	entry->offset = (uint16_t)offset;
	return true;
}

static const char *set_entry(struct options *o, const char *value)
{
	struct image_entry entry = { .kind = ENTRY_RESET };
	if (strcmp(value, "reset") != 0) {
		if (is_segoff(value, &entry))
			entry.kind = ENTRY_SEGOFF;
		else if (is_number(value, UINT64_MAX, &entry.gva))
			entry.kind = ENTRY_LINEAR;
		else
			return "an address such as 0x1000, SEG:OFF in hex such as 07c0:0005, or "
			       "reset was meant";
	}
	o->image.entry = entry;
	return NULL;
}

static const char *set_register(struct options *o, const char *value)
{
	struct cursor c = cursor_of(value);
	struct option_register r;
	if (!cursor_name(&c, r.name, sizeof r.name) || !cursor_char(&c, '='))
		return "a register and its value such as ax=2 was meant";
	if (!cursor_number(&c, &r.value) || !cursor_at_end(&c))
		return "a number such as 2 or 0x1f was meant behind the =";
	for (unsigned i = 0; i < o->register_count; i++)
		if (strcmp(o->registers[i].name, r.name) == 0)
			return "that register was given already";
	if (o->register_count == OPTIONS_LIST_MAX)
		return TOO_MANY;
	o->registers[o->register_count++] = r;
	return NULL;
}

static const char *set_format(struct options *o, const char *value)
{
	enum image_format format;
	if (!image_format_word(value, &format))
		return "auto, flat, boot, elf, multiboot, multiboot2 or pvh was meant";
	o->image.format = format;
	return NULL;
}

static const char *set_mode(struct options *o, const char *value)
{
	if (!start_mode_word(value, &o->image.mode))
		return "auto, real, prot or long was meant";
	return NULL;
}

static const char *set_append(struct options *o, const char *value)
{
	o->image.append = value;
	return NULL;
}

static const char *set_initrd(struct options *o, const char *value)
{
	if (o->image.initrd_count == IMAGE_MODULES_MAX)
		return TOO_MANY;
	o->image.initrd[o->image.initrd_count++] = value;
	return NULL;
}
_Static_assert(IMAGE_MODULES_MAX == 32, "TOO_MANY says 32");

static const char *set_port(struct options *o, const char *value)
{
	struct cursor c = cursor_of(value);
	struct option_port p;
	uint64_t port;
	if (!cursor_number(&c, &port) || !cursor_char(&c, '='))
		return "a port and what stands there such as 0x10=hex was meant";
	if (port > UINT16_MAX)
		return "a port from 0 to 0xffff was meant";
	if (!board_port_kind(c.at, &p.kind))
		return "hex, text, exit or none was meant behind the =";
	p.port = (uint16_t)port;
	for (unsigned i = 0; i < o->port_count; i++)
		if (o->ports[i].port == p.port)
			return "that port was given already";
	if (o->port_count == OPTIONS_LIST_MAX)
		return TOO_MANY;
	o->ports[o->port_count++] = p;
	return NULL;
}

static const char *set_hlt(struct options *o, const char *value)
{
	static const struct {
		const char *word;
		enum hlt_policy policy;
	} words[] = {
		{ "auto", HLT_AUTO },
		{ "exit", HLT_EXIT },
		{ "stop", HLT_STOP },
		{ "resume", HLT_RESUME },
	};
	for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(value, words[i].word) != 0)
			continue;
		o->hlt = words[i].policy;
		o->hlt_resume_ms = words[i].policy == HLT_RESUME ? RESUME_DEFAULT_MS : 0;
		return NULL;
	}
	struct cursor c = cursor_of(value);
	if (!cursor_text(&c, "resume:"))
		return "auto, exit, stop, resume or resume:MS was meant";
	uint64_t ms;
	if (!is_number(c.at, UINT32_MAX, &ms))
		return "a number of milliseconds such as 50 was meant behind the :";
	o->hlt = HLT_RESUME;
	o->hlt_resume_ms = (uint32_t)ms;
	return NULL;
}

/* One word of a comma-separated list -> its TRACE_ bit, or 0. */
static unsigned take_trace(struct cursor *c)
{
	static const struct {
		const char *word;
		enum trace_kind bit;
	} words[] = {
		{ "io", TRACE_IO },
		{ "mmio", TRACE_MMIO },
		{ "exits", TRACE_EXITS },
		{ "packets", TRACE_PACKETS },
	};
	for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
		if (cursor_text(c, words[i].word))
			return words[i].bit;
	return 0;
}

static const char *set_trace(struct options *o, const char *value)
{
	struct cursor c = cursor_of(value);
	unsigned set = 0, bit;
	do {
		bit = take_trace(&c);
		set |= bit;
	} while (bit && cursor_char(&c, ','));
	if (!bit || !cursor_at_end(&c))
		return "io, mmio, exits, packets, or several with commas between were meant";
	o->trace |= set;
	return NULL;
}

static const char *set_symbols(struct options *o, const char *value)
{
	o->symbols = value;
	return NULL;
}

static const char *set_gdb_program(struct options *o, const char *value)
{
	o->gdb_program = value;
	return NULL;
}

static const char *set_jobs(struct options *o, const char *value)
{
	uint64_t jobs;
	if (!is_number(value, JOBS_MAX, &jobs) || jobs == 0)
		return "a number from 1 to 1024 was meant";
	o->jobs = (unsigned)jobs;
	return NULL;
}
_Static_assert(JOBS_MAX == 1024, "the text above says 1024");

static const char *set_timeout(struct options *o, const char *value)
{
	uint64_t seconds;
	if (!is_number(value, UINT32_MAX / 1000, &seconds) || seconds == 0)
		return "a number of seconds from 1 to 4294967 was meant";
	o->timeout_ms = (uint32_t)seconds * 1000;
	return NULL;
}
_Static_assert(UINT32_MAX / 1000 == 4294967, "the text above says 4294967");

static const char *set_log_dir(struct options *o, const char *value)
{
	o->log_dir = value;
	return NULL;
}

static const char *set_json(struct options *o, const char *value)
{
	(void)value;
	o->is_json = true;
	return NULL;
}

static const char *set_help(struct options *o, const char *value)
{
	(void)value;
	o->wants_help = true;
	return NULL;
}

static const char *set_version(struct options *o, const char *value)
{
	(void)value;
	o->wants_version = true;
	return NULL;
}

static const char *set_manual(struct options *o, const char *value)
{
	(void)value;
	o->wants_manual = true;
	return NULL;
}

const struct option_row option_rows[] = {
	{ "gdb", 'g', "WHERE", ON_RUN, false, set_gdb,
	        "Listen for a debugger at :PORT (of this machine only), HOST:PORT, unix:PATH, or - "
	        "(standard input and output). The guest waits at its first instruction." },
	{ "no-wait", 0, NULL, ON_RUN, false, set_no_wait,
	        "With --gdb: let the guest run before a debugger has come." },
	{ "memory", 'm', "SIZE[@ADDR]", ON_GUEST, true, set_memory,
	        "RAM: 64M unless said. Without @ADDR it starts at 0. Repeat it for RAM in several "
	        "places; each can be anywhere, in whole pages of 4096 bytes. What no RAM covers is "
	        "MMIO space." },
	{ "load", 'l', "ADDR", ON_GUEST, false, set_load,
	        "Where a flat image goes: 0 unless said." },
	{ "entry", 'e', "ADDR|SEG:OFF|reset", ON_GUEST, false, set_entry,
	        "Where execution starts: where the image is loaded or what its headers say. SEG "
	        "and "
	        "OFF are hex without 0x, as in 07c0:0005; reset is the CPU's own reset vector, "
	        "f000:fff0." },
	{ "reg", 0, "NAME=VALUE", ON_GUEST, true, set_register,
	        "A register's first value, as in ax=2. May be repeated." },
	{ "format", 'f', "NAME", ON_GUEST, false, set_format,
	        "What the image is: flat (any bytes), boot (a boot sector or a disk image that "
	        "starts with one, at 0000:7c00), elf, multiboot, multiboot2 or pvh. Guessed from "
	        "the file unless said (auto)." },
	{ "mode", 0, "MODE", ON_GUEST, false, set_mode,
	        "What a flat image or an ELF file starts in: real, prot (32-bit protected mode, "
	        "flat segments, no paging) or long (64-bit mode, RAM mapped at its own address). "
	        "Unless said (auto): flat real, ELF32 prot, ELF64 long." },
	{ "append", 0, "STRING", ON_GUEST, false, set_append,
	        "The command line of a multiboot, multiboot2 or pvh kernel." },
	{ "initrd", 0, "FILE[ ARGS][,FILE...]", ON_GUEST, true, set_initrd,
	        "Modules of such a kernel: files, each with words for the kernel behind a space. A "
	        "comma in a name is written twice. May be repeated." },
	{ "port", 'p', "PORT=KIND", ON_GUEST, true, set_port,
	        "What stands at an I/O port: hex (a write prints a line), text (a write is a "
	        "character), exit (a write ends the run) or none. May be repeated." },
	{ "hlt", 0, "WHAT", ON_GUEST, false, set_hlt,
	        "What hlt does: auto (wait while an interrupt can still come, else say so and end; "
	        "this unless said), exit (end with status 0), stop (stop for the debugger), or "
	        "resume[:MS] (go on behind it after MS milliseconds, 1000 unless said, or with an "
	        "interrupt)." },
	{ "trace", 't', "LIST", ON_GUEST, true, set_trace,
	        "Narrate on standard error: io (port accesses), mmio (accesses outside RAM), exits "
	        "(why KVM came back), packets (what the debugger and stepvm tell each other), or "
	        "several with commas between. May be repeated." },
	{ "no-sandbox", 0, NULL, ON_GUEST, false, set_no_sandbox,
	        "Keep all system calls: for a profiler, or where stepvm is ended by SIGSYS. Unless "
	        "said, those that a running guest does not need are given up." },
	{ "symbols", 0, "FILE", ON_RUN | ON_DEBUG, false, set_symbols,
	        "The ELF file that the image was made from, for gdb's symbols: the image itself "
	        "unless said, when that is one. A gdb that was given no file reads it when it "
	        "connects, unless it has 32-bit code and the guest is in 16-bit code." },
	{ "jobs", 'j', "N", ON_TEST, false, set_jobs, "Run N tests at once: 1 unless said." },
	{ "timeout", 0, "SECONDS", ON_TEST, false, set_timeout,
	        "How long a test may take whose script does not say: 30 unless said." },
	{ "log-dir", 0, "DIR", ON_TEST, false, set_log_dir,
	        "Write the logs of failed tests to DIR too." },
	{ "gdb-program", 0, "NAME", ON_DEBUG | ON_TEST, false, set_gdb_program,
	        "The gdb to start: $GDB, else gdb, unless said." },
	{ "json", 0, NULL, ON_PROBE, false, set_json, "Print JSON instead of a table." },
	{ "help", 'h', NULL, ON_GLOBAL, false, set_help,
	        "Print help, of the verb if there is one." },
	{ "version", 0, NULL, ON_GLOBAL, false, set_version, "Print the version." },
	{ "manual", 0, NULL, ON_GLOBAL, false, set_manual,
	        "Print the manual page, to be read with man -l." },
	{ .name = NULL },
};
_Static_assert(sizeof option_rows / sizeof option_rows[0] <= OPTION_ROWS_MAX, "a bit a row");

const struct option_verb option_verbs[VERB_COUNT] = {
	[VERB_RUN] = { "run", "[options] IMAGE", "an IMAGE",
	        "run a guest; with --gdb, let a debugger in",
	        "Run the guest in IMAGE until it halts for good, writes to an exit port or can't "
	        "go on. With --gdb, wait for a debugger at its first instruction." },
	[VERB_DEBUG] = { "debug", "[options] IMAGE [-- ARGS]", "an IMAGE",
	        "the same, and gdb in this terminal",
	        "Run the guest in IMAGE and start gdb in this terminal, connected and with its "
	        "scripts for 16-bit code loaded. ARGS are handed to gdb." },
	[VERB_TEST] = { "test", "[options] SCRIPT.gdb...", "a SCRIPT.gdb",
	        "run gdb scripts as tests of guests",
	        "Run gdb scripts as tests, each against a guest of its own, and report them on "
	        "standard output as TAP (Test Anything Protocol)." },
	[VERB_PROBE] = { "probe", "[options]", NULL, "what this KVM does, how stepvm copes",
	        "Try in a VM of its own what this host's KVM does under a debugger, and print each "
	        "fact with what stepvm does about it." },
};

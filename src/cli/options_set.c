/* What each option does with its value: a function that stores it where its room looks, or says what was
 * expected. options_set_guest.c has those that say what the guest is made of. */
#include "cli/options_set.h"

#include <string.h>

#include "base/array.h"
#include "base/cursor.h"
#include "cli/completion.h"

#define RESUME_DEFAULT_MS 1000
#define JOBS_MAX          1024 /* keeps a slip from starting a million */
#define SPEED_MAX         1000

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

const char *option_set_gdb(struct options *o, const char *value)
{
	o->serve.listen = value;
	return NULL;
}

const char *option_set_no_wait(struct options *o, const char *value)
{
	(void)value;
	o->serve.no_wait = true;
	return NULL;
}

const char *option_set_no_sandbox(struct options *o, const char *value)
{
	(void)value;
	o->no_sandbox = true;
	return NULL;
}

#define RECORD_MEMORY_MIN (16u << 20)

const char *option_set_no_reboot(struct options *o, const char *value)
{
	(void)value;
	o->machine.no_reboot = true;
	return NULL;
}

const char *option_set_record(struct options *o, const char *value)
{
	const bool is_off = value && !strcmp(value, "off"),
	           is_auto = value && !strcmp(value, "auto");
	o->serve.record = is_off ? RECORD_OFF : is_auto ? RECORD_UNASKED : RECORD_BEGIN;
	o->serve.record_file = is_off || is_auto ? NULL : value;
	return NULL;
}

const char *option_set_check(struct options *o, const char *value)
{
	(void)value;
	o->checks_recording = true;
	return NULL;
}

const char *option_set_record_memory(struct options *o, const char *value)
{
	struct cursor c = cursor_of(value);
	if (!cursor_size(&c, &o->serve.record_memory) || !cursor_at_end(&c) ||
	        o->serve.record_memory < RECORD_MEMORY_MIN)
		return "expected a size of at least 16M, such as 512M or 2G";
	return NULL;
}

const char *option_set_engine(struct options *o, const char *value)
{
	o->has_engine = true;
	return means_choice_parse(value, &o->machine.engine) ? NULL
	                                                     : "expected auto, kvm or interp";
}

const char *option_set_check_engine(struct options *o, const char *value)
{
	(void)value;
	o->machine.checks_engine = true;
	return NULL;
}

const char *option_set_hlt(struct options *o, const char *value)
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
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(value, words[i].word) != 0)
			continue;
		o->machine.hlt = words[i].policy;
		o->machine.hlt_resume_ms = words[i].policy == HLT_RESUME ? RESUME_DEFAULT_MS : 0;
		return NULL;
	}
	struct cursor c = cursor_of(value);
	if (!cursor_text(&c, "resume:"))
		return "expected auto, exit, stop, resume or resume:MS";
	uint64_t ms;
	if (!is_number(c.at, UINT32_MAX, &ms))
		return "expected a number of milliseconds such as 50 after the :";
	o->machine.hlt = HLT_RESUME;
	o->machine.hlt_resume_ms = (uint32_t)ms;
	return NULL;
}

/* "2", "0.25", "1000": at most four digits before the point and three after it. */
static bool is_factor(const char *word, uint32_t *permille)
{
	uint32_t value = 0;
	int before = 0, after = 0;
	for (; *word >= '0' && *word <= '9' && before < 4; before++)
		value = value * 10 + (uint32_t)(*word++ - '0');
	bool has_point = before && *word == '.';
	word += has_point;
	for (; has_point && *word >= '0' && *word <= '9' && after < 3; after++)
		value = value * 10 + (uint32_t)(*word++ - '0');
	if (*word || !before || has_point != (after > 0))
		return false;
	for (; after < 3; after++)
		value *= 10;
	*permille = value;
	return value >= 1 && value <= SPEED_MAX * 1000;
}

const char *option_set_speed(struct options *o, const char *value)
{
	struct config_speed *s = &o->machine.speed;
	*s = (struct config_speed) { .skips_waits = !strcmp(value, "max") };
	if (!strcmp(value, "real") || s->skips_waits || is_factor(value, &s->permille))
		return NULL;
	return "expected real, max, or a factor from 0.001 to 1000 such as 2 or 0.5";
}
_Static_assert(SPEED_MAX == 1000, "the text above says 1000");

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
		{ "run", TRACE_RUN },
		{ "bios", TRACE_BIOS },
	};
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		if (cursor_text(c, words[i].word))
			return words[i].bit;
	return 0;
}

const char *option_set_trace(struct options *o, const char *value)
{
	struct cursor c = cursor_of(value);
	unsigned set = 0, bit;
	do {
		bit = take_trace(&c);
		set |= bit;
	} while (bit && cursor_char(&c, ','));
	if (!bit || !cursor_at_end(&c))
		return "expected io, mmio, exits, packets, run, bios, or several with commas "
		       "between";
	o->machine.trace |= set;
	return NULL;
}

const char *option_set_screen(struct options *o, const char *value)
{
	o->serve.has_screen = o->machine.is_shown = true;
	o->serve.screen = value;
	return NULL;
}

const char *option_set_keys(struct options *o, const char *value)
{
	o->machine.keys = value;
	return NULL;
}

const char *option_set_console(struct options *o, const char *value)
{
	for (unsigned i = 0; i < SERVE_CONSOLES; i++)
		if (!o->serve.consoles[i]) {
			o->serve.consoles[i] = value;
			return NULL;
		}
	return "two of these were given already";
}
_Static_assert(SERVE_CONSOLES == 2, "the text above says two");

const char *option_set_symbols(struct options *o, const char *value)
{
	o->serve.symbols = value;
	return NULL;
}

const char *option_set_gdb_program(struct options *o, const char *value)
{
	o->gdb_program = value;
	return NULL;
}

const char *option_set_jobs(struct options *o, const char *value)
{
	uint64_t jobs;
	if (!is_number(value, JOBS_MAX, &jobs) || jobs == 0)
		return "expected a number from 1 to 1024";
	o->jobs = (unsigned)jobs;
	return NULL;
}
_Static_assert(JOBS_MAX == 1024, "the text above says 1024");

const char *option_set_timeout(struct options *o, const char *value)
{
	uint64_t seconds;
	if (!is_number(value, UINT32_MAX / 1000, &seconds) || seconds == 0)
		return "expected a number of seconds from 1 to 4294967";
	o->timeout_ms = (uint32_t)seconds * 1000;
	return NULL;
}
_Static_assert(UINT32_MAX / 1000 == 4294967, "the text above says 4294967");

const char *option_set_no_skip(struct options *o, const char *value)
{
	(void)value;
	o->no_skip = true;
	return NULL;
}

const char *option_set_record_failures(struct options *o, const char *value)
{
	o->record_dir = value;
	return NULL;
}

const char *option_set_log_dir(struct options *o, const char *value)
{
	o->log_dir = value;
	return NULL;
}

const char *option_set_junit(struct options *o, const char *value)
{
	o->junit = value;
	return NULL;
}

const char *option_set_json(struct options *o, const char *value)
{
	(void)value;
	o->is_json = true;
	return NULL;
}

const char *option_set_help(struct options *o, const char *value)
{
	(void)value;
	o->wants_help = true;
	return NULL;
}

const char *option_set_version(struct options *o, const char *value)
{
	(void)value;
	o->wants_version = true;
	return NULL;
}

const char *option_set_manual(struct options *o, const char *value)
{
	(void)value;
	o->wants_manual = true;
	return NULL;
}

const char *option_set_completion(struct options *o, const char *value)
{
	return completion_shell(value, &o->completion) ? NULL : "expected bash or zsh";
}

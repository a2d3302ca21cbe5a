/* options_table.h: parser, help and manual page know the same options. */
#include "cli/options_table.h"

#include <stdlib.h>

#include "base/version.h"
#include "check.h"
#include "cli/completion.h"
#include "options_line.h"

/* For every option a value that it takes. */
static const char *sample(const char *name)
{
	static const struct {
		const char *name, *value;
	} samples[] = {
		{ "gdb", ":1" },
		{ "memory", "64M" },
		{ "load", "0" },
		{ "entry", "0" },
		{ "reg", "ax=1" },
		{ "format", "flat" },
		{ "board", "pc" },
		{ "mode", "prot" },
		{ "append", "s" },
		{ "initrd", "f" },
		{ "port", "1=hex" },
		{ "disk", "a.img,write" },
		{ "console", "pty" },
		{ "screen", "tty" },
		{ "keys", "f" },
		{ "hlt", "exit" },
		{ "engine", "interp" },
		{ "parallel", "printed" },
		{ "rtc", "utc" },
		{ "speed", "2" },
		{ "record", "f" },
		{ "record-memory", "64M" },
		{ "trace", "io" },
		{ "symbols", "f" },
		{ "jobs", "2" },
		{ "timeout", "1" },
		{ "log-dir", "d" },
		{ "record-failures", "d" },
		{ "junit", "x.xml" },
		{ "gdb-program", "g" },
		{ "completion", "bash" },
	};
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
		if (strcmp(samples[i].name, name) == 0)
			return samples[i].value;
	return NULL;
}

/* The ways to write a row's option: --name value, --name=value, -x value, -xvalue. */
struct spellings {
	char words[4][40];
	unsigned count;
};

static struct spellings spell(const struct option_row *r)
{
	struct spellings s = { .count = 0 };
	const char *value = sample(r->name);
	CHECK_EQ(value != NULL, r->value != NULL);
	if (!option_may_lack_value(r))
		snprintf(s.words[s.count++], 40, "--%s %s", r->name, value ? value : "");
	else
		snprintf(s.words[s.count++], 40, "--%s", r->name);
	if (value)
		snprintf(s.words[s.count++], 40, "--%s=%s", r->name, value);
	if (r->letter)
		snprintf(s.words[s.count++], 40, "-%c %s", r->letter, value ? value : "");
	if (r->letter && value)
		snprintf(s.words[s.count++], 40, "-%c%s", r->letter, value);
	return s;
}

static void check_spellings(const struct option_row *r, unsigned verb)
{
	struct spellings s = spell(r);
	const char *gdb = strcmp(r->name, "no-wait") == 0 ? "--gdb :1" : "";
	for (unsigned i = 0; i < s.count; i++) {
		struct line l;
		char words[128];
		snprintf(words, sizeof words, "%s %s %s %s", option_verbs[verb].name, s.words[i],
		        gdb, option_verbs[verb].operand ? "a" : "");
		parse(&l, words);
		if ((l.err == 0) != !!(r->scope & 1u << verb))
			CHECK_FAIL("%s: %s", words, l.e.text);
	}
}

static void every_option_works_in_its_verbs_only(void)
{
	for (const struct option_row *r = option_rows; r->name; r++)
		for (unsigned verb = 0; verb < VERB_COUNT; verb++)
			check_spellings(r, verb);
}

static void only_lists_repeat(void)
{
	for (const struct option_row *r = option_rows; r->name; r++) {
		char words[128], text[64];
		struct line l;
		const char *value = sample(r->name);
		unsigned verb = r->scope & ON_RUN      ? VERB_RUN
		                : r->scope & ON_DEBUG  ? VERB_DEBUG
		                : r->scope & ON_REPLAY ? VERB_REPLAY
		                : r->scope & ON_TEST   ? VERB_TEST
		                                       : VERB_PROBE;
		if (r->scope == ON_GLOBAL) /* the first ends the check */
			continue;
		const char *given = value && !option_may_lack_value(r) ? value : "";
		snprintf(words, sizeof words, "%s --%s %s --%s %s", option_verbs[verb].name,
		        r->name, given, r->name, given);
		if (option_verbs[verb].operand)
			strcat(words, " a");
		snprintf(text, sizeof text, "stepvm %s: --%s: given twice", option_verbs[verb].name,
		        r->name);
		parse(&l, words);
		CHECK_EQ(strcmp(l.e.text, text) != 0, r->repeats);
	}
}

static void no_row_hides_another(void)
{
	for (const struct option_row *r = option_rows; r->name; r++)
		for (const struct option_row *s = r + 1; s->name; s++) {
			CHECK(strcmp(r->name, s->name) != 0);
			CHECK(!r->letter || r->letter != s->letter);
		}
}

/* What print writes; the caller frees it. */
static char *printed(
        void print(FILE *to, bool has_verb, enum verb verb), bool has_verb, enum verb verb)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);
	print(to, has_verb, verb);
	fclose(to);
	return text;
}

static void check_lines_fit(const char *text, size_t width)
{
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		if (len > width || (len && line[len - 1] == ' '))
			CHECK_FAIL("bad line: \"%.*s\"", (int)len, line);
		line += len + (line[len] == '\n');
	}
}

/* ... and not a longer name that begins so. */
static bool has_name(const char *text, const char *name)
{
	char in_line[80], at_end[80];
	snprintf(in_line, sizeof in_line, "%s ", name);
	snprintf(at_end, sizeof at_end, "%s\n", name);
	return strstr(text, in_line) || strstr(text, at_end);
}

static void help_shows_a_verb_its_options(void)
{
	for (unsigned verb = 0; verb < VERB_COUNT; verb++) {
		char *text = printed(options_help, true, (enum verb)verb);
		check_lines_fit(text, 80);
		for (const struct option_row *r = option_rows; r->name; r++) {
			char name[64];
			snprintf(name, sizeof name, "%s--%s%s%s\n", r->letter ? ", " : "  ",
			        r->name, r->value && !option_may_lack_value(r) ? " " : "",
			        r->value ? r->value : "");
			name[strlen(name) - 1] = '\0';
			CHECK_EQ(has_name(text, name), !!(r->scope & 1u << verb));
		}
		CHECK(strstr(text, "options:\n\n") == NULL); /* a heading has something under it */
		free(text);
	}
	char *text = printed(options_help, false, VERB_RUN);
	check_lines_fit(text, 80);
	for (unsigned verb = 0; verb < VERB_COUNT; verb++)
		CHECK(strstr(text, option_verbs[verb].summary) != NULL);
	CHECK(strstr(text, "triple fault") != NULL);
	free(text);
}

static void print_manual(FILE *to, bool has_verb, enum verb verb)
{
	(void)has_verb, (void)verb;
	options_manual(to);
}

/* How often a piece stands in text. */
static unsigned occurrences(const char *text, const char *piece)
{
	unsigned count = 0;
	for (; (text = strstr(text, piece)) != NULL; text++)
		count++;
	return count;
}

static void manual_shows_every_option_once(void)
{
	char *text = printed(print_manual, false, VERB_RUN);
	check_lines_fit(text, 79);
	for (const struct option_row *r = option_rows; r->name; r++) {
		char name[64] = "\\fB\\-\\-";
		for (const char *at = r->name; *at; at++) {
			char letter[] = { *at, '\0' };
			strcat(name, *at == '-' ? "\\-" : letter);
		}
		strcat(name, "\\fR");
		if (occurrences(text, name) != 1)
			CHECK_FAIL("%s: %u times", name, occurrences(text, name));
	}
	CHECK(strncmp(text, ".TH STEPVM 1 ", 13) == 0);
	CHECK(strstr(text, STEPVM_VERSION) != NULL);
	free(text);
}

/* No word that completion offers is one that the parser refuses. */
static void words_of_completion_are_taken(void)
{
	unsigned count = 0;
	for (const struct option_row *r = option_rows; r->name; r++) {
		struct completion_value v = completion_value_of(r);
		CHECK(!strpbrk(v.words, "[]|,"));
		for (char *word = strtok(v.words, " "); word; word = strtok(NULL, " ")) {
			struct options o = { .machine.hlt = HLT_AUTO };
			const char *wrong = r->set(&o, word);
			if (wrong)
				CHECK_FAIL("--%s %s: %s", r->name, word, wrong);
			count++;
		}
	}
	CHECK(count > 30);
}

static void print_scripts(FILE *to, bool has_verb, enum verb verb)
{
	(void)verb;
	completion_print(to, has_verb ? COMPLETION_BASH : COMPLETION_ZSH);
}

static void completion_has_every_option_and_verb(void)
{
	for (int is_bash = 0; is_bash < 2; is_bash++) {
		char *text = printed(print_scripts, is_bash, VERB_RUN);
		for (const struct option_row *r = option_rows; r->name; r++) {
			char name[40];
			snprintf(name, sizeof name, "--%s", r->name);
			if (!strstr(text, name))
				CHECK_FAIL("%s lacks %s", is_bash ? "bash" : "zsh", name);
		}
		for (unsigned verb = 0; verb < VERB_COUNT; verb++)
			CHECK(strstr(text, option_verbs[verb].name) != NULL);
		free(text);
	}
}

/* A heading has something under it. */
static void no_heading_of_the_manual_is_empty(void)
{
	char *text = printed(print_manual, false, VERB_RUN);
	const char *before = "";
	for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
		bool is_section = !strncmp(line, ".SH", 3), is_part = !strncmp(line, ".SS", 3);
		if ((!strncmp(before, ".SS", 3) && (is_section || is_part)) ||
		        (!strncmp(before, ".SH", 3) && is_section))
			CHECK_FAIL("nothing under %.*s", (int)strcspn(before, "\n"), before);
		before = line;
	}
	free(text);
}

int main(void)
{
	RUN(every_option_works_in_its_verbs_only);
	RUN(only_lists_repeat);
	RUN(no_row_hides_another);
	RUN(help_shows_a_verb_its_options);
	RUN(manual_shows_every_option_once);
	RUN(no_heading_of_the_manual_is_empty);
	RUN(words_of_completion_are_taken);
	RUN(completion_has_every_option_and_verb);
	return check_done();
}

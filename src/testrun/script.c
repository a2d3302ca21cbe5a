/* The header of a script, line by line, and the words of its options. */
#include "testrun/script.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/cursor.h"
#include "base/slips.h"
#include "host/file.h"

#define KEY_MAX 16 /* more than the longest key has */

struct parse {
	struct script *s;
	const char *path;
	const struct key *key; /* of this line */
	unsigned line;
	unsigned seen; /* bit i: keys[i] was there */
	struct error *e;
};

/* A value of the header: some bytes of the script, without blanks around it. */
struct value {
	const char *at;
	size_t len;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static int fail(struct parse *p, const char *why)
{
	return error_set(p->e, -EINVAL, "%s:%u: %s", file_label(p->path).text, p->line, why);
}

/* value, with the folder of the script before it unless it is absolute. */
static int set_path(struct parse *p, struct value v, char to[PATH_MAX])
{
	const char *slash = strrchr(p->path, '/');
	size_t folder = slash && v.at[0] != '/' ? (size_t)(slash - p->path) + 1 : 0;
	if (folder >= PATH_MAX || v.len >= PATH_MAX - folder)
		return fail(p, "the path is too long");
	memcpy(to, p->path, folder);
	memcpy(to + folder, v.at, v.len);
	to[folder + v.len] = 0;
	return 0;
}

static int set_guest(struct parse *p, struct value v)
{
	return set_path(p, v, p->s->guest);
}

static int set_symbols(struct parse *p, struct value v)
{
	return set_path(p, v, p->s->symbols);
}

/* `stepvm test` says where gdb connects. (No other word begins with -g: an option's value that
 * begins with - stands after a =.) */
static bool is_gdb_option(const char *word)
{
	return !strncmp(word, "-g", 2) || !strcmp(word, "--gdb") || !strncmp(word, "--gdb=", 6);
}

static int set_options(struct parse *p, struct value v)
{
	struct script *s = p->s;
	struct error why = { 0 };
	if (v.len >= sizeof s->options)
		return fail(p, "the options are too long");
	memcpy(s->options, v.at, v.len);
	s->options[v.len] = 0;
	int n = script_words(s->options, s->words, SCRIPT_WORDS_MAX, &why);
	if (n < 0)
		return fail(p, why.text);
	for (int i = 0; i < n; i++)
		if (is_gdb_option(s->words[i]))
			return fail(p, "options: --gdb is not for a script: stepvm test connects "
			               "gdb itself");
	s->word_count = (unsigned)n;
	return 0;
}

static int set_timeout(struct parse *p, struct value v)
{
	struct cursor c = { v.at, v.at + v.len };
	uint64_t seconds;
	if (!cursor_number(&c, &seconds) || !cursor_at_end(&c) || seconds == 0 ||
	        seconds > UINT32_MAX / 1000)
		return fail(p, "timeout: expected a number of seconds from 1 to 4294967");
	p->s->timeout_ms = (uint32_t)seconds * 1000;
	return 0;
}
_Static_assert(UINT32_MAX / 1000 == 4294967, "the text above says 4294967");

static bool is_word(struct value v, const char *word)
{
	return v.len == strlen(word) && memcmp(v.at, word, v.len) == 0;
}

static int set_scripts(struct parse *p, struct value v)
{
	p->s->wants_stepvm_gdb = is_word(v, "stepvm");
	if (!p->s->wants_stepvm_gdb && !is_word(v, "none"))
		return fail(p, "scripts: expected none, for plain gdb, or stepvm");
	return 0;
}

/* A line that stands for an option. */
static int set_head(struct parse *p, struct value v);
static int set_head_file(struct parse *p, struct value v);

enum { GUEST = 0 }; /* its place in keys */
static const struct key {
	const char *name;
	int (*set)(struct parse *p, struct value v);
	const char *option; /* set_head, set_head_file */
	bool repeats;
} keys[] = {
	[GUEST] = { "guest", set_guest },
	{ "options", set_options },
	{ "symbols", set_symbols },
	{ "timeout", set_timeout },
	{ "scripts", set_scripts },
	{ "board", set_head, "--board" },
	{ "disk", set_head_file, "--disk", true },
	{ "keys", set_head_file, "--keys" },
	{ "speed", set_head, "--speed" },
};

static struct script_head *add_head(struct parse *p)
{
	struct script *s = p->s;
	if (s->head_count == SCRIPT_HEADS_MAX)
		return NULL;
	s->heads[s->head_count].option = p->key->option;
	return &s->heads[s->head_count++];
}

static int set_head(struct parse *p, struct value v)
{
	struct script_head *h = add_head(p);
	if (!h || v.len >= sizeof h->value)
		return fail(p, "the value is too long");
	memcpy(h->value, v.at, v.len);
	h->value[v.len] = 0;
	return 0;
}

static int set_head_file(struct parse *p, struct value v)
{
	struct script_head *h = add_head(p);
	return h ? set_path(p, v, h->value) : fail(p, "there are too many such lines");
}

const char *script_value(const struct script *s, const char *option)
{
	size_t len = strlen(option);
	for (unsigned i = 0; i < s->head_count; i++)
		if (!strcmp(s->heads[i].option, option))
			return s->heads[i].value;
	for (unsigned i = 0; i < s->word_count; i++) {
		if (strncmp(s->words[i], option, len) != 0)
			continue;
		if (s->words[i][len] == '=')
			return s->words[i] + len + 1;
		if (!s->words[i][len])
			return i + 1 < s->word_count ? s->words[i + 1] : "";
	}
	return NULL;
}

bool script_gives(const struct script *s, const char *option)
{
	return script_value(s, option) != NULL;
}

/* There is no such key. Before the guest's line that is prose, unless it is near to that line's own key. */
static int fail_unknown(struct parse *p, const char *name)
{
	char text[100];
	struct slips slips = slips_of(name, strlen(name));
	if (p->seen & 1u << GUEST)
		for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
			slips_look(&slips, keys[i].name);
	else
		slips_look(&slips, keys[GUEST].name);
	if (slips.nearest) {
		snprintf(text, sizeof text, "%s: not a key of a test's header; did you mean %s?",
		        name, slips.nearest);
		return fail(p, text);
	}
	if (!(p->seen & 1u << GUEST))
		return 0;
	return fail(p,
	        "not a key of a test's header: expected guest, options, symbols, timeout, "
	        "scripts, board, disk, keys or speed; other options of stepvm's go into options");
}

static int take_entry(struct parse *p, const char *name, struct value v)
{
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(name, keys[i].name) != 0)
			continue;
		if (p->seen & 1u << i && !keys[i].repeats)
			return fail(p, "said twice");
		if (i != GUEST && !(p->seen & 1u << GUEST))
			return fail(p, "expected a line `# guest: IMAGE` before it");
		p->seen |= 1u << i;
		if (!v.len || memchr(v.at, 0, v.len))
			return fail(p, "expected a value after the colon");
		p->key = &keys[i];
		return keys[i].set(p, v);
	}
	return fail_unknown(p, name);
}

/* `#timeout:5` would be prose, and the test have another timeout than its author thinks. */
static int check_blank(struct parse *p, const char *name)
{
	char text[60];
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
		if (!strcmp(name, keys[i].name) && (i == GUEST || p->seen & 1u << GUEST)) {
			snprintf(text, sizeof text, "expected a blank after %s:", name);
			return fail(p, text);
		}
	return 0;
}

/* One line that begins with #, which is prose unless `KEY:` and a blank or the line's end follow.
 */
static int take_comment(struct parse *p, const char *at, const char *end)
{
	char name[KEY_MAX + 1];
	size_t n = 0;
	for (at++; at < end && is_blank(*at); at++)
		;
	for (; at < end && *at >= 'a' && *at <= 'z'; at++)
		if (n < KEY_MAX)
			name[n++] = *at;
	name[n] = 0;
	if (!n || at == end || *at++ != ':')
		return 0;
	if (at < end && !is_blank(*at))
		return check_blank(p, name);
	for (; at < end && is_blank(*at); at++)
		;
	for (; end > at && is_blank(end[-1]); end--)
		;
	return take_entry(p, name, (struct value) { at, (size_t)(end - at) });
}

int script_parse(struct script *s, const char *path, const char *text, size_t len, struct error *e)
{
	struct parse p = { .s = s, .path = path, .e = e };
	const char *at = text, *end = text + len;
	s->guest[0] = s->symbols[0] = 0;
	s->word_count = s->head_count = 0;
	s->timeout_ms = 0;
	s->wants_stepvm_gdb = true;
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *line_end = newline ? newline : end;
		p.line++;
		for (; at < line_end && is_blank(*at); at++)
			;
		if (at < line_end && *at != '#')
			break;
		int err = at < line_end ? take_comment(&p, at, line_end) : 0;
		if (err)
			return err;
		at = newline ? newline + 1 : end;
	}
	if (!s->guest[0])
		return error_set(e, -EINVAL,
		        "%s: expected a line `# guest: IMAGE` in its first comment",
		        file_label(path).text);
	return 0;
}

int script_words(char *text, char **words, unsigned max, struct error *e)
{
	unsigned count = 0;
	char *at = text, *to = text; /* to is never ahead of at */
	for (;;) {
		while (is_blank(*at))
			at++;
		if (!*at)
			return (int)count;
		if (count == max)
			return error_set(e, -EINVAL, "more than %u words", max);
		words[count++] = to;
		for (char quote = 0; *at && (quote || !is_blank(*at)); at++) {
			if (*at == quote)
				quote = 0;
			else if (!quote && (*at == '\'' || *at == '"'))
				quote = *at;
			else
				*to++ = *at;
			if (quote && !at[1])
				return error_set(e, -EINVAL, "a quote %c is not closed", quote);
		}
		if (*at)
			at++; /* the blank that ended the word; to may stand on it */
		*to++ = 0;
	}
}

/* The parser: argv's words against the table of options, and what is said of a word that fits
 * none. */
#include "cli/options.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/slips.h"
#include "cli/options_table.h"
#include "cli/qemu_words.h"

#define TEST_TIMEOUT_MS 30000
#define SHOWN_LEN_MAX   80 /* of a word in a message: keeps room for what was expected */

struct parse {
	struct options *o;
	int argc;
	char **argv;
	int at;            /* argv[at] is looked at */
	int operand_count; /* operands of test, moved to argv[2] and on */
	uint64_t seen;     /* bit i: option_rows[i] was given */
	struct error *e;
};

/* A word from the command line, fit for a message of one line. */
struct shown {
	char text[SHOWN_LEN_MAX + sizeof "..."];
};

static struct shown show_len(const char *word, size_t len)
{
	struct shown s;
	size_t kept = len < SHOWN_LEN_MAX ? len : SHOWN_LEN_MAX;
	for (size_t i = 0; i < kept; i++) {
		unsigned char ch = (unsigned char)word[i];
		s.text[i] = ch < 0x20 || ch == 0x7f ? '?' : word[i]; /* ASCII control characters */
	}
	strcpy(s.text + kept, kept < len ? "..." : "");
	return s;
}

static struct shown show(const char *word)
{
	return show_len(word, strlen(word));
}

__attribute__((format(printf, 2, 3))) static int fail(struct parse *p, const char *format, ...)
{
	char text[sizeof p->e->text];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (!p->o->has_verb)
		return error_set(p->e, -EINVAL, "stepvm: %s", text);
	return error_set(p->e, -EINVAL, "stepvm %s: %s", option_verbs[p->o->verb].name, text);
}

/* The verbs of a scope as words: "run", "run or debug", "run, debug or test". */
struct verb_words {
	char text[64];
};

static struct verb_words verbs_of(unsigned scope)
{
	struct verb_words w = { "" };
	size_t len = 0;
	for (unsigned verb = 0; verb < VERB_COUNT; verb++) {
		if (!(scope & 1u << verb))
			continue;
		unsigned above = scope & ON_ALL & ~((2u << verb) - 1);
		bool is_first = len == 0;
		len += (size_t)snprintf(w.text + len, sizeof w.text - len, "%s%s",
		        is_first ? ""
		        : above  ? ", "
		                 : " or ",
		        option_verbs[verb].name);
	}
	return w;
}

/* The option of this scope that was likely meant by name, or NULL. */
static const struct option_row *near_row(const char *name, size_t len, unsigned scope)
{
	struct slips slips = slips_of(name, len);
	const struct option_row *near = NULL;
	for (const struct option_row *r = option_rows; r->name; r++) {
		if (r->scope & scope)
			slips_look(&slips, r->name);
		if (slips.nearest == r->name)
			near = r;
	}
	return near;
}

static const struct option_verb *near_verb(const char *name)
{
	struct slips slips = slips_of(name, strlen(name));
	const struct option_verb *near = NULL;
	for (unsigned verb = 0; verb < VERB_COUNT; verb++) {
		slips_look(&slips, option_verbs[verb].name);
		if (slips.nearest == option_verbs[verb].name)
			near = &option_verbs[verb];
	}
	return near;
}

/* An option as it was written: its name in argv's word, its row, its value if it came with it. */
struct given {
	const char *word;
	size_t name_len; /* of word, with the dashes */
	const struct option_row *row;
	const char *value;
};

/* A name that needs two dashes, with one: "-append" would be no good value of -a either. */
static const struct option_row *row_of_one_dash(const char *word)
{
	for (const struct option_row *r = option_rows; r->name; r++)
		if (word[1] != '-' && strcmp(r->name, word + 1) == 0)
			return r;
	return NULL;
}

static struct given read_option(const char *word)
{
	struct given g = { .word = word };
	bool is_long = word[1] == '-';
	g.name_len = is_long ? strcspn(word, "=") : 2;
	if (is_long && word[g.name_len])
		g.value = word + g.name_len + 1;
	else if (word[g.name_len])
		g.value = word + g.name_len;
	for (const struct option_row *r = option_rows; r->name && !g.row; r++) {
		bool is_it = is_long ? strlen(r->name) == g.name_len - 2 &&
		                               memcmp(r->name, word + 2, g.name_len - 2) == 0
		                     : r->letter && r->letter == word[1];
		if (is_it)
			g.row = r;
	}
	return g;
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

static unsigned scope_of(const struct parse *p)
{
	return p->o->has_verb ? 1u << p->o->verb : ON_NONE;
}

static int fail_unknown(struct parse *p, const struct given *g)
{
	bool is_long = g->word[1] == '-';
	struct shown name = is_long ? show_len(g->word, g->name_len) : show(g->word);
	const struct option_row *near =
	        is_long ? near_row(g->word + 2, g->name_len - 2, scope_of(p)) : NULL;
	const char *verb = p->o->has_verb ? option_verbs[p->o->verb].name : "";
	const char *space = p->o->has_verb ? " " : "";
	if (!near && !is_long)
		near = row_of_one_dash(g->word);
	if (near)
		return fail(p, "%s: not an option; did you mean --%s? See stepvm%s%s --help",
		        name.text, near->name, space, verb);
	return fail(p, "%s: not an option; see stepvm%s%s --help", name.text, space, verb);
}

/* A word of QEMU's where a guest is to be started. NULL: it is none. */
static const char *advice_on(const struct parse *p, const struct given *g)
{
	if (p->o->has_verb && !(ON_GUEST & 1u << p->o->verb))
		return NULL;
	return qemu_word_advice(g->word, g->word[1] == '-' ? g->name_len : strlen(g->word));
}

static int fail_out_of_place(struct parse *p, const struct given *g)
{
	struct shown name = show_len(g->word, g->name_len);
	if (!p->o->has_verb)
		return fail(p, "%s: expected a verb before it: %s; see stepvm --help", name.text,
		        verbs_of(g->row->scope).text);
	return fail(p, "%s: an option of %s, not of %s", name.text, verbs_of(g->row->scope).text,
	        option_verbs[p->o->verb].name);
}

/* The value that an option needs, from its own word or from the next. A next word that looks like
 * an option is one: who wants such a value writes --name=VALUE. */
static int take_value(struct parse *p, struct given *g)
{
	struct shown name = show_len(g->word, g->name_len);
	const char *wanted = g->row->value;
	if (!g->value && p->at < p->argc && !is_option(p->argv[p->at]))
		g->value = p->argv[p->at++];
	else if (!g->value && p->at < p->argc)
		return fail(p, "%s: expected %s after it, not %s", name.text, wanted,
		        show(p->argv[p->at]).text);
	if (g->value && !g->value[0] && option_may_lack_value(g->row))
		return fail(p, "%s: expected a value after the =", name.text);
	if (!g->value || !g->value[0])
		return fail(p, "%s: expected %s after it", name.text, wanted);
	return 0;
}

/* Whether n is a number of MiB as people give memory: up to 64 GiB, a power of two or a multiple of 32. */
static bool looks_like_mib(uint64_t n)
{
	return n && n <= 64 << 10 && (n % 32 == 0 || (n & (n - 1)) == 0);
}

/* A value that was refused, with an M after its number: it is proposed, for QEMU's users mean MiB by a number alone. */
struct with_m {
	char text[48]; /* "": with the M it is not likely, or is refused, too */
};

static struct with_m with_m(const struct parse *p, const struct given *g)
{
	struct with_m w = { "" };
	struct options tried = *p->o;
	struct cursor c = cursor_of(g->value ? g->value : "");
	uint64_t mib;
	if (!option_takes_size(g->row) || !cursor_number(&c, &mib) || !looks_like_mib(mib))
		return w;
	size_t len = strspn(g->value, "0123456789");
	if ((g->value[len] && g->value[len] != '@') || strlen(g->value) > sizeof w.text - 2)
		return w;
	snprintf(w.text, sizeof w.text, "%.*sM%s", (int)len, g->value, g->value + len);
	if (g->row->set(&tried, w.text))
		w.text[0] = '\0';
	return w;
}

static int fail_value(struct parse *p, const struct given *g, const char *wrong)
{
	struct shown name = show_len(g->word, g->name_len), value = show(g->value);
	const struct with_m near = with_m(p, g);
	if (near.text[0])
		return fail(
		        p, "%s %s: %s: did you mean %s?", name.text, value.text, wrong, near.text);
	return fail(p, "%s %s: %s", name.text, value.text, wrong);
}

static int take_option(struct parse *p)
{
	struct given g = read_option(p->argv[p->at++]);
	const char *advice = advice_on(p, &g);
	if (advice)
		return fail(
		        p, "%s is QEMU's: %s", show_len(g.word, strcspn(g.word, "=")).text, advice);
	if (!g.row || row_of_one_dash(g.word))
		return fail_unknown(p, &g);
	struct shown name = show_len(g.word, g.name_len);
	if (!(g.row->scope & scope_of(p)))
		return fail_out_of_place(p, &g);
	uint64_t bit = 1ull << (g.row - option_rows);
	if (p->seen & bit && !g.row->repeats)
		return fail(p, "%s: given twice", name.text);
	p->seen |= bit;
	if (!g.row->value && g.value)
		return fail(p, "%s: --%s takes no value", show(g.word).text, g.row->name);
	bool is_given = g.row->value && (g.value || !option_may_lack_value(g.row));
	if (is_given && take_value(p, &g) < 0)
		return -EINVAL;
	const char *wrong = g.row->set(p->o, g.value);
	return wrong ? fail_value(p, &g, wrong) : 0;
}

static int take_operand(struct parse *p)
{
	struct options *o = p->o;
	char *word = p->argv[p->at++];
	if (!option_verbs[o->verb].operand)
		return fail(p, "%s: expected options only; see stepvm %s --help", show(word).text,
		        option_verbs[o->verb].name);
	if (!word[0])
		return fail(p, "an empty word: expected %s", option_verbs[o->verb].operand);
	if (o->verb == VERB_TEST) {
		/* After the verb; never past p->at, for each word read gives at most one. */
		p->argv[2 + p->operand_count++] = word;
		return 0;
	}
	const char **to = o->verb == VERB_CONSOLE ? &o->socket : &o->machine.image.path;
	if (*to)
		return fail(p, "%s: expected only one %s, which is %s", show(word).text,
		        o->verb == VERB_CONSOLE ? "SOCKET" : "IMAGE", show(*to).text);
	*to = word;
	return 0;
}

static bool wants_text(const struct options *o)
{
	return o->wants_help || o->wants_version || o->wants_manual ||
	       o->completion != COMPLETION_NONE;
}

/* What can only be judged when all words are read. */
static int finish(struct parse *p)
{
	struct options *o = p->o;
	const struct option_verb *verb = &option_verbs[o->verb];
	const char *listen = o->serve.listen;
	if (listen && !o->machine.image.path && !strchr(listen, ':') && strcmp(listen, "-") != 0)
		return fail(p, "--gdb %s: --gdb takes an address such as :1234; is %s the image?",
		        show(listen).text, show(listen).text);
	if (verb->operand && !verb->may_lack_operand &&
	        (o->verb == VERB_TEST ? p->operand_count == 0 : !o->machine.image.path))
		return fail(p, "expected %s; see stepvm %s --help", verb->operand, verb->name);
	if (o->serve.no_wait && !o->serve.listen)
		return fail(p, "--no-wait: expected --gdb WHERE with it");
	if (o->machine.checks_engine && !o->has_engine)
		o->machine.engine = ENGINE_AUTO;
	if (o->machine.checks_engine && o->machine.engine == ENGINE_KVM)
		return fail(p,
		        "--check-engine: there is nothing to compare with --engine kvm: leave "
		        "one of the two out");
	if (o->verb == VERB_DEBUG && !o->gdb_args)
		o->gdb_args = p->argv + p->argc;
	if (o->verb == VERB_TEST) {
		p->argv[2 + p->operand_count] = NULL;
		o->scripts = p->argv + 2;
		o->script_count = (unsigned)p->operand_count;
	}
	return 0;
}

static int take_words(struct parse *p)
{
	bool are_options_over = false;
	while (p->at < p->argc) {
		const char *word = p->argv[p->at];
		int err = 0;
		if (are_options_over || !is_option(word)) {
			err = take_operand(p);
		} else if (strcmp(word, "--") != 0) {
			err = take_option(p);
		} else if (p->o->verb == VERB_DEBUG) {
			p->o->gdb_args = p->argv + p->at + 1;
			break;
		} else {
			are_options_over = true;
			p->at++;
		}
		if (err < 0)
			return err;
		if (wants_text(p->o))
			return 0;
	}
	return finish(p);
}

static int take_verb(struct parse *p)
{
	const char *word = p->argv[p->at];
	for (unsigned verb = 0; verb < VERB_COUNT; verb++) {
		if (strcmp(word, option_verbs[verb].name) != 0)
			continue;
		p->o->verb = (enum verb)verb;
		p->o->has_verb = true;
		p->at++;
		return 0;
	}
	if (access(word, R_OK) == 0)
		return fail(p, "%s: not a verb; did you mean stepvm run %s?", show(word).text,
		        show(word).text);
	const struct option_verb *near = near_verb(word);
	if (near)
		return fail(p, "%s: not a verb; did you mean %s? See stepvm --help",
		        show(word).text, near->name);
	return fail(p, "%s: not a verb; expected %s", show(word).text, verbs_of(ON_ALL).text);
}

static int parse_all(struct parse *p)
{
	if (p->argc < 2 || !p->argv[1][0])
		return fail(p, "expected a verb: %s; see stepvm --help", verbs_of(ON_ALL).text);
	if (is_option(p->argv[1])) {
		int err = take_option(p);
		bool has_verb = !err && p->o->wants_help && p->at < p->argc &&
		                !is_option(p->argv[p->at]); /* --help test */
		return has_verb ? take_verb(p) : err;
	}
	if (strcmp(p->argv[1], "help") == 0) {
		p->o->wants_help = true;
		p->at = 2;
		return p->argc > 2 ? take_verb(p) : 0;
	}
	int err = take_verb(p);
	return err < 0 ? err : take_words(p);
}

/* `make check-kvm` tries all tests with another one. */
#ifndef ENGINE_DEFAULT
#define ENGINE_DEFAULT ENGINE_AUTO
#endif

int options_parse(struct options *o, int argc, char **argv, struct error *e)
{
	struct options read = {
		.machine.hlt = HLT_AUTO,
		.machine.engine = ENGINE_DEFAULT,
		.jobs = 1,
		.timeout_ms = TEST_TIMEOUT_MS,
	};
	struct parse p = { .o = &read, .argc = argc, .argv = argv, .at = 1, .e = e };
	int err = parse_all(&p);
	if (err < 0)
		return err;
	*o = read;
	return 0;
}

/* The table of the command line, private to options*.c: the parser (options.c), the help and
 * the manual page (options_help.c) all read it, so that they can't disagree. Rows stand in the
 * order in which the help shows them; the parser does not depend on it. */
#ifndef STEPVM_CLI_OPTIONS_TABLE_H
#define STEPVM_CLI_OPTIONS_TABLE_H

#include <stdbool.h>
#include <string.h>

#include "cli/options.h"

#define OPTION_ROWS_MAX 64 /* the parser keeps a bit a row */

/* Which verbs an option belongs to, a set. */
enum option_scope {
	ON_RUN = 1 << VERB_RUN,
	ON_DEBUG = 1 << VERB_DEBUG,
	ON_TEST = 1 << VERB_TEST,
	ON_PROBE = 1 << VERB_PROBE,
	ON_CONSOLE = 1 << VERB_CONSOLE,
	ON_REPLAY = 1 << VERB_REPLAY,
	ON_GUEST = ON_RUN | ON_DEBUG,
	ON_ALL = ON_GUEST | ON_REPLAY | ON_TEST | ON_PROBE | ON_CONSOLE,
	ON_NONE = 1 << VERB_COUNT, /* also without a verb */
	ON_GLOBAL = ON_ALL | ON_NONE,
};

/* Stores value (NULL for an option that takes none or was given none, else not empty) in *o. Returns NULL, or what is
 * wrong as the end of the sentence "--name value: ...": what was expected there. */
typedef const char *option_set(struct options *o, const char *value);

struct option_row {
	const char *name; /* without the dashes */
	char letter;      /* 0: no short form */
	const char *
	        value; /* what help calls it; NULL: takes none; [=...]: takes one after a = or none */
	unsigned scope; /* ON_ bits */
	bool repeats;   /* may be given more than once */
	option_set *set;
	const char *help; /* sentences; wrapped where they are shown */
};

static inline bool option_may_lack_value(const struct option_row *r)
{
	return r->value && r->value[0] == '[';
}

/* Its value is a size in bytes, which an address may follow (SIZE[@ADDRESS]). */
static inline bool option_takes_size(const struct option_row *r)
{
	return r->value && strncmp(r->value, "SIZE", 4) == 0;
}

/* Ends with a row whose name is NULL. */
extern const struct option_row option_rows[];

struct option_verb {
	const char *name;
	const char *operands; /* as the synopsis shows them */
	const char *operand;  /* as a sentence names one; NULL: takes none */
	const char *summary;  /* a line */
	const char *about;    /* a paragraph */
	bool may_lack_operand;
};

extern const struct option_verb option_verbs[VERB_COUNT];

#endif

/* A command line for the tests of options: split, parsed, and kept for as long as its options are.
 */
#ifndef STEPVM_TESTS_OPTIONS_LINE_H
#define STEPVM_TESTS_OPTIONS_LINE_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "cli/options.h"

#define WORDS_MAX 72

/* A command line as a shell without quotes would split it; '' is an empty word. */
struct line {
	char text[1024];
	char *argv[WORDS_MAX + 2];
	int argc;
	struct options o;
	struct error e;
	int err;
};

static inline void parse(struct line *l, const char *words)
{
	static char program[] = "stepvm";
	memset(l, 0, sizeof *l);
	snprintf(l->text, sizeof l->text, "%s", words);
	l->argv[l->argc++] = program;
	for (char *word = strtok(l->text, " "); word && l->argc <= WORDS_MAX;
	        word = strtok(NULL, " ")) {
		if (strcmp(word, "''") == 0)
			*word = '\0';
		l->argv[l->argc++] = word;
	}
	l->err = options_parse(&l->o, l->argc, l->argv, &l->e);
}

/* The line is taken: l.o has what is stored. */
#define CHECK_TAKEN(l, words)                                                                      \
	do {                                                                                       \
		parse(&(l), words);                                                                \
		CHECK_EQ((l).err, 0);                                                              \
		CHECK_STR((l).e.text, "");                                                         \
	} while (0)

/* The line is refused with this text, and stores nothing. */
static inline void check_refused(const char *words, const char *text)
{
	struct line l;
	struct options untouched;
	parse(&l, words);
	memset(&untouched, 0, sizeof untouched);
	CHECK_EQ(l.err, (uint64_t)-EINVAL);
	CHECK_STR(l.e.text, text);
	CHECK(memcmp(&l.o, &untouched, sizeof untouched) == 0);
}

#endif

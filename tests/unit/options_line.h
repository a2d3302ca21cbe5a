/* A command line for the tests of options: split, parsed, and kept for as long as its options are.
 */
#ifndef STEPVM_TESTS_OPTIONS_LINE_H
#define STEPVM_TESTS_OPTIONS_LINE_H

#include <stdio.h>
#include <string.h>

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

#endif

/* `stepvm --completion SHELL`: what a shell needs to complete stepvm's command line, made of the table of options. */
#ifndef STEPVM_CLI_COMPLETION_H
#define STEPVM_CLI_COMPLETION_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/options_table.h"

/* "bash" or "zsh" -> *shell. */
bool completion_shell(const char *word, enum completion *shell);
void completion_print(FILE *to, enum completion shell);

/* What an option's value can be, for completion and its test. */
enum completion_kind { COMPLETION_ANY, COMPLETION_WORDS, COMPLETION_FILE, COMPLETION_DIR };
struct completion_value {
	enum completion_kind kind;
	char words[200]; /* COMPLETION_WORDS: with blanks between; there may be other values, too */
};
struct completion_value completion_value_of(const struct option_row *r);

#endif

/* What a test script says about itself, in its first comment lines:
 *
 *	# Steps over each out.
 *	#
 *	# guest: ../../build/guests/hello.bin
 *	# options: --hlt auto --reg ax=2
 *	# timeout: 10
 *	# scripts: none
 *	# speed: real
 *
 *	header := (blank line | comment line)*	the first other line ends it
 *	entry  := '#' blanks KEY ':' blanks VALUE	KEY: one word of small letters
 *
 * guest is required and comes first; then options, symbols, timeout, scripts, and what stands for an
 * option of the guest's: board, disk, keys, speed, in any order, each once but for disk. FILEs are
 * relative to the script. From guest on any other word in their place is an error, so that `# timout: 5` does not
 * pass unseen. Other comment lines are prose. Pure: text in, struct out. */
#ifndef STEPVM_TESTRUN_SCRIPT_H
#define STEPVM_TESTRUN_SCRIPT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define SCRIPT_HEADER_MAX  0x10000 /* bytes of a script that are looked at */
#define SCRIPT_OPTIONS_MAX 2048    /* bytes of the options' line */
#define SCRIPT_WORDS_MAX   64      /* options */
#define SCRIPT_HEADS_MAX   8       /* lines that stand for an option */

struct script {
	char guest[PATH_MAX];
	char symbols[PATH_MAX]; /* empty: none */
	bool wants_stepvm_gdb;  /* unless it says `scripts: none` */
	uint32_t timeout_ms;    /* 0: it does not say */
	/* Options that have a line of their own: such as "--speed", "real". */
	struct script_head {
		const char *option;
		char value[PATH_MAX];
	} heads[SCRIPT_HEADS_MAX];
	unsigned head_count;
	char *words[SCRIPT_WORDS_MAX];
	unsigned word_count;
	char options[SCRIPT_OPTIONS_MAX]; /* words point into it: do not copy the struct */
};

/* Reads the header of the script at path from its first len bytes. guest and symbols come out
 * relative to what path is relative to. Returns 0, or -EINVAL with a text that names path and line;
 * *s is then of no use. */
int script_parse(struct script *s, const char *path, const char *text, size_t len, struct error *e);

/* Whether the script gives the guest that option, such as "--speed", in either way. */
bool script_gives(const struct script *s, const char *option);

/* Its value there, or NULL. */
const char *script_value(const struct script *s, const char *option);

/* Splits text in place into words at spaces and tabs. '...' and "..." keep what is between them,
 * anywhere in a word; there is no other quoting. Returns how many, or -EINVAL with a text when a
 * quote is not closed or there are more than max. */
int script_words(char *text, char **words, unsigned max, struct error *e);

#endif

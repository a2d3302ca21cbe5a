/* The command line: one table of options makes the parser, `--help` and the manual page. */
#ifndef STEPVM_CLI_OPTIONS_H
#define STEPVM_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "machine/config.h"
#include "serve/config.h"

enum verb { VERB_RUN, VERB_DEBUG, VERB_REPLAY, VERB_TEST, VERB_PROBE, VERB_CONSOLE, VERB_COUNT };

enum completion { COMPLETION_NONE, COMPLETION_BASH, COMPLETION_ZSH }; /* scripts for shells */

struct options {
	enum verb verb;
	bool wants_help, wants_version, wants_manual; /* then nothing else is checked */
	enum completion completion; /* the same, of another than COMPLETION_NONE */
	bool has_verb;              /* verb was given: with wants_help, help of it, else of all */

	struct machine_config machine; /* run, debug, replay; machine.image.path NULL otherwise */
	struct serve_config serve;     /* run, debug, replay */
	bool has_engine;               /* --engine was given */
	bool checks_recording;         /* replay: it is only checked */
	bool no_sandbox;

	const char *gdb_program; /* debug, test; NULL: $GDB, else gdb */
	char **gdb_args; /* debug: what follows --, NULL-terminated, maybe empty; else NULL */

	char **scripts; /* test: NULL-terminated, at least one */
	unsigned script_count;
	unsigned jobs;       /* test: how many at once, 1 unless said */
	uint32_t timeout_ms; /* test: for a script that names none */
	bool no_skip;        /* test: where nothing can be tested, fail */
	const char *junit;   /* test: where the report as JUnit XML goes; NULL: nowhere */
	const char
	        *record_dir; /* test: where recordings of failed scripts go; NULL: none is made */
	const char *log_dir; /* test: where logs of failed scripts go; NULL: on stdout only */

	const char *socket; /* console: where; NULL: it is to be found */

	bool is_json; /* probe: for machines */
};

/* Reads argv, which ends with argv[argc] == NULL; borrows its strings and the array, in which the
 * operands of test are moved to the front. Returns 0, or -EINVAL with one line in *e, "stepvm VERB:
 * " included, that names the word at fault and what was expected there; *o is then left alone.
 * Options and operands may come in any order; `--` ends the options (for debug, what follows goes
 * to gdb). A value that begins with - (but for - alone) has to be written --name=VALUE. Only
 * --memory, --reg, --initrd, --port, --console and --trace repeat. Names are not to be abbreviated, so that
 * new ones break no script. Whether memory overlaps, a register exists or WHERE is an address is
 * judged by who uses it. */
int options_parse(struct options *o, int argc, char **argv, struct error *e);
/* The usage text of verb, or of the whole program when has_verb is false. At most 80 columns. */
void options_help(FILE *to, bool has_verb, enum verb verb);
/* The manual page stepvm(1) in man(7) markup. */
void options_manual(FILE *to);

#endif

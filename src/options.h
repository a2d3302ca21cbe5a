/* The command line: one table of options makes the parser, `--help` and the manual page. */
#ifndef STEPVM_OPTIONS_H
#define STEPVM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "boot/image.h"
#include "devices/board.h"
#include "error.h"

#define STEPVM_VERSION "0.1.0"

#define OPTIONS_LIST_MAX    32
#define OPTIONS_MEMORY_SIZE (64ull << 20) /* bytes of RAM unless said */

enum verb { VERB_RUN, VERB_DEBUG, VERB_TEST, VERB_PROBE, VERB_COUNT };

/* What `hlt` does when no debugger decides. */
enum hlt_policy {
	HLT_AUTO,   /* wait while an interrupt can still come, else say so and end */
	HLT_EXIT,   /* end with status 0 */
	HLT_STOP,   /* stop for the debugger */
	HLT_RESUME, /* go on behind it after hlt_resume_ms */
};

/* --trace, a set. */
enum trace_kind {
	TRACE_IO = 1 << 0,      /* port accesses */
	TRACE_MMIO = 1 << 1,    /* accesses outside RAM */
	TRACE_EXITS = 1 << 2,   /* every KVM_EXIT_ by name, with its details */
	TRACE_PACKETS = 1 << 3, /* the debugger's packets and our replies */
};

struct option_memory {
	uint64_t size; /* whole pages, not 0 */
	bool has_gpa;
	uint64_t gpa; /* at a page; 0 unless has_gpa */
};
struct option_register {
	char name[16]; /* a word of letters, digits and _, in lower case; not known to be a register
	                */
	uint64_t value;
};
struct option_port {
	uint16_t port;
	enum port_kind kind;
};

struct options {
	enum verb verb;
	bool wants_help, wants_version, wants_manual; /* then nothing else is checked */
	bool has_verb; /* verb was given: with wants_help, help of it, else of all */

	struct image_options image; /* run, debug; path NULL otherwise */
	struct option_memory memory[OPTIONS_LIST_MAX];
	unsigned memory_count; /* 0: OPTIONS_MEMORY_SIZE at 0 */
	struct option_register registers[OPTIONS_LIST_MAX];
	unsigned register_count;
	struct option_port ports[OPTIONS_LIST_MAX];
	unsigned port_count;
	enum hlt_policy hlt;
	uint32_t hlt_resume_ms; /* HLT_RESUME: 0 or more */
	unsigned trace;         /* TRACE_ bits */

	const char *listen; /* --gdb WHERE, or NULL */
	bool no_wait;
	bool no_sandbox;

	const char *gdb_program; /* debug, test; NULL: $GDB, else gdb */
	const char *symbols;     /* run, debug: the image's ELF file, or NULL */
	char **gdb_args; /* debug: what follows --, NULL-terminated, maybe empty; else NULL */

	char **scripts; /* test: NULL-terminated, at least one */
	unsigned script_count;
	unsigned jobs;       /* test: how many at once, 1 unless said */
	uint32_t timeout_ms; /* test: for a script that names none */
	const char *log_dir; /* test: where logs of failed scripts go; NULL: on stdout only */

	bool is_json; /* probe: for machines */
};

/* Reads argv, which ends with argv[argc] == NULL; borrows its strings and the array, in which the
 * operands of test are moved to the front. Returns 0, or -EINVAL with one line in *e, "stepvm VERB:
 * " included, that names the word at fault and what was meant to stand there; *o is then left
 * alone. Options and operands may come in any order; `--` ends the options (for debug, what follows
 * goes to gdb). A value that begins with - (but for - alone) has to be written --name=VALUE. Only
 * --memory, --reg, --initrd, --port and --trace repeat. Names are not to be abbreviated, so that new ones break no
 * script. Whether memory overlaps, a register exists or WHERE is an address is judged by who uses
 * it. */
int options_parse(struct options *o, int argc, char **argv, struct error *e);
/* The usage text of verb, or of the whole program when has_verb is false. At most 80 columns. */
void options_help(FILE *to, bool has_verb, enum verb verb);
/* The manual page stepvm(1) in man(7) markup. */
void options_manual(FILE *to);

#endif

/* What `stepvm test` is to run, as its user has said it. Strings are borrowed. */
#ifndef STEPVM_TESTRUN_CONFIG_H
#define STEPVM_TESTRUN_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

struct testrun_config {
	char *const *scripts; /* paths, script_count of them: at least one */
	unsigned script_count;
	unsigned jobs;       /* how many at once: at least one */
	uint32_t timeout_ms; /* for a script that names none */
	const char *log_dir; /* where logs of failed scripts go, too; NULL: on stdout only */
	const char
	        *record_dir; /* where recordings of failed scripts go; NULL: nothing is recorded */
	const char *junit;   /* the file that gets the report as JUnit XML, too; NULL: none */
	const char *gdb_program; /* NULL: $GDB, else gdb */
	bool no_skip;            /* where nothing can be tested: fail */
};

#endif

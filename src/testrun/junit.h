/* The report of a run as JUnit XML, which CI systems read (`stepvm test --junit FILE`): one testsuite, a testcase for
 * each script, with its time, and `failure`, `error` or `skipped` where it has not passed.
 *
 * What scripts and guests write is outside input: all of it is escaped, and what XML 1.0 can't hold (control
 * characters, bytes that are no UTF-8) is replaced. The file appears whole or not at all: it is written beside its
 * place and renamed at the end. One that is there and is no regular file (/dev/stdout, a pipe) is written to. */
#ifndef STEPVM_TESTRUN_JUNIT_H
#define STEPVM_TESTRUN_JUNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "base/error.h"
#include "testrun/verdict.h"

struct junit {
	const char *path; /* borrowed */
	char *temporary;  /* owned; NULL: path itself is written to */
	FILE *to;
	FILE *cases; /* into text, owned, of len bytes, as open_memstream does */
	char *text;
	size_t len;
	unsigned counts[VERDICTS];
	time_t began;
};

struct junit_case {
	const char *name; /* the script's path */
	enum verdict verdict;
	const char *why; /* a line, of one that has not passed */
	const char *log; /* what people may read of one that failed, or NULL */
	uint64_t ms;
};

/* Opens what will become the file at path, of a run that began at that time. 0 or -errno with a text, and nothing is to
 * be closed. */
int junit_open(struct junit *j, const char *path, time_t began, struct error *e);
void junit_add(struct junit *j, const struct junit_case *c);
/* All cases are there, after a run of that many ms, in which several may have run at once: makes the file. 0 or -errno
 * with a text. Ends *j in any case. */
int junit_finish(struct junit *j, uint64_t ms, struct error *e);

/* Pure, for tests: text as it stands in XML, in an attribute's double quotes or between tags. */
void junit_text(FILE *to, const char *text, bool is_attribute);

#endif

/* Whether a test has passed, and if not, why, in one line. Pure. */
#ifndef STEPVM_TESTRUN_VERDICT_H
#define STEPVM_TESTRUN_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is known when a test's processes have ended. The statuses are waitpid's. */
struct outcome {
	uint32_t timeout_ms;
	bool is_timed_out;
	bool vm_was_ready;   /* it waited for gdb */
	bool vm_was_ended;   /* by our SIGTERM, so that its death by it is in order */
	bool vm_was_stuck;   /* SIGTERM did not end it */
	int vm_status;       /* valid in any case: without a VM there is no outcome to judge */
	int gdb_status;      /* valid when vm_was_ready */
	const char *vm_word; /* the VM's last line on stderr, or "" */
	/* What expect.gdb wrote, NUL-terminated. Lines:
	 *	loaded		expect.gdb was read to its end
	 *	failed TEXT	the script ended with an error, TEXT says where and which
	 *	held N		the script reached its end; N expects held */
	const char *result;
};

/* True when it passed; else a line without newline in why. The first that fits, from cause to
 * consequence: timeout, VM did not start, VM crashed or was stuck, gdb crashed, gdb has no Python,
 * the script failed, ended gdb before its end, expected nothing, gdb's exit status. */
bool verdict(const struct outcome *o, char *why, size_t size);

#endif

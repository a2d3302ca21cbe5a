/* Whether a test has passed, failed or was skipped, and why, in one line. Pure. */
#ifndef STEPVM_TESTRUN_VERDICT_H
#define STEPVM_TESTRUN_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is known when a test's processes have ended. The statuses are waitpid's. */
struct outcome {
	uint32_t timeout_ms;
	bool is_timed_out;
	int end_signal;      /* it ends all tests, and has ended this one; or 0 */
	bool vm_was_ready;   /* it waited for gdb */
	bool vm_was_ended;   /* by our SIGTERM, so that its death by it is in order */
	bool vm_was_stuck;   /* SIGTERM did not end it */
	int vm_status;       /* valid in any case: without a VM there is no outcome to judge */
	int gdb_status;      /* valid when vm_was_ready */
	const char *vm_word; /* the VM's last line on stderr, or "" */
	/* The guest's last line of output that is not blank, NUL-terminated; NULL: it has none. */
	const char *last_output;
	const char *
	        console; /* of --console: where else its serial port leads; NULL: it does not say */
	/* What expect.gdb and testrun.py wrote, NUL-terminated. Lines:
	 *	loaded		expect.gdb was read to its end
	 *	begun		gdb is connected, and begins with the script
	 *	late		it has timed out, and was ended at a step; as is_timed_out
	 *	at PLACE	where the script ended with an error: FILE:LINE: THE LINE
	 *	failed TEXT	it did, TEXT says where and which
	 *	skipped TEXT	the script has ended itself by skip-test, TEXT says why
	 *	held N		the script reached its end; N expects held */
	const char *result;
};

/* VERDICT_ERROR: the host was not in order, or a signal has ended it: nothing is known of the guest. */
enum verdict { VERDICT_FAILED, VERDICT_PASSED, VERDICT_SKIPPED, VERDICT_ERROR };
#define VERDICTS (VERDICT_ERROR + 1)

/* Unless it passed, a line without newline in why: the reason to skip it, or what failed. That is
 * the first that fits, from cause to consequence: timeout or signal, VM did not start, VM crashed or was
 * stuck, the host failed it, gdb crashed, gdb has no Python, the script failed, ended gdb before its end, expected
 * nothing, gdb's exit status. */
enum verdict verdict_reach(const struct outcome *o, char *why, size_t size);

#endif

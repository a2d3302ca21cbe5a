#include "testrun/verdict.h"

#include <signal.h>

#include "check.h"

#define EXITED(n) ((n) << 8) /* as wait(2) encodes it on Linux */

static const struct outcome good = {
	.timeout_ms = 10000,
	.vm_was_ready = true,
	.vm_was_ended = true,
	.vm_status = SIGTERM,
	.vm_word = "",
	.result = "loaded\nheld 3\n",
};

static const char *judge(const struct outcome *o)
{
	static char why[200];
	strcpy(why, "passed");
	enum verdict v = verdict_reach(o, why, sizeof why);
	CHECK_EQ(v == VERDICT_PASSED, !strcmp(why, "passed"));
	return why;
}

static void passes(void)
{
	struct outcome o = good;
	CHECK_STR(judge(&o), "passed");
	/* The guest may have ended by itself, with any status; then SIGTERM found nobody. */
	o.vm_status = EXITED(7);
	CHECK_STR(judge(&o), "passed");
	o.vm_was_ended = false;
	CHECK_STR(judge(&o), "passed");
	o.result = "loaded\nheld 1";
	CHECK_STR(judge(&o), "passed");
}

/* From the last to the first: each is added to those before and has to be named instead. */
static void the_cause_comes_first(void)
{
	struct outcome o = good;
	o.gdb_status = EXITED(5);
	CHECK_STR(judge(&o), "gdb's exit status is 5");
	o.result = "loaded\nheld 0\n";
	CHECK_STR(judge(&o), "nothing was expected: a test needs an expect that holds");
	o.result = "loaded\n";
	CHECK_STR(judge(&o), "gdb ended (exit status 5) before the script's end: by quit, perhaps");
	o.result = "loaded\nheld 3\nfailed a.gdb:3: held 4\n";
	CHECK_STR(judge(&o), "a.gdb:3: held 4");
	o.result = "held 3\nfailed loaded\n";
	CHECK_STR(judge(&o),
	        "expect.gdb could not be loaded: it needs a gdb with Python (in gdb, `python "
	        "print(1)` tells)");
	o.gdb_status = SIGSEGV;
	CHECK_STR(judge(&o), "gdb was killed by signal 11, Segmentation fault");
	o.gdb_status = SIGABRT | 0x80; /* with a core dump */
	CHECK_STR(judge(&o), "gdb was killed by signal 6, Aborted");
	o.vm_was_ready = false;
	o.vm_status = EXITED(2);
	CHECK_STR(judge(&o), "the VM did not start, exit status 2");
	o.vm_word = "stepvm run: x";
	CHECK_STR(judge(&o), "the VM did not start, exit status 2: stepvm run: x");
	o.vm_status = SIGBUS;
	CHECK_STR(judge(&o), "the VM was killed by signal 7, Bus error: stepvm run: x");
	o.vm_was_stuck = true;
	CHECK_STR(judge(&o), "the VM did not end when it was told to (SIGTERM)");
	o.is_timed_out = true;
	CHECK_STR(judge(&o), "timed out after 10 s before the script began");
}

static void a_timeout_says_where(void)
{
	struct outcome o = good;
	o.is_timed_out = true;
	CHECK_STR(judge(&o), "timed out after 10 s before the script began");
	o.result = "loaded\nbegun\n";
	CHECK_STR(judge(&o), "timed out after 10 s in a command that did not wait for the guest");
	o.result =
	        "loaded\nbegun\nat a.gdb:3: continue\nfailed a.gdb:3: Remote connection closed\n";
	CHECK_STR(judge(&o), "timed out after 10 s at a.gdb:3: continue");
	o.vm_word = "stepvm: the guest was at 0x10 in long64 mode";
	CHECK_STR(judge(&o),
	        "timed out after 10 s at a.gdb:3: continue; the guest was at 0x10 in long64 mode "
	        "and has written nothing");
	o.last_output = "login:";
	CHECK_STR(judge(&o),
	        "timed out after 10 s at a.gdb:3: continue; the guest was at 0x10 in long64 mode "
	        "and last wrote `login:`");
	o.is_timed_out = o.vm_was_ended = false;
	o.result = "loaded\nbegun\nlate\nat a.gdb:3: stepi\n";
	CHECK_STR(judge(&o),
	        "timed out after 10 s at a.gdb:3: stepi; the guest was at 0x10 in long64 mode and "
	        "last wrote `login:`");
	o.is_timed_out = true;
	o.timeout_ms = 1500;
	o.vm_was_ready = false;
	o.result = "";
	o.vm_word = "stepvm: something else";
	CHECK_STR(judge(&o), "timed out after 1.5 s before the script began");
}

static void a_signal_says_where_and_is_no_failure(void)
{
	char why[300];
	struct outcome o = good;
	o.end_signal = SIGTERM;
	o.result =
	        "loaded\nbegun\nat a.gdb:3: continue\nfailed a.gdb:3: Remote connection closed\n";
	o.vm_word = "stepvm: the guest was at 0x10 in long64 mode";
	o.console = "con.log";
	CHECK_EQ(verdict_reach(&o, why, sizeof why), VERDICT_ERROR);
	CHECK_STR(why,
	        "ended by signal 15 (Terminated) at a.gdb:3: continue; the guest was at 0x10 "
	        "in long64 mode and has written nothing; its serial port leads elsewhere: "
	        "--console con.log");
}

static void a_host_that_fails_is_no_failure_of_the_guest(void)
{
	char why[300];
	struct outcome o = good;
	o.vm_status = EXITED(4);
	o.vm_word = "stepvm: standard output: No space left on device";
	o.result = "loaded\nbegun\nfailed a.gdb:3: Remote connection closed\n";
	CHECK_EQ(verdict_reach(&o, why, sizeof why), VERDICT_ERROR);
	CHECK_STR(why, "the VM could not go on, exit status 4: stepvm: standard output: No space "
	               "left on device");
	o = good;
	o.result = "";
	CHECK_EQ(verdict_reach(&o, why, sizeof why), VERDICT_ERROR);
}

static void skipped(void)
{
	char why[50];
	struct outcome o = good;
	o.result = "loaded\nbegun\nskipped no AVX\n";
	CHECK_EQ(verdict_reach(&o, why, sizeof why), VERDICT_SKIPPED);
	CHECK_STR(why, "no AVX");
	o.result = "loaded\nbegun\nskipped no AVX\nfailed a.gdb:3: 1 == 2\n";
	CHECK_EQ(verdict_reach(&o, why, sizeof why), VERDICT_FAILED);
	CHECK_STR(why, "a.gdb:3: 1 == 2");
	o.result = "loaded\nbegun\nskipped no AVX\n";
	o.gdb_status = SIGSEGV;
	CHECK_EQ(verdict_reach(&o, why, sizeof why), VERDICT_FAILED);
}

static void only_our_own_sigterm_is_in_order(void)
{
	struct outcome o = good;
	o.vm_was_ended = false;
	CHECK_STR(judge(&o), "the VM was killed by signal 15, Terminated");
	o.vm_was_ended = true;
	o.vm_status = SIGKILL;
	CHECK_STR(judge(&o), "the VM was killed by signal 9, Killed");
}

static void a_difference_of_the_engine_fails(void)
{
	struct outcome o = good;
	o.vm_status = EXITED(12);
	o.vm_word = "stepvm: engine: 3 compared, 0 handed over, 1 differ";
	CHECK_STR(judge(&o),
	        "the engine and KVM differ (--check-engine): stepvm: engine: 3 compared, 0 "
	        "handed over, 1 differ");
}

static void odd_results(void)
{
	static const char *const results[] = { "loaded\nheld\n", "loaded\nheld x\n",
		"loaded\nheld 18446744073709551616\n", "loaded\nheldx 3\n", "loaded\n held 3\n" };
	struct outcome o = good;
	for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
		o.result = results[i];
		CHECK_STR(judge(&o),
		        "gdb ended (exit status 0) before the script's end: by quit, perhaps");
	}
	o.result = "";
	CHECK(strstr(judge(&o), "Python"));
}

static void a_long_reason_is_cut(void)
{
	char result[3000], why[40];
	struct outcome o = good;
	snprintf(result, sizeof result, "loaded\nfailed %02000d\n", 0);
	o.result = result;
	CHECK_EQ(verdict_reach(&o, why, sizeof why), VERDICT_FAILED);
	CHECK_EQ(strlen(why), sizeof why - 1);
}

int main(void)
{
	RUN(passes);
	RUN(the_cause_comes_first);
	RUN(a_timeout_says_where);
	RUN(a_signal_says_where_and_is_no_failure);
	RUN(a_host_that_fails_is_no_failure_of_the_guest);
	RUN(skipped);
	RUN(only_our_own_sigterm_is_in_order);
	RUN(a_difference_of_the_engine_fails);
	RUN(odd_results);
	RUN(a_long_reason_is_cut);
	return check_done();
}

/* `stepvm test`: gdb scripts against guests, TAP on stdout.
 *
 * A script says in its first comment lines what it tests (testrun_script.h has the grammar):
 *
 *	# guest: ../../build/guests/hello.bin	(relative to the script; required)
 *	# options: --hlt auto --reg ax=2	(as for run; '...' and "..." keep spaces)
 *	# symbols: ../../build/guests/hello.elf	(for gdb's symbol-file; relative to the script)
 *	# timeout: 10				(seconds, the guest's start included)
 *	# scripts: stepvm			(load stepvm.gdb too, as `stepvm debug` does)
 *
 * Each script gets a VM process (`stepvm run -g unix:...`) and a Unix socket of its own, and a gdb:
 * `gdb -nx -batch` with gdb/expect.gdb loaded, connected, in the folder that stepvm was started
 * in, with messages in English. It passes when gdb ends well, the script reached its last line,
 * every `expect` held and there was at least one. testrun_verdict.h lists the ways to fail.
 *
 * stdout is TAP version 13, in the order of the scripts however many run at once:
 *
 *	TAP version 13
 *	1..2
 *	ok 1 - tests/gdb/hello.gdb # time=120ms
 *	not ok 2 - tests/gdb/counter.gdb # time=95ms
 *	# tests/gdb/counter.gdb:14: expect failed: $ax == 3: was 2, wanted 3
 *	# --- gdb
 *	# (its last lines, then the VM's and what the guest wrote)
 *	# 1 passed, 1 failed, 0 skipped
 *
 * With log_dir the whole log of a failed script is DIR/NAME.log too; NAME.log of one that passed is
 * removed, so that what is there belongs to this run. NAME is the script's without its folder and
 * .gdb, and has the test's number behind it where several scripts would share it.
 *
 * gdb and VM have sessions of their own and die with us, however we end. SIGINT, SIGTERM, SIGHUP
 * and SIGPIPE end them all, and then us by the same signal. */
#ifndef STEPVM_TESTRUN_H
#define STEPVM_TESTRUN_H

#include "options.h"

/* Exit status: 0 all passed; 1 some failed; 4 (STATUS_HOST of serve.h, one line on stderr) nothing
 * could be tested: no gdb, expect.gdb is not installed, log_dir cannot be written. Wrong use (2) is
 * found by options_parse. A test whose VM cannot start, for want of /dev/kvm too, has failed. */
int testrun(const struct options *o);

#endif

/* `stepvm test`: gdb scripts against guests, TAP on stdout.
 *
 * A script says in its first comment lines what it tests (testrun/script.h has the grammar):
 *
 *	# guest: ../../build/guests/hello.bin	(relative to the script; required)
 *	# options: --hlt auto --reg ax=2	(as for run; '...' and "..." keep spaces)
 *	# symbols: ../../build/guests/hello.elf	(for gdb's symbol-file; relative to the script)
 *	# timeout: 10				(seconds, the guest's start included)
 *	# scripts: none				(plain gdb; without this line stepvm.gdb is loaded, as
 *						`stepvm debug` does; scripts: stepvm says the same)
 *
 * Each script gets a VM process (`stepvm run -g unix:...`) and a Unix socket of its own, and a gdb:
 * `gdb -nx -batch` with gdb/expect.gdb loaded, connected, in the folder that stepvm was started
 * in, with messages in English. It passes when gdb ends well, the script reached its last line,
 * every `expect` held and there was at least one. testrun/verdict.h lists the ways to fail.
 *
 * stdout is TAP version 13, in the order of the scripts however many run at once:
 *
 *	TAP version 13
 *	1..2
 *	ok 1 - tests/gdb/hello.gdb # time=120ms
 *	not ok 2 - tests/gdb/counter.gdb # time=95ms
 *	# tests/gdb/counter.gdb:14: expect failed: $ax == 3: was 2, wanted 3
 *	# --- gdb
 *	# (its last lines, then where the machine was, the VM's words, what the guest wrote)
 *	# 1 passed, 1 failed, 0 skipped
 *
 * A script that `skip-test REASON` ends is told as `ok 3 - NAME # SKIP REASON`.
 *
 * With log_dir the whole log of a failed script is DIR/NAME.log too; NAME.log of one that passed is
 * removed, so that what is there belongs to this run. NAME is the script's without its folder and
 * .gdb, and ends in the test's number where several scripts would share it.
 *
 * A test that the host has failed (a full disk, no more processes) is told as `not ok`, too, and counted as an error;
 * a run that ends before its time has `Bail out! REASON` for a last line.
 * With record_dir each guest is recorded, and the recording of a script that fails is DIR/NAME.recording, to be opened by
 * stepvm debug at its end: where the script was. One with a disk that is written to is not recorded.
 *
 * gdb and VM have sessions of their own and die with us, however we end. SIGINT, SIGTERM, SIGHUP,
 * SIGQUIT and SIGPIPE, where they are not ignored, end them all, which say where their guests were, and then us by the
 * same signal. The report as XML is written in any case: what was not tested is an error there. */
#ifndef STEPVM_TESTRUN_TESTRUN_H
#define STEPVM_TESTRUN_TESTRUN_H

#include "testrun/config.h"

/* Exit status: 0 none failed; 1 some did; 4 (STATUS_HOST of base/status.h, one line on stderr) the
 * host is not in order: expect.gdb is not installed, log_dir can't be written, the gdb that was
 * named is not there, a test could not be run; 2 a script can't be read: none is tested then. Other wrong use is found by
 * options_parse.
 *
 * Where this machine has no KVM that could be used, or no gdb, nothing can be tested: stdout is
 *
 *	TAP version 13
 *	1..0 # SKIP /dev/kvm is not there: ...
 *	# 0 passed, 0 failed, 2 skipped
 *
 * and the status 0, or, with no_skip, `Bail out!` and 4 with the reason on stderr. */
int testrun(const struct testrun_config *c);

#endif

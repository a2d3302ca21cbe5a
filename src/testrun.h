/* `stepvm test`: gdb scripts against guests, TAP on stdout.
 *
 * A script says in its first comment lines what it tests:
 *
 *	# guest: ../../build/guests/hello.bin	(relative to the script; required)
 *	# options: --hlt auto --reg ax=2	(as for run)
 *	# timeout: 10				(seconds)
 *
 * Each script gets a guest and a Unix socket of its own, and a gdb in batch mode with expect.gdb
 * loaded and connected. It passes when gdb ends well, the script reached its end, every `expect`
 * held and there was at least one. */
#ifndef STEPVM_TESTRUN_H
#define STEPVM_TESTRUN_H

#include "options.h"

/* Exit status: 0 all passed, 1 some failed, 2 wrong use. */
int testrun(const struct options *o);

#endif

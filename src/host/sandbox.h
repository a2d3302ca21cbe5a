/* What a running stepvm may still ask the kernel for. A guest or a debugger that found a way to run
 * code of its own in here could not write or run a file, connect anywhere, nor start a process; nor
 * read a file, where no debugger is to be let in.
 *
 * A seccomp filter over a table of system calls (sandbox.c), for all threads, with the reason of
 * each; any other call ends the process by SIGSYS. Source: seccomp(2), linux/seccomp.h,
 * linux/bpf.h; Documentation/userspace-api/seccomp_filter.rst. */
#ifndef STEPVM_HOST_SANDBOX_H
#define STEPVM_HOST_SANDBOX_H

#include <stdbool.h>

#include "base/error.h"

#define SANDBOX_FILES_MAX 6

/* What only this process needs. The strings are compared by their address: they stay where they
 * are, and only a call with that very pointer passes. */
struct sandbox {
	const char *unlinked[SANDBOX_FILES_MAX]; /* sockets to be removed at the end; NULL: none */
	const char *removed_dir;                 /* the same for their folder, or NULL */
	bool writes_files;                       /* those that are open for it: disks */
	bool reads_files; /* the image again, its ELF file: any file, its name is not looked at */
	int child_pid;    /* a child to be waited for and ended, or 0 */
};

/* No way back. -ENOSYS and its like with a text: this kernel has no filters, nothing has changed
 * but that no new privileges can be had. */
int sandbox_enter(const struct sandbox *s, struct error *e);
/* False where the program is built with a sanitizer, which needs calls that nobody can list:
 * sandbox_enter then does nothing. */
bool sandbox_is_built(void);

#endif

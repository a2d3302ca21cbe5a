/* The gdb of `stepvm debug`: with stepvm's commands, connected, in this terminal. */
#ifndef STEPVM_CLI_LAUNCH_GDB_H
#define STEPVM_CLI_LAUNCH_GDB_H

#include <stdbool.h>

#include "base/error.h"

struct launch_gdb {
	const char *program; /* as launch_gdb_program takes it */
	char **args;         /* the user's, which follow ours; NULL-terminated, or NULL */
	const char *socket;  /* where stepvm waits for it */
	const char *symbols; /* the file that it reads symbols from; NULL: none */
	/* The symbols are of 16-bit code. No ELF file says so of itself, and gdb's TUI disassembles for the architecture of
	 * the file, which is the one that is set when gdb reads it. */
	bool is_16_bit;
	bool has_file; /* gdb is offered the guest's file when it connects */
};

/* Starts gdb, and takes the terminal's Ctrl-C first (early_key.h). Gives the pid, or -errno with a text. */
int launch_gdb(const struct launch_gdb *g, struct error *e);

#endif

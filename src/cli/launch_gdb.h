/* The gdb of `stepvm debug`: with stepvm's commands, connected, in this terminal. */
#ifndef STEPVM_CLI_LAUNCH_GDB_H
#define STEPVM_CLI_LAUNCH_GDB_H

#include <stdbool.h>

#include "base/error.h"

struct launch_gdb {
	const char *program; /* as launch_gdb_program takes it */
	char **args;         /* of gdb's after ours; NULL-terminated, or NULL */
	const char *socket;  /* where stepvm waits for it */
	const char *symbols; /* the file that it is to read; NULL: none */
	/* What the symbols are of. No ELF file says so of itself, and the disassembly of gdb's TUI asks the file: it
	 * takes what is set when it is read. */
	bool is_16_bit;
	bool has_file; /* gdb is offered the guest's file when it connects */
};

/* Starts it, with the terminal's Ctrl-C taken (early_key.h). Gives the pid, or what launch and launch_script give. */
int launch_gdb(const struct launch_gdb *g, struct error *e);

#endif

/* Starting gdb: which program, with which scripts, connected where. */
#ifndef STEPVM_LAUNCH_H
#define STEPVM_LAUNCH_H

#include <limits.h>
#include <stddef.h>

#include "error.h"

/* A private directory (mode 0700) for a Unix socket. */
struct launch_dir {
	char path[64];
	char socket[80]; /* path + "/gdb" */
};

int launch_dir_open(struct launch_dir *d, struct error *e);
void launch_dir_close(struct launch_dir *d);

/* The path of a script of the gdb folder: beside the program's build folder, or installed in
 * PREFIX/share/stepvm. */
int launch_script(const char *name, char path[PATH_MAX], struct error *e);
/* program, else $GDB, else "gdb". */
const char *launch_gdb_program(const char *program);
/* Starts argv[0] from PATH, with out_fd as its standard output and error unless it is -1. Gives the
 * pid, or -errno with a text that says what to do when there is no such program. */
int launch(char *const argv[], int out_fd, struct error *e);

#endif

/* Starting gdb: which program, with which scripts, connected where. */
#ifndef STEPVM_CLI_LAUNCH_H
#define STEPVM_CLI_LAUNCH_H

#include <limits.h>
#include <stddef.h>

#include "base/error.h"

/* A private directory (mode 0700) for a Unix socket. */
struct launch_dir {
	char path[64];
	char socket[80]; /* path + "/gdb" */
};

int launch_dir_open(struct launch_dir *d, struct error *e);
void launch_dir_close(struct launch_dir *d);

/* The path of a script of the gdb folder: beside the build folder that the program is in (build/ or
 * build/NAME/), or installed in PREFIX/share/stepvm. */
int launch_script(const char *name, char path[PATH_MAX], struct error *e);
/* program, else $GDB, else launch_gdb_default. */
const char *launch_gdb_program(const char *program);
extern const char launch_gdb_default[]; /* "gdb" */
/* Starts argv[0] from PATH, in this terminal. Gives the pid, or -errno with a text that says what
 * to do when there is no such program. */
int launch(char *const argv[], struct error *e);
/* Whether launch and launch_job would find program: 0, or -errno with launch's text. */
int launch_find(const char *program, struct error *e);

/* A process of ours that no terminal reaches and that dies with us. */
struct launch_job {
	const char *program; /* looked for in PATH unless there is a / in it */
	char *const *argv;
	/* NAME=VALUE each, besides our own environment; NULL-terminated, or NULL. */
	char *const *environment;
	int out_fd, err_fd; /* its standard output and error; its standard input is empty */
};

/* Starts it as the leader of a session and process group of its own, so that kill(-pid) reaches its
 * children too and no key of our terminal does; with no signal blocked or caught. The kernel kills
 * it when we end, even by SIGKILL (PR_SET_PDEATHSIG). For a process with one thread and little
 * memory: it forks, which the guest's memory of launch's caller would make dear. Gives the pid, or
 * -errno with a text as launch does. */
int launch_job(const struct launch_job *j, struct error *e);

#endif

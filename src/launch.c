#include "launch.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

int launch_dir_open(struct launch_dir *d, struct error *e)
{
	const char *tmp = getenv("TMPDIR");
	/* A socket's path has at most 107 characters (unix(7)): a long TMPDIR is no place for it.
	 */
	if (!tmp || !*tmp || strlen(tmp) > 40)
		tmp = "/tmp";
	snprintf(d->path, sizeof d->path, "%s/stepvm-XXXXXX", tmp);
	if (!mkdtemp(d->path))
		return error_set(
		        e, -errno, "%s: cannot make a directory: %s", d->path, strerror(errno));
	snprintf(d->socket, sizeof d->socket, "%s/gdb", d->path);
	return 0;
}

void launch_dir_close(struct launch_dir *d)
{
	unlink(d->socket);
	rmdir(d->path);
}

int launch_script(const char *name, char path[PATH_MAX], struct error *e)
{
	static const char *const places[] = { "../gdb", "../share/stepvm" };
	char program[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
	if (n < 0)
		return error_set(e, -errno, "/proc/self/exe: %s", strerror(errno));
	program[n] = 0;
	char *slash = strrchr(program, '/');
	if (slash)
		*slash = 0;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		if (snprintf(path, PATH_MAX, "%s/%s/%s", program, places[i], name) < PATH_MAX &&
		        access(path, R_OK) == 0)
			return 0;
	}
	return error_set(e, -ENOENT,
	        "%s: not found in %s/../gdb nor in %s/../share/stepvm; stepvm's gdb scripts are "
	        "installed by "
	        "make install",
	        name, program, program);
}

const char *launch_gdb_program(const char *program)
{
	const char *env = getenv("GDB");
	if (program)
		return program;
	return env && *env ? env : "gdb";
}

int launch(char *const argv[], int out_fd, struct error *e)
{
	static const int ours[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD, SIGUSR1 };
	posix_spawnattr_t attributes;
	posix_spawn_file_actions_t actions;
	sigset_t set;
	pid_t pid;
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		sigaddset(&set, ours[i]);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigdefault(&attributes, &set);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&actions);
	if (out_fd >= 0) {
		posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
		posix_spawn_file_actions_adddup2(&actions, out_fd, STDERR_FILENO);
	}
	int err = posix_spawnp(&pid, argv[0], &actions, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	if (err == ENOENT)
		return error_set(e, -err,
		        "%s is not there: install gdb (apt-get install gdb) or name one with "
		        "--gdb-program",
		        argv[0]);
	if (err)
		return error_set(e, -err, "%s cannot be started: %s", argv[0], strerror(err));
	return pid;
}

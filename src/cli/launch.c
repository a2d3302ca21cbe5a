/* Finding gdb and stepvm's scripts, and starting programs: in this terminal, or as a job of our
 * own. */
#include "cli/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"

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
	static const char *const places[] = { "../gdb", "../../gdb", "../share/stepvm" };
	char program[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
	if (n < 0)
		return error_set(e, -errno, "/proc/self/exe: %s", strerror(errno));
	program[n] = 0;
	char *slash = strrchr(program, '/');
	if (slash)
		*slash = 0;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (snprintf(path, PATH_MAX, "%s/%s/%s", program, places[i], name) < PATH_MAX &&
		        access(path, R_OK) == 0)
			return 0;
	}
	return error_set(e, -ENOENT,
	        "%s: not found in %s/../gdb nor in %s/../share/stepvm; stepvm's gdb scripts are "
	        "installed by make install",
	        name, program, program);
}

const char launch_gdb_default[] = "gdb";

const char *launch_gdb_program(const char *program)
{
	const char *env = getenv("GDB");
	if (program)
		return program;
	return env && *env ? env : launch_gdb_default;
}

/* What the user can do about a program that does not start. */
static int explain(struct error *e, int err, const char *program)
{
	if (err == ENOENT)
		return error_set(e, -err,
		        "%s is not installed: install gdb (apt-get install gdb) or name one with "
		        "--gdb-program",
		        program);
	return error_set(e, -err, "%s cannot be started: %s", program, strerror(err));
}

/* What a child must not inherit: handled, ignored or blocked. */
static const int ours[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD, SIGUSR1, SIGIO };

int launch(char *const argv[], struct error *e)
{
	posix_spawnattr_t attributes;
	sigset_t set, mask;
	pid_t pid;
	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		if (ours[i] != SIGQUIT && /* ignored until gdb has its own handler: early_key.h */
		        ours[i] != SIGHUP &&
		        ours[i] != SIGTERM) /* ignored by who started us: nohup */
			sigaddset(&set, ours[i]);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigdefault(&attributes, &set);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	sigdelset(&mask, SIGQUIT); /* early_key_take has blocked it for us alone */
	posix_spawnattr_setsigmask(&attributes, &mask);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	int err = posix_spawnp(&pid, argv[0], NULL, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	return err ? explain(e, err, argv[0]) : pid;
}

/* In the folders of PATH as execvp(3) does, which has some of its own where that is not set; an empty one is the
 * current folder. */
int launch_find(const char *program, struct error *e)
{
	char path[PATH_MAX], standard[PATH_MAX];
	const char *at = getenv("PATH");
	int err = ENOENT;
	if (!at && confstr(_CS_PATH, standard, sizeof standard))
		at = standard;
	if (strchr(program, '/'))
		return access(program, X_OK) == 0 ? 0 : explain(e, errno, program);
	while (at && *program) {
		size_t len = strcspn(at, ":");
		int n = snprintf(
		        path, sizeof path, "%.*s%s%s", (int)len, at, len ? "/" : "", program);
		if (n < PATH_MAX && access(path, X_OK) == 0)
			return 0;
		if (n < PATH_MAX && errno == EACCES)
			err = EACCES;
		at = at[len] ? at + len + 1 : NULL;
	}
	return explain(e, err, program);
}

/* Between fork and exec; returns errno. */
static int become(const struct launch_job *j, pid_t parent)
{
	sigset_t none;
	int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	setsid();
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return errno;
	if (getppid() != parent) /* it ended before that */
		_exit(127);
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		signal(ours[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 || dup2(j->out_fd, STDOUT_FILENO) < 0 ||
	        dup2(j->err_fd, STDERR_FILENO) < 0)
		return errno;
	for (char *const *variable = j->environment; variable && *variable; variable++)
		putenv(*variable);
	execvp(j->program, j->argv);
	return errno;
}

int launch_job(const struct launch_job *j, struct error *e)
{
	int report[2], err = 0;
	pid_t parent = getpid();
	if (pipe2(report, O_CLOEXEC) < 0)
		return explain(e, errno, j->program);
	pid_t pid = fork();
	if (pid == 0) {
		/* The pipe closes by itself when exec succeeds. */
		err = become(j, parent);
		if (write(report[1], &err, sizeof err) < 0)
			_exit(126);
		_exit(127);
	}
	int fork_error = errno;
	close(report[1]);
	if (pid < 0) {
		close(report[0]);
		return explain(e, fork_error, j->program);
	}
	ssize_t n;
	do
		n = read(report[0], &err, sizeof err);
	while (n < 0 && errno == EINTR);
	close(report[0]);
	if (n != (ssize_t)sizeof err)
		return pid;
	waitpid(pid, NULL, 0);
	return explain(e, err, j->program);
}

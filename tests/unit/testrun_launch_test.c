#include "cli/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

/* Runs a shell command as a job; what it prints in *said, its wait status returned. */
static int run(const char *command, char *const *environment, char said[200])
{
	char *const argv[] = { (char *)"sh", (char *)"-c", (char *)command, NULL };
	struct error e = { 0 };
	int fds[2], status = -1;
	size_t len = 0;
	ssize_t n;
	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	const struct launch_job job = { "sh", argv, environment, fds[1], fds[1] };
	int pid = launch_job(&job, &e);
	close(fds[1]);
	CHECK(pid > 0);
	while (pid > 0 && len < 199 && (n = read(fds[0], said + len, 199 - len)) > 0)
		len += (size_t)n;
	said[len] = 0;
	close(fds[0]);
	if (pid > 0)
		CHECK_EQ(waitpid(pid, &status, 0), pid);
	return status;
}

static void output_environment_and_input(void)
{
	char *const environment[] = { (char *)"STEPVM_X=1 2", NULL };
	char said[200];
	int status = run("echo \"$STEPVM_X\"; echo err >&2; cat; exit 3", environment, said);
	CHECK_STR(said, "1 2\nerr\n");
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3);
	CHECK(getenv("STEPVM_X") == NULL);
}

/* proc(5), stat: pid (comm) state ppid pgrp session tty_nr. */
static void a_session_of_its_own(void)
{
	char said[200];
	run("read -r pid name state parent group session tty rest </proc/$$/stat\n"
	    "[ $group = $$ ] && [ $session = $$ ] && echo $tty",
	        NULL, said);
	CHECK_STR(said, "0\n");
}

static void signals_are_as_at_first(void)
{
	char said[200];
	sigset_t set, before;
	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, &before);
	signal(SIGINT, SIG_IGN);
	int status = run("grep -E '^Sig(Blk|Ign)' /proc/$$/status | tr -d '\\t\\n'; kill -INT $$",
	        NULL, said);
	signal(SIGINT, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	/* Signals 32 and 33 are glibc's own: its posix_spawn leaves them ignored. */
	char *internal = strstr(said, "SigIgn:00000001800");
	if (internal)
		memcpy(internal, "SigIgn:00000000000", 18);
	CHECK_STR(said, "SigBlk:0000000000000000SigIgn:0000000000000000");
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
}

/* A child that is told nothing dies when its parent does: the pipe that it holds closes. */
static void dies_with_us(void)
{
	int fds[2];
	char number[20] = "";
	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	pid_t parent = fork();
	if (parent == 0) {
		char *const argv[] = { (char *)"sh", (char *)"-c",
			(char *)"echo $$; exec tail -f /dev/null", NULL };
		const struct launch_job job = { "sh", argv, NULL, fds[1], STDERR_FILENO };
		_exit(launch_job(&job, NULL) > 0 && pause() ? 1 : 2);
	}
	close(fds[1]);
	struct pollfd end = { .fd = fds[0], .events = POLLIN };
	CHECK(read(fds[0], number, sizeof number - 1) > 0); /* it runs */
	kill(parent, SIGKILL);
	waitpid(parent, NULL, 0);
	bool has_ended = poll(&end, 1, 10000) == 1 && read(fds[0], number, 1) == 0;
	CHECK(has_ended);
	if (!has_ended && atoi(number) > 0)
		kill(atoi(number), SIGKILL);
	close(fds[0]);
}

static void a_program_that_does_not_start(void)
{
	char *const argv[] = { (char *)"nosuch", NULL };
	struct error e = { 0 };
	struct launch_job job = { "stepvm-no-such-program", argv, NULL, 1, 2 };
	CHECK_EQ(-launch_job(&job, &e), ENOENT);
	CHECK_STR(e.text,
	        "stepvm-no-such-program is not installed: install gdb (apt-get install gdb) "
	        "or name one with --gdb-program");
	e.text[0] = 0;
	job.program = "/dev/null";
	CHECK_EQ(-launch_job(&job, &e), EACCES);
	CHECK_STR(e.text, "/dev/null cannot be started: Permission denied");
	CHECK_EQ(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
}

static void finding_programs(void)
{
	CHECK_EQ(launch_find("sh", NULL), 0);
	CHECK_EQ(launch_find("/bin/sh", NULL), 0);
	CHECK_EQ(-launch_find("stepvm-no-such-program", NULL), ENOENT);
	CHECK_EQ(-launch_find("/nonexistent/sh", NULL), ENOENT);
	CHECK_EQ(-launch_find("", NULL), ENOENT);
	char *path = strdup(getenv("PATH"));
	setenv("PATH", "/nonexistent::/bin", 1);
	CHECK_EQ(launch_find("sh", NULL), 0);
	setenv("PATH", "/dev", 1);
	CHECK_EQ(-launch_find("null", NULL), EACCES);
	setenv("PATH", "", 1);
	CHECK_EQ(-launch_find("sh", NULL), ENOENT);
	setenv("PATH", path, 1);
	free(path);
}

int main(void)
{
	RUN(output_environment_and_input);
	RUN(a_session_of_its_own);
	RUN(signals_are_as_at_first);
	RUN(dies_with_us);
	RUN(a_program_that_does_not_start);
	RUN(finding_programs);
	return check_done();
}

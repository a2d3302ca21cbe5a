/* The life of one test: the VM, then gdb, then their end; and its verdict. */
#include "testrun/job.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "host/file.h"
#include "testrun/job_files.h"
#include "testrun/log.h"

/* How long a VM may take to end by SIGTERM, which it does at once unless it is broken. */
#define ENDING_MS 5000
/* The same where a signal ends us: who sent it waits. */
#define STOPPING_MS 2000
/* So long before it is ended, gdb has a late script end at its next step; see testrun.py. */
#define NOTICE_MS  200
#define RESULT_MAX 0x10000
/* How much of the guest's last line is told. */
#define OUTPUT_LINE_MAX 120

static void kill_group(pid_t pid, int number)
{
	if (pid)
		kill(-pid, number);
}

static void finish(struct job *j, uint64_t now_ms)
{
	if (j->vm_fd >= 0)
		close(j->vm_fd);
	j->vm_fd = -1;
	j->end_ms = now_ms;
	j->state = JOB_DONE;
}

/* Without an outcome: the test could not even be run. */
static void give_up(struct job *j, uint64_t now_ms, enum verdict verdict, const char *why)
{
	snprintf(j->why, sizeof j->why, "%s", why);
	j->verdict = verdict;
	finish(j, now_ms);
}

/* Where the guest's serial port leads by --console, if that is not the file that is looked at. */
static const char *console_elsewhere(const struct job *j)
{
	const char *where = script_value(&j->script, "--console");
	return where && strcmp(where, "stdio") != 0 ? where : NULL;
}

static void conclude(struct job *j, uint64_t now_ms)
{
	static const char nothing[] = "";
	struct file result = { 0 };
	char *text = NULL, line[OUTPUT_LINE_MAX];
	j->outcome.vm_word = j->vm_line;
	j->outcome.console = console_elsewhere(j);
	if (log_last_line(job_path(j, FILE_CONSOLE).text, line, sizeof line))
		j->outcome.last_output = line;
	if (file_read(&result, job_path(j, FILE_RESULT).text, RESULT_MAX, NULL) == 0) {
		text = strndup((const char *)result.bytes, result.len);
		file_free(&result);
	}
	j->outcome.result = text ? text : nothing;
	j->verdict = verdict_reach(&j->outcome, j->why, sizeof j->why);
	j->outcome.result = nothing;
	j->outcome.last_output = j->outcome.console = NULL;
	free(text);
	finish(j, now_ms);
}

static int open_file(const struct job *j, enum job_file file)
{
	return open(
	        job_path(j, file).text, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
}

/* A guest with such a disk is not recorded. */
static bool writes_disk(const struct script *s)
{
	for (unsigned i = 0; i < s->word_count; i++)
		if (strstr(s->words[i], ",write"))
			return true;
	return false;
}

/* stepvm run -g unix:SOCKET --speed max OPTIONS -- GUEST. Gives the pid or -errno. */
static int start_vm(struct job *j, int console_fd, int err_fd, struct error *e)
{
	char where[sizeof j->dir.socket + sizeof "unix:"];
	struct script *s = &j->script;
	char *argv[SCRIPT_WORDS_MAX + 2 * SCRIPT_HEADS_MAX + 11];
	char record[PATH_MAX + sizeof "--record="];
	unsigned n = 0;
	snprintf(where, sizeof where, "unix:%s", j->dir.socket);
	argv[n++] = (char *)"stepvm";
	argv[n++] = (char *)"run";
	argv[n++] = (char *)"-g";
	argv[n++] = where;
	if (!script_gives(s, "--speed")) {
		argv[n++] = (char *)"--speed";
		argv[n++] = (char *)"max";
	}
	if (j->recording && !script_gives(s, "--record") && !writes_disk(s)) {
		unlink(j->recording);
		snprintf(record, sizeof record, "--record=%s", j->recording);
		argv[n++] = record;
	}
	for (unsigned i = 0; i < s->head_count; i++) {
		argv[n++] = (char *)s->heads[i].option;
		argv[n++] = s->heads[i].value;
	}
	for (unsigned i = 0; i < s->word_count; i++)
		argv[n++] = s->words[i];
	argv[n++] = (char *)"--";
	argv[n++] = s->guest;
	argv[n] = NULL;
	const struct launch_job job = {
		.program = "/proc/self/exe",
		.argv = argv,
		.out_fd = console_fd,
		.err_fd = err_fd,
	};
	return launch_job(&job, e);
}

/* The file that the verdict comes from has its place on the disk from the start: where that is full, it is said here,
 * and where it gets full, the verdict is not lost. */
static int reserve_result(const struct job *j)
{
	int fd = open_file(j, FILE_RESULT);
	if (fd < 0)
		return -errno;
	int err = fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, RESULT_MAX) < 0 ? -errno : 0;
	close(fd);
	return err == -EOPNOTSUPP ? 0 : err; /* that file system can't promise it */
}

static int open_and_start_vm(struct job *j, struct error *e)
{
	int fds[2], pid = -1, err = reserve_result(j);
	int console_fd = open_file(j, FILE_CONSOLE);
	j->vm_log = fopen(job_path(j, FILE_VM).text, "we");
	if (err) {
		pid = error_set(e, err, "%s: %s", j->dir.path, strerror(-err));
	} else if (console_fd < 0 || !j->vm_log) {
		pid = error_set(e, -errno, "%s: %s", j->dir.path, strerror(errno));
	} else if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0) {
		pid = error_set(e, -errno, "pipe: %s", strerror(errno));
	} else {
		/* Only our end must not wait. */
		fcntl(fds[1], F_SETFL, 0);
		pid = start_vm(j, console_fd, fds[1], e);
		close(fds[1]);
		if (pid < 0)
			close(fds[0]);
		else
			j->vm_fd = fds[0];
	}
	if (console_fd >= 0)
		close(console_fd);
	return pid;
}

static int read_script(struct job *j, struct error *e)
{
	struct file file;
	int err = file_read(&file, j->path, SCRIPT_HEADER_MAX, e);
	if (err)
		return err;
	err = script_parse(&j->script, j->path, (const char *)file.bytes, file.len, e);
	file_free(&file);
	return err;
}

void job_start(struct job *j, const struct job_setting *s, const char *path, uint64_t now_ms)
{
	struct error e = { 0 };
	*j = (struct job) { .recording = j->recording,
		.setting = s,
		.path = path,
		.vm_fd = -1,
		.start_ms = now_ms };
	int err = read_script(j, &e);
	if (err) {
		give_up(j, now_ms, VERDICT_FAILED, e.text);
		return;
	}
	err = launch_dir_open(&j->dir, &e);
	j->has_dir = !err;
	int pid = err ? err : open_and_start_vm(j, &e);
	if (pid < 0) {
		give_up(j, now_ms, VERDICT_ERROR, e.text);
		return;
	}
	j->vm_pid = pid;
	j->outcome.timeout_ms = j->script.timeout_ms ? j->script.timeout_ms : s->config->timeout_ms;
	j->deadline_ms = now_ms + j->outcome.timeout_ms;
	j->state = JOB_STARTING;
}

/* What testrun.py is to do, NAME=VALUE each, for gdb's environment, where no quoting is needed. */
#define VARIABLES 12
struct environment {
	char *variables[VARIABLES + 1]; /* owned; NULL-terminated */
};

static void free_environment(struct environment *env)
{
	for (unsigned i = 0; i < VARIABLES; i++)
		free(env->variables[i]);
}

/* -ENOMEM leaves nothing to free. */
static int make_environment(const struct job *j, struct environment *env, struct error *e)
{
	char vm_pid[24], deadline[24];
	const char *elsewhere = console_elsewhere(j);
	const struct job_path result = job_path(j, FILE_RESULT);
	const struct job_path console = job_path(j, FILE_CONSOLE);
	const struct job_path machine = job_path(j, FILE_MACHINE);
	const struct {
		const char *name, *value;
	} settings[] = {
		{ "STEPVM_TEST_SCRIPT", j->path },
		{ "STEPVM_TEST_TARGET", j->dir.socket },
		{ "STEPVM_TEST_RESULT", result.text },
		{ "STEPVM_TEST_CONSOLE", console.text },
		{ "STEPVM_TEST_ELSEWHERE", elsewhere ? elsewhere : "" },
		{ "STEPVM_TEST_MACHINE", machine.text },
		{ "STEPVM_TEST_SYMBOLS", j->script.symbols },
		{ "STEPVM_TEST_LOAD", j->script.wants_stepvm_gdb ? j->setting->stepvm_gdb : "" },
		{ "STEPVM_TEST_VM", vm_pid },
		{ "STEPVM_TEST_DEADLINE", deadline },
		/* gdb's words in English, which scripts look for. */
		{ "LC_ALL", "C.UTF-8" },
		{ "LANGUAGE", "" },
	};
	_Static_assert(ARRAY_SIZE(settings) == VARIABLES, "each has a place");
	*env = (struct environment) { { NULL } };
	snprintf(vm_pid, sizeof vm_pid, "%d", (int)j->vm_pid);
	snprintf(deadline, sizeof deadline, "%" PRIu64, j->deadline_ms - NOTICE_MS);
	for (unsigned i = 0; i < VARIABLES; i++) {
		if (asprintf(&env->variables[i], "%s=%s", settings[i].name, settings[i].value) >= 0)
			continue;
		env->variables[i] = NULL;
		free_environment(env);
		return error_set(e, -ENOMEM, "out of memory");
	}
	return 0;
}

/* gdb -nx -batch -x EXPECT.GDB -x TESTRUN.PY -ex 'python testrun()' */
static int start_gdb(struct job *j, struct error *e)
{
	struct environment env;
	const char *gdb = launch_gdb_program(j->setting->config->gdb_program);
	char *argv[] = { (char *)gdb, (char *)"-nx", (char *)"-batch", (char *)"-x",
		(char *)j->setting->expect_gdb, (char *)"-x", (char *)j->setting->testrun_py,
		(char *)"-ex", (char *)"python testrun()", NULL };
	int out_fd = open_file(j, FILE_GDB);
	if (out_fd < 0)
		return error_set(e, -errno, "%s: gdb's log cannot be made: %s", j->dir.path,
		        strerror(errno));
	int pid = make_environment(j, &env, e);
	if (!pid) {
		const struct launch_job job = { gdb, argv, env.variables, out_fd, out_fd };
		pid = launch_job(&job, e);
		free_environment(&env);
	}
	close(out_fd);
	return pid;
}

static void end_vm(struct job *j, uint64_t now_ms)
{
	kill_group(j->vm_pid, SIGTERM);
	j->outcome.vm_was_ended = j->vm_pid != 0;
	j->deadline_ms = now_ms + ENDING_MS;
	j->state = JOB_ENDING;
}

/* The VM waits on its socket, as main.c announces: "stepvm: waiting for a debugger: target remote
 * WHERE", or "a debugger may connect" with --no-wait. */
static void take_line(struct job *j, uint64_t now_ms)
{
	struct error e = { 0 };
	memcpy(j->vm_line, j->vm_part, j->vm_part_len);
	j->vm_line[j->vm_part_len] = 0;
	j->vm_part_len = 0;
	if (j->state != JOB_STARTING || j->outcome.end_signal ||
	        strncmp(j->vm_line, "stepvm: ", 8) != 0 || !strstr(j->vm_line, ": target remote "))
		return;
	j->outcome.vm_was_ready = true;
	j->vm_line[0] = 0; /* no news */
	int pid = start_gdb(j, &e);
	if (pid < 0) {
		snprintf(j->why, sizeof j->why, "%s", e.text);
		j->verdict = VERDICT_ERROR;
		end_vm(j, now_ms);
		return;
	}
	j->gdb_pid = pid;
	j->state = JOB_TESTING;
}

int job_fd(const struct job *j)
{
	return j->vm_fd;
}

void job_read(struct job *j, uint64_t now_ms)
{
	char bytes[4096];
	ssize_t n;
	while (j->vm_fd >= 0 && (n = read(j->vm_fd, bytes, sizeof bytes)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return; /* EAGAIN */
		fwrite(bytes, 1, (size_t)n, j->vm_log);
		for (ssize_t i = 0; i < n; i++) {
			if (bytes[i] == '\n')
				take_line(j, now_ms);
			else if (j->vm_part_len < sizeof j->vm_part - 1)
				j->vm_part[j->vm_part_len++] = bytes[i];
		}
	}
	if (j->vm_fd >= 0)
		close(j->vm_fd);
	j->vm_fd = -1;
}

/* Whether pid, if there is one, has ended. What it left in its group dies before its number is free
 * for others. */
static bool has_ended(pid_t pid, int *status)
{
	siginfo_t info = { .si_pid = 0 };
	if (!pid || waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	        !info.si_pid)
		return false;
	kill_group(pid, SIGKILL);
	return waitpid(pid, status, 0) == pid;
}

void job_reap(struct job *j, uint64_t now_ms)
{
	if (has_ended(j->vm_pid, &j->outcome.vm_status)) {
		j->vm_pid = 0;
		job_read(j, now_ms); /* its last words: all are in the pipe */
		if (!j->gdb_pid)
			j->state = JOB_ENDING;
	}
	if (has_ended(j->gdb_pid, &j->outcome.gdb_status)) {
		j->gdb_pid = 0;
		end_vm(j, now_ms);
	}
	if (!job_is_running(j) || j->vm_pid || j->gdb_pid)
		return;
	fflush(j->vm_log);
	if (j->why[0])
		finish(j, now_ms);
	else
		conclude(j, now_ms);
}

/* The VM says where its guest is. Without it, what waits for the guest fails in gdb, and testrun.py says which line
 * that was. */
static void end_early(struct job *j, uint64_t deadline_ms)
{
	kill_group(j->vm_pid, SIGTERM);
	j->outcome.vm_was_ended = true;
	j->deadline_ms = deadline_ms;
}

void job_stop(struct job *j, int number, uint64_t now_ms)
{
	if ((j->state != JOB_STARTING && j->state != JOB_TESTING) || j->outcome.is_timed_out)
		return;
	j->outcome.end_signal = number;
	end_early(j, now_ms + STOPPING_MS);
}

void job_tick(struct job *j, uint64_t now_ms)
{
	if (!job_is_running(j) || now_ms < j->deadline_ms)
		return;
	if (j->state == JOB_TESTING && !j->outcome.is_timed_out && !j->outcome.end_signal) {
		j->outcome.is_timed_out = true;
		end_early(j, now_ms + ENDING_MS);
		return;
	}
	if (j->state == JOB_STARTING)
		j->outcome.is_timed_out = !j->outcome.end_signal;
	else
		j->outcome.vm_was_stuck = j->vm_pid != 0;
	kill_group(j->gdb_pid, SIGKILL);
	kill_group(j->vm_pid, SIGKILL);
	j->deadline_ms = UINT64_MAX;
}

bool job_is_running(const struct job *j)
{
	return j->state == JOB_STARTING || j->state == JOB_TESTING || j->state == JOB_ENDING;
}

void job_close(struct job *j)
{
	kill_group(j->gdb_pid, SIGKILL);
	kill_group(j->vm_pid, SIGKILL);
	if (j->gdb_pid)
		waitpid(j->gdb_pid, NULL, 0);
	if (j->vm_pid)
		waitpid(j->vm_pid, NULL, 0);
	if (j->vm_fd >= 0)
		close(j->vm_fd);
	if (j->vm_log)
		fclose(j->vm_log);
	for (unsigned i = 0; i < JOB_FILES && j->has_dir; i++)
		unlink(job_path(j, (enum job_file)i).text);
	if (j->has_dir)
		launch_dir_close(&j->dir);
	*j = (struct job) { .vm_fd = -1, .state = JOB_DONE };
}

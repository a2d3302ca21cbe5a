/* Jobs, as many at once as are wanted, in one loop; their reports in the order of the scripts. */
#include "testrun/testrun.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/status.h"
#include "kvm/vm.h"
#include "testrun/job.h"
#include "testrun/log.h"

enum { STATUS_FAILED_TESTS = 1 };

struct run {
	const struct testrun_config *config;
	struct job_setting setting;
	struct job *jobs; /* script_count of them */
	struct pollfd *fds;
	unsigned started;          /* jobs[0..started) */
	unsigned reported;         /* jobs[0..reported), and closed */
	unsigned counts[VERDICTS]; /* of those that are reported, by their verdict */
	int signal_fd;
	sigset_t before;  /* the signal mask that we found */
	int end_signal;   /* it ends us; 0: none has come */
	bool is_in_haste; /* ... and another one has come since */
	bool has_begun;   /* stdout has TAP's first line */
	bool has_ended;   /* ... and its last */
	bool has_junit;
	struct junit junit;
	uint64_t start_ms;
	struct error error;   /* ends the run */
	struct error trouble; /* the first that did not; the status is the host's all the same */
};

static uint64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

/* --- logs of failed tests -------------------------------------------------------------------- */

static size_t base_of(const char *path, const char **base)
{
	const char *slash = strrchr(path, '/');
	*base = slash ? slash + 1 : path;
	size_t len = strlen(*base);
	if (len > 4 && !strcmp(*base + len - 4, ".gdb"))
		len -= 4;
	return len;
}

/* DIR/NAME.log of test i, DIR/NAME-NUMBER.log when another script has its name too; the same of .recording. */
static char *path_in(const struct run *r, const char *dir, unsigned i, const char *end)
{
	const char *base, *other;
	char *path;
	char number[16] = "";
	size_t len = base_of(r->config->scripts[i], &base);
	for (unsigned k = 0; k < r->config->script_count; k++)
		if (k != i && base_of(r->config->scripts[k], &other) == len &&
		        !memcmp(base, other, len))
			snprintf(number, sizeof number, "-%u", i + 1);
	if (asprintf(&path, "%s/%.*s%s.%s", dir, (int)len, base, number, end) < 0)
		return NULL;
	return path;
}

/* The log of one test can't be written: the others are tested all the same. */
static void keep_log(struct run *r, unsigned i)
{
	char *path = path_in(r, r->config->log_dir, i, "log");
	int err = path ? 0 : -ENOMEM;
	enum verdict verdict = r->jobs[i].verdict;
	if (path && verdict != VERDICT_FAILED && verdict != VERDICT_ERROR)
		unlink(path);
	else if (path)
		err = job_write_log(&r->jobs[i], path);
	if (err)
		error_set(&r->trouble, err, "--log-dir %s: %s", path ? path : "", strerror(-err));
	free(path);
}

/* What is there belongs to scripts that have failed in this run. */
static void keep_recording(struct job *j)
{
	if (j->recording && j->verdict != VERDICT_FAILED && j->verdict != VERDICT_ERROR)
		unlink(j->recording);
	else if (j->recording && access(j->recording, R_OK) == 0)
		printf("# stepvm debug %s goes back from where it failed\n", j->recording);
	free(j->recording);
	j->recording = NULL;
}

/* --- the loop -------------------------------------------------------------------------------- */

/* Reports all that are done and have none before them that is not. */
static int report_done(struct run *r)
{
	int err = 0;
	while (r->reported < r->started && r->jobs[r->reported].state == JOB_DONE) {
		unsigned i = r->reported++;
		struct job *j = &r->jobs[i];
		job_report(j, i + 1, stdout);
		r->counts[j->verdict]++;
		if (j->verdict == VERDICT_ERROR)
			error_set(&r->trouble, -EIO, "%s: %s", j->path, j->why);
		if (r->has_junit)
			job_report_junit(j, &r->junit);
		if (r->config->log_dir)
			keep_log(r, i);
		keep_recording(j);
		job_close(j);
	}
	if (fflush(stdout))
		err = error_set(&r->error, -errno, "standard output: %s", strerror(errno));
	return err;
}

/* Starts jobs while there are fewer than may run. Gives how many do. */
static unsigned start_jobs(struct run *r)
{
	unsigned running = 0;
	for (unsigned i = r->reported; i < r->started; i++)
		running += job_is_running(&r->jobs[i]);
	while (running < r->config->jobs && r->started < r->config->script_count) {
		struct job *j = &r->jobs[r->started];
		if (r->config->record_dir)
			j->recording = path_in(r, r->config->record_dir, r->started, "recording");
		job_start(j, &r->setting, r->config->scripts[r->started++], now_ms());
		running += job_is_running(j);
	}
	return running;
}

static void take_signals(struct run *r)
{
	struct signalfd_siginfo info;
	while (read(r->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
		if (info.ssi_signo == SIGCHLD)
			continue;
		r->is_in_haste = r->end_signal != 0;
		if (!r->end_signal)
			r->end_signal = (int)info.ssi_signo;
	}
}

/* Waits until a job says something, ends or is late, or a signal comes. */
static void attend(struct run *r)
{
	uint64_t until = UINT64_MAX, now = now_ms();
	nfds_t count = 1;
	r->fds[0] = (struct pollfd) { .fd = r->signal_fd, .events = POLLIN };
	for (unsigned i = r->reported; i < r->started; i++) {
		const struct job *j = &r->jobs[i];
		r->fds[count++] = (struct pollfd) { .fd = job_fd(j), .events = POLLIN };
		if (job_is_running(j) && j->deadline_ms < until)
			until = j->deadline_ms;
	}
	uint64_t wait_ms = until <= now ? 0 : until - now;
	poll(r->fds, count, wait_ms > 60000 ? 60000 : (int)wait_ms);
	now = now_ms();
	take_signals(r);
	for (unsigned i = r->reported; i < r->started; i++) {
		struct job *j = &r->jobs[i];
		if (r->fds[1 + i - r->reported].revents)
			job_read(j, now);
		if (job_is_running(j))
			job_reap(j, now);
		job_tick(j, now);
	}
}

static bool has_running(const struct run *r)
{
	for (unsigned i = r->reported; i < r->started; i++)
		if (job_is_running(&r->jobs[i]))
			return true;
	return false;
}

/* A signal ends the run: those that go on say where they are. Another one is not waited for. */
static void stop_all(struct run *r)
{
	for (unsigned i = r->reported; i < r->started; i++)
		job_stop(&r->jobs[i], r->end_signal, now_ms());
	while (has_running(r) && !r->is_in_haste)
		attend(r);
	report_done(r);
}

static void begin_tap(struct run *r)
{
	fputs("TAP version 13\n", stdout);
	r->has_begun = true;
}

static void put_summary(struct run *r)
{
	unsigned errors = r->counts[VERDICT_ERROR];
	printf("# %u passed, %u failed, %u skipped", r->counts[VERDICT_PASSED],
	        r->counts[VERDICT_FAILED], r->counts[VERDICT_SKIPPED]);
	if (errors)
		printf(", %u error%s", errors, errors == 1 ? "" : "s");
	putchar('\n');
	r->has_ended = true;
}

static int run_all(struct run *r)
{
	unsigned count = r->config->script_count;
	int err = 0;
	begin_tap(r);
	printf("1..%u\n", count);
	while (!err && r->reported < count && !r->end_signal) {
		unsigned running = start_jobs(r);
		err = report_done(r);
		if (!err && running)
			attend(r);
	}
	if (!err && r->end_signal) {
		stop_all(r);
	} else if (!err) {
		put_summary(r);
		if (fflush(stdout))
			err = error_set(&r->error, -errno, "standard output: %s", strerror(errno));
	}
	return err;
}

/* --- before and after ------------------------------------------------------------------------ */

/* The signals that end us, and SIGCHLD, come as readable events, so that none is missed and no
 * handler is needed. What is ignored (nohup, a shell's background job) stays so: it is left out, for the kernel keeps
 * an ignored signal that is blocked, and signalfd gives it. */
static int open_signals(struct run *r)
{
	static const int numbers[] = { SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE };
	sigset_t set;
	/* An ignored SIGCHLD, which exec keeps, would make children vanish unseen. */
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct sigaction old;
		if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaddset(&set, numbers[i]);
	}
	sigprocmask(SIG_BLOCK, &set, &r->before);
	r->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return r->signal_fd < 0 ? error_set(&r->error, -errno, "signalfd: %s", strerror(errno)) : 0;
}

static int open_dir(struct run *r, const char *option, const char *dir)
{
	struct stat st;
	int err = 0;
	if (mkdir(dir, 0777) < 0 && errno != EEXIST)
		err = errno;
	else if (stat(dir, &st) < 0)
		err = errno;
	else if (!S_ISDIR(st.st_mode))
		err = ENOTDIR;
	else if (access(dir, W_OK | X_OK) < 0)
		err = errno;
	return err ? error_set(&r->error, -err, "%s %s: %s", option, dir, strerror(err)) : 0;
}

/* Whether scripts can be tested on this machine at all: with a gdb, and a KVM that makes VMs. Else
 * *is_lacking tells whether that is something the machine has not got, which is a reason to skip,
 * or a failure: a gdb that was named and is not there, too many open files, no memory. */
static int look_around(struct run *r, bool *is_lacking)
{
	static const int lacks[] = { ENOENT, ENXIO, ENODEV, EACCES, EPERM, ENOTTY, ENOTSUP };
	const char *gdb = launch_gdb_program(r->config->gdb_program);
	struct vm vm;
	int err = launch_find(gdb, &r->error);
	if (err) {
		*is_lacking = !strcmp(gdb, launch_gdb_default);
		return err;
	}
	err = vm_open(&vm, &r->error);
	if (!err)
		vm_close(&vm);
	*is_lacking = false;
	for (size_t i = 0; i < ARRAY_SIZE(lacks); i++)
		*is_lacking |= -err == lacks[i];
	return err;
}

static int prepare(struct run *r)
{
	const struct testrun_config *c = r->config;
	int err = launch_script("expect.gdb", r->setting.expect_gdb, &r->error);
	if (!err)
		err = launch_script("testrun.py", r->setting.testrun_py, &r->error);
	if (!err)
		err = launch_script("stepvm.gdb", r->setting.stepvm_gdb, &r->error);
	if (!err && c->log_dir)
		err = open_dir(r, "--log-dir", c->log_dir);
	if (!err && c->record_dir)
		err = open_dir(r, "--record-failures", c->record_dir);
	if (err)
		return err;
	r->setting.config = c;
	r->jobs = calloc(c->script_count, sizeof *r->jobs);
	r->fds = calloc(c->script_count + 1, sizeof *r->fds);
	if (!r->jobs || !r->fds)
		return error_set(&r->error, -ENOMEM, "out of memory");
	return 0;
}

/* As consumers of TAP know it: a plan of none, with the reason. */
static int skip_all(struct run *r)
{
	for (unsigned i = 0; i < r->config->script_count && r->has_junit; i++)
		junit_add(&r->junit, &(struct junit_case) { .name = r->config->scripts[i],
		                             .verdict = VERDICT_SKIPPED,
		                             .why = r->error.text });
	begin_tap(r);
	fputs("1..0 # SKIP ", stdout);
	log_tap_name(stdout, r->error.text);
	printf("\n# 0 passed, 0 failed, %u skipped\n", r->config->script_count);
	r->has_ended = true;
	r->error = (struct error) { 0 };
	return fflush(stdout) ? error_set(&r->error, -errno, "standard output: %s", strerror(errno))
	                      : 0;
}

/* Before any test runs, so that nobody learns after an hour that the report can't be written. */
static int open_junit(struct run *r)
{
	int err = 0;
	if (r->config->junit)
		err = junit_open(&r->junit, r->config->junit, time(NULL), &r->error);
	r->has_junit = r->config->junit && !err;
	return err;
}

/* All that were named, before one runs, and before this machine is asked for what tests need: a wrong name is none of
 * its faults. */
static int find_scripts(struct run *r)
{
	for (unsigned i = 0; i < r->config->script_count; i++) {
		const char *path = r->config->scripts[i];
		struct stat st;
		int err = access(path, R_OK) < 0 || stat(path, &st) < 0 ? errno : 0;
		if (!err && S_ISDIR(st.st_mode))
			return error_set(&r->error, -EISDIR,
			        "%s: it is a folder: name its scripts, such as %.*s/*.gdb", path,
			        (int)(strlen(path) - (path[strlen(path) - 1] == '/')), path);
		if (err)
			return error_set(
			        &r->error, -err, "%s: cannot open: %s", path, strerror(err));
	}
	return 0;
}

/* The run did not come to its end. Tests that were not reported are errors, with the reason. */
static void bail_out(struct run *r)
{
	char why[sizeof r->error.text + 40];
	if (r->end_signal)
		error_set(&r->error, -EINTR, "signal %d (%s) has ended the run", r->end_signal,
		        strsignal(r->end_signal));
	snprintf(why, sizeof why, "not tested: %s", r->error.text);
	for (unsigned i = r->reported; i < r->config->script_count && r->has_junit; i++)
		junit_add(&r->junit, &(struct junit_case) { .name = r->config->scripts[i],
		                             .verdict = VERDICT_ERROR,
		                             .why = why });
	if (!r->has_begun)
		begin_tap(r);
	fputs("Bail out! ", stdout);
	log_tap_name(stdout, r->error.text);
	putchar('\n');
	fflush(stdout);
}

static void close_junit(struct run *r, int *err)
{
	struct error e = { 0 };
	int failed = r->has_junit ? junit_finish(&r->junit, now_ms() - r->start_ms, &e) : 0;
	if (*err || !failed)
		return;
	*err = failed;
	r->error = e;
}

/* The status of a run that has come to its end, or of one that err has ended. */
static int status_of(const struct run *r, int err, int error_status)
{
	const char *text = err ? r->error.text : r->trouble.text;
	if (text[0])
		fprintf(stderr, "stepvm test: %s\n", text);
	if (err)
		return error_status;
	return text[0] ? STATUS_HOST : r->counts[VERDICT_FAILED] ? STATUS_FAILED_TESTS : STATUS_OK;
}

/* Looks whether all is there that tests need, and tests, or skips. */
static int test_all(struct run *r, int *error_status)
{
	bool is_lacking = false;
	int err = open_junit(r);
	if (err)
		return err;
	err = find_scripts(r);
	if (err) {
		*error_status = STATUS_USAGE;
		return err;
	}
	err = look_around(r, &is_lacking);
	if (err)
		return is_lacking && !r->config->no_skip ? skip_all(r) : err;
	err = prepare(r);
	if (!err)
		err = open_signals(r);
	return err ? err : run_all(r);
}

int testrun(const struct testrun_config *c)
{
	struct run r = { .config = c, .signal_fd = -1, .start_ms = now_ms() };
	int error_status = STATUS_HOST;
	int err = test_all(&r, &error_status);
	if (r.signal_fd >= 0) /* a closed pipe comes as -EPIPE and as a signal, in this order */
		take_signals(&r);
	if (err || (r.end_signal && !r.has_ended))
		bail_out(&r);
	for (unsigned i = r.reported; i < r.started; i++)
		job_close(&r.jobs[i]);
	close_junit(&r, &err);
	free(r.jobs);
	free(r.fds);
	if (r.signal_fd >= 0) {
		close(r.signal_fd);
		sigprocmask(SIG_SETMASK, &r.before, NULL);
	}
	if (r.end_signal) /* as it would have ended us, so that the shell sees it */
		raise(r.end_signal);
	return status_of(&r, err, error_status);
}

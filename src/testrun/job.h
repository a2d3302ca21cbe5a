/* One test while it runs: a VM process, a gdb, and files for what they say, all in a private
 * folder.
 *
 *	job_start	reads the script, starts the VM		-> JOB_STARTING
 *	job_read	... until the VM says that it waits: starts gdb	-> JOB_TESTING
 *	job_reap	gdb has ended: the VM is told to		-> JOB_ENDING
 *	job_reap	both are gone: the verdict			-> JOB_DONE
 *	job_tick	late: the VM is told to end, then both are killed
 *
 * No call waits for anything. The caller polls job_fd, calls job_reap on SIGCHLD, job_tick when
 * deadline_ms has come, and reports a job that is done. */
#ifndef STEPVM_TESTRUN_JOB_H
#define STEPVM_TESTRUN_JOB_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "cli/launch.h"
#include "testrun/config.h"
#include "testrun/junit.h"
#include "testrun/script.h"
#include "testrun/verdict.h"

/* What is the same for all tests. */
struct job_setting {
	const struct testrun_config *config;
	char expect_gdb[PATH_MAX]; /* its path */
	char testrun_py[PATH_MAX]; /* the same */
	char stepvm_gdb[PATH_MAX]; /* the same */
};

enum job_state { JOB_NEW, JOB_STARTING, JOB_TESTING, JOB_ENDING, JOB_DONE };

#define JOB_LINE_MAX 300

struct job {
	const struct job_setting *setting; /* borrowed */
	const char *path;                  /* the script, borrowed */
	enum job_state state;
	enum verdict verdict; /* of one that is done */
	char why[700];        /* it has not passed; one line */
	char *recording;      /* the file that its guest is recorded into, owned; NULL: none */
	struct script script;
	struct launch_dir dir;
	bool has_dir;
	pid_t vm_pid, gdb_pid;      /* 0: not started, or reaped */
	int vm_fd;                  /* the VM's stderr, -1: none or at its end */
	char vm_line[JOB_LINE_MAX]; /* its last whole line */
	char vm_part[JOB_LINE_MAX]; /* and the one that is not whole yet */
	size_t vm_part_len;
	FILE *vm_log;
	uint64_t start_ms, end_ms, deadline_ms;
	struct outcome outcome;
};

/* Times are milliseconds of CLOCK_MONOTONIC. */
void job_start(struct job *j, const struct job_setting *s, const char *path, uint64_t now_ms);
/* To be polled for input; -1: nothing. */
int job_fd(const struct job *j);
void job_read(struct job *j, uint64_t now_ms);
/* Sees which of its processes have ended. */
void job_reap(struct job *j, uint64_t now_ms);
/* A signal ends the run: a test that goes on is ended, and reports where its guest was. It needs two seconds at most. */
void job_stop(struct job *j, int number, uint64_t now_ms);
/* Ends what is late at now_ms: first by SIGTERM, and what is still there later by SIGKILL. */
void job_tick(struct job *j, uint64_t now_ms);
bool job_is_running(const struct job *j);
/* The test's lines of TAP, for a job that is done. */
void job_report(const struct job *j, unsigned number, FILE *to);
/* The same for the report as XML. */
void job_report_junit(const struct job *j, struct junit *to);
/* All of what its processes said, into the file at path. 0 or -errno. */
int job_write_log(const struct job *j, const char *path);
/* Kills and reaps what runs, removes the folder. To be called once for each job that was started.
 */
void job_close(struct job *j);

#endif

/* The files of a job's folder: what its processes say, and what came of the test. */
#ifndef STEPVM_TESTRUN_JOB_FILES_H
#define STEPVM_TESTRUN_JOB_FILES_H

#include "testrun/job.h"

enum job_file { FILE_GDB, FILE_VM, FILE_CONSOLE, FILE_RESULT, FILE_MACHINE };
#define JOB_FILES (FILE_MACHINE + 1)

struct job_path {
	char text[128]; /* more than the folder and the longest name */
};

/* The path of one of them, which need not be there. */
struct job_path job_path(const struct job *j, enum job_file file);

#endif

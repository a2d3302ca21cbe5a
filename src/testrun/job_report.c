/* A test that is done, told: its lines of TAP, its case of the XML report, its log; and the files that they are made
 * of. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/array.h"
#include "host/file.h"
#include "testrun/job_files.h"
#include "testrun/log.h"

struct job_path job_path(const struct job *j, enum job_file file)
{
	static const char *const names[JOB_FILES] = { "gdb.log", "vm.log", "console", "result",
		"machine" };
	struct job_path p;
	snprintf(p.text, sizeof p.text, "%s/%s", j->dir.path, names[file]);
	return p;
}

/* What a process came to, for a title. */
struct ending {
	char text[40];
};

static struct ending ending_of(int status)
{
	struct ending e;
	if (WIFSIGNALED(status))
		snprintf(e.text, sizeof e.text, "ended by signal %d", WTERMSIG(status));
	else
		snprintf(e.text, sizeof e.text, "exit status %d", WEXITSTATUS(status));
	return e;
}

/* "stepvm run OPTIONS GUEST (exit status 0)", for people to try: quotes are not put back. */
static void describe_vm(const struct job *j, char *to, size_t size)
{
	size_t n = (size_t)snprintf(to, size, "stepvm run");
	for (unsigned i = 0; i < j->script.word_count && n < size; i++)
		n += (size_t)snprintf(to + n, size - n, " %.100s", j->script.words[i]);
	if (n < size)
		snprintf(to + n, size - n, " %s (%s)", file_label(j->script.guest).text,
		        ending_of(j->outcome.vm_status).text);
}

/* Calls write_pieces with the pieces of j's log. */
static void write_log(const struct job *j, FILE *to,
        void (*write_pieces)(FILE *to, const struct log_piece *pieces, unsigned count))
{
	char gdb[80], vm[600];
	struct job_path paths[JOB_FILES];
	if (!j->has_dir)
		return;
	for (unsigned i = 0; i < JOB_FILES; i++)
		paths[i] = job_path(j, (enum job_file)i);
	snprintf(gdb, sizeof gdb, "gdb (%s)",
	        j->outcome.vm_was_ready ? ending_of(j->outcome.gdb_status).text : "not started");
	describe_vm(j, vm, sizeof vm);
	const struct log_piece pieces[] = {
		{ gdb, paths[FILE_GDB].text, 40 },
		{ "the machine", paths[FILE_MACHINE].text, 40 },
		{ vm, paths[FILE_VM].text, 20 },
		{ "the guest's output", paths[FILE_CONSOLE].text, 10 },
	};
	write_pieces(to, pieces, ARRAY_SIZE(pieces));
}

void job_report(const struct job *j, unsigned number, FILE *to)
{
	bool is_bad = j->verdict == VERDICT_FAILED || j->verdict == VERDICT_ERROR;
	fprintf(to, "%sok %u - ", is_bad ? "not " : "", number);
	log_tap_name(to, j->path);
	if (j->verdict == VERDICT_SKIPPED) {
		fputs(" # SKIP ", to);
		log_tap_name(to, j->why);
		putc('\n', to);
		return;
	}
	fprintf(to, " # time=%llums\n", (unsigned long long)(j->end_ms - j->start_ms));
	if (!is_bad)
		return;
	fputs("# ", to);
	log_text(to, j->why);
	putc('\n', to);
	write_log(j, to, log_tails);
}

void job_report_junit(const struct job *j, struct junit *to)
{
	struct junit_case c = {
		.name = j->path, .verdict = j->verdict, .why = j->why, .ms = j->end_ms - j->start_ms
	};
	char *log = NULL;
	size_t len;
	bool is_bad = j->verdict == VERDICT_FAILED || j->verdict == VERDICT_ERROR;
	FILE *tails = is_bad ? open_memstream(&log, &len) : NULL;
	if (tails) {
		write_log(j, tails, log_tails);
		if (fclose(tails) == 0)
			c.log = log;
	}
	junit_add(to, &c);
	free(log);
}

int job_write_log(const struct job *j, const char *path)
{
	FILE *to = fopen(path, "we");
	if (!to)
		return -errno;
	fprintf(to, "%s: %s\n", j->path, j->why);
	write_log(j, to, log_whole);
	/* What could not be written is tried once more by fclose, which says why that fails. */
	int err = ferror(to) ? -EIO : 0;
	return fclose(to) ? -errno : err;
}

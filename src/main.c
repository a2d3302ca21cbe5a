/* stepvm: verbs, wiring, exit status. The only place that prints what failed and exits. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch.h"
#include "machine.h"
#include "options.h"
#include "probe_report.h"
#include "sandbox.h"
#include "serve.h"
#include "target_file.h"
#include "terminal.h"
#include "testrun.h"

static int complain(const char *verb, const struct error *e, int status)
{
	fprintf(stderr, "stepvm %s: %s\n", verb, e->text);
	return status;
}

/* What an error of opening the machine means for the exit status: the user's words or the host. */
static int status_of(int err)
{
	switch (err) {
	case -EINVAL:
	case -EEXIST:
	case -ENOSPC: return STATUS_USAGE;
	default: return STATUS_HOST;
	}
}

/* Ends as the signal would have ended us, so that the shell sees it. */
static int end_by_signal(int number)
{
	struct sigaction standard = { .sa_handler = SIG_DFL };
	sigaction(number, &standard, NULL);
	raise(number);
	return 128 + number; /* not reached: raise has ended us */
}

static void announce(const struct serve *s)
{
	if (!s->has_transport || s->transport.kind == TRANSPORT_STDIO)
		return;
	if (s->transport.is_open_to_network)
		fprintf(stderr,
		        "stepvm: warning: %s is open to the network: whoever connects owns the "
		        "guest\n",
		        s->transport.where);
	fprintf(stderr, "stepvm: %s: target remote %s\n",
	        s->options->no_wait ? "a debugger may connect" : "waiting for a debugger",
	        s->transport.where);
}

/* From here on nothing is opened or started any more. */
static void confine(const struct options *o, const struct sandbox *s)
{
	struct error e = { 0 };
	if (!o->no_sandbox && sandbox_enter(s, &e))
		fprintf(stderr, "stepvm: warning: no sandbox: %s\n", e.text);
}

static int run(const struct options *o)
{
	struct machine machine;
	struct serve serve;
	struct error e = { 0 };
	/* With the debugger on standard output the guest's words go where ours go. */
	int output_fd = o->listen && !strcmp(o->listen, "-") ? STDERR_FILENO : STDOUT_FILENO;
	if (o->hlt == HLT_STOP && !o->listen) {
		error_set(&e, -EINVAL, "--hlt stop waits for a debugger: give --gdb WHERE, too");
		return complain("run", &e, STATUS_USAGE);
	}
	int err = machine_open(&machine, o, output_fd, &e);
	if (err)
		return complain("run", &e, status_of(err));
	err = serve_open(&serve, &machine, o, &e);
	if (err) {
		machine_close(&machine);
		return complain("run", &e, status_of(err));
	}
	const struct sandbox sandbox = { .unlinked = { serve.transport.path },
		.reads_files = serve.has_transport };
	announce(&serve);
	if (serve.machine->has_input)
		terminal_open();
	confine(o, &sandbox);
	int status = serve_run(&serve);
	terminal_close();
	serve_close(&serve);
	machine_close(&machine);
	return status < 0 ? end_by_signal(-status) : status;
}

/* gdb -q -iex "set sysroot /" -x stepvm.gdb [-ex "symbol-file F"] -ex "target extended-remote
 * SOCKET" ARGS...
 *
 * is_16_bit: what the symbols are of. No ELF file says so of itself, and the disassembly of gdb's
 * TUI asks the file: it takes what is set when it is read. */
static int start_gdb(const struct options *o, const char *symbols, bool is_16_bit,
        const struct launch_dir *dir, struct error *e)
{
	static char script[PATH_MAX], symbol_file[PATH_MAX + 128], target[128];
	size_t n = 0, count = 0;
	int err = launch_script("stepvm.gdb", script, e);
	if (err)
		return err;
	if (o->symbols && access(o->symbols, R_OK) < 0)
		return error_set(e, -errno, "--symbols %s: %s", o->symbols, strerror(errno));
	while (o->gdb_args && o->gdb_args[count])
		count++;
	const char **argv = calloc(count + 11, sizeof *argv);
	if (!argv)
		return error_set(e, -ENOMEM, "out of memory");
	snprintf(target, sizeof target, "target extended-remote %s", dir->socket);
	argv[n++] = launch_gdb_program(o->gdb_program);
	argv[n++] = "-q";
	argv[n++] = "-iex"; /* what we tell it of is on this machine */
	argv[n++] = "set sysroot /";
	argv[n++] = "-x";
	argv[n++] = script;
	if (symbols) {
		/* The setting's own words are of no use to anybody: pipe, as with, of gdb 10. */
		const char *format =
		        is_16_bit ? "pipe -d @@ -- with osabi none -- with architecture i8086 "
		                    "-- symbol-file %s @@ cat >/dev/null"
		                  : "symbol-file %s";
		snprintf(symbol_file, sizeof symbol_file, format, symbols);
		argv[n++] = "-ex";
		argv[n++] = symbol_file;
	}
	argv[n++] = "-ex";
	argv[n++] = target;
	for (size_t i = 0; i < count; i++)
		argv[n++] = o->gdb_args[i];
	err = launch((char *const *)argv, e);
	free(argv);
	return err;
}

/* The file that gdb has to be given: none where it gets it by connecting. An ELF image brings its
 * symbols, where gdb can read it once more. */
static const char *symbols_of(struct serve *s)
{
	const struct options *o = s->options;
	struct stat st;
	if (target_file_path(s, s->target.registers->layout(s, 0)))
		return NULL;
	if (o->symbols || !s->machine->image.is_elf)
		return o->symbols;
	return stat(o->image.path, &st) == 0 && S_ISREG(st.st_mode) ? o->image.path : NULL;
}

/* The guest and gdb in one terminal: gdb owns it, and its end is ours. */
static int debug_guest(const struct options *given, const struct launch_dir *dir, struct error *e)
{
	struct options o = *given;
	char listen[128];
	struct machine machine;
	struct serve serve;
	int wait_status = 0;
	snprintf(listen, sizeof listen, "unix:%s", dir->socket);
	o.listen = listen;
	int err = machine_open(&machine, &o, STDOUT_FILENO, e);
	if (err)
		return status_of(err);
	/* Ctrl-C is for gdb, which asks us to stop the guest. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	err = serve_open(&serve, &machine, &o, e);
	if (err) {
		machine_close(&machine);
		return status_of(err);
	}
	serve.is_attached = false;
	bool is_16_bit = serve.target.registers->layout(&serve, 0) == TARGET_REAL16;
	int pid = start_gdb(&o, symbols_of(&serve), is_16_bit, dir, e);
	int status = STATUS_HOST;
	if (pid > 0) {
		const struct sandbox sandbox = { .unlinked = { serve.transport.path, dir->socket },
			.removed_dir = dir->path,
			.reads_files = true,
			.child_pid = pid };
		serve.child_pid = pid;
		confine(&o, &sandbox);
		status = serve_run(&serve);
	}
	bool gdb_lives = pid > 0 && serve.child_pid;
	serve_close(&serve);
	machine_close(&machine);
	if (gdb_lives && status < 0)
		kill(pid, SIGTERM);
	if (gdb_lives && waitpid(pid, &wait_status, 0) == pid && status >= 0)
		status = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : STATUS_HOST;
	return status;
}

static int debug(const struct options *o)
{
	struct launch_dir dir;
	struct error e = { 0 };
	int err = launch_dir_open(&dir, &e);
	if (err)
		return complain("debug", &e, STATUS_HOST);
	int status = debug_guest(o, &dir, &e);
	launch_dir_close(&dir);
	if (e.text[0])
		return complain("debug", &e, status);
	return status < 0 ? end_by_signal(-status) : status;
}

static int flush_output(void)
{
	if (fflush(stdout) == 0)
		return STATUS_OK;
	fprintf(stderr, "stepvm: standard output: %s\n", strerror(errno));
	return STATUS_HOST;
}

static int probe(const struct options *o)
{
	struct probe_report report;
	struct error e = { 0 };
	if (probe_report_make(&report, &e))
		return complain("probe", &e, STATUS_HOST);
	if (o->is_json)
		probe_report_json(stdout, &report);
	else
		probe_report_table(stdout, &report);
	return flush_output();
}

/* A descriptor 0, 1 or 2 that is closed would be taken by the next file that is opened, a VM
 * perhaps, and the guest's output written to it. */
static void fill_standard_fds(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
			exit(STATUS_HOST);
}

int main(int argc, char **argv)
{
	fill_standard_fds();
	struct options o;
	struct error e = { 0 };
	if (options_parse(&o, argc, argv, &e)) {
		fprintf(stderr, "%s\n", e.text);
		return STATUS_USAGE;
	}
	if (o.wants_help || o.wants_version || o.wants_manual) {
		if (o.wants_version)
			printf("stepvm %s\n", STEPVM_VERSION);
		else if (o.wants_manual)
			options_manual(stdout);
		else
			options_help(stdout, o.has_verb, o.verb);
		return flush_output();
	}
	switch (o.verb) {
	case VERB_RUN: return run(&o);
	case VERB_DEBUG: return debug(&o);
	case VERB_TEST: return testrun(&o);
	case VERB_PROBE: return probe(&o);
	case VERB_COUNT: break;
	}
	return STATUS_USAGE;
}

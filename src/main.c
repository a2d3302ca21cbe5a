/* stepvm: verbs, wiring, exit status. The only place that prints what failed and exits. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/status.h"
#include "base/version.h"
#include "cli/completion.h"
#include "cli/console.h"
#include "cli/early_key.h"
#include "cli/launch.h"
#include "cli/launch_gdb.h"
#include "cli/options.h"
#include "cli/probe_report.h"
#include "debug/check.h"
#include "history/history.h"
#include "host/file.h"
#include "host/sandbox.h"
#include "host/terminal.h"
#include "machine/machine.h"
#include "machine/media.h"
#include "serve/serve.h"
#include "serve/target_file.h"
#include "testrun/testrun.h"

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

static void announce_consoles(const struct serve *s)
{
	for (unsigned i = 0; i < SERVE_CONSOLES; i++)
		if (s->consoles[i].device && s->consoles[i].where[0])
			fprintf(stderr, "stepvm: the console of COM%u is %s\n", i + 1,
			        s->consoles[i].where);
	if (s->viewer.place == VIEWER_CALLED)
		fprintf(stderr,
		        "stepvm: the screen: stepvm console %s in another terminal shows it\n",
		        s->viewer.transport.where);
}

static void announce(const struct serve *s)
{
	announce_consoles(s);
	if (!s->has_transport || s->transport.kind == TRANSPORT_STDIO)
		return;
	if (s->transport.is_open_to_network)
		fprintf(stderr,
		        "stepvm: warning: %s is open to the network: whoever connects owns the "
		        "guest\n",
		        s->transport.where);
	fprintf(stderr, "stepvm: %s: target remote %s\n",
	        s->config->no_wait ? "a debugger may connect" : "waiting for a debugger",
	        s->transport.where);
}

/* From here on nothing is opened or started any more. */
static void confine(const struct options *o, const struct sandbox *s)
{
	struct error e = { 0 };
	if (!o->no_sandbox && sandbox_enter(s, &e))
		fprintf(stderr, "stepvm: warning: no sandbox: %s\n", e.text);
}

/* The end of a run with --check-engine; its status, which a difference decides, whoever has ended the run. */
static int tell_check(const struct machine *m, int status)
{
	char text[700];
	const char *fault;
	uint64_t count;
	if (!check_is_on(&m->control))
		return status;
	for (unsigned n = 0; (fault = check_known(&m->control, n, &count)); n++)
		fprintf(stderr,
		        "stepvm: engine: a known fault of this KVM, %" PRIu64 " times: %s\n", count,
		        fault);
	check_describe(&m->control, text, sizeof text);
	fprintf(stderr, "stepvm: engine: %s\n", text);
	return check_sums(&m->control).differ ? STATUS_DIFFERS : status;
}

static void warn_of_image(const struct machine *m)
{
	if (m->guest->image.warning[0])
		fprintf(stderr, "stepvm: warning: %s\n", m->guest->image.warning);
}

static int flush_output(void)
{
	if (fflush(stdout) == 0)
		return STATUS_OK;
	fprintf(stderr, "stepvm: standard output: %s\n", strerror(errno));
	return STATUS_HOST;
}

/* What a recording brings with it can't be said once more. */
static bool says_machine(const struct machine_config *c)
{
	return c->memory_count || c->register_count || c->port_count || c->disk_count || c->keys ||
	       c->parallel || c->rtc != RTC_UTC || c->image.has_load || c->image.append ||
	       c->image.initrd_count || c->image.format != IMAGE_AUTO ||
	       c->image.mode != START_AUTO || c->image.entry.kind != ENTRY_DEFAULT ||
	       c->image.board != IMAGE_BOARD_AUTO;
}

/* *to: o with the machine of the recording that it names, which is *r, to be closed. */
static int open_recording(
        struct options *to, const struct options *o, struct recording **r, struct error *e)
{
	if (says_machine(&o->machine) || o->serve.record == RECORD_BEGIN)
		return error_set(e, -EINVAL,
		        "%s is a recording, which brings its machine with it: leave out what says "
		        "what that is, and --record",
		        file_label(o->machine.image.path).text);
	int err = recording_open(r, o->machine.image.path, o->serve.record_memory, e);
	if (err)
		return err;
	if (recording_warning(*r)[0])
		fprintf(stderr, "stepvm: warning: %s\n", recording_warning(*r));
	*to = *o;
	to->machine.image.path = NULL;
	recording_configure(*r, &to->machine);
	to->serve.recording = *r;
	return 0;
}

static int run(const struct options *o)
{
	/* Too large for a stack that is small. */
	static struct machine machine;
	static struct serve serve;
	struct error e = { 0 };
	const char *verb = o->serve.recording ? "replay" : "run";
	/* With the debugger on standard output the guest's words go where ours go. */
	const char *listen = o->serve.listen;
	int output_fd = listen && !strcmp(listen, "-") ? STDERR_FILENO : STDOUT_FILENO;
	if (o->machine.hlt == HLT_STOP && !listen) {
		error_set(&e, -EINVAL, "--hlt stop waits for a debugger: give --gdb WHERE, too");
		return complain(verb, &e, STATUS_USAGE);
	}
	if (!o->machine.replay && recording_is_at(o->machine.image.path)) {
		error_set(&e, -EINVAL, "%s is a recording: stepvm replay does it again",
		        file_label(o->machine.image.path).text);
		return complain(verb, &e, STATUS_USAGE);
	}
	int err = machine_open(&machine, &o->machine, output_fd, &e);
	if (err)
		return complain(verb, &e, status_of(err));
	warn_of_image(&machine);
	struct serve_config config = o->serve;
	config.has_console = !config.recording;
	err = serve_open(&serve, &machine, &config, &e);
	if (err) {
		machine_close(&machine);
		return complain(verb, &e, status_of(err));
	}
	const struct sandbox sandbox = {
		.unlinked = { serve.transport.path, serve.consoles[0].transport.path,
		        serve.consoles[1].transport.path, serve.viewer.transport.path },
		.writes_files = media_is_writable(machine.guest->media),
		.reads_files = serve.has_transport
	};
	announce(&serve);
	if (serve_reads_stdin(&serve))
		terminal_open();
	err = serve_begin_screen(&serve, &e);
	if (!err)
		confine(o, &sandbox);
	int status = err ? STATUS_HOST : serve_run(&serve);
	terminal_close();
	serve_close(&serve);
	if (!err)
		status = tell_check(&machine, status);
	machine_close(&machine);
	if (err)
		return complain(verb, &e, status);
	return status < 0 ? end_by_signal(-status) : status;
}

/* replay --check */
static int check_recording(const struct options *o, const struct recording *r)
{
	static struct machine machine;
	static struct run guest;
	struct error e = { 0 };
	uint64_t checked = 0;
	int err = machine_open(&machine, &o->machine, STDOUT_FILENO, &e);
	if (err)
		return complain("replay", &e, status_of(err));
	run_init(&guest, &machine);
	err = history_open(&guest, (struct recording *)r, &e);
	const struct sandbox sandbox = { .writes_files = false };
	if (!err) {
		confine(o, &sandbox);
		err = history_check(guest.history, r, &checked, &e);
	}
	history_end(&guest);
	run_close(&guest);
	machine_close(&machine);
	if (err && err != -EILSEQ)
		return complain("replay", &e, STATUS_HOST);
	if (err)
		printf("%" PRIu64 " position%s checked, 1 differs: %s\n", checked + 1,
		        checked ? "s" : "", e.text);
	else
		printf("%" PRIu64 " position%s checked, 0 differ\n", checked,
		        checked == 1 ? "" : "s");
	return err ? STATUS_DIFFERS : flush_output();
}

static int replay(const struct options *o)
{
	static struct options with;
	struct recording *r;
	struct error e = { 0 };
	int err = open_recording(&with, o, &r, &e);
	if (err)
		return complain("replay", &e, err == -ENOMEM ? STATUS_HOST : STATUS_USAGE);
	int status = o->checks_recording ? check_recording(&with, r) : run(&with);
	recording_close(r);
	return status;
}

/* The file that gdb has to be given: none where it gets it by connecting. An ELF image brings its
 * symbols, where gdb can read it once more. */
static const char *symbols_of(const struct options *o, struct serve *s)
{
	struct stat st;
	if (target_file_path(s, s->target.registers->layout(s, 0)))
		return NULL;
	if (o->serve.symbols || !s->machine->guest->image.is_elf)
		return o->serve.symbols;
	return stat(o->machine.image.path, &st) == 0 && S_ISREG(st.st_mode) ? o->machine.image.path
	                                                                    : NULL;
}

/* Starts gdb and serves the guest to it until one of them has ended: the status. *pid is gdb's then, where it lives. */
static int serve_gdb(const struct options *o, const struct launch_dir *dir, struct serve *s,
        int *pid, struct error *e)
{
	struct termios settings;
	bool has_settings = tcgetattr(STDIN_FILENO, &settings) == 0;
	*pid = 0;
	announce_consoles(s);
	if (serve_begin_screen(s, e))
		return STATUS_HOST;
	const enum target_layout layout = s->target.registers->layout(s, 0);
	const struct launch_gdb how = {
		.program = o->gdb_program,
		.args = o->gdb_args,
		.socket = dir->socket,
		.symbols = symbols_of(o, s),
		.is_16_bit = layout == TARGET_REAL16,
		.has_file = target_file_path(s, layout),
	};
	int gdb = launch_gdb(&how, e);
	if (gdb <= 0) {
		early_key_put_back();
		return STATUS_HOST;
	}
	early_key_watch(&s->was_resumed, gdb);
	const struct sandbox sandbox = {
		.unlinked = { s->transport.path, dir->socket, s->consoles[0].transport.path,
		        s->consoles[1].transport.path, s->viewer.transport.path },
		.removed_dir = dir->path,
		.writes_files = media_is_writable(s->machine->guest->media),
		.reads_files = true,
		.child_pid = gdb
	};
	serve_adopt_debugger(s, gdb);
	confine(o, &sandbox);
	int status = serve_run(s);
	early_key_put_back();
	if (has_settings && s->child_signal) /* gdb could not put them back */
		tcsetattr(STDIN_FILENO, TCSANOW, &settings);
	if (s->child_pid)
		*pid = gdb;
	return status;
}

/* The guest has ended before gdb, which is waited for; a signal's end is gdb's, too. Returns the status. */
static int end_gdb(int pid, int status)
{
	int wait_status = 0;
	if (status < 0)
		kill(pid, SIGTERM);
	if (waitpid(pid, &wait_status, 0) != pid || status < 0)
		return status;
	return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : STATUS_HOST;
}

/* Whether gdb has ended without quit. By SIGTERM it exits as it does by quit, and has killed the guest before. But
 * stepvm.gdb's hook of quit turns the hints off that it has asked for, so where they are on nobody has said quit. */
static bool has_not_quit(const struct serve *s)
{
	bool is_killed = s->run.is_killed || !s->child_pid;
	return s->machine->wants_hints && is_killed && !s->child_signal && !s->child_end_ns;
}

/* The guest and gdb in one terminal: gdb owns it, and its end is ours. */
static int debug_guest(const struct options *o, const struct launch_dir *dir, struct error *e)
{
	char listen[128], screen[128];
	struct serve_config config = o->serve;
	/* Too large for a stack that is small. */
	static struct machine machine;
	static struct serve serve;
	int pid;
	snprintf(listen, sizeof listen, "unix:%s", dir->socket);
	config.listen = listen;
	if (config.record == RECORD_DEFAULT)
		config.record = RECORD_UNASKED;
	snprintf(screen, sizeof screen, "unix:%s/" VIEWER_SOCKET, dir->path);
	if (config.has_screen && !config.screen)
		config.screen = screen;
	int err = machine_open(&machine, &o->machine, STDOUT_FILENO, e);
	if (err)
		return status_of(err);
	warn_of_image(&machine);
	/* Ctrl-C is for gdb, which asks us to stop the guest; serve_adopt_debugger has another use for it. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	err = serve_open(&serve, &machine, &config, e);
	if (err) {
		machine_close(&machine);
		return status_of(err);
	}
	int status = serve_gdb(o, dir, &serve, &pid, e);
	const bool is_unasked = has_not_quit(&serve);
	serve_close(&serve);
	const int checked = tell_check(&machine, STATUS_OK);
	machine_close(&machine);
	if (pid)
		status = end_gdb(pid, status);
	if (is_unasked)
		fputs("stepvm: gdb has ended without quit, most likely by a signal, and so has "
		      "the guest\n",
		        stderr);
	return checked ? checked : status;
}

static int debug(const struct options *o)
{
	struct launch_dir dir;
	struct error e = { 0 };
	static struct options with;
	struct recording *r = NULL;
	int err = 0;
	if (recording_is_at(o->machine.image.path)) {
		err = open_recording(&with, o, &r, &e);
		o = &with;
	}
	if (err)
		return complain("debug", &e, err == -ENOMEM ? STATUS_HOST : STATUS_USAGE);
	err = launch_dir_open(&dir, &e);
	if (err)
		return complain("debug", &e, STATUS_HOST);
	int status = debug_guest(o, &dir, &e);
	launch_dir_close(&dir);
	recording_close(r);
	if (e.text[0])
		return complain("debug", &e, status);
	return status < 0 ? end_by_signal(-status) : status;
}

static int test(const struct options *o)
{
	const struct testrun_config config = {
		.scripts = o->scripts,
		.script_count = o->script_count,
		.jobs = o->jobs,
		.timeout_ms = o->timeout_ms,
		.log_dir = o->log_dir,
		.record_dir = o->record_dir,
		.junit = o->junit,
		.gdb_program = o->gdb_program,
		.no_skip = o->no_skip,
	};
	return testrun(&config);
}

static int console(const struct options *o)
{
	struct error e = { 0 };
	int signal_number = 0;
	int err = console_run(o->socket, &signal_number, &e);
	if (err)
		return complain("console", &e, err == -ENOTUNIQ ? STATUS_USAGE : STATUS_HOST);
	return signal_number ? end_by_signal(signal_number) : STATUS_OK;
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
	if (o.wants_help || o.wants_version || o.wants_manual || o.completion != COMPLETION_NONE) {
		if (o.completion != COMPLETION_NONE)
			completion_print(stdout, o.completion);
		else if (o.wants_version)
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
	case VERB_REPLAY: return replay(&o);
	case VERB_TEST: return test(&o);
	case VERB_PROBE: return probe(&o);
	case VERB_CONSOLE: return console(&o);
	case VERB_COUNT: break;
	}
	return STATUS_USAGE;
}

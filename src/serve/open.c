/* What serves a guest, before it runs and after it has ended: the debugger's socket, the screen, the consoles, and
 * whose standard input is. */
#include "serve/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "history/history.h"
#include "host/file.h"
#include "host/notice.h"
#include "host/signals.h"
#include "machine/core.h"
#include "machine/input.h"
#include "serve/last_screen.h"
#include "serve/target_file.h"

/* Where the config names a place for a debugger. A debugger that connects kicks the guest's run. */
static int open_transport(struct serve *s, struct error *e)
{
	struct transport_error why = { 0 };
	if (!s->config->listen)
		return 0;
	int err = transport_open(&s->transport, s->config->listen, &why);
	if (err)
		return error_set(e, err, "--gdb %s", why.text);
	s->has_transport = true;
	if (s->transport.listen_fd >= 0)
		err = kicker_watch(&s->kicker, s->transport.listen_fd, e);
	if (err)
		transport_close(&s->transport);
	return err;
}

static int open_viewer(struct serve *s, struct error *e)
{
	struct error why = { 0 };
	int err = viewer_open(&s->viewer, &s->run, s->config->screen, &why);
	return err ? error_set(e, err, "--screen: %s", why.text) : 0;
}

/* A screen that stands still before anything has run is taken for a stepvm that hangs. */
void serve_show_wait(struct serve *s)
{
	char line[120];
	if (s->session || s->child_pid || s->run.state != RUN_STOPPED)
		return;
	snprintf(line, sizeof line,
	        "stepvm: the guest waits for target remote %.48s; Ctrl-] q quits",
	        s->transport.where);
	viewer_say(&s->viewer, line, RUN_FOREVER);
}

/* While the screen has the terminal, what else would be printed there waits for its end. */
int serve_begin_screen(struct serve *s, struct error *e)
{
	if (viewer_has(&s->viewer, s->machine->output.fd))
		spool_hold(&s->machine->output);
	if (viewer_has(&s->viewer, STDERR_FILENO))
		notice_hold();
	serve_show_wait(s);
	return viewer_begin(&s->viewer, e);
}

void serve_end_screen(struct serve *s)
{
	viewer_close(&s->viewer, "stepvm: the guest has ended");
	spool_release(&s->machine->output);
	spool_flush(&s->machine->output);
	notice_release();
}

/* The serial lines that stand on some board, by their number. */
static const struct device *const lines[SERVE_CONSOLES] = { &uart_device, &uart2_device };

static void close_consoles(struct serve *s)
{
	for (unsigned i = 0; i < SERVE_CONSOLES; i++)
		console_close(&s->consoles[i]);
}

/* Whose standard input is: a serial line's that leads there; a boot sector's keyboard's too, whichever it asks
 * for, where no screen brings one and --console does not say. */
static void share_stdin(struct serve *s)
{
	struct machine *m = s->machine;
	bool is_ours = s->config->has_console && !viewer_has(&s->viewer, STDIN_FILENO) &&
	               !(s->has_transport && s->transport.kind == TRANSPORT_STDIO);
	unsigned line = 0;
	while (line < SERVE_CONSOLES &&
	        !(s->consoles[line].device && s->consoles[line].kind == CONSOLE_STDIO))
		line++;
	bool is_asked_for = line < SERVE_CONSOLES && s->config->consoles[line];
	bool is_boot = m->guest->image.format == IMAGE_BOOT;
	if (!is_ours)
		return;
	s->types_stdin = m->guest->board.is_pc && !s->config->has_screen && !is_asked_for &&
	                 (is_boot || line == SERVE_CONSOLES);
	if (s->types_stdin)
		input_expect_keys(m, true);
	if (line < SERVE_CONSOLES)
		input_begin(m, s->consoles[line].device);
	s->typed = (struct key_reader) { .machine = m, .is_text = !isatty(STDIN_FILENO) };
}

#define PRINTED_NS UINT64_C(5000000) /* nobody sees that the guest's output comes so much later */

static void has_printed(void *ctx)
{
	serve_tick_after(ctx, PRINTED_NS);
}

/* Where --console says, and the first one on standard input and output where it says nothing. */
static int open_consoles(struct serve *s, struct error *e)
{
	struct error why = { 0 };
	int err = 0;
	for (unsigned i = 0; i < SERVE_CONSOLES && !err; i++) {
		const char *where = s->config->consoles[i];
		bool is_there = board_has(&s->machine->guest->board, lines[i]);
		if (where && !is_there)
			err = error_set(&why, -EINVAL, "%s: the guest's board has %u serial line%s",
			        where, i, i == 1 ? "" : "s");
		else if (where || i == 0)
			err = console_open(&s->consoles[i], s->machine, lines[i],
			        where ? where : "stdio", &why);
	}
	if (err) {
		close_consoles(s);
		return error_set(e, err, "--console %s", why.text);
	}
	share_stdin(s);
	s->machine->tell = serve_tell;
	s->machine->has_printed = has_printed;
	s->machine->tell_ctx = s;
	return 0;
}

static int begin_recording(struct serve *s, struct error *e)
{
	struct error why = { 0 };
	const char *path = s->config->record_file;
	int fd = -1, err = 0;
	/* Its contents are the guest's RAM, and what was typed. */
	if (path)
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOCTTY | O_CLOEXEC, 0600);
	if (path && fd < 0)
		return error_set(e, errno == EEXIST ? -EEXIST : -EIO, "--record=%s: %s",
		        file_label(path).text,
		        errno == EEXIST ? "it is there already, and is left as it is: name a file "
		                          "that is not"
		                        : strerror(errno));
	if (path)
		signal(SIGXFSZ, SIG_IGN);
	err = history_begin(&s->run, s->config->record_memory, &why);
	if (!err && path)
		err = history_write_to(s->run.history, fd, path, &why);
	if (err && path) {
		unlink(path);
		if (!s->run.history)
			close(fd);
	}
	return err ? error_set(e, err, "--record: %s", why.text) : 0;
}

/* A debugger begins at its end, where what is looked for has happened; without one it is seen from its beginning. */
static int open_recording(struct serve *s, struct error *e)
{
	struct history_state state;
	struct error why = { 0 };
	int err = history_open(&s->run, s->config->recording, e);
	if (err)
		return err;
	s->machine->shows_past = !s->config->listen;
	history_state(s->run.history, &state);
	if (!s->config->listen)
		return 0;
	if (history_seek(s->run.history, state.end, &why))
		notice_print("stepvm: %s\n", why.text);
	else
		serve_tell_recording(s);
	return 0;
}

/* What ends the loop's wait, or the guest's run: signals, ticks, and the machine's timer. */
static int open_wakers(struct serve *s, struct error *e)
{
	struct machine *m = s->machine;
	int err;
	s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->wake_fd < 0)
		return error_set(e, -errno, "eventfd failed: %s", strerror(errno));
	s->tick_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (s->tick_fd < 0) {
		err = error_set(e, -errno, "timerfd_create failed: %s", strerror(errno));
		goto close_wake;
	}
	err = kicker_open(&s->kicker, machine_kick, m, e);
	if (err)
		goto close_tick;
	err = kicker_watch(&s->kicker, m->clock.timer_fd, e);
	if (!err)
		err = kicker_watch(&s->kicker, s->tick_fd, e);
	if (!err)
		return 0;
	kicker_close(&s->kicker);
close_tick:
	close(s->tick_fd);
close_wake:
	close(s->wake_fd);
	return err;
}

static void close_wakers(struct serve *s)
{
	kicker_close(&s->kicker);
	close(s->tick_fd);
	close(s->wake_fd);
}

/* The guest's life: its state at power-on, where a reset leads back to it, and its recording. */
static int begin_life(struct serve *s, struct error *e)
{
	struct machine *m = s->machine;
	int err = 0;
	run_init(&s->run, m);
	if (m->guest->board.is_pc && !m->config->no_reboot)
		err = run_keep_power_on(&s->run, e);
	if (!err && s->config->recording)
		err = open_recording(s, e);
	else if (!err && s->config->record == RECORD_BEGIN)
		err = begin_recording(s, e);
	history_expect(&s->run, s->config->record == RECORD_UNASKED, s->config->record_memory);
	if (err)
		run_close(&s->run);
	return err;
}

static void end_life(struct serve *s)
{
	history_end(&s->run);
	run_close(&s->run);
}

int serve_open(struct serve *s, struct machine *m, const struct serve_config *c, struct error *e)
{
	*s = (struct serve) { .machine = m, .config = c, .is_attached = true };
	viewer_init(&s->viewer);
	int err = target_file_check(c->symbols, e);
	if (err)
		return err;
	s->in = malloc(SERVE_INPUT_SIZE);
	if (!s->in)
		return error_set(e, -ENOMEM, "out of memory");
	err = open_wakers(s, e);
	if (err)
		goto free_in;
	err = begin_life(s, e);
	if (err)
		goto close_wakers;
	err = open_transport(s, e);
	if (err)
		goto end_life;
	if (c->has_screen)
		err = open_viewer(s, e);
	if (err)
		goto close_transport;
	err = open_consoles(s, e);
	if (err)
		goto close_viewer;
	if (!c->listen || c->no_wait)
		run_go_on(&s->run);
	screen_hint_begin(s);
	target_init(&s->target, s);
	target_file_find(s);
	signals_open(s->wake_fd);
	notice_beside(&m->output);
	return 0;
close_viewer:
	viewer_close(&s->viewer, NULL);
close_transport:
	if (s->has_transport)
		transport_close(&s->transport);
end_life:
	end_life(s);
close_wakers:
	close_wakers(s);
free_in:
	free(s->in);
	return err;
}

bool serve_reads_stdin(const struct serve *s)
{
	if (s->types_stdin)
		return true;
	for (unsigned i = 0; i < SERVE_CONSOLES; i++)
		if (s->consoles[i].device && s->consoles[i].kind == CONSOLE_STDIO &&
		        input_is_open(s->machine, s->consoles[i].device))
			return true;
	return false;
}

void serve_close(struct serve *s)
{
	signals_close();
	notice_beside(NULL);
	session_close(s->session);
	serve_end_screen(s);
	end_life(s);
	close_consoles(s);
	if (s->has_transport)
		transport_close(&s->transport);
	close_wakers(s);
	free(s->screenshot);
	free(s->recording);
	core_free(s->core);
	free(s->in);
}

/* The table of what the loop waits for, and the only place that waits for it. */
#include "serve/sources.h"

#include <errno.h>
#include <poll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/status.h"
#include "host/notice.h"
#include "host/terminal.h"
#include "machine/input.h"
#include "serve/internal.h"
#include "serve/last_screen.h"

/* i is the row's: which of several consoles it is about. */
struct source {
	/* Its descriptor, which other programs may have open, too. Not called where it wants
	 * nothing. */
	int (*fd)(const struct serve *s, unsigned i);
	/* What the loop is to wait for now: POLLIN, POLLOUT, or 0 for nothing. Changes nothing. */
	short (*wants)(const struct serve *s, unsigned i);
	/* Called when the descriptor is ready for what was wanted, or has come to its end. */
	void (*ready)(struct serve *s, unsigned i, short wanted);
	unsigned i;
	/* Its input ends the guest's run by itself; others are armed for that (sources_arm). */
	bool kicks_itself;
};

/* --- signals: their handlers' flags say what came --------------------------------------------- */

static int wake_fd(const struct serve *s, unsigned i)
{
	(void)i;
	return s->wake_fd;
}

static short wake_wants(const struct serve *s, unsigned i)
{
	(void)i;
	(void)s;
	return POLLIN;
}

static void wake_ready(struct serve *s, unsigned i, short wanted)
{
	(void)i;
	uint64_t count;
	(void)wanted;
	while (read(s->wake_fd, &count, sizeof count) > 0)
		;
}

/* --- a debugger that calls -------------------------------------------------------------------- */

static int listener_fd(const struct serve *s, unsigned i)
{
	(void)i;
	return s->transport.listen_fd;
}

static short listener_wants(const struct serve *s, unsigned i)
{
	(void)i;
	return s->has_transport && s->transport.listen_fd >= 0 ? POLLIN : 0;
}

static void listener_ready(struct serve *s, unsigned i, short wanted)
{
	(void)i;
	(void)wanted;
	serve_accept_debugger(s);
}

/* --- the debugger: while a reply waits to be sent, nothing is read ---------------------------- */

static int debugger_fd(const struct serve *s, unsigned i)
{
	(void)i;
	return serve_has_output(s) ? s->transport.out_fd : s->transport.in_fd;
}

static short debugger_wants(const struct serve *s, unsigned i)
{
	(void)i;
	return !s->session ? 0 : serve_has_output(s) ? POLLOUT : POLLIN;
}

static void debugger_ready(struct serve *s, unsigned i, short wanted)
{
	(void)i;
	if (wanted == POLLOUT) {
		serve_flush(s);
		serve_feed(s);
	} else {
		serve_read_debugger(s);
	}
}

/* --- the guest's output, which nobody has read yet -------------------------------------------- */

static int output_fd(const struct serve *s, unsigned i)
{
	(void)i;
	return s->machine->output.fd;
}

static short output_wants(const struct serve *s, unsigned i)
{
	(void)i;
	return spool_kept(&s->machine->output) ? POLLOUT : 0;
}

static void output_ready(struct serve *s, unsigned i, short wanted)
{
	(void)i;
	(void)wanted;
	spool_flush(&s->machine->output);
}

/* --- standard input that a debugger has let go: the guest belongs to who holds its other end -- */

static int stdin_fd(const struct serve *s, unsigned i)
{
	(void)i;
	(void)s;
	return STDIN_FILENO;
}

static short holder_wants(const struct serve *s, unsigned i)
{
	(void)i;
	return s->watches_stdin ? POLLIN : 0;
}

static void holder_ready(struct serve *s, unsigned i, short wanted)
{
	(void)i;
	uint8_t bytes[256];
	(void)wanted;
	ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes); /* nobody listens to more */
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	s->watches_stdin = false;
	notice_print("stepvm: standard input has ended, and so has the guest\n");
	run_end(&s->run, STATUS_HOST);
}

/* --- a timer of ours -------------------------------------------------------------------------- */

void serve_tick_after(struct serve *s, uint64_t ns)
{
	const struct itimerspec when = { .it_value = { .tv_sec = (time_t)(ns / 1000000000u),
		                                 .tv_nsec = (long)(ns % 1000000000u) } };
	uint64_t at = clock_host_ns() + ns;
	if (s->ticks_ns && s->ticks_ns <= at)
		return;
	s->ticks_ns = at;
	timerfd_settime(s->tick_fd, 0, &when, NULL);
}

static int tick_fd(const struct serve *s, unsigned i)
{
	(void)i;
	return s->tick_fd;
}

static short tick_wants(const struct serve *s, unsigned i)
{
	(void)i;
	return s->ticks_ns ? POLLIN : 0;
}

static void tick_ready(struct serve *s, unsigned i, short wanted)
{
	uint64_t count;
	(void)i, (void)wanted;
	if (read(s->tick_fd, &count, sizeof count) < 0)
		return;
	s->ticks_ns = 0;
	spool_flush(&s->machine->output);
	viewer_tick(&s->viewer);
	key_reader_tick(&s->typed);
	screen_hint_tick(s);
	serve_flush_words(s);
	serve_flush(s);
}

/* --- consoles: bytes from each, bytes to it that it has not taken, who calls ------------------- */

/* Where input comes from, whether or not the guest has room for it; -1: from nowhere now. */
static int input_of(const struct serve *s, unsigned i)
{
	const struct console *c = &s->consoles[i];
	if (!c->device || !input_is_open(s->machine, c->device) || !run_is_going(&s->run))
		return -1;
	if (c->kind != CONSOLE_STDIO)
		return console_input_fd(c);
	if (s->types_stdin && input_target(s->machine) != INPUT_SERIAL)
		return -1;
	return terminal_may_read() ? STDIN_FILENO : -1;
}

static short input_wants(const struct serve *s, unsigned i)
{
	return input_of(s, i) >= 0 && input_room(s->machine, s->consoles[i].device) ? POLLIN : 0;
}

/* Nothing more comes by it, for whomever. */
static void end_stdin(struct serve *s)
{
	for (unsigned i = 0; i < SERVE_CONSOLES; i++)
		if (s->consoles[i].device && s->consoles[i].kind == CONSOLE_STDIO)
			input_end(s->machine, s->consoles[i].device);
	if (!s->types_stdin)
		return;
	key_reader_end(&s->typed);
	s->types_stdin = false;
	input_expect_keys(s->machine, false);
}

static void read_stdin(struct serve *s, const struct device *d)
{
	uint8_t bytes[UART_FIFO];
	size_t room = input_room(s->machine, d);
	if (!room)
		return;
	ssize_t n = read(STDIN_FILENO, bytes, room < sizeof bytes ? room : sizeof bytes);
	if (n > 0)
		input_bytes(s->machine, d, bytes, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		end_stdin(s);
}

static void input_ready(struct serve *s, unsigned i, short wanted)
{
	(void)wanted;
	if (s->consoles[i].kind == CONSOLE_STDIO)
		read_stdin(s, s->consoles[i].device);
	else
		console_read(&s->consoles[i]);
}

static int console_fd(const struct serve *s, unsigned i)
{
	return console_output_fd(&s->consoles[i]);
}

static short console_wants(const struct serve *s, unsigned i)
{
	return console_output_fd(&s->consoles[i]) >= 0 ? POLLOUT : 0;
}

static void console_ready(struct serve *s, unsigned i, short wanted)
{
	(void)wanted;
	console_flush(&s->consoles[i]);
}

static int caller_fd(const struct serve *s, unsigned i)
{
	return console_listen_fd(&s->consoles[i]);
}

static short caller_wants(const struct serve *s, unsigned i)
{
	return console_listen_fd(&s->consoles[i]) >= 0 ? POLLIN : 0;
}

static void caller_ready(struct serve *s, unsigned i, short wanted)
{
	(void)wanted;
	console_accept(&s->consoles[i]);
}

/* --- standard input that is the guest's keyboard ----------------------------------------------- */

static short typed_wants(const struct serve *s, unsigned i)
{
	(void)i;
	return s->types_stdin && input_target(s->machine) == INPUT_KEYBOARD &&
	                       run_is_going(&s->run) && terminal_may_read() &&
	                       key_reader_room(&s->typed)
	               ? POLLIN
	               : 0;
}

static void typed_ready(struct serve *s, unsigned i, short wanted)
{
	uint8_t bytes[64];
	size_t room = key_reader_room(&s->typed);
	(void)i, (void)wanted;
	ssize_t n = read(STDIN_FILENO, bytes, room < sizeof bytes ? room : sizeof bytes);
	if (n > 0) {
		key_reader_take(&s->typed, bytes, (size_t)n);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		end_stdin(s);
	}
}

/* --- the screen: keys, bytes that its terminal has not taken, who calls for it ------------------ */

static int keys_fd(const struct serve *s, unsigned i)
{
	(void)i;
	return viewer_input_fd(&s->viewer);
}

static short keys_wants(const struct serve *s, unsigned i)
{
	return keys_fd(s, i) >= 0 ? POLLIN : 0;
}

static void keys_ready(struct serve *s, unsigned i, short wanted)
{
	(void)i, (void)wanted;
	viewer_read_keys(&s->viewer);
}

static int picture_fd(const struct serve *s, unsigned i)
{
	(void)i;
	return viewer_output_fd(&s->viewer);
}

static short picture_wants(const struct serve *s, unsigned i)
{
	return picture_fd(s, i) >= 0 ? POLLOUT : 0;
}

static void picture_ready(struct serve *s, unsigned i, short wanted)
{
	(void)i, (void)wanted;
	viewer_go_on(&s->viewer);
}

static int viewer_call_fd(const struct serve *s, unsigned i)
{
	(void)i;
	return viewer_listen_fd(&s->viewer);
}

static short viewer_call_wants(const struct serve *s, unsigned i)
{
	return viewer_call_fd(s, i) >= 0 ? POLLIN : 0;
}

static void viewer_call_ready(struct serve *s, unsigned i, short wanted)
{
	(void)i, (void)wanted;
	viewer_accept(&s->viewer);
}

static int viewer_fd(const struct serve *s, unsigned i)
{
	(void)i;
	return viewer_caller_fd(&s->viewer);
}

static short viewer_wants(const struct serve *s, unsigned i)
{
	return viewer_fd(s, i) >= 0 ? POLLIN : 0;
}

static void viewer_ready(struct serve *s, unsigned i, short wanted)
{
	(void)i, (void)wanted;
	viewer_hear(&s->viewer);
}

/* --- all of them ------------------------------------------------------------------------------ */

static const struct source sources[] = {
	{ wake_fd, wake_wants, wake_ready, .kicks_itself = true },             /* the handlers do */
	{ listener_fd, listener_wants, listener_ready, .kicks_itself = true }, /* kicker_watch */
	{ tick_fd, tick_wants, tick_ready, .kicks_itself = true },             /* the same */
	{ debugger_fd, debugger_wants, debugger_ready },
	{ output_fd, output_wants, output_ready },
	{ stdin_fd, holder_wants, holder_ready },
	{ input_of, input_wants, input_ready, .i = 0 },
	{ input_of, input_wants, input_ready, .i = 1 },
	{ console_fd, console_wants, console_ready, .i = 0 },
	{ console_fd, console_wants, console_ready, .i = 1 },
	{ caller_fd, caller_wants, caller_ready, .i = 0 },
	{ caller_fd, caller_wants, caller_ready, .i = 1 },
	{ stdin_fd, typed_wants, typed_ready },
	{ keys_fd, keys_wants, keys_ready },
	{ picture_fd, picture_wants, picture_ready },
	{ viewer_call_fd, viewer_call_wants, viewer_call_ready },
	{ viewer_fd, viewer_wants, viewer_ready },
};
_Static_assert(SERVE_CONSOLES == 2, "the rows above");

/* What the screen, or typed keys, want to be done later. */
static void plan(struct serve *s)
{
	uint64_t due = viewer_due_ns(&s->viewer), end = key_reader_due_ns(&s->typed);
	due = end < due ? end : due;
	end = screen_hint_due_ns(s);
	due = end < due ? end : due;
	if (due != RUN_FOREVER)
		serve_tick_after(s, due);
}

void sources_attend(struct serve *s, uint64_t timeout_ns)
{
	spool_flush(&s->machine->output);
	plan(s);
	const struct timespec timeout = { .tv_sec = (time_t)(timeout_ns / 1000000000u),
		.tv_nsec = (long)(timeout_ns % 1000000000u) };
	struct pollfd fds[ARRAY_SIZE(sources)];
	const struct source *polled[ARRAY_SIZE(sources)];
	nfds_t count = 0;
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		const struct source *source = &sources[i];
		short wants = source->wants(s, source->i);
		if (!wants)
			continue;
		polled[count] = source;
		fds[count++] = (struct pollfd) { .fd = source->fd(s, source->i), .events = wants };
	}
	if (ppoll(fds, count, timeout_ns == RUN_FOREVER ? NULL : &timeout, NULL) <= 0)
		return;
	/* One that is ready may end what another has waited for. */
	for (nfds_t k = 0; k < count; k++)
		if (fds[k].revents && polled[k]->wants(s, polled[k]->i) == fds[k].events)
			polled[k]->ready(s, polled[k]->i, fds[k].events);
}

void sources_arm(struct serve *s)
{
	bool must_look = false;
	plan(s);
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		const struct source *source = &sources[i];
		short wants = source->wants(s, source->i);
		if (source->kicks_itself || !wants)
			continue;
		if (!kicker_arm(&s->kicker, source->fd(s, source->i), wants == POLLOUT))
			must_look = true; /* a file: ready now */
	}
	for (unsigned i = 0; i < SERVE_CONSOLES; i++)
		if (input_of(s, i) >= 0 && !input_wants(s, i))
			input_want(s->machine, s->consoles[i].device);
	if (s->types_stdin && input_target(s->machine) == INPUT_NOBODY)
		input_hold(s->machine);
	if (must_look)
		machine_kick(s->machine);
	if (control_wants_timer(&s->machine->control))
		kicker_arm_timer(&s->kicker, CONTROL_TIMER_NS);
}

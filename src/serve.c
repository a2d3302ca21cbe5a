#include "serve.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "report.h"
#include "signals.h"
#include "target_file.h"
#include "terminal.h"

/* After a reply the next request often follows at once: looking for it a little before sleeping
 * saves the wake-up, which costs more than the request. Bounded, so that an idle stub uses no CPU.
 */
#define SPIN_NS 40000

int serve_open(struct serve *s, struct machine *m, const struct options *o, struct error *e)
{
	*s = (struct serve) { .machine = m, .options = o, .is_attached = true };
	s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->wake_fd < 0)
		return error_set(e, -errno, "eventfd failed: %s", strerror(errno));
	int err = kicker_open(&s->kicker, &m->vcpu, e);
	if (err)
		goto close_wake;
	err = kicker_watch(&s->kicker, m->timer_fd, e);
	if (err)
		goto close_kicker;
	if (o->listen) {
		struct transport_error why = { 0 };
		err = transport_open(&s->transport, o->listen, &why);
		if (err) {
			error_set(e, err, "--gdb %s", why.text);
			goto close_kicker;
		}
		s->has_transport = true;
	}
	bool is_stdio = s->has_transport && s->transport.kind == TRANSPORT_STDIO;
	m->has_input = !is_stdio && o->verb == VERB_RUN;
	s->state = o->listen && !o->no_wait ? SERVE_STOPPED : SERVE_RUNNING;
	s->last.kind = STOP_STEPPED;
	target_init(&s->target, s);
	target_file_find(s);
	signals_open(&m->vcpu, s->wake_fd);
	m->end_signal = &signals_end;
	return 0;
close_kicker:
	kicker_close(&s->kicker);
close_wake:
	close(s->wake_fd);
	return err;
}

void serve_close(struct serve *s)
{
	signals_close();
	session_close(s->session);
	if (s->has_transport)
		transport_close(&s->transport);
	kicker_close(&s->kicker);
	close(s->wake_fd);
}

static void end(struct serve *s, int status)
{
	s->state = SERVE_ENDED;
	s->status = status;
}

/* The guest has ended. An extended session may start it again; its end is ours. */
static void end_guest(struct serve *s, int status)
{
	end(s, status);
	if (s->session && session_state(s->session) == SESSION_IDLE) {
		s->state = SERVE_STOPPED;
		s->is_dead = true;
	}
}

/* --- the debugger ---------------------------------------------------------------------------- */

static void trace_packets(
        const struct serve *s, const char *arrow, const uint8_t *bytes, size_t len)
{
	if (!(s->machine->trace & TRACE_PACKETS))
		return;
	fputs(arrow, stderr);
	for (size_t i = 0; i < len; i++)
		if (bytes[i] >= ' ' && bytes[i] < 0x7f && bytes[i] != '\\')
			fputc(bytes[i], stderr);
		else
			fprintf(stderr, "\\x%02x", bytes[i]);
	fputc('\n', stderr);
}

/* The debugger is gone: the guest stands still, with nothing of gdb's left in it. */
static void lose_debugger(struct serve *s)
{
	enum session_state state = session_state(s->session);
	bool is_over = state == SESSION_GONE || state == SESSION_IDLE;
	s->watches_stdin = is_over && s->transport.kind == TRANSPORT_STDIO;
	session_close(s->session);
	s->session = NULL;
	journal_end(&s->machine->ports);
	journal_end(&s->machine->log);
	s->in_at = s->in_len = 0;
	transport_drop(&s->transport);
	if (s->is_dead) /* and nobody can start it again */
		s->state = SERVE_ENDED;
	if (is_over) /* detached, killed or exited: that has been dealt with */
		return;
	control_forget(&s->machine->control);
	if (s->transport.kind == TRANSPORT_STDIO) {
		fprintf(stderr,
		        "stepvm: the debugger on standard input is gone, and so is the guest\n");
		end(s, STATUS_HOST);
		return;
	}
	if (s->state != SERVE_ENDED)
		s->state = SERVE_STOPPED;
	if (!s->child_pid && s->was_heard)
		fprintf(stderr,
		        "stepvm: the debugger is gone; the guest is stopped and waits for another: "
		        "target remote %s\n",
		        s->transport.where);
}

static void flush(struct serve *s)
{
	size_t len;
	const uint8_t *bytes;
	while (s->session && (bytes = session_output(s->session, &len))) {
		long n = transport_write(&s->transport, bytes, len);
		if (n < 0) {
			lose_debugger(s);
			return;
		}
		if (n == 0)
			return;
		trace_packets(s, "-> ", bytes, (size_t)n);
		session_sent(s->session, (size_t)n);
	}
	if (s->session && session_state(s->session) == SESSION_GONE)
		lose_debugger(s);
}

/* Gives the session what was read, as far as it takes it. */
static void feed(struct serve *s)
{
	while (s->session && s->in_at < s->in_len) {
		size_t n = session_feed(s->session, s->in + s->in_at, s->in_len - s->in_at);
		s->in_at += n;
		flush(s);
		if (!n)
			break;
	}
	if (s->in_at == s->in_len)
		s->in_at = s->in_len = 0;
}

/* False when the debugger has sent nothing. */
static bool read_debugger(struct serve *s)
{
	if (!s->session || s->in_len == sizeof s->in)
		return false;
	long n = transport_read(&s->transport, s->in + s->in_len, sizeof s->in - s->in_len);
	if (n == 0)
		return false;
	if (n < 0) {
		lose_debugger(s);
		return true;
	}
	trace_packets(s, "<- ", s->in + s->in_len, (size_t)n);
	s->was_heard = true;
	s->in_len += (size_t)n;
	feed(s);
	return true;
}

static struct target_stop target_stop_of(
        const struct serve *s, const struct stop *stop, bool was_step)
{
	struct target_stop t = { .kind = TARGET_STOP_SIGNAL, .signal = TARGET_SIGNAL_TRAP };
	switch (stop->kind) {
	case STOP_STEPPED:
	case STOP_CATCH: break;
	case STOP_BREAKPOINT:
		t.kind = stop->is_hardware ? TARGET_STOP_HARDWARE : TARGET_STOP_BREAKPOINT;
		break;
	case STOP_WATCH:
		t.kind = TARGET_STOP_WATCH;
		t.watch = (enum target_watch)stop->watch.kind;
		t.watch_gva = stop->watch.gva;
		break;
	case STOP_KICKED: t.signal = TARGET_SIGNAL_INT; break;
	case STOP_HALTED: t.signal = was_step ? TARGET_SIGNAL_TRAP : TARGET_SIGNAL_0; break;
	case STOP_SHUTDOWN: t.signal = TARGET_SIGNAL_SEGV; break;
	case STOP_FAILED:
		t.signal = stop->exit.kind == EXIT_INTERNAL_ERROR ? TARGET_SIGNAL_ILL
		                                                  : TARGET_SIGNAL_ABRT;
		break;
	case STOP_DEVICE:
		t.kind = TARGET_STOP_EXITED;
		t.status = machine_exit_status(s->machine);
		break;
	}
	return t;
}

static void accept_debugger(struct serve *s)
{
	/* One that hung up before this one called may not have been missed yet. */
	while (read_debugger(s))
		;
	int n = transport_accept(&s->transport);
	if (n == -EBUSY)
		fprintf(stderr, "stepvm: a second debugger was sent away: there is one already\n");
	if (n != 1)
		return;
	if (s->state != SERVE_ENDED)
		s->state = SERVE_STOPPED;
	struct target_stop stop = target_stop_of(s, &s->last, true);
	s->was_heard = false;
	s->session = session_open(&s->target, &stop);
	if (!s->session) {
		fprintf(stderr, "stepvm: out of memory: the debugger was sent away\n");
		transport_drop(&s->transport);
		return;
	}
	journal_start(&s->machine->ports);
	journal_start(&s->machine->log);
}

/* --- the console ----------------------------------------------------------------------------- */

static void read_console(struct serve *s)
{
	uint8_t bytes[UART_FIFO];
	size_t room = board_input_room(&s->machine->board);
	if (!room)
		return;
	ssize_t n = read(STDIN_FILENO, bytes, room < sizeof bytes ? room : sizeof bytes);
	if (n > 0)
		board_input(&s->machine->board, bytes, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		s->machine->has_input = false; /* no more will come */
}

/* A guest that a debugger on standard input has let go belongs to who holds the other end of it. */
static void watch_stdin(struct serve *s)
{
	uint8_t bytes[256];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes); /* nobody listens to more */
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	s->watches_stdin = false;
	fprintf(stderr, "stepvm: standard input has ended, and so has the guest\n");
	end(s, STATUS_HOST);
}

/* --- waiting --------------------------------------------------------------------------------- */

/* Which descriptors matter now. */
struct interest {
	struct pollfd fds[4];
	nfds_t count;
};

static void add_fd(struct interest *i, int fd, short events)
{
	i->fds[i->count++] = (struct pollfd) { .fd = fd, .events = events };
}

static void look_out(struct serve *s, struct interest *i)
{
	i->count = 0;
	add_fd(i, s->wake_fd, POLLIN);
	if (s->has_transport && s->transport.listen_fd >= 0)
		add_fd(i, s->transport.listen_fd, POLLIN);
	if (s->session) {
		size_t len;
		/* While a reply waits to be sent, nothing is read: the debugger has to take it. */
		bool has_output = session_output(s->session, &len) != NULL;
		add_fd(i, has_output ? s->transport.out_fd : s->transport.in_fd,
		        has_output ? POLLOUT : POLLIN);
	}
	if (s->watches_stdin)
		add_fd(i, STDIN_FILENO, POLLIN);
	bool is_running = s->state == SERVE_RUNNING || s->state == SERVE_WAITING;
	if (s->machine->has_input && is_running && terminal_may_read()) {
		if (board_input_room(&s->machine->board))
			add_fd(i, STDIN_FILENO, POLLIN);
		else
			s->machine->wants_input = true;
	}
}

#define FOREVER UINT64_MAX

/* Does what the ready descriptors ask for; waits for them up to timeout_ns, or FOREVER. */
static void attend(struct serve *s, uint64_t timeout_ns)
{
	const struct timespec timeout = { .tv_sec = (time_t)(timeout_ns / 1000000000u),
		.tv_nsec = (long)(timeout_ns % 1000000000u) };
	struct interest i;
	look_out(s, &i);
	if (ppoll(i.fds, i.count, timeout_ns == FOREVER ? NULL : &timeout, NULL) <= 0)
		return;
	for (nfds_t k = 0; k < i.count; k++) {
		uint64_t count;
		if (!i.fds[k].revents)
			continue;
		if (i.fds[k].fd == s->wake_fd) { /* the signal handlers' flags say what came */
			while (read(s->wake_fd, &count, sizeof count) > 0)
				;
		} else if (s->has_transport && i.fds[k].fd == s->transport.listen_fd) {
			accept_debugger(s);
		} else if (s->watches_stdin && i.fds[k].fd == STDIN_FILENO) {
			watch_stdin(s);
		} else if (s->machine->has_input && i.fds[k].fd == STDIN_FILENO) {
			read_console(s);
		} else if (i.fds[k].events & POLLOUT) {
			flush(s);
			feed(s);
		} else {
			read_debugger(s);
		}
	}
}

/* Stopped, with a debugger that may ask again at once. */
static void wait_for_debugger(struct serve *s)
{
	machine_stop_clock(s->machine);
	if (s->session) {
		uint64_t until = machine_host_ns() + SPIN_NS;
		do {
			if (read_debugger(s) || signals_end)
				return;
		} while (machine_host_ns() < until);
	}
	terminal_cooked();
	attend(s, FOREVER);
}

/* --- the guest ------------------------------------------------------------------------------- */

/* Tells the debugger's user why the guest stopped, or, without a debugger, stderr. */
static void report(struct serve *s, const struct stop *stop, bool was_step)
{
	char text[1500];
	report_stop(s->machine, stop, text, sizeof text);
	if (s->session) {
		struct target_stop t = target_stop_of(s, stop, was_step);
		session_stopped(s->session, &t, text[0] ? text : NULL);
		flush(s);
	} else if (text[0]) {
		fprintf(stderr, "stepvm: %s", text);
	}
}

static void stop_for_debugger(struct serve *s, const struct stop *stop, bool was_step)
{
	s->state = SERVE_STOPPED;
	report(s, stop, was_step);
	if (!s->session)
		fprintf(stderr, "stepvm: the guest waits for a debugger: target remote %s\n",
		        s->transport.where);
}

/* A stop that ends the run, unless somebody can look at it. */
static void stop_or_end(struct serve *s, const struct stop *stop, bool was_step, int status)
{
	if (s->has_transport && s->transport.kind != TRANSPORT_STDIO) {
		stop_for_debugger(s, stop, was_step);
	} else if (s->session) {
		s->state = SERVE_STOPPED;
		report(s, stop, was_step);
	} else {
		report(s, stop, was_step);
		end(s, status);
	}
}

/* The CPU is halted, and something can wake it. */
static void wait_for_interrupt(struct serve *s)
{
	s->state = SERVE_WAITING;
	s->resume_at_ns = FOREVER;
}

static void handle_halt(struct serve *s, const struct stop *stop, bool was_step)
{
	if (was_step) {
		stop_for_debugger(s, stop, true);
		return;
	}
	switch (s->options->hlt) {
	case HLT_RESUME:
		s->state = SERVE_WAITING;
		s->resume_at_ns = machine_host_ns() + s->options->hlt_resume_ms * 1000000ull;
		break;
	case HLT_STOP: stop_for_debugger(s, stop, false); break;
	case HLT_EXIT: {
		const struct target_stop gone = { .kind = TARGET_STOP_EXITED };
		if (s->session)
			session_stopped(s->session, &gone, NULL);
		flush(s);
		end_guest(s, STATUS_OK);
		break;
	}
	case HLT_AUTO:
		if (machine_can_wake(s->machine)) {
			wait_for_interrupt(s);
		} else if (s->session) {
			stop_for_debugger(s, stop, false);
		} else {
			report(s, stop, false);
			end(s, STATUS_OK);
		}
		break;
	}
}

static void handle_device(struct serve *s, const struct stop *stop)
{
	if (s->machine->output_error == -EINTR) { /* the loop ends by the signal */
		end(s, -signals_end);
		return;
	}
	if (s->machine->output_error == -EPIPE) { /* `stepvm run IMAGE | head`: the usual end */
		end(s, -SIGPIPE);
		return;
	}
	if (s->machine->output_error) {
		fprintf(stderr, "stepvm: the guest's output cannot be written: %s\n",
		        strerror(-s->machine->output_error));
		end(s, STATUS_HOST);
		return;
	}
	report(s, stop, false);
	end_guest(s, machine_exit_status(s->machine));
}

/* What ends or interrupts a guest by itself is an event of the log. */
static void note_stop(struct serve *s, const struct stop *stop)
{
	static const struct exit halted = { .kind = EXIT_HLT, .reason = KVM_EXIT_HLT };
	if (stop->kind == STOP_HALTED)
		journal_note(&s->machine->log, &halted);
	else if (stop->kind == STOP_SHUTDOWN || stop->kind == STOP_FAILED)
		journal_note(&s->machine->log, &stop->exit);
}

static void handle_stop(struct serve *s, const struct stop *stop, bool was_step)
{
	s->last = *stop;
	note_stop(s, stop);
	switch (stop->kind) {
	case STOP_STEPPED:
	case STOP_BREAKPOINT:
	case STOP_CATCH:
	case STOP_WATCH:
		s->state = SERVE_STOPPED;
		report(s, stop, was_step);
		break;
	case STOP_KICKED: break; /* the loop looks why, and goes on */
	case STOP_DEVICE: handle_device(s, stop); break;
	case STOP_HALTED: handle_halt(s, stop, was_step); break;
	case STOP_SHUTDOWN: stop_or_end(s, stop, was_step, STATUS_SHUTDOWN); break;
	case STOP_FAILED: stop_or_end(s, stop, was_step, STATUS_FAILED); break;
	}
}

static void fail(struct serve *s, int err)
{
	fprintf(stderr, "stepvm: KVM_RUN failed: %s\n", strerror(-err));
	end(s, STATUS_HOST);
}

/* The debugger asked for a stop (0x03), and the guest stands at an instruction boundary. */
static void obey_interrupt(struct serve *s)
{
	const struct stop stop = { .kind = STOP_KICKED };
	machine_stop_clock(s->machine);
	s->is_interrupted = false;
	s->state = SERVE_STOPPED;
	s->last = stop;
	report(s, &stop, false);
}

/* From now on, what wants attention kicks the vCPU. */
static void arm(struct serve *s)
{
	struct interest i;
	bool must_look = false;
	look_out(s, &i);
	for (nfds_t k = 1; k < i.count; k++) /* signals kick by themselves, without wake_fd */
		if (i.fds[k].events & POLLIN && !kicker_arm(&s->kicker, i.fds[k].fd))
			must_look = true; /* a file: readable now */
	if (must_look)
		vcpu_kick(&s->machine->vcpu);
	if (control_wants_timer(&s->machine->control))
		kicker_arm_timer(&s->kicker, CONTROL_TIMER_NS);
}

/* What breakpoints' commands have printed is sent before the guest goes on: it waits for a debugger
 * that doesn't read. True: it has to. */
static bool is_behind(struct serve *s)
{
	size_t len;
	flush(s);
	if (!s->session || !session_output(s->session, &len))
		return false;
	attend(s, -1);
	return true;
}

static void step(struct serve *s)
{
	struct stop stop;
	struct control *c = &s->machine->control;
	bool is_range = s->range_begin != s->range_end;
	bool is_long = is_range || c->steps_whole_rep;
	if (is_behind(s))
		return;
	if (is_long) {
		feed(s); /* a 0x03 may have come with the request */
		if (s->state != SERVE_STEPPING)
			return;
		if (s->is_interrupted) {
			obey_interrupt(s);
			return;
		}
		arm(s);
	}
	int err;
	do {
		machine_step_clock(s->machine);
		err = is_range ? control_step_range(c, s->range_begin, s->range_end, &stop)
		               : control_step(c, &stop);
	} while (err == 1);
	if (is_long)
		kicker_disarm(&s->kicker);
	if (err) {
		fail(s, err);
		return;
	}
	handle_stop(s, &stop, true);
	if (stop.kind != STOP_KICKED)
		return;
	attend(s, 0);
	if (s->is_interrupted && s->state == SERVE_STEPPING)
		obey_interrupt(s);
}

/* Runs the guest until it stops or something wants attention. */
static void run(struct serve *s)
{
	struct machine *m = s->machine;
	struct stop stop;
	if (is_behind(s))
		return;
	feed(s); /* a 0x03 may have come with the request */
	if (s->is_interrupted || s->state != SERVE_RUNNING)
		return;
	machine_start_clock(m);
	if (control_is_halted(&m->control) && !control_has_interrupt(&m->control) &&
	        machine_can_wake(m)) {
		wait_for_interrupt(s);
		return;
	}
	terminal_raw();
	arm(s);
	int err = control_run(&m->control, &stop);
	if (stop.kind != STOP_KICKED && stop.kind != STOP_HALTED)
		machine_stop_clock(m);
	kicker_disarm(&s->kicker);
	if (err) {
		fail(s, err);
		return;
	}
	handle_stop(s, &stop, false);
	if (stop.kind == STOP_KICKED)
		attend(s, 0);
}

/* Until an interrupt comes, or the time that --hlt resume gives. No CPU is burnt. */
static void wait_to_resume(struct serve *s)
{
	struct machine *m = s->machine;
	bool can_wake, is_timed = s->resume_at_ns != FOREVER;
	uint64_t now, next, timeout = FOREVER;
	machine_start_clock(m);
	can_wake = machine_can_wake(m);
	if (can_wake && control_has_interrupt(&m->control)) {
		s->state = SERVE_RUNNING;
		return;
	}
	now = machine_host_ns();
	if (now >= s->resume_at_ns) {
		m->control.is_halted = false;
		s->state = SERVE_RUNNING;
		return;
	}
	if (!can_wake && !is_timed) { /* the end of the input */
		const struct stop halted = { .kind = STOP_HALTED };
		handle_stop(s, &halted, false);
		return;
	}
	next = board_next_interrupt_ns(&m->board);
	if (can_wake && next != BOARD_NEVER)
		timeout = next - m->board.state.now_ns;
	if (is_timed && s->resume_at_ns - now < timeout)
		timeout = s->resume_at_ns - now;
	terminal_raw();
	attend(s, timeout);
}

/* The gdb that `stepvm debug` started has ended, and the guest with it. */
static void watch_child(struct serve *s)
{
	int status;
	signals_child = 0;
	if (!s->child_pid || waitpid(s->child_pid, &status, WNOHANG) != s->child_pid)
		return;
	s->child_pid = 0;
	end(s, WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_HOST);
}

int serve_run(struct serve *s)
{
	if (s->has_transport && s->transport.kind == TRANSPORT_STDIO)
		accept_debugger(s);
	if (s->state == SERVE_RUNNING)
		control_begin(&s->machine->control);
	while (s->state != SERVE_ENDED) {
		if (signals_end) {
			end(s, -signals_end);
			break;
		}
		if (signals_child)
			watch_child(s);
		if (s->is_interrupted && (s->state == SERVE_RUNNING || s->state == SERVE_WAITING))
			obey_interrupt(s);
		switch (s->state) {
		case SERVE_STEPPING: step(s); break;
		case SERVE_RUNNING: run(s); break;
		case SERVE_WAITING: wait_to_resume(s); break;
		case SERVE_STOPPED: wait_for_debugger(s); break;
		case SERVE_ENDED: break;
		}
	}
	flush(s);
	return s->status;
}

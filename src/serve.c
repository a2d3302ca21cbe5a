#include "serve_internal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "signals.h"
#include "target_file.h"
#include "terminal.h"

/* After a reply the next request often follows at once: looking for it a little before sleeping
 * saves the wake-up, which costs more than the request. Bounded, so that an idle stub uses no CPU.
 */
#define SPIN_NS 40000

/* A debugger's steps go on while so much of the guest's output waits; one more may add what an
 * exit of KVM's does, a page of bytes that a hex port makes 24 of each. */
#define OUTPUT_KEPT_MAX 65536

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
		if (s->transport.listen_fd >= 0)
			err = kicker_watch(&s->kicker, s->transport.listen_fd, e);
		if (err)
			goto close_transport;
	}
	bool is_stdio = s->has_transport && s->transport.kind == TRANSPORT_STDIO;
	m->has_input = !is_stdio && o->verb == VERB_RUN;
	s->state = o->listen && !o->no_wait ? SERVE_STOPPED : SERVE_RUNNING;
	s->last.kind = STOP_STEPPED;
	target_init(&s->target, s);
	target_file_find(s);
	signals_open(s->wake_fd);
	return 0;
close_transport:
	transport_close(&s->transport);
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
	snapshots_close(&s->snapshots);
	if (s->has_transport)
		transport_close(&s->transport);
	kicker_close(&s->kicker);
	close(s->wake_fd);
}

void serve_end(struct serve *s, int status)
{
	s->state = SERVE_ENDED;
	s->status = status;
}

void serve_end_guest(struct serve *s, int status)
{
	serve_end(s, status);
	if (s->session && session_state(s->session) == SESSION_IDLE) {
		s->state = SERVE_STOPPED;
		s->is_dead = true;
	}
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
	serve_end(s, STATUS_HOST);
}

/* --- waiting --------------------------------------------------------------------------------- */

/* Which descriptors matter now. */
struct interest {
	struct pollfd fds[5];
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
		/* While a reply waits to be sent, nothing is read: the debugger has to take it. */
		bool is_full = serve_has_output(s);
		add_fd(i, is_full ? s->transport.out_fd : s->transport.in_fd,
		        is_full ? POLLOUT : POLLIN);
	}
	if (spool_kept(&s->machine->output))
		add_fd(i, s->machine->output.fd, POLLOUT);
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
			serve_accept_debugger(s);
		} else if (s->watches_stdin && i.fds[k].fd == STDIN_FILENO) {
			watch_stdin(s);
		} else if (s->machine->has_input && i.fds[k].fd == STDIN_FILENO) {
			read_console(s);
		} else if (i.fds[k].events & POLLOUT && i.fds[k].fd == s->machine->output.fd) {
			spool_flush(&s->machine->output);
		} else if (i.fds[k].events & POLLOUT) {
			serve_flush(s);
			serve_feed(s);
		} else {
			serve_read_debugger(s);
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
			if (serve_read_debugger(s) || signals_end)
				return;
		} while (machine_host_ns() < until);
	}
	terminal_cooked();
	attend(s, FOREVER);
}

/* --- the guest ------------------------------------------------------------------------------- */

static void fail(struct serve *s, int err)
{
	fprintf(stderr, "stepvm: KVM_RUN failed: %s\n", strerror(-err));
	serve_end(s, STATUS_HOST);
}

/* The debugger asked for a stop (0x03), and the guest stands at an instruction boundary. */
static void obey_interrupt(struct serve *s)
{
	const struct stop stop = { .kind = STOP_KICKED };
	machine_stop_clock(s->machine);
	s->is_interrupted = false;
	s->state = SERVE_STOPPED;
	s->last = stop;
	serve_report(s, &stop, false);
}

/* From now on, what wants attention kicks the vCPU. */
static void arm(struct serve *s)
{
	struct interest i;
	bool must_look = false;
	look_out(s, &i);
	for (nfds_t k = 0; k < i.count; k++) {
		int fd = i.fds[k].fd;
		/* Signals kick by themselves, and the listener is always watched. */
		if (fd == s->wake_fd || (s->has_transport && fd == s->transport.listen_fd))
			continue;
		if (i.fds[k].events & POLLIN && !kicker_arm(&s->kicker, fd))
			must_look = true; /* a file: readable now */
	}
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
	serve_flush(s);
	if (!s->session || !session_output(s->session, &len))
		return false;
	attend(s, -1);
	return true;
}

/* What the guest has printed and nobody has read goes before more of it: it waits for its reader
 * where more than max bytes are left. True: it has to, or is over. */
static bool is_held_up(struct serve *s, size_t max)
{
	struct spool *o = &s->machine->output;
	spool_flush(o);
	if (o->error) {
		serve_end_output(s);
		return true;
	}
	if (spool_kept(o) <= max)
		return false;
	if (s->state == SERVE_RUNNING)
		terminal_raw();
	attend(s, FOREVER);
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
	bool is_full = spool_kept(&s->machine->output) > OUTPUT_KEPT_MAX;
	if (is_long || is_full) {
		serve_feed(s); /* a 0x03 may have come with the request */
		if (s->state != SERVE_STEPPING)
			return;
		if (s->is_interrupted) {
			obey_interrupt(s);
			return;
		}
	}
	if (is_held_up(s, OUTPUT_KEPT_MAX))
		return;
	if (is_long)
		arm(s);
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
	serve_handle_stop(s, &stop, true);
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
	serve_feed(s); /* a 0x03 may have come with the request */
	if (s->is_interrupted || s->state != SERVE_RUNNING || is_held_up(s, 0))
		return;
	machine_start_clock(m);
	if (control_is_halted(&m->control) && !control_has_interrupt(&m->control) &&
	        machine_can_wake(m)) {
		serve_wait_for_interrupt(s);
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
	serve_handle_stop(s, &stop, false);
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
		serve_handle_stop(s, &halted, false);
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

/* The guest has ended: its last words wait for their reader, unless a debugger has killed it or a
 * signal ends us. */
static void finish_output(struct serve *s)
{
	struct spool *o = &s->machine->output;
	uint64_t count;
	bool can_wait = s->status >= 0 && !s->is_killed && !o->error;
	spool_flush(o);
	while (can_wait && spool_kept(o) && !signals_end) {
		struct pollfd p[] = { { .fd = o->fd, .events = POLLOUT },
			{ .fd = s->wake_fd, .events = POLLIN } };
		poll(p, 2, -1);
		while (read(s->wake_fd, &count, sizeof count) > 0)
			;
		spool_flush(o);
	}
	if (can_wait && o->error)
		serve_end_output(s);
	else if (can_wait && spool_kept(o))
		serve_end(s, -signals_end);
}

/* The gdb that `stepvm debug` started has ended, and the guest with it. */
static void watch_child(struct serve *s)
{
	int status;
	signals_child = 0;
	if (!s->child_pid || waitpid(s->child_pid, &status, WNOHANG) != s->child_pid)
		return;
	s->child_pid = 0;
	serve_end(s, WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_HOST);
}

int serve_run(struct serve *s)
{
	if (s->has_transport && s->transport.kind == TRANSPORT_STDIO)
		serve_accept_debugger(s);
	if (s->state == SERVE_RUNNING)
		control_begin(&s->machine->control);
	while (s->state != SERVE_ENDED) {
		if (signals_end) {
			serve_end(s, -signals_end);
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
	serve_flush(s);
	finish_output(s);
	return s->status;
}

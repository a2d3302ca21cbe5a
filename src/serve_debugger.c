/* The debugger of serve: its connection, its bytes, the session between them. */
#include <errno.h>
#include <stdio.h>

#include "serve_internal.h"

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
	kicker_take_signals(&s->kicker, -1);
	transport_drop(&s->transport);
	control_forget(&s->machine->control);
	if (s->is_dead) /* and nobody can start it again */
		s->state = SERVE_ENDED;
	if (is_over) /* detached, killed or exited: that has been dealt with */
		return;
	if (s->transport.kind == TRANSPORT_STDIO) {
		fprintf(stderr,
		        "stepvm: the debugger on standard input is gone, and so is the guest\n");
		serve_end(s, STATUS_HOST);
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

void serve_flush(struct serve *s)
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

bool serve_has_output(const struct serve *s)
{
	size_t len;
	return s->session && session_output(s->session, &len);
}

void serve_feed(struct serve *s)
{
	while (s->session && s->in_at < s->in_len && !serve_has_output(s)) {
		size_t n = session_feed(s->session, s->in + s->in_at, s->in_len - s->in_at);
		s->in_at += n;
		serve_flush(s);
		if (!n)
			break;
	}
	if (s->in_at == s->in_len)
		s->in_at = s->in_len = 0;
}

bool serve_read_debugger(struct serve *s)
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
	serve_feed(s);
	return true;
}

struct target_stop serve_target_stop(const struct serve *s, const struct stop *stop, bool was_step)
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

void serve_accept_debugger(struct serve *s)
{
	/* One that hung up before this one called may not have been missed yet. */
	while (serve_read_debugger(s))
		;
	int n = transport_accept(&s->transport);
	if (n == -EBUSY)
		fprintf(stderr, "stepvm: a second debugger was sent away: there is one already\n");
	if (n != 1)
		return;
	if (s->state != SERVE_ENDED)
		s->state = SERVE_STOPPED;
	struct target_stop stop = serve_target_stop(s, &s->last, true);
	s->was_heard = false;
	s->session = session_open(&s->target, &stop);
	if (!s->session) {
		fprintf(stderr, "stepvm: out of memory: the debugger was sent away\n");
		transport_drop(&s->transport);
		return;
	}
	if (s->transport.kind != TRANSPORT_STDIO)
		kicker_take_signals(&s->kicker, s->transport.in_fd);
	journal_start(&s->machine->ports);
	journal_start(&s->machine->log);
}

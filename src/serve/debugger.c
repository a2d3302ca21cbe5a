/* The debugger of serve: its connection, its bytes, the session between them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "history/history.h"
#include "host/notice.h"
#include "host/signals.h"
#include "machine/firmware.h"
#include "machine/input.h"
#include "serve/internal.h"
#include "serve/sources.h"

static void trace_packets(
        const struct serve *s, const char *arrow, const uint8_t *bytes, size_t len)
{
	if (!(s->machine->config->trace & TRACE_PACKETS))
		return;
	FILE *to = notice_begin();
	fputs(arrow, to);
	for (size_t i = 0; i < len; i++)
		if (bytes[i] >= ' ' && bytes[i] < 0x7f && bytes[i] != '\\')
			fputc(bytes[i], to);
		else
			fprintf(to, "\\x%02x", bytes[i]);
	fputc('\n', to);
}

/* The debugger is gone: the guest stands still, with nothing of gdb's left in it. */
static void lose_debugger(struct serve *s)
{
	enum session_state state = session_state(s->session);
	bool is_over = state == SESSION_GONE || state == SESSION_IDLE;
	s->watches_stdin = is_over && s->transport.kind == TRANSPORT_STDIO;
	session_close(s->session);
	s->session = NULL;
	serve_flush_words(s);
	machine_end_journals(s->machine);
	s->in_at = s->in_len = 0;
	kicker_take_signals(&s->kicker, -1);
	transport_drop(&s->transport);
	history_interrupt(s->run.history, NULL);
	control_forget(&s->machine->control);
	if (s->run.state == RUN_DEAD) /* and nobody can start it again */
		run_end(&s->run, s->run.status);
	if (is_over) /* detached, killed or exited: that has been dealt with */
		return;
	if (s->transport.kind == TRANSPORT_STDIO) {
		notice_print(
		        "stepvm: the debugger on standard input is gone, and so is the guest\n");
		run_end(&s->run, STATUS_HOST);
		return;
	}
	run_stop(&s->run);
	if (!s->child_pid && s->was_heard)
		notice_print(
		        "stepvm: the debugger is gone; the guest is stopped and waits for another: "
		        "target remote %s\n",
		        s->transport.where);
}

/* A packet a character would be dear, and a prompt has no newline: what has not ended after this time is
 * sent as it is. */
#define WORDS_NS UINT64_C(20000000)

void serve_flush_words(struct serve *s)
{
	if (s->words_len && (!s->session || !session_print(s->session, s->words, s->words_len)))
		spool_put(&s->machine->output, s->words, s->words_len);
	s->words_len = 0;
}

bool serve_tell(void *ctx, const uint8_t *bytes, size_t len)
{
	struct serve *s = ctx;
	if (!s->session || session_state(s->session) != SESSION_RUNNING)
		return false;
	s->is_in_line = bytes[len - 1] != '\n';
	for (size_t i = 0; i < len; i++) {
		s->words[s->words_len++] = bytes[i];
		if (s->words_len == sizeof s->words)
			serve_flush_words(s);
	}
	if (s->words_len && bytes[len - 1] == '\n')
		serve_flush_words(s);
	if (s->words_len)
		serve_tick_after(s, WORDS_NS);
	if (serve_has_output(s) && s->run.state == RUN_FREE)
		machine_kick(s->machine); /* it is to be sent */
	return true;
}

void serve_hint_at_keys(struct serve *s)
{
	struct machine *m = s->machine;
	char what[100], text[300];
	if (!m->wants_hints || m->has_hinted || s->config->has_screen || !input_has_no_keys(m) ||
	        firmware_waiting(m) != 0x16 || !firmware_describe_wait(m, what, sizeof what))
		return;
	int n = snprintf(text, sizeof text,
	        "The guest is %s. Ctrl-C stops it; then monitor type \"TEXT\" and monitor sendkey "
	        "give it keys, which it takes when it goes on.\n",
	        what);
	serve_end_line(s);
	serve_end_told_line(s);
	m->has_hinted = serve_tell(s, (const uint8_t *)text, (size_t)n);
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
	if (!s->session || s->in_len == SERVE_INPUT_SIZE)
		return false;
	long n = transport_read(&s->transport, s->in + s->in_len, SERVE_INPUT_SIZE - s->in_len);
	if (n == 0)
		return false;
	if (n < 0) {
		lose_debugger(s);
		return true;
	}
	signals_interrupt = 0; /* what is typed from now on is about this packet */
	trace_packets(s, "<- ", s->in + s->in_len, (size_t)n);
	s->was_heard = true;
	s->in_len += (size_t)n;
	serve_feed(s);
	return true;
}

/* The first 0x03 between the packet that is dealt with and the next one; NULL: there is none. The buffer begins with that
 * packet, or with the end of it. */
static uint8_t *find_interrupt(struct serve *s)
{
	uint8_t *at = s->in + s->in_at, *const end = s->in + s->in_len;
	uint8_t *sum = memchr(at, '#', (size_t)(end - at));
	at = sum ? sum : at;
	uint8_t *next = memchr(at, '$', (size_t)(end - at));
	return memchr(at, 0x03, (size_t)((next ? next : end) - at));
}

#define LONG_KICK_NS  UINT64_C(50000000)
#define STILL_HERE_NS UINT64_C(500000000)

void serve_begin_long(struct serve *s)
{
	s->said_ns = clock_host_ns();
	sources_arm(s);
	kicker_arm_timer(&s->kicker, LONG_KICK_NS);
}

void serve_end_long(struct serve *s)
{
	uint8_t *interrupt;
	serve_disarm(s);
	s->said_ns = 0;
	/* A 0x03 that came meanwhile was about this packet. The session would take it for one about the next resume, and it
	 * ignores a newline. */
	while ((interrupt = find_interrupt(s)) != NULL)
		*interrupt = '\n';
}

/* gdb waits 2 s for a byte (`show remotetimeout`) before it looks whether Ctrl-C was typed, and it gives the reply up then:
 * it would take that for the reply to its next packet. A byte between packets is none of a reply, and begins the time
 * anew; gdb 13 and lldb 14 pass over a newline. */
static void keep_waiting(struct serve *s)
{
	const uint64_t now = clock_host_ns();
	if (now - s->said_ns < STILL_HERE_NS || serve_has_output(s))
		return;
	s->said_ns = now;
	transport_write(&s->transport, (const uint8_t *)"\n", 1);
	trace_packets(s, "-> ", (const uint8_t *)"\n", 1);
}

bool serve_is_called_off(void *ctx)
{
	struct serve *s = ctx;
	if (!s->session)
		return true;
	if (!s->said_ns)
		return false;
	keep_waiting(s);
	if (signals_interrupt)
		return true;
	long n = s->in_len < SERVE_INPUT_SIZE ? transport_read(&s->transport, s->in + s->in_len,
	                                                SERVE_INPUT_SIZE - s->in_len)
	                                      : 0;
	if (n > 0) {
		trace_packets(s, "<- ", s->in + s->in_len, (size_t)n);
		s->in_len += (size_t)n;
	}
	return n < 0 || find_interrupt(s);
}

void serve_accept_debugger(struct serve *s)
{
	/* One that hung up before this one called may not have been missed yet. */
	while (serve_read_debugger(s))
		;
	int n = transport_accept(&s->transport);
	if (n == -EBUSY)
		notice_print("stepvm: a second debugger was sent away: there is one already\n");
	if (n != 1)
		return;
	viewer_unsay(&s->viewer);
	run_stop(&s->run);
	struct target_stop stop = serve_target_stop(s, &s->run.last, true);
	s->was_heard = s->is_let_go = false;
	s->session = session_open(&s->target, &stop);
	if (!s->session) {
		notice_print("stepvm: out of memory: the debugger was sent away\n");
		transport_drop(&s->transport);
		return;
	}
	if (s->transport.kind != TRANSPORT_STDIO)
		kicker_take_signals(&s->kicker, s->transport.in_fd);
	machine_start_journals(s->machine);
}

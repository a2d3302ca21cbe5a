#include "gdbstub/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "gdbstub/session_internal.h"

/* The text lines before a stop reply and a monitor command's output, as packets: more than this is
 * cut. monitor info tlb wants most of it. */
#define OUTPUT_LINES_SIZE 0x80000

struct session *session_open(const struct target *t, const struct target_stop *stop)
{
	struct session *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->target = t;
	s->stop = *stop;
	s->out_size = SESSION_PACKET_SIZE + FRAME_OVERHEAD + 2 + OUTPUT_LINES_SIZE;
	s->out = malloc(s->out_size);
	if (!s->out) {
		free(s);
		return NULL;
	}
	frame_init(&s->frame, s->in_data, sizeof s->in_data);
	s->reply = (struct text_out) { .data = s->reply_data, .size = sizeof s->reply_data };
	s->latched = t->registers->layout(t->ctx, stop->cpu);
	return s;
}

void session_close(struct session *s)
{
	if (!s)
		return;
	for (int i = 0; i < TARGET_LAYOUTS; i++)
		features_close(&s->features[i]);
	points_close(&s->points);
	trace_close(&s->trace);
	free(s->out);
	free(s);
}

enum session_state session_state(const struct session *s)
{
	return s->state;
}

const uint8_t *session_output(const struct session *s, size_t *len)
{
	*len = s->out_end - s->out_start;
	return *len ? s->out + s->out_start : NULL;
}

void session_sent(struct session *s, size_t len)
{
	s->out_start += len;
	/* What was sent stays in place, for a `-`, until the next request is taken. */
}

/* All output was sent before a request is taken, so the buffer can begin anew. */
static void make_room(struct session *s)
{
	s->out_start = s->out_end = s->last_len = 0;
}

static void send_reply(struct session *s)
{
	if (s->reply.is_full) { /* what was to be said does not fit: say that, not half of it */
		s->reply.len = 0;
		s->reply.is_full = false;
		text_put(&s->reply, "E22");
	}
	if (s->reply.len + FRAME_OVERHEAD > s->out_size - s->out_end)
		return;
	s->last_at = s->out_end;
	s->last_len = frame_wrap(s->out + s->out_end, s->reply.data, s->reply.len);
	s->out_end += s->last_len;
}

static void begin_reply(struct session *s)
{
	s->reply.len = 0;
	s->reply.is_full = false;
}

void session_make_room(struct session *s)
{
	if (s->out_start == s->out_end) /* an acknowledgement may wait still */
		make_room(s);
}

void session_print(struct session *s, const char *text)
{
	session_print_bytes(s, text, strlen(text));
}

void session_print_bytes(struct session *s, const void *text, size_t len)
{
	if (!len)
		return;
	/* Keep room for the reply that follows. */
	size_t reserved = SESSION_PACKET_SIZE + FRAME_OVERHEAD;
	if (s->out_size - s->out_end < reserved + 2 * len + 1 + FRAME_OVERHEAD ||
	        2 * len + 1 > SESSION_PACKET_SIZE)
		return;
	begin_reply(s);
	text_put_char(&s->reply, 'O');
	text_put_bytes(&s->reply, text, len);
	send_reply(s);
	begin_reply(s);
}

const struct features *session_features(struct session *s, enum target_layout layout)
{
	struct features *f = &s->features[layout];
	if (!f->xml && features_open(f, layout, s->target) < 0)
		return NULL;
	return f;
}

uint64_t session_pc(struct session *s, unsigned cpu)
{
	const struct target_registers *r = s->target->registers;
	const struct features *f = session_features(s, r->layout(s->target->ctx, cpu));
	uint8_t bytes[TARGET_REGISTER_MAX] = { 0 };
	if (f && f->pc < f->count)
		features_read(&f->registers[f->pc], s->target, cpu, bytes);
	return get_number(bytes, 8);
}

enum verdict session_refuse(struct session *s, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(s->why.text, sizeof s->why.text, format, args);
	va_end(args);
	return REPLY_WHY;
}

enum verdict session_refuse_in_frame(struct session *s, const char *what)
{
	return session_refuse(s, "a trace frame is selected, %s: tfind none", what);
}

enum verdict session_why(const struct session *s, enum verdict otherwise)
{
	return s->why.text[0] ? REPLY_WHY : otherwise;
}

void session_put_thread(struct session *s, unsigned cpu)
{
	if (s->has_multiprocess)
		text_put(&s->reply, "p1.");
	text_put_hex(&s->reply, cpu + 1);
}

static bool take_id(struct text_in *in, int *id)
{
	uint64_t value;
	if (text_take(in, "-1")) {
		*id = -1;
		return true;
	}
	if (!text_take_hex(in, &value) || value > 0x7fff)
		return false;
	*id = (int)value;
	return true;
}

bool session_take_thread(struct session *s, struct text_in *in, int *cpu)
{
	int id;
	if (text_take(in, "p")) {
		int process;
		if (!take_id(in, &process))
			return false;
		if (!text_take(in, ".")) { /* pPID: all threads of it */
			*cpu = -1;
			return process == 1 || process <= 0;
		}
		if (process > 1)
			return false;
	}
	if (!take_id(in, &id))
		return false;
	if (id > 0 && (unsigned)id > s->target->cpus->count(s->target->ctx))
		return false;
	*cpu = id;
	return true;
}

static void put_expedited(struct session *s)
{
	const struct features *f = session_features(s, s->latched);
	if (!f)
		return;
	for (unsigned i = 0; i < f->expedited_count; i++) {
		uint8_t value[TARGET_REGISTER_MAX];
		const struct feature_register *r = &f->registers[f->expedited[i]];
		if (!features_read(r, s->target, s->stop.cpu, value))
			continue;
		text_put_hex(&s->reply, f->expedited[i]);
		text_put_char(&s->reply, ':');
		text_put_bytes(&s->reply, value, r->size);
		text_put_char(&s->reply, ';');
	}
}

static void put_signal(struct session *s, uint8_t signal)
{
	text_put_char(&s->reply, 'T');
	text_put_bytes(&s->reply, &signal, 1);
	text_put(&s->reply, "thread:");
	session_put_thread(s, s->stop.cpu);
	text_put_char(&s->reply, ';');
}

void session_put_first_stop(struct session *s)
{
	put_signal(s, s->stop.kind == TARGET_STOP_SIGNAL ? s->stop.signal : TARGET_SIGNAL_TRAP);
}

void session_put_stop(struct session *s, bool with_reason)
{
	static const char *const watches[] = { [TARGET_WATCH_WRITE] = "watch:",
		[TARGET_WATCH_READ] = "rwatch:",
		[TARGET_WATCH_ACCESS] = "awatch:" };
	uint8_t signal = TARGET_SIGNAL_TRAP;
	const char *reason = NULL;
	switch (s->stop.kind) {
	case TARGET_STOP_EXITED:
		text_put_char(&s->reply, 'W');
		text_put_bytes(&s->reply, &s->stop.status, 1);
		if (s->has_multiprocess)
			text_put(&s->reply, ";process:1");
		return;
	case TARGET_STOP_SIGNAL: signal = s->stop.signal; break;
	case TARGET_STOP_WATCH: break;
	case TARGET_STOP_BREAKPOINT: reason = s->has_swbreak ? "swbreak:;" : NULL; break;
	case TARGET_STOP_HARDWARE: reason = s->has_hwbreak ? "hwbreak:;" : NULL; break;
	}
	put_signal(s, signal);
	if (reason && with_reason)
		text_put(&s->reply, reason);
	if (s->stop.kind == TARGET_STOP_WATCH && with_reason) {
		text_put(&s->reply, watches[s->stop.watch]);
		text_put_hex(&s->reply, s->stop.watch_gva);
		text_put_char(&s->reply, ';');
	}
	put_expedited(s);
}

/* gdb speaks another layout than the CPU's mode wants, and reads the description again when a
 * program is executed: the "program" is the new mode. A name that is no file's leaves symbols,
 * displays and breakpoints as they are. No registers go with it: gdb would take them for the new
 * layout's. */
static bool must_announce_mode(const struct session *s)
{
	return s->has_exec && s->stop.kind != TARGET_STOP_EXITED &&
	       s->target->registers->layout(s->target->ctx, s->stop.cpu) != s->latched;
}

static void put_exec(struct session *s)
{
	static const char *const names[TARGET_LAYOUTS] = { "[16-bit code]", "[32-bit code]",
		"[64-bit code]" };
	const char *name = names[s->target->registers->layout(s->target->ctx, s->stop.cpu)];
	put_signal(s, TARGET_SIGNAL_TRAP);
	text_put(&s->reply, "exec:");
	text_put_bytes(&s->reply, name, strlen(name));
	text_put_char(&s->reply, ';');
	s->is_stop_held = true;
}

/* A tracepoint's breakpoint is nothing that the debugger knows: one that it has set itself at the
 * same place is the reason, or none. */
static void adapt_traced_stop(struct session *s)
{
	struct target_stop *stop = &s->stop;
	if (stop->kind != TARGET_STOP_BREAKPOINT || !s->trace.count)
		return;
	uint64_t pc = session_pc(s, stop->cpu);
	if (points_has(s, false, pc))
		return;
	if (points_has(s, true, pc))
		stop->kind = TARGET_STOP_HARDWARE;
	else if (trace_keeps(&s->trace, pc))
		stop->kind = TARGET_STOP_SIGNAL;
	stop->signal = TARGET_SIGNAL_TRAP;
}

/* The held stop as gdb has to hear it now. It has forgotten that it was stepping, so that a trap
 * without a breakpoint would be a SIGTRAP to it; the step may have ended at a breakpoint, which gdb
 * has set by now. And it has taken the watched value anew, so that it would not see that it has
 * changed. */
static void adapt_held_stop(struct session *s)
{
	struct target_stop *stop = &s->stop;
	char text[80];
	if (stop->kind == TARGET_STOP_WATCH && stop->watch == TARGET_WATCH_WRITE) {
		snprintf(text, sizeof text, "A watched value was written to, at 0x%llx.\n",
		        (unsigned long long)stop->watch_gva);
		session_print(s, text);
	} else if (stop->kind != TARGET_STOP_SIGNAL || stop->signal != TARGET_SIGNAL_TRAP) {
		return;
	} else if (s->target->breakpoints->is_here(s->target->ctx, stop->cpu)) {
		stop->kind = TARGET_STOP_BREAKPOINT;
		adapt_traced_stop(s);
		if (stop->kind != TARGET_STOP_SIGNAL)
			return;
	}
	stop->kind = TARGET_STOP_SIGNAL;
	stop->signal = TARGET_SIGNAL_0;
}

bool session_put_held_stop(struct session *s, bool wants_step)
{
	s->is_stop_held = false;
	if (wants_step)
		return false;
	adapt_held_stop(s);
	session_put_stop(s, true);
	return true;
}

const struct command *session_find(const struct command *table, const struct text_in *packet)
{
	const struct command *best = NULL;
	size_t best_len = 0;
	if (text_take_end(packet))
		return NULL;
	for (const struct command *c = table; c->name; c++) {
		if (c->name[0] != (char)*packet->at)
			continue;
		size_t n = strlen(c->name);
		if (n > text_left(packet) || memcmp(packet->at, c->name, n))
			continue;
		if (c->match == EXACT && n != text_left(packet))
			continue;
		if (!best || n > best_len) {
			best = c;
			best_len = n;
		}
	}
	return best;
}

static enum verdict dispatch(struct session *s, struct text_in packet)
{
	const struct command *c = session_find(session_commands, &packet);
	if (!c)
		return REPLY_NONE;
	if ((s->state == SESSION_RUNNING && c->legal != ALWAYS) ||
	        (s->state == SESSION_IDLE && c->legal == STOPPED))
		return REPLY_WRONG;
	packet.at += strlen(c->name);
	return c->handle(s, packet);
}

static void answer(struct session *s, enum verdict v)
{
	switch (v) {
	case REPLY: break;
	case REPLY_OK:
	case REPLY_LAST:
		begin_reply(s);
		text_put(&s->reply, "OK");
		break;
	case REPLY_FAULT:
		begin_reply(s);
		text_put(&s->reply, "E14");
		break;
	case REPLY_WRONG:
		begin_reply(s);
		text_put(&s->reply, "E22");
		break;
	case REPLY_WHY:
		begin_reply(s);
		text_put(&s->reply, "E.");
		for (const char *c = s->why.text; *c;
		        c++) /* gdb shows it as it comes: no escapes */
			text_put_char(&s->reply, strchr("#$}*", *c) ? ' ' : *c);
		break;
	case REPLY_NONE: begin_reply(s); break;
	case REPLY_LATER: s->state = SESSION_RUNNING; return;
	case REPLY_GONE: s->state = SESSION_GONE; return;
	case REPLY_SILENT: return;
	}
	send_reply(s);
	if (v == REPLY_LAST)
		s->state = s->is_extended ? SESSION_IDLE : SESSION_GONE;
}

static enum verdict refuse_long(struct session *s, struct text_in packet)
{
	(void)s, (void)packet;
	return REPLY_WRONG;
}

static void handle(struct session *s, enum verdict (*by)(struct session *, struct text_in))
{
	make_room(s);
	if (!s->has_no_ack)
		s->out[s->out_end++] = '+';
	begin_reply(s);
	s->why.text[0] = 0;
	s->is_behind_status = s->is_status;
	s->is_status = false;
	answer(s, by(s, text_in(s->frame.data, s->frame.len)));
}

static void feed_byte(struct session *s, uint8_t byte)
{
	switch (frame_feed(&s->frame, byte)) {
	case FRAME_NONE:
	case FRAME_ACK: break;
	case FRAME_PACKET: handle(s, dispatch); break;
	case FRAME_TOO_LONG: handle(s, refuse_long); break;
	case FRAME_BROKEN:
		if (s->has_no_ack)
			break;
		make_room(s);
		s->out[s->out_end++] = '-';
		break;
	case FRAME_NAK:
		if (!s->has_no_ack && s->last_len) {
			s->out_start = s->last_at;
			s->out_end = s->last_at + s->last_len;
		}
		break;
	case FRAME_INTERRUPT:
		if (s->state == SESSION_RUNNING)
			s->target->run->interrupt(s->target->ctx);
		break;
	}
}

size_t session_feed(struct session *s, const uint8_t *bytes, size_t len)
{
	enum session_state before = s->state;
	size_t i = 0;
	/* As long as a reply waits to be sent, nothing is taken: that bounds what is kept here. */
	while (i < len && s->state == before && s->state != SESSION_GONE &&
	        s->out_start == s->out_end) {
		i += frame_feed_data(&s->frame, bytes + i, len - i);
		if (i < len)
			feed_byte(s, bytes[i++]);
	}
	return i;
}

void session_replaced(struct session *s, const struct target_stop *stop)
{
	s->stop = *stop;
	s->is_dead = s->is_stop_held = s->is_attaching = false;
	trace_restarted(&s->trace);
}

void session_stopped(struct session *s, const struct target_stop *stop, const char *text)
{
	s->stop = *stop;
	adapt_traced_stop(s);
	if (s->state != SESSION_RUNNING)
		return; /* `?` will tell */
	session_make_room(s);
	if (text)
		session_print(s, text);
	begin_reply(s);
	s->state = SESSION_STOPPED;
	if (s->is_attaching && stop->kind != TARGET_STOP_EXITED)
		session_put_first_stop(s);
	else if (must_announce_mode(s))
		put_exec(s);
	else
		session_put_stop(s, true);
	s->is_attaching = false;
	send_reply(s);
	if (stop->kind == TARGET_STOP_EXITED) {
		s->state = s->is_extended ? SESSION_IDLE : SESSION_GONE;
		s->is_dead = true;
	}
}

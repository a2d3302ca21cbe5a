/* The dispatcher: bytes become packets, a packet its handler's verdict, a verdict one reply. */
#include "gdbstub/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "gdbstub/commands.h"
#include "gdbstub/exec.h"
#include "gdbstub/points.h"
#include "gdbstub/reply.h"
#include "gdbstub/state.h"
#include "gdbstub/stop_reply.h"
#include "gdbstub/trace_store.h"

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
	s->out_size = SESSION_PACKET_SIZE + PACKET_OVERHEAD + 2 + OUTPUT_LINES_SIZE;
	s->out = malloc(s->out_size);
	if (!s->out) {
		free(s);
		return NULL;
	}
	packet_init(&s->packet, s->in_data, sizeof s->in_data);
	s->reply = (struct text_out) { .data = s->reply_data, .size = sizeof s->reply_data };
	s->latched = session_layout(s, stop->cpu);
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

static enum verdict dispatch(struct session *s, struct text_in packet)
{
	const struct command *c = session_find(session_commands, &packet);
	if (!c || !session_has(s, c->needs))
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
		reply_begin(s);
		text_put(&s->reply, "OK");
		break;
	case REPLY_FAULT:
		reply_begin(s);
		text_put(&s->reply, "E14");
		break;
	case REPLY_WRONG:
		reply_begin(s);
		text_put(&s->reply, "E22");
		break;
	case REPLY_WHY:
		reply_begin(s);
		text_put(&s->reply, "E.");
		for (const char *c = s->why.text; *c;
		        c++) /* gdb shows it as it comes: no escapes */
			text_put_char(&s->reply, strchr("#$}*", *c) ? ' ' : *c);
		break;
	case REPLY_NONE: reply_begin(s); break;
	case REPLY_LATER: s->state = SESSION_RUNNING; return;
	case REPLY_GONE: s->state = SESSION_GONE; return;
	case REPLY_SILENT: return;
	}
	reply_send(s);
	if (v == REPLY_LAST)
		s->state = s->is_extended ? SESSION_IDLE : SESSION_GONE;
}

static enum verdict refuse(struct session *s, struct text_in packet)
{
	(void)s, (void)packet;
	return REPLY_WRONG;
}

static void handle(struct session *s, enum verdict (*by)(struct session *, struct text_in))
{
	reply_clear(s);
	if (!s->has_no_ack)
		s->out[s->out_end++] = '+';
	reply_begin(s);
	s->why.text[0] = 0;
	s->follows_status = s->is_status;
	s->is_status = false;
	answer(s, by(s, text_in(s->packet.data, s->packet.len)));
}

static void feed_byte(struct session *s, uint8_t byte)
{
	switch (packet_feed(&s->packet, byte)) {
	case PACKET_NONE:
	case PACKET_ACK: break;
	case PACKET_WHOLE: handle(s, dispatch); break;
	case PACKET_TOO_LONG:
	case PACKET_MALFORMED: handle(s, refuse); break;
	case PACKET_BROKEN:
		if (s->has_no_ack)
			break;
		reply_clear(s);
		s->out[s->out_end++] = '-';
		break;
	case PACKET_NAK:
		if (!s->has_no_ack && s->last_len) {
			s->out_start = s->last_at;
			s->out_end = s->last_at + s->last_len;
		}
		break;
	case PACKET_INTERRUPT:
		if (s->state == SESSION_IDLE || !s->target->run)
			break;
		s->has_interrupt = true;
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
		i += packet_feed_data(&s->packet, bytes + i, len - i);
		if (i < len)
			feed_byte(s, bytes[i++]);
	}
	return i;
}

bool session_print(struct session *s, const void *text, size_t len)
{
	if (s->state != SESSION_RUNNING || s->is_attaching)
		return false;
	reply_make_room(s);
	reply_print_bytes(s, text, len);
	return true;
}

void session_stopped(struct session *s, const struct target_stop *stop, const char *text)
{
	s->stop = *stop;
	if (s->is_attaching || stop->kind == TARGET_STOP_EXITED ||
	        (stop->kind == TARGET_STOP_SIGNAL && stop->signal == TARGET_SIGNAL_INT))
		s->has_interrupt = false;
	exec_stopped(s);
	stop_reply_adapt_traced(s);
	if (s->state != SESSION_RUNNING)
		return; /* `?` will tell */
	reply_make_room(s);
	if (text)
		reply_print(s, text);
	reply_begin(s);
	s->state = SESSION_STOPPED;
	if (s->is_attaching && stop->kind != TARGET_STOP_EXITED)
		stop_reply_put_first(s);
	else if (exec_is_due(s))
		exec_put(s);
	else if (exec_must_ask(s))
		exec_ask(s);
	else
		stop_reply_put(s, true);
	s->is_attaching = false;
	reply_send(s);
	if (stop->kind == TARGET_STOP_EXITED) {
		s->state = s->is_extended ? SESSION_IDLE : SESSION_GONE;
		s->is_dead = true;
	}
}

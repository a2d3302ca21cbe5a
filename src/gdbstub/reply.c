/* Replies become packets in the output, which is bounded: no request is taken before it is sent. */
#include "gdbstub/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gdbstub/state.h"

/* All output was sent before a request is taken, so the buffer can begin anew. */
void reply_clear(struct session *s)
{
	s->out_start = s->out_end = s->last_len = 0;
}

void reply_send(struct session *s)
{
	if (s->reply.is_full) { /* what was to be said does not fit: say that, not half of it */
		s->reply.len = 0;
		s->reply.is_full = false;
		text_put(&s->reply, "E22");
	}
	if (s->reply.len + PACKET_OVERHEAD > s->out_size - s->out_end)
		return;
	s->last_at = s->out_end;
	s->last_len = packet_wrap(s->out + s->out_end, s->reply.data, s->reply.len);
	s->out_end += s->last_len;
}

void reply_begin(struct session *s)
{
	s->reply.len = 0;
	s->reply.is_full = false;
}

void reply_make_room(struct session *s)
{
	if (s->out_start == s->out_end) /* an acknowledgement may wait still */
		reply_clear(s);
}

void reply_print(struct session *s, const char *text)
{
	reply_print_bytes(s, text, strlen(text));
}

void reply_print_bytes(struct session *s, const void *text, size_t len)
{
	if (!len)
		return;
	/* Keep room for the reply that follows. */
	size_t reserved = SESSION_PACKET_SIZE + PACKET_OVERHEAD;
	if (s->out_size - s->out_end < reserved + 2 * len + 1 + PACKET_OVERHEAD ||
	        2 * len + 1 > SESSION_PACKET_SIZE)
		return;
	reply_begin(s);
	text_put_char(&s->reply, 'O');
	text_put_bytes(&s->reply, text, len);
	reply_send(s);
	reply_begin(s);
}

/* The packets are $O...#cc each, of hex alone. */
bool reply_join_prints(struct session *s, size_t begin)
{
	reply_begin(s);
	for (size_t at = begin; at < s->out_end; at += strlen("#cc")) {
		at += strlen("$O");
		while (s->out[at] != '#')
			text_put_char(&s->reply, (char)s->out[at++]);
	}
	if (!s->reply.len || s->reply.is_full) {
		reply_begin(s);
		return false;
	}
	s->out_end = begin;
	return true;
}

enum verdict reply_refuse(struct session *s, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(s->why.text, sizeof s->why.text, format, args);
	va_end(args);
	return REPLY_WHY;
}

enum verdict reply_refuse_in_frame(struct session *s, const char *what)
{
	return reply_refuse(s, "a trace frame is selected, %s: tfind none", what);
}

enum verdict reply_why(const struct session *s, enum verdict otherwise)
{
	return s->why.text[0] ? REPLY_WHY : otherwise;
}

void reply_put_thread(struct session *s, unsigned cpu)
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

bool reply_take_thread(struct session *s, struct text_in *in, int *cpu)
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
	if (id > 0 && (unsigned)id > session_cpu_count(s))
		return false;
	*cpu = id;
	return true;
}

enum verdict reply_piece(struct session *s, struct text_in in, const char *document, size_t size)
{
	uint64_t offset, len;
	if (!text_take_hex(&in, &offset) || !text_take(&in, ",") || !text_take_hex(&in, &len) ||
	        !text_take_end(&in))
		return REPLY_WRONG;
	if (offset > size)
		return REPLY_WRONG;
	size_t left = size - (size_t)offset;
	size_t wanted = len < left ? (size_t)len : left;
	text_put_char(&s->reply, 'm');
	/* What does not fit after escaping is asked for again. */
	size_t put = text_put_binary(&s->reply, document + offset, wanted);
	s->reply.is_full = false;
	if (put == left)
		s->reply.data[0] = 'l';
	return REPLY;
}

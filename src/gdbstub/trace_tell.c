/* qTStatus, qTP, qTV, qTfP, qTsP, qTfV, qTsV: how the tracepoints stand, and what was defined. */
#include "gdbstub/trace_tell.h"

#include <string.h>

#include "gdbstub/state.h"
#include "gdbstub/trace_buffer.h"
#include "gdbstub/trace_run.h"
#include "gdbstub/trace_store.h"

/* --- status ----------------------------------------------------------------------------------- */

static void put_field(struct session *s, const char *name, uint64_t value)
{
	text_put_char(&s->reply, ';');
	text_put(&s->reply, name);
	text_put_char(&s->reply, ':');
	text_put_hex(&s->reply, value);
}

static void put_note(struct session *s, const char *name, const char *note)
{
	if (!note[0])
		return;
	text_put_char(&s->reply, ';');
	text_put(&s->reply, name);
	text_put_char(&s->reply, ':');
	text_put_bytes(&s->reply, note, strlen(note));
}

static void put_end(struct session *s)
{
	const struct trace *t = &s->trace;
	switch (t->end) {
	case TRACE_NOT_RUN: put_field(s, "tnotrun", 0); break;
	case TRACE_BY_DEBUGGER:
		text_put(&s->reply, ";tstop:");
		text_put_bytes(&s->reply, t->end_note, strlen(t->end_note));
		text_put(&s->reply, ":0");
		break;
	case TRACE_BY_FULL_BUFFER: put_field(s, "tfull", 0); break;
	case TRACE_BY_DISCONNECT: put_field(s, "tdisconnected", 0); break;
	case TRACE_BY_PASS_COUNT: put_field(s, "tpasscount", t->end_number); break;
	case TRACE_BY_ERROR:
		text_put(&s->reply, ";terror:");
		text_put_bytes(&s->reply, t->end_text, strlen(t->end_text));
		text_put_char(&s->reply, ':');
		text_put_hex(&s->reply, t->end_number);
		break;
	}
}

enum verdict trace_status(struct session *s, struct text_in in)
{
	const struct trace *t = &s->trace;
	const struct trace_buffer *b = &t->buffer;
	size_t size = b->data ? b->size : trace_buffer_wanted(t);
	(void)in;
	s->is_status = true;
	text_put(&s->reply, t->is_running ? "T1" : "T0");
	if (!t->is_running)
		put_end(s);
	put_field(s, "tframes", b->count);
	put_field(s, "tcreated", b->created);
	put_field(s, "tfree", size - b->used);
	put_field(s, "tsize", size);
	put_field(s, "circular", t->is_circular);
	put_field(s, "disconn", 0);
	put_note(s, "username", t->user);
	put_note(s, "notes", t->notes);
	return REPLY;
}

static uint64_t usage(struct trace *t, const struct tracepoint *p)
{
	uint64_t bytes = 0;
	struct trace_frame frame;
	size_t at;
	for (unsigned i = 0; trace_buffer_find(&t->buffer, i, &at, &frame); i++)
		if (frame.index == p - t->points)
			bytes += frame.len;
	return bytes;
}

/* qTP:N:ADDRESS */
enum verdict trace_point_status(struct session *s, struct text_in in)
{
	uint64_t number, gva;
	if (!text_take_hex(&in, &number) || !text_take(&in, ":") || !text_take_hex(&in, &gva) ||
	        !text_take_end(&in))
		return REPLY_WRONG;
	const struct tracepoint *p = trace_find(&s->trace, number, gva);
	if (!p)
		return REPLY_WRONG;
	text_put_char(&s->reply, 'V');
	text_put_hex(&s->reply, p->hits);
	text_put_char(&s->reply, ':');
	text_put_hex(&s->reply, usage(&s->trace, p));
	return REPLY;
}

/* --- what was defined ------------------------------------------------------------------------- */

static void put_head(struct session *s, char kind, const struct tracepoint *p)
{
	text_put_char(&s->reply, kind);
	text_put_hex(&s->reply, p->number);
	text_put_char(&s->reply, ':');
	text_put_hex(&s->reply, p->gva);
	text_put_char(&s->reply, ':');
}

static void put_code(struct session *s, const uint8_t *code, size_t len)
{
	text_put_char(&s->reply, 'X');
	text_put_hex(&s->reply, len);
	text_put_char(&s->reply, ',');
	text_put_bytes(&s->reply, code, len);
}

static void put_point(struct session *s, const struct tracepoint *p)
{
	put_head(s, 'T', p);
	text_put(&s->reply, p->is_enabled ? "E:" : "D:");
	text_put_hex(&s->reply, p->step_count);
	text_put_char(&s->reply, ':');
	text_put_hex(&s->reply, p->pass_count);
	if (!p->condition)
		return;
	text_put_char(&s->reply, ':');
	put_code(s, p->condition, p->condition_len);
}

static void put_mask(struct session *s, const struct trace_action *a)
{
	size_t n = sizeof a->mask;
	text_put_char(&s->reply, 'R');
	while (n > 1 && !a->mask[n - 1])
		n--;
	while (n-- > 0)
		text_put_bytes(&s->reply, &a->mask[n], 1);
}

static void put_action(struct session *s, const struct tracepoint *p, const struct trace_action *a)
{
	put_head(s, a->is_stepping ? 'S' : 'A', p);
	switch (a->kind) {
	case 'R': put_mask(s, a); break;
	case 'M':
		text_put_char(&s->reply, 'M');
		if (a->base < 0)
			text_put(&s->reply, "-1");
		else
			text_put_hex(&s->reply, (unsigned)a->base);
		text_put_char(&s->reply, ',');
		text_put_hex(&s->reply, a->offset);
		text_put_char(&s->reply, ',');
		text_put_hex(&s->reply, a->len);
		break;
	default: put_code(s, a->code, a->code_len);
	}
}

static void put_source(
        struct session *s, const struct tracepoint *p, const struct trace_source *source)
{
	put_head(s, 'Z', p);
	text_put(&s->reply, source->type);
	text_put(&s->reply, ":0:");
	text_put_hex(&s->reply, source->len);
	text_put_char(&s->reply, ':');
	text_put_bytes(&s->reply, source->text, source->len);
}

/* Of each tracepoint: itself, its actions, its source lines; a reply each. */
enum verdict trace_next_point(struct session *s, struct text_in in)
{
	struct trace *t = &s->trace;
	(void)in;
	if (t->told_point >= t->count) {
		text_put_char(&s->reply, 'l');
		return REPLY;
	}
	const struct tracepoint *p = &t->points[t->told_point];
	unsigned part = t->told_part++;
	if (part == 0)
		put_point(s, p);
	else if (part <= p->action_count)
		put_action(s, p, &p->actions[part - 1]);
	else if (part <= p->action_count + p->source_count)
		put_source(s, p, &p->sources[part - 1 - p->action_count]);
	if (part >= p->action_count + p->source_count) {
		t->told_point++;
		t->told_part = 0;
	}
	return REPLY;
}

enum verdict trace_first_point(struct session *s, struct text_in in)
{
	s->trace.told_point = s->trace.told_part = 0;
	return trace_next_point(s, in);
}

enum verdict trace_next_variable(struct session *s, struct text_in in)
{
	struct trace *t = &s->trace;
	(void)in;
	if (t->told_variable >= t->variable_count) {
		text_put_char(&s->reply, 'l');
		return REPLY;
	}
	const struct trace_variable *v = &t->variables[t->told_variable++];
	text_put_hex(&s->reply, v->number);
	text_put_char(&s->reply, ':');
	text_put_hex(&s->reply, v->initial);
	text_put_char(&s->reply, ':');
	text_put_hex(&s->reply, v->is_builtin);
	text_put_char(&s->reply, ':');
	if (v->name)
		text_put_bytes(&s->reply, v->name, strlen(v->name));
	return REPLY;
}

enum verdict trace_first_variable(struct session *s, struct text_in in)
{
	s->trace.told_variable = 0;
	return trace_next_variable(s, in);
}

/* The lists of tracepoints and of their variables, and the room that their text takes. */
#include "gdbstub/trace_store.h"

#include <stdlib.h>
#include <string.h>

#include "gdbstub/reply.h"
#include "gdbstub/state.h"
#include "gdbstub/trace_buffer.h"

void trace_free_point(struct tracepoint *p)
{
	for (unsigned i = 0; i < p->action_count; i++)
		free(p->actions[i].code);
	for (unsigned i = 0; i < p->source_count; i++)
		free(p->sources[i].text);
	free(p->actions);
	free(p->sources);
	free(p->condition);
}

void trace_forget(struct trace *t)
{
	for (unsigned i = 0; i < t->count; i++)
		trace_free_point(&t->points[i]);
	for (unsigned i = 0; i < t->variable_count; i++)
		free(t->variables[i].name);
	free(t->points);
	free(t->variables);
	t->points = NULL;
	t->variables = NULL;
	t->count = t->variable_count = t->range_count = 0;
	t->text_used = 0;
	t->told_point = t->told_part = t->told_variable = 0;
}

void trace_close(struct trace *t)
{
	trace_forget(t);
	trace_buffer_close(&t->buffer);
}

struct trace_variable *trace_find_variable(struct trace *t, unsigned number)
{
	for (unsigned i = 0; i < t->variable_count; i++)
		if (t->variables[i].number == number)
			return &t->variables[i];
	return NULL;
}

struct trace_variable *trace_declare_variable(struct trace *t, unsigned number)
{
	struct trace_variable *v = trace_find_variable(t, number);
	if (v || t->variable_count == TRACE_VARIABLES_MAX)
		return v;
	struct trace_variable *all = realloc(t->variables, (t->variable_count + 1) * sizeof *all);
	if (!all)
		return NULL;
	t->variables = all;
	v = &all[t->variable_count++];
	*v = (struct trace_variable) { .number = number };
	return v;
}

struct tracepoint *trace_find(struct trace *t, uint64_t number, uint64_t gva)
{
	for (unsigned i = 0; i < t->count; i++)
		if (t->points[i].number == number && t->points[i].gva == gva)
			return &t->points[i];
	return NULL;
}

enum verdict trace_refuse_text(struct session *s)
{
	return reply_refuse(s, "tracepoints and their source lines have at most %u bytes of text",
	        (unsigned)TRACE_TEXT_MAX);
}

enum verdict trace_take_text(struct session *s, struct text_in *in, size_t len, uint8_t **to)
{
	struct trace *t = &s->trace;
	if (len > text_left(in) / 2)
		return REPLY_WRONG;
	if (len > TRACE_TEXT_MAX - t->text_used)
		return trace_refuse_text(s);
	uint8_t *text = malloc(len + 1);
	if (!text)
		return reply_refuse(s, "out of memory");
	if (!text_take_bytes(in, text, len)) {
		free(text);
		return REPLY_WRONG;
	}
	text[len] = 0;
	t->text_used += len;
	*to = text;
	return REPLY_OK;
}

void trace_remove(struct trace *t, struct tracepoint *p)
{
	size_t index = (size_t)(p - t->points);
	trace_free_point(p);
	memmove(p, p + 1, (--t->count - index) * sizeof *p);
}

bool trace_keeps(const struct trace *t, uint64_t gva)
{
	for (unsigned i = 0; i < t->count; i++)
		if (t->points[i].gva == gva && t->points[i].is_inserted)
			return true;
	return false;
}

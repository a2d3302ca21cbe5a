/* QTinit, QTDP, QTDV, QTro, QTBuffer:..., QTNotes: what a run of tracepoints will do. */
#include "gdbstub/trace_define.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gdbstub/points.h"
#include "gdbstub/reply.h"
#include "gdbstub/state.h"
#include "gdbstub/trace_buffer.h"
#include "gdbstub/trace_look.h"
#include "gdbstub/trace_run.h"
#include "gdbstub/trace_store.h"
#include "gdbstub/view.h"

/* --- pieces ----------------------------------------------------------------------------------- */

static bool cant_collect_memory(
        void *ctx, uint64_t address, uint64_t len, bool is_string, struct agent_error *e)
{
	(void)ctx, (void)address, (void)len, (void)is_string, (void)e;
	return false;
}

static bool cant_collect_variable(void *ctx, unsigned number, struct agent_error *e)
{
	(void)ctx, (void)number, (void)e;
	return false;
}

/* LEN,BYTES, what follows an X, of tracepoint p. REPLY_OK with *code, which the caller owns. */
static enum verdict take_expression(struct session *s, const struct tracepoint *p,
        struct text_in *in, enum agent_use use, uint8_t **code, size_t *code_len)
{
	struct agent_error e = { 0 };
	struct agent_machine m;
	struct view v;
	uint64_t len;
	if (!text_take_hex(in, &len) || !text_take(in, ",") || len > text_left(in) / 2)
		return REPLY_WRONG;
	if (!view_open(&v, s, p->layout, s->cpu, &m))
		return reply_refuse(s, "out of memory");
	if (use == AGENT_COMMAND) { /* for the check alone */
		m.collect_memory = cant_collect_memory;
		m.collect_variable = cant_collect_variable;
	}
	enum verdict verdict = trace_take_text(s, in, (size_t)len, code);
	if (verdict != REPLY_OK)
		return verdict;
	*code_len = (size_t)len;
	const char *what = use == AGENT_CONDITION ? "the condition" : "an action";
	if (!agent_check(*code, *code_len, use, &m, &e))
		return reply_refuse(s, "%s of tracepoint %u: %s", what, p->number, e.text);
	if (!points_note_layout(s, *code, *code_len))
		return reply_refuse(s,
		        "%s of tracepoint %u was compiled for the registers of another CPU mode; "
		        "delete it and set it again",
		        what, p->number);
	return REPLY_OK;
}

/* --- QTDP ------------------------------------------------------------------------------------- */

/* R: hex digits, as many as there are registers; the last one has the lowest numbers. */
static void take_mask(struct text_in *in, struct trace_action *a)
{
	const uint8_t *from = in->at;
	while (in->at < in->end && text_digit(*in->at) >= 0)
		in->at++;
	const uint8_t *digit = in->at;
	for (size_t i = 0; i < 2 * sizeof a->mask && digit > from; i++)
		a->mask[i / 2] |= (uint8_t)(text_digit(*--digit) << 4 * (i % 2));
}

/* M: BASE,OFFSET,LEN. */
static enum verdict take_memory(
        struct session *s, const struct tracepoint *p, struct text_in *in, struct trace_action *a)
{
	const struct features *f = session_features(s, p->layout);
	uint64_t base = 0;
	a->base = -1;
	if (!text_take(in, "-1") && text_take_hex(in, &base)) {
		if (!f || base >= f->count || f->registers[base].size > 8)
			return reply_refuse(s,
			        "an action of tracepoint %u names a register that "
			        "can't be an address",
			        p->number);
		a->base = (int)base;
	}
	if (!text_take(in, ",") || !text_take_hex(in, &a->offset) || !text_take(in, ",") ||
	        !text_take_hex(in, &a->len))
		return REPLY_WRONG;
	return REPLY_OK;
}

static enum verdict take_action(struct session *s, struct tracepoint *p, struct text_in *in)
{
	enum verdict verdict = REPLY_OK;
	struct trace_action a = { .is_stepping = p->is_stepping };
	if (p->action_count == TRACE_ACTIONS_MAX)
		return reply_refuse(s, "a tracepoint can have %d actions", TRACE_ACTIONS_MAX);
	a.kind = (char)*in->at++;
	switch (a.kind) {
	case 'R': take_mask(in, &a); break;
	case 'M': verdict = take_memory(s, p, in, &a); break;
	case 'X': verdict = take_expression(s, p, in, AGENT_COMMAND, &a.code, &a.code_len); break;
	case 'L': return reply_refuse(s, "there are no static tracepoints");
	default: return REPLY_WRONG;
	}
	struct trace_action *all = realloc(p->actions, (p->action_count + 1) * sizeof *all);
	if (all)
		p->actions = all;
	if (verdict != REPLY_OK || !all) {
		free(a.code);
		return verdict != REPLY_OK ? verdict : reply_refuse(s, "out of memory");
	}
	all[p->action_count++] = a;
	return REPLY_OK;
}

/* A trailing - says that more packets about this tracepoint follow. */
static bool take_hyphen(struct text_in *in)
{
	if (text_take_end(in) || in->end[-1] != '-')
		return false;
	in->end--;
	return true;
}

/* QTDP:-N:ADDRESS:[S]ACTIONS[-] */
static enum verdict add_actions(struct session *s, struct tracepoint *p, struct text_in in)
{
	enum verdict verdict = REPLY_OK;
	p->is_open = take_hyphen(&in);
	if (text_take(&in, "S"))
		p->is_stepping = true;
	while (verdict == REPLY_OK && !text_take_end(&in))
		verdict = take_action(s, p, &in);
	return verdict;
}

/* STEPS:PASS[:Xlen,bytes][-], what follows E: or D:. */
static enum verdict take_point(struct session *s, struct tracepoint *p, struct text_in in)
{
	p->is_open = take_hyphen(&in);
	if (!text_take_hex(&in, &p->step_count) || !text_take(&in, ":") ||
	        !text_take_hex(&in, &p->pass_count))
		return REPLY_WRONG;
	while (text_take(&in, ":")) {
		if (text_take(&in, "F"))
			return reply_refuse(
			        s, "there are no fast tracepoints, only those of `trace`");
		if (text_take(&in, "S"))
			return reply_refuse(s, "there are no static tracepoints");
		if (!text_take(&in, "X") || p->condition)
			return REPLY_WRONG;
		enum verdict verdict = take_expression(
		        s, p, &in, AGENT_CONDITION, &p->condition, &p->condition_len);
		if (verdict != REPLY_OK)
			return verdict;
	}
	return text_take_end(&in) ? REPLY_OK : REPLY_WRONG;
}

static enum verdict add_point(
        struct session *s, uint64_t number, uint64_t gva, bool is_enabled, struct text_in in)
{
	struct trace *t = &s->trace;
	struct tracepoint p = { .number = (unsigned)number,
		.gva = gva,
		.is_enabled = is_enabled,
		.layout = s->latched };
	if (!number || number > UINT16_MAX) /* a frame has 16 bits for it */
		return reply_refuse(s, "tracepoints have numbers from 1 to %u", UINT16_MAX);
	if (t->count == TRACE_POINTS_MAX)
		return reply_refuse(s, "there are %d tracepoints already", TRACE_POINTS_MAX);
	struct tracepoint *all = realloc(t->points, (t->count + 1) * sizeof *all);
	if (!all)
		return reply_refuse(s, "out of memory");
	t->points = all;
	enum verdict verdict = take_point(s, &p, in);
	if (verdict != REPLY_OK) {
		trace_free_point(&p);
		return verdict;
	}
	all[t->count++] = p;
	return REPLY_OK;
}

enum verdict trace_define(struct session *s, struct text_in in)
{
	struct trace *t = &s->trace;
	bool is_actions = text_take(&in, "-"), is_enabled;
	uint64_t number, gva;
	if (!text_take_hex(&in, &number) || !text_take(&in, ":") || !text_take_hex(&in, &gva) ||
	        !text_take(&in, ":"))
		return REPLY_WRONG;
	if (t->is_running)
		return reply_refuse(s, "tracepoints can't be added while they run: tstop first");
	struct tracepoint *p = trace_find(t, number, gva);
	if (is_actions) {
		if (!p || !p->is_open)
			return REPLY_WRONG;
		enum verdict verdict = add_actions(s, p, in);
		if (verdict != REPLY_OK)
			trace_remove(t, p);
		return verdict;
	}
	is_enabled = text_take(&in, "E:");
	if (p || (!is_enabled && !text_take(&in, "D:")))
		return REPLY_WRONG;
	return add_point(s, number, gva, is_enabled, in);
}

/* --- what else is defined --------------------------------------------------------------------- */

enum verdict trace_init(struct session *s, struct text_in in)
{
	(void)in;
	trace_end(s, TRACE_BY_DEBUGGER);
	trace_look_away(&s->trace);
	trace_forget(&s->trace);
	trace_buffer_close(&s->trace.buffer);
	s->trace.end = TRACE_NOT_RUN;
	s->trace.end_note[0] = 0;
	return REPLY_OK;
}

/* QTDV:NUMBER:VALUE:BUILTIN:NAME */
enum verdict trace_define_variable(struct session *s, struct text_in in)
{
	uint64_t number, value, is_builtin;
	uint8_t *name = NULL;
	if (!text_take_hex(&in, &number) || !text_take(&in, ":") || !text_take_hex(&in, &value) ||
	        !text_take(&in, ":") || !text_take_hex(&in, &is_builtin) || is_builtin > 1 ||
	        !text_take(&in, ":") || text_left(&in) % 2 || number > UINT16_MAX)
		return REPLY_WRONG;
	enum verdict verdict = trace_take_text(s, &in, text_left(&in) / 2, &name);
	if (verdict != REPLY_OK)
		return verdict;
	struct trace_variable *v = trace_declare_variable(&s->trace, (unsigned)number);
	if (!v) {
		free(name);
		return reply_refuse(
		        s, "there are %d trace state variables already", TRACE_VARIABLES_MAX);
	}
	free(v->name);
	v->name = (char *)name;
	v->initial = v->value = value;
	v->is_builtin = is_builtin;
	return REPLY_OK;
}

/* QTro:BEGIN,END:...: read-only memory, that answers as it is now where a frame has none of it. */
enum verdict trace_define_ranges(struct session *s, struct text_in in)
{
	struct trace *t = &s->trace;
	t->range_count = 0;
	while (text_take(&in, ":")) {
		uint64_t begin, end;
		if (!text_take_hex(&in, &begin) || !text_take(&in, ",") ||
		        !text_take_hex(&in, &end))
			return REPLY_WRONG;
		if (t->range_count == TRACE_RANGES_MAX)
			return reply_refuse(
			        s, "there are %d read-only ranges already", TRACE_RANGES_MAX);
		t->ranges[t->range_count].begin = begin;
		t->ranges[t->range_count++].end = end;
	}
	return text_take_end(&in) ? REPLY_OK : REPLY_WRONG;
}

enum verdict trace_set_circular(struct session *s, struct text_in in)
{
	uint64_t value;
	if (!text_take_hex(&in, &value) || value > 1 || !text_take_end(&in))
		return REPLY_WRONG;
	s->trace.is_circular = s->trace.buffer.is_circular = value;
	return REPLY_OK;
}

/* The next run's: what was collected is kept until then. */
enum verdict trace_set_size(struct session *s, struct text_in in)
{
	uint64_t size = TRACE_BUFFER_DEFAULT;
	if (!text_take(&in, "-1") && !text_take_hex(&in, &size))
		return REPLY_WRONG;
	if (!text_take_end(&in))
		return REPLY_WRONG;
	if (!size || size > TRACE_BUFFER_MAX)
		return reply_refuse(s, "a trace buffer has 1 to %d bytes", TRACE_BUFFER_MAX);
	s->trace.wanted_size = (size_t)size;
	return REPLY_OK;
}

/* QTNotes:TYPE:TEXT;...: notes that are shown with the status. */
enum verdict trace_set_notes(struct session *s, struct text_in in)
{
	struct trace *t = &s->trace;
	while (!text_take_end(&in)) {
		char *to = text_take(&in, "user:")    ? t->user
		           : text_take(&in, "notes:") ? t->notes
		           : text_take(&in, "tstop:") ? t->end_note
		                                      : NULL;
		struct text_in note = text_take_until(&in, ';');
		size_t len = text_left(&note) / 2;
		text_take(&in, ";");
		if (!to)
			return REPLY_WRONG;
		if (len > TRACE_NOTE_MAX)
			return reply_refuse(s, "a note has at most %d bytes", TRACE_NOTE_MAX);
		if (!text_take_bytes(&note, (uint8_t *)to, len) || !text_take_end(&note))
			return REPLY_WRONG;
		to[len] = 0;
	}
	return REPLY_OK;
}

/* QTStart, QTStop, QTEnable, QTDisable, and what happens at a hit. */
#include "gdbstub/trace_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "gdbstub/points.h"
#include "gdbstub/reply.h"
#include "gdbstub/state.h"
#include "gdbstub/trace_buffer.h"
#include "gdbstub/trace_look.h"
#include "gdbstub/trace_store.h"
#include "gdbstub/view.h"

#define CHUNK 4096 /* of memory: a block each, whose length has 16 bits */

/* --- their breakpoints ------------------------------------------------------------------------ */

static bool insert(struct session *s, struct tracepoint *p)
{
	if (!s->target->breakpoints->insert(s->target->ctx, false, p->gva, &s->why))
		return false;
	p->is_inserted = true;
	return true;
}

/* The debugger may have a breakpoint of its own there. */
static void take_out(struct session *s, struct tracepoint *p)
{
	struct target_error ignored = { { 0 } };
	if (!p->is_inserted)
		return;
	p->is_inserted = false;
	p->steps_left = 0;
	if (!trace_keeps(&s->trace, p->gva) && !points_has(s, false, p->gva))
		s->target->breakpoints->remove(s->target->ctx, false, p->gva, &ignored);
}

static void take_out_all(struct session *s)
{
	for (unsigned i = 0; i < s->trace.count; i++)
		take_out(s, &s->trace.points[i]);
}

void trace_end(struct session *s, enum trace_end how)
{
	struct trace *t = &s->trace;
	if (!t->is_running)
		return;
	take_out_all(s);
	t->is_running = t->is_stepping = false;
	t->end = how;
	t->end_number = 0;
	t->end_text[0] = 0;
}

/* ... by a tracepoint. */
static void end_at(struct session *s, enum trace_end how, const struct tracepoint *p)
{
	trace_end(s, how);
	s->trace.end_number = p->number;
}

static void end_with(struct session *s, const struct tracepoint *p, const char *what,
        const struct agent_error *e)
{
	struct trace *t = &s->trace;
	if (t->room == TRACE_FULL) {
		trace_end(s, TRACE_BY_FULL_BUFFER);
		return;
	}
	end_at(s, TRACE_BY_ERROR, p);
	if (t->room == TRACE_LONG)
		snprintf(t->end_text, sizeof t->end_text, "a frame has at most %d bytes",
		        TRACE_FRAME_MAX);
	else
		snprintf(t->end_text, sizeof t->end_text, "%s at 0x%" PRIx64 ": %s", what, p->gva,
		        e->text);
}

void trace_restarted(struct trace *t)
{
	for (unsigned i = 0; i < t->count; i++)
		t->points[i].steps_left = 0;
	t->is_stepping = false;
}

/* --- QTStart and its like --------------------------------------------------------------------- */

size_t trace_buffer_wanted(const struct trace *t)
{
	return t->wanted_size ? t->wanted_size : TRACE_BUFFER_DEFAULT;
}

enum verdict trace_start(struct session *s, struct text_in in)
{
	struct trace *t = &s->trace;
	(void)in;
	if (t->is_running)
		return reply_refuse(s, "tracepoints run already");
	trace_look_away(t);
	trace_buffer_close(&t->buffer);
	if (trace_buffer_open(&t->buffer, trace_buffer_wanted(t)))
		return reply_refuse(
		        s, "no memory for a trace buffer of %zu bytes", trace_buffer_wanted(t));
	t->buffer.is_circular = t->is_circular;
	t->end_note[0] = 0;
	for (unsigned i = 0; i < t->count; i++) {
		struct tracepoint *p = &t->points[i];
		p->hits = p->steps_left = 0;
		p->is_open = false;
		if (p->is_enabled && !insert(s, p)) {
			take_out_all(s);
			return reply_why(s, REPLY_WRONG);
		}
	}
	t->is_running = true;
	t->is_stepping = false;
	return REPLY_OK;
}

enum verdict trace_stop(struct session *s, struct text_in in)
{
	(void)in;
	trace_end(s, TRACE_BY_DEBUGGER);
	return REPLY_OK;
}

/* N:ADDRESS */
static enum verdict enable(struct session *s, struct text_in in, bool is_enabled)
{
	uint64_t number, gva;
	if (!text_take_hex(&in, &number) || !text_take(&in, ":") || !text_take_hex(&in, &gva) ||
	        !text_take_end(&in))
		return REPLY_WRONG;
	struct tracepoint *p = trace_find(&s->trace, number, gva);
	if (!p)
		return REPLY_WRONG;
	if (!is_enabled)
		take_out(s, p);
	else if (s->trace.is_running && !p->is_inserted && !insert(s, p))
		return reply_why(s, REPLY_WRONG);
	p->is_enabled = is_enabled;
	return REPLY_OK;
}

enum verdict trace_enable(struct session *s, struct text_in in)
{
	return enable(s, in, true);
}

enum verdict trace_disable(struct session *s, struct text_in in)
{
	return enable(s, in, false);
}

/* --- what a frame gets ------------------------------------------------------------------------ */

static bool add(struct trace *t, const void *bytes, size_t len)
{
	t->room = trace_buffer_add(&t->buffer, bytes, len);
	return t->room == TRACE_FITS;
}

/* What is not there is not collected, and not an error: gdb shows it as unavailable. */
static bool collect_memory(
        void *ctx, uint64_t address, uint64_t len, bool is_string, struct agent_error *e)
{
	const struct view *v = ctx;
	const struct target *target = v->session->target;
	uint64_t gva = view_gva(v, address);
	(void)e;
	while (len) {
		uint8_t block[11 + CHUNK] = { 'M' };
		size_t wanted = len < CHUNK ? (size_t)len : CHUNK;
		size_t n = target->memory->read(target->ctx, v->cpu, gva, block + 11, wanted);
		const uint8_t *zero = is_string ? memchr(block + 11, 0, n) : NULL;
		if (zero)
			n = (size_t)(zero + 1 - (block + 11));
		put_number(block + 1, gva, 8);
		put_number(block + 9, n, 2);
		if (n && !add(&v->session->trace, block, 11 + n))
			return false;
		if (zero || n < wanted)
			break;
		gva += n;
		len -= n;
	}
	return true;
}

static bool collect_variable(void *ctx, unsigned number, struct agent_error *e)
{
	const struct view *v = ctx;
	const struct trace_variable *variable = trace_find_variable(&v->session->trace, number);
	uint8_t block[13] = { 'V' };
	(void)e;
	put_number(block + 1, number, 4);
	put_number(block + 5, variable ? variable->value : 0, 8);
	return add(&v->session->trace, block, sizeof block);
}

static bool cant_read(struct agent_error *e, const char *name)
{
	snprintf(e->text, sizeof e->text, "%s can't be read", name);
	return false;
}

/* All registers of g: gdb's trace files have no way to leave one out, so one that the machine does
 * not have is 0. */
static bool collect_g(const struct view *v, const struct features *f, struct agent_error *e)
{
	uint8_t block[1 + FEATURES_REGISTERS_MAX * TARGET_REGISTER_MAX] = { 'R' };
	size_t n = 1;
	for (unsigned i = 0; i < f->in_g; i++) {
		const struct feature_register *r = &f->registers[i];
		if (r->reg < 0)
			memset(block + n, 0, r->size);
		else if (!features_read(r, v->session->target, v->cpu, block + n))
			return cant_read(e, r->name);
		n += r->size;
	}
	return add(&v->session->trace, block, n);
}

/* Register i of one layout in another: its number there, or its count. */
static unsigned same_register(const struct features *from, unsigned i, const struct features *in)
{
	unsigned n = 0;
	if (from == in)
		return i;
	while (n < in->count && in->registers[n].reg != from->registers[i].reg)
		n++;
	return n;
}

/* One that is not in g. */
static bool collect_register(
        const struct view *v, const struct features *f, unsigned n, struct agent_error *e)
{
	uint8_t block[4 + TARGET_REGISTER_MAX] = { 'P' };
	const struct feature_register *r = &f->registers[n];
	put_number(block + 1, n, 2);
	block[3] = r->size;
	if (!features_read(r, v->session->target, v->cpu, block + 4))
		return cant_read(e, r->name);
	return add(&v->session->trace, block, 4u + r->size);
}

/* The mask means registers of the layout that the debugger had; the frame has those of the CPU's
 * mode now, f. */
static bool collect_registers(const struct view *v, const struct trace_action *a,
        const struct features *f, struct agent_error *e)
{
	const struct features *meant = v->features;
	bool has_g = false;
	for (unsigned i = 0; i < meant->count; i++) {
		unsigned n = same_register(meant, i, f);
		if (!(a->mask[i / 8] >> i % 8 & 1))
			continue;
		if (i < meant->in_g)
			has_g = true;
		else if (n < f->count && n >= f->in_g && f->registers[n].reg >= 0 &&
		         !collect_register(v, f, n, e))
			return false;
	}
	return !has_g || collect_g(v, f, e);
}

static bool do_action(struct view *v, const struct agent_machine *m, const struct trace_action *a,
        const struct features *f, struct agent_error *e)
{
	struct text_out nowhere = { 0 }; /* gdb has no action that prints */
	uint64_t base = 0, ignored;
	switch (a->kind) {
	case 'R': return collect_registers(v, a, f, e);
	case 'M':
		if (a->base >= 0 && !m->read_register(v, (unsigned)a->base, &base))
			return cant_read(e, v->features->registers[a->base].name);
		return collect_memory(v, base + a->offset, a->len, false, e);
	default: return agent_run(a->code, a->code_len, m, &ignored, &nowhere, e);
	}
}

/* One frame of tracepoint p at gva. False: the run of tracepoints has ended. */
static bool collect_frame(
        struct session *s, unsigned cpu, struct tracepoint *p, uint64_t gva, bool is_stepping)
{
	struct trace *t = &s->trace;
	enum target_layout layout = session_layout(s, cpu);
	const struct features *f = session_features(s, layout);
	struct agent_error e = { { 0 } };
	struct agent_machine m;
	struct view v;
	bool ok = view_open(&v, s, p->layout, cpu, &m) && f;
	const struct trace_frame head = { .number = (uint16_t)p->number,
		.index = (uint16_t)(p - t->points),
		.layout = (uint32_t)layout,
		.g_size = f ? (uint32_t)f->g_size : 0,
		.pc = gva };
	m.collect_memory = collect_memory;
	m.collect_variable = collect_variable;
	if (!ok)
		snprintf(e.text, sizeof e.text, "out of memory");
	t->room = ok ? trace_buffer_begin(&t->buffer, &head) : TRACE_FITS;
	for (unsigned i = 0; i < p->action_count && ok && t->room == TRACE_FITS; i++)
		if (p->actions[i].is_stepping == is_stepping)
			ok = do_action(&v, &m, &p->actions[i], f, &e);
	if (ok && t->room == TRACE_FITS) {
		trace_buffer_commit(&t->buffer);
		return true;
	}
	trace_buffer_abandon(&t->buffer);
	end_with(s, p, "an action", &e);
	return false;
}

/* --- a hit ------------------------------------------------------------------------------------ */

/* False: it does not, or the run of tracepoints has ended. */
static bool condition_holds(struct session *s, unsigned cpu, const struct tracepoint *p)
{
	struct text_out nowhere = { 0 };
	struct agent_error e = { { 0 } };
	struct agent_machine m;
	struct view v;
	uint64_t value = 0;
	if (!p->condition)
		return true;
	s->trace.room = TRACE_FITS;
	if (!view_open(&v, s, p->layout, cpu, &m))
		snprintf(e.text, sizeof e.text, "out of memory");
	else if (agent_run(p->condition, p->condition_len, &m, &value, &nowhere, &e))
		return value != 0;
	end_with(s, p, "the condition", &e);
	return false;
}

static void count_pass(struct session *s, const struct tracepoint *p)
{
	if (p->pass_count && p->hits >= p->pass_count)
		end_at(s, TRACE_BY_PASS_COUNT, p);
}

bool trace_hit(struct session *s, unsigned cpu, uint64_t gva)
{
	struct trace *t = &s->trace;
	bool is_here = false;
	for (unsigned i = 0; i < t->count && t->is_running; i++) {
		struct tracepoint *p = &t->points[i];
		if (p->gva != gva || !p->is_inserted)
			continue;
		is_here = true;
		if (!condition_holds(s, cpu, p) || !collect_frame(s, cpu, p, gva, false))
			continue;
		p->hits++;
		p->steps_left = p->step_count;
		t->is_stepping |= p->step_count > 0;
		if (!p->step_count)
			count_pass(s, p);
	}
	return is_here;
}

bool trace_stepped(struct session *s, unsigned cpu)
{
	struct trace *t = &s->trace;
	bool goes_on = false;
	uint64_t pc = session_pc(s, cpu);
	for (unsigned i = 0; i < t->count && t->is_running; i++) {
		struct tracepoint *p = &t->points[i];
		if (!p->steps_left || !collect_frame(s, cpu, p, pc, true))
			continue;
		p->steps_left--;
		goes_on |= p->steps_left > 0;
		if (!p->steps_left)
			count_pass(s, p);
	}
	t->is_stepping = t->is_running && goes_on;
	return t->is_stepping;
}

/* Which stop is told as an exec event, and what gdb is told when it resumes after one: exec.h
 * has the story. */
#include "gdbstub/exec.h"

#include <stdio.h>
#include <string.h>

#include "gdbstub/hit.h"
#include "gdbstub/points.h"
#include "gdbstub/reply.h"
#include "gdbstub/state.h"
#include "gdbstub/stop_reply.h"
#include "gdbstub/trace_look.h"
#include "gdbstub/trace_store.h"
#include "gdbstub/x86.h"

static enum target_layout layout_now(const struct session *s)
{
	return session_layout(s, s->stop.cpu);
}

enum target_layout exec_layout(struct session *s)
{
	return s->exec.is_long ? TARGET_LONG64 : trace_layout(s);
}

void exec_watch_long(const struct session *s)
{
	bool has_points = s->points.count || s->points.watch_count;
	if (s->target->run->watch_long)
		s->target->run->watch_long(
		        s->target->ctx, s->has_exec && s->latched != TARGET_LONG64 && has_points);
}

bool exec_is_due(const struct session *s)
{
	return s->has_exec && s->stop.kind != TARGET_STOP_EXITED &&
	       (s->exec.is_long || layout_now(s) != s->latched);
}

static void note_points(struct session *s)
{
	const struct points *p = &s->points;
	struct exec *e = &s->exec;
	for (e->kept_count = 0; e->kept_count < p->count && e->kept_count < EXEC_KEPT_MAX;
	        e->kept_count++)
		e->kept[e->kept_count] = p->all[e->kept_count].gva;
}

/* What gdb meant by the address that it cut to 32 bits. */
static bool has_cut(const struct points *p, uint64_t gva)
{
	for (size_t i = 0; i < p->count; i++)
		if ((uint32_t)p->all[i].gva == (uint32_t)gva)
			return true;
	return false;
}

static void keep_dropped(struct session *s)
{
	const struct target_breakpoints *b = s->target->breakpoints;
	struct exec *e = &s->exec;
	struct target_error ignored;
	size_t kept = 0;
	for (size_t i = 0; i < e->kept_count; i++)
		if (!has_cut(&s->points, e->kept[i]) &&
		        b->insert(s->target->ctx, false, e->kept[i], &ignored))
			e->kept[kept++] = e->kept[i];
	e->kept_count = kept;
}

/* The machine is rid of gdb's breakpoints and watchpoints, but for what tracepoints need. */
static void take_out_points(struct session *s)
{
	const struct target_breakpoints *b = s->target->breakpoints;
	void *ctx = s->target->ctx;
	struct points *p = &s->points;
	struct target_error ignored = { { 0 } };
	for (size_t i = 0; i < p->count; i++)
		if (p->all[i].is_hardware || !trace_keeps(&s->trace, p->all[i].gva))
			b->remove(ctx, p->all[i].is_hardware, p->all[i].gva, &ignored);
	for (size_t i = 0; i < p->watch_count; i++)
		b->remove_watch(
		        ctx, p->watches[i].kind, p->watches[i].gva, p->watches[i].len, &ignored);
	points_forget(p);
}

/* A name that is no file's leaves symbols, displays and breakpoints as they are. No registers go
 * with it: gdb would take them for the new layout's. */
void exec_put(struct session *s)
{
	const char *name = x86_layouts[exec_layout(s)].program;
	stop_reply_put_signal(s, TARGET_SIGNAL_TRAP);
	text_put(&s->reply, "exec:");
	text_put_bytes(&s->reply, name, strlen(name));
	text_put_char(&s->reply, ';');
	if (s->exec.is_long)
		note_points(s);
	take_out_points(s);
	s->exec.held = EXEC_HELD;
}

static bool is_trap(const struct target_stop *stop)
{
	return stop->kind == TARGET_STOP_SIGNAL && stop->signal == TARGET_SIGNAL_TRAP;
}

/* A stop that gdb can't take for one of its own, and shows: T00, "Program stopped." */
static void make_plain(struct session *s)
{
	s->stop.kind = TARGET_STOP_SIGNAL;
	s->stop.signal = TARGET_SIGNAL_0;
}

/* As a breakpoint, where gdb has one at the pc. False: it has none. */
static bool make_breakpoint(struct session *s)
{
	uint64_t pc = session_pc(s, s->stop.cpu);
	if (points_has(s, false, pc))
		s->stop.kind = TARGET_STOP_BREAKPOINT;
	else if (points_has(s, true, pc))
		s->stop.kind = TARGET_STOP_HARDWARE;
	else
		return false;
	s->stop.signal = TARGET_SIGNAL_TRAP;
	return true;
}

bool exec_must_ask(struct session *s)
{
	bool is_stop = s->stop.kind == TARGET_STOP_BREAKPOINT ||
	               s->stop.kind == TARGET_STOP_HARDWARE || is_trap(&s->stop);
	if (!s->exec.has_watch || !is_stop || layout_now(s) != TARGET_LONG64 ||
	        s->latched == TARGET_LONG64)
		return false;
	uint64_t pc = session_pc(s, s->stop.cpu);
	return pc >> 32 && (points_has(s, false, pc) || points_has(s, true, pc));
}

void exec_ask(struct session *s)
{
	struct target_stop stop = s->stop;
	s->stop.kind = TARGET_STOP_WATCH;
	s->stop.watch = TARGET_WATCH_ACCESS;
	s->stop.watch_gva = EXEC_ASK_GVA;
	stop_reply_put(s, true);
	s->stop = stop;
	s->exec.held = EXEC_ASKED;
}

/* gdb has taken the watched value anew, so that it would see no change in it, and go on. */
static void tell_watch(struct session *s)
{
	char text[80];
	snprintf(text, sizeof text, "A watched value was written to, at 0x%llx.\n",
	        (unsigned long long)s->stop.watch_gva);
	reply_print(s, text);
	make_plain(s);
}

/* A command that begins by a step off a breakpoint, stepi or continue, sends the same packets up to
 * here and from here on. */
static void tell_step_off(struct session *s)
{
	char text[160];
	snprintf(text, sizeof text,
	        "gdb has stepped off a breakpoint into %s-bit code, and forgets there whether to "
	        "go on: stopped.\n",
	        x86_layouts[layout_now(s)].bits);
	reply_print(s, text);
}

/* The stop as gdb, which has forgotten its step, has to hear it to show it. Returns what is held
 * from now on. A step that ended at a breakpoint is told as one, and is held on: gdb goes on where
 * the breakpoint's condition or its ignore count wants that. */
static int adapt(struct session *s, struct exec_resume resume)
{
	switch (s->stop.kind) {
	case TARGET_STOP_WATCH:
		if (s->stop.watch == TARGET_WATCH_WRITE)
			tell_watch(s);
		return EXEC_NOTHING;
	case TARGET_STOP_BREAKPOINT:
	case TARGET_STOP_HARDWARE: /* finish and until set one that gdb has dropped by now */
		if (!make_breakpoint(s))
			make_plain(s);
		return EXEC_NOTHING;
	case TARGET_STOP_SIGNAL:
		if (!is_trap(&s->stop))
			return EXEC_NOTHING;
		if (make_breakpoint(s))
			return EXEC_TOLD;
		if (resume.how != TARGET_CONTINUE)
			return EXEC_TOLD; /* a step gets its trap, for gdb to go by */
		make_plain(s);
		return EXEC_NOTHING;
	case TARGET_STOP_LONG:
	case TARGET_STOP_BEGIN:
	case TARGET_STOP_END:
	case TARGET_STOP_EXITED: return EXEC_NOTHING;
	}
	return EXEC_NOTHING;
}

/* gdb wants the trap of a step off a breakpoint, and nothing but that, when its user has said to go
 * on: where a breakpoint's condition did not hold. */
static bool is_on_the_way(const struct session *s)
{
	return s->exec.course == EXEC_GOES_ON && s->exec.is_step_off;
}

/* False: nothing was kept at the pc. */
static bool take_out_kept(struct session *s, uint64_t pc)
{
	const struct target_breakpoints *b = s->target->breakpoints;
	struct exec *e = &s->exec;
	struct target_error ignored;
	bool is_here = false;
	for (size_t i = 0; i < e->kept_count; i++) {
		if (!trace_keeps(&s->trace, e->kept[i]))
			b->remove(s->target->ctx, false, e->kept[i], &ignored);
		is_here |= e->kept[i] == pc;
	}
	e->kept_count = 0;
	return is_here;
}

void exec_stopped(struct session *s)
{
	bool is_breakpoint = s->stop.kind == TARGET_STOP_BREAKPOINT;
	/* It may be early, in 32-bit code still: the description is not that of the mode then. */
	s->exec.is_long = s->stop.kind == TARGET_STOP_LONG;
	if (s->exec.kept_count && take_out_kept(s, session_pc(s, s->stop.cpu)) && is_breakpoint)
		make_plain(s);
}

/* gdb has its breakpoints where they are meant. True: the machine stands at one of them, and is not
 * to go on over it. */
static bool has_arrived(struct session *s, struct exec_resume resume)
{
	s->exec.held = EXEC_NOTHING;
	keep_dropped(s);
	return resume.how == TARGET_CONTINUE && make_breakpoint(s) && hit_evaluate(s, s->stop.cpu);
}

bool exec_answer(struct session *s, struct exec_resume resume)
{
	struct exec *e = &s->exec;
	if (e->held == EXEC_HELD && s->stop.kind == TARGET_STOP_LONG && has_arrived(s, resume)) {
		stop_reply_put(s, true);
		return true;
	}
	if (e->held == EXEC_ASKED) {
		e->held = EXEC_NOTHING;
		make_breakpoint(s);
		stop_reply_put(s, true);
		return true;
	}
	if (e->held == EXEC_TOLD) {
		if (e->is_step_off && e->course == EXEC_UNKNOWN)
			tell_step_off(s);
		make_plain(s);
		e->held = EXEC_NOTHING;
	} else if (e->held == EXEC_HELD) {
		bool is_over = is_on_the_way(s);
		e->held = adapt(s, resume);
		if (is_over)
			e->held = EXEC_NOTHING;
	} else {
		e->is_step_off = resume.how == TARGET_STEP && resume.is_alone;
		if (!e->is_step_off)
			e->course = resume.how == TARGET_CONTINUE ? EXEC_GOES_ON : EXEC_STEPS;
		return false;
	}
	stop_reply_put(s, true);
	return true;
}

void exec_shown(struct session *s)
{
	if (s->exec.held == EXEC_TOLD || s->exec.held == EXEC_ASKED)
		s->exec.held = EXEC_NOTHING;
	s->exec.course = EXEC_UNKNOWN;
}

void exec_drop(struct session *s)
{
	s->exec.held = EXEC_NOTHING;
	s->exec.is_long = false;
	take_out_kept(s, 0);
}
